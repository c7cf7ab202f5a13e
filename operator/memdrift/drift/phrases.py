"""Figures in the words of the verdict's sentences.

Exists so that all sentences round and name units alike. Formats only; must not compute figures.
"""

from __future__ import annotations

_MEBIBYTE = 1024.0**2
_GIBIBYTE = 1024.0**3


def size_of(amount_bytes: float) -> str:
    """Bytes as MiB or GiB, as a person would say them."""
    if abs(amount_bytes) >= 10 * _GIBIBYTE:
        return f"{amount_bytes / _GIBIBYTE:.1f} GiB"
    if abs(amount_bytes) >= 10 * _MEBIBYTE:
        return f"{amount_bytes / _MEBIBYTE:.0f} MiB"
    return f"{amount_bytes / _MEBIBYTE:.1f} MiB"


def span_of(seconds: float) -> str:
    """Seconds as the two largest units: "2 min 40 s", "3 h 5 min", "2 d 4 h"."""
    whole = round(seconds)
    for unit, length, smaller, smaller_length in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = (whole % length) // smaller_length
            return f"{whole // length} {unit} {rest} {smaller}" if rest else f"{whole // length} {unit}"
    return f"{whole} s"


def change_of(percent: float | None) -> str:
    """A change of load: "fell 25 %", "rose 8 %", "did not change", "is unknown"."""
    if percent is None:
        return "is unknown"
    if abs(percent) < 2:
        return "did not change"
    return f"{'rose' if percent > 0 else 'fell'} {abs(percent):.0f} %"


def quantile_of(quantile: float) -> str:
    """A quantile's name: 0.99 is "p99", 0.999 is "p99.9"."""
    return f"p{quantile * 100:.4g}"
