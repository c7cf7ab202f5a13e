"""How a ticket or a comment is recognised as the one that was meant: by a line of its own at the end of its text.

Exists because the outcome of a POST can be lost on the way: what is there already must be found before anything is
written again. Must not believe a marker inside a line: names of functions are foreign text. Whose text is believed says
`belief`.
"""

from __future__ import annotations

import re
from hashlib import sha256

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Not what else `splitlines` takes for one, such as U+2028: a tracker keeps those inside a line."""
_MARKER = re.compile(r"(<!-- )?memdrift-marker: [A-Za-z0-9._-]+( -->)?")
_CHARACTERS_AT_MOST = 128
_SHORTENED = "\n\n… (shortened)"
_BLOCK = re.compile(r"(?m)^[ \t]*(```|\{noformat\})")
_CLOSING_AT_MOST = 16


def plain_marker(marker: str) -> str:
    """The marker in characters that no tracker changes; long ones stay different."""
    plain = _NOT_PLAIN.sub("-", marker)
    if len(plain) <= _CHARACTERS_AT_MOST:
        return plain
    return f"{plain[: _CHARACTERS_AT_MOST - 33]}-{sha256(marker.encode('utf-8', 'replace')).hexdigest()[:32]}"


def hidden(marker: str) -> str:
    """A line that Markdown does not show."""
    return f"<!-- memdrift-marker: {plain_marker(marker)} -->"


def shown(marker: str) -> str:
    """A line for trackers whose markup has no comments."""
    return f"memdrift-marker: {plain_marker(marker)}"


def carries(text: str, marker: str) -> bool:
    """Whether one of its lines is the marker's, hidden or shown."""
    wanted = {hidden(marker), shown(marker)}
    return any(line.strip(" \t") in wanted for line in _LINE_END.split(text))


def marked(text: str, limit_characters: int, *lines: str) -> str:
    """The text with these lines of markers at its end, shortened at a line's end where the tracker takes no more.

    The limit counts as the strictest tracker does, in units of UTF-16.
    """
    end = "\n\n" + "\n".join(lines) + "\n"
    room = limit_characters - _length(end)
    if _length(text) > room:
        content = text.encode("utf-16-le", "surrogatepass")[: 2 * (room - _length(_SHORTENED) - _CLOSING_AT_MOST)]
        kept = content.decode("utf-16-le", "ignore")
        whole = kept.rpartition("\n")[0]
        text = _closed((whole if 2 * len(whole) > len(kept) else kept).rstrip()) + _SHORTENED
    return text + end


def pictured(text: str, picture: str) -> str:
    """The text with a line of Markdown above its markers."""
    lines = _LINE_END.split(text)
    end = len(lines)
    while end > 0 and (not lines[end - 1].strip() or _MARKER.fullmatch(lines[end - 1].strip())):
        end -= 1
    below = lines[end:] if any(lines[end:]) else [""]
    return "\n".join([*lines[:end], "", picture, *below])


def _closed(text: str) -> str:
    """The text without an open block, which would show the markers."""
    blocks: list[str] = _BLOCK.findall(text)
    return f"{text}\n{blocks[-1]}" if len(blocks) % 2 else text


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
