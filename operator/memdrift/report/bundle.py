"""The decision bundle: what a decision was made from, as one JSON document, and back.

Exists so that every number shown can be computed again without a cluster, and so that the check
after a restart compares with what was measured before it. Must not judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from memdrift.api.faults import fault_of
from memdrift.drift.blocks import Bands, Floats, Life, LifeBlocks, Window
from memdrift.drift.policy import DetectionPolicy
from memdrift.drift.verdict import Verdict
from memdrift.version import VERSION as MEMDRIFT

_LIFE, _POLICY = TypeAdapter(Life), TypeAdapter(DetectionPolicy)
VERSION = 1
"""Of the format: fields are only ever added to it, so that old bundles stay readable."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle read back.

    Attributes:
        verdicts: the stored ones, as `stored_form` gives them.
        policy: None in bundles which were written before they held one.
        memdrift: the version that decided, "" where the bundle does not say.
    """

    windows: tuple[Window, ...]
    verdicts: Sequence[Mapping[str, Any]]
    context: Mapping[str, object]
    policy: DetectionPolicy | None
    memdrift: str


def encode(
    windows: Sequence[Window],
    verdicts: Sequence[Verdict],
    context: Mapping[str, object],
    policy: DetectionPolicy | None = None,
) -> bytes:
    """The bundle as UTF-8 JSON; missing measurements are null.

    `context` says which store, incident and plan; `policy` holds the thresholds that the verdicts were judged by.
    """
    document = {
        "version": VERSION,
        "memdrift": MEMDRIFT,
        "context": dict(context),
        "policy": asdict(policy) if policy else None,
        "verdicts": [asdict(verdict) for verdict in verdicts],
        "windows": [_window(window) for window in windows],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), default=str).encode()


def decode(content: bytes) -> tuple[Window, ...]:
    """The measurements of a bundle.

    Raises:
        ValueError: not a bundle of a version that is known here.
    """
    return read(content).windows


def read(content: bytes) -> Bundle:
    """Everything in a bundle.

    Raises:
        ValueError: not a bundle of a version that is known here, or a broken one.
    """
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError(f"not a decision bundle of version {VERSION}")
    try:
        return Bundle(
            windows=tuple(_restored(window) for window in document["windows"]),
            verdicts=[dict(verdict) for verdict in document.get("verdicts", [])],
            context=dict(document.get("context", {})),
            policy=_policy(document.get("policy")),
            memdrift=str(document.get("memdrift", "")),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"a decision bundle that is not whole: {type(error).__name__}: {fault_of(error)}") from error


def stored_form(verdicts: Sequence[Verdict]) -> Any:  # noqa: ANN401 - JSON
    """Verdicts as a bundle holds them, to be compared with the ones of a bundle."""
    return json.loads(json.dumps([asdict(verdict) for verdict in verdicts], default=str))


def _policy(document: Mapping[str, Any] | None) -> DetectionPolicy | None:
    """A policy of another version may have thresholds that this one does not know: they cannot be judged by."""
    if document is None:
        return None
    known = {each.name for each in fields(DetectionPolicy)}
    found = _POLICY.validate_python({name: value for name, value in document.items() if name in known})
    if not all(np.isfinite(float(getattr(found, name))) for name in known):
        raise ValueError("a threshold of the policy is not finite")
    return found


def _window(window: Window) -> dict[str, Any]:
    return {
        "seconds": window.seconds,
        "block_seconds": window.block_seconds,
        "ended_at": window.ended_at,
        "queries": list(window.queries),
        "latency_scope_is_store": window.latency_scope_is_store,
        "lives": [_life(each) for each in window.lives],
        "past_lives": [_life(each) for each in window.past_lives],
    }


def _life(blocks: LifeBlocks) -> dict[str, Any]:
    return {
        "life": asdict(blocks.life),
        "block_seconds": blocks.block_seconds,
        "starts": blocks.starts.tolist(),
        "live_heap": _bands(blocks.live_heap),
        "resident": _bands(blocks.resident),
        "working_set": _bands(blocks.working_set),
        "load": [_series(row) for row in blocks.load],
        "latency_milliseconds": _series(blocks.latency_milliseconds),
        "expected_samples": blocks.expected_samples,
        "kept_bound_milliseconds": blocks.kept_bound_milliseconds,
        "slow_bound_milliseconds": _bound(blocks.slow_bound_milliseconds),
        "slow_fraction": None if blocks.slow_fraction is None else _series(blocks.slow_fraction),
    }


def _bound(bound: float | None) -> float | str | None:
    """JSON has no infinity: the last bucket's bound is a word."""
    return "infinite" if bound is not None and np.isinf(bound) else bound


def _bands(bands: Bands) -> dict[str, list[float | None]]:
    return {name: _series(getattr(bands, name)) for name in ("p10", "p50", "p90", "count")}


def _series(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _array(values: Sequence[float | None], blocks: int) -> Floats:
    found = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    if found.shape != (blocks,):
        raise ValueError(f"a series has the shape {found.shape}, and its life {blocks} blocks")
    return found


def _restored(document: Mapping[str, Any]) -> Window:
    return Window(
        seconds=int(document["seconds"]),
        block_seconds=int(document["block_seconds"]),
        ended_at=float(document["ended_at"]),
        lives=tuple(_restored_life(each) for each in document["lives"]),
        queries=tuple(str(query) for query in document["queries"]),
        latency_scope_is_store=bool(document["latency_scope_is_store"]),
        past_lives=tuple(_restored_life(each) for each in document["past_lives"]),
    )


def _restored_life(document: Mapping[str, Any]) -> LifeBlocks:
    blocks = len(document["starts"])
    load = [_array(row, blocks) for row in document["load"]]
    kept_bound, slow_bound = (_restored_bound(document.get(f"{name}_bound_milliseconds")) for name in ("kept", "slow"))
    slow_fraction = document.get("slow_fraction")
    return LifeBlocks(
        life=_LIFE.validate_python(document["life"]),
        block_seconds=int(document["block_seconds"]),
        starts=np.array(document["starts"], dtype=np.int64),
        live_heap=_restored_bands(document["live_heap"], blocks),
        resident=_restored_bands(document["resident"], blocks),
        working_set=_restored_bands(document["working_set"], blocks),
        load=np.stack(load) if load else np.empty((0, blocks)),
        latency_milliseconds=_array(document["latency_milliseconds"], blocks),
        expected_samples=float(document["expected_samples"]),
        kept_bound_milliseconds=kept_bound,
        slow_bound_milliseconds=slow_bound,
        slow_fraction=None if slow_fraction is None else _array(slow_fraction, blocks),
    )


def _restored_bands(document: Mapping[str, Any], blocks: int) -> Bands:
    return Bands(**{name: _array(values, blocks) for name, values in document.items()})


def _restored_bound(bound: float | str | None) -> float | None:
    return None if bound is None else np.inf if bound == "infinite" else float(bound)
