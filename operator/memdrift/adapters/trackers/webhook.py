"""A tracker that posts JSON to the administrator's URL.

Exists so that any ticket system can be reached through a few lines of somebody else's glue. The answer is hostile: it
is bounded, never followed elsewhere, and only an http(s) URL is taken from it. Must not retry: the tick does, with the
same occurrence, and `Idempotency-Key` lets the receiver find the first one.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

import aiohttp

from memdrift.adapters.trackers.answers import bounded, later, plain_url, retry_after_seconds
from memdrift.adapters.trackers.credentials import token, trust
from memdrift.api.administration import Tracker
from memdrift.errors import MemdriftError, NotAllowed, TrackerUnavailable
from memdrift.ports import Filing, Remark

_ANSWER_BYTES_AT_MOST = 64 * 1024


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
        return await self._post(_body(filing), filing.occurrence or filing.marker)

    async def remark(self, remark: Remark) -> None:
        """Post the remark, with `remark` instead of `title` and `body`.

        Raises:
            TrackerUnavailable, NotAllowed: as for `file`.
        """
        document = {
            "version": "1",
            "marker": remark.marker,
            "occurrence": remark.occurrence,
            "remark": remark.body_markdown,
            "project": remark.project,
            "incident": dict(remark.document),
        }
        await self._post(document, remark.occurrence)

    async def _post(self, document: dict[str, Any], occurrence: str) -> str:
        timeout = aiohttp.ClientTimeout(total=self._configured.timeout_seconds)
        try:
            async with self._session.post(
                self._url,
                data=json.dumps(document, default=str).encode(),
                headers=self._headers(occurrence),
                timeout=timeout,
                allow_redirects=False,  # a redirect would carry the token elsewhere
                ssl=trust(self._configured.tls),
            ) as response:
                content = await bounded(response, _ANSWER_BYTES_AT_MOST) or b""
                if 200 <= response.status < 300:
                    return _ticket_url(self._url, response.headers.get("Location", ""), content)
                raise self._complaint(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The text of these errors may hold the URL; the class is enough for the administrator, who knows it.
            raise TrackerUnavailable(
                "TrackerUnavailable", f"tracker `{self._configured.name}` did not answer ({type(error).__name__})"
            ) from error

    def _headers(self, occurrence: str) -> dict[str, str]:
        headers = dict(self._configured.headers)
        headers |= {
            "Content-Type": "application/json",
            "Idempotency-Key": _header_safe(occurrence),
            "User-Agent": "memdrift",
        }
        if self._configured.bearer_token_file:
            headers["Authorization"] = f"Bearer {token(self._configured.bearer_token_file, self._configured.name)}"
        return headers

    def _complaint(self, response: aiohttp.ClientResponse) -> MemdriftError:
        name, status = self._configured.name, response.status
        if later(status, response.headers, b""):
            return TrackerUnavailable(
                "TrackerUnavailable",
                f"tracker `{name}` answered {status}",
                retry_after_seconds(status, response.headers),
            )
        return NotAllowed(
            "TrackerRefused",
            f"tracker `{name}` answered {status}: check its `url`, `headers` and `bearerTokenFile` "
            "in the administrator's file, and the project, labels and assignees in `spec.filing`",
        )


def _body(filing: Filing) -> dict[str, Any]:
    return {
        "version": "1",
        "marker": filing.marker,
        "occurrence": filing.occurrence or filing.marker,
        "title": filing.title,
        "body": filing.body_markdown,
        "project": filing.project,
        "labels": list(filing.labels),
        "assignees": list(filing.assignees),
        "incident": dict(filing.document),
    }


def _ticket_url(base: str, location: str, content: bytes) -> str:
    try:
        if location:
            return plain_url(urljoin(base, location))
        answer = json.loads(content or b"{}")
        named = answer.get("url") if isinstance(answer, dict) else None
        return plain_url(named) if isinstance(named, str) else ""
    except (ValueError, RecursionError):
        return ""


def _header_safe(occurrence: str) -> str:
    return "".join(character if "!" <= character <= "~" else "_" for character in occurrence)[:256]
