"""From stacks to the functions that hold what grew.

Exists because two things hide the holder: the runtime's and the HTTP client's own goroutines have no frame of whoever
caused them, and a function that only makes memory for its callers is on top of every leak through it. Must not rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from memdrift.evidence.fingerprint import normalised
from memdrift.evidence.holders import Holder, is_runtime, largest, plus
from memdrift.evidence.makers import CALLERS_LOOKED_AT, Lineage, handed_over
from memdrift.evidence.modules import OriginKind, Origins
from memdrift.evidence.retention import (
    BODIES,
    GOROUTINES,
    retained_kind,
    sends_request,
    serves_request,
    starts_goroutine,
)
from memdrift.evidence.stacks import Stack


class _Role(NamedTuple):
    """What one function can be on a stack; looked up for every frame, so it is worked out once."""

    standard: bool
    own: bool
    name: str


class _Roles(dict[str, _Role]):
    def __init__(self, origins: Origins) -> None:
        super().__init__()
        self._origins = origins

    def __missing__(self, function: str) -> _Role:
        own = self._origins.origin(function).kind is OriginKind.OWN
        role = self[function] = _Role(self._origins.is_standard(function), own, normalised(function))
        return role


class Attribution:
    """The growth by holder."""

    def __init__(self, growth: Mapping[Stack, int], origins: Origins) -> None:
        self._origins = origins
        self._roles = _Roles(origins)
        self._runtime = frozenset(filter(is_runtime, origins.standard))
        self._starting = frozenset(function for function in origins.standard if starts_goroutine((function,)))
        self.holders: dict[str, Holder] = {}
        self._lineages: dict[Lineage, int] = {}
        self._clients: dict[str, int] = {}
        self._of_goroutines = 0
        self._of_requests: dict[str, int] = {}
        self._leading: dict[str, str] = {}
        self.unattributed_bytes = 0
        self._count(growth)

    def _count(self, growth: Mapping[Stack, int]) -> None:
        """Every stack's growth; one loop over what may be a million frames, so it only adds up by few keys."""
        roles, amounts, told = self._roles, dict[tuple[str, str], int](), dict[Stack, tuple[str, bool]]()
        callers: dict[tuple[str, str], int] = {}
        for stack, value in growth.items():
            position = 0
            for function in stack:
                role = roles[function]
                if not role.standard:
                    break
                position += 1
            else:
                self._count_callerless(stack, value)
                continue
            below = stack[:position]
            if below not in told:
                told[below] = retained_kind(below), sends_request(below)
            kind, sends = told[below]
            amounts[function, kind] = amounts.get((function, kind), 0) + value
            if sends:
                plus(self._clients, function, value)
            if role.own:
                lineage = self._lineage(role.name, stack, position)
                self._lineages[lineage] = self._lineages.get(lineage, 0) + value
            else:
                caller = self._own_caller(stack, position)
                callers[function, caller] = callers.get((function, caller), 0) + value
        for (function, kind), value in amounts.items():
            self._own(function, value, kind)
        for (function, caller), value in callers.items():
            if caller:
                plus(self.holders[roles[function].name].callers, caller, value)

    def _count_callerless(self, stack: Stack, value: int) -> None:
        if self._runtime.issuperset(stack):
            if self._starting.isdisjoint(stack):
                self.unattributed_bytes += value
            else:
                self._of_goroutines += value
            return
        position = next(at for at in range(len(stack) - 1, -1, -1) if stack[at] not in self._runtime)
        if serves_request(stack):
            plus(self._of_requests, stack[position], value)
        else:
            self._own(stack[position], value, retained_kind(stack[: position + 1]))

    def settle(self, goroutines: Mapping[str, int]) -> dict[str, Holder]:
        """Share out what has no caller on its stack, then give what was made for others to those who keep it.

        Args:
            goroutines: growth in number by owner, as `goroutine_owners` gives it.
        """
        self._share_goroutines(goroutines)
        self._share_requests()
        running = {normalised(owner) for owner in goroutines}
        self._pass_on(running)
        return self.holders

    def _own(self, function: str, value: int, kind: str) -> None:
        self.holders.setdefault(self._roles[function].name, Holder()).add(function, value, kind)

    def _lineage(self, owner: str, stack: Stack, position: int) -> Lineage:
        roles, found = self._roles, [owner]
        for function in islice(stack, position + 1, None):
            role = roles[function]
            if role.own and role.name != found[-1]:
                found.append(role.name)
                if len(found) > CALLERS_LOOKED_AT:
                    break
        return tuple(found)

    def _own_caller(self, stack: Stack, position: int) -> str:
        roles = self._roles
        return next((each for each in islice(stack, position + 1, None) if roles[each].own), "")

    def _share_goroutines(self, goroutines: Mapping[str, int]) -> None:
        number = sum(goroutines.values())
        if not number:
            self.unattributed_bytes += self._of_goroutines
            return
        for owner, count in goroutines.items():
            value = self._of_goroutines * count // number
            if owner in self._origins.standard and serves_request((owner,)):
                plus(self._of_requests, owner, value)
            else:
                self._own(owner, value, GOROUTINES)

    def _share_requests(self) -> None:
        """Connections that stay belong to whoever sent the requests, by how much else of them stays."""
        clients = {function: value for function, value in self._clients.items() if value > 0}
        senders = sum(clients.values())
        total = sum(self._of_requests.values())
        if not senders:
            for function, value in self._of_requests.items():
                self._own(function, value, BODIES)
            return
        for function, value in clients.items():
            self._own(function, total * value // senders, BODIES)

    def _pass_on(self, running: set[str]) -> None:
        """What a function of our own made for a caller that keeps things is the caller's.

        A function that keeps things itself (contexts, timers, goroutines) is nobody's maker.
        """
        held = {name: holder.growth_bytes for name, holder in self.holders.items()}
        makers = {name for name, holder in self.holders.items() if not holder.retains() and name not in running}
        for maker, keeper, value in handed_over(self._lineages, makers, held, running):
            self._hand_over(maker, keeper, value)

    def _hand_over(self, maker: str, keeper: str, value: int) -> None:
        source, target = self.holders[maker], self.holders.setdefault(keeper, Holder())
        source.add(largest(source.functions), -value, "")
        self._leading.pop(maker, None)
        target.growth_bytes += value
        plus(target.kinds, "", value)
        if keeper not in self._leading:  # what is added to the largest leaves it the largest
            self._leading[keeper] = largest(target.functions) or keeper
        plus(target.functions, self._leading[keeper], value)
        plus(target.makers, maker, value)
