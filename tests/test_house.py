"""The house itself: what no single room's test can see, and what the tools that hold the layers do not."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import operator
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import memdrift
from memdrift.api import crds
from memdrift.api.featurestore import FeatureStore

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "operator" / "memdrift"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE = 220
LONGEST_FUNCTION = 50

LONG_MODULES = {
    "ports.py": "one small Protocol per need; side by side they are the list of what memdrift asks of the world",
    "remedy/guards.py": "the ordered list of reasons not to act; their order is the point",
    "remedy/progress.py": "one transition per step; split, a step's effect would be in two places",
    "reconcile/telling.py": "events and report come from the same changes and must use the same words",
}


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_the_standard_librarys_operator_is_not_shadowed() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()
    assert operator.add(1, 1) == 2
    assert Path(memdrift.__file__).parent == PACKAGE, "another memdrift than this checkout's is installed"


def test_the_definitions_in_crds_are_what_the_models_generate() -> None:
    assert crds.main(["--check", str(ROOT / "crds")]) == 0


@pytest.mark.parametrize("path", sorted((ROOT / "manifests" / "samples").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_sample_is_valid(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        FeatureStore.model_validate(document)


def test_a_module_owns_one_idea() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long = {name for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert long - set(LONG_MODULES) == set(), "cut it, or say in LONG_MODULES why it must be one"
    assert set(LONG_MODULES) - set(lengths) == set(), "LONG_MODULES names a module that is gone"


def test_a_function_fits_a_screen() -> None:
    lengths = {
        f"{_name(path)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in MODULES
        for function in _functions(_parsed(path))
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_every_module_says_why_it_exists() -> None:
    said = {_name(path): ast.get_docstring(_parsed(path)) or "" for path in MODULES}
    assert [name for name, text in said.items() if len(text) < 30] == []


def test_nothing_is_named_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
    everything = [*PACKAGE.rglob("*"), *(ROOT / "tests").rglob("*.py")]
    assert [str(path) for path in everything if path.stem in empty] == []


def test_a_functions_name_says_what_it_does() -> None:
    hollow = re.compile(r"_*(get|process|handle|do|check)_")
    theirs = {"cli/root.py:get_command"}  # click asks for it by this name
    names = [f"{_name(path)}:{function.name}" for path in MODULES for function in _functions(_parsed(path))]
    assert [name for name in names if hollow.match(name.split(":")[1]) and name not in theirs] == []


def test_only_settings_and_the_command_line_know_the_environment() -> None:
    readers = {
        _name(path)
        for path in MODULES
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and ast.unparse(node.value) == "os"
    }
    assert {name for name in readers if not name.startswith("cli/") and name != "settings.py"} == set()


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_kopf_is_known_by_handlers_only() -> None:
    assert {_name(path) for path in MODULES if "kopf" in set(_imported(path))} == {"handlers.py"}


BANNED = """\
import datetime, os, random, time, uuid
import numpy as np
from datetime import UTC
datetime.datetime.now(UTC)
datetime.date.today()
np.random.default_rng()
os.environ.copy()
uuid.uuid4()
"""
PURE = ("drift", "evidence", "remedy", "report", "reconcile", "api")


@pytest.mark.parametrize("room", PURE)
def test_the_linter_keeps_clocks_chance_and_environment_out_of(room: str) -> None:
    arguments = ("check", "--select", "TID251", "--output-format", "json", "--stdin-filename")
    answer = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, f"operator/memdrift/{room}/new.py", "-"],
        cwd=ROOT, input=BANNED, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    refused = [each["message"].split("`")[1] for each in json.loads(answer.stdout)]
    assert refused == [
        "random", "time", "datetime.datetime.now", "datetime.date.today", "numpy.random", "os.environ", "uuid.uuid4",
    ]  # fmt: skip


def test_the_layers_name_every_room() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract for contract in contracts if contract["id"] == "layers")
    named = {room.strip() for layer in layers["layers"] for room in layer.split("|")}
    assert layers["exhaustive"]
    assert named == _rooms() | {"__main__"}


def _rooms() -> set[str]:
    entries = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    return {path.stem for path in entries} - {"__init__", "__main__"}


def test_the_architecture_explains_every_room_and_no_other() -> None:
    text = (ROOT / "operator" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\*\*`(\w+)(?:/|\.py)?`", text, re.MULTILINE))
    assert explained == _rooms()


def test_every_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)
    for wanted in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        assert re.search(rf'"{re.escape(wanted)}", +# \S.+', text), f"say beside {wanted} what it is for"


def _declared(*groups: list[str]) -> set[str]:
    names = [re.match(r"[A-Za-z0-9_.-]+", line) for group in groups for line in group]
    return {_normal(name[0]) for name in names if name}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    production = _declared(project["project"]["dependencies"])
    development = production | _declared(project["dependency-groups"]["dev"])
    assert _foreign(MODULES) - production == set()
    tests = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "manifests").rglob("*.py")]
    assert _foreign(tests) - development == set()


def _foreign(paths: list[Path]) -> set[str]:
    """The distributions that files import, beside the standard library and this repository."""
    distributions = importlib.metadata.packages_distributions()
    names = {module.split(".")[0] for path in paths for module in _imported(path)} - set(sys.stdlib_module_names)
    own = {"memdrift", "tests", *(path.stem for path in paths)}
    return {_normal(distributions[name][0]) for name in names - own if name in distributions}


@pytest.mark.parametrize("name", ["operator", "dev"])
def test_requirements_are_pinned_by_hash_and_name_no_place(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all(re.match(r"[a-z0-9_.-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "--index" not in text


def test_requirements_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        "operator": _declared(project["project"]["dependencies"]),
        "dev": _declared(project["dependency-groups"]["dev"]),
    }
    wanted["dev"] |= wanted["operator"]
    for name, distributions in wanted.items():
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        pinned = {_normal(found) for found in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)}
        assert distributions - pinned == set(), f"requirements/{name}.txt is behind pyproject.toml: run `make pins`"


REGISTRIES = (
    ("pypi", "org"), ("files", "pythonhosted", "org"), ("proxy", "golang", "org"), ("sum", "golang", "org"),
    ("deb", "debian", "org"), ("security", "debian", "org"), ("registry", "npmjs", "org"), ("index", "docker", "io"),
)  # fmt: skip


def test_no_file_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    ).stdout.split("\0")  # fmt: skip
    places = [".".join(parts) for parts in REGISTRIES] + [f"{ROOT}/", f"{Path.home()}/."]
    found = [
        f"{name}: {place}"
        for name in listed
        if name and (ROOT / name).is_file() and b"\0" not in (content := (ROOT / name).read_bytes())[:8192]
        for place in places
        if place.encode() in content
    ]
    assert found == []
