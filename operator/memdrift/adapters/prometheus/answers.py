"""Prometheus' JSON answers, validated, as arrays on the grid.

Exists so that nothing of an answer is believed before its shape is known. Must not send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, Field, ValidationError

from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.reduction import BAND
from memdrift.api.administration import SourceLabels
from memdrift.drift.blocks import Floats
from memdrift.errors import MetricsUnavailable

MALFORMED = "MetricsMalformed"
WARNED = "MetricsWarned"
LONGEST_QUOTE = 300


class SeriesKey(NamedTuple):
    """What a series is about; a label it does not have is ""."""

    namespace: str
    pod: str
    container: str
    band: str


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One answer on its grid.

    Attributes:
        keys: one per row.
        values: shape (series, blocks); NaN where there is no sample, or none that is finite.
    """

    grid: Grid
    keys: tuple[SeriesKey, ...]
    values: Floats


class RangeSeries(BaseModel):
    """One series of a range query; samples of native histograms are not read."""

    metric: dict[str, str]
    values: list[tuple[float, float]] = Field(default_factory=list)


class InstantSeries(BaseModel):
    """One series of an instant query."""

    metric: dict[str, str]
    value: tuple[float, float]


SeriesT = TypeVar("SeriesT", RangeSeries, InstantSeries)


class Data(BaseModel, Generic[SeriesT]):
    """The part of an answer which holds the series."""

    result_type: Literal["matrix", "vector"] = Field(alias="resultType")
    result: list[SeriesT]


class Answer(BaseModel, Generic[SeriesT]):
    """A successful answer."""

    status: Literal["success"]
    data: Data[SeriesT]
    warnings: list[str] = Field(default_factory=list)
    infos: list[str] = Field(default_factory=list)


class Refusal(BaseModel):
    """An error as Prometheus words it."""

    error_type: str = Field(default="", alias="errorType")
    error: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose answer it is, for messages."""

    source: str

    def malformed(self, what: str) -> MetricsUnavailable:
        """The error for an answer that is not what was asked for."""
        return MetricsUnavailable(MALFORMED, f"metrics source `{self.source}` answered {what}")


def range_series(body: bytes, origin: Origin) -> list[RangeSeries]:
    """The series of a range query.

    Raises:
        MetricsUnavailable: `MetricsMalformed` or `MetricsWarned`.
    """
    try:
        answer = Answer[RangeSeries].model_validate_json(body)
    except ValidationError as error:
        raise origin.malformed(f"something else than a matrix: {_first_fault(error)}") from error
    require_unwarned(answer.warnings, origin)
    return answer.data.result


def instant_series(body: bytes, origin: Origin) -> list[InstantSeries]:
    """The series of an instant query; the same errors."""
    try:
        answer = Answer[InstantSeries].model_validate_json(body)
    except ValidationError as error:
        raise origin.malformed(f"something else than a vector: {_first_fault(error)}") from error
    require_unwarned(answer.warnings, origin)
    return answer.data.result


def refusal(body: bytes) -> tuple[str, str]:
    """Kind and words of an error; "" and the beginning of the body where it is not in Prometheus' format."""
    try:
        words = Refusal.model_validate_json(body)
    except ValidationError:
        return "", printable(body[:LONGEST_QUOTE].decode(errors="replace"))
    return words.error_type, printable(words.error)


def printable(text: str) -> str:
    """A bounded quotation without control characters: error texts come from outside."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_QUOTE])


def key_of(metric: Mapping[str, str], labels: SourceLabels) -> SeriesKey:
    """What a series with these labels is about."""
    return SeriesKey(
        metric.get(labels.namespace, ""),
        metric.get(labels.pod, ""),
        metric.get(labels.container, ""),
        metric.get(BAND, ""),
    )


def require_unwarned(warnings: list[str], origin: Origin) -> None:
    """Nothing, where an answer came without a warning.

    Raises:
        MetricsUnavailable: `MetricsWarned`.
    """
    if warnings:
        raise MetricsUnavailable(
            WARNED,
            f"metrics source `{origin.source}` answered with a warning, so the answer may be partial: "
            f"{printable(warnings[0])}",
        )


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return printable(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}")
