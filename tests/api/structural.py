"""What the API server demands of a CRD's schema, and what we demand on top, as sentences about what is wrong.

Written from the rules of apiextensions-apiserver, so that a mistake in a model shows without a server.
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.api import values

Schema = dict[str, Any]

FORBIDDEN = {
    "$ref", "$defs", "const", "definitions", "dependencies", "deprecated", "discriminator", "examples", "id",
    "patternProperties", "readOnly", "title", "writeOnly", "xml",
}  # fmt: skip
RULES = "x-kubernetes-validations"
UNSUPPORTED_BY_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]")


def faults(schema: Schema, path: str = "") -> Iterator[str]:
    """Everything that is wrong in a schema, each with the path of its field."""
    yield from (f"{path}: {fault}" for fault in _own_faults(schema))
    for name, child in schema.get("properties", {}).items():
        yield from faults(child, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from faults(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from faults(schema["additionalProperties"], f"{path}{{}}")


def _own_faults(schema: Schema) -> Iterator[str]:
    for key in sorted(FORBIDDEN & set(schema)):
        yield f"`{key}` is forbidden"
    yield from _type_faults(schema)
    yield from _list_faults(schema)
    yield from _number_faults(schema)
    yield from _default_faults(schema)
    yield from _rule_faults(schema)
    if "pattern" in schema and UNSUPPORTED_BY_RE2.search(schema["pattern"]):
        yield "`pattern` uses what RE2 does not know"
    if "properties" in schema and "additionalProperties" in schema:
        yield "`properties` and `additionalProperties` exclude each other"
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield f"`required` names the unknown field `{name}`"


def _type_faults(schema: Schema) -> Iterator[str]:
    if schema.get("x-kubernetes-int-or-string"):
        if "type" in schema:
            yield "an int-or-string has no `type`"
        if schema.get("anyOf", values.INT_OR_STRING) != values.INT_OR_STRING:
            yield "an int-or-string's `anyOf` must be exactly integer and string"
        return
    if "type" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        yield "`type` is required"
    for union in ("anyOf", "oneOf", "allOf", "not"):
        if union in schema:
            yield f"`{union}` is not used here"
    if schema.get("nullable"):
        yield "`nullable` is not used here: leave the field out instead"


def _list_faults(schema: Schema) -> Iterator[str]:
    if schema.get("type") != "array":
        return
    items = schema.get("items")
    if not isinstance(items, dict):
        yield "a list needs `items`, one schema"
        return
    if schema.get("uniqueItems"):
        yield "`uniqueItems` is forbidden; use the list type `set`"
    match schema.get("x-kubernetes-list-type"):
        case "set" if items.get("type") in {"object", "array"}:
            yield "a set holds scalars only"
        case "map":
            keys = schema.get("x-kubernetes-list-map-keys", [])
            if not keys:
                yield "a list map needs its keys"
            for key in keys:
                known = items.get("properties", {}).get(key)
                if known is None or (key not in items.get("required", []) and "default" not in known):
                    yield f"the key `{key}` of a list map must be a required field or have a default"


def _number_faults(schema: Schema) -> Iterator[str]:
    for key in ("exclusiveMinimum", "exclusiveMaximum"):
        if key in schema and not isinstance(schema[key], bool):
            yield f"`{key}` is a flag"


def _default_faults(schema: Schema) -> Iterator[str]:
    if "default" in schema:
        yield from (f"`default` {fault}" for fault in values.faults(schema["default"], schema))
        yield from (f"`default` {fault}" for fault in values.unknown_fields(schema["default"], schema))
    if "default" in (schema.get("additionalProperties") or {}):
        yield "no `default` inside `additionalProperties`"


def _rule_faults(schema: Schema) -> Iterator[str]:
    for rule in schema.get(RULES, []):
        if not rule.get("rule", "").strip():
            yield "a rule is empty"
        if not rule.get("message", "").strip() or "\n" in rule["message"] or len(rule["message"]) > 2048:
            yield "a rule's message is one line of at most 2048 characters"


def unbounded(schema: Schema, path: str = "") -> Iterator[str]:
    """Paths of strings, lists, maps and numbers without a bound, and of fields without a description."""
    kind = "string" if schema.get("x-kubernetes-int-or-string") else schema.get("type")
    bounded = {
        "string": "maxLength" in schema or "enum" in schema or schema.get("format") == "date-time",
        "array": "maxItems" in schema,
        "integer": "minimum" in schema and "maximum" in schema,
        "object": "properties" in schema or "maxProperties" in schema,
    }
    if not bounded.get(str(kind), True):
        yield f"{path} has no bound"
    for name, child in schema.get("properties", {}).items():
        if not child.get("description", "").endswith((".", "!", ")")):
            yield f"{path}.{name} has no description that is a sentence"
        yield from unbounded(child, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from unbounded(schema["items"], f"{path}[]")
