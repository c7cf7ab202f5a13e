"""What is read of a tracker's answer, and how little of it is believed.

Exists because every answer is hostile: it is bounded, an address in it is shown only where it is harmless, and the time
to ask again has a limit. Must not send anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

_URL_CHARACTERS_AT_MOST = 1024
_RETRY_SECONDS_AT_MOST = 3600.0
_PLAIN_URL = re.compile(r"https?://[!-~]+")
_TRY_AGAIN = frozenset({408, 409, 423, 425, 429})
SECONDARY_LIMIT_SECONDS = 60.0
"""How long GitHub asks to wait at a secondary rate limit that names no time."""


async def bounded(response: aiohttp.ClientResponse, bytes_at_most: int) -> bytes | None:
    """The whole body; None where it is larger, in which case the connection is given up."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        content += chunk
        if len(content) > bytes_at_most:
            response.close()
            return None
    return bytes(content)


def plain_url(url: str) -> str:
    """The URL if it can be shown without harm: http(s), printable, short, without credentials; otherwise ""."""
    if len(url) > _URL_CHARACTERS_AT_MOST or not _PLAIN_URL.fullmatch(url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.hostname and parts.username is None else ""


def later(status: int, headers: Mapping[str, str], content: bytes) -> bool:
    """Whether the answer means "not now" rather than "no"."""
    return status in _TRY_AGAIN or status >= 500 or (status == 403 and _rate_limited(headers, content))


def _rate_limited(headers: Mapping[str, str], content: bytes) -> bool:
    told = _limit(headers, "remaining") == "0" or "Retry-After" in headers
    return told or b"secondary rate limit" in content[:4096].lower()


def _limit(headers: Mapping[str, str], what: str) -> str:
    """Of GitHub's `X-RateLimit-` or GitLab's `RateLimit-`."""
    return (headers.get(f"X-RateLimit-{what}") or headers.get(f"RateLimit-{what}") or "").strip()


def retry_after_seconds(status: int, headers: Mapping[str, str], content: bytes = b"") -> float | None:
    """When to ask again, at most an hour; None where the tracker leaves it open."""
    text = headers.get("Retry-After", "").strip()
    seconds = _seconds(text) if text.isdecimal() else _until(text, headers)
    if seconds is None and (status == 429 or _limit(headers, "remaining") == "0"):
        seconds = _until_reset(headers)
    if seconds is None and status == 403 and _rate_limited(headers, content):
        seconds = SECONDARY_LIMIT_SECONDS
    return None if seconds is None else min(max(seconds, 0.0), _RETRY_SECONDS_AT_MOST)


def _seconds(text: str) -> float:
    return float(text[:9])


def _until(text: str, headers: Mapping[str, str]) -> float | None:
    try:
        # Both dates are the tracker's own, so our clock does not matter.
        date = parsedate_to_datetime(headers.get("Date", ""))
        return (parsedate_to_datetime(text) - date).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None


def _until_reset(headers: Mapping[str, str]) -> float | None:
    reset = _limit(headers, "reset")
    if not reset.isdecimal():
        return None
    try:
        return float(reset[:12]) - parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
