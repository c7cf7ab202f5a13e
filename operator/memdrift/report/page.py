"""The skeleton of every HTML page: one style sheet, named scripts, nothing from elsewhere, everything escaped.

Exists so that the report, the pages that the operator serves and a stored file look alike and are held by the same
content security policy, which allows exactly the inline text that is ours. Whatever a template prints is escaped and
freed of control characters. Must not know what a page is about.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from memdrift.report.tables import plain, span


def _printed(value: object) -> object:
    return value if isinstance(value, Markup) else plain(value)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at is not None else "-"


def address(text: str | None) -> str:
    """The text where a browser may follow it as a link, "" where it may not: only `https` and `http` lead anywhere."""
    return text if text and text.startswith(("https://", "http://")) and plain(text) == text else ""


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("memdrift.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"moment": _moment, "address": address, "span": span}
    return environment


LIVE_SECONDS = 10
"""How often a live page asks for news while somebody looks at it."""
_ENVIRONMENT = _environment()
_STATIC = PackageLoader("memdrift.report", "static")


def static(name: str) -> str:
    """The text of a file that is put into a page, such as `page.css`."""
    return _STATIC.get_source(_ENVIRONMENT, name)[0]


def policy(scripts: Sequence[str] = (), *, live: bool = False, forms: bool = False) -> str:
    """The content security policy of a page with these scripts.

    Args:
        scripts: names of files in `static`.
        live: whether the page may ask the server that it came from for news, and send it forms.
        forms: whether it may send it forms.
    """
    style = _digest(static("page.css"))
    allowed = " ".join(_digest(static(name)) for name in scripts) or "'none'"
    connect = "; connect-src 'self'" if live else ""
    action = "'self'" if live or forms else "'none'"
    loaded = f"default-src 'none'; style-src {style}; script-src {allowed}{connect}"
    return f"{loaded}; base-uri 'none'; form-action {action}"


def render(
    template: str, *, scripts: Sequence[str] = (), live: bool = False, forms: bool = False, **values: object
) -> str:
    """A template that extends `page.html`, with its values.

    Args:
        template: a file in `templates`; its blocks are `title` and `main`.
        scripts: names of files in `static`, put at the end of the page.
        live: see `policy`; such a page has a bar with the way to the fleet, its own refreshing, and signing out.
        forms: see `policy`.
        values: what the template prints; only `markupsafe.Markup` is taken as it is.
    """
    return _ENVIRONMENT.get_template(template).render(
        {
            **values,
            "policy": policy(scripts, live=live, forms=forms),
            "live_seconds": LIVE_SECONDS if live else 0,
            "style": Markup(static("page.css")),  # noqa: S704 - our own file
            "scripts": [Markup(static(name)) for name in scripts],  # noqa: S704 - our own files
        }
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
