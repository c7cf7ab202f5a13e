"""From the JSON schema that pydantic writes to the structural schema that Kubernetes accepts.

Exists because no maintained library does it. Must not know any resource: what is particular to a field is in its model.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_NULL = {"type": "null"}
_DROPPED = {"title", "examples", "discriminator", "$defs", "$ref", "anyOf", "const"}
_INT_OR_STRING = "x-kubernetes-int-or-string"
_RULES = "x-kubernetes-validations"


def structural_schema(model: type[BaseModel], *, defaults: bool) -> Schema:
    """The schema of a model, without references, nulls and titles.

    Args:
        model: the model; its descriptions, bounds, defaults and CEL rules are kept.
        defaults: False leaves all defaults out, which is right for a status: nobody but its writer fills it.

    Raises:
        ValueError: the model cannot be expressed: it contains itself, or a union that Kubernetes has no word for.
    """
    document = model.model_json_schema(by_alias=True)
    return _converted(document, document.get("$defs", {}), (), defaults=defaults)


def _converted(node: Schema, definitions: Schema, path: tuple[str, ...], *, defaults: bool) -> Schema:
    node = _resolved(node, definitions, path)
    path = (*path, node["$name"]) if "$name" in node else path
    result = {key: value for key, value in node.items() if key not in _DROPPED and key != "$name"}
    if "description" in result:
        result["description"] = " ".join(result["description"].split())
    if "const" in node:
        result["enum"] = [node["const"]]
    if result.get(_INT_OR_STRING):
        result.pop("type", None)
        for choice in node.get("anyOf", []):
            result.update({key: value for key, value in choice.items() if key not in {"type", *_DROPPED}})
        result["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    elif "anyOf" in node:
        raise ValueError(f"{' > '.join(path)}: a union has no structural schema: {node['anyOf']}")
    _bounds(result)
    if "properties" in result:
        result["properties"] = {
            name: _converted(child, definitions, path, defaults=defaults) for name, child in node["properties"].items()
        }
        result.pop("additionalProperties", None)
    if "items" in result:
        result["items"] = _converted(node["items"], definitions, path, defaults=defaults)
        result.pop("uniqueItems", None)
        result.setdefault("x-kubernetes-list-type", "set" if node.get("uniqueItems") else "atomic")
    _default(result, kept=defaults)
    return result


def _resolved(node: Schema, definitions: Schema, path: tuple[str, ...]) -> Schema:
    """The node with its reference and its optional null folded in; what stands beside them wins."""
    beside = {key: value for key, value in node.items() if key not in {"$ref", "anyOf"}}
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        if name in path:
            raise ValueError(f"{' > '.join((*path, name))}: a model that contains itself has no structural schema")
        target = _resolved(definitions[name], definitions, (*path, name))
        merged = {**target, "$name": name, **beside}
        if _RULES in target and _RULES in beside:
            merged[_RULES] = target[_RULES] + beside[_RULES]
        return merged
    choices = [choice for choice in node.get("anyOf", []) if choice != _NULL]
    if len(choices) == 1:
        return {**_resolved(choices[0], definitions, path), **beside}
    return {**beside, "anyOf": choices} if choices else node


def _bounds(schema: Schema) -> None:
    """Kubernetes knows exclusive bounds as flags only, and wants to know the width of numbers."""
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in schema:
            schema[inclusive] = schema[exclusive]
            schema[exclusive] = True
    if schema.get("type") == "integer":
        schema["format"] = "int64"
    elif schema.get("type") == "number":
        schema["format"] = "double"


def _default(schema: Schema, *, kept: bool) -> None:
    """A default of an object is made of its leaves' defaults, because CEL rules judge it as it stands; null is none."""
    if "default" not in schema:
        return
    if not kept or schema["default"] is None:
        del schema["default"]
    elif schema.get("type") == "object":
        leaves = schema["properties"].items()
        schema["default"] = {name: deepcopy(leaf["default"]) for name, leaf in leaves if "default" in leaf}
