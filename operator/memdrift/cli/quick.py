"""The way into `diff` that does not wait for click: half of the time that comparing two small profiles takes.

Must understand a command line wholly or not at all: whatever is unusual, wrong, or asks for help goes to click.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from memdrift.cli.contrasting import Request

_MOST_DIGITS = 5


def ran(arguments: Sequence[str]) -> bool:
    """Whether the command line was a usual `diff`, which then has been done; exits with 1 where files are refused."""
    request = request_of(arguments)
    if request is None:
        return False

    from memdrift.cli import contrasting

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no arrows still shows the figures
    try:
        contrasting.run(request)
    except contrasting.Refused as refused:
        print(f"Error: {refused}", file=sys.stderr)
        sys.exit(1)
    return True


def request_of(arguments: Sequence[str]) -> Request | None:
    """What a usual `diff` asks for; None where it is none."""
    if not arguments or arguments[0] != "diff":
        return None
    flags = {"--json": False, "--cum": False, "--flat": False}
    paths: list[str] = []
    rows = 0
    rest = iter(arguments[1:])
    for word in rest:
        if word in flags:
            flags[word] = True
        elif word in ("-n", "--rows"):
            count = next(rest, "")
            rows = int(count) if count.isdecimal() and count.isascii() and len(count) <= _MOST_DIGITS else 0
            if not rows:
                return None
        elif word.startswith("-"):
            return None
        else:
            paths.append(word)
    if len(paths) != 2 or (flags["--cum"] and flags["--flat"]):
        return None
    gc.disable()  # from here on nothing makes cycles: not importing, and not comparing

    from memdrift.cli import contrasting

    return contrasting.Request(
        paths[0],
        paths[1],
        rows=rows or contrasting.ROWS,
        cumulative_first=flags["--cum"],
        as_json=flags["--json"],
    )


def leave() -> NoReturn:
    """End the process without taking apart what the kernel frees at once: after a large profile that takes a while."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        os._exit(1)
    os._exit(0)
