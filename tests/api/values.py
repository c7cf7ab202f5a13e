"""Whether a value fits a structural schema: the part of JSON schema that our CRDs use, and nothing else."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Schema = dict[str, Any]

INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
PYTHON_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def faults(value: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """What is wrong with a value, each with the path of the field; CEL rules are left to the API server."""
    expected = [choice["type"] for choice in INT_OR_STRING]
    if not schema.get("x-kubernetes-int-or-string"):
        expected = [schema["type"]] if "type" in schema else []
    if expected and not any(_is(value, name) for name in expected):
        yield f"{path} is not {' or '.join(expected)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is none of {schema['enum']}"
    if isinstance(value, str):
        yield from _string_faults(value, schema, path)
    elif isinstance(value, int):
        yield from _number_faults(value, schema, path)
    elif isinstance(value, list):
        yield from _list_faults(value, schema, path)
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, path)


def _is(value: Any, name: str) -> bool:
    return isinstance(value, PYTHON_TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def _string_faults(value: str, schema: Schema, path: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{path} has a wrong length"
    # RE2 knows no `$` before a final line feed, Python does.
    if "pattern" in schema and not re.search(re.sub(r"\$$", r"\\Z", schema["pattern"]), value):
        yield f"{path} does not match {schema['pattern']}"
    if schema.get("format") == "date-time":
        try:
            datetime.fromisoformat(value)
        except ValueError:
            yield f"{path} is no time"


def _number_faults(value: int, schema: Schema, path: str) -> Iterator[str]:
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path} is out of bounds"


def _list_faults(value: list[Any], schema: Schema, path: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{path} has a wrong number of items"
    if schema.get("x-kubernetes-list-type") == "set" and len(set(map(repr, value))) != len(value):
        yield f"{path} has an item twice"
    for index, item in enumerate(value):
        yield from faults(item, schema["items"], f"{path}[{index}]")


def _object_faults(value: dict[str, Any], schema: Schema, path: str) -> Iterator[str]:
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, item in value.items():
        if name in schema.get("properties", {}):
            yield from faults(item, schema["properties"][name], f"{path}.{name}")


def unknown_fields(value: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """Paths of fields that the API server would drop."""
    if isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            if name not in schema["properties"]:
                yield f"{path}.{name} is unknown"
            else:
                yield from unknown_fields(item, schema["properties"][name], f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_fields(item, schema["items"], f"{path}[{index}]")


def defaulted(value: Any, schema: Schema) -> Any:
    """The value as the API server stores it: missing fields filled with their defaults."""
    if isinstance(value, dict) and "properties" in schema:
        filled = dict(value)
        for name, child in schema["properties"].items():
            if name not in filled and "default" in child:
                filled[name] = child["default"]
            if name in filled:
                filled[name] = defaulted(filled[name], child)
        return filled
    if isinstance(value, list):
        return [defaulted(item, schema["items"]) for item in value]
    return value


def filled(schema: Schema) -> Any:
    """A value with every field that the schema knows, and one item in every list."""
    if schema.get("type") == "object":
        return {name: filled(child) for name, child in schema["properties"].items()}
    if schema.get("type") == "array":
        return [filled(schema["items"])]
    tries = [*schema.get("enum", []), "Word", "word", "1Mi", "a" * 64, "2026-01-01T00:00:00Z", 1, True]
    return next(value for value in tries if not list(faults(value, schema)))
