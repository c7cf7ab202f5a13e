"""Foreign text in Markdown: one line, no markup, nobody is mentioned.

Exists because a ticket is read by a tracker's renderer, which follows links and notifies people. Must not know what the
text is about.
"""

from __future__ import annotations

import re

from memdrift.report.tables import plain

_LONGEST_SPAN = 256
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def code(text: str, longest: int = _LONGEST_SPAN) -> str:
    """Foreign text as an inline code span that cannot end early, mention people or start markup; `-` where empty."""
    return "`" + (plain(text).replace("`", " ").strip()[:longest] or "-") + "`"


def cell(text: str) -> str:
    """The same in a table, where a bar would end the cell even inside a span, and an escaped one not everywhere."""
    return code(text.replace("|", "¦"))


def prose(text: str) -> str:
    """A sentence of ours with foreign names in it: no markup, no link, nobody and no other ticket is mentioned."""
    escaped = re.sub(r"([\\`*_\[\]<>#|~&!$])", r"\\\1", plain(text)).replace("@", "@\u200b")
    text = _AUTOLINK.sub("\\1\u200b\\2", escaped)
    return f"\u200b{text}" if text.startswith("/") else text  # GitLab obeys a line that begins with /close


def link(words: str, address: str) -> str:
    """A link to an address of our own making, which `page.address` has accepted."""
    return f"[{prose(words)}](<{address.replace('<', '%3C').replace('>', '%3E').replace(' ', '%20')}>)"
