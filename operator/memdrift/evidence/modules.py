"""Where a function comes from: the standard library, the program itself, or a module at a version.

Exists because a Go profile has no field for it, but the compiler records it in file names: `module@version/file.go`
with `-trimpath`, the same behind the module cache's path without. A vendored build or a directory `replace` without
`-trimpath` loses it, and then the version is unknown and said to be. Must not look at values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from memdrift.evidence.names import (
    PLACEHOLDER_FILES,
    STANDARD_FIRST_ELEMENTS,
    guessed_module,
    package_of,
    versioned_module,
    with_parents,
)
from memdrift.evidence.nativenames import is_library, namespace_of
from memdrift.evidence.parts import Profile
from memdrift.evidence.stacks import files_by_function

_BUILT_FROM_FILES = "command-line-arguments"
"""The import path of a program built from a list of files: no module at all."""


class OriginKind(StrEnum):
    """Who owns a function's source."""

    STANDARD = "standard library"
    OWN = "own code"
    DEPENDENCY = "dependency"


class Origin(NamedTuple):
    """Where one function comes from.

    Attributes:
        module: import path of the module, a guess from the package where no file name tells; "" where unknown.
        version: "" where unknown.
    """

    kind: OriginKind
    module: str = ""
    version: str = ""


def _goroot_source(files: Mapping[str, str]) -> str:
    """The folder of the standard library's sources with a trailing slash; "" where -trimpath removed it."""
    for function, file in files.items():
        folder, found, _ = file.rpartition("/src/runtime/")
        if found and package_of(function) == "runtime":
            return folder + "/src/"
    return ""


def _is_standard(function: str, file: str, goroot_source: str) -> bool:
    if function.startswith(("type:", "go:")):
        return True
    if is_library(function):
        return True
    first_element = package_of(function).split("/", 1)[0]
    if first_element == "main" or "." in first_element:
        return False
    if goroot_source and file not in PLACEHOLDER_FILES:
        return file.startswith(goroot_source)
    return first_element in STANDARD_FIRST_ELEMENTS


def _main_module(files: Mapping[str, str]) -> tuple[str, str]:
    for function, file in files.items():
        if package_of(function) != "main":
            continue
        versioned = versioned_module(function, file)
        if versioned:
            return versioned
        folder = file.rpartition("/")[0]
        if folder and not file.startswith(("/", ".", "<")) and ":" not in file and "@" not in file:
            # With -trimpath the folder is the main package's import path; these names are never a module's last.
            path = re.split(r"/(?:cmd|internal)(?:/|$)", folder, maxsplit=1)[0]
            return "" if path == _BUILT_FROM_FILES else path, ""
    return "", ""


class Origins:
    """Knows the origin of every function of some profiles of one program.

    Attributes:
        files: function to file name.
        versions: module to version, as file names tell.
        main_module: import path and version of the program's own module; "" where unknown.
        standard: those of the functions that belong to the Go runtime or standard library.
    """

    __slots__ = ("_known", "files", "main_module", "standard", "versions")

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.versions = _versions(files)
        self.main_module = _main_module(files)
        goroot_source = _goroot_source(files)
        self.standard = frozenset(name for name, file in files.items() if _is_standard(name, file, goroot_source))
        self._known: dict[str, Origin] = {}

    def is_standard(self, function: str) -> bool:
        """Whether the function belongs to the Go runtime or standard library."""
        return function in self.standard

    def origin(self, function: str) -> Origin:
        """Where one of the profiles' functions comes from."""
        found = self._known.get(function)
        if found is None:
            found = self._known[function] = self._origin(function)
        return found

    def _origin(self, function: str) -> Origin:
        if self.is_standard(function):
            return Origin(OriginKind.STANDARD)
        if "::" in function:
            crate = versioned_module(function, self.files.get(function, ""))
            return Origin(OriginKind.DEPENDENCY, *crate) if crate else Origin(OriginKind.OWN, namespace_of(function))
        package = package_of(function)
        main_path, main_version = self.main_module
        if package == "main" or (main_path and (package + "/").startswith(main_path + "/")):
            return Origin(OriginKind.OWN, main_path, main_version)
        file = self.files.get(function, "")
        versioned = versioned_module(function, file)
        if versioned:
            return Origin(OriginKind.DEPENDENCY, *versioned)
        known = self._known_module(package)
        if file in PLACEHOLDER_FILES:
            kind = OriginKind.DEPENDENCY if known else OriginKind.OWN
            return Origin(kind, known or guessed_module(package), self.versions.get(known, ""))
        elsewhere = "/vendor/" in file or "@" in file
        kind = OriginKind.DEPENDENCY if elsewhere else OriginKind.OWN
        return Origin(kind, known or guessed_module(package))

    def _known_module(self, package: str) -> str:
        return next((each for each in with_parents(package) if each in self.versions), "")


def origins(profiles: Iterable[Profile]) -> Origins:
    """The origins of all functions of some profiles; where two profiles differ, the first one counts."""
    return Origins(_files(profiles))


def _files(profiles: Iterable[Profile]) -> dict[str, str]:
    files: dict[str, str] = {}
    for profile in profiles:
        for function, file in files_by_function(profile).items():
            if files.get(function, "") in PLACEHOLDER_FILES:
                files[function] = file
    return files


def _versions(files: Mapping[str, str]) -> dict[str, str]:
    versions: dict[str, str] = {}
    for function, file in files.items():
        versioned = versioned_module(function, file)
        if versioned:
            versions.setdefault(*versioned)
    return versions


def module_versions(profiles: Iterable[Profile]) -> dict[str, str]:
    """Module to version from all samples' file names, sorted by module; without those whose version is unknown.

    Only code that ran, or holds memory, leaves its name in a profile: a module that is missing here may still be
    linked in.
    """
    return dict(sorted(_versions(_files(profiles)).items()))
