"""A replayed past as one HTML page: figures, advice, and a picture of every finding. Self-contained, without script.

Exists so that it can be handed to whoever decides about leaving `Observe`. Foreign text is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from memdrift.report.tables import Row, plain

_STYLE = """
body{font:15px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#1f2328}
table{border-collapse:collapse;margin:1em 0}
td,th{text-align:left;padding:.2em .8em .2em 0;border-bottom:1px solid #d0d7de}
p.advice{border-left:4px solid #1f6feb;padding-left:1em}figure{margin:2em 0}
"""


def page(
    title: str,
    facts: Sequence[Row],
    advice: str,
    headings: Row,
    rows: Sequence[Row],
    figures: Sequence[tuple[str, str]],
) -> str:
    """The page; `figures` are captions with SVG that is already safe."""
    return "".join(
        (
            f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{_safe(title)}</title>",
            f"<style>{_STYLE}</style><h1>{_safe(title)}</h1><p class='advice'>{_safe(advice)}</p>",
            _table((), facts),
            _table(headings, rows) if rows else "",
            *(f"<figure>{svg}<figcaption>{_safe(caption)}</figcaption></figure>" for caption, svg in figures),
            "</html>\n",
        )
    )


def _table(headings: Row, rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{_safe(each)}</th>" for each in headings)
    body = "".join("<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"


def _safe(text: str) -> str:
    return escape(plain(text))
