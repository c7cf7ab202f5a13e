"""A report of a profile of 60,000 samples: from two files to a page, beside the flame graph of Go's own tool.

Both are whole processes that read the same two files and leave the picture of their difference as HTML: ours writes a
file, the peer's is fetched from its server, because it has no file that can be searched and zoomed. Beside it the whole
incident report in this process, and what the peer needs for text alone.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

from memdrift.evidence.contrast import contrasted
from memdrift.evidence.profile import decode
from memdrift.report.flame import pruned
from memdrift.report.incident import incident_page
from tests.cluster import commands
from tests.evidence.pprof_pairs import RECIPES, made
from tests.report.exhibits import whole_view

PAIR = "60,000 samples"
REPEATS = 5
LARGEST_BYTES = 600 * 1024
LONGEST_SECONDS = 120.0


def run() -> dict[str, object]:
    """Seconds of the fastest repeat of each, taking turns; sizes in bytes."""
    young, late = made(RECIPES[PAIR])
    works: dict[str, Callable[[], int]] = {
        "ours": lambda: _ours(young, late),
        "peer": lambda: _flame_graph(young, late),
        "raw": lambda: _raw(young, late),
        "incident": lambda: _incident(young, late),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    sizes: dict[str, int] = {}
    for _ in range(REPEATS):
        for name, work in works.items():
            began = time.perf_counter()
            sizes[name] = work()
            taken[name].append(time.perf_counter() - began)
    best = {name: min(seconds) for name, seconds in taken.items()}
    return {
        "compared": "memdrift diff --html FILE, and go tool pprof -http with its flame graph fetched; whole processes",
        "samples": len(decode(late.read_bytes()).samples),
        "ours": best["ours"],
        "peer": best["peer"],
        "ratio": best["ours"] / best["peer"],
        "ours_bytes": sizes["ours"],
        "peer_bytes": sizes["peer"],
        "size_ratio": sizes["ours"] / sizes["peer"],
        "raw_text_seconds": best["raw"],
        "raw_text_bytes": sizes["raw"],
        "incident_report_seconds": best["incident"],
        "incident_report_bytes": sizes["incident"],
        "wanted_bytes_at_most": LARGEST_BYTES,
    }


def _ours(young: Path, late: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "growth.html"
        arguments = (sys.executable, "-m", "memdrift", "diff", str(young), str(late), "--html", str(page))
        subprocess.run(arguments, check=True, capture_output=True, timeout=LONGEST_SECONDS)
        return page.stat().st_size


def _incident(young: Path, late: Path) -> int:
    """Decoded, compared and written in a process that is warm, as the operator's is."""
    growth = contrasted(decode(late.read_bytes()), decode(young.read_bytes())).growth.bytes_by_stack
    stacks = pruned([(stack[::-1], grown) for stack, grown in growth.items()])
    return len(incident_page(whole_view(stacks=stacks)).encode())


def _raw(young: Path, late: Path) -> int:
    arguments = ("go", "tool", "pprof", "-raw", f"-diff_base={young}", str(late))
    finished = subprocess.run(
        arguments, check=True, capture_output=True, env=commands.environment(), timeout=LONGEST_SECONDS
    )
    return len(finished.stdout)


def _flame_graph(young: Path, late: Path) -> int:
    """From the start of the tool to the last byte of its page."""
    port = _free_port()
    arguments = ("go", "tool", "pprof", f"-http=127.0.0.1:{port}", "-no_browser", f"-diff_base={young}", str(late))
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=commands.environment(),
        start_new_session=True,
    )
    try:
        return _fetched(f"http://127.0.0.1:{port}/ui/flamegraph", process)
    finally:
        _end(process)


def _fetched(address: str, process: subprocess.Popen[bytes]) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + LONGEST_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(address, timeout=LONGEST_SECONDS) as answer:
                return len(answer.read())
        except URLError:
            time.sleep(0.005)
    raise TimeoutError(f"go tool pprof did not serve {address}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The tool is a child of `go`: the session of both is ended."""
    subprocess.run(["kill", "--", f"-{process.pid}"], check=False, capture_output=True)
    process.wait(timeout=10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
