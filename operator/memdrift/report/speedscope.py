"""Growing stacks in the file format of speedscope, a viewer in the browser.

The format is that of the published schema (https://www.speedscope.app/file-format-schema.json): a sampled profile whose
weights are bytes. Must not read profiles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from memdrift.report.exhibit import GrownStack
from memdrift.report.tables import plain
from memdrift.version import VERSION

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(name: str, stacks: Iterable[GrownStack]) -> bytes:
    """UTF-8 JSON of one profile; what shrank is left out, since weights cannot be negative."""
    frames: dict[str, int] = {}
    samples, weights = [], []
    for functions, growth in sorted(stacks, key=lambda each: -each[1]):
        if growth > 0 and functions:
            samples.append([frames.setdefault(plain(function), len(frames)) for function in functions])
            weights.append(growth)
    document = {
        "$schema": _SCHEMA,
        "exporter": f"memdrift {VERSION}",
        "name": plain(name),
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": function} for function in frames]},
        "profiles": [
            {
                "type": "sampled",
                "name": plain(name),
                "unit": "bytes",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
