"""The root command; what runs for long is imported when it is called, so that a table does not pay for kopf.

Must not contain behaviour.
"""

from __future__ import annotations

import click

from memdrift.cli.answering import approve, deny
from memdrift.cli.reading import explain, incidents, status
from memdrift.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="memdrift")
def main() -> None:
    """Notices memory drift in feature stores, proves it, and buys time with guarded restarts."""


@main.command()
def operator() -> None:
    """Run the operator (in the cluster; settings come from the environment)."""
    from memdrift.cli.operator import run

    raise SystemExit(run())


for command in (status, incidents, explain, approve, deny):
    main.add_command(command)
