"""`report`: one incident as an HTML file, Markdown, a speedscope file or text.

Must not change anything. What lies in the archive is read with the rights of the person who runs the command; what they
cannot read is left out, and the report says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
from pydantic import ValidationError

from memdrift.adapters.archive import open_archive
from memdrift.adapters.connection import Connection
from memdrift.api.driftincident import DriftIncident
from memdrift.api.faults import fault_of
from memdrift.cli import cluster
from memdrift.cli.faults import refusal, told, written
from memdrift.cli.given import content_of
from memdrift.cli.reading import namespaced
from memdrift.errors import MemdriftError, NotAllowed, TargetNotFound
from memdrift.report import exhibit as exhibits
from memdrift.report.chapters import stacks_of
from memdrift.report.exhibit import Exhibit
from memdrift.report.incident import incident_page
from memdrift.report.speedscope import speedscope
from memdrift.report.terminal import terminal_lines
from memdrift.report.ticket import ticket_markdown
from memdrift.report.view import IncidentView

_FOLDER = "/incidents/"
"""Under which an archive keeps what belongs to incidents: before it stands the archive's own address."""


def _speedscope(view: IncidentView) -> str:
    stacks, _ = stacks_of(view)
    if not any(growth > 0 for _, growth in stacks):
        raise click.ClickException("no growing stacks are known of this incident, so there is no profile to write")
    return speedscope(view.incident.metadata.name, stacks).decode()


FORMATS: dict[str, Callable[[IncidentView], str]] = {
    "html": incident_page,
    "markdown": ticket_markdown,
    "speedscope": _speedscope,
    "text": lambda view: "\n".join(terminal_lines(view)) + "\n",
}
_BY_SUFFIX = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "speedscope", ".txt": "text"}


@click.command()
@click.argument("incident")
@namespaced
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE, not the terminal."
)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Default: by the name of FILE, else text.")
@click.option(
    "--exhibit", "shown", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A stored exhibit to show."
)
@click.option(
    "--archive-option", "options", multiple=True, metavar="NAME=VALUE", help="Such as endpoint or region. Repeatable."
)
def report(
    incident: str, namespace: str, output: Path | None, form: str | None, shown: Path | None, options: tuple[str, ...]
) -> None:
    """One INCIDENT for people: a name in the cluster, or the file of a stored incident document."""
    chosen = form or (_BY_SUFFIX.get(output.suffix.lower()) if output else "text")
    if chosen is None:
        raise click.UsageError(f"--format: the name {output} does not say which: one of {', '.join(FORMATS)}")
    stored = Path(incident)
    if "/" in incident and not stored.is_file():
        raise click.ClickException(f"{incident}: there is no such file; name a document of the archive, or an incident")
    if "/" in incident or (stored.suffix == ".json" and stored.is_file()):
        view = IncidentView(_document(stored))
    else:
        view = cluster.run(lambda connection: _look(connection, namespace, incident))
    kept = _read(shown) if shown is not None else asyncio.run(_archived(view.incident, _named(options)))
    text = FORMATS[chosen](replace(view, exhibit=kept, written_at=datetime.now(UTC)))
    if output is None:
        click.echo(text, nl=False)
        return
    written(output, text, "--output")
    click.echo(f"{output}: {len(text.encode()):,} bytes", err=True)


async def _look(connection: Connection, namespace: str, name: str) -> IncidentView:
    """The incident, with its store where this person may read that too."""
    found = await cluster.incident(connection, namespace, name)
    wanted = found.spec.store_ref
    try:
        (store,) = await cluster.stores(connection, namespace, wanted.name)
    except TargetNotFound:
        why = f"FeatureStore {namespace}/{wanted.name} is gone"
    except NotAllowed as error:
        why = f"{error.message}; you need `get` on featurestores.memdrift.io in namespace {namespace}"
    except click.ClickException as error:
        why = error.message
    else:
        if store.metadata.uid == wanted.uid:
            return IncidentView(found, store)
        why = f"FeatureStore {namespace}/{wanted.name} is another one than then"
    told(f"without the store's ledger, objective and baselines: {why}")
    return IncidentView(found)


def _document(path: Path) -> DriftIncident:
    try:
        return DriftIncident.model_validate_json(content_of(path))
    except ValidationError as error:
        hint = "give the `document` of an incident as the archive has it"
        raise refusal(error, f"{path} is no stored incident document", hint) from error


def _read(path: Path) -> Exhibit:
    try:
        return exhibits.decode(content_of(path))
    except ValueError as error:
        hint = "give the `exhibit` of an incident as the archive has it"
        raise refusal(error, f"--exhibit: {path}", hint) from error


def _named(options: tuple[str, ...]) -> dict[str, str]:
    pairs = [option.partition("=") for option in options]
    if wrong := [name for name, equals, _ in pairs if not equals or not name]:
        raise click.UsageError(f"--archive-option {wrong[0]}: write it as NAME=VALUE")
    return {name: value for name, _, value in pairs}


async def _archived(incident: DriftIncident, options: dict[str, str]) -> Exhibit:
    """What the operator kept for the report, where this person may read it."""
    stored = incident.status.exhibit
    if stored is None:
        return Exhibit()
    base, folder, _ = stored.uri.rpartition(_FOLDER)
    elsewhere = False
    try:
        parts = urlsplit(base)
        # Opening an archive creates its folder, and this machine need not be the one that has it.
        elsewhere = not folder or (parts.scheme == "file" and not Path(unquote(parts.path)).is_dir())  # noqa: ASYNC240
        content = None if elsewhere else await open_archive(base, options).read(stored.uri)
        return exhibits.decode(content or b"null")
    except (MemdriftError, ValueError) as error:
        why = "it is not on this machine" if elsewhere else fault_of(error)
        told(f"without measurements: {stored.uri} cannot be read: {why}")
        return Exhibit()
