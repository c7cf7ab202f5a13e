"""How a ticket or a comment is recognised as the one that was meant: by a line of its own at the end of its text.

Exists because the outcome of a POST can be lost on the way: what is there already must be found before anything is
written again. Must not believe a marker inside a line: names of functions are foreign text.
"""

from __future__ import annotations

import re

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_CHARACTERS_AT_MOST = 128


def plain_marker(marker: str) -> str:
    """The marker in characters that no tracker changes."""
    return _NOT_PLAIN.sub("-", marker)[:_CHARACTERS_AT_MOST]


def hidden(marker: str) -> str:
    """A line that Markdown does not show."""
    return f"<!-- memdrift-marker: {plain_marker(marker)} -->"


def shown(marker: str) -> str:
    """A line for trackers whose markup has no comments."""
    return f"memdrift-marker: {plain_marker(marker)}"


def carries(text: str, marker: str) -> bool:
    """Whether one of its lines is the marker's, hidden or shown."""
    wanted = {hidden(marker), shown(marker)}
    return any(line.strip() in wanted for line in text.splitlines())


def marked(text: str, limit_characters: int, *lines: str) -> str:
    """The text, shortened where the tracker takes no more, with these lines of markers at its end."""
    end = "\n\n" + "\n".join(lines) + "\n"
    room = limit_characters - len(end)
    return (text if len(text) <= room else text[: room - 20].rstrip() + "\n\n… (shortened)") + end
