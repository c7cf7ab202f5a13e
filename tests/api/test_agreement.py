"""What the model accepts the schema accepts, and the reverse, for every single field of a spec."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from memdrift.api import crds
from tests.api import values
from tests.api.specs import INCIDENT, STORE


def leaves(schema: dict[str, Any], path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every scalar field below a schema with its path; a list stands for its first item."""
    if schema.get("type") == "object":
        return [leaf for name, child in schema["properties"].items() for leaf in leaves(child, (*path, name))]
    if schema.get("type") == "array":
        return leaves(schema["items"], (*path, 0))
    return [(path, schema)]


def candidates(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the field's own JSON types, right and wrong ones."""
    near = [bound + step for bound in (schema.get("minimum", 0), schema.get("maximum", 100)) for step in (-1, 0, 1)]
    numbers = st.sampled_from(near) | st.integers(-(2**62), 2**62)
    texts = st.text(max_size=300) | st.sampled_from(
        ["", "x", "64Mi", "50%", "100%", "a" * 253, "a" * 254, "/a/b", "a.b"]
    )
    if "enum" in schema:
        texts |= st.sampled_from(schema["enum"])
    if "pattern" in schema:
        texts |= st.from_regex(schema["pattern"], fullmatch=True)
    if schema.get("x-kubernetes-int-or-string"):
        return numbers | texts
    return {"integer": numbers, "string": texts, "boolean": st.booleans()}[schema["type"]]


def placed(document: Any, path: tuple[str | int, ...], value: Any, schema: dict[str, Any]) -> Any:
    """A copy of the document with one leaf set; parents that are missing get the least that they require."""
    if not path:
        return value
    step, *rest = path
    if step == 0:
        return [placed((document or [None])[0], tuple(rest), value, schema["items"])]
    document = {**least(schema), **(document or {})}
    child = schema["properties"][step]
    return {**document, step: placed(document.get(step), tuple(rest), value, child)}


def least(schema: dict[str, Any]) -> dict[str, Any]:
    """The smallest object that a schema accepts, for the few that have required fields."""
    known = {"name": "x", "uid": "u", "kind": "Deployment", "start": "09:00", "end": "17:00", "tracker": "log"}
    known |= {"team": "x", "plan": "a" * 8, "decision": "Denied", "by": "x"}
    return {name: known[name] for name in schema.get("required", []) if name in known}


SCHEMAS = {
    resource.plural: crds.definition(resource)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for resource in crds.RESOURCES
}
CASES = [
    (resource, document, path, leaf)
    for resource, document in zip(crds.RESOURCES, (STORE, INCIDENT), strict=True)
    for path, leaf in leaves(SCHEMAS[resource.plural])
    if leaf.get("format") != "date-time"
]


@pytest.mark.parametrize(
    ("resource", "document", "path", "leaf"), CASES, ids=[".".join(map(str, path)) for _, _, path, _ in CASES]
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_model_and_schema_agree_on(resource, document, path, leaf, data):
    schema = SCHEMAS[resource.plural]
    wanted = placed(document["spec"], path, data.draw(candidates(leaf)), schema)

    by_schema = list(values.faults(wanted, schema))
    try:
        resource.model.model_validate({**document, "spec": wanted})
        by_model = []
    except ValidationError as error:
        by_model = error.errors()

    assert bool(by_schema) == bool(by_model), (by_schema, by_model)
