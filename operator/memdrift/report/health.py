"""How memdrift itself is: figures with thresholds, each of which can name itself when it fails.

Exists so that an operator which watches nothing any more cannot look alive. Moments are seconds of one monotonic clock,
passed in; this module must not read a clock, ask anybody or decide what a probe answers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above which a figure fails, in seconds.

    Attributes:
        watch_age_seconds: without any event or newly opened stream; a stream is opened anew every minute.
        watch_dead_seconds: the same, after which only a new process helps; an API server can be upgraded meanwhile.
        scheduler_lag_seconds: by which the most overdue store may wait for its tick.
        source_lag_seconds: for which a metrics source may owe a usable answer.
        clock_skew_seconds: by which another clock may differ from ours; growth and cooldowns compare their times.
    """

    watch_age_seconds: float = 180.0
    watch_dead_seconds: float = 600.0
    scheduler_lag_seconds: float = 60.0
    source_lag_seconds: float = 300.0
    clock_skew_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured property of the process.

    Attributes:
        name: snake_case, unit in its last word; the same word as in `/readyz`.
        subject: what it is about (a resource, a source, a peer), "" where there is only one.
        value: None where it was never measured.
        threshold: above which it fails.
        passed: whether it is fine.
        gates: whether a failure makes the process unready. What is outside memdrift does not: an unready operator
            could not receive alerts, which helps nobody when Prometheus is down.
        detail: why it fails, where somebody said so.
    """

    name: str
    subject: str
    value: float | None
    threshold: float
    passed: bool
    gates: bool
    detail: str = ""

    @property
    def title(self) -> str:
        """The name together with the subject."""
        return f"{self.name}/{self.subject}" if self.subject else self.name


@dataclass(slots=True)
class Health:
    """Collects what the parts of the process report of themselves; call it from the event loop only.

    Attributes:
        started_at: the moment of the start; what was never heard counts as overdue from there.
        watched: resources whose watch must be heard, such as `featurestores`.
    """

    started_at: float
    thresholds: Thresholds = field(default_factory=Thresholds)
    watched: tuple[str, ...] = ("featurestores", "driftincidents")
    _heard: dict[str, float] = field(default_factory=dict)
    _scheduler: tuple[float, float] | None = None
    _owing: dict[str, tuple[float | None, str]] = field(default_factory=dict)
    _skews: dict[str, float] = field(default_factory=dict)
    _archive: tuple[bool, str] | None = None

    def watch_heard(self, resource: str, at: float) -> None:
        """An event arrived for a resource, or its stream was opened."""
        self._heard[resource] = at

    def scheduler_turned(self, lag_seconds: float, at: float) -> None:
        """The scheduler looked at its queue; the lag is that of its most overdue store. Call it at least every 10 s."""
        self._scheduler = (max(0.0, lag_seconds), at)

    def source_answered(self, source: str) -> None:
        """A metrics source gave a complete and fresh answer."""
        self._owing[source] = (None, "")

    def source_failed(self, source: str, reason: str, at: float) -> None:
        """A metrics source was asked and gave nothing usable."""
        since, _ = self._owing.get(source, (None, ""))
        self._owing[source] = (at if since is None else since, reason)

    def sources_are(self, names: Collection[str]) -> None:
        """There are no other metrics sources: the administrator may have removed some."""
        for gone in [name for name in self._owing if name not in names]:
            del self._owing[gone]
            self._skews.pop(gone, None)

    def clock_compared(self, peer: str, skew_seconds: float) -> None:
        """Another clock minus ours; `peer` is `api-server` or the name of a source."""
        self._skews[peer] = skew_seconds

    def archive_answered(self, reachable: bool, reason: str = "") -> None:  # noqa: FBT001 - it is the whole message
        """The archive was used, or tried."""
        self._archive = (reachable, reason)

    def dead_watches(self, now: float) -> tuple[str, ...]:
        """The resources whose watch has been silent for so long that it will not come back by itself."""
        limit = self.thresholds.watch_dead_seconds
        return tuple(name for name in self.watched if now - self._heard.get(name, self.started_at) > limit)

    def figures(self, now: float) -> tuple[Figure, ...]:
        """Everything known, in a stable order."""
        limits = self.thresholds
        ages = [(resource, now - self._heard.get(resource, self.started_at)) for resource in self.watched]
        found = [_figure("watch_age_seconds", name, age, limits.watch_age_seconds, gates=True) for name, age in ages]
        found.append(self._scheduler_figure(now))
        for source, (since, reason) in sorted(self._owing.items()):
            lag = 0.0 if since is None else now - since
            found.append(_figure("source_lag_seconds", source, lag, limits.source_lag_seconds, detail=reason))
        for peer, skew in sorted(self._skews.items()):
            found.append(_figure("clock_skew_seconds", peer, skew, limits.clock_skew_seconds))
        if self._archive is not None:
            reachable, reason = self._archive
            found.append(_figure("archive_unreachable", "", 0.0 if reachable else 1.0, 0.0, detail=reason))
        return tuple(found)

    def _scheduler_figure(self, now: float) -> Figure:
        # A scheduler that stopped turning reports no lag any more, so its silence counts as lag.
        lag, at = self._scheduler or (0.0, self.started_at)
        return _figure(
            "scheduler_lag_seconds", "", max(lag, now - at), self.thresholds.scheduler_lag_seconds, gates=True
        )


def _figure(
    name: str, subject: str, value: float, threshold: float, *, gates: bool = False, detail: str = ""
) -> Figure:
    return Figure(name, subject, value, threshold, abs(value) <= threshold, gates, detail)
