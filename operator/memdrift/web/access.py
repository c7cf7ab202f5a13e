"""Who looks, and where they may look: the answers of the cluster's own rules, remembered for seconds.

Exists so that a page that refreshes itself does not become load on the API server, and so that a flood of made-up
tokens neither reaches it nor locks out those who are known. Only digests of tokens are kept. A right that was taken
away stays for as long as `AccessLimits` says, no longer.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from memdrift.errors import ClusterUnavailable
from memdrift.ports import Clock, Person, Reviews

VERB = "get"
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """What is remembered, and how much is asked.

    Attributes:
        person_seconds: how long the answer about a token counts, also that it is nobody's.
        right_seconds: how long the answer about a right counts.
        remembered_at_most: of each kind.
        strangers_per_second: reviews of tokens that were never accepted; three seconds' worth may come at once.
        reviews_per_second: reviews of known tokens together, and of rights for each person; the same.
        at_once: reviews under way.
    """

    person_seconds: float = 10.0
    right_seconds: float = 30.0
    remembered_at_most: int = 4096
    strangers_per_second: float = 5.0
    reviews_per_second: float = 100.0
    at_once: int = 4


@dataclass(frozen=True, slots=True)
class Sight:
    """Where somebody may read one kind of resource.

    Attributes:
        everywhere: in every namespace.
        unasked: how many namespaces could not be asked about yet, and count as forbidden.
    """

    everywhere: bool
    namespaces: frozenset[str]
    unasked: int = 0

    def __contains__(self, namespace: str) -> bool:
        return self.everywhere or namespace in self.namespaces

    @property
    def empty(self) -> bool:
        """Whether nothing may be seen."""
        return not self.everywhere and not self.namespaces


class Access:
    """Asks, and remembers.

    Raises (every method that asks):
        ClusterUnavailable: not known now; reason `ReviewsLimited` where too much was asked in too short a time.
        NotAllowed: memdrift's account may not ask.
    """

    def __init__(self, reviews: Reviews, clock: Clock, limits: AccessLimits | None = None) -> None:
        self._reviews = reviews
        self._clock = clock
        self._limits = limits = limits or AccessLimits()
        self._people: _Remembered[bytes, Person | None] = _Remembered(limits.remembered_at_most)
        self._known: _Remembered[bytes, None] = _Remembered(limits.remembered_at_most)
        self._rights: _Remembered[tuple[Person, str, str], bool] = _Remembered(limits.remembered_at_most)
        now = clock.monotonic()
        self._strangers = _Allowance(limits.strangers_per_second, now)
        self._others = _Allowance(limits.reviews_per_second, now)
        self._per_person: _Remembered[Person, _Allowance] = _Remembered(limits.remembered_at_most)
        self._turns = asyncio.Semaphore(limits.at_once)

    async def person(self, token: str) -> Person | None:
        """Whose token it is; None where it is nobody's."""
        digest = hashlib.sha256(token.encode()).digest()
        async with self._turns:
            now = self._clock.monotonic()
            if digest in (held := self._people.valid(now)):
                return held[digest]
            allowance = self._others if digest in self._known.valid(now) else self._strangers
            self._spend(allowance, now)
            found = await self._reviews.identify(token)
            now = self._clock.monotonic()
            self._people.keep(digest, found, now + self._limits.person_seconds)
            if found is not None:
                self._known.keep(digest, None, now + 3600.0)
            return found

    async def sight(self, person: Person, resource: str, namespaces: Iterable[str]) -> Sight:
        """Where, of these namespaces, the person may read the resource."""
        asked = sorted(set(namespaces))
        everywhere = await self._right_if_affordable(person, resource, "")
        if everywhere is not False:
            return Sight(everywhere=bool(everywhere), namespaces=frozenset(), unasked=0 if everywhere else len(asked))
        answers = await asyncio.gather(*(self._right_if_affordable(person, resource, each) for each in asked))
        seen = frozenset(each for each, answer in zip(asked, answers, strict=True) if answer)
        return Sight(everywhere=False, namespaces=seen, unasked=answers.count(None))

    async def may_read(self, person: Person, resource: str, namespace: str) -> bool:
        """Whether the person may read the resource in the namespace."""
        return await self._right(person, resource, namespace)

    async def _right_if_affordable(self, person: Person, resource: str, namespace: str) -> bool | None:
        try:
            return await self._right(person, resource, namespace)
        except ClusterUnavailable as error:
            if error.reason != _LIMITED:
                raise
            return None

    async def _right(self, person: Person, resource: str, namespace: str) -> bool:
        key = person, resource, namespace
        async with self._turns:
            now = self._clock.monotonic()
            if key in (held := self._rights.valid(now)):
                return held[key]
            self._spend(self._allowance_of(person, now), now)
            allowed = await self._reviews.allowed(person, VERB, resource, namespace)
            self._rights.keep(key, allowed, self._clock.monotonic() + self._limits.right_seconds)
            return allowed

    def _allowance_of(self, person: Person, now: float) -> _Allowance:
        """Each person's own: nobody can use up another one's."""
        held = self._per_person.valid(now)
        found = held[person] if person in held else _Allowance(self._limits.reviews_per_second, now)
        self._per_person.keep(person, found, now + _ALLOWANCE_SECONDS)
        return found

    def _spend(self, allowance: _Allowance, now: float) -> None:
        if not allowance.take(now):
            raise ClusterUnavailable("ReviewsLimited", "too many reviews were asked for: try again in a moment", 2.0)


_LIMITED = "ReviewsLimited"
_ALLOWANCE_SECONDS = 60.0
"""After which an allowance that nobody used is full again anyway."""


@dataclass(slots=True)
class _Allowance:
    """So many a second, and three seconds' worth at once."""

    per_second: float
    refilled_at: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = 3 * self.per_second

    def take(self, now: float) -> bool:
        self.left = min(self.left + (now - self.refilled_at) * self.per_second, 3 * self.per_second)
        self.refilled_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class _Remembered(Generic[K, V]):
    """Values with an end, the oldest of which make room."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def valid(self, now: float) -> _Valid[K, V]:
        return _Valid(self._held, now)

    def keep(self, key: K, value: V, until: float) -> None:
        self._held[key] = until, value
        self._held.move_to_end(key)
        while len(self._held) > self._at_most:
            self._held.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Valid(Generic[K, V]):
    held: OrderedDict[K, tuple[float, V]]
    now: float

    def __contains__(self, key: K) -> bool:
        return key in self.held and self.held[key][0] > self.now

    def __getitem__(self, key: K) -> V:
        return self.held[key][1]
