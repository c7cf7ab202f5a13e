"""What the peers of a drifting pod do: those of the same revision, under the same service.

Exists because a person asks it first. It informs and never decides: one pod that grows among ten steady peers is a leak
too (its own tenant, its own connections), and that all grow neither proves a leak nor clears one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from memdrift.drift.phrases import span_of
from memdrift.drift.podverdict import JudgedLife
from memdrift.drift.verdict import Gate, PodVerdict, VerdictKind

_GROWING_GATES = frozenset({"trend", "material"})
_DRIFTING = frozenset({VerdictKind.DRIFTING, VerdictKind.DRIFTING_WITH_IMPACT})


def with_peers(judged: Sequence[JudgedLife]) -> list[JudgedLife]:
    """The same lives, in the same order; each drifting one with the gate `peers` where it has any."""
    return [
        replace(life, pod=replace(life.pod, gates=(*life.pod.gates, gate)))
        if life.pod.kind in _DRIFTING and (gate := _peers_gate(life.pod, judged)) is not None
        else life
        for life in judged
    ]


def _peers_gate(pod: PodVerdict, judged: Sequence[JudgedLife]) -> Gate | None:
    """How many pods of the revision grow, and by how much the median peer does; None without measured peers.

    Passes always. Source: SAFETY.md, detection: judge per pod; a mean over pods lies under scaling.
    """
    same = [
        each.pod for each in judged if each.pod.revision == pod.revision and each.pod.kind is not VerdictKind.UNKNOWN
    ]
    peers = [each for each in same if (each.uid, each.started_at) != (pod.uid, pod.started_at)]
    if not peers:
        return None
    growing = [each for each in same if _grows(each)]
    usual = float(np.median([each.growth_percent if _grows(each) else 0.0 for each in peers]))
    told = (
        f"{len(growing)} of {len(same)} pods of revision {pod.revision or 'unknown'} grow{_onsets(growing, same)}; "
        f"its peers grow by {usual:.1f} % (median), it by {pod.growth_percent:.1f} %"
    )
    return Gate("peers", usual, None, "percent", True, told)


def _onsets(growing: Sequence[PodVerdict], same: Sequence[PodVerdict]) -> str:
    """Whether all began to grow together: then what they share (data, a reload, a client) comes first as the cause."""
    onsets = [each.onset_at for each in growing if each.onset_at is not None]
    if len(growing) < len(same) or len(onsets) < len(same):
        return ""
    return f", since moments within {span_of(max(onsets) - min(onsets))} of each other"


def _grows(pod: PodVerdict) -> bool:
    return pod.kind in _DRIFTING or {gate.name for gate in pod.gates if gate.passed} >= _GROWING_GATES
