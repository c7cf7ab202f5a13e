"""The recordings as they lie in `data/`: one compressed table each and a manifest that says what they are.

Exists because the back-test reads this form, the same as the corpus has. Must not know Prometheus.
"""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.recordings.behaviours import Behaviour, Level
from tests.recordings.readings import COLUMNS, Rows

FOLDER = Path(__file__).resolve().parent / "data"
MANIFEST = "manifest.json"
LICENCE = "Apache-2.0"
SOURCE = "recorded by tests/recordings of this project"

Entry = dict[str, Any]

WINDOW_SECONDS = 600
"""One window as long as a run: several times what the slowest healthy program takes to warm up (a cache, 215 s), as six
hours are several times what a service takes."""
WARM_UP_SECONDS = 60
"""Nothing leaks before."""


def file_name(behaviour: Behaviour, level: Level) -> str:
    return f"own_{behaviour.name}_{level.name}.csv.gz"


def write_rows(folder: Path, behaviour: Behaviour, level: Level, rows: Rows) -> None:
    """The same rows give the same bytes: the archive carries neither a time nor a name."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file_name(behaviour, level)).write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def read_rows(path: Path) -> Rows:
    with gzip.open(path, "rt", newline="") as text:
        return list(csv.DictReader(text))


def entry_of(behaviour: Behaviour, level: Level, seconds: int, limit_bytes: float, recorded_on: str) -> Entry:
    """A line of the manifest; `exposure_seconds` is samples times interval, as in the corpus."""
    return {
        "file": file_name(behaviour, level),
        "id": f"own/{behaviour.name}/{level.name}",
        "family": "own",
        "label": behaviour.label,
        "note": f"{behaviour.note}; {level.requests_per_second:g} requests/s",
        "samples": seconds,
        "interval_seconds": 1.0,
        "span_seconds": float(seconds - 1),
        "exposure_seconds": float(seconds),
        "limit": limit_bytes,
        "onset_seconds": behaviour.onset_seconds(level, seconds),
        "window_seconds": [WINDOW_SECONDS],
        "warm_up_seconds": WARM_UP_SECONDS,
        "memory_unit": "bytes",
        "load_unit": "requests/s",
        "latency_unit": "s, p99",
        "source": SOURCE,
        "licence": LICENCE,
        "recorded_on": recorded_on,
    }


def read_manifest(folder: Path = FOLDER) -> list[Entry]:
    """Empty where nothing was recorded yet."""
    path = folder / MANIFEST
    entries: list[Entry] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return entries


def merge_into_manifest(folder: Path, entries: Sequence[Entry]) -> None:
    """Replaces the entries of the same id and leaves the others, so that one behaviour can be recorded again."""
    merged = {entry["id"]: entry for entry in [*read_manifest(folder), *entries]}
    text = json.dumps([merged[name] for name in sorted(merged)], indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
