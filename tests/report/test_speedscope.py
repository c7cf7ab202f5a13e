"""The speedscope file has the shape of the published schema.

The schema is at https://www.speedscope.app/file-format-schema.json; its `FileFormat.File` and `SampledProfile` ask for
what is asserted here.
"""

from __future__ import annotations

import json

from memdrift.report.speedscope import speedscope
from tests.report.exhibits import STACKS, many_stacks
from tests.report.hostile import HOSTILE

UNITS = {"bytes", "microseconds", "milliseconds", "nanoseconds", "none", "seconds"}


def test_every_sample_names_frames_that_exist_and_has_a_weight() -> None:
    for stacks in (STACKS, many_stacks(500), [((HOSTILE,), 3)], []):
        document = json.loads(speedscope(HOSTILE, stacks))

        assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
        assert set(document) <= {"$schema", "shared", "profiles", "name", "activeProfileIndex", "exporter"}
        frames = document["shared"]["frames"]
        assert all(set(frame) == {"name"} and isinstance(frame["name"], str) for frame in frames)
        (profile,) = document["profiles"]
        assert set(profile) == {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
        assert profile["type"] == "sampled"
        assert profile["unit"] in UNITS
        assert len(profile["samples"]) == len(profile["weights"])
        assert all(0 <= index < len(frames) for sample in profile["samples"] for index in sample)
        assert all(weight > 0 for weight in profile["weights"])
        assert profile["endValue"] == sum(profile["weights"])


def test_frames_are_from_the_root_to_the_allocation() -> None:
    document = json.loads(speedscope("features-2", STACKS))
    names = [frame["name"] for frame in document["shared"]["frames"]]

    assert [names[index] for index in document["profiles"][0]["samples"][0]] == list(STACKS[0][0])
