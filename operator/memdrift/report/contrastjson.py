"""Two profiles compared, as JSON for other programs.

Must not compute growth.
"""

from __future__ import annotations

import json
from typing import Any

from memdrift.evidence.breakdown import By, rows
from memdrift.evidence.contrast import Contrast, Side

VERSION = 1
"""Of the format: fields are only ever added to it."""


def document(contrast: Contrast, names: tuple[str, str], count: int, *, cumulative_first: bool) -> str:
    """Figures in the unit that the document names, shares in percent of what grew; lists have at most `count` rows."""
    growth = contrast.growth
    return json.dumps(
        {
            "version": VERSION,
            "what": contrast.what,
            "unit": contrast.unit,
            "base": _side(contrast.then, names[0]),
            "now": _side(contrast.now, names[1]),
            "seconds": contrast.seconds,
            "growth": {
                "net": growth.net_bytes,
                "grew": growth.positive_bytes,
                "shrank": growth.positive_bytes - growth.net_bytes,
                "objects": sum(growth.objects_by_stack.values()) if growth.objects_by_stack else None,
            },
            "fingerprint": contrast.fingerprint,
            "confidencePercent": contrast.confidence_percent,
            "confidenceReason": contrast.confidence_reason,
            "suspects": _suspects(contrast, count),
            "goroutines": [{"startedWith": entry, "growth": value} for entry, value in contrast.entries[:count]],
            "changes": [
                {
                    "module": each.module,
                    "before": each.before,
                    "after": each.after,
                    "inGrowingStacks": each.in_growing_stacks,
                }
                for each in contrast.changes[:count]
            ],
            **{f"{by}s": _rows(contrast, by, count, cumulative_first=cumulative_first) for by in By},
            "stacks": [
                {
                    "growth": value,
                    "sharePercent": round(growth.share_percent(value), 3),
                    "objects": growth.objects_by_stack.get(stack, 0),
                    "frames": list(stack),
                }
                for stack, value in growth.largest(count)
            ],
            "odd": list(contrast.oddities),
        },
        indent=2,
    )


def _side(side: Side, name: str) -> dict[str, Any]:
    return {
        "file": name,
        "program": side.main_file,
        "total": side.total,
        "allocatedBytes": side.allocated_bytes,
        "takenAt": side.taken_at or None,
    }


def _suspects(contrast: Contrast, count: int) -> list[dict[str, Any]]:
    return [
        {
            "function": each.function,
            "module": each.module,
            "version": each.version,
            "growth": each.growth_bytes,
            "sharePercent": round(contrast.growth.share_percent(each.growth_bytes), 3),
            "retainedBy": each.retained_by,
        }
        for each in contrast.suspects[:count]
    ]


def _rows(contrast: Contrast, by: By, count: int, *, cumulative_first: bool) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "flat": row.flat,
            "cumulative": row.cumulative,
            "now": row.now,
            "module": row.module,
            "moduleVersion": row.version,
        }
        for row in rows(contrast, by, count, cumulative_first=cumulative_first)
    ]
