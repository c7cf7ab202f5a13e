"""What a tracker's "no" becomes: "not now", or a sentence for whoever must change something.

Exists so that a sentence of the tracker is shown, which says more than a number, and never what was secret in the
request: error pages may repeat it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from memdrift.adapters.trackers.answers import later, retry_after_seconds
from memdrift.errors import MemdriftError, NotAllowed, TrackerUnavailable

_SAID_CHARACTERS = 200
_LOOKED_AT_BYTES = 64 * 1024
_SHORTEST_SECRET = 6
"""Shorter words stand in any sentence."""


class Refused(NotAllowed):
    """The tracker said no.

    Attributes:
        status: of its answer.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__("TrackerRefused", message)
        self.status = status


class TooLarge(TrackerUnavailable):
    """The answer is larger than what is read of one; a smaller question may have a smaller one."""


def complaint(
    name: str, status: int, headers: Mapping[str, str], content: bytes, secrets: Iterable[str]
) -> MemdriftError:
    """The error of an answer of the tracker of that name that is no 2xx."""
    if later(status, headers, content):
        return TrackerUnavailable(
            "TrackerUnavailable", f"tracker `{name}` answered {status}", retry_after_seconds(status, headers, content)
        )
    text = _without(secrets, content[:_LOOKED_AT_BYTES].decode("utf-8", "replace"))
    said = "".join(character if character.isprintable() else " " for character in text[:_SAID_CHARACTERS]).strip()
    return Refused(
        f"tracker `{name}` answered {status} ({said or 'nothing'}): check its `url`, the rights of the token in "
        "`bearerTokenFile`, and `spec.filing`",
        status,
    )


def _without(secrets: Iterable[str], text: str) -> str:
    parts = {part for secret in secrets for part in (secret, *secret.split(" ")) if len(part) >= _SHORTEST_SECRET}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "***")
    return text
