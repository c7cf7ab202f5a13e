"""The tables of the README that are written in the code already: `python -m tests.readme [--check]`.

Exists so that a word, a metric or a setting is explained once, beside its definition, and the README cannot fall
behind. A table stands between `<!-- table: NAME -->` and `<!-- end -->`; everything else in the README is written by
hand.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import re
import sys
import typing
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from memdrift.adapters.telemetry import TABLE
from memdrift.api.administration import Administration
from memdrift.drift.verdict import VerdictKind, VerdictReason
from memdrift.evidence.limits import ProfileProblem
from memdrift.remedy.reasons import Reason
from memdrift.settings import SETTINGS
from memdrift.web.alerts import AlertResult

README = Path(__file__).resolve().parents[1] / "README.md"
_TABLE = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Rows = Iterable[tuple[str, ...]]


def table(heading: tuple[str, ...], rows: Rows) -> str:
    """A Markdown table."""
    lines = [heading, ("---",) * len(heading), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def explained(words: type[StrEnum]) -> Rows:
    """Every member of an enumeration with the docstring below it."""
    body = ast.parse(inspect.getsource(importlib.import_module(words.__module__))).body
    found = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == words.__name__).body
    for member, text in itertools.pairwise(found):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            name = ast.unparse(member.targets[0])
            yield f"`{words[name]}`", " ".join(str(text.value.value).split())


def metrics() -> Rows:
    for measure in TABLE:
        labels = ", ".join(f"`{label}`" for label in measure.labels) or "–"
        yield f"`{measure.name}`", measure.kind, labels, measure.help


def settings() -> Rows:
    for setting in SETTINGS:
        yield f"`{setting.name}`", f"`{setting.default}`" if setting.default else "–", setting.description


def fields(model: type[BaseModel], above: str = "") -> Rows:
    """Every field of a model with its description, nested ones by their path; a field of lists ends in `[]`."""
    for name, field in model.model_fields.items():
        nested = _models(field.annotation)
        many = "[]" if typing.get_origin(field.annotation) is list and nested else ""
        path = f"{above}{field.alias or name}{many}"
        yield f"`{path}`", " ".join((field.description or "").split())
        for each in nested:
            yield from fields(each, f"{path}.")


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation names, through lists, options and metadata."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in typing.get_args(annotation) for model in _models(each)]


_WORD = ("word", "meaning")
TABLES: dict[str, Callable[[], str]] = {
    "verdicts": lambda: table(("verdict", "meaning"), explained(VerdictKind)),
    "verdict-reasons": lambda: table(_WORD, explained(VerdictReason)),
    "reasons": lambda: table(_WORD, explained(Reason)),
    "profile-problems": lambda: table(_WORD, explained(ProfileProblem)),
    "alert-results": lambda: table(("result", "meaning"), explained(AlertResult)),
    "metrics": lambda: table(("metric", "type", "labels", "meaning"), metrics()),
    "administration": lambda: table(("field", "meaning"), fields(Administration)),
    "settings": lambda: table(("variable", "default", "meaning"), settings()),
}


def rendered(text: str) -> str:
    """The README with its tables as the code has them now; an unknown name is an error."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found['name']]()}{found[3]}", text)


def main(arguments: list[str]) -> int:
    text = README.read_text(encoding="utf-8")
    if "--check" not in arguments:
        README.write_text(rendered(text), encoding="utf-8")
    elif text != rendered(text):
        print("README.md is not what the code says: run `make docs` and commit the result")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
