"""The Markdown that memdrift writes, as Jira's wiki markup.

Exists because Jira reads no Markdown. Knows what `report` uses: paragraphs, headings, lists, tables, code spans,
fences, links, bold. Everything else is text, and text is escaped: names of functions must not become markup.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\{}\[\]|*_+^~!?-])")
_PART = re.compile(
    r"`([^`]*)`|\*\*([^*]+)\*\*|(?<!!)\[([^\]]+)\]\(<?(https?://[^\s)|\]>]+)>?\)|\\([!-/:-@\[-`{-~])|<!--.*?-->"
)
_RULE_ROW = re.compile(r"\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"(\s*)([*+-]|\d+\.)\s+(.*)")
_INVISIBLE = re.compile("[\u200c\u200d\ufeff]")
"""Not U+200B, by which foreign addresses and names are kept from becoming links and mentions."""


def wiki(markdown: str) -> str:
    """The same text in wiki markup."""
    lines: list[str] = []
    fenced = False
    source = _INVISIBLE.sub("", markdown).splitlines()
    for number, line in enumerate(source):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            lines.append("{noformat}")
        elif fenced:
            lines.append(line.replace("{noformat}", "{ noformat }"))
        elif line.lstrip().startswith("|"):
            if not _RULE_ROW.fullmatch(line.strip()):
                follows = source[number + 1].strip() if number + 1 < len(source) else ""
                lines.append(_row(line, heading=bool(_RULE_ROW.fullmatch(follows))))
        else:
            lines.append(_line(line))
    return "\n".join([*lines, *(["{noformat}"] if fenced else [])])


def _line(line: str) -> str:
    heading, item = _HEADING.fullmatch(line), _ITEM.fullmatch(line)
    if heading:
        return f"h{len(heading[1])}. {_text(heading[2])}"
    if item:
        depth = 1 + len(item[1]) // 2
        return f"{('#' if item[2][0].isdigit() else '*') * depth} {_text(item[3])}"
    return _text(line)


def _row(line: str, *, heading: bool) -> str:
    bar = "||" if heading else "|"
    cells = [_text(cell.strip()) or " " for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
    return bar + bar.join(f" {cell} " for cell in cells) + bar


def _text(text: str) -> str:
    """Inline markup and escaped text."""
    parts, end = [], 0
    for found in _PART.finditer(text):
        parts.append(_escaped(text[end : found.start()]))
        end = found.end()
        code, bold, label, url, literal = found.groups()
        if code is not None:
            parts.append("{{" + _escaped(code) + "}}")
        elif bold is not None:
            parts.append(f"*{_escaped(bold)}*")
        elif label is not None:
            parts.append(f"[{_escaped(label)}|{url}]")
        elif literal is not None:
            parts.append(_escaped(literal))
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
