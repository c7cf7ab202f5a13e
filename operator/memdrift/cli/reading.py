"""`status` and `incidents`: what memdrift sees and what it does about it.

Must not change anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from memdrift.cli import cluster
from memdrift.report import tables

UNFOLDED = 10_000
"""More columns than any row needs."""

namespaced = click.option("-n", "--namespace", default="default", show_default=True, help="Namespace to look in.")
everywhere = click.option("-A", "--all-namespaces", is_flag=True, help="Look in all namespaces.")


def show(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table without lines; folded to the width of a terminal, one line a row for another program."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(soft_wrap=False, width=None if sys.stdout.isatty() else UNFOLDED).print(table)


@click.command()
@click.argument("store", required=False)
@namespaced
@everywhere
def status(store: str | None, namespace: str, all_namespaces: bool) -> None:  # noqa: FBT001 - click passes it
    """Stores with their verdicts and what is done about them."""
    place = None if all_namespaces else namespace
    found = cluster.run(lambda connection: cluster.stores(connection, place, store))
    if not found:
        raise click.ClickException(f"no FeatureStore in {'any namespace' if place is None else place}")
    show(tables.STORE_HEADINGS, [tables.store_row(each) for each in found])


@click.command()
@click.argument("store", required=False)
@namespaced
@everywhere
def incidents(store: str | None, namespace: str, all_namespaces: bool) -> None:  # noqa: FBT001 - click passes it
    """Incidents, oldest first."""
    place, now = (None if all_namespaces else namespace), datetime.now(UTC)
    found = cluster.run(lambda connection: cluster.incidents(connection, place, store))
    show(tables.INCIDENT_HEADINGS, [tables.incident_row(each, now) for each in found])
