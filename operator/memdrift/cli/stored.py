"""`explain --bundle`: a stored decision judged again without a cluster, and compared with what was decided.

Exists to hold the promise that every number shown can be recomputed. Must not ask a server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import click
from pydantic import ValidationError

from memdrift.api.featurestore import FeatureStoreSpec
from memdrift.cli import judging
from memdrift.cli.faults import refusal
from memdrift.cli.given import changed, content_of
from memdrift.cli.reading import show
from memdrift.cli.verdicts import show_judged
from memdrift.drift.policy import DetectionPolicy
from memdrift.report import bundle, recomputation, tables
from memdrift.report.bundle import Bundle
from memdrift.version import VERSION

_A_BUNDLE = "a bundle is the `decision` document in the archive"


def explain_bundle(path: Path, changes: Sequence[str], pod: str) -> int:
    """Show the decision; the exit code is 1 where a figure comes out differently from what was stored.

    Raises:
        click.ClickException: the file is no decision bundle.
    """
    stored = _read(path)
    policy = stored.policy or DetectionPolicy()
    show(("DECISION", ""), _head(stored))
    if changes:
        policy = _varied(policy, changes)
    again = judging.judged(stored.windows, policy)
    click.echo()
    show_judged(again, pod)
    click.echo()
    if changes:
        click.echo(f"Judged with {' '.join(changes)}; what was decided then was:")
        show(("CONTAINER", "VERDICT", ""), [_row(each) for each in stored.verdicts])
        return 0
    return _compared(stored, recomputation.differences(stored, again.verdicts))


def _compared(stored: Bundle, found: Sequence[recomputation.Difference]) -> int:
    if not stored.verdicts:
        click.echo("The bundle holds no verdict to compare with.")
        return 0
    if not found:
        click.echo("Recomputed: every verdict, gate and figure is equal to what was stored.")
        return 0
    shown = [(tables.plain(each.place), tables.plain(each.stored), tables.plain(each.again)) for each in found]
    show(("DIFFERS", "STORED", "RECOMPUTED"), shown)
    click.echo(f"{len(found)} figures differ from what was stored{_why(stored)}.")
    return 1


def _why(stored: Bundle) -> str:
    if stored.policy is None:
        return ": the bundle holds no policy (it was written by an older version), so the defaults were used"
    if stored.memdrift != VERSION:
        return f": memdrift {stored.memdrift or 'of an unknown version'} decided, this is {VERSION}"
    return ""


def _head(stored: Bundle) -> list[tuple[str, str]]:
    rows = [(tables.plain(str(name)), tables.plain(value)) for name, value in sorted(stored.context.items())]
    rows.append(("memdrift", tables.plain(stored.memdrift) or "not said"))
    policy = stored.policy
    if policy is None:
        return [*rows, ("policy", "not stored: the defaults are used")]
    words = (f"{each.name} {getattr(policy, each.name)}" for each in fields(policy))
    return [*rows, ("policy", ", ".join(words))]


def _row(verdict: Mapping[str, object]) -> tuple[str, str, str]:
    container, kind, sentence = (tables.plain(verdict.get(name, "-")) for name in ("container", "kind", "sentence"))
    return container, kind, sentence


def _varied(policy: DetectionPolicy, changes: Sequence[str]) -> DetectionPolicy:
    """The policy with fields of a spec changed: those about detection and objective. What they leave alone stays."""
    spec = _spec_of(policy)
    before, after = judging.detection_of(spec), judging.detection_of(changed(spec, changes))
    names = [each.name for each in fields(DetectionPolicy)]
    new = {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}
    return replace(policy, **new)


def _spec_of(policy: DetectionPolicy) -> FeatureStoreSpec:
    """A spec that gives the policy, as far as a spec can say it.

    Raises:
        click.ClickException: no spec could have given it.
    """
    document = {
        "targetRef": {"kind": "Deployment", "name": "stored"},
        "metrics": {
            "source": "stored",
            "memory": {"preset": "process"},
            "latency": {"preset": "http-server"},
            "load": [{"preset": "http-server"}],
        },
        "objective": {"latencyMilliseconds": round(policy.objective_milliseconds)},
        "detection": {
            "minGrowthPercent": round(policy.minimum_growth_percent),
            "minGrowth": str(round(policy.minimum_growth_bytes)),
            "minCoveragePercent": round(policy.minimum_coverage_percent),
            "warmUpSeconds": round(policy.warm_up_seconds),
            "minDriftingPods": policy.minimum_drifting_pods,
        },
    }
    try:
        return FeatureStoreSpec.model_validate(document)
    except ValidationError as error:
        hint = "no spec of this version says that, so leave --set out"
        raise refusal(error, "the bundle's policy cannot be varied", hint) from error


def _read(path: Path) -> Bundle:
    content = content_of(path)
    try:
        found = bundle.read(content)
    except (ValueError, RecursionError) as error:
        raise refusal(error, str(path), _A_BUNDLE) from error
    if not found.windows:
        raise click.ClickException(f"{path} holds no window: nothing was measured; {_A_BUNDLE}")
    return found
