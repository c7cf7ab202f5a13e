"""The README against the code: no word, metric, setting, command, alert or file may be missing, and none invented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from memdrift.api.administration import Administration
from memdrift.api.driftincident import IncidentOutcome, Judgement, Recommendation, Stage
from memdrift.api.featurestore import FeatureStore, Mode, Strategy
from memdrift.cli import main as command_line
from memdrift.drift.verdict import GrowthKind
from memdrift.evidence.limits import ProfileProblem
from memdrift.remedy import status
from memdrift.remedy.reasons import Reason
from tests import readme

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "operator" / "memdrift"
README = (ROOT / "README.md").read_text(encoding="utf-8")
_WORD = re.compile(r"[A-Z][A-Za-z0-9]+")


def test_the_tables_of_the_readme_are_those_of_the_code() -> None:
    assert readme.rendered(README) == README, "run `make docs`"


def test_every_table_of_the_code_is_in_the_readme() -> None:
    assert set(re.findall(r"<!-- table: ([a-z-]+) -->", README)) == set(readme.TABLES)


def test_every_row_of_those_tables_explains_itself() -> None:
    for name, table in readme.TABLES.items():
        for line in table().splitlines()[2:]:
            assert len(line.split(" | ")[-1].strip(" |")) > 5, f"{name}: {line}"


VOCABULARIES = (Mode, Strategy, Stage, IncidentOutcome, Recommendation, GrowthKind)


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda vocabulary: vocabulary.__name__)
def test_every_word_of_a_vocabulary_is_explained(vocabulary: type[Mode]) -> None:
    missing = [str(word) for word in vocabulary if not re.search(rf"`([^`]*\W)?{word}(\W[^`]*)?`", README)]
    assert not missing


def test_every_judgement_is_explained() -> None:
    assert all(f"`{word}`" in README for word in Judgement if word)


def test_every_condition_is_explained() -> None:
    source = ast.parse(Path(status.__file__).read_text(encoding="utf-8"))
    called = (node for node in ast.walk(source) if isinstance(node, ast.Call))
    kinds = {_text(call.args[0]) for call in called if getattr(call.func, "id", "") == "condition" and call.args}
    assert kinds == {"Ready", "Drifting", "Remediating", "Stalled"}
    assert all(f"| `{kind}` |" in README for kind in kinds)


def test_every_word_of_a_failed_call_is_explained_and_none_is_invented() -> None:
    rows = set(re.findall(r"^\| `([A-Za-z]+)` \|", _section("### Why a call failed"), re.MULTILINE))
    elsewhere = {*map(str, Reason), *map(str, ProfileProblem)}
    told = set(words_of_failures())
    assert told, "no failure was found in the code: the search is broken"
    assert sorted(told - rows - elsewhere) == []
    assert sorted(rows - told - elsewhere) == []


def words_of_failures() -> Iterator[str]:
    """Every reason with which an error of `errors` is raised, as far as it is written down as a word."""
    errors = {node.name for node in _parsed(PACKAGE / "errors.py").body if isinstance(node, ast.ClassDef)}
    for path in PACKAGE.rglob("*.py"):
        tree = _parsed(path)
        constants = {target.id: value for target, value in _assignments(tree) if isinstance(target, ast.Name)}
        raised = [
            node.args[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.args and _called(node) in errors | {"_failure"}
        ]
        chosen = [
            value for target, value in _assignments(tree) if isinstance(target, ast.Name) and target.id == "reason"
        ]
        for expression in raised + chosen:
            yield from _words(expression, constants)


def _words(expression: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    match expression:
        case ast.Constant(value=str(text)) if _WORD.fullmatch(text):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from _words(body, constants)
            yield from _words(other, constants)
        case ast.Name(id=name) if name.isupper() and name in constants:
            yield from _words(constants[name], {})


def _assignments(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield node.targets[0], node.value


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _text(expression: ast.expr) -> str:
    return str(expression.value) if isinstance(expression, ast.Constant) else ast.unparse(expression)


def _section(heading: str) -> str:
    """From a heading to the next one of the same or a higher level."""
    level = heading.split(" ")[0]
    return re.split(rf"^#{{1,{len(level)}}} ", README.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def _commands() -> dict[str, click.Command]:
    assert isinstance(command_line, click.Group)
    context = click.Context(command_line)
    found = {name: command_line.get_command(context, name) for name in command_line.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def test_every_command_and_option_is_documented() -> None:
    section = _section("## Command line")
    for name, command in _commands().items():
        assert re.search(rf"`(kubectl )?memdrift {name}\b", section), name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert any(f"{flag}" in section for flag in parameter.opts if flag.startswith("--")), parameter.opts


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"^\| `(?:kubectl )?memdrift ([a-z]+)", _section("## Command line"), re.MULTILINE))
    assert named == set(_commands())


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    rules = yaml.safe_load((ROOT / "manifests" / "monitoring" / "rules.yaml").read_text(encoding="utf-8"))
    alerts = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    headings = set(re.findall(r"^### (\w+)$", _section("## Runbooks"), re.MULTILINE))
    assert headings == set(alerts)
    assert {rule["annotations"]["runbook"] for rule in alerts.values()} == {
        f"README.md#{each.lower()}" for each in alerts
    }


def _blocks(language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", README, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in block.splitlines()) for indent, block in found]


def test_the_resources_and_files_shown_are_valid() -> None:
    documents = [yaml.safe_load(block) for block in _blocks("yaml")]
    stores = [FeatureStore.model_validate(each) for each in documents if each.get("kind") == "FeatureStore"]
    files = [Administration.parse(block) for block in _blocks("yaml") if re.search(r"^sources:", block, re.MULTILINE)]
    assert len(stores) == 1
    assert len(files) == 1
    source = files[0].source_named(stores[0].spec.metrics.source)
    assert source is not None, "the store and the administrator's file shown must fit together"
    assert source.allows(stores[0].metadata.namespace)


def test_every_verb_of_make_that_is_named_exists() -> None:
    verbs = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", README, re.MULTILINE))
    assert named <= verbs
    assert {"demo", "test"} <= named


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:manifests|operator|crds|requirements|tests)/[\w./-]+)`", README))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
