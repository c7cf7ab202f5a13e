"""Who looks, and where they may look: the answers of the cluster's own rules, remembered for seconds.

Exists so that a page that refreshes itself does not become load on the API server, and so that a flood of made-up
tokens neither reaches it nor locks out those who are known, also where it answers slowly: what is remembered waits for
nobody, and strangers wait for each other. The API server answers one namespace at a time, so of very
many some are asked about at the next refresh; until then they count as forbidden, and are counted. Only digests of
tokens are kept. A right that was taken away stays for as long as `AccessLimits` says, no longer.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from memdrift.errors import ClusterUnavailable
from memdrift.ports import Clock, Person, Reviews
from memdrift.web.allowances import Allowance
from memdrift.web.remembered import Remembered

VERB = "get"
_LIMITED = "ReviewsLimited"
_ALLOWANCE_SECONDS = 60.0
"""After which an allowance that nobody used is full again anyway."""
_KNOWN_SECONDS = 3600.0
"""For so long after it was accepted a token is nobody's guess."""
_RESERVE_SHARE = 0.05
"""Of what may be asked at once is left for single questions: who has many namespaces can still open an incident."""


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """What is remembered, and how much is asked.

    Attributes:
        person_seconds: how long the answer about a token counts, also that it is nobody's.
        right_seconds: how long the answer about a right counts.
        people_at_most, rights_at_most: remembered.
        strangers_per_second: reviews of tokens that were never accepted; three seconds' worth may come at once.
        reviews_per_second: reviews of known tokens together, and of rights for each person.
        burst_seconds: of these reviews, so many seconds' worth may come at once: what a page that refreshes itself
            every ten seconds leaves unused in between.
        at_once: reviews under way; at most half of them for one page, so that others need not wait for it, and at most
            a quarter for tokens that were never accepted.
        patience_seconds: after which a page asks about no further namespace for one kind of resource.
    """

    person_seconds: float = 10.0
    right_seconds: float = 30.0
    people_at_most: int = 4096
    rights_at_most: int = 50_000
    strangers_per_second: float = 5.0
    reviews_per_second: float = 100.0
    burst_seconds: float = 10.0
    at_once: int = 8
    patience_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Sight:
    """Where somebody may read one kind of resource.

    Attributes:
        everywhere: in every namespace.
        unasked: the namespaces that could not be asked about yet, and count as forbidden.
    """

    everywhere: bool
    namespaces: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()

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
        self._people: Remembered[bytes, Person | None] = Remembered(limits.people_at_most)
        self._known: Remembered[bytes, None] = Remembered(limits.people_at_most)
        self._rights: Remembered[tuple[Person, str, str], bool] = Remembered(limits.rights_at_most)
        now, burst = clock.monotonic(), limits.reviews_per_second * limits.burst_seconds
        self._strangers = Allowance(limits.strangers_per_second, 3 * limits.strangers_per_second, now)
        self._others = Allowance(limits.reviews_per_second, burst, now)
        self._per_person: Remembered[Person, Allowance] = Remembered(limits.people_at_most)
        self._turns = asyncio.Semaphore(limits.at_once)
        self._turns_of_strangers = asyncio.Semaphore(max(limits.at_once // 4, 1))

    async def person(self, token: str) -> Person | None:
        """Whose token it is; None where it is nobody's."""
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock.monotonic()
        if digest in (held := self._people.valid(now)):
            return held[digest]
        if digest in self._known.valid(now):
            _spend(self._others, now)
            return await self._identified(token, digest)
        _spend(self._strangers, now)
        async with self._turns_of_strangers:
            return await self._identified(token, digest)

    async def _identified(self, token: str, digest: bytes) -> Person | None:
        async with self._turns:
            if digest in (held := self._people.valid(self._clock.monotonic())):
                return held[digest]
            found = await self._reviews.identify(token)
            now = self._clock.monotonic()
            self._people.keep(digest, found, now + self._limits.person_seconds)
            if found is not None:
                self._known.keep(digest, None, now + _KNOWN_SECONDS)
            return found

    async def sight(self, person: Person, resource: str, namespaces: Iterable[str], wanted: str = "") -> Sight:
        """Where, of these namespaces, the person may read the resource.

        What is not remembered is asked: namespaces with `wanted` in their names first, then those of which nothing has
        been known for longest, until the person's allowance or the page's time is used up.
        """
        everywhere = await self._right_if_affordable(person, resource, "", reserve=0.0)
        if everywhere:
            return Sight(everywhere=True)
        asked, now = set(namespaces), self._clock.monotonic()
        if everywhere is None:
            return Sight(everywhere=False, unasked=frozenset(asked))
        held = self._rights.valid(now)
        known = {each: held[person, resource, each] for each in asked if (person, resource, each) in held}

        def urgency(namespace: str) -> tuple[bool, float, str]:
            return wanted not in namespace, self._rights.ends_at((person, resource, namespace)), namespace

        waiting = deque(sorted(asked - known.keys(), key=urgency))
        askers = (self._ask(person, resource, waiting, known) for _ in range(max(self._limits.at_once // 2, 1)))
        try:
            async with asyncio.timeout(self._limits.patience_seconds):
                await asyncio.gather(*askers)
        except TimeoutError:
            pass
        finally:
            waiting.clear()
        seen = frozenset(each for each, allowed in known.items() if allowed)
        return Sight(everywhere=False, namespaces=seen, unasked=frozenset(asked - known.keys()))

    async def _ask(self, person: Person, resource: str, waiting: deque[str], known: dict[str, bool]) -> None:
        """Ask about the namespaces one after the other, as far as the allowance reaches."""
        reserve = _RESERVE_SHARE * self._limits.reviews_per_second * self._limits.burst_seconds
        while waiting:
            namespace = waiting.popleft()
            answer = await self._right_if_affordable(person, resource, namespace, reserve)
            if answer is None:
                return
            known[namespace] = answer

    async def may_read(self, person: Person, resource: str, namespace: str) -> bool:
        """Whether the person may read the resource in the namespace."""
        return await self._right(person, resource, namespace)

    async def _right_if_affordable(self, person: Person, resource: str, namespace: str, reserve: float) -> bool | None:
        try:
            return await self._right(person, resource, namespace, reserve)
        except ClusterUnavailable as error:
            if error.reason != _LIMITED:
                raise
            return None

    async def _right(self, person: Person, resource: str, namespace: str, reserve: float = 0.0) -> bool:
        key = person, resource, namespace
        if key in (held := self._rights.valid(self._clock.monotonic())):
            return held[key]
        async with self._turns:
            now = self._clock.monotonic()
            if key in (held := self._rights.valid(now)):
                return held[key]
            _spend(self._allowance_of(person, now), now, reserve)
            allowed = await self._reviews.allowed(person, VERB, resource, namespace)
            self._rights.keep(key, allowed, self._clock.monotonic() + self._limits.right_seconds)
            return allowed

    def _allowance_of(self, person: Person, now: float) -> Allowance:
        """Each person's own: nobody can use up another one's."""
        held, limits = self._per_person.valid(now), self._limits
        fresh = Allowance(limits.reviews_per_second, limits.reviews_per_second * limits.burst_seconds, now)
        found = held.get(person, fresh)
        self._per_person.keep(person, found, now + _ALLOWANCE_SECONDS)
        return found


def _spend(allowance: Allowance, now: float, reserve: float = 0.0) -> None:
    if not allowance.take(now, reserve):
        raise ClusterUnavailable(_LIMITED, "too many reviews were asked for: try again in a moment", 2.0)
