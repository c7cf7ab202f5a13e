"""What went wrong, as the one line with which a command ends; exit code 1.

Exists so that no command prints a stack, or the several lines of a library, and so that what a server said cannot move
the terminal's cursor. Must not decide what is wrong.
"""

from __future__ import annotations

from pathlib import Path

import click

from memdrift.api.faults import fault_of
from memdrift.report.tables import plain

UNDERSTOOD = "apply the CRDs of this version of memdrift, or use the command line of the version that runs"
"""The remedy where a resource of the cluster cannot be read."""


def refusal(error: Exception, about: str = "", remedy: str = "") -> click.ClickException:
    """An error to be raised: what it is about, the first fault with its field, and what to do."""
    said = plain(fault_of(error))
    before = f"{plain(about)}: " if about else ""
    return click.ClickException(f"{before}{said}; {remedy}" if remedy else f"{before}{said}")


def told(text: str) -> None:
    """Say on standard error what is left out of an answer that is given all the same."""
    click.echo(plain(" ".join(text.split())), err=True)


def written(path: Path, text: str, option: str) -> None:
    """Write a file that an option names.

    Raises:
        click.ClickException: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(
            f"{option}: {path} cannot be written: {error.strerror}; name a file in a folder of yours"
        ) from error
