"""The root command and what all commands share.

Commands are imported when they are called: the operator must not pay for tables, nor a table for kopf.
"""

from __future__ import annotations

import click

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
