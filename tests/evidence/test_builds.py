"""What a real Go build leaves of a dependency's version, way by way of building."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.findings import Comparison
from tests.evidence.building import taken
from tests.evidence.conftest import PROGRAMS, go

LIBRARY = """package hoard

var held [][]byte

// Keep never lets go.
func Keep(size int) { held = append(held, make([]byte, size)) }
"""
PROGRAM = """package main

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


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program and the module it requires at v1.2.0, which a folder stands in for; vendored too."""
    folder = tmp_path_factory.mktemp("shop")
    library = folder / "library"
    program = folder / "shop"
    for place in (library, program):
        place.mkdir()
    (library / "go.mod").write_text("module example.com/hoard\n\ngo 1.24\n")
    (library / "hoard.go").write_text(LIBRARY)
    (program / "go.mod").write_text(
        "module example.com/shop\n\ngo 1.24\n\nrequire example.com/hoard v1.2.0\n\n"
        "replace example.com/hoard => ../library\n"
    )
    (program / "main.go").write_text(PROGRAM)
    capture = (PROGRAMS / "capture.go").read_text().replace("//go:build ignore\n", "")
    (program / "capture.go").write_text(capture)
    go("mod", "vendor", folder=program)
    return program


@pytest.mark.parametrize(
    ("flags", "version"),
    [
        (("-mod=mod", "-trimpath"), "v1.2.0"),
        (("-mod=vendor", "-trimpath", "-ldflags=-s -w"), "v1.2.0"),
        (("-mod=vendor",), ""),
        (("-mod=mod",), ""),
    ],
    ids=["replaced and trimmed", "vendored, trimmed and stripped", "vendored", "replaced"],
)
def test_version_of_the_suspect(source: Path, tmp_path: Path, flags: tuple[str, ...], version: str):
    go("build", *flags, "-o", str(tmp_path / "shop"), ".", folder=source)
    subprocess.run([str(tmp_path / "shop"), str(tmp_path)], timeout=60, check=True)
    young, late = ((tmp_path / f"{age}.heap.pb.gz").read_bytes() for age in ("young", "late"))
    findings = analyse(Comparison((taken(late, taken_at=90),), (taken(young, taken_at=30),)))
    suspect = findings.suspects[0]
    assert suspect.function == "example.com/hoard.Keep"
    assert (suspect.module, suspect.version) == ("example.com/hoard", version)
    assert suspect.share_percent > 90
