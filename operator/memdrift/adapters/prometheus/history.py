"""A store's past, asked of Prometheus in bounded pieces: for back-tests, and to judge as of a moment.

Exists because a month is too long for one answer, and because the pods of then are known to the series only. Asks the
same questions as the sampler, on the same grid, so that the figures are the same. Must not judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from memdrift.adapters.prometheus import connection as faults
from memdrift.adapters.prometheus import presets, questions
from memdrift.adapters.prometheus.answers import Table
from memdrift.adapters.prometheus.connection import Connection
from memdrift.adapters.prometheus.grid import Grid, block_seconds
from memdrift.adapters.prometheus.pastpods import LIMIT, LIMITS, REQUEST, PastLife, past_lives_of
from memdrift.adapters.prometheus.promql import LabelMatcher, aggregated, first_of, marked, selector, span
from memdrift.adapters.prometheus.questions import Questions, questions_of
from memdrift.adapters.prometheus.reduction import BAND
from memdrift.adapters.prometheus.strips import Strips
from memdrift.api.metrics import MemoryPreset
from memdrift.errors import MetricsUnavailable
from memdrift.ports import BlocksRequest

CHUNK_BLOCKS = 480
FEWEST_CHUNK_BLOCKS = 30
"""A question that is still too large for the source then is not cut further."""
SPLITTABLE = frozenset({faults.TOO_LARGE, faults.TIMED_OUT, faults.REJECTED})
_LIMIT_SERIES = {
    LIMIT: "kube_pod_container_resource_limits",
    REQUEST: "kube_pod_container_resource_requests",
}
USUAL_INTERVALS_SECONDS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
DEFAULT_INTERVAL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Past:
    """What a source remembers of a store on the grid of one window.

    Attributes:
        answers: by the kind of question, see `questions`; also `pastpods.LIMITS`.
        main_container: the one whose series may lack the container's name; "" where it is not known.
        lives: all that have a block to themselves.
    """

    window_seconds: int
    grid: Grid
    asked: Questions
    answers: dict[str, Strips]
    main_container: str
    lives: tuple[PastLife, ...]


class History:
    """Asks one source about one store.

    Args:
        connection: to the source; the caller closes it.
        request: whose past; its target says at least kind and name, its `now` and windows are not used.

    Attributes:
        asked: how many questions were sent.
    """

    def __init__(self, connection: Connection, request: BlocksRequest) -> None:
        self.asked = 0
        self._connection = connection
        self._request = request

    async def past(
        self, window_seconds: int, began_at: float, ended_at: float, kinds: Iterable[str] | None = None
    ) -> Past:
        """The blocks of that window's length between two moments, of all `kinds` of questions or of these only.

        Raises:
            MetricsUnavailable: the source did not answer even small questions.
            SpecInvalid: a custom query does not parse, or cannot be confined to the namespace.
        """
        source = self._connection.source
        length = block_seconds(window_seconds, source.scrape_interval_seconds)
        last_end = int((ended_at - source.ingestion_delay_seconds) // length) * length
        first_end = min((int(began_at // length) + 1) * length, last_end)
        grid = Grid(length, first_end, last_end)
        asked = questions_of(self._request, source, length)
        queries = {**asked.queries, LIMITS: self._limits(length)}
        wanted = set(queries) if kinds is None else {*kinds} & set(queries)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {kind: group.create_task(self._strips(queries[kind], grid)) for kind in sorted(wanted)}
        except BaseExceptionGroup as failures:
            # One source, one cause: the first failure speaks for all.
            raise failures.exceptions[0] from failures.exceptions[0].__cause__
        answers = {kind: task.result() for kind, task in tasks.items()}
        main = self._main_container(answers)
        return Past(window_seconds, grid, asked, answers, main, past_lives_of(answers, grid, main))

    async def scrape_interval_seconds(self, at: float) -> int:
        """How often the store's processes were scraped in the hour before, as near as can be told; 30 by default."""
        matchers, series = self._scope(), presets.MEMORY[MemoryPreset.PROCESS]
        counted = first_of(
            f"max(count_over_time({selector(metric, matchers)}[{span(3600)}]))"
            for metric in (presets.PROCESS_START, *series.resident, *series.working_set)
        )
        end = int(at // 60) * 60
        answer = await self._connection.ask_blocks(counted, Grid(3600, end, end))
        counts = [float(value) for value in answer.values.ravel() if value > 0]
        if not counts:
            return DEFAULT_INTERVAL_SECONDS
        found = 3600 / max(counts)
        nearest = min(USUAL_INTERVALS_SECONDS, key=lambda usual: abs(usual - found) / usual)
        return nearest if abs(nearest - found) <= 0.2 * nearest else max(1, round(found))

    async def _strips(self, query: str, grid: Grid) -> Strips:
        strips = Strips(grid)
        for first in range(0, grid.count, CHUNK_BLOCKS):
            begin = grid.first_end + first * grid.block_seconds
            part = Grid(grid.block_seconds, begin, min(begin + (CHUNK_BLOCKS - 1) * grid.block_seconds, grid.last_end))
            for table in await self._answered(query, part):
                strips.add(table, self._request.namespace)
        return strips

    async def _answered(self, query: str, part: Grid) -> list[Table]:
        """The answer, in halves where the source finds the whole too large."""
        self.asked += 1
        try:
            return [await self._connection.ask_blocks(query, part)]
        except MetricsUnavailable as error:
            if error.reason not in SPLITTABLE or part.count <= FEWEST_CHUNK_BLOCKS:
                raise
        middle = part.first_end + part.count // 2 * part.block_seconds
        older = Grid(part.block_seconds, part.first_end, middle - part.block_seconds)
        younger = Grid(part.block_seconds, middle, part.last_end)
        return [*await self._answered(query, older), *await self._answered(query, younger)]

    def _limits(self, length: int) -> str:
        """The container's limit and request, where kube-state-metrics is scraped with the pods' own labels."""
        labels = self._connection.source.labels
        kept = (labels.namespace, labels.pod, labels.container)
        memory = (*self._scope(), LabelMatcher("resource", "memory"))
        return first_of(
            marked(
                aggregated("max", kept, f"max_over_time({selector(metric, memory)}[{span(length)}])"),
                BAND,
                band,
                labels.pod,
            )
            for band, metric in _LIMIT_SERIES.items()
        )

    def _scope(self) -> tuple[LabelMatcher, ...]:
        source = self._connection.source
        return (
            LabelMatcher(source.labels.namespace, self._request.namespace),
            *(LabelMatcher(label, value) for label, value in sorted(source.fixed_matchers.items())),
            LabelMatcher(source.labels.pod, questions.pods_pattern(self._request.target), "=~"),
        )

    def _main_container(self, answers: dict[str, Strips]) -> str:
        """As the workload says, else the only container that any series names, else the workload's own name."""
        target = self._request.target
        if target.default_container or len(target.containers) == 1:
            return target.default_container or target.containers[0]
        named = {container for strips in answers.values() for _, container in strips.containers() if container}
        return named.pop() if len(named) == 1 else target.name
