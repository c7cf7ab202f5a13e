"""What happens inside the other process: bounds first, then the work.

Exists apart from the pool so that it says in one place what crosses the border: values only, and a refusal is a value
too, because not every exception survives the journey. Must not read or write anything.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from memdrift.evidence.analyse import analyse
from memdrift.evidence.compared import compared_profiles, first_of
from memdrift.evidence.findings import Comparison, Findings, ProfileKind
from memdrift.evidence.limits import DEFAULT_LIMITS, ProfileInvalid
from memdrift.evidence.profile import validate
from memdrift.report.exhibit import GrownStack
from memdrift.report.flame import pruned

Result = TypeVar("Result")
_POLITENESS = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one piece of work may take.

    Attributes:
        memory_bytes: beyond what the interpreter and its modules have already.
    """

    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The work found that it cannot be done; both words go into `CaptureFailed`."""

    reason: str
    message: str


def analyse_bounded(bounds: Bounds, comparison: Comparison) -> Findings | Refused:
    """The findings."""
    return _within(bounds, lambda: analyse(comparison))


def stacks_bounded(bounds: Bounds, comparison: Comparison) -> tuple[GrownStack, ...] | Refused:
    """The growth of the worst pod's heap, callers first, cut to what a picture can show."""

    def grown() -> tuple[GrownStack, ...]:
        worst = first_of(comparison.current, ProfileKind.HEAP)
        if worst is None:
            return ()
        growth = compared_profiles(comparison, worst, DEFAULT_LIMITS).growth
        return pruned([(stack[::-1], value) for stack, value in growth.bytes_by_stack.items()])

    return _within(bounds, grown)


def validate_bounded(bounds: Bounds, content: bytes, kind: ProfileKind) -> Refused | None:
    """Nothing, or why the content is no profile of that kind."""

    def decoded() -> None:
        validate(content, kind)

    return _within(bounds, decoded)


def _within(bounds: Bounds, work: Callable[[], Result]) -> Result | Refused:
    os.nice(_POLITENESS)
    ceiling = _address_space_bytes() + bounds.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    # The default action of the signal ends the process, even inside a library that never looks up.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, bounds.seconds)
    try:
        return work()
    except ProfileInvalid as error:
        return Refused(str(error.reason), error.message)
    except MemoryError:
        return Refused("TooLarge", f"decoding took more than {bounds.memory_bytes} bytes of memory")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _address_space_bytes() -> int:
    """Address space in use, from the kernel; the limit counts that and not resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
