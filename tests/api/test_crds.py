"""The CRD files are what the models say, and what an API server accepts."""

from pathlib import Path

import pytest
import yaml
from pydantic import Field

from memdrift.api import crds
from memdrift.api.featurestore import FeatureStoreSpec
from memdrift.api.schema import structural_schema
from memdrift.api.wire import WireModel
from tests.api import structural, values
from tests.api.specs import STORE

ROOT = Path(__file__).parents[2]
BOTH = pytest.mark.parametrize("resource", crds.RESOURCES, ids=lambda resource: resource.plural)


def schema_of(resource):
    return crds.definition(resource)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


@BOTH
def test_the_committed_file_is_what_the_models_generate(resource):
    file = ROOT / "crds" / f"{resource.plural}.yaml"

    assert file.read_text() == crds.rendered(resource), "run `make crds` and commit the result"


@BOTH
def test_the_schema_is_structural(resource):
    assert list(structural.faults(schema_of(resource))) == []


@BOTH
def test_every_field_is_bounded_and_described(resource):
    root = schema_of(resource)

    assert list(structural.unbounded(root["properties"]["spec"], "spec")) == []
    assert list(structural.unbounded(root["properties"]["status"], "status")) == []


@BOTH
def test_the_status_has_no_defaults_because_only_the_operator_fills_it(resource):
    assert "default" not in yaml.safe_dump(schema_of(resource)["properties"]["status"]).replace("default-", "")


@BOTH
def test_every_column_points_at_a_field_that_exists(resource):
    root = schema_of(resource)
    for column in resource.columns:
        node = root
        for word in column.path.replace('[?(@.type=="', "[").split(".")[1:]:
            if node == {"type": "object"}:
                break  # metadata: the API server's own
            node = node["properties"][word.split("[")[0]]
            node = node["items"] if "[" in word else node


def test_no_field_is_a_float():
    text = "".join(crds.rendered(resource) for resource in crds.RESOURCES)

    assert "type: number" not in text


def test_the_model_gives_the_defaults_that_the_server_gives():
    schema = schema_of(crds.FEATURE_STORES)["properties"]["spec"]
    by_server = values.defaulted(STORE["spec"], schema)

    assert FeatureStoreSpec.model_validate(STORE["spec"]).to_wire() == by_server


@BOTH
def test_a_status_with_every_field_survives_the_model(resource):
    schema = schema_of(resource)["properties"]["status"]
    status = values.filled(schema)
    model = resource.status.model_validate(status)

    assert model.to_wire() == status
    assert list(values.faults(model.to_wire(), schema)) == []


def test_a_check_names_a_file_that_is_not_current(tmp_path, capsys):
    assert crds.main([str(tmp_path)]) == 0
    assert crds.main(["--check", str(tmp_path)]) == 0
    (tmp_path / "featurestores.yaml").write_text("")

    assert crds.main(["--check", str(tmp_path)]) == 1
    assert "featurestores.yaml" in capsys.readouterr().err
    assert crds.main([]) == 2


class Endless(WireModel):
    """Contains itself."""

    inner: list["Endless"] = Field(default=[])


class Undecided(WireModel):
    """Has a union."""

    either: int | list[int]


@pytest.mark.parametrize(("model", "complaint"), [(Endless, "contains itself"), (Undecided, "union")])
def test_a_model_without_a_structural_schema_is_refused(model, complaint):
    with pytest.raises(ValueError, match=complaint):
        structural_schema(model, defaults=True)
