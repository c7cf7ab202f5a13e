"""`python -m tests.evidence.hostile_run BASE FILE …`: compares every file with a base, each in a process of its own.

The kernel bounds the memory and the processor time of each. Prints one JSON document: what was said and used.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from pathlib import Path

from memdrift.cli.contrasting import Refused, Request, run
from memdrift.report import contrastjson, contrastlines

MEMORY_BYTES = 300 << 20
PROCESSOR_SECONDS = 10
"""Five times what is promised: the machine may be doing other things."""

__all__ = ["contrastjson", "contrastlines"]  # imported before the first fork


def compare(base: str, path: str, place: Path) -> dict[str, object]:
    """How the child ended."""
    said = place / "said"
    child = os.fork()
    if child == 0:
        _child(base, path, said)
    _, status, used = os.wait4(child, 0)
    return {
        "file": path,
        "exit": os.waitstatus_to_exitcode(status),
        "said": said.read_text(encoding="utf-8"),
        "memory": used.ru_maxrss * 1024,
        "seconds": used.ru_utime + used.ru_stime,
    }


def _child(base: str, path: str, said: Path) -> None:
    pages = [int(word) for word in Path("/proc/self/statm").read_text().split()[:2]]
    virtual, resident = (each * os.sysconf("SC_PAGE_SIZE") for each in pages)
    ceiling = virtual + MEMORY_BYTES - resident
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    code = 0
    with said.open("w", encoding="utf-8") as stream:
        sys.stdout = stream
        try:
            run(Request(base, path))
            run(Request(path, base, as_json=True))
        except Refused as refused:
            stream.write(str(refused))
            code = 1
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            traceback.print_exc(file=stream)
            code = 2
    os._exit(code)


if __name__ == "__main__":
    place = Path(sys.argv[2]).parent
    print(json.dumps([compare(sys.argv[1], path, place) for path in sys.argv[2:]]))
