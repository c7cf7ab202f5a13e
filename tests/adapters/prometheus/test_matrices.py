"""The fast reader reads what the careful one reads, and leaves it the faults."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memdrift.adapters.prometheus.answers import Origin, Table, range_series
from memdrift.adapters.prometheus.grid import Grid
from memdrift.adapters.prometheus.matrices import Matrices
from memdrift.adapters.prometheus.tables import table_of
from memdrift.api.administration import SourceLabels
from memdrift.errors import MetricsUnavailable

GRID = Grid(60, 600, 840)
LABELS, ORIGIN = SourceLabels(), Origin("main")
SAMPLES = st.sampled_from(["0", "1.5", "-2e9", "NaN", "+Inf", "-Inf", "1e-300", "209715200"])


def body(*series: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(series)}, **more}).encode()


def carefully(content: bytes) -> Table:
    return table_of(GRID, range_series(content, ORIGIN), LABELS, ORIGIN)


@settings(deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from(range(600, 841, 60)), SAMPLES), max_size=5))
def test_it_reads_the_same(rows: list[dict[int, str]]) -> None:
    content = body(
        *(
            {
                "metric": {"namespace": "a", "pod": f"p-{number}", "le": "0.5", "memdrift_band": "p50"},
                "values": [[at, row[at]] for at in sorted(row)],
            }
            for number, row in enumerate(rows)
        )
    )
    reader, careful = Matrices(LABELS, ORIGIN), carefully(content)
    for _ in range(2):  # the second time the label sets are known
        table = reader.table(content, GRID)
        assert table.keys == careful.keys
        np.testing.assert_array_equal(table.values, careful.values)


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b'{"status":"error","data":{"resultType":"matrix","result":[]}}',
        b'{"status":"success","data":{"resultType":"streams","result":[]}}',
        body({"metric": {"pod": 1}, "values": [[600, "1"]]}),
        body({"metric": {"pod": "p"}, "values": [[600, "one"]]}),
        body({"metric": {"pod": "p"}, "values": [[601, "1"]]}),
        body({"metric": {"pod": "p"}, "values": [["NaN", "1"]]}),
        body(*(2 * [{"metric": {"pod": "p"}, "values": [[600, "1"]]}])),
        body({"metric": {"pod": "p"}, "values": [[600, "1"]]}, warnings=["partial"]),
        b"[" * 5000,
        body({"metric": {"pod": "\ud800"}, "values": [[600, "1"]]}),
    ],
)
def test_it_fails_as_the_careful_one_does(content: bytes) -> None:
    with pytest.raises(MetricsUnavailable) as expected:
        carefully(content)
    with pytest.raises(MetricsUnavailable) as failed:
        Matrices(LABELS, ORIGIN).table(content, GRID)
    assert (failed.value.reason, failed.value.message) == (expected.value.reason, expected.value.message)


def test_label_sets_that_look_different_are_the_same_pods() -> None:
    reader = Matrices(LABELS, ORIGIN)
    one = b'{"metric":{"pod":"p","namespace":"a"},"values":[[600,"1"]]}'
    other = b'{"metric": {"namespace":"a", "pod":"\\u0070"},"values":[[600,"1"]]}'
    documents = [b'{"status":"success","data":{"resultType":"matrix","result":[%b]}}' % each for each in (one, other)]
    first, second = (reader.table(each, GRID).keys for each in documents)
    assert first == second
