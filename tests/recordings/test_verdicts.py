"""Every leak of ours is found, every healthy program is left alone, at three levels of load."""

from __future__ import annotations

from pathlib import Path

import pytest

from memdrift.adapters.prometheus.grid import block_seconds
from memdrift.adapters.recordings import recordings_of
from memdrift.backtest.recording import Recording
from memdrift.backtest.replay import Outcome, Replay, replayed
from memdrift.drift.judgement import judge_batch
from memdrift.drift.policy import DetectionPolicy

MANIFEST = Path(__file__).parent / "data" / "manifest.json"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[Recording, Outcome]]:
    recordings = recordings_of(MANIFEST)
    replay = Replay((600,), 2, DetectionPolicy(), block_seconds)
    found = replayed(recordings, replay, judge_batch)
    return {recording.id: (recording, outcome) for recording, outcome in zip(recordings, found, strict=True)}


def test_every_leak_is_found_and_no_healthy_program_is_called_drifting(outcomes):
    called = {name for name, (_, outcome) in outcomes.items() if outcome.episodes}
    assert called == {name for name, (recording, _) in outcomes.items() if recording.label == "leak"}
    assert len(called) == 12


def test_no_leak_is_found_before_it_began(outcomes):
    for recording, outcome in outcomes.values():
        if recording.label == "leak":
            assert recording.onset_seconds is not None
            assert outcome.episodes[0].confirmed_at > recording.onset_seconds, recording.id


def test_no_healthy_program_is_said_to_have_impact(outcomes):
    assert not [
        r.id for r, outcome in outcomes.values() if r.label != "leak" and any(e.impact for e in outcome.episodes)
    ]
