"""What is wrong with something that came from outside, in one line.

Exists because pydantic's own text has several lines and repeats the value, which may be secret. Must not know whose
value it is, nor what is to be done about it.
"""

from __future__ import annotations

from pydantic import ValidationError


def fault_of(error: Exception) -> str:
    """The path of the first wrong field, what is wrong with it, and how many more there are.

    Of any other error its own words, as one line.
    """
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split()) or type(error).__name__
    first, *others = error.errors(include_input=False, include_url=False, include_context=False)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    said = " ".join(first["msg"].split())
    more = f" (and {len(others)} more)" if others else ""
    return f"`{path}`: {said}{more}" if path else f"{said}{more}"
