"""How the Gitea of the tests is had: a Go program built once like those of the cluster, and the files it serves from.

Exists so that tickets are tried against a tracker that other people wrote. Must not start it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cluster import commands
from tests.cluster.binaries import GoBuild, find_programs
from tests.cluster.places import cache_directory

VERSION = "v1.26.0"
"""The newest version whose module has this path."""
REPLACED = """
replace github.com/jaytaylor/html2text => github.com/Necoro/html2text v0.0.0-20250804200300-7bf1ce1c7347
replace github.com/nektos/act => gitea.com/gitea/act v0.261.10
replace github.com/urfave/cli/v3 => github.com/urfave/cli/v3 v3.4.1
replace go.yaml.in/yaml/v4 => go.yaml.in/yaml/v4 v4.0.0-rc.3
replace {azure}/azcore => {azure}/azcore v1.19.0
replace {azure}/storage/azblob => {azure}/storage/azblob v1.6.2
replace github.com/microsoft/go-mssqldb => github.com/microsoft/go-mssqldb v1.9.7
"""
"""Those of its own module: a module that requires it does not inherit them."""
AZURE = "github.com/Azure/azure-sdk-for-go/sdk"
SERVED_FROM = ("options", "templates", "public")


def gitea() -> tuple[Path, Path]:
    """The program, and the folder with what it reads at run time; the first build takes minutes.

    Raises:
        ClusterError: it is not in the cache, and Go or a C compiler is missing.
    """
    required = f"require code.gitea.io/gitea {VERSION}\n{_replaced()}"
    build = GoBuild(
        name="gitea",
        version=VERSION,
        module_file=f"module memdrift.io/gitea-build\n\ngo 1.26.2\n\n{required}",
        programs={"gitea": "code.gitea.io/gitea"},
        sources={"tools.go": '//go:build tools\n\npackage tools\n\nimport _ "code.gitea.io/gitea"\n'},
        cgo_tags="sqlite,sqlite_unlock_notify",
    )
    program = find_programs(build)["gitea"]
    return program, _served_from(build)


def _replaced() -> str:
    return REPLACED.replace("{azure}", AZURE)


def _served_from(build: GoBuild) -> Path:
    """A copy beside the program, so that emptying Go's own cache breaks nothing."""
    kept = build.cache / "served-from"
    if not kept.exists():
        folder = cache_directory() / "build" / f"{build.name}-{build.version}"
        told = commands.run("go", "list", "-m", "-f", "{{.Dir}}", "code.gitea.io/gitea", folder=folder, seconds=600)
        unfinished = build.cache / ".served-from.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in SERVED_FROM:
            shutil.copytree(Path(told.strip()) / part, unfinished / part)
        commands.run("chmod", "-R", "u+w,a+rX", str(unfinished))
        unfinished.rename(kept)
    return kept
