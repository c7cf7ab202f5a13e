"""Real profiles of the demo's store, recorded once: what they are is told in the README beside them."""

from __future__ import annotations

from pathlib import Path

_FOLDERS = (Path(__file__).parent / "profiles", Path(__file__).parent.parent / "market_store" / "profiles")


def recorded(name: str) -> bytes:
    """Content of one recorded profile, for example `leak_late.heap`."""
    return path_of(name).read_bytes()


def path_of(name: str) -> Path:
    return next(path for folder in _FOLDERS if (path := folder / f"{name}.pb.gz").exists())
