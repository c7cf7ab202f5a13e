"""What of a pod template can change how a program uses memory, as flat pairs that two revisions can be compared by.

Exists because a leak may begin with a flag, a variable or a ConfigMap instead of an image. Must not keep the value of a
variable: it may be a secret, so a digest stands for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

_OURS = ("memdrift.io/", "kubectl.kubernetes.io/")
_MOST = 200
_LONGEST = 120

Pair = tuple[str, str]


def settings_of(template: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Sorted (what, value) pairs: arguments, variables, limits, names of ConfigMaps and Secrets, annotations."""
    spec = _mapping(template.get("spec"))
    pairs = [*_of_metadata(_mapping(template.get("metadata"))), *_of_volumes(spec)]
    for held in _list(spec.get("containers")):
        pairs += _of_container(_mapping(held))
    return tuple(sorted(set(pairs)))[:_MOST]


def _of_metadata(metadata: Mapping[str, Any]) -> Iterator[Pair]:
    for name, value in _mapping(metadata.get("annotations")).items():
        if not name.startswith(_OURS):
            yield f"annotation {name}"[:_LONGEST], _digest(value)


def _of_volumes(spec: Mapping[str, Any]) -> Iterator[Pair]:
    for volume in _list(spec.get("volumes")):
        held = _mapping(volume)
        name = held.get("name", "")
        sources = [held, *(_mapping(source) for source in _list(_mapping(held.get("projected")).get("sources")))]
        for source in sources:
            if map_name := _mapping(source.get("configMap")).get("name"):
                yield f"ConfigMap of volume {name}", str(map_name)
            secret = _mapping(source.get("secret"))
            if secret_name := secret.get("secretName") or secret.get("name"):
                yield f"Secret of volume {name}", str(secret_name)


def _of_container(held: Mapping[str, Any]) -> Iterator[Pair]:
    name = held.get("name", "")
    for part in ("command", "args"):
        if held.get(part):
            yield f"{part} of {name}", _digest(held[part])
    for kind, amounts in _mapping(held.get("resources")).items():
        for resource, amount in _mapping(amounts).items():
            yield f"{resource} {str(kind).removesuffix('s')} of {name}", str(amount)
    for each in _list(held.get("envFrom")):
        yield from _references(_mapping(each), f"all variables of {name}")
    for each in _list(held.get("env")):
        variable = _mapping(each)
        what = f"variable {variable.get('name', '')} of {name}"[:_LONGEST]
        if "valueFrom" in variable:
            yield from _references(_mapping(variable["valueFrom"]), what)
        else:
            yield what, _digest(variable.get("value", ""))


def _references(source: Mapping[str, Any], what: str) -> Iterator[Pair]:
    for key, kind in (
        ("configMapRef", "ConfigMap"), ("configMapKeyRef", "ConfigMap"), ("secretRef", "Secret"),
        ("secretKeyRef", "Secret"),
    ):  # fmt: skip
        if named := _mapping(source.get(key)).get("name"):
            yield f"{kind} for {what}", str(named)


def _digest(value: object) -> str:
    """Marked, so that the reader of a comparison knows that it is no value."""
    return "sha256:" + hashlib.sha256(repr(value).encode()).hexdigest()[:12]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
