"""Mounts below a folder: seen and removed, so that deleting the folder deletes nothing that is only mounted there."""

from pathlib import Path

from tests.cluster import commands
from tests.cluster.errors import ClusterError


def mounts_below(folder: Path) -> list[str]:
    """Mount points strictly below a folder, the oldest first."""
    start = f"{folder.resolve()}/"
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    # The kernel writes spaces and the like as octal escapes.
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    return [point for point in points if point.startswith(start)]


def unmount_below(folder: Path) -> None:
    """Removes every mount below a folder; raises `ClusterError` when one stays."""
    # The newest first: what is mounted on top of something must go before it.
    for point in reversed(mounts_below(folder)):
        commands.succeeds("umount", "--lazy", point)
    left = mounts_below(folder)
    if left:
        raise ClusterError(f"these mounts cannot be removed: {', '.join(left)}; unmount them as root, then try again")
