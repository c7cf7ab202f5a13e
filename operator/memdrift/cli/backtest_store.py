"""`backtest STORE`: the store's own past replayed, and what it says about leaving `Observe`.

Must not act on anything, and must not show a rate without its exposure and bound.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import click

from memdrift.api.featurestore import FeatureStore
from memdrift.cli import cluster, judging, pasttexts
from memdrift.cli.asking import Asking
from memdrift.cli.explain import observed
from memdrift.cli.faults import refusal, written
from memdrift.cli.reading import show
from memdrift.cli.replaying import Replayed, replay
from memdrift.cli.verdicts import chart_columns
from memdrift.errors import MemdriftError
from memdrift.remedy.target import Target
from memdrift.report.chart import chart


def backtest_store(
    name: str, namespace: str, days: float, until: datetime, asking: Asking, *, as_json: bool, html: Path | None
) -> None:
    """Replay and show.

    Raises:
        click.ClickException: the store, its workload or its past could not be read.
    """
    store, known = _found(name, namespace, asking)
    store = asking.varied(store)
    began, started = until - timedelta(days=days), monotonic()

    async def ask() -> Replayed:
        source = await judging.source_as_scraped(asking, store, known, until)
        return await replay(source, store, known, began, until)

    try:
        replayed = asyncio.run(ask())
    except MemdriftError as error:
        raise refusal(error) from error
    seconds = monotonic() - started
    if html is not None:
        written(html, pasttexts.html(replayed, seconds), "--html")
    if as_json:
        click.echo(json.dumps(pasttexts.document(replayed, seconds), indent=1))
        return
    _print(replayed, seconds)
    if html is not None:
        click.echo(f"\nWritten with pictures: {html}")


def _found(name: str, namespace: str, asking: Asking) -> tuple[FeatureStore, Target]:
    store = asking.store(name, namespace)
    if store is not None:
        return store, judging.nothing_known_of(store)

    async def look(connection: Any) -> tuple[FeatureStore, Target | None]:  # noqa: ANN401 - imported only where a cluster is asked
        found = (await cluster.stores(connection, namespace, name))[0]
        return found, await observed(connection, found)

    found, target = cluster.run(look)
    return found, target or judging.nothing_known_of(found)


def _print(replayed: Replayed, seconds: float) -> None:
    show(("PAST", ""), pasttexts.facts(replayed, seconds))
    if replayed.told:
        click.echo()
        show(pasttexts.HEADINGS, [pasttexts.row(each) for each in replayed.told])
    for number, told in enumerate(replayed.told, 1):
        click.echo(f"\n{number}. {pasttexts.sentence(told)}")
        if told.picture is not None:
            for line in chart(told.picture, chart_columns(), rows=3):
                click.echo(f"   {line}")
        click.echo(
            f"   memdrift explain {replayed.store.metadata.name} --at {pasttexts.iso(told.finding.confirmed_at)}"
        )
    click.echo(f"\n{replayed.trust.advice}")
