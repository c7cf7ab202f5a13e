"""The reasons not to restart, as an ordered list of small pure functions.

Each guard returns a `Hold` or None; the first hold wins, and it is what condition, event, metric and log show. The
order is from what nobody can argue with, over what is known, to what is spent. A guard without its fact holds.
Every line here exists because of an incident somewhere; see the guards' docstrings. Must not act, log or ask the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from memdrift.api.driftincident import Decision, DriftIncident, DriftIncidentStatus
from memdrift.api.featurestore import Mode, Strategy, WhenEvidenceMissing
from memdrift.drift.verdict import Verdict, VerdictKind
from memdrift.remedy import ledger, windows
from memdrift.remedy.facts import Facts, Hold
from memdrift.remedy.judgements import JUDGED_QUIET
from memdrift.remedy.plan import Plan
from memdrift.remedy.policy import Policy
from memdrift.remedy.reasons import Reason
from memdrift.remedy.target import Target

SKEW_LIMIT_SECONDS = 30.0
"""Clocks that differ more than this make ages and budgets wrong by more than a block of the shortest useful window."""
FLEET_SECONDS = 5.0
"""When to look again whether the whole fleet is known."""
STORM_STORES = 3
"""Fewer stores than this are no storm, however small the fleet is."""
EXPLAINED_PERCENT = 50
"""Profiles must explain at least half of the growth: less points to memory outside the heap."""


@dataclass(frozen=True, slots=True)
class Case:
    """One incident about to be acted on, with everything the guards need present (see `reconcile` for what is missing).

    Attributes:
        plan: what would be carried out now.
    """

    facts: Facts
    policy: Policy
    target: Target
    incident: DriftIncident
    plan: Plan

    @property
    def status(self) -> DriftIncidentStatus:
        """What the incident has recorded."""
        return self.incident.status

    @property
    def verdict(self) -> Verdict | None:
        """The newest verdict on the incident's container."""
        return self.facts.verdict(self.incident.spec.container)


Guard = Callable[[Case], Hold | None]


def kill_switch(case: Case) -> Hold | None:
    """Nothing touches a pod while the administrator's switch is on."""
    if case.policy.kill_switch:
        return Hold(Reason.KILL_SWITCH, "the administrator's kill switch is on")
    return None


def freeze(case: Case) -> Hold | None:
    """Change freezes hold for us as for everybody."""
    until = case.policy.frozen_until
    if until is not None and case.facts.now < until:
        return Hold(Reason.FROZEN, f"frozen until {until:%Y-%m-%d %H:%M %Z}: {case.policy.frozen_reason}", until)
    return None


def paused(case: Case) -> Hold | None:
    """An owner who says hands off is obeyed without argument."""
    requests = case.policy.spec.pause_requests
    return Hold(Reason.PAUSED, "hands off: " + "; ".join(requests)) if requests else None


def mode(case: Case) -> Hold | None:
    """Below `Approve` nothing restarts."""
    if case.policy.allows(Mode.APPROVE):
        return None
    return Hold(Reason.MODE_FORBIDS, f"the effective mode is {case.policy.mode}: restarts begin at Approve")


def strategy(case: Case) -> Hold | None:
    """`None` is a choice, not an omission."""
    if case.policy.spec.remediation.strategy is Strategy.NONE:
        return Hold(Reason.STRATEGY_NONE, "`spec.remediation.strategy` is None: nothing is restarted")
    return None


def metrics(case: Case) -> Hold | None:
    """Missing, partial, stale or warned-about data never acts (a dead sampler once restarted a healthy fleet)."""
    facts = case.facts
    if facts.metrics_problem is not None:
        reason, message = facts.metrics_problem
        return Hold(Reason.METRICS_UNAVAILABLE, f"{reason}: {message}")
    if facts.skew_seconds is not None and facts.skew_seconds > SKEW_LIMIT_SECONDS:
        return Hold(
            Reason.CLOCK_SKEWED, f"clocks differ by {facts.skew_seconds:.0f} s (limit {SKEW_LIMIT_SECONDS:.0f} s)"
        )
    return None


def verdict(case: Case) -> Hold | None:
    """The newest verdict must still say that it drifts: an old alarm is not a reason."""
    newest = case.verdict
    if newest is None or not newest.drifting:
        said = "no verdict" if newest is None else f"{newest.kind} ({newest.reason})"
        return Hold(Reason.VERDICT_CHANGED, f"the newest measurements say: {said}")
    return None


def seconds_to_limit(case: Case) -> float | None:
    """The pessimistic time to the limit that counts, of the pod that reaches it first."""
    newest = case.verdict
    ends = [pod.seconds_to_limit.low for pod in (newest.drifting_pods if newest else ()) if pod.seconds_to_limit]
    return min(ends, default=None)


def impact(case: Case) -> Hold | None:
    """Two independent conditions restart: memory drifts, and latency follows or the limit is near."""
    newest, objective = case.verdict, case.policy.spec.objective.latency_milliseconds
    latencies = [pod.latency_milliseconds or 0.0 for pod in (newest.drifting_pods if newest else ())]
    rises = newest is not None and newest.kind is VerdictKind.DRIFTING_WITH_IMPACT
    if rises and max(latencies, default=0.0) > objective:
        return None
    left, near = seconds_to_limit(case), case.policy.spec.capture.near_limit_seconds or 0
    if left is not None and left <= near:
        return None
    if rises:  # heading for the objective is a projection, a restart is a certain cost
        worst = max(latencies, default=0.0)
        return Hold(Reason.NO_IMPACT, f"latency rises with memory: {worst:.0f} ms, not yet above {objective} ms")
    return Hold(Reason.NO_IMPACT, "memory drifts, but latency does not rise with it and no limit is near")


def evidence(case: Case) -> Hold | None:
    """Nobody restarts the proof away: stored and relevant profiles first, or an explicit, visible choice."""
    choice = case.policy.when_evidence_missing
    if choice is WhenEvidenceMissing.RESTART:
        return None
    if choice is WhenEvidenceMissing.RESTART_NEAR_LIMIT:
        left, near = seconds_to_limit(case), case.policy.spec.capture.near_limit_seconds or 0
        if left is not None and left <= near:
            return None
    return missing_evidence(case)


def missing_evidence(case: Case) -> Hold | None:
    """What is wrong with the evidence, whatever the owner chose to do about it."""
    heaps = [profile for profile in case.status.profiles if profile.kind == "heap"]
    if not heaps:
        return Hold(
            Reason.EVIDENCE_MISSING,
            "no heap profile is stored: look at status.captureFailures, or choose capture.whenEvidenceMissing",
        )
    findings = case.status.findings
    explained = findings.explained_percent if findings else None
    if explained is None or explained < EXPLAINED_PERCENT:
        said = "an unknown share" if explained is None else f"{explained} %"
        return Hold(
            Reason.EVIDENCE_DOES_NOT_EXPLAIN,
            f"the profiles explain {said} of the growth (at least {EXPLAINED_PERCENT} %): look beyond the heap",
        )
    return None


def archived(case: Case) -> Hold | None:
    """The incident's document is in the archive before anything is restarted."""
    if case.status.archive is None:
        return Hold(Reason.EVIDENCE_NOT_ARCHIVED, "the archive has not confirmed the incident's document")
    return None


def nothing_left(case: Case) -> Hold | None:
    """A restart of pods that are gone helps nobody."""
    if not case.plan.pods:
        return Hold(Reason.VERDICT_CHANGED, "none of the affected pods runs any more")
    return None


def owner(case: Case) -> Hold | None:
    """A controller would undo a template annotation (or restart everything twice)."""
    if case.plan.strategy is Strategy.ROLLOUT and case.target.controller:
        return Hold(
            Reason.OWNED_BY_CONTROLLER,
            f"{case.target.controller} manages {case.target.kind}/{case.target.name}: use strategy WorstFirst",
        )
    return None


def rolling(case: Case) -> Hold | None:
    """Two rollouts at once hide each other's effect."""
    target = case.target
    if target.paused:
        return Hold(Reason.TARGET_PAUSED, f"{target.kind}/{target.name} is paused")
    if target.rolling:
        return Hold(Reason.ROLLOUT_IN_PROGRESS, f"{target.kind}/{target.name} is rolling")
    if target.ready_replicas < target.desired_replicas:
        return Hold(
            Reason.NOT_ENOUGH_READY,
            f"{target.ready_replicas} of {target.desired_replicas} pods are ready",
        )
    return None


def minimum_available(case: Case) -> Hold | None:
    """Eviction takes a pod away before its replacement is ready: the rest must be enough, and never none."""
    target, wanted = case.target, case.policy.spec.remediation.min_available
    if case.plan.strategy is Strategy.ROLLOUT:
        return None
    if wanted is None:
        least = max(1, target.desired_replicas - 1)
    elif isinstance(wanted, int):
        least = max(1, wanted)
    else:
        least = max(1, ceil(int(wanted.rstrip("%")) * target.desired_replicas / 100))
    if target.ready_replicas - 1 < least:
        return Hold(
            Reason.MINIMUM_AVAILABLE,
            f"taking one of {target.ready_replicas} ready pods leaves under {least}: add a replica, or use Rollout",
        )
    return None


def disruption_budget(case: Case) -> Hold | None:
    """A rollout is not limited by a PDB, so it is asked here for both strategies."""
    exhausted = [budget.name for budget in case.target.disruptions if budget.allowed < 1]
    if exhausted:
        return Hold(Reason.DISRUPTION_BUDGET_EXHAUSTED, f"PodDisruptionBudget {', '.join(exhausted)} allows none now")
    return None


def window(case: Case) -> Hold | None:
    """Restarts start when people want them to, unless the limit comes first and both owner and administrator agreed."""
    allowed = case.policy.spec.remediation.allowed_windows
    if windows.open_now(allowed, case.facts.now):
        return None
    override = case.policy.spec.remediation.override_window_when_limit_within_seconds
    left = seconds_to_limit(case)
    proven = missing_evidence(case) is None  # overrides are never combined
    if override is not None and case.policy.overrides_allowed and left is not None and left <= override and proven:
        return None
    opens = windows.opens_at(allowed, case.facts.now)
    return Hold(
        Reason.OUTSIDE_WINDOW,
        f"the next allowed window opens {opens:%Y-%m-%d %H:%M %Z}"
        if opens
        else "no allowed window opens within a week",
        opens,
    )


def _stopgaps(case: Case) -> tuple[ledger.Stopgap, ...]:
    store = case.facts.store
    return ledger.stopgaps(case.facts.incidents, store.status.ledger if store else ())


def cooldown(case: Case) -> Hold | None:
    """A restart needs time to show what it did; restarts by others count."""
    last = ledger.last_disturbed_at(_stopgaps(case), case.facts.incidents)
    if last is None:
        return None
    until = last + timedelta(seconds=case.policy.cooldown_seconds)
    if case.facts.now < until:
        return Hold(
            Reason.COOLDOWN, f"the last restart was at {last:%H:%M:%S}; the next is possible at {until:%H:%M:%S}", until
        )
    return None


def budgets(case: Case) -> Hold | None:
    """Rolling budgets: a calendar day would allow four restarts around midnight."""
    rows, now, policy = _stopgaps(case), case.facts.now, case.policy
    day = ledger.frees_at(rows, now, ledger.DAY, policy.max_per_24_hours)
    if day is not None:
        return Hold(Reason.BUDGET_24_HOURS, f"{policy.max_per_24_hours} stopgaps in 24 hours are used up", day)
    week = ledger.frees_at(rows, now, ledger.WEEK, policy.max_per_7_days)
    if week is not None:
        return Hold(Reason.BUDGET_7_DAYS, f"{policy.max_per_7_days} stopgaps in 7 days are used up", week)
    return None


def effective(case: Case) -> Hold | None:
    """A leak that comes back is counted by recurrence, not by failure; a person must look."""
    rows, leak = _stopgaps(case), ledger.leak_of(case.incident)
    useless = ledger.last_ineffective(rows, leak)
    if useless is not None:
        return Hold(
            Reason.RESTART_INEFFECTIVE,
            f"the restart of {useless.incident} did not help: fix the cause or roll back",
            person_needed=True,
        )
    count, maximum = ledger.consecutive(rows, leak), case.policy.spec.remediation.max_consecutive
    if count >= maximum:
        return Hold(
            Reason.RESTART_INEFFECTIVE,
            f"{count} stopgaps in a row for the same leak (limit {maximum}): fix the cause or roll back",
            person_needed=True,
        )
    return None


def blocking_alerts(case: Case) -> Hold | None:
    """Other firing alerts mean that memory may not be the story."""
    names = case.policy.spec.remediation.blocking_alerts
    if not names:
        return None
    if case.facts.firing_alerts is None:
        return Hold(Reason.BLOCKING_ALERT, "`remediation.blockingAlerts` could not be asked")
    if case.facts.firing_alerts:
        return Hold(Reason.BLOCKING_ALERT, "firing: " + ", ".join(case.facts.firing_alerts))
    return None


def storm(case: Case) -> Hold | None:
    """Many stores at once are one broken metric or one shared cause, not many leaks."""
    facts, threshold = case.facts, case.policy.storm_threshold_percent
    if not facts.fleet_known:  # a process that has just begun would see no storm
        message = "not every store was looked at since memdrift started"
        return Hold(Reason.STORM, message, facts.after(FLEET_SECONDS))
    share = 100 * facts.storming_stores / max(facts.fleet_stores, 1)
    if facts.storming_stores < STORM_STORES or share <= threshold:
        return None
    return Hold(
        Reason.STORM,
        f"{facts.storming_stores} of {facts.fleet_stores} stores want a restart now, or could not be looked at yet "
        f"(limit {threshold} %)",
        person_needed=True,
    )


def approval(case: Case) -> Hold | None:
    """A person's yes counts for exactly the plan that was shown, and not for ever."""
    person_because, given, refused = _person_because(case), case.incident.spec.approval, _refused(case.incident)
    if person_because is None or case.incident.spec.judgement in JUDGED_QUIET:
        return refused
    reason, why, until = person_because
    if given is None or given.decision is not Decision.APPROVED:
        how = f"kubectl memdrift approve {case.incident.metadata.name} --plan {case.plan.hash}"
        return Hold(reason, f"{why}; plan {case.plan.hash}: {case.plan.sentence}. To approve: {how}", until, True)
    if given.plan != case.plan.hash:
        return Hold(
            Reason.APPROVAL_STALE, f"approved was plan {given.plan}, the plan now is {case.plan.hash}", None, True
        )
    if given.expires_at is None or given.expires_at <= case.facts.now:
        return Hold(Reason.APPROVAL_EXPIRED, f"the approval by {given.by} expired", None, True)
    return None


def agreed(case: Case) -> Hold | None:
    """A stopgap that has begun goes on only while a person who must agree, or has refused, agrees to what was begun."""
    refused, because = _refused(case.incident), _person_because(case)
    if refused is not None or because is None:
        return refused
    given, begun = case.incident.spec.approval, case.status.plan
    if given is not None and begun is not None and given.plan == begun.hash:
        return None
    reason, why, until = because
    return Hold(reason, f"{why}; approve plan {begun.hash if begun else 'none'}, which was begun", until, True)


def _refused(incident: DriftIncident) -> Hold | None:
    """A person's no to whichever plan stands until it is taken back, also where nobody had to be asked.

    Growth that a person expects, or calls noise, is nothing to restart for either.
    """
    judged = JUDGED_QUIET.get(incident.spec.judgement)
    if judged is not None:
        return Hold(judged, f"a person judged this growth {incident.spec.judgement}: take it back to go on", None, True)
    given = incident.spec.approval
    if given is None or given.decision is not Decision.DENIED:
        return None
    return Hold(Reason.APPROVAL_STALE, f"{given.by} denied plan {given.plan}: take it back to go on", None, True)


def _person_because(case: Case) -> tuple[Reason, str, datetime | None] | None:
    """Why a person must agree, with when that ends by itself; None where none must."""
    facts, policy = case.facts, case.policy
    if not policy.allows(Mode.ENFORCE):
        return Reason.APPROVAL_REQUIRED, "mode Approve", None
    newest = case.verdict
    if policy.scope_is_store or (newest is not None and not newest.impact_allowed):
        return (
            Reason.LATENCY_SCOPE_STORE,
            "latency is known for the whole store only, so Enforce counts as Approve",
            None,
        )
    since = facts.store.status.observed_since if facts.store else None
    until = (since or facts.now) + timedelta(seconds=policy.probation_seconds)
    if facts.now < until:
        return Reason.PROBATION, f"on probation until {until:%Y-%m-%d %H:%M %Z}, so Enforce counts as Approve", until
    return None


STOP: tuple[Guard, ...] = (kill_switch, freeze, paused, mode, strategy)
"""What stops a stopgap even between two of its pods."""

GO: tuple[Guard, ...] = (
    *STOP, metrics, verdict, impact, evidence, archived, nothing_left, owner, rolling, minimum_available,
    disruption_budget, effective, storm, blocking_alerts, window, cooldown, budgets, approval,
)  # fmt: skip
"""What must agree before a stopgap begins."""

FIRST: tuple[Guard, ...] = tuple(guard for guard in GO if guard is not storm)
"""What must agree again before the first touch: between the decision and the act the process may have died."""

NEXT: tuple[Guard, ...] = (*STOP, agreed, metrics, rolling, minimum_available, disruption_budget, blocking_alerts)
"""What must agree before each further pod of a stopgap that has begun."""


def first_hold(guards: tuple[Guard, ...], case: Case) -> Hold | None:
    """The first reason not to go on, or None."""
    return next((hold for guard in guards if (hold := guard(case)) is not None), None)
