"""A tracker that posts JSON to the administrator's URL.

Exists so that any ticket system can be reached through a few lines of somebody else's glue. The answer is hostile: it
is bounded, never followed elsewhere, and only an http(s) URL is taken from it. Must not retry: the tick does, with the
same marker, and `Idempotency-Key` lets the receiver find the first one.
"""

from __future__ import annotations

import json
import re
import ssl
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

from memdrift.api.administration import Tls, Tracker
from memdrift.errors import MemdriftError, NotAllowed, TrackerUnavailable
from memdrift.ports import Filing

_ANSWER_BYTES_AT_MOST = 64 * 1024
_TOKEN_BYTES_AT_MOST = 16 * 1024
_URL_CHARACTERS_AT_MOST = 1024
_RETRY_SECONDS_AT_MOST = 3600.0
_TRY_AGAIN = frozenset({408, 409, 423, 425, 429})
_PLAIN_URL = re.compile(r"https?://[!-~]+")


class Webhook:
    """One configured webhook.

    Args:
        configured: its entry in the administrator's file.
        session: shared by all webhooks, without cookies.
    """

    def __init__(self, configured: Tracker, session: aiohttp.ClientSession) -> None:
        self._configured = configured
        self._url = configured.url or ""
        self._session = session

    async def file(self, filing: Filing) -> str:
        """Post the filing; the URL of the ticket, or "" where the answer names none.

        Raises:
            TrackerUnavailable: no answer, 5xx, 429 or another "later"; filing again is safe.
            NotAllowed: reason `TrackerRefused` for any other answer than 2xx: somebody must change something.
        """
        timeout = aiohttp.ClientTimeout(total=self._configured.timeout_seconds)
        try:
            async with self._session.post(
                self._url,
                data=_body(filing),
                headers=self._headers(filing.marker),
                timeout=timeout,
                allow_redirects=False,  # a redirect would carry the token elsewhere
                ssl=_trust(self._configured.tls),
            ) as response:
                content = await _bounded(response)
                if 200 <= response.status < 300:
                    return _ticket_url(self._url, response.headers.get("Location", ""), content)
                raise self._complaint(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The text of these errors may hold the URL; the class is enough for the administrator, who knows it.
            raise TrackerUnavailable(
                "TrackerUnavailable", f"tracker `{self._configured.name}` did not answer ({type(error).__name__})"
            ) from error

    def _headers(self, marker: str) -> dict[str, str]:
        headers = dict(self._configured.headers)
        headers |= {
            "Content-Type": "application/json",
            "Idempotency-Key": _header_safe(marker),
            "User-Agent": "memdrift",
        }
        if self._configured.bearer_token_file:
            headers["Authorization"] = f"Bearer {_token(self._configured.bearer_token_file, self._configured.name)}"
        return headers

    def _complaint(self, response: aiohttp.ClientResponse) -> MemdriftError:
        name, status = self._configured.name, response.status
        if status in _TRY_AGAIN or status >= 500:
            return TrackerUnavailable(
                "TrackerUnavailable", f"tracker `{name}` answered {status}", _retry_after_seconds(response)
            )
        return NotAllowed(
            "TrackerRefused",
            f"tracker `{name}` answered {status}: check its `url`, `headers` and `bearerTokenFile` "
            "in the administrator's file, and the project, labels and assignees in `spec.filing`",
        )


def _body(filing: Filing) -> bytes:
    document = {
        "version": "1",
        "marker": filing.marker,
        "title": filing.title,
        "body": filing.body_markdown,
        "project": filing.project,
        "labels": list(filing.labels),
        "assignees": list(filing.assignees),
        "incident": dict(filing.document),
    }
    return json.dumps(document, default=str).encode()


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        content += chunk
        if len(content) > _ANSWER_BYTES_AT_MOST:
            # The status alone says whether it was filed; the rest of a huge answer is not worth reading.
            response.close()
            return b""
    return bytes(content)


def _ticket_url(base: str, location: str, content: bytes) -> str:
    try:
        if location:
            return _plain(urljoin(base, location))
        answer = json.loads(content or b"{}")
        named = answer.get("url") if isinstance(answer, dict) else None
        return _plain(named) if isinstance(named, str) else ""
    except (ValueError, RecursionError):
        return ""


def _plain(url: str) -> str:
    """The URL if it can be shown without harm: http(s), printable, short, without credentials; otherwise ""."""
    if len(url) > _URL_CHARACTERS_AT_MOST or not _PLAIN_URL.fullmatch(url):
        return ""
    parts = urlsplit(url)
    return url if parts.hostname and parts.username is None else ""


def _retry_after_seconds(response: aiohttp.ClientResponse) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        seconds = float(text[:9])
    else:
        try:
            # Both dates are the tracker's own, so our clock does not matter.
            date = parsedate_to_datetime(response.headers.get("Date", ""))
            seconds = (parsedate_to_datetime(text) - date).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _RETRY_SECONDS_AT_MOST)


def _header_safe(marker: str) -> str:
    return "".join(character if "!" <= character <= "~" else "_" for character in marker)[:256]


def _token(path: str, name: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_TOKEN_BYTES_AT_MOST).decode("ascii", "replace").strip()
    except OSError as error:
        raise _token_unusable(name, error.strerror or type(error).__name__) from error
    if not content.isascii() or not content.isprintable():
        raise _token_unusable(name, "it holds more than one line, or no plain text")
    return content


def _token_unusable(name: str, why: str) -> TrackerUnavailable:
    return TrackerUnavailable("TrackerUnavailable", f"`bearerTokenFile` of tracker `{name}` cannot be used: {why}")


def _trust(tls: Tls) -> ssl.SSLContext | bool:
    if tls.insecure_skip_verify:
        return False
    if tls.ca_file is None and tls.cert_file is None:
        return True
    context = ssl.create_default_context(cafile=tls.ca_file)
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context
