"""From the administrator's entry to an archive that can be used.

Exists so that URL, options and encryption are understood in one place. Must not read or write an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import from_url

from memdrift.adapters.archive.objects import ObjectArchive, Owner, brief
from memdrift.adapters.archive.places import Bucket, Folder
from memdrift.api.archives import Archive, Encryption, EncryptionKind
from memdrift.errors import ConfigurationInvalid

_MISUSES = (BaseError, OSError, ValueError, NotImplementedError)
_ENCRYPTIONS = {EncryptionKind.SSE_S3: "AES256", EncryptionKind.SSE_KMS: "aws:kms"}


def open_configured(configured: Archive, owner: Owner | None = None) -> ObjectArchive:
    """The archive of an entry of the administrator's file, written to by one installation.

    Raises:
        ConfigurationInvalid: as `open_archive`.
    """
    return open_archive(
        configured.url,
        {**configured.options, **_encrypting(configured.encryption)},
        link_seconds=configured.signed_link_seconds,
        owner=owner,
    )


def open_archive(
    url: str,
    options: Mapping[str, str] | None = None,
    *,
    timeout_seconds: float = 30.0,
    link_seconds: int = 0,
    owner: Owner | None = None,
) -> ObjectArchive:
    """The archive at `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.

    Options are those of the object store, such as `endpoint` or `region`; credentials come from the environment. The
    owner is the installation in whose folder keys lie; who only reads URIs needs none.

    Raises:
        ConfigurationInvalid: the URL or an option has no meaning, or the folder cannot be created.
    """
    parts = urlsplit(url)
    try:
        if parts.scheme == "file":
            path = Path(unquote(parts.path))
            uri = path.absolute().as_uri()
            return ObjectArchive(Folder(path), uri, timeout_seconds=timeout_seconds, owner=owner)
        if parts.scheme not in {"s3", "gs", "az"}:
            raise ValueError("it must start with file:///, s3://, gs:// or az://")
        store = _bucket(url, dict(options or {}), timedelta(seconds=timeout_seconds))
    except _MISUSES as error:
        raise ConfigurationInvalid("ArchiveInvalid", f"`archives[].url` {url}: {brief(error)}") from error
    place = Bucket(store, timedelta(seconds=link_seconds))
    return ObjectArchive(place, url.rstrip("/"), timeout_seconds=timeout_seconds, owner=owner)


def _encrypting(encryption: Encryption) -> dict[str, str]:
    """Obstore's options; none leave it to the bucket."""
    algorithm = _ENCRYPTIONS.get(encryption.kind)
    if algorithm is None:
        return {}
    key = {"sse_kms_key_id": encryption.kms_key} if encryption.kms_key else {}
    return {"server_side_encryption": algorithm, **key}


def _bucket(url: str, options: dict[str, str], timeout: timedelta) -> object:
    """Obstore's store, with bounds instead of its three minutes of retries."""
    client = {"timeout": timeout, "connect_timeout": timedelta(seconds=5)}
    # Plain HTTP is only for an endpoint that was written so, such as a test server.
    plain = {"allow_http": True} if _endpoint(options).startswith("http://") else {}
    return from_url(  # type: ignore[call-overload]  # it is typed per store, and the URL decides which one it is
        url,
        config=options,
        client_options={**client, **plain},
        retry_config={"max_retries": 3, "retry_timeout": timeout},
    )


def _endpoint(options: Mapping[str, str]) -> str:
    """S3 and Azure call it an endpoint, Google a base URL."""
    return options.get("endpoint") or options.get("base_url") or ""
