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
from datetime import timedelta
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

    async def remove(self, key: str) -> None:
        """Delete the object; one that is gone is a success."""

    async def signed(self, key: str) -> str:
        """A link to the object that works without credentials for a while; "" where there is none."""


class Bucket:
    """A bucket of an object store."""

    def __init__(self, store: Any, link_lifetime: timedelta = timedelta()) -> None:  # noqa: ANN401 - as above
        self.store = store
        self._link_lifetime = link_lifetime

    async def create(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        """One conditional request."""
        attributes = {"Content-Type": "application/octet-stream", **metadata}
        await obstore.put_async(self.store, key, content, attributes=attributes, mode="create", use_multipart=False)

    async def complete(self, key: str, metadata: Mapping[str, str]) -> None:
        """Nothing: content and metadata arrive together."""

    async def described(self, key: str, attributes: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - the port's
        """The attributes themselves."""
        return attributes

    async def remove(self, key: str) -> None:
        """One request."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self.store, key)

    async def signed(self, key: str) -> str:
        """Signed with the credentials of the process: it ends with them, where they end earlier."""
        if not self._link_lifetime:
            return ""
        return str(await obstore.sign_async(self.store, "GET", key, self._link_lifetime))


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

    async def remove(self, key: str) -> None:
        """First the metadata: a later object under the key must not be given those of this one."""
        for path in (self.path / (key + SIDECAR), self.path / key):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def signed(self, key: str) -> str:  # noqa: ARG002 - the port's
        """A folder cannot sign."""
        return ""

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
