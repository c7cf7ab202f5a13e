"""The connections to the administrator's sources, one each, renewed when a source's configuration changes.

Exists so that a name in a spec becomes a connection only where the administrator allows it. Must not ask anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memdrift.adapters.prometheus.connection import Connection
from memdrift.api.administration import Source
from memdrift.errors import NotAllowed
from memdrift.ports import Clock


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Figures of one source for `/readyz` and `/metrics`.

    Attributes:
        age_seconds: since the last complete answer; None where there was none since the start.
        skew_seconds: the source's clock minus ours, to about a second; None until measured.
        last_failure: reason word, "" after a good answer.
    """

    source: str
    age_seconds: float | None
    skew_seconds: float | None
    last_failure: str


class Connections:
    """Connections by source name.

    Args:
        sources: the administrator's sources of the moment, asked at every use.
        clock: for the connections.
        forget: told the name of a source whose answers must not be used any more.
    """

    def __init__(self, sources: Callable[[], Sequence[Source]], clock: Clock, forget: Callable[[str], None]) -> None:
        self._sources = sources
        self._clock = clock
        self._forget = forget
        self._known: dict[str, Connection] = {}

    def to(self, name: str, namespace: str) -> Connection:
        """The connection to a source, for a store of the namespace.

        Raises:
            NotAllowed: the source is not configured, or not for this namespace.
        """
        source = next((each for each in self._sources() if each.name == name), None)
        if name in self._known and self._known[name].source != source:
            self._drop(name)
        if source is None:
            raise NotAllowed(
                "SourceNotConfigured",
                f"`spec.metrics.source` names `{name}`, which the administrator has not configured under `sources`",
            )
        if not source.allows(namespace):
            raise NotAllowed(
                "SourceNotAllowed",
                f"metrics source `{name}` is not for namespace `{namespace}`; the administrator can add it to its "
                "`allowedNamespaces`",
            )
        if name not in self._known:
            self._known[name] = Connection(source, self._clock)
        return self._known[name]

    def health(self) -> tuple[SourceHealth, ...]:
        """What is known of every source that was used since the start, by name.

        One that is not configured any more is dropped: else it would owe an answer, and its clock differ, for ever.
        """
        for gone in self._known.keys() - {source.name for source in self._sources()}:
            self._drop(gone)
        now = self._clock.now()
        return tuple(
            SourceHealth(
                source=name,
                age_seconds=(now - known.last_good).total_seconds() if known.last_good else None,
                skew_seconds=known.skew_seconds,
                last_failure=known.last_failure,
            )
            for name, known in sorted((name, each.health) for name, each in self._known.items())
        )

    def _drop(self, name: str) -> None:
        self._known.pop(name).close()
        self._forget(name)

    def close(self) -> None:
        """Close all of them."""
        for connection in self._known.values():
            connection.close()
        self._known.clear()
