"""What a browser or a program shows of itself: a bearer token in a header, or the name of a session in our cookie.

Exists so that a token comes in by a header or the sign-in form only and never goes back: the cookie, which scripts
cannot read and other sites' pages cannot send, names a session. Must not decide whose a token is, and must not log it.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs

from aiohttp import web

from memdrift.web.sessions import SESSION_SECONDS, Sessions

COOKIE = "memdrift-session"
_TOKEN = re.compile(r"[\x21-\x3a\x3c-\x7e]{1,8192}")
_FORM_BYTES = 32 * 1024
_SCHEME = "bearer "


def token_of(request: web.Request, sessions: Sessions) -> str:
    """The token of the request, "" where it has none that could be one; a bearer token counts before the cookie.

    Another scheme is an ingress' own: it says nothing here.
    """
    header = request.headers.get("Authorization", "")
    if header.lower().startswith(_SCHEME):
        return valid(header[len(_SCHEME) :].strip())
    return sessions.token(session_of(request))


def session_of(request: web.Request) -> str:
    """The name of the session that the browser keeps, "" where it keeps none."""
    return request.cookies.get(COOKIE, "")


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


def remember(response: web.Response, session: str) -> None:
    """Give the session's name to the browser."""
    response.set_cookie(
        COOKIE, session, max_age=SESSION_SECONDS, path="/", secure=True, httponly=True, samesite="Strict"
    )  # fmt: skip


def forget(response: web.Response) -> None:
    """Take it from the browser."""
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")


def own_path(address: str) -> str:
    """A path of ours to go on to, the fleet's where it is something else: nobody is sent away from here."""
    known = re.fullmatch(r"/(fleet(\?[\w=&%.+-]*)?|incidents/[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9.-]*)", address)
    return address if known else "/fleet"
