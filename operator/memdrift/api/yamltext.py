"""YAML that a person wrote, as values.

Exists because PyYAML raises its own error for the grammar only: a date that no calendar has, or a number without
digits, is whatever Python raises of it, and would pass by everybody who expects bad YAML. Its own words repeat whole
lines, which may hold secrets. Must not know what the values mean.
"""

from __future__ import annotations

import yaml

from memdrift.api.faults import fault_of

_FAULTS = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class YamlInvalid(ValueError):
    """The text is not YAML, or has a value that cannot be; says where, in one line."""


def documents_in(text: str) -> tuple[object, ...]:
    """The documents of the text, in order; an empty text has none.

    Raises:
        YamlInvalid: one of them cannot be read.
    """
    try:
        return tuple(yaml.safe_load_all(text))
    except _FAULTS as error:
        raise YamlInvalid(_said(error)) from error


def document_in(text: str) -> object:
    """The only document of the text; None where it is empty.

    Raises:
        YamlInvalid: it cannot be read, or there are several.
    """
    try:
        return yaml.safe_load(text)
    except _FAULTS as error:
        raise YamlInvalid(_said(error)) from error


def _said(error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return fault_of(error)
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or type(error).__name__
    return f"{problem} in line {mark.line + 1}, column {mark.column + 1}" if mark else problem
