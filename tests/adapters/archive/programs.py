"""How the object stores of the tests are had: one Go program, built once like those of the cluster, and one of Node.

Exists so that all kinds of buckets are tried against servers that other people wrote. Must not start them.
"""

from __future__ import annotations

from pathlib import Path

from tests.cluster import commands
from tests.cluster.binaries import GoBuild, find_programs
from tests.cluster.errors import ClusterError
from tests.cluster.places import cache_directory

MINIO_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
"""The last commit of MinIO that is a module version; a test tool only."""
AZURITE_VERSION = "3.37.0"


def minio() -> Path:
    """The MinIO server; its first build takes minutes."""
    return _program("minio", "github.com/minio/minio", MINIO_VERSION)


def _program(name: str, package: str, version: str) -> Path:
    build = GoBuild(
        name=name,
        version=version,
        module_file=f"module memdrift.io/{name}-build\n\ngo 1.24.0\n\nrequire {package} {version}\n",
        programs={name: package},
        sources={"tools.go": f'//go:build tools\n\npackage tools\n\nimport _ "{package}"\n'},
    )
    return find_programs(build)[name]


def azurite() -> Path:
    """The emulator of Azure Blob Storage, from npm."""
    folder = cache_directory() / "programs" / f"azurite-{AZURITE_VERSION}"
    found = folder / "node_modules" / ".bin" / "azurite-blob"
    if not found.exists():
        if commands.find_program("npm") is None:
            raise ClusterError("azurite is not in the cache and `npm` is not installed: install Node.js")
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--silent")
        commands.run("npm", "install", "--prefix", str(folder), f"azurite@{AZURITE_VERSION}", *quiet, seconds=600)
    return found
