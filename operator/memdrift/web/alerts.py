"""Turns a notification into recorded requests, and says what became of each alert.

Exists because an Alertmanager repeats itself, in pairs, for hours, and forgets only what was answered with success.
Must not act on a store: the request makes the next tick look, and that tick judges for itself.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from memdrift.adapters.alertmanager import Nomination, Notification, StoreReference
from memdrift.errors import ClusterUnavailable, MemdriftError
from memdrift.ports import Requests

REMEMBERED_AT_MOST = 4096


class AlertResult(StrEnum):
    """What became of one alert; also the label of `memdrift_alerts_total`."""

    RECORDED = "Recorded"
    """The request is on the store."""
    REPEATED = "Repeated"
    """It was recorded before."""
    MERGED = "Merged"
    """A newer alert of the same notification stands for it: one look at the store serves both."""
    RESOLVED = "Resolved"
    """Information only."""
    UNKNOWN_STORE = "UnknownStore"
    """There is no such FeatureStore."""
    NO_REFERENCE = "NoReference"
    """It does not name a FeatureStore, and memdrift does not guess."""
    MALFORMED = "Malformed"
    """A field of it is wrong."""
    REFUSED = "Refused"
    """memdrift may not write to that store."""
    UNAVAILABLE = "Unavailable"
    """It could not be recorded; Alertmanager must send it again."""
    TRUNCATED = "Truncated"
    """Alertmanager left it out; only counted."""


_ACCEPTED_ONLY = {AlertResult.UNKNOWN_STORE, AlertResult.NO_REFERENCE, AlertResult.MALFORMED, AlertResult.REFUSED}


@dataclass(frozen=True, slots=True)
class Answered:
    """One alert and what became of it."""

    nomination: Nomination
    result: AlertResult
    detail: str = ""

    def document(self) -> dict[str, str]:
        """JSON-ready."""
        store = self.nomination.store
        told = {"token": self.nomination.token, "result": str(self.result), "detail": self.detail}
        if store:
            told |= {"namespace": store.namespace, "featurestore": store.store}
        return {key: value for key, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one notification."""

    alerts: tuple[Answered, ...]
    truncated_alerts: int

    @property
    def status(self) -> HTTPStatus:
        """503 makes Alertmanager send again; it gives up on any 4xx, so a bad alert is a 202 instead."""
        results = {answered.result for answered in self.alerts}
        if AlertResult.UNAVAILABLE in results:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.ACCEPTED if results & _ACCEPTED_ONLY else HTTPStatus.OK

    def document(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "alerts": [answered.document() for answered in self.alerts],
            "truncatedAlerts": self.truncated_alerts,
        }


class AlertReceiver:
    """Records requests, each at most once as far as this process remembers.

    Args:
        requests: where they are recorded; recording the same token again changes nothing there either.
        count: told the result and number of alerts.
    """

    def __init__(self, requests: Requests, count: Callable[[str, int], None]) -> None:
        self._requests = requests
        self._count = count
        self._remembered: OrderedDict[tuple[StoreReference, str], None] = OrderedDict()
        # Two Alertmanagers send the same at the same moment; the second then finds the first one's memory.
        self._one_at_a_time = asyncio.Lock()

    async def receive(self, notification: Notification, seconds: float) -> Receipt:
        """Record every firing alert that names a store; returns within about the given time, whatever happens."""
        results: dict[int, Answered] = {}
        try:
            async with asyncio.timeout(seconds), self._one_at_a_time:
                await self._record_all(notification, results)
        except TimeoutError:
            pass  # what has no result by now is answered as unavailable
        answered = tuple(
            results.get(index) or Answered(nomination, AlertResult.UNAVAILABLE, "the API server did not answer in time")
            for index, nomination in enumerate(notification.nominations)
        )
        for result in AlertResult:
            if amount := sum(one.result is result for one in answered):
                self._count(result, amount)
        if notification.truncated_alerts:
            self._count(AlertResult.TRUNCATED, notification.truncated_alerts)
        return Receipt(answered, notification.truncated_alerts)

    async def _record_all(self, notification: Notification, results: dict[int, Answered]) -> None:
        by_store: dict[StoreReference, list[int]] = {}
        for index, nomination in enumerate(notification.nominations):
            if (useless := _useless(nomination)) is not None:
                results[index] = useless
            elif nomination.store is not None:
                by_store.setdefault(nomination.store, []).append(index)
        for store, indexes in by_store.items():
            # The newest alert is the same in every repeat of the group, so the token on the store does not alternate.
            newest, *others = sorted(indexes, key=lambda index: _age_key(notification.nominations[index]), reverse=True)
            results[newest] = await self._record(store, notification.nominations[newest])
            for index in others:
                results[index] = self._follow(store, notification.nominations[index], results[newest])
            if results[newest].result is AlertResult.UNAVAILABLE:
                return  # the rest would wait for the same API server

    async def _record(self, store: StoreReference, nomination: Nomination) -> Answered:
        key = (store, nomination.token)
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return Answered(nomination, AlertResult.REPEATED)
        try:
            found = await self._requests.record(store.namespace, store.store, nomination.token)
        except ClusterUnavailable as error:
            return Answered(nomination, AlertResult.UNAVAILABLE, error.reason)
        except MemdriftError as error:
            return Answered(nomination, AlertResult.REFUSED, error.reason)
        if not found:
            return Answered(nomination, AlertResult.UNKNOWN_STORE)
        self._remember(key)
        return Answered(nomination, AlertResult.RECORDED)

    def _follow(self, store: StoreReference, nomination: Nomination, newest: Answered) -> Answered:
        if newest.result not in {AlertResult.RECORDED, AlertResult.REPEATED}:
            return Answered(nomination, newest.result, newest.detail)
        key = (store, nomination.token)
        known = key in self._remembered
        self._remember(key)
        return Answered(nomination, AlertResult.REPEATED if known else AlertResult.MERGED)

    def _remember(self, key: tuple[StoreReference, str]) -> None:
        self._remembered[key] = None
        self._remembered.move_to_end(key)
        while len(self._remembered) > REMEMBERED_AT_MOST:
            self._remembered.popitem(last=False)


def _useless(nomination: Nomination) -> Answered | None:
    if not nomination.token:
        return Answered(nomination, AlertResult.MALFORMED, nomination.problem)
    if not nomination.firing:
        return Answered(nomination, AlertResult.RESOLVED)
    if nomination.store is None:
        return Answered(nomination, AlertResult.NO_REFERENCE, nomination.problem)
    return None


def _age_key(nomination: Nomination) -> tuple[float, str]:
    started = nomination.started_at.timestamp() if nomination.started_at else 0.0
    return started, nomination.fingerprint
