"""The decision bundle: what was measured comes back bit by bit, holes included, and judges the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from memdrift.drift import judge
from memdrift.drift.blocks import Bands, Life, LifeBlocks, Window
from memdrift.drift.policy import DetectionPolicy
from memdrift.report import bundle
from tests import builders

BLOCKS = 6
series = arrays.arrays(np.float64, BLOCKS, elements=st.floats(0, 2**53) | st.just(np.nan))
bands = st.builds(Bands, p10=series, p50=series, p90=series, count=series)
lives = st.builds(
    LifeBlocks,
    life=st.builds(
        Life,
        pod=st.text(max_size=20),
        uid=st.text(max_size=20),
        container=st.text(max_size=20),
        started_at=st.floats(0, 2**33),
        revision=st.text(max_size=20),
        zone=st.text(max_size=20),
        limit_bytes=st.none() | st.integers(0, 2**60),
        runtime_limit_bytes=st.none() | st.integers(0, 2**60),
        requested_bytes=st.none() | st.integers(0, 2**60),
    ),
    block_seconds=st.integers(1, 3600),
    starts=st.integers(0, 2**33).map(lambda first: np.arange(first, first + BLOCKS, dtype=np.int64)),
    live_heap=bands,
    resident=bands,
    working_set=bands,
    load=st.lists(series, max_size=3).map(lambda rows: np.stack(rows) if rows else np.empty((0, BLOCKS))),
    latency_milliseconds=series,
    expected_samples=st.floats(1, 1000),
)
windows = st.builds(
    Window,
    seconds=st.integers(1, 10**6),
    block_seconds=st.integers(1, 3600),
    ended_at=st.floats(0, 2**33),
    lives=st.lists(lives, max_size=2).map(tuple),
    queries=st.lists(st.text(max_size=40), max_size=3).map(tuple),
    latency_scope_is_store=st.booleans(),
    past_lives=st.lists(lives, max_size=1).map(tuple),
)


def fields(value: object) -> Any:
    """A comparable form in which a hole equals a hole."""
    if isinstance(value, np.ndarray):
        return (value.shape, str(value.dtype), repr(value.tolist()))
    if isinstance(value, tuple):
        return [fields(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: fields(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def leaking_window() -> Window:
    pods = (builders.pod(1), builders.pod(2))
    end = builders.START.timestamp() + builders.WINDOW_SECONDS + 30
    return builders.window(pods, builders.START.fromtimestamp(end, builders.START.tzinfo), builders.LEAKING)


@given(st.lists(windows, max_size=2))
def test_measurements_come_back_as_they_were(measured: list[Window]) -> None:
    assert fields(bundle.decode(bundle.encode(measured, (), {}))) == fields(tuple(measured))


def test_the_restored_measurements_judge_the_same() -> None:
    policy = DetectionPolicy(
        minimum_growth_percent=10,
        minimum_growth_bytes=4 * builders.MEBIBYTE,
        minimum_coverage_percent=80,
        warm_up_seconds=20,
        minimum_drifting_pods=1,
        objective_milliseconds=200,
    )
    measured = (leaking_window(),)
    verdicts = judge.judge(measured, policy)

    assert any(verdict.drifting for verdict in verdicts)
    assert judge.judge(bundle.decode(bundle.encode(measured, verdicts, {})), policy) == verdicts


def test_it_is_plain_json_without_numbers_that_json_does_not_know() -> None:
    life = leaking_window().lives[0]
    holes = np.array([np.nan, np.inf, -np.inf, *life.latency_milliseconds[3:]])
    window = replace(leaking_window(), lives=(replace(life, latency_milliseconds=holes),))

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads(bundle.encode((window,), (), {"store": "features"}), parse_constant=refuse)

    assert document["context"] == {"store": "features"}
    assert document["windows"][0]["lives"][0]["latency_milliseconds"][:3] == [None, None, None]


def test_equal_decisions_have_equal_bytes() -> None:
    first, second = (
        bundle.encode((leaking_window(),), (), context) for context in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )

    assert first == second


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{}", b'{"version": 2, "windows": []}', b"\xff", b"not json"]
)
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        bundle.decode(content)
