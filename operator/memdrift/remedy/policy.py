"""The owner's spec and the administrator's ceilings combined: what this store may do at most.

Exists so that no guard reads a wish where it should read a permission. Must not widen anything: every field is the
narrower of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memdrift.api.administration import Administration, CeilingLimits, Source, Tracker
from memdrift.api.featurestore import FeatureStoreSpec, LatencyScope, Mode, Strategy, TargetKind, WhenEvidenceMissing
from memdrift.api.quantities import bytes_of
from memdrift.drift.policy import DetectionPolicy
from memdrift.remedy import ledger, windows

MODES = (Mode.OBSERVE, Mode.CAPTURE, Mode.APPROVE, Mode.ENFORCE)
EVIDENCE_CHOICES = (WhenEvidenceMissing.BLOCK, WhenEvidenceMissing.RESTART_NEAR_LIMIT, WhenEvidenceMissing.RESTART)
DAY_SECONDS = 86_400
WEEK_SECONDS = 604_800


@dataclass(frozen=True, slots=True)
class Policy:
    """What a store may do at most, and why less than it asked for.

    Attributes:
        refused: what the spec asks beyond the administrator's file, one sentence each; never granted in silence.
        scope_is_store: latency is known for the whole store only, so that `Enforce` counts as `Approve`.
    """

    spec: FeatureStoreSpec
    mode: Mode
    when_evidence_missing: WhenEvidenceMissing
    max_per_24_hours: int
    max_per_7_days: int
    cooldown_seconds: int
    probation_seconds: int
    overrides_allowed: bool
    kill_switch: bool
    frozen_until: datetime | None
    frozen_reason: str
    storm_threshold_percent: int
    refused: tuple[str, ...]
    scope_is_store: bool

    @property
    def detection(self) -> DetectionPolicy:
        """The detector's thresholds in its own units."""
        detection = self.spec.detection
        return DetectionPolicy(
            minimum_growth_percent=detection.min_growth_percent,
            minimum_growth_bytes=bytes_of(detection.min_growth),
            minimum_coverage_percent=detection.min_coverage_percent,
            warm_up_seconds=detection.warm_up_seconds,
            settling_seconds=min(DAY_SECONDS, max(detection.window_seconds)),
            minimum_drifting_pods=detection.min_drifting_pods,
            objective_milliseconds=self.spec.objective.latency_milliseconds,
            objective_quantile=float(self.spec.objective.quantile),
        )

    def allows(self, mode: Mode) -> bool:
        """Whether the effective mode goes at least that far."""
        return MODES.index(self.mode) >= MODES.index(mode)


def combine(spec: FeatureStoreSpec, administration: Administration, namespace: str) -> Policy:
    """The narrower of spec and ceiling, field by field."""
    ceiling = administration.ceiling_for(namespace)
    remediation = spec.remediation
    evidence = min(spec.capture.when_evidence_missing, ceiling.when_evidence_missing, key=EVIDENCE_CHOICES.index)
    freeze = administration.freeze
    return Policy(
        spec=spec,
        mode=min(spec.mode, ceiling.mode, key=MODES.index),
        when_evidence_missing=evidence,
        max_per_24_hours=min(remediation.max_per_24_hours, ceiling.max_per_24_hours, ledger.COUNTABLE),
        max_per_7_days=min(remediation.max_per_7_days, ceiling.max_per_7_days, ledger.COUNTABLE),
        cooldown_seconds=max(remediation.cooldown_seconds, ceiling.min_cooldown_seconds),
        probation_seconds=max(remediation.probation_seconds, ceiling.min_probation_seconds),
        overrides_allowed=ceiling.overrides,
        kill_switch=administration.kill_switch,
        frozen_until=freeze.until if freeze else None,
        frozen_reason=freeze.reason if freeze else "",
        storm_threshold_percent=administration.storm_threshold_percent,
        refused=refusals(spec, ceiling, namespace),
        scope_is_store=spec.metrics.latency.scope is LatencyScope.STORE,
    )


def refusals(spec: FeatureStoreSpec, ceiling: CeilingLimits, namespace: str) -> tuple[str, ...]:
    """What the spec asks beyond the administrator's file; each names the field and what is allowed.

    A mode, budget, cooldown or evidence choice beyond the ceiling is lowered and shown, a port, path, source or tracker
    beyond it stops the store: see `blocking_refusals`.
    """
    asked = [
        (
            MODES.index(spec.mode) > MODES.index(ceiling.mode),
            f"`spec.mode` {spec.mode} counts as {ceiling.mode}: the administrator's ceiling for `{namespace}`",
        ),
        (
            EVIDENCE_CHOICES.index(spec.capture.when_evidence_missing)
            > EVIDENCE_CHOICES.index(ceiling.when_evidence_missing),
            f"`spec.capture.whenEvidenceMissing` {spec.capture.when_evidence_missing} counts as "
            f"{ceiling.when_evidence_missing}: the administrator's ceiling for `{namespace}`",
        ),
        (
            spec.remediation.max_per_24_hours > ceiling.max_per_24_hours,
            f"`spec.remediation.maxPer24Hours` counts as {ceiling.max_per_24_hours}: the administrator's ceiling",
        ),
        (
            spec.remediation.max_per_7_days > ceiling.max_per_7_days,
            f"`spec.remediation.maxPer7Days` counts as {ceiling.max_per_7_days}: the administrator's ceiling",
        ),
        (
            max(spec.remediation.max_per_24_hours, spec.remediation.max_per_7_days) > ledger.COUNTABLE,
            f"`spec.remediation.maxPer24Hours` and `maxPer7Days` count as at most {ledger.COUNTABLE}: the ledger "
            "remembers no more",
        ),
        (
            spec.remediation.cooldown_seconds < ceiling.min_cooldown_seconds,
            f"`spec.remediation.cooldownSeconds` counts as {ceiling.min_cooldown_seconds}: the administrator's floor",
        ),
        (
            spec.remediation.probation_seconds < ceiling.min_probation_seconds,
            f"`spec.remediation.probationSeconds` counts as {ceiling.min_probation_seconds}: the administrator's floor",
        ),
        (
            spec.remediation.override_window_when_limit_within_seconds is not None and not ceiling.overrides,
            "`spec.remediation.overrideWindowWhenLimitWithinSeconds` is ignored: the administrator allows no overrides",
        ),
    ]
    return tuple(sentence for beyond, sentence in asked if beyond)


def blocking_refusals(spec: FeatureStoreSpec, administration: Administration, namespace: str) -> tuple[str, ...]:
    """What must not even be tried: another port, path, source or tracker than the administrator configured."""
    capture, filing = spec.capture, spec.filing
    profiled = capture.format != "None"
    source = administration.source_named(spec.metrics.source)
    tracker = administration.tracker_named(filing.tracker) if filing else None
    asked = [
        (
            source is None or not source.allows(namespace),
            f"`spec.metrics.source` `{spec.metrics.source}` is not a source that the administrator configured for "
            f"namespace `{namespace}`; allowed: {_listed(administration.sources, namespace)}",
        ),
        (
            profiled and capture.port not in administration.allowed_ports,
            f"`spec.capture.port` {capture.port} is not allowed; allowed: {administration.allowed_ports}",
        ),
        (
            profiled and capture.base_path not in administration.allowed_base_paths,
            f"`spec.capture.basePath` `{capture.base_path}` is not allowed; allowed: "
            f"{administration.allowed_base_paths}",
        ),
        (
            filing is not None and (tracker is None or not tracker.allows(namespace)),
            f"`spec.filing.tracker` `{filing.tracker if filing else ''}` is not a tracker that the administrator "
            f"configured for namespace `{namespace}`; allowed: {_listed(administration.trackers, namespace)}",
        ),
    ]
    return tuple(sentence for beyond, sentence in asked if beyond)


def _listed(configured: Sequence[Source] | Sequence[Tracker], namespace: str) -> str:
    return ", ".join(f"`{entry.name}`" for entry in configured if entry.allows(namespace)) or "none"


def faults(spec: FeatureStoreSpec) -> tuple[str, ...]:
    """What the schema cannot see is wrong; each names the field and the remedy."""
    zones = [window.time_zone for window in spec.remediation.allowed_windows]
    wrong = [
        f"`spec.remediation.allowedWindows[].timeZone` `{zone}` is no IANA time zone, such as `Europe/Paris`"
        for zone in zones
        if not windows.known(zone)
    ]
    if min(spec.detection.window_seconds) >= WEEK_SECONDS:
        wrong.append(
            "`spec.detection.windowSeconds` has only a week, which explains and never confirms: add a shorter window, "
            "such as 86400"
        )
    return tuple(wrong)


def unsupported(spec: FeatureStoreSpec) -> tuple[str, ...]:
    """What the resource accepts and this version does not do; each names the field and the remedy."""
    asked = [
        (
            spec.remediation.strategy in {Strategy.QUARANTINE, Strategy.RESIZE},
            f"`spec.remediation.strategy` {spec.remediation.strategy}: use `WorstFirst`, `Rollout` or `None`",
        ),
        (
            max(spec.detection.window_seconds) > WEEK_SECONDS,
            "`spec.detection.windowSeconds` above a week: use windows up to 72 hours, and 604800 beside them",
        ),
        (
            spec.remediation.dependency_group is not None,
            "`spec.remediation.dependencyGroup`: leave it out; only one stopgap runs in the whole cluster at a time",
        ),
        (
            spec.target_ref.kind is TargetKind.ROLLOUT and spec.remediation.strategy is Strategy.ROLLOUT,
            "`spec.remediation.strategy` Rollout on an Argo Rollout: use `WorstFirst`",
        ),
    ]
    return tuple(sentence for beyond, sentence in asked if beyond)
