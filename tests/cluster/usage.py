"""Who uses the cluster: test sessions hold it together, and the last one to leave stops what a session started.

A cluster started by a person stays until a person stops it. Holds are file locks, so a session that is killed lets go.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.errors import ClusterError

STARTED_BY_SESSION = "session"
STARTED_BY_PERSON = "person"


@contextmanager
def held(users: Path, ready_mark: Path, stop: Callable[[], None]) -> Iterator[None]:
    """Holds the cluster while the block runs; stops it afterwards if a session started it and nobody else holds it."""
    users.parent.mkdir(parents=True, exist_ok=True)
    with users.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if _is_last(file.fileno()) and ready_mark.exists() and ready_mark.read_text() == STARTED_BY_SESSION:
                stop()


@contextmanager
def kept_from_others(users: Path) -> Iterator[None]:
    """Nobody else can hold the cluster while the block runs; raises `ClusterError` when somebody does already."""
    users.parent.mkdir(parents=True, exist_ok=True)
    with users.open("w") as file:
        if not _is_last(file.fileno()):
            raise ClusterError("another test session uses the local cluster: wait for its end")
        yield


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
