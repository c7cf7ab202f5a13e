"""Every sample is valid, and the full one is full."""

from pathlib import Path

import pytest
import yaml

from memdrift.api import crds
from memdrift.api.featurestore import FeatureStore
from tests.api import values
from tests.api.test_agreement import leaves

SAMPLES = sorted((Path(__file__).parents[2] / "manifests" / "samples").glob("*.yaml"))
SCHEMA = crds.definition(crds.FEATURE_STORES)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def sample(name):
    return next(yaml.safe_load(file.read_text()) for file in SAMPLES if file.stem == name)


def fields(document, path=()):
    if isinstance(document, dict):
        return {field for name, child in document.items() for field in fields(child, (*path, name))}
    if isinstance(document, list):
        return {field for child in document for field in fields(child, (*path, 0))}
    return {path}


def test_the_promised_samples_exist():
    assert {file.stem for file in SAMPLES} >= {"minimal", "full", "observe-only", "feast"}


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_fits_the_model_and_the_schema_and_misspells_nothing(file):
    document = yaml.safe_load(file.read_text())

    assert FeatureStore.model_validate(document).spec.target_ref.name
    assert list(values.faults(document["spec"], SCHEMA["properties"]["spec"])) == []
    assert list(values.unknown_fields(document["spec"], SCHEMA["properties"]["spec"])) == []


def test_the_full_sample_has_every_field_but_those_that_exclude_each_other():
    known = {path for path, _ in leaves(SCHEMA["properties"]["spec"])}
    queries = {("metrics", "memory", name) for name in ("liveHeap", "resident", "workingSet")}

    assert known - fields(sample("full")["spec"]) == {*queries, ("metrics", "latency", "query")}


def test_the_minimal_sample_only_observes():
    assert FeatureStore.model_validate(sample("minimal")).spec.mode == "Observe"
