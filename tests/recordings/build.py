"""Builds the recorded program and its load generator, with every download held against `go.sum`.

Exists so that a recording starts from the source that lies beside it. Must not start what it builds.
"""

from pathlib import Path

from tests.cluster import binaries, commands, images
from tests.cluster.errors import ClusterError
from tests.cluster.places import cache_directory

SOURCE = Path(__file__).resolve().parent / "programs"
SOURCE_PATTERNS = ("*.go", "load/*.go", "go.mod", "go.sum")
BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w")
BUILD_SECONDS_AT_MOST = 900
PACKAGES = {"service": ".", "load": "./load"}


def build_program(name: str) -> Path:
    """Path of `service` or `load`; built again only when its sources or the Go toolchain changed."""
    if commands.find_program("go") is None:
        raise ClusterError("Go is needed to build the recorded programs: install it")
    parts = [images.folder_key(SOURCE, SOURCE_PATTERNS), _go("version"), *BUILD_FLAGS]
    built = cache_directory() / "programs" / f"recordings-{name}-{images.content_key(parts)}"
    with binaries.only_one_builder(built):
        if not built.exists():
            unfinished = built.with_name(built.name + ".unfinished")
            _go("build", *BUILD_FLAGS, "-o", str(unfinished), PACKAGES[name])
            unfinished.rename(built)
    return built


def go_version() -> str:
    """The toolchain, as in `go1.26.8`."""
    return _go("env", "GOVERSION").strip()


def _go(*arguments: str) -> str:
    # GOFLAGS of the user must not change what is built here, nor loosen the verification of checksums.
    static = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    return commands.run("go", *arguments, folder=SOURCE, extra_environment=static, seconds=BUILD_SECONDS_AT_MOST)
