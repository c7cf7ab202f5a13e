"""Requests to the REST API of an issue tracker, with the administrator's token.

Exists so that every tracker gets the same bounds: time, size, redirects only within the server and only for reading.
Must not repeat a request: whoever asks looks first what is there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

import aiohttp
from pydantic import TypeAdapter, ValidationError
from yarl import URL

from memdrift.adapters.trackers.answers import bounded
from memdrift.adapters.trackers.credentials import token, trust
from memdrift.adapters.trackers.refusals import Refused, TooLarge, complaint
from memdrift.api.administration import Tracker
from memdrift.errors import TrackerUnavailable

_ANSWER_BYTES_AT_MOST = 8 * 1024 * 1024
_REDIRECTS_AT_MOST = 3
_MOVED = frozenset({301, 302, 307, 308})

Read = TypeVar("Read")
Authorization = Callable[[str], str]


def bearer(secret: str) -> str:
    """The header of most trackers."""
    return f"Bearer {secret}"


def basic(username: str) -> Authorization:
    """The header of trackers that want name and token."""
    return lambda secret: "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form."""

    field: str
    name: str
    media_type: str
    content: bytes


class Rest:
    """One tracker's API.

    Args:
        configured: its entry in the administrator's file.
        session: shared, without cookies.
        root: path of the API under `url`, such as "/api/v4".
        authorization: the header's value from the token.
        headers: what this tracker wants in every request.
    """

    def __init__(
        self,
        configured: Tracker,
        session: aiohttp.ClientSession,
        root: str = "",
        authorization: Authorization = bearer,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._configured = configured
        self._session = session
        self._root = (configured.url or "").rstrip("/") + root
        self._authorization = authorization
        self._headers = dict(headers or {})

    async def get(self, kind: type[Read], path: Sequence[str], **query: str | int) -> Read:
        """What a GET answers, as `kind`.

        Raises:
            TrackerUnavailable: no answer, "later", or one that cannot be read.
            Refused: any other answer than 2xx.
        """
        url = self._address(path, query)
        for _ in range(_REDIRECTS_AT_MOST + 1):
            status, headers, content = await self._ask("GET", url, None)
            if status not in _MOVED:
                return self._read(kind, content)
            url = self._within(url, headers.get("Location", ""))
        raise self._unreadable("it redirects in a circle")

    async def send(
        self, kind: type[Read], method: str, path: Sequence[str], body: Mapping[str, Any] | Upload | None = None
    ) -> Read:
        """What a request that changes something answers.

        Raises:
            TrackerUnavailable: it is not known whether it took effect; look before asking again.
            Refused: it took no effect.
        """
        status, _, content = await self._ask(method, self._address(path, {}), body)
        if status in _MOVED:
            raise TrackerUnavailable(
                "TrackerUnavailable", f"tracker `{self._configured.name}` moved the project meanwhile"
            )
        return self._read(kind, content)

    def _address(self, path: Sequence[str], query: Mapping[str, str | int]) -> str:
        asked = "?" + urlencode({key: str(value) for key, value in query.items()}) if query else ""
        return self._root + "/" + "/".join(quote(segment, safe="") for segment in path) + asked

    def _within(self, url: str, location: str) -> str:
        """Where a redirect leads, if it stays on the server: elsewhere the token must not go."""
        try:
            there = urljoin(url, location)
            here, target = urlsplit(url), urlsplit(there)
            same = (here.scheme, here.hostname, here.port) == (target.scheme, target.hostname, target.port)
        except ValueError:
            same = False
        if not location or not same:
            raise Refused(f"tracker `{self._configured.name}` redirects elsewhere: set `url` to its new address", 302)
        return there

    async def _ask(
        self, method: str, url: str, body: Mapping[str, Any] | Upload | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        configured = self._configured
        sent = self._all_headers(body)
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=_content(body),
                headers=sent,
                timeout=aiohttp.ClientTimeout(total=configured.timeout_seconds),
                allow_redirects=False,
                ssl=trust(configured.tls),
            ) as response:
                content = await bounded(response, _ANSWER_BYTES_AT_MOST)
                if content is None:
                    raise TooLarge(
                        "TrackerUnavailable", f"tracker `{configured.name}`: its answer is larger than 8 MiB"
                    )
                if 200 <= response.status < 300 or response.status in _MOVED:
                    return response.status, response.headers, content
                secrets = (sent.get("Authorization", ""), *configured.headers.values())
                raise complaint(configured.name, response.status, response.headers, content, secrets)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # The text of these errors may hold the URL; the class is enough for the administrator, who knows it.
            raise TrackerUnavailable(
                "TrackerUnavailable", f"tracker `{configured.name}` did not answer ({type(error).__name__})"
            ) from error

    def _all_headers(self, body: Mapping[str, Any] | Upload | None) -> dict[str, str]:
        configured = self._configured
        headers = dict(configured.headers) | self._headers | {"User-Agent": "memdrift"}
        if isinstance(body, Mapping):
            headers["Content-Type"] = "application/json"
        if configured.bearer_token_file:
            headers["Authorization"] = self._authorization(token(configured.bearer_token_file, configured.name))
        return headers

    def _read(self, kind: type[Read], content: bytes) -> Read:
        try:
            return TypeAdapter(kind).validate_json(content or b"null")
        except ValidationError as error:
            raise self._unreadable("its answer is not what its API documents") from error

    def _unreadable(self, why: str) -> TrackerUnavailable:
        return TrackerUnavailable("TrackerUnavailable", f"tracker `{self._configured.name}`: {why}")


def _content(body: Mapping[str, Any] | Upload | None) -> bytes | aiohttp.FormData | None:
    if body is None:
        return None
    if isinstance(body, Upload):
        form = aiohttp.FormData()
        form.add_field(body.field, body.content, filename=body.name, content_type=body.media_type)
        return form
    return json.dumps(body).encode()
