"""Recordings from a folder: what is read, and what is refused with the field and the remedy."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from memdrift.adapters.recordings import PERCENT_BYTES, recordings_of
from memdrift.errors import ConfigurationInvalid

ROW = {
    "file": "run.csv.gz",
    "id": "run",
    "family": "made",
    "label": "leak",
    "interval_seconds": 60,
    "memory_unit": "MiB",
}
CSV = "t,memory,load,latency\n0,10,5,0.2\n60,,6,\n120,12,,0.4\n"


@pytest.fixture
def folder(tmp_path):
    def written(csv=CSV, packed=True, **changes):
        row = {**ROW, **changes}
        content = csv.encode()
        (tmp_path / "run.csv.gz").write_bytes(gzip.compress(content) if packed else content)
        (tmp_path / "manifest.json").write_text(json.dumps([row]))
        return tmp_path / "manifest.json"

    return written


def test_a_run_is_read_in_bytes_and_milliseconds(folder):
    (run,) = recordings_of(folder(latency_unit="s, p99", limit=20))
    np.testing.assert_array_equal(run.times, [0, 60, 120])
    np.testing.assert_array_equal(run.resident, [10 * 1024**2, np.nan, 12 * 1024**2])
    np.testing.assert_array_equal(run.latency_milliseconds, [200, np.nan, 400])
    np.testing.assert_array_equal(run.load, [[5, 6, np.nan]])
    assert run.limit_bytes == 20 * 1024**2
    assert run.exposure_seconds == 180
    assert run.live_heap is None
    assert run.window_seconds == ()


def test_more_columns_and_an_unpacked_file(folder):
    csv = "t,live_heap,resident,working_set,load_reads,load_writes\r\n0,1,2,3,4,5\r\n1,1,2,,4,\r\n"
    (run,) = recordings_of(
        folder(csv, packed=False, memory_unit="bytes", window_seconds=[120, 600], warm_up_seconds=20, onset_seconds=60)
    )
    assert (run.live_heap[1], run.resident[1]) == (1, 2)
    np.testing.assert_array_equal(run.working_set, [3, np.nan])
    np.testing.assert_array_equal(run.load, [[4, 4], [5, np.nan]])
    assert (run.window_seconds, run.warm_up_seconds, run.onset_seconds) == ((120, 600), 20, 60)
    assert np.isnan(run.latency_milliseconds).all()


def test_a_machine_in_percent_has_sixteen_gibibytes(folder):
    (run,) = recordings_of(folder(memory_unit="percent of machine", limit=100))
    assert run.resident[0] == 10 * PERCENT_BYTES
    assert run.limit_bytes == 16 * 1024**3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"label": "maybe"}, ["row 0", "`label`", "'leak', 'steady', 'step' or 'unsure'"]),
        ({"interval_seconds": 0}, ["`interval_seconds`", "greater than 0"]),
        ({"window_seconds": [60]}, ["`window_seconds.0`", "greater than or equal to 120"]),
        ({"memory_unit": "pages"}, ["`memory_unit` of `run` is `pages`", "bytes, KiB, MiB"]),
        ({"latency_unit": "minutes"}, ["`latency_unit` of `run`", "s, ms"]),
        ({"file": "gone.csv"}, ["`file`", "gone.csv", "cannot be read"]),
        ({"csv": "time,memory\n0,1\n"}, ["its columns are time, memory", "must have `t`"]),
        ({"csv": "t,memory\n0,1\n60,much\n"}, ["'much'", "leave a cell empty"]),
        ({"csv": "t,memory\n60,1\n0,1\n"}, ["column `t`", "sort the file"]),
        ({"csv": "t,memory\n0,1,2\n"}, ["2 columns are named"]),
        ({"csv": "t,memory\n"}, ["run.csv.gz"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_named_with_its_remedy(folder, changes, told):
    with pytest.raises(ConfigurationInvalid) as refused:
        recordings_of(folder(**changes))
    assert [part for part in told if part not in refused.value.message] == []


@pytest.mark.parametrize("content", ["[]", "{}", "nonsense", '["run"]'])
def test_a_manifest_that_lists_no_run_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ConfigurationInvalid, match=r"manifest\.json"):
        recordings_of(tmp_path / "manifest.json")


def test_a_broken_archive_is_refused(folder, tmp_path):
    manifest = folder()
    packed = (tmp_path / "run.csv.gz").read_bytes()
    (tmp_path / "run.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        recordings_of(manifest)
