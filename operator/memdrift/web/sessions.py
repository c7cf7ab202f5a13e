"""Who signed in with a browser: the token behind a random name that the browser keeps.

Exists because a cookie is not bound to a port: whatever else is served on the same host name would be given a token for
the whole API server. A stolen name opens these pages, and nothing else, until it ends. Only in memory: after a restart
people sign in again. Must not decide whose a token is, and must not log it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict

from memdrift.ports import Clock

SESSION_SECONDS = 8 * 3600
SESSIONS_AT_MOST = 2000
"""The oldest make room."""
_NAME_BYTES = 32


class Sessions:
    """Tokens by the digest of their session's name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def begin(self, token: str) -> str:
        """The name of a new session."""
        name = secrets.token_urlsafe(_NAME_BYTES)
        self._held[_digest(name)] = self._clock.monotonic() + SESSION_SECONDS, token
        while len(self._held) > SESSIONS_AT_MOST:
            self._held.popitem(last=False)
        return name

    def token(self, name: str) -> str:
        """The session's token; "" where there is no such session, or it has ended."""
        until, token = self._held.get(_digest(name), (0.0, ""))
        return token if until > self._clock.monotonic() else ""

    def end(self, name: str) -> None:
        """Forget the session."""
        self._held.pop(_digest(name), None)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
