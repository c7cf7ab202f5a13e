"""`python -m memdrift` and the installed `memdrift` are the command line; nothing else belongs here."""

from __future__ import annotations

import sys


def main() -> None:
    """Run what the command line says."""
    from memdrift.cli import quick

    if quick.ran(sys.argv[1:]):
        quick.leave()
    from memdrift.cli.root import main as command_line

    command_line()


if __name__ == "__main__":
    main()
