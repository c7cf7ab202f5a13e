"""Where a form came from: what the browser says of it, and the proof of a form for browsers that say nothing.

Exists so that another site's page can sign nobody in or out, whatever the browser's age. The order is that of OWASP's
cheat sheet on Cross-Site Request Forgery: Fetch Metadata, else `Origin`, else `Referer`, else a signed double-submit
cookie. Must not decide who somebody is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import Enum, auto
from urllib.parse import urlsplit

from aiohttp import web

FORM_COOKIE = "__Host-memdrift-form"
"""The prefix lets only this host set it, over a secure connection, for all of its paths: no neighbour can plant one."""
FORM_SECONDS = 3600
_KEY_BYTES, _NAME_BYTES = 32, 18
_NAME = re.compile(r"[A-Za-z0-9_-]{24}")


class Sender(Enum):
    """Whose page sent a form."""

    OURS = auto()
    ANOTHER = auto()
    HIDDEN = auto()
    """`Origin: null`: a page of ours or of another, which may not say so."""
    UNSAID = auto()
    """The browser says nothing about it: it is old, or it is no browser."""


def sender_of(request: web.Request) -> Sender:
    """What the request's headers say; a browser lets no page choose them.

    Old Safari and Firefox do not send `Sec-Fetch-Site`. They send the `Origin` of a form as far as the referrer policy
    of its page lets them: ours is `same-origin`, because `no-referrer` makes it null also for ourselves.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return Sender.OURS if site in {"same-origin", "none"} else Sender.ANOTHER
    origin = request.headers.get("Origin")
    if origin == "null":
        return Sender.HIDDEN
    place = origin if origin is not None else request.headers.get("Referer")
    if place is None:
        return Sender.UNSAID
    try:
        host = urlsplit(place).netloc
    except ValueError:
        return Sender.ANOTHER
    return Sender.OURS if host == request.host else Sender.ANOTHER


class Forms:
    """Proves forms of this process: the cookie holds a random name, the form its signature.

    Another site can neither read the cookie nor set it, so it cannot send the two that belong together.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)

    def name_for(self, request: web.Request) -> str:
        """The name that the browser keeps already, so that two open forms are both good; else a new one.

        "" where the browser says by itself where a form comes from, and needs no proof.
        """
        if "Sec-Fetch-Site" in request.headers:
            return ""
        kept = request.cookies.get(FORM_COOKIE, "")
        return kept if _NAME.fullmatch(kept) else secrets.token_urlsafe(_NAME_BYTES)

    def proof(self, name: str) -> str:
        """What the form of that name holds; "" of none."""
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest() if name else ""

    def proved(self, request: web.Request, proof: str) -> bool:
        """Whether the submitted proof is that of the browser's cookie."""
        name = request.cookies.get(FORM_COOKIE, "")
        expected = self.proof(name) if _NAME.fullmatch(name) else ""
        return bool(expected) and hmac.compare_digest(expected.encode(), proof.encode())


def remember_form(response: web.Response, name: str) -> None:
    """Give the form's name to the browser."""
    response.set_cookie(
        FORM_COOKIE, name, max_age=FORM_SECONDS, path="/", secure=True, httponly=True, samesite="Strict"
    )  # fmt: skip
