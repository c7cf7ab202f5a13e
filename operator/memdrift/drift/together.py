"""The windows of many stores, their lives judged in one batch.

Exists because the kernel pays for a call and hardly for a row: stores that wait together are judged together. Groups
what may share a batch, judges once what was measured once, and hands each window its own lives back. Must not compare
windows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

from memdrift.drift.batch import batch_of
from memdrift.drift.blocks import Life, LifeBlocks, Window
from memdrift.drift.judgement import judge_batch
from memdrift.drift.judgements import Judgements
from memdrift.drift.onewindow import SEVERITY
from memdrift.drift.peers import with_peers
from memdrift.drift.podverdict import JudgedLife, JudgedRows
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.totals import with_heaps_of_containers
from memdrift.drift.verdict import Gate

LivesByContainer = dict[str, list[JudgedLife]]
"""The worst first."""


@dataclass(slots=True, eq=False)
class Look:
    """One window of one store, about to be judged or judged.

    Attributes:
        longest: the store's longest window, which knows the lives' past.
        blocks, earlier: the window's lives, and what is known of each from the longest window.
    """

    window: Window
    longest: Window
    policy: DetectionPolicy
    blocks: list[LifeBlocks] = field(init=False)
    earlier: list[LifeBlocks | None] = field(init=False)
    _judgements: Judgements | None = None
    _rows: list[int] = field(default_factory=list)
    _told: list[tuple[Gate, ...]] | None = None

    def __post_init__(self) -> None:
        window, longest = self.window, self.longest
        self.blocks = with_heaps_of_containers(window.lives)
        longer = [] if longest is window else with_heaps_of_containers(longest.lives)
        known = {_name(blocks.life): blocks for blocks in longer}
        self.earlier = [known.get(_name(blocks.life)) for blocks in self.blocks]

    @property
    def group(self) -> Hashable:
        """What windows must have in common to be judged in one batch."""
        first, window = self.blocks[0], self.window
        grid = (first.block_seconds, int(first.starts[0]), len(first.starts))
        return window.seconds, grid, len(first.load), self.policy

    def gates_of(self, number: int) -> tuple[Gate, ...]:
        """A life's gates; judged again, all of the window's, where the arrays are gone."""
        if self._judgements is not None:
            return self._judgements.gates_of(self._rows[number])
        if self._told is None:
            judgements = judge_batch(batch_of(self.blocks, self.window.seconds, self.earlier), self.policy)
            self._told = [judgements.gates_of(row) for row in range(len(self.blocks))]
        return self._told[number]

    def refusal_of(self, number: int) -> Gate | None:
        """The first gate of a life that failed; None where none did."""
        if self._judgements is not None:
            return self._judgements.refusal_of(self._rows[number])
        return next((gate for gate in self.gates_of(number) if gate.passed is False), None)

    def let_go(self) -> None:
        """Forget the arrays, of which a batch has many for every life; from now on gates cost a second judgement."""
        self._judgements = None

    def lives(self, rows: list[int], judgements: Judgements, judged: JudgedRows) -> LivesByContainer:
        """The verdicts on the lives, whose figures stand in these rows."""
        self._judgements, self._rows = judgements, rows
        found: LivesByContainer = {}
        for number, (row, blocks) in enumerate(zip(rows, self.blocks, strict=True)):
            life = judged.life(row, blocks.life, partial(self.gates_of, number), partial(self.refusal_of, number))
            found.setdefault(blocks.life.container, []).append(life)
        return {container: with_peers(sorted(lives, key=_worst_first)) for container, lives in found.items()}


def judged_together(looks: Sequence[Look]) -> list[LivesByContainer]:
    """Each look's lives, judged, in the order of the looks. They keep their arrays until they are told to let go."""
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, look in enumerate(looks):
        if look.blocks:
            groups[look.group].append(number)
    found: list[LivesByContainer] = [{} for _ in looks]
    for numbers in groups.values():
        for number, lives in zip(numbers, _judged_group([looks[each] for each in numbers]), strict=True):
            found[number] = lives
    return found


def _judged_group(looks: Sequence[Look]) -> list[LivesByContainer]:
    rows: dict[Hashable, int] = {}
    blocks: list[LifeBlocks] = []
    earlier: list[LifeBlocks | None] = []
    rows_of: list[list[int]] = []
    for look in looks:
        own = []
        for each, before in zip(look.blocks, look.earlier, strict=True):
            row = rows.setdefault(_measured(each, before), len(blocks))
            if row == len(blocks):
                blocks.append(each)
                earlier.append(before)
            own.append(row)
        rows_of.append(own)
    first = looks[0]
    judgements = judge_batch(batch_of(blocks, first.window.seconds, earlier), first.policy)
    judged = JudgedRows(judgements, first.window.seconds, float(blocks[0].starts[0]), first.policy)
    return [look.lives(own, judgements, judged) for look, own in zip(looks, rows_of, strict=True)]


def _measured(blocks: LifeBlocks, earlier: LifeBlocks | None) -> Hashable:
    """Equal for lives of which the very same was measured: a pod's only container, and the pod's total."""
    life = blocks.life
    before = () if earlier is None else (id(earlier.live_heap), id(earlier.resident), earlier.life.started_at)
    arrays = (blocks.live_heap, blocks.resident, blocks.working_set, blocks.load, blocks.latency_milliseconds)
    bounds = (blocks.kept_bound_milliseconds, blocks.slow_bound_milliseconds, id(blocks.slow_fraction))
    limits = (life.limit_bytes, life.runtime_limit_bytes, blocks.expected_samples)
    return (life.started_at, limits, bounds, before, *(id(each) for each in arrays))


def _name(life: Life) -> tuple[str, str, float]:
    return life.uid, life.container, life.started_at


def _worst_first(life: JudgedLife) -> tuple[int, float, str, float]:
    pod = life.pod
    return -SEVERITY.index(pod.kind), -pod.growth_bytes, pod.uid, pod.started_at
