"""Conditions by the Kubernetes API conventions: one list keyed by type.

Exists because the transition time moves only when the status does, and because a list must keep its order to stay
equal. Must not invent a condition.
"""

from __future__ import annotations

from collections.abc import Sequence

from memdrift.api.metadata import Condition


def updated(known: Sequence[Condition], fresh: Condition) -> list[Condition]:
    """The list with this condition in it; its transition time is kept where its status is unchanged."""
    before = next((condition for condition in known if condition.type == fresh.type), None)
    if before is not None and before.status == fresh.status:
        fresh = fresh.replace(last_transition_time=before.last_transition_time)
    others = [condition for condition in known if condition.type != fresh.type]
    return sorted([*others, fresh], key=lambda condition: condition.type)


def without(known: Sequence[Condition], kind: str) -> list[Condition]:
    """The list without a condition that must be absent when it does not hold."""
    return [condition for condition in known if condition.type != kind]
