"""Puts and reads whole objects, and says what a key that is taken means.

Exists so that storing twice is storing once: the same content under the same key is a success, other content is an
error that nobody can overlook. Whatever is stored, found, listed or deleted by key lies in this installation's own
folder: those of others cannot be named. Only reading follows a URI elsewhere. Must not decide what is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError

from memdrift.adapters.archive.keys import SIDECAR, accepted_key, accepted_metadata, accepted_prefix, folder_of
from memdrift.adapters.archive.places import Place
from memdrift.errors import ArchiveUnavailable, MemdriftError
from memdrift.ports import Listed, Stored

READ_BYTES_AT_MOST = 128 * 1024 * 1024
LISTED_AT_MOST = 100_000
_ALL_ERRORS = (BaseError, OSError, ValueError, NotImplementedError)
_MESSAGE_CHARACTERS = 300
_ADDRESS = re.compile(r"(https?://[^/\s]+)/\S*")

Owner = Callable[[], Awaitable[str]]
"""Which installation writes here; raises a `MemdriftError` where that is not known."""


class ObjectArchive:
    """Implements the port `Archive`; without an owner keys lie directly below the base URI."""

    def __init__(self, place: Place, base_uri: str, *, timeout_seconds: float, owner: Owner | None = None) -> None:
        self._place = place
        self._base_uri = base_uri
        self._timeout_seconds = timeout_seconds
        self._owner = owner

    async def put(self, key: str, content: bytes, metadata: Mapping[str, str]) -> Stored:
        """Store the content with its digest in the metadata; see the port.

        Raises:
            ArchiveUnavailable: `ArchiveConflict` where other content has the key, `KeyInvalid`, or not confirmed.
        """
        own = await self._own(accepted_key(key))
        sha256 = hashlib.sha256(content).hexdigest()
        described = {**accepted_metadata(metadata), "sha256": sha256, "bytes": str(len(content))}
        existed = False
        async with self._translated(f"storing {key}", attempts=2):
            try:
                await self._place.create(own, content, described)
            except AlreadyExistsError:
                existed = True
                if await self._content(own) != content:
                    raise ArchiveUnavailable(
                        "ArchiveConflict",
                        f"{self._uri(own)} holds other content than what is to be stored: look at it and move it away",
                    ) from None
                await self._place.complete(own, described)
            except FileNotFoundError as error:
                raise ArchiveUnavailable("ArchiveUnavailable", f"{self._base_uri} is not there: create it") from error
        return Stored(key=key, uri=self._uri(own), sha256=sha256, bytes=len(content), existed=existed)

    async def find(self, key: str) -> tuple[Stored, Mapping[str, str]] | None:
        """What is stored under the key; the metadata always have `stored-at`, the store's own time of the object."""
        own = await self._own(accepted_key(key))
        async with self._translated(f"looking for {key}", attempts=2):
            try:
                found = await obstore.get_async(self._place.store, own)
            except FileNotFoundError:
                return None
            content = await self._bounded(found, own)
            known = await self._place.described(own, {name: str(value) for name, value in found.attributes.items()})
        sha256 = hashlib.sha256(content).hexdigest()
        stored = Stored(key=key, uri=self._uri(own), sha256=sha256, bytes=len(content), existed=True)
        return stored, {**known, "stored-at": found.meta["last_modified"].isoformat()}

    async def read(self, key_or_uri: str) -> bytes:
        """The content of a key, or of any URI in this archive, such as one of an earlier layout of keys."""
        place = await self._located(key_or_uri)
        async with self._translated(f"reading {place}"):
            return await self._content(place)

    async def folders(self, prefix: str) -> tuple[str, ...]:
        """Names of the folders directly below a folder, sorted; none where it does not exist."""
        own = await self._own(accepted_prefix(prefix))
        async with self._translated(f"listing {prefix}"):
            found = await obstore.list_with_delimiter_async(self._place.store, own)
        return tuple(sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found["common_prefixes"]))

    async def listed(self, prefix: str) -> tuple[Listed, ...]:
        """Every object below a folder, by key."""
        own = await self._own(accepted_prefix(prefix))
        above = len(own) - len(prefix)
        rows: list[Listed] = []
        async with self._translated(f"listing {prefix}"):
            async for chunk in obstore.list(self._place.store, own, chunk_size=1000):
                rows += [
                    Listed(each["path"][above:], each["size"], each["last_modified"].timestamp()) for each in chunk
                ]
                if len(rows) > LISTED_AT_MOST:
                    raise ArchiveUnavailable("TooManyObjects", f"{self._uri(own)} has over {LISTED_AT_MOST} objects")
        return tuple(sorted((row for row in rows if not row.key.endswith(SIDECAR)), key=lambda row: row.key))

    async def discard(self, key: str) -> None:
        """Delete one object; one that is gone is a success."""
        own = await self._own(accepted_key(key))
        async with self._translated(f"deleting {key}"):
            await self._place.remove(own)

    async def link(self, key_or_uri: str) -> str:
        """A link that works without credentials for as long as the administrator allows; "" where there is none."""
        place = await self._located(key_or_uri)
        async with self._translated(f"signing {place}"):
            return await self._place.signed(place)

    async def _own(self, key: str) -> str:
        """Where the key, or the folder, of this installation lies."""
        if self._owner is None:
            return key
        try:
            return folder_of(await self._owner()) + key
        except ArchiveUnavailable:
            raise
        except MemdriftError as error:
            raise ArchiveUnavailable(
                "InstallationUnknown",
                f"which folder of {self._base_uri} is ours is not known ({error.reason}: {error.message}): "
                "let memdrift's account `get` the namespace it lives in",
            ) from error

    async def _located(self, key_or_uri: str) -> str:
        """Where what a key or URI names lies."""
        inside = key_or_uri.removeprefix(self._base_uri + "/")
        if "://" in inside:
            raise ArchiveUnavailable(
                "ObjectNotFound",
                f"{key_or_uri} is not in the archive {self._base_uri}: configure the one that holds it",
            )
        return accepted_key(inside) if inside != key_or_uri else await self._own(accepted_key(inside))

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
        except (UnauthenticatedError, PermissionDeniedError) as error:
            raise ArchiveUnavailable(
                "ArchiveForbidden",
                f"{attempt}: {self._base_uri} does not accept the credentials of this process, "
                f"or they lack the right to do that: {brief(error)}",
            ) from error
        except _ALL_ERRORS as error:
            raise ArchiveUnavailable("ArchiveUnavailable", f"{attempt}: {brief(error)}") from error


def brief(error: Exception) -> str:
    """The first line, with addresses cut to the server: the rest is long, known, and could be a signed URL."""
    return _ADDRESS.sub(r"\1", (str(error).splitlines() or [type(error).__name__])[0])[:_MESSAGE_CHARACTERS]
