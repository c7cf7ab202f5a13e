"""`diff`: two profile files compared, without a cluster.

Exists apart from the command's options so that it starts without the libraries of other commands. Must not import
click, numpy or pydantic: reading two profiles takes less time than importing any of them.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NamedTuple

from memdrift.evidence.breakdown import By
from memdrift.evidence.contrast import Contrast, contrasted
from memdrift.evidence.limits import DEFAULT_LIMITS, ProfileInvalid, ProfileProblem
from memdrift.evidence.parts import Profile
from memdrift.evidence.profile import decode

ROWS = 10

_REMEDIES = {
    ProfileProblem.EMPTY: "fetch it again, for example with curl -o FILE http://HOST:6060/debug/pprof/heap",
    ProfileProblem.NOT_GZIP: "give a file as /debug/pprof/heap serves it, without ?debug=",
    ProfileProblem.TRUNCATED: "fetch it again: it was not copied to its end",
    ProfileProblem.DAMAGED: "fetch or copy it again",
    ProfileProblem.TOO_LARGE: "it is no usual profile; look at it with `go tool pprof` where you trust its source",
    ProfileProblem.NOT_PPROF: "give a pprof file, or the heap text of jemalloc",
    ProfileProblem.NO_SAMPLES: "profile a process that has allocated something, with its profiler on",
    ProfileProblem.WRONG_KIND: "give two profiles of one kind, such as two heap profiles",
}


class Request(NamedTuple):
    """What was asked for.

    Attributes:
        base, now: paths of the two files.
        sample_type: the value to compare; "" for memory in use or goroutines.
        html: path of a page to write; "" for none.
    """

    base: str
    now: str
    rows: int = ROWS
    by: By = By.FUNCTION
    cumulative_first: bool = False
    as_json: bool = False
    html: str = ""
    sample_type: str = ""


class Refused(Exception):
    """The files cannot be compared; the message names the file and the remedy."""


def run(request: Request) -> None:
    """Compare and print.

    Raises:
        Refused: as it says.
    """
    # Nothing here makes cycles, and looking for some would take a third of the time of a large profile.
    gc.disable()
    then, now = _read(request.base), _read(request.now)
    try:
        contrast = contrasted(now, then, request.sample_type)
    except ProfileInvalid as error:
        raise Refused(f"{request.base} and {request.now}: {error.message}") from error
    del then, now
    names = (request.base, request.now)
    if request.html:
        _write_page(contrast, names, request)
    if request.as_json:
        from memdrift.report.contrastjson import document

        print(document(contrast, names, request.rows, cumulative_first=request.cumulative_first))
    elif not request.html:
        from memdrift.report.contrastlines import lines

        sys.stdout.write(
            lines(
                contrast,
                names,
                request.rows,
                request.by,
                cumulative_first=request.cumulative_first,
                colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),
            )
        )


def _read(path: str) -> Profile:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - importing pathlib takes longer than reading the file
            content = file.read(DEFAULT_LIMITS.compressed_bytes + 1)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}; give the path of a profile that you may read") from error
    try:
        return decode(content)
    except ProfileInvalid as error:
        raise Refused(f"{path}: {error.message} ({error.reason}); {_REMEDIES[error.reason]}") from error


def _write_page(contrast: Contrast, names: tuple[str, str], request: Request) -> None:
    from memdrift.report.contrastpage import contrast_page

    page = contrast_page(contrast, names, request.rows, request.by, cumulative_first=request.cumulative_first)
    try:
        with open(request.html, "w", encoding="utf-8") as file:  # noqa: PTH123 - as above
            file.write(page)
    except OSError as error:
        raise Refused(f"{request.html}: {error.strerror or error}; give a path that you may write") from error
    print(f"wrote {request.html}", file=sys.stderr)
