"""Labels of a repository of Gitea, which tickets name by number.

Exists because Gitea has no "create unless it exists" for labels and takes two of one name. Must not take away a label
that this process did not make a moment ago.
"""

from __future__ import annotations

from contextlib import suppress

from pydantic import BaseModel

from memdrift.adapters.trackers.belief import Account
from memdrift.adapters.trackers.paging import listed
from memdrift.adapters.trackers.refusals import Refused
from memdrift.adapters.trackers.rest import Rest

_PER_PAGE = 50
_LABELS_AT_MOST = 2000
_READINGS_AT_MOST = 6
_COLOUR = "#b60205"


class _Label(BaseModel):
    id: int
    name: str


class GiteaLabels:
    """The labels of the repository at this path."""

    def __init__(self, rest: Rest, path: tuple[str, ...]) -> None:
        self._rest = rest
        self._path = (*path, "labels")

    async def numbers(self, names: list[str], account: Account) -> list[int]:
        """The numbers of these labels; missing ones are made, or left out where the token may not.

        Raises:
            Refused: it may not, and does not know its account either: its tickets would never be found again.
        """
        known = await self._known()
        missing = [name for name in dict.fromkeys(names) if name not in known]
        if missing:
            try:
                known = await self._with(missing)
            except Refused:
                if not await account.name():
                    raise
        return [known[name] for name in dict.fromkeys(names) if name in known]

    async def _with(self, missing: list[str]) -> dict[str, int]:
        """All labels once these were made; of two that were made at once the first stays."""
        made = [await self._rest.send(_Label, "POST", self._path, {"name": name, "color": _COLOUR}) for name in missing]
        known = await self._known()
        for label in made:
            if known.get(label.name, label.id) < label.id:
                with suppress(Refused):
                    await self._rest.send(object, "DELETE", (*self._path, str(label.id)))
        return known

    async def _known(self) -> dict[str, int]:
        """The first of each name, as two readings in a row have it.

        Pages shift while others make labels: one reading alone may miss the first of two and name the one that goes.
        """
        known = await self._read()
        for _ in range(_READINGS_AT_MOST):
            before, known = known, await self._read()
            if known == before:
                break
        return known

    async def _read(self) -> dict[str, int]:
        async def page(number: int, size: int) -> list[_Label]:
            return await self._rest.get(list[_Label], self._path, limit=size, page=number)

        known: dict[str, int] = {}
        for label in (await listed(page, _PER_PAGE, _LABELS_AT_MOST)).items:
            known[label.name] = min(label.id, known.get(label.name, label.id))
        return known
