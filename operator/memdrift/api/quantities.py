"""Kubernetes quantities for bytes: the type on the wire and the way to numbers and back.

Exists because an owner writes `16Mi`, and the detector computes bytes. Must not round what an owner wrote.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic.config import JsonDict

_UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


def _written(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_NUMBER_AND_UNIT = r"[0-9]{1,16}(\.[0-9]{1,6})?([EPTGM]i?|Ki|k)?$"
_INT_OR_STRING: JsonDict = {"x-kubernetes-int-or-string": True}

Quantity = Annotated[
    str,
    Field(max_length=32, pattern="^" + _NUMBER_AND_UNIT, json_schema_extra={**_INT_OR_STRING, "minimum": 0}),
    BeforeValidator(_written),
]
"""An amount of bytes such as `16Mi`; a plain number counts bytes."""

SignedQuantity = Annotated[
    str,
    Field(max_length=32, pattern="^-?" + _NUMBER_AND_UNIT, json_schema_extra=_INT_OR_STRING),
    BeforeValidator(_written),
]
"""A growth in bytes, which may be negative."""


def bytes_of(quantity: str) -> int:
    """The bytes of a quantity, rounded to the nearest one: `bytes_of("1.5Ki")` is 1536.

    Raises:
        ValueError: the text is not a quantity.
    """
    number = quantity.rstrip("EPTGMkKi")
    unit = quantity[len(number) :]
    if unit not in _UNITS or not number:
        raise ValueError(f"`{quantity}` is not a quantity of bytes; write for example `16Mi`")
    try:
        return int((Decimal(number) * _UNITS[unit]).to_integral_value())
    except ArithmeticError as error:
        raise ValueError(f"`{quantity}` is not a quantity of bytes; write for example `16Mi`") from error


def quantity_of(size_bytes: float) -> str:
    """The quantity that a person would write: three digits or so, in the largest binary unit that leaves one.

    `quantity_of(35_300_000)` is `33.7Mi`. It rounds, so it is for status and messages only.
    """
    sign, size = ("-" if size_bytes < 0 else ""), abs(size_bytes)
    for unit in ("", "Ki", "Mi", "Gi", "Ti", "Pi"):
        if size < 1024 or unit == "Pi":
            digits = f"{size:.0f}" if unit == "" or size >= 100 else f"{size:.3g}"
            return f"{sign if float(digits) else ''}{digits}{unit}"
        size /= 1024
    raise AssertionError("unreachable: the largest unit always fits")
