"""The two kinds of places: a bucket, which keeps metadata and promises durability, and a folder, which does neither.

Exists to hide that difference. Must not decide what to do about an object that exists.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from memdrift.adapters.archive.keys import SIDECAR

_STAGED = ".staged"


class Place(Protocol):
    """Where objects lie."""

    @property
    def store(self) -> Any:  # noqa: ANN401 - obstore's union of stores exists for type checkers only
        """For reading."""

    async def create(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        """Store durably; raises `AlreadyExistsError` where the key is taken."""

    async def complete(self, key: str, metadata: Mapping[str, str]) -> None:
        """Do what an earlier `create` of the same content may have left undone."""

    async def described(self, key: str, attributes: Mapping[str, str]) -> Mapping[str, str]:
        """The object's metadata, given the attributes that came with it; empty where a crash lost them."""


class Bucket:
    """A bucket of an object store."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - as above
        self.store = store

    async def create(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        """One conditional request."""
        attributes = {"Content-Type": "application/octet-stream", **metadata}
        await obstore.put_async(self.store, key, content, attributes=attributes, mode="create", use_multipart=False)

    async def complete(self, key: str, metadata: Mapping[str, str]) -> None:
        """Nothing: content and metadata arrive together."""

    async def described(self, key: str, attributes: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - the port's
        """The attributes themselves."""
        return attributes


class Folder:
    """A folder; it is created, for its owner only, where it is missing.

    An object is staged, flushed to the disk and only then given its name, so that a power failure leaves either the
    whole object or none. Metadata lie beside it.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self.store = LocalStore(prefix=path)

    async def create(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        """Stage, flush, name, flush."""
        staged = f"{_STAGED}/{hashlib.sha256(key.encode()).hexdigest()}"
        await obstore.put_async(self.store, staged, content, mode="overwrite", use_multipart=False)
        await asyncio.to_thread(_flush, self.path / staged)
        try:
            await obstore.rename_async(self.store, staged, key, overwrite=False)
        except AlreadyExistsError:
            await obstore.delete_async(self.store, staged)
            raise
        await asyncio.to_thread(self._flush_folders, key)
        if not key.endswith(SIDECAR):
            await self.complete(key, metadata)

    async def complete(self, key: str, metadata: Mapping[str, str]) -> None:
        """Write the metadata unless they are there."""
        if (self.path / (key + SIDECAR)).exists():
            return
        content = json.dumps(dict(metadata), indent=2, sort_keys=True).encode()
        with suppress(AlreadyExistsError):
            await self.create(key + SIDECAR, content, {})

    async def described(self, key: str, attributes: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - a folder has none
        """What lies beside the object."""
        try:
            content = await asyncio.to_thread((self.path / (key + SIDECAR)).read_bytes)
            return {str(name): str(value) for name, value in json.loads(content).items()}
        except (OSError, ValueError):
            return {}

    def _flush_folders(self, key: str) -> None:
        """A new name is durable once its folder is, and a new folder once its parent is."""
        folder = (self.path / key).parent
        while folder != self.path.parent:
            _flush(folder)
            folder = folder.parent


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
