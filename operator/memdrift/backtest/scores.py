"""A replay scored against labels: by series, with the exposure and its bound beside every rate.

Exists so that every number a back-test prints is defined once. `unsure` series are left out, `step` counts as healthy,
and recall, precision and false episodes leave machines out, which nobody labelled: they stand by family only. Must not
judge or print.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memdrift.backtest.bounds import upper_rate
from memdrift.backtest.episodes import Episode
from memdrift.backtest.recording import Recording
from memdrift.backtest.replay import Outcome

LEAK = "leak"
UNSURE = "unsure"
UNLABELLED_FAMILIES = frozenset({"alibaba"})
"""Machines, presumed healthy by nobody's label."""


@dataclass(frozen=True, slots=True)
class SeriesScore:
    """What became of one recording.

    Attributes:
        judged_share: of its moments, those at which it was said whether memory drifts.
        delay_seconds: from the known onset to the first confirmation after it; None without either.
    """

    id: str
    family: str
    label: str
    exposure_weeks: float
    episodes: tuple[Episode, ...]
    judged_share: float
    delay_seconds: float | None

    @property
    def alarmed(self) -> bool:
        """Whether drift was confirmed at least once."""
        return bool(self.episodes)

    @property
    def impact_episodes(self) -> int:
        """Episodes in which a restart could have been asked for."""
        return sum(episode.impact for episode in self.episodes)

    def row(self) -> dict[str, object]:
        """The series for a machine to read."""
        return {
            "id": self.id,
            "label": self.label,
            "family": self.family,
            "alarmed": self.alarmed,
            "impact": self.impact_episodes > 0,
            "first_alarm_seconds": self.episodes[0].confirmed_at if self.episodes else None,
            "episodes": len(self.episodes),
            "impact_episodes": self.impact_episodes,
            "delay_seconds": self.delay_seconds,
            "exposure_weeks": self.exposure_weeks,
            "judged_share": self.judged_share,
        }


@dataclass(frozen=True, slots=True)
class FamilyScore:
    """Series of one family.

    Attributes:
        judged_weeks: the part of the exposure at which it was said whether memory drifts; silence proves nothing
            elsewhere.
        leaks, found: how many leak, and how many of those were alarmed.
        false_episodes, false_impact_episodes: those of healthy series.
        healthy_weeks: exposure of the healthy series.
    """

    series: int
    alarmed: int
    episodes: int
    exposure_weeks: float
    judged_weeks: float
    leaks: int
    found: int
    false_alarmed: int
    false_episodes: int
    false_impact_episodes: int
    healthy_weeks: float
    median_delay_seconds: float | None

    @property
    def recall(self) -> float | None:
        """The share of the leaks that were alarmed; None without a leak."""
        return self.found / self.leaks if self.leaks else None

    @property
    def precision(self) -> float | None:
        """The share of the alarmed series that leak; None where none was alarmed."""
        return self.found / self.alarmed if self.alarmed else None

    def row(self) -> dict[str, object]:
        """The family for a machine to read; every rate with the bound that its exposure allows."""
        return {
            "series": self.series,
            "alarmed": self.alarmed,
            "episodes": self.episodes,
            "exposure_weeks": self.exposure_weeks,
            "episodes_per_week": self.episodes / self.exposure_weeks if self.exposure_weeks else None,
            "episodes_per_week_below": upper_rate(self.episodes, self.exposure_weeks),
            "judged_weeks": self.judged_weeks,
            "leaks": self.leaks,
            "found": self.found,
            "median_delay_seconds": self.median_delay_seconds,
            **self.false_row(),
        }

    def false_row(self) -> dict[str, object]:
        """What was said of healthy series; `_below` is the exact 95 % bound of a rate."""
        weeks = self.healthy_weeks
        return {
            "false_alarmed": self.false_alarmed,
            "false_episodes": self.false_episodes,
            "healthy_exposure_weeks": weeks,
            "false_episodes_per_week": self.false_episodes / weeks if weeks else None,
            "false_episodes_per_week_below": upper_rate(self.false_episodes, weeks),
            "false_impact_episodes": self.false_impact_episodes,
            "false_impact_episodes_per_week_below": upper_rate(self.false_impact_episodes, weeks),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """All labelled series together, and each family by itself."""

    labelled: FamilyScore
    by_family: dict[str, FamilyScore]

    def row(self) -> dict[str, object]:
        """The summary for a machine to read."""
        return {
            "recall": self.labelled.recall,
            "precision": self.labelled.precision,
            "leaks": self.labelled.leaks,
            "found": self.labelled.found,
            "median_delay_seconds": self.labelled.median_delay_seconds,
            **self.labelled.false_row(),
            "by_family": {name: family.row() for name, family in self.by_family.items()},
        }


def scored(recordings: Sequence[Recording], outcomes: Sequence[Outcome]) -> list[SeriesScore]:
    """Each recording with its outcome."""
    return [
        SeriesScore(
            id=recording.id,
            family=recording.family,
            label=recording.label,
            exposure_weeks=recording.exposure_weeks,
            episodes=outcome.episodes,
            judged_share=outcome.judged_share,
            delay_seconds=_delay(recording.onset_seconds, outcome.episodes),
        )
        for recording, outcome in zip(recordings, outcomes, strict=True)
    ]


def summary_of(scores: Iterable[SeriesScore]) -> Summary:
    """The summary of series, families in the order of their first series."""
    families: dict[str, list[SeriesScore]] = defaultdict(list)
    for score in scores:
        if score.label != UNSURE:
            families[score.family].append(score)
    labelled = [score for name, rows in families.items() if name not in UNLABELLED_FAMILIES for score in rows]
    return Summary(_together(labelled), {name: _together(rows) for name, rows in families.items()})


def _together(scores: Sequence[SeriesScore]) -> FamilyScore:
    leaks = [score for score in scores if score.label == LEAK]
    healthy = [score for score in scores if score.label != LEAK]
    delays = [score.delay_seconds for score in leaks if score.delay_seconds is not None]
    return FamilyScore(
        series=len(scores),
        alarmed=sum(score.alarmed for score in scores),
        episodes=sum(len(score.episodes) for score in scores),
        exposure_weeks=sum(score.exposure_weeks for score in scores),
        judged_weeks=sum(score.judged_share * score.exposure_weeks for score in scores),
        leaks=len(leaks),
        found=sum(score.alarmed for score in leaks),
        false_alarmed=sum(score.alarmed for score in healthy),
        false_episodes=sum(len(score.episodes) for score in healthy),
        false_impact_episodes=sum(score.impact_episodes for score in healthy),
        healthy_weeks=sum(score.exposure_weeks for score in healthy),
        median_delay_seconds=statistics.median(delays) if delays else None,
    )


def _delay(onset_seconds: float | None, episodes: Sequence[Episode]) -> float | None:
    if onset_seconds is None:
        return None
    return next((each.confirmed_at - onset_seconds for each in episodes if each.confirmed_at >= onset_seconds), None)
