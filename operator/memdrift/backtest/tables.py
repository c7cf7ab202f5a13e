"""A back-test as rows of text, for a terminal or a Markdown file.

Exists so that both print the same figures, each rate with its exposure and its bound. Must not compute a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memdrift.backtest.ablation import Ablation
from memdrift.backtest.bounds import upper_rate
from memdrift.backtest.scores import LEAK, UNLABELLED_FAMILIES, FamilyScore, SeriesScore, Summary

Row = tuple[str, ...]

FAMILY_HEADINGS: Row = (
    "FAMILY", "SERIES", "LEAKS FOUND", "FALSE EPISODES", "WITH IMPACT", "HEALTHY WEEKS", "PER WEEK",
    "BELOW (95 %)", "JUDGED",
)  # fmt: skip
COMPARISON_HEADINGS: Row = (
    "DETECTOR",
    "RECALL",
    "PRECISION",
    "FALSE EPISODES",
    "HEALTHY WEEKS",
    "PER WEEK",
    "BELOW (95 %)",
)
ALARM_HEADINGS: Row = ("SERIES", "LABEL", "EPISODES", "FIRST ALARM", "WINDOW", "DELAY", "IMPACT")


def family_rows(summary: Summary) -> list[Row]:
    """One row per family, then all labelled ones together."""
    rows = [_family_row(_name(name), family) for name, family in summary.by_family.items()]
    return [*rows, _family_row("all labelled", summary.labelled)]


def comparison_rows(summaries: Mapping[str, Summary]) -> list[Row]:
    """One row per detector, on the labelled series; machines stand below it by themselves."""
    rows = []
    for name, summary in summaries.items():
        labelled = summary.labelled
        rows.append((name, _share(labelled.recall), _share(labelled.precision), *_false(labelled)))
        rows += [
            (f"  {family}", "", "", *_false(score))
            for family, score in summary.by_family.items()
            if family in UNLABELLED_FAMILIES
        ]
    return rows


def alarm_rows(scores: Sequence[SeriesScore]) -> list[Row]:
    """Every series that was alarmed, and every leak that was not."""
    return [
        (
            score.id,
            score.label,
            str(len(score.episodes)),
            _hours(score.episodes[0].confirmed_at) if score.episodes else "missed",
            _hours(score.episodes[0].window_seconds) if score.episodes else "",
            _hours(score.delay_seconds),
            str(score.impact_episodes or ""),
        )
        for score in scores
        if score.alarmed or score.label == LEAK
    ]


def ablation_headings(families: Sequence[str]) -> Row:
    """The columns of `ablation_rows`."""
    return ("WITHOUT", "RECALL", "PRECISION", *(f"FALSE, {family}" for family in families), "FALSE WITH IMPACT")


def ablation_rows(ablations: Sequence[Ablation], families: Sequence[str]) -> list[Row]:
    """One row per gate: recall, precision, false episodes by family."""
    return [
        (
            each.gate or "(nothing)",
            _share(each.summary.labelled.recall),
            _share(each.summary.labelled.precision),
            *(str(each.summary.by_family[family].false_episodes) for family in families),
            str(sum(family.false_impact_episodes for family in each.summary.by_family.values())),
        )
        for each in ablations
    ]


def healthy_families(summary: Summary) -> list[str]:
    """The families with a healthy series: the ones that can have a false episode."""
    return [name for name, family in summary.by_family.items() if family.healthy_weeks > 0]


def markdown(headings: Row, rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [headings, ("---",) * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _family_row(name: str, family: FamilyScore) -> Row:
    episodes, weeks, rate, below = _false(family)
    judged = family.judged_weeks / family.exposure_weeks if family.exposure_weeks else None
    found = f"{family.found} of {family.leaks}" if family.leaks else "-"
    impact = str(family.false_impact_episodes) if family.healthy_weeks else "-"
    return name, str(family.series), found, episodes, impact, weeks, rate, below, _share(judged)


def _false(family: FamilyScore) -> Row:
    weeks = family.healthy_weeks
    if not weeks:
        return "-", "-", "-", "-"
    below = upper_rate(family.false_episodes, weeks) or 0.0
    return str(family.false_episodes), f"{weeks:.2f}", f"{family.false_episodes / weeks:.3g}", f"{below:.3g}"


def _name(family: str) -> str:
    return f"{family} (unlabelled)" if family in UNLABELLED_FAMILIES else family


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _hours(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"
