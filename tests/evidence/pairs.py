"""Real profile pairs of one program's leaks, across pods, rebuilds and releases of Go, and how they were recorded.

`python -m tests.evidence.pairs` records them anew into `profiles/pairs`; Go's toolchains come as its modules do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from memdrift.evidence.findings import Comparison, ProfileKind, Taken
from tests.evidence.building import taken
from tests.evidence.upstream import upstream

FOLDER = Path(__file__).parent / "profiles" / "pairs"
PROGRAMS = Path(__file__).parent / "programs"
LEAKS = ("context", "map", "goroutine", "slice", "body")
TWO_LEAKS = ("context+map", "goroutine+slice", "map+slice")
HEALTHY = "none"
REMARKS = "\n// A remark that shifts every line below it.\n" * 40


@dataclass(frozen=True)
class Build:
    """One way of building and running the program.

    Attributes:
        flags: of `go build`.
        shifted: with other line numbers.
        requests: between the two profiles.
        rate: bytes between two samples of the heap.
    """

    name: str
    go: str = "go1.26.8"
    flags: tuple[str, ...] = ()
    shifted: bool = False
    requests: int = 14_000
    rate: int = 16 * 1024


BUILDS = (
    Build("go1.24", "go1.24.11"),
    Build("go1.25-trimmed", "go1.25.5", ("-trimpath", "-ldflags=-s -w")),
    Build("go1.26.7", "go1.26.7"),
    Build("pod-a"),
    Build("pod-b", requests=21_000),
    Build("restarted", requests=9_000),
    Build("not-inlined", flags=("-gcflags=all=-l",)),
    Build("lines-shifted", flags=("-trimpath",), shifted=True),
    Build("default-rate", requests=70_000, rate=512 * 1024),
)


def recorded_builds(mode: str) -> tuple[Build, ...]:
    """The builds recorded of a mode: all of one leak; of other modes one of each release of Go, and a default rate.

    The unclosed body is not recorded at the default rate, for which it would need more connections than a user may have
    files.
    """
    if mode in LEAKS:
        return tuple(build for build in BUILDS if mode != "body" or build.rate < 512 * 1024)
    return tuple(build for build in BUILDS if build.name in {"go1.24", "go1.25-trimmed", "pod-a", "default-rate"})


PAIRS = tuple((mode, build.name) for mode in (*LEAKS, *TWO_LEAKS, HEALTHY) for build in recorded_builds(mode))


def comparison(mode: str, build: str, metric_growth_bytes: float | None = None) -> Comparison:
    """The late profiles against the young ones of the same life."""

    def of(age: str, seconds: float) -> tuple[Taken, ...]:
        return tuple(
            taken((FOLDER / f"{mode}.{build}.{age}.{kind}.pb.gz").read_bytes(), kind, taken_at=seconds)
            for kind in (ProfileKind.HEAP, ProfileKind.GOROUTINE)
        )

    return Comparison(of("late", 3700.0), of("young", 100.0), metric_growth_bytes=metric_growth_bytes)


def _built(build: Build, folder: Path) -> Path:
    source, program = folder / build.name, folder / build.name / "shop"
    source.mkdir()
    for name in ("shop.go", "capture.go"):
        text = (PROGRAMS / name).read_text()
        if build.shifted:
            text = text.replace("package main\n", "package main\n" + REMARKS, 1)
        (source / name).write_text(text)
    environment = {**os.environ, "GOTOOLCHAIN": build.go, "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = ["go", "build", *build.flags, "-o", str(program), "shop.go", "capture.go"]
    subprocess.run(command, cwd=source, env=environment, check=True, timeout=600)
    return program


def record(into: Path) -> None:
    """Build and run everything, and keep the profiles."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for build in BUILDS:
            program = _built(build, Path(place))
            for mode in (*LEAKS, *TWO_LEAKS, HEALTHY):
                if build not in recorded_builds(mode):
                    continue
                taken_into = Path(place) / f"{mode}.{build.name}"
                taken_into.mkdir()
                environment = {**os.environ, "MEMORY_PROFILE_RATE": str(build.rate)}
                with upstream() as address:
                    command = [str(program), str(taken_into), mode, address, str(build.requests)]
                    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
                for profile in taken_into.iterdir():
                    profile.rename(into / f"{mode}.{build.name}.{profile.name}")


if __name__ == "__main__":
    record(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
