"""How a request to a metrics source is signed and carried, and how its answer is read.

Exists because the client library writes the query into the address (which proxies cut), drops warnings and reads
without bound; each of these is put right at a public hook of `requests`. Must not know any query.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

CHUNK_BYTES = 65_536
LONGEST_TOKEN_BYTES = 65_536
_NOTHING = b'{"data": {"result": []}}'


class TooLarge(Exception):
    """The answer is larger than the source may send."""


class TooSlow(Exception):
    """The answer was still arriving when its time was over."""


class BrokenOff(Exception):
    """The answer ended early or cannot be decompressed."""


class TokenUnreadable(Exception):
    """The file with the bearer token cannot be read."""


class Carrier(AuthBase):
    """Signs a request with the token of the moment, and moves the query of a POST from the address to the body."""

    def __init__(self, token_file: str | None) -> None:
        self._token_file = token_file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The same request, ready to send."""
        if self._token_file is not None:
            request.headers["Authorization"] = f"Bearer {self._token(self._token_file)}"
        address = urlsplit(str(request.url))
        if request.method == "POST" and address.query:
            fields = parse_qsl(address.query, keep_blank_values=True)
            request.url = urlunsplit(address._replace(query=""))
            request.prepare_body(data=fields, files=None)
        return request

    @staticmethod
    def _token(path: str) -> str:
        try:
            with Path(path).open("rb") as file:
                content = file.read(LONGEST_TOKEN_BYTES).strip()
        except OSError as error:
            raise TokenUnreadable(str(error)) from error
        # Anything else would be refused further down by an error that quotes it.
        if not re.fullmatch(rb"[!-~]+", content):
            raise TokenUnreadable("the file must hold one token of printable ASCII letters and nothing else")
        return content.decode("ascii")


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came.

    Attributes:
        server_time: epoch seconds of the `Date` header; None where there is none.
    """

    status: int
    body: bytes
    server_time: float | None


class Reader(threading.local):
    """Response hook: keeps the raw answer of this thread's request, within bounds, and hands the library an empty one.

    The library would parse the whole body again, only to forget its warnings.
    """

    def __init__(self, maximum_bytes: int, monotonic: Callable[[], float]) -> None:
        self._maximum_bytes = maximum_bytes
        self._monotonic = monotonic
        self._deadline = float("inf")
        self.received: Received | None = None

    def expect(self, seconds: float) -> None:
        """Forget the last answer and wait at most so long for the next."""
        self.received = None
        self._deadline = self._monotonic() + seconds

    def __call__(self, response: requests.Response, *_: object, **__: object) -> requests.Response:
        """Read the answer.

        Raises:
            TooLarge, TooSlow, BrokenOff.
        """
        try:
            body = self._bounded(response)
        except ReadTimeoutError as error:
            raise TooSlow from error
        except HTTPError as error:
            raise BrokenOff(str(error)) from error
        self.received = Received(response.status_code, body, _moment(response.headers.get("Date")))
        response.raw = io.BytesIO(_NOTHING)
        return response

    def _bounded(self, response: requests.Response) -> bytes:
        body = bytearray()
        for chunk in response.raw.stream(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > self._maximum_bytes:
                response.close()
                raise TooLarge
            if self._monotonic() > self._deadline:
                response.close()
                raise TooSlow
        return bytes(body)


def _moment(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
