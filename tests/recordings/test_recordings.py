"""The recordings are whole, say what they are, and really show what their label claims."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster import commands
from tests.recordings import build, files, fleet, readings, record
from tests.recordings.behaviours import BEHAVIOURS, LEVELS, Behaviour, Level

MOST_BYTES = 1_500_000
ENTRIES = {entry["id"]: entry for entry in files.read_manifest()}
EVERY = [(behaviour, level) for behaviour in BEHAVIOURS for level in LEVELS]
LEAKS = [(behaviour, level) for behaviour, level in EVERY if behaviour.label == "leak"]
TENTH = 60
"""Seconds: a tenth of a recording."""


def of(*names: str) -> list[tuple[Behaviour, Level]]:
    return [(behaviour, level) for behaviour, level in EVERY if behaviour.name in names]


def named(value: Behaviour | Level) -> str:
    return value.name


def column(behaviour: Behaviour, level: Level, name: str) -> list[float]:
    rows = files.read_rows(files.FOLDER / files.file_name(behaviour, level))
    return [float(row[name]) if row[name] else math.nan for row in rows]


def median(values: Sequence[float]) -> float:
    return statistics.median(value for value in values if not math.isnan(value))


def growth(values: Sequence[float], start: int) -> float:
    """From the thirty seconds before `start` to the last tenth, as a share."""
    return median(values[-TENTH:]) / median(values[max(start - 30, 0) : start]) - 1


def test_the_manifest_names_every_behaviour_at_every_level_once() -> None:
    wanted = {f"own/{behaviour.name}/{level.name}" for behaviour in BEHAVIOURS for level in LEVELS}
    assert set(ENTRIES) == wanted
    assert len(files.read_manifest()) == len(wanted)
    assert sum(entry["label"] == "leak" for entry in ENTRIES.values()) == 12
    present = {path.name for path in files.FOLDER.iterdir()} - {files.MANIFEST}
    assert present == {entry["file"] for entry in ENTRIES.values()}


def test_the_recordings_are_small() -> None:
    assert sum(path.stat().st_size for path in files.FOLDER.iterdir()) < MOST_BYTES


@pytest.mark.parametrize(("behaviour", "level"), EVERY, ids=named)
def test_an_entry_says_what_its_file_holds(behaviour: Behaviour, level: Level) -> None:
    entry = ENTRIES[f"own/{behaviour.name}/{level.name}"]
    rows = files.read_rows(files.FOLDER / entry["file"])
    made_anew = files.entry_of(behaviour, level, len(rows), fleet.MEMORY_LIMIT_BYTES, entry["recorded_on"])
    assert entry == made_anew
    assert tuple(rows[0]) == readings.COLUMNS
    assert [row["t"] for row in rows] == [str(second) for second in range(len(rows))]
    assert all(row["memory"] == row["resident"] for row in rows)
    for name in readings.COLUMNS:
        assert sum(row[name] == "" for row in rows) <= 0.02 * len(rows), name


@pytest.mark.parametrize(("behaviour", "level"), EVERY, ids=named)
def test_the_load_was_there_and_swung(behaviour: Behaviour, level: Level) -> None:
    load = [value for value in column(behaviour, level, "load")[10:] if not math.isnan(value)]
    assert statistics.mean(load) == pytest.approx(level.requests_per_second, rel=0.15)
    assert statistics.stdev(load) > 0.05 * level.requests_per_second


@pytest.mark.parametrize(("behaviour", "level"), LEAKS, ids=named)
def test_a_leak_is_flat_before_its_onset_and_ends_higher(behaviour: Behaviour, level: Level) -> None:
    onset = round(ENTRIES[f"own/{behaviour.name}/{level.name}"]["onset_seconds"])
    live_heap = column(behaviour, level, "live_heap")
    assert median(live_heap[onset - 10 : onset]) == pytest.approx(median(live_heap[onset - 30 : onset - 20]), rel=0.05)
    assert growth(live_heap, onset) > 0.3
    assert growth(column(behaviour, level, "resident"), onset) > 0.2


@pytest.mark.parametrize(("behaviour", "level"), of("context_children", "growing_map"), ids=named)
def test_latency_rises_where_the_leak_is_walked(behaviour: Behaviour, level: Level) -> None:
    onset = round(ENTRIES[f"own/{behaviour.name}/{level.name}"]["onset_seconds"])
    assert growth(column(behaviour, level, "latency"), onset) > 1.0


@pytest.mark.parametrize(("behaviour", "level"), of("warming_cache", "growing_pool"), ids=named)
def test_what_fills_up_ends_flat(behaviour: Behaviour, level: Level) -> None:
    live_heap = column(behaviour, level, "live_heap")
    assert growth(live_heap, 30) > 0.05
    assert median(live_heap[-TENTH:]) == pytest.approx(median(live_heap[-3 * TENTH : -2 * TENTH]), rel=0.05)


@pytest.mark.parametrize(("behaviour", "level"), of("page_cache"), ids=named)
def test_page_cache_grows_beside_a_constant_heap(behaviour: Behaviour, level: Level) -> None:
    assert growth(column(behaviour, level, "working_set"), 2 * TENTH) > 0.3
    assert abs(growth(column(behaviour, level, "live_heap"), 2 * TENTH)) < 0.05


@pytest.mark.parametrize(("behaviour", "level"), of("load_driven"), ids=named)
def test_memory_at_work_follows_load(behaviour: Behaviour, level: Level) -> None:
    pairs = zip(column(behaviour, level, "load"), column(behaviour, level, "live_heap"), strict=True)
    known = [pair for pair in list(pairs)[30:] if not any(math.isnan(value) for value in pair)]
    assert statistics.correlation(*zip(*known, strict=True)) > 0.5


@pytest.mark.parametrize(("behaviour", "level"), of("gc_sawtooth"), ids=named)
def test_the_saw_has_teeth_around_a_constant_mean(behaviour: Behaviour, level: Level) -> None:
    live_heap = column(behaviour, level, "live_heap")
    assert abs(growth(live_heap, 2 * TENTH)) < 0.1
    assert max(live_heap[TENTH:]) > 1.02 * min(live_heap[TENTH:])


def test_entries_are_replaced_by_id(tmp_path: Path) -> None:
    behaviour, (low, middle, _) = BEHAVIOURS[0], LEVELS
    old = [files.entry_of(behaviour, level, 60, 1.0, "2026-01-01") for level in (low, middle)]
    files.merge_into_manifest(tmp_path, old)
    files.merge_into_manifest(tmp_path, [files.entry_of(behaviour, low, 90, 1.0, "2026-01-02")])
    samples = {entry["id"]: entry["samples"] for entry in files.read_manifest(tmp_path)}
    assert samples == {"own/context_children/low": 90, "own/context_children/middle": 60}


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [dict.fromkeys(readings.COLUMNS, "1"), dict.fromkeys(readings.COLUMNS, "")]
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        files.write_rows(folder, BEHAVIOURS[0], LEVELS[0], rows)
        written.append((folder / files.file_name(BEHAVIOURS[0], LEVELS[0])).read_bytes())
    assert written[0] == written[1]
    assert files.read_rows(tmp_path / "a" / files.file_name(BEHAVIOURS[0], LEVELS[0])) == rows


@pytest.mark.parametrize("arguments", [["vet"], ["test", "-count=1"]], ids=lambda arguments: arguments[0])
def test_go_is_content(arguments: list[str]) -> None:
    static = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    commands.run("go", *arguments, "./...", folder=build.SOURCE, extra_environment=static, seconds=600)


@pytest.mark.servers
def test_a_short_recording_can_be_made_again(tmp_path: Path) -> None:
    chosen = [behaviour for behaviour in BEHAVIOURS if behaviour.name in {"growing_map", "page_cache"}]
    record.record(chosen, LEVELS[0], 20, tmp_path)
    assert len(files.read_manifest(tmp_path)) == 2
    for behaviour in chosen:
        rows = files.read_rows(tmp_path / files.file_name(behaviour, LEVELS[0]))
        assert len(rows) == 20
        assert sum(row["live_heap"] != "" for row in rows) >= 15
        assert all(row["latency"] for row in rows[-5:])
