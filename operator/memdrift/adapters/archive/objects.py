"""Puts and reads whole objects, and says what a key that is taken means.

Exists so that storing twice is storing once: the same content under the same key is a success, other content is an
error that nobody can overlook. Must not delete.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

from memdrift.adapters.archive.keys import accepted_key, accepted_metadata
from memdrift.adapters.archive.places import Bucket, Folder, Place
from memdrift.errors import ArchiveUnavailable, ConfigurationInvalid
from memdrift.ports import Stored

READ_BYTES_AT_MOST = 128 * 1024 * 1024
_ALL_ERRORS = (BaseError, OSError, ValueError, NotImplementedError)
_MESSAGE_CHARACTERS = 300


def open_archive(url: str, options: Mapping[str, str] | None = None, *, timeout_seconds: float = 30.0) -> ObjectArchive:
    """The archive at `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.

    Options are those of the object store, such as `endpoint` or `region`; credentials come from the environment.

    Raises:
        ConfigurationInvalid: the URL or an option has no meaning, or the folder cannot be created.
    """
    parts = urlsplit(url)
    try:
        if parts.scheme == "file":
            path = Path(unquote(parts.path))
            return ObjectArchive(Folder(path), path.absolute().as_uri(), timeout_seconds=timeout_seconds)
        if parts.scheme not in {"s3", "gs", "az"}:
            raise ValueError("it must start with file:///, s3://, gs:// or az://")
        store = _bucket(url, dict(options or {}), timedelta(seconds=timeout_seconds))
    except _ALL_ERRORS as error:
        raise ConfigurationInvalid("ArchiveInvalid", f"`archives[].url` {url}: {_brief(error)}") from error
    return ObjectArchive(Bucket(store), url.rstrip("/"), timeout_seconds=timeout_seconds)


def _bucket(url: str, options: dict[str, str], timeout: timedelta) -> object:
    """Obstore's store, with bounds instead of its three minutes of retries."""
    client = {"timeout": timeout, "connect_timeout": timedelta(seconds=5)}
    # Plain HTTP is only for an endpoint that was written so, such as a test server.
    plain = {"allow_http": True} if options.get("endpoint", "").startswith("http://") else {}
    return from_url(  # type: ignore[call-overload]  # it is typed per store, and the URL decides which one it is
        url,
        config=options,
        client_options={**client, **plain},
        retry_config={"max_retries": 3, "retry_timeout": timeout},
    )


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
            content = await self._content(key)
            known = await self._place.described(key, {name: str(value) for name, value in found.attributes.items()})
        sha256 = hashlib.sha256(content).hexdigest()
        stored = Stored(key=key, uri=self._uri(key), sha256=sha256, bytes=len(content), existed=True)
        return stored, {**known, "stored-at": found.meta["last_modified"].isoformat()}

    async def read(self, key_or_uri: str) -> bytes:
        """The content of a key, or of a URI that `put` returned."""
        key = key_or_uri.removeprefix(self._base_uri + "/")
        if "://" in key:
            raise ArchiveUnavailable(
                "ObjectNotFound",
                f"{key_or_uri} is not in the archive {self._base_uri}: configure the one that holds it",
            )
        accepted_key(key)
        async with self._translated(f"reading {key}"):
            return await self._content(key)

    async def _content(self, key: str) -> bytes:
        found = await obstore.get_async(self._place.store, key)
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
                f"{attempt}: the store has no conditional writes ({_brief(error)}): use one that has",
            ) from error
        except _ALL_ERRORS as error:
            raise ArchiveUnavailable("ArchiveUnavailable", f"{attempt}: {_brief(error)}") from error


def _brief(error: Exception) -> str:
    """The first line: obstore appends pages of debug output, and signed URLs could be in it."""
    return (str(error).splitlines() or [type(error).__name__])[0][:_MESSAGE_CHARACTERS]
