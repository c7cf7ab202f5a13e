"""The checker finds every mistake it exists for."""

import pytest

from tests.api import structural

OBJECT = {"type": "object"}

MISTAKES = {
    "a field without a type": ({}, "`type` is required"),
    "a reference": ({"type": "object", "$ref": "#/x"}, "`$ref` is forbidden"),
    "a constant": ({"type": "string", "const": "x"}, "`const` is forbidden"),
    "a title": ({"type": "string", "title": "X"}, "`title` is forbidden"),
    "a union": ({"type": "string", "anyOf": [{"type": "string"}, {"type": "null"}]}, "`anyOf` is not used"),
    "an int-or-string with a type": ({"type": "string", "x-kubernetes-int-or-string": True}, "has no `type`"),
    "an int-or-string with another union": (
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer", "format": "int64"}, {"type": "string"}]},
        "must be exactly",
    ),
    "a map with fields": (
        {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
        "exclude each other",
    ),
    "a default in a map": (
        {"type": "object", "additionalProperties": {"type": "string", "default": ""}},
        "inside `additionalProperties`",
    ),
    "a list without items": ({"type": "array"}, "needs `items`"),
    "unique items": ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "`uniqueItems` is forbidden"),
    "a set of objects": ({"type": "array", "items": OBJECT, "x-kubernetes-list-type": "set"}, "scalars only"),
    "a list map without keys": ({"type": "array", "items": OBJECT, "x-kubernetes-list-type": "map"}, "needs its keys"),
    "a list map with an optional key": (
        {
            "type": "array",
            "items": {"type": "object", "properties": {"k": {"type": "string"}}},
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
        },
        "must be a required field",
    ),
    "a numeric exclusive bound": ({"type": "integer", "exclusiveMinimum": 3}, "is a flag"),
    "a default of another type": ({"type": "integer", "default": "x"}, "is not integer"),
    "a default that is null": ({"type": "string", "default": None}, "is not string"),
    "a default with a null inside": (
        {"type": "object", "properties": {"k": {"type": "string"}}, "default": {"k": None}},
        ".k is not string",
    ),
    "a default with an unknown field": ({"type": "object", "properties": {}, "default": {"k": 1}}, ".k is unknown"),
    "a default out of bounds": ({"type": "integer", "maximum": 3, "default": 4}, "out of bounds"),
    "a required field that does not exist": ({"type": "object", "required": ["k"]}, "unknown field `k`"),
    "an empty rule": ({"type": "object", structural.RULES: [{"rule": " ", "message": "x"}]}, "a rule is empty"),
    "a rule without a message": ({"type": "object", structural.RULES: [{"rule": "true"}]}, "a rule's message"),
    "a pattern with a look-ahead": ({"type": "string", "pattern": "^(?!x)"}, "RE2"),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_it_finds(sentence):
    schema, complaint = MISTAKES[sentence]

    found = list(structural.faults({"type": "object", "properties": {"field": schema}}))

    assert any(fault.startswith(".field: ") and complaint in fault for fault in found), found


def test_it_finds_what_has_no_bound_and_no_description():
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "ports": {"type": "array"}}}

    found = list(structural.unbounded(schema))

    assert ".name has no bound" in found
    assert ".ports has no bound" in found
    assert ".name has no description that is a sentence" in found
