"""The administrator's files: the token of a tracker, the certificates to trust.

Exists so that a renewed secret counts at once and is never kept. Must not log or name what is in a file.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from memdrift.api.administration import Tls
from memdrift.errors import TrackerUnavailable

_SECRET_BYTES_AT_MOST = 16 * 1024


def token(path: str, name: str) -> str:
    """The token in the file of the tracker of that name.

    Raises:
        TrackerUnavailable: it cannot be read, or is no single line of plain text.
    """
    content = secret(path, name, "bearerTokenFile")
    if not content.isascii() or not content.isprintable():
        raise _unusable(name, "bearerTokenFile", "it holds more than one line, or no plain text")
    return content


def secret(path: str, name: str, field: str) -> str:
    """The text of the file that `field` of the tracker names.

    Raises:
        TrackerUnavailable: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(_SECRET_BYTES_AT_MOST).decode("ascii", "replace").strip()
    except OSError as error:
        raise _unusable(name, field, error.strerror or type(error).__name__) from error


def _unusable(name: str, field: str, why: str) -> TrackerUnavailable:
    return TrackerUnavailable("TrackerUnavailable", f"`{field}` of tracker `{name}` cannot be used: {why}")


def trust(tls: Tls) -> ssl.SSLContext | bool:
    """What aiohttp takes as `ssl`.

    Raises:
        OSError: a file cannot be read.
    """
    if tls.insecure_skip_verify:
        return False
    if tls.ca_file is None and tls.cert_file is None:
        return True
    context = ssl.create_default_context(cafile=tls.ca_file)
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context
