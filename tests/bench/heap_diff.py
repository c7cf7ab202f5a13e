"""`memdrift diff` beside `go tool pprof -top -diff_base`, both as whole processes; and its work once warm."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memdrift.evidence.breakdown import By
from memdrift.evidence.contrast import contrasted
from memdrift.evidence.profile import decode
from memdrift.report.contrastlines import lines
from tests.evidence.pprof_pairs import RECIPES, made
from tests.evidence.recorded import path_of

SMALL, LARGE, REPEATS_SMALL, REPEATS_LARGE = ("small", "stripped", "vendored"), "60,000 samples", 15, 3


def run() -> dict[str, object]:
    """Medians of wall time and processor time by pair; they take turns."""
    with tempfile.TemporaryDirectory() as folder:
        # As an installed package has it: compiled once, by whoever installs it.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        pairs = {"recorded leak": (path_of("leak_young.heap"), path_of("leak_late.heap"))}
        pairs |= {name: made(RECIPES[name]) for name in SMALL}
        small = {name: _compared(*pair, REPEATS_SMALL, environment) for name, pair in pairs.items()}
        large = _compared(*made(RECIPES[LARGE]), REPEATS_LARGE, environment)
    ratios = [float(each["ratio"]) for each in small.values()]
    return {
        "small": small,
        "large": {LARGE: large},
        "smallest_ratio_small": min(ratios),
        "ratio_large": large["ratio"],
        "target": "2 or more on the small pairs, 1 or more on the large one",
    }


def _compared(then: Path, now: Path, repeats: int, environment: dict[str, str]) -> dict[str, float]:
    theirs = ["go", "tool", "pprof", "-top", f"-diff_base={then}", str(now)]
    ours = [sys.executable, "-m", "memdrift", "diff", str(then), str(now)]
    for command in (theirs, ours):
        _seconds(command, environment)
    timed = [(_seconds(theirs, environment), _seconds(ours, environment)) for _ in range(repeats)]
    pprof_wall, memdrift_wall = (statistics.median(each[side][0] for each in timed) for side in (0, 1))
    pprof_processor, memdrift_processor = (statistics.median(each[side][1] for each in timed) for side in (0, 1))
    return {
        "pprof_seconds": round(pprof_wall, 4),
        "memdrift_seconds": round(memdrift_wall, 4),
        "ratio": round(statistics.median(each[0][0] / each[1][0] for each in timed), 2),
        "pprof_processor_seconds": round(pprof_processor, 4),
        "memdrift_processor_seconds": round(memdrift_processor, 4),
        "memdrift_warm_seconds": round(_warm_seconds(then, now, repeats), 4),
    }


def _seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor seconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _warm_seconds(then: Path, now: Path, repeats: int) -> float:
    """Processor time from two files to the text, in a process that has everything imported."""

    gc.disable()  # as the command does

    def once() -> float:
        began = time.process_time()
        contrast = contrasted(decode(now.read_bytes()), decode(then.read_bytes()))
        lines(contrast, (str(then), str(now)), 10, By.FUNCTION, cumulative_first=False, colour=False)
        return time.process_time() - began

    best = min(once() for _ in range(repeats))
    gc.enable()
    return best
