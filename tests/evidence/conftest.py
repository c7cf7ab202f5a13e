"""Builds and runs the small Go programs once per session; no network is needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


def go(*arguments: str, folder: Path) -> str:
    """Standard output of one `go` command that may not reach any network."""
    environment = {**os.environ, "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    done = subprocess.run(
        ["go", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


Profiled = Callable[..., Path]


@pytest.fixture(scope="session")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Profiled:
    """Builds a program, runs it, and gives the folder with its `young` and `late` heap and goroutine profiles."""
    folders: dict[tuple[str, ...], Path] = {}

    def build_and_run(name: str, *flags: str, source: Path | None = None) -> Path:
        key = (name, *flags, str(source))
        if key not in folders:
            folder = tmp_path_factory.mktemp(name)
            sources = [str(source or PROGRAMS / f"{name}.go"), str(PROGRAMS / "capture.go")]
            if source is not None:
                sources[1] = str(source.parent / "capture.go")
            go("build", *flags, "-o", str(folder / "program"), *sources, folder=PROGRAMS)
            subprocess.run([str(folder / "program"), str(folder)], timeout=60, check=True, capture_output=True)
            folders[key] = folder
        return folders[key]

    return build_and_run
