"""Bearer tokens from a mounted file.

Exists so that a token can be rotated without a restart: the file is read for every request and may hold several tokens,
one a line. Must not log, echo or cache a token.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum, auto
from pathlib import Path

_FILE_BYTES_AT_MOST = 16 * 1024
_SCHEME = "bearer "


class Admission(Enum):
    """Whether a request may come in."""

    GRANTED = auto()
    MISSING = auto()
    """No bearer token was sent."""
    WRONG = auto()
    UNREADABLE = auto()
    """No token is configured, or its file cannot be read: nobody may come in."""


def admission(authorization: str, token_file: Path | None) -> Admission:
    """Compares the value of an `Authorization` header with the tokens in the file, in constant time."""
    if token_file is None:
        return Admission.UNREADABLE
    if not authorization.lower().startswith(_SCHEME):
        return Admission.MISSING
    try:
        with token_file.open("rb") as file:
            content = file.read(_FILE_BYTES_AT_MOST)
    except OSError:
        return Admission.UNREADABLE
    tokens = [line.strip() for line in content.splitlines() if line.strip()]
    if not tokens:
        return Admission.UNREADABLE
    given = _digest(authorization[len(_SCHEME) :].strip().encode(errors="surrogateescape"))
    # Every token is compared, so that the time does not tell which one matched.
    matches = [hmac.compare_digest(given, _digest(token)) for token in tokens]
    return Admission.GRANTED if any(matches) else Admission.WRONG


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
