"""`memdrift backtest --corpus` as a person runs it, on recordings that the test makes."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest
from click.testing import CliRunner

from memdrift.cli import backtest_corpus, main
from memdrift.drift.assessment import GATES

HOUR = 3600
FIGURES = ("series", "alarmed", "episodes", "exposure_weeks", "episodes_per_week")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A leak, a flat run and a step, of 36 hours with live heap, load and latency."""
    folder = tmp_path_factory.mktemp("corpus")
    chance = np.random.default_rng(11)
    times = np.arange(0, 36 * HOUR, 120)
    shapes = {
        "leak": 300 + 4.0 * times / HOUR,
        "steady": np.full(len(times), 300.0),
        "step": np.where(times < 18 * HOUR, 300.0, 400.0),
    }
    rows = []
    for label, shape in shapes.items():
        memory = shape + chance.normal(0, 1, len(times))
        latency = 0.05 + 0.001 * (shape - 300) + chance.normal(0, 0.001, len(times))
        load = 20 + chance.normal(0, 1, len(times))
        with gzip.open(folder / f"{label}.csv.gz", "wt", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("t", "live_heap", "load", "latency"))
            writer.writerows(np.stack([times, memory, load, latency], axis=1).tolist())
        rows.append({
            "file": f"{label}.csv.gz", "id": label, "family": "made", "label": label, "interval_seconds": 120,
            "memory_unit": "MiB", "latency_unit": "s", "onset_seconds": 0 if label == "leak" else None,
        })  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(rows))
    return folder / "manifest.json"


def run(*arguments):
    return CliRunner().invoke(main, ["backtest", *map(str, arguments)])


def test_the_leak_is_found_and_nothing_else(corpus):
    document = json.loads(run("--corpus", corpus, "--json").stdout)
    assert {row["id"]: (row["alarmed"], row["episodes"]) for row in document["series"]} == {
        "leak": (True, 1), "steady": (False, 0), "step": (False, 0),
    }  # fmt: skip
    summary = document["summary"]
    assert (summary["recall"], summary["precision"]) == (1.0, 1.0)
    assert set(FIGURES) <= set(summary["by_family"]["made"])
    assert summary["false_episodes_per_week_below"] == pytest.approx(3.0 / (2 * 36 / 168), rel=0.01)
    assert document["baselines"] == {}
    assert document["seconds"] > 0


def test_the_tables_name_every_alarm_and_the_objective_that_was_derived(corpus):
    shown = run("--corpus", corpus)
    assert shown.exit_code == 0
    assert "3 of them name no latency objective: 2 times the median latency of their first 25 %" in shown.stdout
    assert "1 of 1" in shown.stdout
    assert "36 h" not in shown.stdout.split("FAMILY")[0]


def test_another_policy_gives_another_verdict(corpus):
    document = json.loads(run("--corpus", corpus, "--json", "--set", "detection.minGrowthPercent=90").stdout)
    assert document["summary"]["recall"] == 0.0
    assert document["summary"]["precision"] is None
    assert document["detection"]["minGrowthPercent"] == 90


def test_windows_of_the_command_line_win(corpus):
    found = backtest_corpus.corpus_backtest(corpus, ["detection.windowSeconds=[43200]"], backtest_corpus.Wanted())
    assert {episode.window_seconds for score in found.scores for episode in score.episodes} == {12 * HOUR}


def test_the_baselines_see_the_same_recordings(corpus):
    document = json.loads(run("--corpus", corpus, "--json", "--baselines").stdout)
    assert len(document["baselines"]) == 6
    assert {each["by_family"]["made"]["series"] for each in document["baselines"].values()} == {3}
    assert document["baselines"]["deriv > 5 % per window"]["recall"] == 1.0


def test_the_ablation_has_a_row_for_every_gate(corpus):
    document = json.loads(run("--corpus", corpus, "--json", "--ablate").stdout)
    assert set(document["ablation"]) == {"memdrift", *GATES}
    assert document["ablation"]["memdrift"] == document["summary"]
    assert set(document["ablation_unmasked"]) == {"memdrift", *GATES} - backtest_corpus.MASKING


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say which past"),
        (["shop", "--corpus", "{corpus}"], "say which past"),
        (["--corpus", "gone.json"], "'gone.json' does not exist"),
        (["--corpus", "{corpus}", "--set", "detection.minGrowth"], "write FIELD=VALUE"),
        (["--corpus", "{corpus}", "--set", "detection.leastGrowth=5"], "no field `leastGrowth`"),
        (["--corpus", "{corpus}", "--set", "detection.minGrowthPercent=lots"], "detection.minGrowthPercent"),
        (["--corpus", "{corpus}", "--set", "detection.minGrowthPercent=-1"], "greater than or equal to 0"),
        (["--corpus", "{corpus}", "--set", "detection.windowSeconds=[60]"], "greater than or equal to 120"),
        (["--corpus", "{corpus}", "--set", "remediation.soakSeconds=60"], "it changes nothing here"),
        (["--corpus", "{corpus}", "--set", "detection.minDriftingPods=2"], "it changes nothing here"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value[-1:]),
)
def test_what_is_wrong_is_named(corpus, arguments, told):
    answered = run(*(argument.format(corpus=corpus) for argument in arguments))
    assert answered.exit_code != 0
    assert told in answered.output
    assert "Traceback" not in answered.output


def test_a_manifest_that_is_wrong_is_one_line(tmp_path):
    (tmp_path / "manifest.json").write_text('[{"file": "x.csv"}]')
    answered = run("--corpus", tmp_path / "manifest.json")
    assert answered.exit_code == 1
    assert "row 0: `id`: Field required" in answered.output
