"""The speedscope file against the published schema.

`File`, `SampledProfile` and their parts are the constraints of `FileFormat.File` in
https://www.speedscope.app/file-format-schema.json (also `dist/release/file-format-schema.json` of the npm package
`speedscope`), as far as they concern sampled profiles: required fields, types, constants and units. The schema allows
other fields; these models do not, so that a misspelt one is found.
"""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from memdrift.report.speedscope import speedscope
from tests.report.exhibits import STACKS, many_stacks
from tests.report.hostile import HOSTILE

Number = int | float


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Frame(Strict):
    name: str
    file: str = ""
    line: Number = 0
    col: Number = 0


class Shared(Strict):
    frames: list[Frame]


class SampledProfile(Strict):
    type: Literal["sampled"]
    name: str
    unit: Literal["bytes", "microseconds", "milliseconds", "nanoseconds", "none", "seconds"]
    start_value: Number = Field(alias="startValue")
    end_value: Number = Field(alias="endValue")
    samples: list[list[Number]]
    weights: list[Number]


class File(Strict):
    schema_address: Literal["https://www.speedscope.app/file-format-schema.json"] = Field(alias="$schema")
    shared: Shared
    profiles: list[SampledProfile]
    name: str = ""
    active_profile_index: Number = Field(default=0, alias="activeProfileIndex")
    exporter: str = ""


@pytest.mark.parametrize(
    "stacks",
    [STACKS, many_stacks(500), [((HOSTILE,), 3)], [], [((), 5)], [(("only", "shrank"), -5)],
     [(("a", "a", "a"), 2**53)]],
    ids=["usual", "many", "hostile", "none", "no frame", "shrunk", "recursive"],
)  # fmt: skip
def test_it_is_what_the_schema_asks_for(stacks: Any) -> None:
    found = File.model_validate_json(speedscope(HOSTILE, stacks))

    frames = found.shared.frames
    assert len({frame.name for frame in frames}) == len(frames), "every function is named once"
    (profile,) = found.profiles
    assert 0 <= found.active_profile_index < len(found.profiles)
    # What the schema cannot say and the viewer needs:
    assert len(profile.samples) == len(profile.weights)
    assert all(isinstance(index, int) and 0 <= index < len(frames) for sample in profile.samples for index in sample)
    assert all(weight > 0 for weight in profile.weights)
    assert profile.end_value - profile.start_value == sum(profile.weights)


@pytest.mark.parametrize(
    ("field", "value"),
    [("$schema", "https://elsewhere"), ("profiles", {}), ("shared", {}), ("version", "1"), ("activeProfileIndex", "0")],
)
def test_the_models_refuse_what_the_schema_refuses(field: str, value: object) -> None:
    document = File.model_validate_json(speedscope("features-2", STACKS)).model_dump(by_alias=True)
    with pytest.raises(ValidationError):
        File.model_validate(document | {field: value})


@pytest.mark.parametrize(
    ("field", "value"), [("type", "evented"), ("unit", "MiB"), ("samples", [["0"]]), ("weights", ["1"])]
)
def test_the_models_refuse_a_profile_that_the_schema_refuses(field: str, value: object) -> None:
    document = File.model_validate_json(speedscope("features-2", STACKS)).model_dump(by_alias=True)
    document["profiles"][0][field] = value
    with pytest.raises(ValidationError):
        File.model_validate(document)


def test_frames_are_from_the_root_to_the_allocation() -> None:
    found = File.model_validate_json(speedscope("features-2", STACKS))
    first = found.profiles[0].samples[0]

    assert [found.shared.frames[int(index)].name for index in first] == list(STACKS[0][0])
