"""`approve` and `deny`: a person's answer to exactly the plan that was shown.

Must not approve what the person did not name: the plan's hash is asked for, and compared with the plan of now.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from memdrift.adapters.connection import Connection
from memdrift.cli import cluster
from memdrift.cli.reading import namespaced

_SPAN = re.compile(r"([1-9][0-9]*)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=7)


def _duration(_context: click.Context, _parameter: click.Parameter, text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < span <= LONGEST:
        raise click.BadParameter("give minutes, hours or days up to a week, such as 30m, 2h or 1d")
    return span


@click.command()
@click.argument("incident")
@click.option("--plan", required=True, help="The hash of the plan, as `explain` shows it.")
@click.option("--for", "span", default="1h", show_default=True, callback=_duration, help="How long the answer holds.")
@namespaced
def approve(incident: str, plan: str, span: timedelta, namespace: str) -> None:
    """Allow exactly one plan of INCIDENT to be carried out."""

    async def answer(connection: Connection) -> str:
        shown = await _plan(connection, namespace, incident)
        if shown != plan:
            raise click.ClickException(f"the plan now is {shown}, not {plan}: look at it with `memdrift explain` first")
        until = (datetime.now(UTC) + span).isoformat(timespec="seconds").replace("+00:00", "Z")
        by = await cluster.who(connection)
        approval = {"plan": plan, "decision": "Approved", "by": by, "expiresAt": until}
        await cluster.patch_incident(connection, namespace, incident, {"approval": approval})
        return f"{incident}: plan {plan} approved by {by} until {until}"

    click.echo(cluster.run(answer))


@click.command()
@click.argument("incident")
@namespaced
def deny(incident: str, namespace: str) -> None:
    """Refuse the plan of INCIDENT that is shown now; the incident is closed as Denied."""

    async def answer(connection: Connection) -> str:
        shown = await _plan(connection, namespace, incident)
        by = await cluster.who(connection)
        approval = {"plan": shown, "decision": "Denied", "by": by, "expiresAt": None}
        await cluster.patch_incident(connection, namespace, incident, {"approval": approval})
        return f"{incident}: plan {shown} denied by {by}"

    click.echo(cluster.run(answer))


async def _plan(connection: Connection, namespace: str, name: str) -> str:
    found = await cluster.incident(connection, namespace, name)
    if found.status.outcome is not None:
        raise click.ClickException(f"{name} is closed as {found.status.outcome}")
    if found.status.plan is None:
        raise click.ClickException(f"{name} shows no plan (stage {found.status.stage}): nothing waits for an answer")
    return found.status.plan.hash
