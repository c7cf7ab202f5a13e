"""Builds the small Go programs once per machine and runs them once per session; no network is needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import binaries, images
from tests.cluster.places import cache_directory
from tests.evidence.upstream import upstream

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


def built(sources: list[Path], *flags: str) -> Path:
    """The program of these files; built again only when they, the flags or the Go toolchain changed."""
    toolchain = go("version", folder=PROGRAMS)
    key = images.content_key([*(source.read_text() for source in sources), toolchain, *flags])
    program = cache_directory() / "programs" / f"evidence-{key}" / "program"
    with binaries.only_one_builder(program.parent):
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            go("build", *flags, "-o", f"{program}.unfinished", *map(str, sources), folder=PROGRAMS)
            Path(f"{program}.unfinished").rename(program)
    return program


@pytest.fixture(scope="session")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Profiled:
    """Builds a program, runs it, and gives the folder with its `young` and `late` heap and goroutine profiles."""
    folders: dict[tuple[str, ...], Path] = {}

    def build_and_run(name: str, *flags: str, source: Path | None = None, mode: str = "") -> Path:
        key = (name, mode, *flags, str(source))
        if key not in folders:
            folder = tmp_path_factory.mktemp(name)
            main = source or PROGRAMS / f"{name}.go"
            program = built([main, (source.parent if source else PROGRAMS) / "capture.go"], *flags)
            with upstream() as address:
                arguments = [mode, address] if mode else []
                subprocess.run([str(program), str(folder), *arguments], timeout=60, check=True, capture_output=True)
            folders[key] = folder
        return folders[key]

    return build_and_run
