"""Recorded runs from a folder: `manifest.json` beside one CSV file (gzipped or not) per run.

Exists so that anybody can hand memdrift a past of their own. Reads only; what a run means is the business of
`backtest`.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from memdrift.api.detection import WindowSeconds
from memdrift.backtest.recording import Recording
from memdrift.drift.blocks import Floats
from memdrift.errors import ConfigurationInvalid

PERCENT_BYTES = 16 * 1024.0**3 / 100
"""Machines report percent of a capacity that nobody wrote down: 16 GiB stands for it."""
_MEMORY_UNITS = {"bytes": 1.0, "KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3, "percent": PERCENT_BYTES}
_LATENCY_UNITS = {"s": 1000.0, "ms": 1.0, "response time": 1000.0}
"""Milliseconds per unit; the runs that say only `response time` have it in seconds."""
_COLUMNS = frozenset({"t", "memory", "live_heap", "resident", "working_set", "latency"})
_EMPTY_CELL = re.compile(r"(?:(?<=,)|^)(?=,|\r?$)", re.MULTILINE)

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ManifestRow(BaseModel):
    """One run as the manifest describes it; fields it does not know are left alone.

    Attributes:
        limit: in the unit of the memory.
        window_seconds, warm_up_seconds: where the run is too short for the usual ones.
    """

    file: str
    id: str
    family: str
    label: Literal["leak", "steady", "step", "unsure"]
    interval_seconds: Positive
    exposure_seconds: Positive | None = None
    limit: Positive | None = None
    onset_seconds: float | None = None
    memory_unit: str = "bytes"
    latency_unit: str | None = None
    objective_milliseconds: Positive | None = None
    window_seconds: tuple[WindowSeconds, ...] = ()
    warm_up_seconds: Annotated[float, Field(ge=0)] | None = None


def recordings_of(manifest: Path) -> list[Recording]:
    """All runs of a manifest, in its order.

    Raises:
        ConfigurationInvalid: the manifest or a file is missing or not what it must be; names the field and the remedy.
    """
    try:
        rows = TypeAdapter(list[ManifestRow]).validate_python(json.loads(manifest.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise _invalid(f"{manifest}: {_fault(error)}") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _invalid(f"{manifest} cannot be read as JSON: {error}") from error
    if not rows:
        raise _invalid(f"{manifest} lists no run: give it an object per file")
    return [_recording(row, manifest.parent / row.file) for row in rows]


def _recording(row: ManifestRow, path: Path) -> Recording:
    columns = _columns(path)
    times = columns["t"]
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise _invalid(f"{path}: column `t` has a hole or goes back; sort the file by `t`, in seconds")
    memory_unit = _unit(_MEMORY_UNITS, row.memory_unit, f"`memory_unit` of `{row.id}`")
    latency_unit = _unit(_LATENCY_UNITS, row.latency_unit or "ms", f"`latency_unit` of `{row.id}`")

    def memory(*names: str) -> Floats | None:
        found = [columns[name] for name in names if name in columns and np.isfinite(columns[name]).any()]
        return found[0] * memory_unit if found else None

    loads = [series for name, series in columns.items() if name.startswith("load")]
    return Recording(
        id=row.id,
        family=row.family,
        label=row.label,
        interval_seconds=row.interval_seconds,
        exposure_seconds=row.exposure_seconds or len(times) * row.interval_seconds,
        times=times,
        live_heap=memory("live_heap"),
        resident=memory("resident", "memory"),
        working_set=memory("working_set"),
        load=np.array(loads).reshape(len(loads), len(times)),
        latency_milliseconds=columns.get("latency", np.full(len(times), np.nan)) * latency_unit,
        limit_bytes=None if row.limit is None else row.limit * memory_unit,
        onset_seconds=row.onset_seconds,
        objective_milliseconds=row.objective_milliseconds,
        window_seconds=row.window_seconds,
        warm_up_seconds=row.warm_up_seconds,
    )


def _columns(path: Path) -> dict[str, Floats]:
    """The columns of a file by their names; an empty cell is NaN."""
    try:
        packed = path.read_bytes()
        text = (gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _invalid(f"`file` {path} cannot be read: {error}") from error
    heading, _, body = text.partition("\n")
    names = [name.strip() for name in heading.split(",")]
    unknown = [name for name in names if name not in _COLUMNS and not name.startswith("load")]
    if "t" not in names or unknown:
        raise _invalid(
            f"{path}: its columns are {', '.join(names)}; it must have `t` and may have {', '.join(sorted(_COLUMNS))}, "
            "and columns whose names begin with `load`"
        )
    try:
        table = np.loadtxt(io.StringIO(_EMPTY_CELL.sub("nan", body.strip())), delimiter=",", ndmin=2, dtype=np.float64)
    except ValueError as error:
        raise _invalid(f"{path}: {error}; leave a cell empty where nothing was measured") from error
    if table.shape[1:] != (len(names),) or not len(table):
        raise _invalid(f"{path}: {len(names)} columns are named, and its {len(table)} rows hold others")
    return dict(zip(names, table.T.copy(), strict=True))


def _unit(known: dict[str, float], written: str, field: str) -> float:
    name = written.split(",")[0].strip()
    found = known.get(name, known.get(name.split(" ")[0]))
    if found is None:
        raise _invalid(f"{field} is `{written}`: write one of {', '.join(known)}")
    return found


def _fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_context=False)[0]
    number, *field = fault["loc"] or ("",)
    return f"row {number}: `{'.'.join(map(str, field))}`: {fault['msg']}" if field else f"row {number}: {fault['msg']}"


def _invalid(message: str) -> ConfigurationInvalid:
    return ConfigurationInvalid("RecordingsInvalid", message)
