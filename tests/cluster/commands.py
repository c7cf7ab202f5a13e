"""Running other programs to their end, with their output in the error when they fail."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.errors import ClusterError

# Root's PATH lacks these in some shells; iptables, runc, conntrack and debootstrap live there.
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
LONGEST_SHOWN_OUTPUT_CHARACTERS = 4000


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our own environment with the system's program folders on PATH, and `extra` on top."""
    merged = dict(os.environ)
    merged["PATH"] = f"{merged.get('PATH', '/usr/bin:/bin')}:{SYSTEM_PATH}"
    return {**merged, **(extra or {})}


def with_direct_addresses(*addresses: str) -> dict[str, str]:
    """What to add to the environment so that these addresses are reached without a proxy."""
    already = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    joined = ",".join([already, *addresses] if already else addresses)
    return {"NO_PROXY": joined, "no_proxy": joined}


def find_program(name: str) -> Path | None:
    """The program's path, or None when it is not installed."""
    for folder in environment()["PATH"].split(":"):
        candidate = Path(folder) / name
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    return None


def run(
    *arguments: str | Path,
    input_text: str | None = None,
    folder: Path | None = None,
    extra_environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> str:
    """Runs to the end and returns stdout; raises `ClusterError` with both streams when it failed."""
    words: Sequence[str] = [str(argument) for argument in arguments]
    try:
        finished = subprocess.run(
            words,
            input=input_text,
            cwd=folder,
            env=environment(extra_environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError as missing:
        raise ClusterError(f"the program {words[0]!r} is not installed: {missing}") from missing
    except subprocess.TimeoutExpired as late:
        raise ClusterError(f"`{' '.join(words)}` did not end within {seconds:g} s") from late
    if finished.returncode != 0:
        told = (finished.stderr + finished.stdout)[-LONGEST_SHOWN_OUTPUT_CHARACTERS:]
        raise ClusterError(f"`{' '.join(words)}` failed with exit code {finished.returncode}:\n{told}")
    return finished.stdout


def succeeds(*arguments: str | Path) -> bool:
    """Whether the program ends well; for asking, where a failure is an answer."""
    try:
        run(*arguments)
    except ClusterError:
        return False
    return True
