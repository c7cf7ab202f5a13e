"""The command line: `memdrift …`, also installed as the kubectl plugin `kubectl memdrift …`.

Exists so that a person at a terminal gets the same words as the condition, the event and the log. Must not decide
anything, and must not need more rights than the person who runs it.
"""

from memdrift.cli.root import main

__all__ = ["main"]
