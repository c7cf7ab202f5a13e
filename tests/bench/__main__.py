"""`python -m tests.bench [NAME …]` runs benchmarks (all without a name) and writes build/bench/NAME.json for each.

A benchmark is a function without arguments that returns what its document holds. It is imported when it runs, so that
one core is settled before numpy starts.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
from pathlib import Path

BENCHMARKS = {
    "detect_kernel_360": "tests.bench.detect_kernel:kernel_360",
    "detect_kernel_1440": "tests.bench.detect_kernel:kernel_1440",
    "detect_fleet": "tests.bench.detect_fleet:fleet",
    "backtest": "tests.bench.backtest:run",
    "fleet_scan_cold": "tests.bench.fleet_scan_cold:run",
    "fleet_scan_tick": "tests.bench.fleet_scan_tick:run",
    "heap_diff": "tests.bench.heap_diff:run",
    "capture": "tests.bench.capture:run",
    "capture_effect": "tests.bench.capture:effect",
    "capture_effect_of_a_megabyte": "tests.bench.capture:effect_of_a_megabyte",
    "report": "tests.bench.report:run",
}
FOLDER = Path("build/bench")


def run(name: str) -> dict[str, object]:
    """One benchmark's document, written and returned."""
    module, _, function = BENCHMARKS[name].partition(":")
    figures = getattr(importlib.import_module(module), function)()
    machine = {"processors": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}
    document = {"name": name, **figures, "machine": machine}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document


def main() -> None:
    """Run what is named."""
    parser = argparse.ArgumentParser(description="benchmarks, one JSON document each under build/bench/")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}: name one of {', '.join(BENCHMARKS)}")
    for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[threads] = "1"
    for name in names or BENCHMARKS:
        print(json.dumps(run(name), indent=2), flush=True)


if __name__ == "__main__":
    main()
