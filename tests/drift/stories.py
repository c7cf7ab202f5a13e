"""The demonstration as series: pods of the real leak (LEAK.md's table of real pods, interpolated) and the healthy twin.

Values are per 5 s block from a pod's birth on; `ticks` slides the windows over them as the operator would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memdrift.drift.blocks import Floats, Window
from memdrift.drift.judge import judge
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict, VerdictKind
from tests.drift.series import EPOCH, POLICY, life

BLOCK = 5
SECONDS = 390
WINDOWS = (120, 180, 240)
_BEFORE = 600 // BLOCK  # blocks of a long window before the birth
_TABLE_SECONDS = (0, 30, 60, 90, 120, 150, 180, 210, 300, 360, 390)
_HEAP = {"a": (16, 27, 38, 53, 61, 75, 82, 93, 120, 149, 158), "b": (16, 27, 39, 52, 60, 75, 86, 93, 118, 152, 158)}
_LATENCY = {
    "a": (40, 65, 73, 162, 70, 141, 2810, 2867, 635, 1638, 378),
    "b": (40, 58, 67, 146, 85, 95, 540, 590, 473, 1520, 256),
}


@dataclass(frozen=True)
class Story:
    """What a pod's blocks hold from its birth on: MiB, requests per second, milliseconds."""

    name: str
    live_heap: Floats
    resident: Floats
    load: Floats
    latency: Floats


def seconds() -> Floats:
    return np.arange(SECONDS // BLOCK) * BLOCK + BLOCK / 2


def ebb(seed: int, high: float = 44.0, low: float = 33.0, at: float = 105.0) -> Floats:
    """The load pods' schedule: a peak, then a quarter less, with a little noise."""
    rates = np.where(seconds() < at, high, low)
    return rates + np.random.default_rng(seed).normal(0, 0.6, len(rates))


def leaking(pod: str, seed: int = 1) -> Story:
    random = np.random.default_rng(seed + ord(pod))
    heap = np.interp(seconds(), _TABLE_SECONDS, _HEAP[pod]) + random.normal(0, 1.0, len(seconds()))
    heap = _held_between_collections(heap, random)
    typical = np.exp(np.interp(seconds(), _TABLE_SECONDS, np.log(_LATENCY[pod])))
    latency = typical * np.exp(random.normal(0, 0.35, len(typical)))
    calm = (seconds() > 200) & (random.random(len(typical)) < 0.3)  # bistable: it breathes between collections
    latency = np.where(calm, np.clip(latency, 250, 400), latency)
    return Story(pod, heap, _resident(heap, random), ebb(seed), latency)


def twin(seed: int = 1, *, time_constant: float = 45.0, skewed: bool = False) -> Story:
    """The healthy twin: a bounded cache that fills from 15 to 40 MiB, and memory that follows load up and down."""
    random = np.random.default_rng(seed)
    load = ebb(seed)
    elapsed = seconds()
    filled = 1 - np.exp(-elapsed / time_constant)
    if skewed:  # few keys are asked for all the time, many now and then
        filled = np.minimum(np.log1p(elapsed / 6.0) / np.log1p(240.0 / 6.0), 1.0)
    recent = 0.12 * np.convolve(load, np.ones(2) / 2)[: len(load)]
    heap = _held_between_collections(15 + 21 * filled + recent + random.normal(0, 0.5, len(load)), random)
    latency = 22 * np.exp(random.normal(0, 0.25, len(load)))
    return Story("twin", heap, _resident(heap, random), load, latency)


def _held_between_collections(heap: Floats, random: np.random.Generator) -> Floats:
    """The live heap is known as of the last collection: now and then a block shows the value of the one before."""
    held = heap.copy()
    for block in np.flatnonzero(random.random(len(heap)) < 0.3):
        held[block] = held[max(block - 1, 0)]
    return held


def _resident(heap: Floats, random: np.random.Generator) -> Floats:
    """Creeps towards twice the largest live heap, and is given back lazily."""
    bound = 2 * np.maximum.accumulate(heap) + 16
    creeping = bound - 12 * np.exp(-seconds() / 60)
    return creeping + random.normal(0, 0.7, len(heap))


def windows_at(stories: list[Story], blocks: int) -> list[Window]:
    """The three windows when the pods are so many blocks old."""
    windows = []
    for length in WINDOWS:
        size = length // BLOCK
        lives = []
        for story in stories:
            for container in ("store", "(pod)"):
                heap = None if container == "(pod)" else _cut(story.live_heap, blocks, size)
                lives.append(
                    life(
                        pod=story.name,
                        container=container,
                        live_heap=heap,
                        resident=_cut(story.resident, blocks, size),
                        working_set=_cut(story.resident, blocks, size) + 5,
                        load=_cut(story.load, blocks, size),
                        latency=_cut(story.latency, blocks, size),
                        block_seconds=BLOCK,
                        started_at=float(EPOCH),
                        ends_at=EPOCH + blocks * BLOCK,
                        limit=512,
                        runtime_limit=96,
                    )
                )
        windows.append(Window(length, BLOCK, float(EPOCH + blocks * BLOCK), tuple(lives)))
    return windows


def _cut(values: Floats, blocks: int, size: int) -> Floats:
    from_birth = np.concatenate((np.full(_BEFORE, np.nan), values))
    return from_birth[_BEFORE + blocks - size : _BEFORE + blocks]


def ticks(stories: list[Story], policy: DetectionPolicy = POLICY) -> Iterator[tuple[int, dict[str, Verdict]]]:
    """Age of the pods in seconds, and the verdict per container, at every new block."""
    for blocks in range(1, len(seconds()) + 1):
        verdicts = judge(windows_at(stories, blocks), policy)
        yield blocks * BLOCK, {verdict.container: verdict for verdict in verdicts}


def first_confirmed(
    history: list[tuple[int, dict[str, Verdict]]], kinds: set[VerdictKind], container: str = "store"
) -> tuple[int, Verdict] | None:
    """The age in seconds, and the verdict, at the second of two consecutive hits."""
    hits = 0
    for age, verdicts in history:
        hits = hits + 1 if verdicts[container].kind in kinds else 0
        if hits == 2:
            return age, verdicts[container]
    return None
