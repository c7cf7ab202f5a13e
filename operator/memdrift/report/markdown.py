"""Foreign text in Markdown: one line, no markup, nobody is mentioned.

Exists because a ticket is read by a tracker's renderer, which follows links and notifies people. Must not know what the
text is about.
"""

from __future__ import annotations

import re

from memdrift.report.tables import plain

_LONGEST_SPAN = 256
_LONGEST_COMMAND = 2048
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def code(text: str, longest: int = _LONGEST_SPAN) -> str:
    """Foreign text as an inline code span that cannot end early, mention people or start markup; `-` where empty."""
    return "`" + (plain(text).replace("`", " ").strip()[:longest] or "-") + "`"


def cell(text: str) -> str:
    """The same in a table, where a bar would end the cell even inside a span, and an escaped one not everywhere."""
    return code(text.replace("|", "¦"))


def command(*lines: str) -> tuple[str, ...]:
    """Commands of ours, with foreign names in them, as a block that can be copied; each begins with a program's name.

    So none of its lines can be taken for a marker, and none can end the block.
    """
    return ("```", *(plain(line).replace("`", " ").strip()[:_LONGEST_COMMAND] for line in lines), "```")


def prose(text: str) -> str:
    """A sentence of ours with foreign names in it: no markup, no link, nobody and no other ticket is mentioned."""
    escaped = re.sub(r"([\\`*_\[\]<>#|~&!$])", r"\\\1", plain(text)).replace("@", "@\u200b")
    text = _AUTOLINK.sub("\\1\u200b\\2", escaped)
    return f"\u200b{text}" if text.startswith("/") else text  # GitLab obeys a line that begins with /close


def link(words: str, address: str) -> str:
    """A link to an address of our own making, which `page.address` has accepted; also in a table."""
    quoted = address.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20").replace("|", "%7C")
    return f"[{prose(words)}](<{quoted}>)"
