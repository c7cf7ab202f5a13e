"""One metrics source: a session, a few threads, and the translation of every failure into one reason.

Exists so that a slow or broken source costs its own threads only and nothing is retried in secret. Must not know what
the queries mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from memdrift.adapters.prometheus import access
from memdrift.adapters.prometheus.answers import (
    MALFORMED,
    InstantSeries,
    Origin,
    RangeSeries,
    Table,
    instant_series,
    printable,
    range_series,
    refusal,
)
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.matrices import Matrices
from memdrift.api.administration import Source
from memdrift.errors import MetricsUnavailable
from memdrift.ports import Clock

UNREACHABLE = "MetricsUnreachable"
TIMED_OUT = "MetricsTimedOut"
REJECTED = "MetricsRejected"
TOO_LARGE = "MetricsTooLarge"

THREADS = 4
LONGEST_CONNECT_SECONDS = 5.0
GRACE_SECONDS = 1.0
"""How long a thread may report its own, more precise failure after the time is over."""

AnswerT = TypeVar("AnswerT")


@dataclass(slots=True)
class Health:
    """What is known of a source by its answers.

    Attributes:
        last_good: when the last complete answer came, by our clock.
        skew_seconds: the source's clock minus ours, to about a second; None until measured.
        last_failure: reason word, "" after a good answer.
    """

    last_good: datetime | None = None
    skew_seconds: float | None = None
    last_failure: str = ""


class Connection:
    """Asks one source; every failure is a `MetricsUnavailable`.

    Args:
        source: the administrator's configuration; a changed one needs a new connection.
        clock: for deadlines and for the skew of the source's clock.
    """

    def __init__(self, source: Source, clock: Clock) -> None:
        self.closed = False
        self.source = source
        self.health = Health()
        self.origin = Origin(source.name)
        self._matrices = Matrices(source.labels, self.origin)
        self._clock = clock
        self._good_at = float("-inf")
        self._reader = access.Reader(source.max_response_bytes, clock.monotonic)
        self._session = requests.Session()
        self._prometheus = self._client()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"metrics-{source.name}")
        self._slots = asyncio.Semaphore(THREADS)
        self._probing = asyncio.Lock()

    async def ask_range(self, query: str, grid: Grid) -> list[RangeSeries]:
        """The query at the end of every block of the grid."""
        first, last = (datetime.fromtimestamp(end, UTC) for end in (grid.first_end, grid.last_end))
        step = f"{grid.block_seconds}s"
        call = partial(self._prometheus.custom_query_range, query, first, last, step, self._parameters())
        return await self._complete(call, range_series)

    async def ask_blocks(self, query: str, grid: Grid) -> Table:
        """The query at the end of every block of the grid, as rows over the grid."""
        first, last = (datetime.fromtimestamp(end, UTC) for end in (grid.first_end, grid.last_end))
        step = f"{grid.block_seconds}s"
        call = partial(self._prometheus.custom_query_range, query, first, last, step, self._parameters())

        def read(body: bytes, _: Origin) -> Table:
            return self._matrices.table(body, grid)

        return await self._complete(call, read)

    async def ask_whether_there(self) -> None:
        """Nothing, where the source has answered within a scrape interval, or does so now."""
        async with self._probing:
            if self._clock.monotonic() - self._good_at > self.source.scrape_interval_seconds:
                await self.ask("vector(1)")

    async def ask(self, query: str) -> list[InstantSeries]:
        """The query as of now."""
        return await self._complete(partial(self._prometheus.custom_query, query, self._parameters()), instant_series)

    def close(self) -> None:
        """Give the threads and sockets back; requests under way end by their own timeout."""
        self.closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def _client(self) -> PrometheusConnect:
        source, session = self.source, self._session
        session.trust_env = False
        session.max_redirects = 0
        session.hooks["response"].append(self._reader)
        session.verify = False if source.tls.insecure_skip_verify else source.tls.ca_file or True
        if source.tls.cert_file:
            session.cert = (source.tls.cert_file, source.tls.key_file) if source.tls.key_file else source.tls.cert_file
        url = source.url.rstrip("/")
        never = Retry(total=0, read=False)
        client = PrometheusConnect(
            url=url,
            headers={"User-Agent": "memdrift", **source.headers},
            auth=access.Carrier(source.bearer_token_file),
            session=session,
            retry=never,
            timeout=(min(LONGEST_CONNECT_SECONDS, source.timeout_seconds), source.timeout_seconds),
            method="POST",
        )
        # The client mounts an adapter of its own at the same place; the last one wins.
        session.mount(url, HTTPAdapter(pool_connections=1, pool_maxsize=THREADS, max_retries=never))
        return client

    def _parameters(self) -> dict[str, str]:
        return {"timeout": f"{self.source.timeout_seconds}s"}

    async def _complete(self, call: Callable[[], object], read: Callable[[bytes, Origin], AnswerT]) -> AnswerT:
        try:
            answer = await self._in_time(call, read)
        except MetricsUnavailable as error:
            self.health.last_failure = error.reason
            raise
        self.health.last_good, self.health.last_failure = self._clock.now(), ""
        self._good_at = self._clock.monotonic()
        return answer

    async def _in_time(self, call: Callable[[], object], read: Callable[[bytes, Origin], AnswerT]) -> AnswerT:
        async with self._slots:
            if self.closed:
                raise MetricsUnavailable(UNREACHABLE, f"metrics source `{self.source.name}` was configured anew")
            try:
                async with asyncio.timeout(self.source.timeout_seconds + GRACE_SECONDS):
                    loop = asyncio.get_running_loop()
                    return await loop.run_in_executor(self._threads, self._answer, call, read)
            except TimeoutError as error:
                raise self._too_late() from error

    def _answer(self, call: Callable[[], object], read: Callable[[bytes, Origin], AnswerT]) -> AnswerT:
        """Runs in a thread: ask, receive, judge, parse."""
        self._reader.expect(self.source.timeout_seconds)
        try:
            with suppress(PrometheusApiClientException):  # a string; the status and the body are judged below
                call()
        except (access.TooSlow, requests.Timeout) as error:
            raise self._too_late() from error
        except access.TooLarge as error:
            raise self._failure(TOO_LARGE, f"sent more than {self.source.max_response_bytes} bytes") from error
        except access.BrokenOff as error:
            raise self._failure(MALFORMED, f"sent an answer that broke off: {printable(str(error))}") from error
        except access.TokenUnreadable as error:
            raise self._failure(UNREACHABLE, f"needs its `bearerTokenFile`: {printable(str(error))}") from error
        except requests.TooManyRedirects as error:
            raise self._failure(REJECTED, "redirects; set its `url` to the final address") from error
        except (requests.RequestException, OSError) as error:
            raise self._failure(UNREACHABLE, f"cannot be reached: {printable(str(error))}") from error
        return read(self._accepted(self._reader.received), self.origin)

    def _accepted(self, received: access.Received | None) -> bytes:
        if received is None:
            raise self._failure(MALFORMED, "sent no answer")
        if received.server_time is not None:
            # The header is cut to whole seconds: half a second is what it misses on average.
            self.health.skew_seconds = received.server_time + 0.5 - self._clock.now().timestamp()
        if received.status == requests.codes.ok:
            return received.body
        kind, words = refusal(received.body)
        if kind == "timeout":
            raise self._failure(TIMED_OUT, f"gave up: {words}")
        reason = REJECTED if 400 <= received.status < 500 else UNREACHABLE
        raise self._failure(reason, f"answered with HTTP status {received.status}: {words}")

    def _too_late(self) -> MetricsUnavailable:
        return self._failure(TIMED_OUT, f"did not answer in {self.source.timeout_seconds} s")

    def _failure(self, reason: str, what: str) -> MetricsUnavailable:
        return MetricsUnavailable(reason, f"metrics source `{self.source.name}` {what}")
