"""Puts and reads whole objects, and says what a key that is taken means.

Exists so that storing twice is storing once: the same content under the same key is a success, other content is an
error that nobody can overlook. Must not decide what is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from memdrift.adapters.archive.keys import SIDECAR, accepted_key, accepted_metadata, accepted_prefix
from memdrift.adapters.archive.places import Place
from memdrift.errors import ArchiveUnavailable
from memdrift.ports import Listed, Stored

READ_BYTES_AT_MOST = 128 * 1024 * 1024
LISTED_AT_MOST = 100_000
_ALL_ERRORS = (BaseError, OSError, ValueError, NotImplementedError)
_MESSAGE_CHARACTERS = 300


class ObjectArchive:
    """Implements the port `Archive`."""

    def __init__(self, place: Place, base_uri: str, *, timeout_seconds: float) -> None:
        self._place = place
        self._base_uri = base_uri
        self._timeout_seconds = timeout_seconds

    async def put(self, key: str, content: bytes, metadata: Mapping[str, str]) -> Stored:
        """Store the content with its digest in the metadata; see the port.

        Raises:
            ArchiveUnavailable: `ArchiveConflict` where other content has the key, `KeyInvalid`, or not confirmed.
        """
        accepted_key(key)
        sha256 = hashlib.sha256(content).hexdigest()
        described = {**accepted_metadata(metadata), "sha256": sha256, "bytes": str(len(content))}
        existed = False
        async with self._translated(f"storing {key}", attempts=2):
            try:
                await self._place.create(key, content, described)
            except AlreadyExistsError:
                existed = True
                if await self._content(key) != content:
                    raise ArchiveUnavailable(
                        "ArchiveConflict",
                        f"{self._uri(key)} holds other content than what is to be stored: look at it and move it away",
                    ) from None
                await self._place.complete(key, described)
            except FileNotFoundError as error:
                raise ArchiveUnavailable("ArchiveUnavailable", f"{self._base_uri} is not there: create it") from error
        return Stored(key=key, uri=self._uri(key), sha256=sha256, bytes=len(content), existed=existed)

    async def find(self, key: str) -> tuple[Stored, Mapping[str, str]] | None:
        """What is stored under the key; the metadata always have `stored-at`, the store's own time of the object."""
        accepted_key(key)
        async with self._translated(f"looking for {key}", attempts=2):
            try:
                found = await obstore.get_async(self._place.store, key)
            except FileNotFoundError:
                return None
            content = await self._bounded(found, key)
            known = await self._place.described(key, {name: str(value) for name, value in found.attributes.items()})
        sha256 = hashlib.sha256(content).hexdigest()
        stored = Stored(key=key, uri=self._uri(key), sha256=sha256, bytes=len(content), existed=True)
        return stored, {**known, "stored-at": found.meta["last_modified"].isoformat()}

    async def read(self, key_or_uri: str) -> bytes:
        """The content of a key, or of a URI that `put` returned."""
        key = self._key(key_or_uri)
        async with self._translated(f"reading {key}"):
            return await self._content(key)

    async def folders(self, prefix: str) -> tuple[str, ...]:
        """Names of the folders directly below a folder, sorted; none where it does not exist."""
        accepted_prefix(prefix)
        async with self._translated(f"listing {prefix}"):
            found = await obstore.list_with_delimiter_async(self._place.store, prefix)
        return tuple(sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found["common_prefixes"]))

    async def listed(self, prefix: str) -> tuple[Listed, ...]:
        """Every object below a folder, by key."""
        accepted_prefix(prefix)
        rows: list[Listed] = []
        async with self._translated(f"listing {prefix}"):
            async for chunk in obstore.list(self._place.store, prefix, chunk_size=1000):
                rows += [Listed(each["path"], each["size"], each["last_modified"].timestamp()) for each in chunk]
                if len(rows) > LISTED_AT_MOST:
                    raise ArchiveUnavailable("TooManyObjects", f"{self._uri(prefix)} has over {LISTED_AT_MOST} objects")
        return tuple(sorted((row for row in rows if not row.key.endswith(SIDECAR)), key=lambda row: row.key))

    async def discard(self, key: str) -> None:
        """Delete one object; one that is gone is a success."""
        accepted_key(key)
        async with self._translated(f"deleting {key}"):
            await self._place.remove(key)

    async def link(self, key_or_uri: str) -> str:
        """A link that works without credentials for as long as the administrator allows; "" where there is none."""
        key = self._key(key_or_uri)
        async with self._translated(f"signing {key}"):
            return await self._place.signed(key)

    def _key(self, key_or_uri: str) -> str:
        key = key_or_uri.removeprefix(self._base_uri + "/")
        if "://" in key:
            raise ArchiveUnavailable(
                "ObjectNotFound",
                f"{key_or_uri} is not in the archive {self._base_uri}: configure the one that holds it",
            )
        return accepted_key(key)

    async def _content(self, key: str) -> bytes:
        return await self._bounded(await obstore.get_async(self._place.store, key), key)

    async def _bounded(self, found: obstore.GetResult, key: str) -> bytes:
        if found.meta["size"] > READ_BYTES_AT_MOST:
            raise ArchiveUnavailable("ObjectTooLarge", f"{self._uri(key)} is over {READ_BYTES_AT_MOST} bytes")
        return bytes(await found.bytes_async())

    def _uri(self, key: str) -> str:
        return f"{self._base_uri}/{key}"

    @asynccontextmanager
    async def _translated(self, attempt: str, attempts: int = 1) -> AsyncIterator[None]:
        """Bounds the time of everything inside and puts obstore's errors into our own words."""
        seconds = self._timeout_seconds * attempts
        try:
            async with asyncio.timeout(seconds):
                yield
        except FileNotFoundError as error:
            raise ArchiveUnavailable("ObjectNotFound", f"{attempt}: nothing is there in {self._base_uri}") from error
        except TimeoutError as error:
            raise ArchiveUnavailable("ArchiveTimedOut", f"{attempt}: no answer within {seconds:g} seconds") from error
        except NotImplementedError as error:
            raise ArchiveUnavailable(
                "ArchiveUnsuitable",
                f"{attempt}: the store has no conditional writes ({brief(error)}): use one that has",
            ) from error
        except _ALL_ERRORS as error:
            raise ArchiveUnavailable("ArchiveUnavailable", f"{attempt}: {brief(error)}") from error


def brief(error: Exception) -> str:
    """The first line: obstore appends pages of debug output, and signed URLs could be in it."""
    return (str(error).splitlines() or [type(error).__name__])[0][:_MESSAGE_CHARACTERS]
