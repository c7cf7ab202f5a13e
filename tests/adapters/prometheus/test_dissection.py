"""Taking answers apart again and again gives every store its own series, whoever it is asked together with."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from memdrift.adapters.prometheus import dissection
from memdrift.adapters.prometheus.answers import SeriesKey, Table
from memdrift.adapters.prometheus.dissection import Dissector, Owners
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.scopes import Scope, taken_apart

GRID = Grid(60, 600, 720)
SCOPES = [
    Scope("a", "svc", "Deployment"),
    Scope("a", "svc-long", "Deployment"),
    Scope("b", "svc", "StatefulSet", strangers=("odd", "svc-7")),
    Scope("b", "svc", "DaemonSet"),
]
PODS = ["svc-6d5f7c9b4d-x2k4p", "svc-long-6d5f7c9b4d-x2k4p", "svc-7", "svc-0", "odd", "svc-x2k4p", "else"]
KEYS = st.builds(SeriesKey, st.sampled_from("abc"), st.sampled_from(PODS), st.just("app"), st.sampled_from(["p10", ""]))


@settings(deadline=None)
@given(
    answers=st.lists(
        st.tuples(st.lists(KEYS, unique=True), st.lists(st.sampled_from(range(len(SCOPES))), unique=True, min_size=1)),
        max_size=5,
    )
)
def test_it_is_taken_apart_as_the_first_time(answers: list[tuple[list[SeriesKey], list[int]]]) -> None:
    dissector = Dissector(Owners())
    for keys, chosen in answers:
        table = Table(GRID, tuple(keys), np.arange(len(keys) * 3.0).reshape(len(keys), 3))
        scopes = [SCOPES[number] for number in chosen]
        for part, expected in zip(dissector.parts(table, scopes), taken_apart(table, scopes), strict=True):
            assert list(part.rows.items()) == list(expected.rows.items())
            np.testing.assert_array_equal(part.values, expected.values)


def test_the_same_series_have_the_same_rows_object() -> None:
    dissector = Dissector(Owners())
    keys = (SeriesKey("a", PODS[0], "app", ""), SeriesKey("b", "svc-0", "app", ""))
    table = Table(GRID, keys, np.zeros((2, 3)))
    alone, both = dissector.parts(table, SCOPES[:1]), dissector.parts(table, SCOPES)
    assert alone[0].rows is both[0].rows


def test_what_is_remembered_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(dissection, "MOST_PODS", 3)
    owners = Owners()
    for number in range(10):
        numbers = owners.numbers(SCOPES)
        assert owners.of("b", f"svc-{number}") == (numbers[2],)
    assert len(owners._owners) <= 4
