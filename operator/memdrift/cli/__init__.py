"""The command line: `memdrift …`, also installed as the kubectl plugin `kubectl memdrift …`.

Exists so that a person at a terminal gets the same words as the condition, the event and the log. Must not decide
anything, and must not need more rights than the person who runs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

__all__ = ["main"]


def __getattr__(name: str) -> click.Command:
    """`main`, imported when it is asked for: `diff` does not wait for click."""
    if name == "main":
        from memdrift.cli.root import main

        return main
    raise AttributeError(name)
