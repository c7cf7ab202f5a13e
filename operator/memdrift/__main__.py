"""`python -m memdrift` is the command line; nothing else belongs here."""

from memdrift.cli import main

main()
