"""The root command; each command's module is imported when it is called.

Exists so that the operator does not pay for tables nor a table for kopf, and so that the analyser's processes, which
import the main module again, start fast. Must not contain behaviour.
"""

from __future__ import annotations

from importlib import import_module

import click

from memdrift.version import VERSION

COMMANDS = {
    "operator": "memdrift.cli.operator",
    "status": "memdrift.cli.reading",
    "incidents": "memdrift.cli.reading",
    "explain": "memdrift.cli.explain",
    "profile": "memdrift.cli.profile",
    "backtest": "memdrift.cli.backtest",
    "diff": "memdrift.cli.diff",
    "report": "memdrift.cli.report",
    "approve": "memdrift.cli.answering",
    "deny": "memdrift.cli.answering",
    "judge": "memdrift.cli.judge",
}


class LazyGroup(click.Group):
    """A group that finds its commands by name; see the complex-applications chapter of click's documentation."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of a person's needs."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now."""
        module = COMMANDS.get(cmd_name)
        found = getattr(import_module(module), cmd_name) if module else None
        return found if isinstance(found, click.Command) else None


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="memdrift")
def main() -> None:
    """Notices memory drift in feature stores, proves it, and buys time with guarded restarts."""
