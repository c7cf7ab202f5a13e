"""`explain`: why memdrift did, or did not, act; every gate with its figure; and the same from a stored decision.

Must not change anything, and must not show a figure that it did not compute from measurements or read from a resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from memdrift.adapters.connection import Connection
from memdrift.adapters.workloads import KubernetesWorkloads
from memdrift.api.driftincident import DriftIncident
from memdrift.api.faults import fault_of
from memdrift.api.featurestore import FeatureStore
from memdrift.cli import cluster, judging
from memdrift.cli.asking import HOW, Asking, asks_prometheus
from memdrift.cli.faults import refusal, told
from memdrift.cli.given import moment
from memdrift.cli.judging import Judged
from memdrift.cli.reading import namespaced, show
from memdrift.cli.stored import explain_bundle
from memdrift.cli.verdicts import show_judged
from memdrift.errors import MemdriftError, NotAllowed
from memdrift.remedy.target import Target
from memdrift.report import tables


@click.command()
@click.argument("store", required=False)
@click.option("--incident", "name", help="An incident of the store by its name; default: the newest.")
@click.option("--at", "when", metavar="TIME", help="Judge as of then: ISO 8601, or how long ago, such as 2h.")
@click.option(
    "--bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A stored decision: judge it again, without a cluster.",
)
@click.option("--pod", default="", help="Show the gates of this pod; default: the worst one.")
@asks_prometheus
@namespaced
def explain(
    store: str | None, name: str | None, when: str | None, bundle: Path | None, pod: str, namespace: str, asking: Asking
) -> None:
    """Why memdrift did, or did not, act on STORE: conditions, gates, plan, timeline."""
    if bundle is not None:
        raise SystemExit(explain_bundle(bundle, asking.changes, pod))
    if store is None:
        raise click.UsageError("name the STORE, or a stored decision with --bundle FILE")
    at = moment(when, datetime.now(UTC)) if when is not None else None
    if asking.changes and not asking.given:
        raise click.ClickException(f"--set judges anew, so Prometheus must be asked: {HOW}")
    found = asking.store(store, namespace)
    if found is not None:
        return show_judged(_judge(found, judging.nothing_known_of(found), at, asking), pod, at)
    return _explain_in_cluster(store, namespace, name, at, pod, asking)


def _explain_in_cluster(
    store: str, namespace: str, incident: str | None, at: datetime | None, pod: str, asking: Asking
) -> None:
    found, history, target = cluster.run(
        lambda connection: _look(connection, namespace, store, incident, with_target=asking.given)
    )
    chosen = [each for each in history if incident in {None, each.metadata.name}]
    if incident is not None and not chosen:
        raise click.ClickException(
            f"{store} has no incident {incident}: see `memdrift incidents {store} -n {namespace}`"
        )
    newest = chosen[-1] if chosen else None
    if at is None:
        show(("QUESTION", "ANSWER"), tables.explanation(found, newest))
        if newest is not None and newest.status.verdict is not None:
            click.echo()
            show(tables.GATE_HEADINGS, tables.gate_rows(newest))
    if at is not None or asking.given:
        click.echo()
        show_judged(_judge(found, target or judging.nothing_known_of(found), at, asking), pod, at)
    elif newest is None:
        click.echo(f"\nNo incident holds gates, and the store's status has none. To judge it now, {HOW}")


async def _look(
    connection: Connection, namespace: str, store: str, incident: str | None, *, with_target: bool
) -> tuple[FeatureStore, Sequence[DriftIncident], Target | None]:
    found = (await cluster.stores(connection, namespace, store))[0]
    incidents: Sequence[DriftIncident] = ()
    try:
        incidents = await cluster.incidents(connection, namespace, store)
    except NotAllowed as error:
        if incident is not None:
            raise
        told(f"without its incidents, their gates and timelines: {error.message}")
    return found, incidents, await observed(connection, found) if with_target else None


async def observed(connection: Connection, store: FeatureStore) -> Target | None:
    """The workload now; None, said on standard error, where the person may not see it or it is gone."""
    try:
        return await KubernetesWorkloads(connection).observe(store.metadata.namespace, store.spec.target_ref)
    except MemdriftError as error:
        told(f"judged without the workload's pods and limits: {fault_of(error)}")
        return None


def _judge(store: FeatureStore, known: Target, at: datetime | None, asking: Asking) -> Judged:
    varied = asking.varied(store)

    async def measure() -> Judged:
        source = await judging.source_as_scraped(asking, varied, known, at or datetime.now(UTC))
        windows = await judging.windows_at(source, varied, known, at)
        return judging.judged(windows, judging.detection_of(varied.spec))

    try:
        return asyncio.run(measure())
    except MemdriftError as error:
        raise refusal(error) from error
