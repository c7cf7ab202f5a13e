"""Processes that outlive the command that started them: started with a log, ended by a safe identity.

A process id alone may be somebody else's by now, so each record holds the start time in kernel ticks and the boot id.
This module must never end a process by its name.
"""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster import commands, waiting
from tests.cluster.errors import ClusterError

GRACE_SECONDS = 5.0
LOG_LINES_SHOWN = 25


@dataclass(frozen=True)
class Record:
    """Which process exactly: a process id together with what makes it unique."""

    name: str
    pid: int
    start_ticks: int
    boot: str


def boot_id() -> str:
    """Changes with every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_ticks(pid: int) -> int | None:
    """When the process started, in ticks since boot; None when it does not run (a zombie does not)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold spaces and parentheses; what follows the last one does not.
    fields = text.rpartition(")")[2].split()
    state, ticks = fields[0], int(fields[19])
    return None if state in "ZX" else ticks


def is_alive(record: Record) -> bool:
    """Whether exactly this process still runs."""
    _reap(record.pid)
    return record.boot == boot_id() and start_ticks(record.pid) == record.start_ticks


def end(record: Record, *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Asks the process to end, then makes it; returns once it is gone."""
    if grace_seconds > 0 and is_alive(record):
        _signal(record, signal.SIGTERM)
        with suppress(waiting.NotInTime):
            waiting.until(lambda: not is_alive(record), f"end of {record.name}", seconds=grace_seconds)
    if is_alive(record):
        _signal(record, signal.SIGKILL)
        waiting.until(lambda: not is_alive(record), f"end of {record.name} (pid {record.pid})", seconds=20)


def record_of(pid: int, name: str) -> Record | None:
    """The identity of a running process, or None when it has ended."""
    ticks = start_ticks(pid)
    return None if ticks is None else Record(name, pid, ticks, boot_id())


def command_line(pid: int) -> list[str]:
    """The words a process was started with; empty when it has ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [word.decode(errors="replace") for word in raw.split(b"\0") if word]


def running_with(program_names: Sequence[str], mention: str) -> list[Record]:
    """Running processes of these programs whose arguments mention a text: how a lost record is found again."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        words = command_line(int(entry.name))
        if words and Path(words[0]).name in program_names and any(mention in word for word in words[1:]):
            record = record_of(int(entry.name), Path(words[0]).name)
            found.extend([record] if record else [])
    return found


class Processes:
    """The processes of one cluster, recorded in a folder."""

    def __init__(self, records: Path, logs: Path) -> None:
        self._records = records
        self._logs = logs

    def start(self, name: str, arguments: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Record:
        """Starts a process in its own session with its output in a log file."""
        self._records.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            started = subprocess.Popen(  # it must outlive us, so nobody waits for it here
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Nothing that the cluster starts has business with a proxy.
                env=commands.environment({**commands.with_direct_addresses("*"), **(environment or {})}),
                start_new_session=True,
                cwd="/",
            )
        # Its end is waited for by process id, from whichever command ends it.
        started.returncode = 0
        record = record_of(started.pid, name)
        if record is None:
            raise ClusterError(f"{name} ended at once:\n{self.log_tail(name)}")
        (self._records / f"{name}.json").write_text(json.dumps(asdict(record)))
        return record

    def recorded(self) -> list[Record]:
        """Everything ever started for this cluster, running or not."""
        if not self._records.is_dir():
            return []
        return [Record(**json.loads(path.read_text())) for path in sorted(self._records.glob("*.json"))]

    def alive(self) -> dict[str, Record]:
        """What of it still runs, by name."""
        return {record.name: record for record in self.recorded() if is_alive(record)}

    def log(self, name: str) -> Path:
        """Where a process writes to."""
        return self._logs / f"{name}.log"

    def log_tail(self, name: str) -> str:
        """The end of a process's log, for error messages."""
        path = self.log(name)
        lines = path.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:] if path.exists() else []
        return "\n".join([f"(log: {path})", *lines])

    def require_alive(self, record: Record) -> None:
        """Raises with the end of its log when the process has ended by itself."""
        if not is_alive(record):
            raise ClusterError(f"{record.name} ended by itself:\n{self.log_tail(record.name)}")


def _signal(record: Record, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(record.pid, number)


def _reap(pid: int) -> None:
    # Ours to wait for only when this very command started it.
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
