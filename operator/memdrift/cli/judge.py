"""`judge`: what a person says of an incident's growth, remembered for its leak.

Must not decide what follows: the operator reads the judgement from the incident at its next look.
"""

from __future__ import annotations

import click

from memdrift.adapters.connection import Connection
from memdrift.api.driftincident import DriftIncident, Judgement
from memdrift.cli import cluster
from memdrift.cli.reading import namespaced
from memdrift.remedy import inforce
from memdrift.report.tables import plain

_WORDS = [str(word) for word in Judgement if word]


@click.command()
@click.argument("incident")
@click.argument("judgement", type=click.Choice(_WORDS))
@namespaced
def judge(incident: str, judgement: str, namespace: str) -> None:
    """Say that INCIDENT is a Leak, Expected growth, or Noise; remembered for the same leak."""

    async def answer(connection: Connection) -> str:
        found = await cluster.incident(connection, namespace, incident)
        await cluster.patch_incident(connection, namespace, incident, {"judgement": judgement})
        return (
            f"{incident} judged {judgement} by {await cluster.who(connection)}: {_follows(found, Judgement(judgement))}"
        )

    click.echo(cluster.run(answer))


def _follows(incident: DriftIncident, judgement: Judgement) -> str:
    leak = ", ".join(sorted(inforce.leaks_of(incident)))
    if judgement not in inforce.QUIET:
        return plain(f"an earlier judgement of {leak} no longer counts")
    return plain(f"no capture, ticket or restart for {leak} until it grows beyond what was judged")
