"""Pieces of PromQL text, quoted so that no name or value can leave its place.

Exists so that every query is put together from parts that cannot be broken by a hostile pod name or label value. Must
not know what is measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """One condition of a selector.

    Attributes:
        operator: `=`, `!=`, `=~` or `!~`; regular expressions are anchored by PromQL.
    """

    label: str
    value: str
    operator: str = "="

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{quoted(self.value)}"


@lru_cache(maxsize=4096)
def quoted(value: str) -> str:
    """A string literal: the escapes of JSON are a subset of those of PromQL."""
    return json.dumps(value, ensure_ascii=False)


def any_of(values: Iterable[str]) -> str:
    """A regular expression that matches exactly these values."""
    return "|".join(literal(value) for value in values)


def literal(text: str) -> str:
    """A regular expression that matches this text only; hyphens, of which names are full, need no escape."""
    return re.escape(text).replace(r"\-", "-")


def selector(metric: str, matchers: Iterable[LabelMatcher], *, name_first: bool = False) -> str:
    """An instant vector selector; the name stands before the braces, or first in them, which means the same."""
    if name_first:
        return f"{{{','.join(str(matcher) for matcher in (LabelMatcher('__name__', metric), *matchers))}}}"
    return f"{metric}{{{','.join(str(matcher) for matcher in matchers)}}}"


def span(seconds: int) -> str:
    """A range that holds the samples of `seconds` without the one at its left end.

    Prometheus 2 counts a sample exactly at the left end, Prometheus 3 does not. One millisecond less makes both agree,
    so that a sample at the border of two blocks belongs to the earlier one only.
    """
    return f"{seconds * 1000 - 1}ms"


def aggregated(operator: str, labels: Sequence[str], expression: str) -> str:
    """An aggregation that keeps these labels only."""
    return f"{operator} by ({', '.join(labels)}) ({expression})"


def marked(expression: str, label: str, value: str, source_label: str) -> str:
    """The expression with a constant label, so that several can share one answer."""
    return f'label_replace({expression}, "{label}", {quoted(value)}, "{source_label}", ".*")'


def first_of(expressions: Iterable[str]) -> str:
    """Per label set the first of the expressions that has a value."""
    return " or ".join(expressions)
