"""What a browser or a program shows of itself: the bearer token, in a header or in our cookie.

Exists so that a token comes in by two ways only and goes back by one: a cookie that scripts cannot read and that other
sites' pages cannot send. Must not decide whose a token is, and must not log it.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

COOKIE = "memdrift-token"
COOKIE_SECONDS = 8 * 3600
COOKIE_CHARACTERS = 3800
"""What browsers keep is 4096 bytes with the name and the attributes."""
_TOKEN = re.compile(r"[\x21-\x3a\x3c-\x7e]{1,8192}")
_FORM_BYTES = 32 * 1024
_SCHEME = "bearer "


def token_of(request: web.Request) -> str:
    """The token of the request, "" where it has none that could be one; a header counts before the cookie."""
    header = request.headers.get("Authorization", "")
    if header:
        return valid(header[len(_SCHEME) :].strip()) if header.lower().startswith(_SCHEME) else ""
    return valid(request.cookies.get(COOKIE, ""))


def valid(token: str) -> str:
    """The token, "" where no token looks like that."""
    return token if _TOKEN.fullmatch(token) else ""


async def form_of(request: web.Request, seconds: float) -> dict[str, str]:
    """The fields of a submitted form, each once; empty where it is none, or too large.

    Raises:
        TimeoutError: it did not arrive in time.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    async with asyncio.timeout(seconds):
        content = bytearray()
        async for part in request.content.iter_any():
            content += part
            if len(content) > _FORM_BYTES:
                return {}
    try:
        fields = parse_qs(content.decode("ascii"), max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def from_elsewhere(request: web.Request) -> bool:
    """Whether another site's page sent it: signing a stranger in or out is all that it could do, and it may not."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def remember(response: web.Response, token: str) -> None:
    """Give the token to the browser."""
    response.set_cookie(
        COOKIE, token, max_age=COOKIE_SECONDS, path="/", secure=True, httponly=True, samesite="Strict"
    )  # fmt: skip


def forget(response: web.Response) -> None:
    """Take it from the browser."""
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")


def own_path(address: str) -> str:
    """A path of ours to go on to, the fleet's where it is something else: nobody is sent away from here."""
    known = re.fullmatch(r"/(fleet(\?[\w=&%.+-]*)?|incidents/[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9.-]*)", address)
    return address if known else "/fleet"
