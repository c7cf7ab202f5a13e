"""Kubernetes quantities for bytes: the type on the wire and the way to numbers and back.

Exists because an owner writes `16Mi`, and the detector computes bytes. Must not round what an owner wrote.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic.config import JsonDict

_UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
_MILLI = Decimal("0.001")
_READ = re.compile(r"([+-]?[0-9]{1,24}(?:\.[0-9]{0,24})?)([EPTGM]i?|Ki|[km]|[eE][+-]?[0-9]{1,2}|)", re.ASCII)


def _written(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_NUMBER_AND_UNIT = r"[0-9]{1,16}(\.[0-9]{1,6})?([EPTGM]i?|Ki|k)?$"
_LARGEST_INTEGER = 10**16 - 1
_INT_OR_STRING: JsonDict = {"x-kubernetes-int-or-string": True, "maximum": _LARGEST_INTEGER}

Quantity = Annotated[
    str,
    Field(max_length=32, pattern="^" + _NUMBER_AND_UNIT, json_schema_extra={**_INT_OR_STRING, "minimum": 0}),
    BeforeValidator(_written),
]
"""An amount of bytes such as `16Mi`; a plain number counts bytes."""

SignedQuantity = Annotated[
    str,
    Field(
        max_length=32,
        pattern="^-?" + _NUMBER_AND_UNIT,
        json_schema_extra={**_INT_OR_STRING, "minimum": -_LARGEST_INTEGER},
    ),
    BeforeValidator(_written),
]
"""A growth in bytes, which may be negative."""


def bytes_of(quantity: str) -> int:
    """The bytes of a quantity, rounded to the nearest one: `bytes_of("1.5Ki")` is 1536.

    It also reads what Kubernetes allows elsewhere, such as a memory limit of `129e6` or `1500m`.

    Raises:
        ValueError: the text is not a quantity.
    """
    parts = _READ.fullmatch(quantity)
    if parts is None:
        raise ValueError(f"`{quantity}` is not a quantity of bytes; write for example `16Mi`")
    number, unit = parts.groups()
    if unit == "m":
        size = Decimal(number) * _MILLI
    elif unit in _UNITS:
        size = Decimal(number) * _UNITS[unit]
    else:
        size = Decimal(number + unit)
    return int(size.to_integral_value())


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
