"""Real profile pairs, made by building and running programs; kept in the user's cache, because some take a while."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.places import cache_directory

PROGRAMS = Path(__file__).parent / "programs"

_LIBRARY = """package hoard

var held [][]byte

// Keep never lets go.
func Keep(size int) { held = append(held, make([]byte, size)) }
"""
_VENDORING = """package main

import "example.com/hoard"

func fill(pieces int) {
	for range pieces {
		hoard.Keep(4096)
	}
}

func main() {
	profileAround(func() { fill(500) }, func() { fill(4000) })
}
"""


@dataclass(frozen=True)
class Recipe:
    """How a pair is made.

    Attributes:
        program: a file of `programs`; "" for the one with a vendored module.
        rate: bytes between two samples of the heap.
    """

    program: str
    flags: tuple[str, ...] = ()
    kind: str = "heap"
    rate: int = 16 << 10
    cgo: bool = False


RECIPES = {
    "small": Recipe("context_leak"),
    "60,000 samples": Recipe("many_stacks", rate=1),
    "stripped": Recipe("map_leak", ("-ldflags=-s -w",)),
    "vendored": Recipe("", ("-mod=vendor",)),
    "vendored, trimmed and stripped": Recipe("", ("-mod=vendor", "-trimpath", "-ldflags=-s -w")),
    "trimpath": Recipe("context_leak", ("-trimpath",)),
    "cgo": Recipe("cgo_leak", cgo=True),
    "goroutine": Recipe("goroutine_leak", kind="goroutine"),
    "heap of goroutines": Recipe("goroutine_leak"),
    "without inlining": Recipe("healthy_cache", ("-gcflags=all=-l",)),
}


def made(recipe: Recipe) -> tuple[Path, Path]:
    """The earlier and the later profile."""
    folder = cache_directory() / "profiles" / _key(recipe)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            _make(recipe, making)
            try:
                making.rename(folder)
            except OSError:
                assert folder.exists()  # somebody else was faster
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder / f"young.{recipe.kind}.pb.gz", folder / f"late.{recipe.kind}.pb.gz"


def _sources(recipe: Recipe) -> dict[str, str]:
    capture = (PROGRAMS / "capture.go").read_text()
    if recipe.program:
        return {"main.go": (PROGRAMS / f"{recipe.program}.go").read_text(), "capture.go": capture}
    return {
        "main.go": _VENDORING,
        "capture.go": capture.replace("//go:build ignore\n", ""),
        "go.mod": "module example.com/shop\n\ngo 1.24\n\nrequire example.com/hoard v1.2.0\n\n"
        "replace example.com/hoard => ./library\n",
        "library/go.mod": "module example.com/hoard\n\ngo 1.24\n",
        "library/hoard.go": _LIBRARY,
    }


def _key(recipe: Recipe) -> str:
    version = subprocess.run(["go", "version"], capture_output=True, text=True, check=True, timeout=60).stdout
    named = repr((version, recipe, sorted(_sources(recipe).items())))
    return hashlib.sha256(named.encode()).hexdigest()[:24]


def _make(recipe: Recipe, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as source:
        for name, text in _sources(recipe).items():
            path = Path(source) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        environment = {
            **os.environ,
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GOFLAGS": "",
            "CGO_ENABLED": str(int(recipe.cgo)),
            "MEMORY_PROFILE_RATE": str(recipe.rate),
        }
        steps = [["go", "build", *recipe.flags, "-o", str(folder / "program")]]
        if recipe.program:
            steps[0] += ["main.go", "capture.go"]
        else:
            steps.insert(0, ["go", "mod", "vendor"])
        for step in [*steps, [str(folder / "program"), str(folder)]]:
            done = subprocess.run(
                step, cwd=source, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, done.stderr
