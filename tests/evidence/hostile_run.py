"""`python -m tests.evidence.hostile_run BASE FILE …`: every file beside a base, on every way that profiles go.

Each way is a process of its own, whose memory and processor time the kernel bounds. Prints one JSON document: what was
said, and what the costliest way used.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from memdrift.cli.contrasting import Refused, Request, run
from memdrift.evidence.analyse import analyse
from memdrift.evidence.compared import compared_profiles
from memdrift.evidence.findings import Comparison
from memdrift.evidence.limits import DEFAULT_LIMITS, ProfileInvalid
from memdrift.remedy.records import findings_record
from memdrift.report import contrastjson, contrastlines, contrastpage, exhibit
from memdrift.report.flame import pruned
from memdrift.report.incident import incident_page
from memdrift.report.speedscope import speedscope
from memdrift.report.terminal import terminal_lines
from memdrift.report.ticket import ticket_markdown
from memdrift.report.view import IncidentView
from tests.evidence.building import taken
from tests.report.incidents import incident

MEMORY_BYTES = 300 << 20
PROCESSOR_SECONDS = 4
"""Twice what is promised: the same work takes more of a processor's time while other work shares it."""
LARGEST_REPORT_BYTES = 600 * 1024

__all__ = ["contrastjson", "contrastlines", "contrastpage"]  # imported before the first fork


def as_text(base: str, path: str, _: TextIO) -> None:
    """`memdrift diff`."""
    run(Request(base, path))


def as_json(base: str, path: str, _: TextIO) -> None:
    """`memdrift diff --json`, the other way round."""
    run(Request(path, base, as_json=True))


def as_page(base: str, path: str, _: TextIO) -> None:
    """`memdrift diff --html`."""
    page = f"{path}.html"
    run(Request(base, path, html=page))
    assert Path(page).stat().st_size <= LARGEST_REPORT_BYTES


def as_findings(base: str, path: str, said: TextIO) -> None:
    """What the operator says: findings, status, ticket, terminal."""
    try:
        found = analyse(_comparison(base, path))
    except ProfileInvalid:
        return  # nothing in use, or no heap
    view = IncidentView(incident(findings=findings_record(found)))
    # The ticket keeps names from becoming links by a space without width, which moves no cursor.
    said.write("\n".join(terminal_lines(view)) + ticket_markdown(view).replace("\u200b", ""))


def as_stacks(base: str, path: str, _: TextIO) -> None:
    """What the operator draws: stacks, exhibit, page, speedscope."""
    comparison = _comparison(base, path)
    try:
        growth = compared_profiles(comparison, comparison.current[0], DEFAULT_LIMITS).growth
    except ProfileInvalid:
        return
    stacks = pruned([(stack[::-1], value) for stack, value in growth.bytes_by_stack.items()])
    kept = exhibit.decode(exhibit.encode(exhibit.Exhibit(stacks=stacks, stacks_are="compared")))
    speedscope("heap", kept.stacks)
    page = incident_page(IncidentView(incident(), exhibit=kept))
    assert len(page.encode()) <= LARGEST_REPORT_BYTES


def _comparison(base: str, path: str) -> Comparison:
    return Comparison(
        current=(taken(Path(path).read_bytes(), taken_at=900),),
        earlier=(taken(Path(base).read_bytes(), taken_at=100),),
        metric_growth_bytes=1e9,
    )


WAYS = (as_text, as_json, as_page, as_findings, as_stacks)


def shown(base: str, path: str, place: Path) -> dict[str, object]:
    """How the ways ended; of a file that the first way refuses nothing else is tried."""
    found: dict[str, object] = {"file": path, "exit": 0, "said": "", "memory": 0, "seconds": 0.0, "way": ""}
    for way in WAYS:
        code, said, memory, seconds = _in_a_child(way, base, path, place / "said")
        found["said"] = f"{found['said']}{said}"
        found["memory"] = max(memory, int(str(found["memory"])))
        if seconds > float(str(found["seconds"])):
            found |= {"seconds": seconds, "way": way.__name__}
        if code:
            return found | {"exit": code, "way": way.__name__}
    return found


def _in_a_child(
    way: Callable[[str, str, TextIO], None], base: str, path: str, said: Path
) -> tuple[int, str, int, float]:
    child = os.fork()
    if child == 0:
        _child(way, base, path, said)
    _, status, used = os.wait4(child, 0)
    text = said.read_text(encoding="utf-8")
    return os.waitstatus_to_exitcode(status), text, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime


def _child(way: Callable[[str, str, TextIO], None], base: str, path: str, said: Path) -> None:
    pages = [int(word) for word in Path("/proc/self/statm").read_text().split()[:2]]
    virtual, resident = (each * os.sysconf("SC_PAGE_SIZE") for each in pages)
    ceiling = virtual + MEMORY_BYTES - resident
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    code = 0
    with said.open("w", encoding="utf-8") as stream:
        sys.stdout = sys.stderr = stream
        try:
            way(base, path, stream)
        except Refused as refused:
            stream.write(str(refused))
            code = 1
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            traceback.print_exc(file=stream)
            code = 2
    os._exit(code)


if __name__ == "__main__":
    place = Path(sys.argv[2]).parent
    print(json.dumps([shown(sys.argv[1], path, place) for path in sys.argv[2:]]))
