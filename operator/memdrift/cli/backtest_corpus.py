"""The back-test over labelled recordings: read, replayed, scored, printed.

Exists so that anybody can repeat every figure that is claimed of the detector. Must not judge or score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path

import click

from memdrift.adapters.clock import SystemClock
from memdrift.adapters.prometheus.grid import block_seconds
from memdrift.adapters.recordings import recordings_of
from memdrift.api.administration import Administration
from memdrift.api.featurestore import FeatureStoreSpec
from memdrift.backtest import tables
from memdrift.backtest.ablation import Ablation, ablations
from memdrift.backtest.baselines import MannKendall, baselines
from memdrift.backtest.recording import OBJECTIVE_TIMES_USUAL_LATENCY, USUAL_LATENCY_SHARE, Recording
from memdrift.backtest.replay import Judge, Replay, replayed
from memdrift.backtest.scores import SeriesScore, Summary, scored, summary_of
from memdrift.cli.faults import refusal
from memdrift.cli.given import changed
from memdrift.cli.reading import show
from memdrift.drift.assessment import GATES
from memdrift.drift.judgement import judge_batch
from memdrift.drift.phrases import span_of
from memdrift.errors import MemdriftError
from memdrift.remedy import policy as policies

OURS = "memdrift"
MASKING = frozenset({"settled", "not-explained-by-load"})
"""Gates that alone silence whole families of recordings (lives of less than a day, runs without load), so that no other
gate seems to be needed while they are asked."""
_UNFELT = frozenset({"objective.quantile", "detection.minDriftingPods"})
"""A recording is one pod, and its latency was measured at whatever quantile it was."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What else is to be judged beside the detector itself."""

    baselines: bool = False
    ablation: bool = False


@dataclass(frozen=True, slots=True)
class CorpusBacktest:
    """Everything that was found.

    Attributes:
        derived_objectives: how many recordings name no latency objective, so that one was derived.
        baselines: summaries by the name of the rule.
        ablations, unmasked: without each gate alone, and without each while the `MASKING` ones are off too.
        seconds: how long the detector took, from the files to the summary, without baselines and ablation.
    """

    spec: FeatureStoreSpec
    scores: tuple[SeriesScore, ...]
    summary: Summary
    baselines: Mapping[str, Summary]
    ablations: tuple[Ablation, ...]
    unmasked: tuple[Ablation, ...]
    derived_objectives: int
    seconds: float

    def json(self) -> str:
        """One object with every figure."""
        document: dict[str, object] = {
            "series": [score.row() for score in self.scores],
            "summary": self.summary.row(),
            "baselines": {name: summary.row() for name, summary in self.baselines.items()},
            "seconds": round(self.seconds, 3),
            "detection": self.spec.detection.to_wire(),
        }
        if self.ablations:
            document["ablation"] = {each.gate or OURS: each.summary.row() for each in self.ablations}
            document["ablation_unmasked"] = {each.gate or OURS: each.summary.row() for each in self.unmasked}
        return json.dumps(document, indent=2)


def corpus_backtest(manifest: Path, changes: Sequence[str], wanted: Wanted) -> CorpusBacktest:
    """Judge all recordings of a manifest.

    Args:
        manifest: a `manifest.json`.
        changes: fields of the spec, as `FIELD=VALUE`.
        wanted: what else is to be judged.

    Raises:
        click.ClickException: a field, a recording or a package is missing or wrong; names it and the remedy.
    """
    spec = changed(_anybodys_spec(), changes)
    _require_felt(changes)
    mann_kendall = _mann_kendall() if wanted.baselines else None
    clock = SystemClock()
    began = clock.monotonic()
    try:
        read = recordings_of(manifest)
    except MemdriftError as error:
        raise refusal(error) from error
    recordings = [_with_explicit(recording, spec, changes) for recording in read]
    replay = Replay(
        window_seconds=tuple(spec.detection.window_seconds),
        confirm_after_new_blocks=spec.detection.confirm_after_new_blocks,
        policy=policies.combine(spec, Administration(), "").detection,
        block_seconds=block_seconds,
    )
    scores = scored(recordings, replayed(recordings, replay, judge_batch))
    summary = summary_of(scores)
    seconds = clock.monotonic() - began
    rules: Mapping[str, Judge] = baselines(mann_kendall) if mann_kendall else {}
    return CorpusBacktest(
        spec=spec,
        scores=tuple(scores),
        summary=summary,
        baselines={
            name: summary_of(scored(recordings, replayed(recordings, replay, rule))) for name, rule in rules.items()
        },
        ablations=tuple(ablations(recordings, replay, _without, GATES)) if wanted.ablation else (),
        unmasked=tuple(ablations(recordings, replay, _without, GATES, MASKING)) if wanted.ablation else (),
        derived_objectives=sum(
            each.objective_milliseconds is None and each.objective is not None for each in recordings
        ),
        seconds=seconds,
    )


def show_corpus_backtest(found: CorpusBacktest) -> None:
    """Tables for a person: by family, by series, beside the baselines, without each gate."""
    detection = found.spec.detection
    windows = ", ".join(span_of(seconds) for seconds in sorted(detection.window_seconds))
    click.echo(
        f"{len(found.scores)} recordings judged in {found.seconds:.1f} s. Windows: {windows}, or a recording's own; "
        f"confirmed after {detection.confirm_after_new_blocks} new blocks."
    )
    if found.derived_objectives:
        click.echo(
            f"{found.derived_objectives} of them name no latency objective: {OBJECTIVE_TIMES_USUAL_LATENCY:g} times "
            f"the median latency of their first {100 * USUAL_LATENCY_SHARE:.0f} % stands for it."
        )
    click.echo()
    show(tables.FAMILY_HEADINGS, tables.family_rows(found.summary))
    alarms = tables.alarm_rows(found.scores)
    if alarms:
        click.echo()
        show(tables.ALARM_HEADINGS, alarms)
    if found.baselines:
        click.echo()
        show(tables.COMPARISON_HEADINGS, tables.comparison_rows({OURS: found.summary, **found.baselines}))
    if found.ablations:
        families = tables.healthy_families(found.summary)
        click.echo()
        show(tables.ablation_headings(families), tables.ablation_rows(found.ablations, families))
        click.echo(f"\nThe same while {' and '.join(sorted(MASKING))} are off too:\n")
        show(tables.ablation_headings(families), tables.ablation_rows(found.unmasked, families))


def _anybodys_spec() -> FeatureStoreSpec:
    """The defaults of a store; what it points at does not matter to a recording."""
    series = {"preset": "http-server"}
    metrics = {"source": "recorded", "memory": {"preset": "process"}, "latency": series, "load": [series]}
    target = {"kind": "Deployment", "name": "recorded"}
    return FeatureStoreSpec.model_validate({"targetRef": target, "metrics": metrics})


def _require_felt(changes: Sequence[str]) -> None:
    """Refuse a field that changes nothing about a recording's verdict: the person would believe that it did."""
    for change in changes:
        field = change.partition("=")[0].strip().removeprefix("spec.")
        if field in _UNFELT or field.partition(".")[0] not in {"detection", "objective"}:
            raise click.ClickException(
                f"--set {change}: it changes nothing here; a recording is judged by `detection` and "
                "`objective.latencyMilliseconds` only"
            )


def _with_explicit(recording: Recording, spec: FeatureStoreSpec, changes: Sequence[str]) -> Recording:
    """What the person set wins over what the recording says of itself."""
    fields = {change.partition("=")[0].strip().removeprefix("spec.") for change in changes}
    if "detection.windowSeconds" in fields:
        recording = replace(recording, window_seconds=())
    if "detection.warmUpSeconds" in fields:
        recording = replace(recording, warm_up_seconds=None)
    if "objective.latencyMilliseconds" in fields:
        recording = replace(recording, objective_milliseconds=float(spec.objective.latency_milliseconds))
    return recording


def _without(gates: frozenset[str]) -> Judge:
    return partial(judge_batch, ablated=gates)


def _mann_kendall() -> MannKendall:
    """The test of pymannkendall, which only this comparison needs.

    Raises:
        click.ClickException: it is not installed.
    """
    try:
        library = import_module("pymannkendall")
    except ImportError as error:
        raise click.ClickException(
            "--baselines needs pymannkendall, which memdrift itself does not: pip install 'memdrift[baselines]'"
        ) from error
    original_test: Callable[[object], object] = library.original_test

    def tested(values: object) -> tuple[float, float, float]:
        found = original_test(values)
        return float(found.p), float(found.z), float(found.slope)  # type: ignore[attr-defined]

    return tested
