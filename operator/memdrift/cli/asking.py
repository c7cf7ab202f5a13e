"""The options by which a command reaches a store's figures: a Prometheus, or a source of the administrator's file.

Exists so that `explain` and `backtest` take the same options and say alike what is missing. Must not ask anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from memdrift.api.administration import Administration, Source
from memdrift.api.featurestore import FeatureStore
from memdrift.cli.faults import refusal
from memdrift.cli.given import changed, store_in, text_of
from memdrift.errors import ConfigurationInvalid

TIMEOUT_SECONDS = 120
_OPTIONS = {
    "url": "--prometheus",
    "bearerTokenFile": "--bearer-token-file",
    "scrapeIntervalSeconds": "--scrape-interval",
}
"""Which option gives a field of the source."""
HOW = (
    "its figures are in Prometheus. Forward it, such as\n"
    "  kubectl -n monitoring port-forward service/prometheus 9090\n"
    "and add --prometheus http://localhost:9090 (or set MEMDRIFT_PROMETHEUS); --bearer-token-file where it asks for a\n"
    "token, or --administration FILE where its labels or tenants are not the usual ones"
)


@dataclass(frozen=True, slots=True)
class Asking:
    """The options as they were given.

    Attributes:
        changes: fields of the spec to judge with, `FIELD=VALUE`.
        filename: where the store is read instead of a cluster.
    """

    prometheus: str | None
    bearer_token_file: Path | None
    scrape_interval: int | None
    administration: Path | None
    filename: Path | None
    changes: tuple[str, ...]

    @property
    def given(self) -> bool:
        """Whether Prometheus was named at all."""
        return self.prometheus is not None or self.administration is not None

    @property
    def interval_is_known(self) -> bool:
        """Whether somebody said how often the source scrapes."""
        return self.scrape_interval is not None or self.administration is not None

    def store(self, name: str, namespace: str) -> FeatureStore | None:
        """The store of `--filename`, None where that was not given."""
        return store_in(self.filename, name, namespace) if self.filename else None

    def varied(self, store: FeatureStore) -> FeatureStore:
        """The store with the fields of `--set`."""
        return store.model_copy(update={"spec": changed(store.spec, self.changes)}) if self.changes else store

    def source(self, store: FeatureStore) -> Source:
        """The metrics source.

        Raises:
            click.ClickException: none was given, with the line that gives one, or it is wrong.
        """
        overrides = {
            "url": self.prometheus,
            "bearer_token_file": str(self.bearer_token_file.absolute()) if self.bearer_token_file else None,
            "scrape_interval_seconds": self.scrape_interval,
        }
        given = {name: value for name, value in overrides.items() if value is not None}
        allowed = {"allowed_namespaces": [store.metadata.namespace]}
        try:
            if self.administration is not None:
                known = _configured(self.administration, store.spec.metrics.source).model_dump()
                return Source.model_validate({**known, **given, **allowed})
            if self.prometheus is None:
                raise click.ClickException(f"to judge {store.metadata.name}, Prometheus must be asked: {HOW}")
            name = store.spec.metrics.source
            return Source.model_validate({"name": name, "timeout_seconds": TIMEOUT_SECONDS, **given, **allowed})
        except ValidationError as error:
            field = str(next(iter(error.errors()[0]["loc"]), ""))
            remedy = f"correct {_OPTIONS[field]}" if field in _OPTIONS else "correct the source in --administration"
            raise refusal(error, "the metrics source", remedy) from error


def asks_prometheus(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command these options as one argument `asking`."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)

    @click.option("--prometheus", envvar="MEMDRIFT_PROMETHEUS", metavar="URL", help="Its base address.")
    @click.option("--bearer-token-file", type=file, help="A file with a bearer token for Prometheus.")
    @click.option("--scrape-interval", type=click.IntRange(1, 600), help="Seconds between scrapes; default: measured.")
    @click.option("--administration", type=file, help="The administrator's file: the store's source is used from it.")
    @click.option("-f", "--filename", type=file, help="Read the FeatureStore from a file; no cluster is asked.")
    @click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE", help="Judge with this field of the spec.")
    @wraps(command)
    def collected(
        *,
        prometheus: str | None,
        bearer_token_file: Path | None,
        scrape_interval: int | None,
        administration: Path | None,
        filename: Path | None,
        changes: tuple[str, ...],
        **others: object,
    ) -> object:
        asking = Asking(prometheus, bearer_token_file, scrape_interval, administration, filename, changes)
        return command(asking=asking, **others)

    return collected


def _configured(path: Path, name: str) -> Source:
    try:
        found = Administration.parse(text_of(path)).source_named(name)
    except ConfigurationInvalid as error:
        raise refusal(error, f"--administration {path}", "README.md describes its fields") from error
    if found is None:
        raise click.ClickException(f"{path} has no source `{name}`, which the store names in `spec.metrics.source`")
    return found
