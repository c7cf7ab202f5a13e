"""What all wire types share: names as Kubernetes spells them, and bounds that every string and list has.

Exists so that a model states only what is particular to it. Must not know any resource.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, PlainSerializer

GROUP = "memdrift.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

_ACRONYMS = {"uid": "UID", "url": "URL"}


def kubernetes_name(name: str) -> str:
    """The wire name of a Python attribute: `pod_uid` is `podUID`, `max_per_24_hours` is `maxPer24Hours`."""
    first, *others = name.split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in others)


class WireModel(BaseModel):
    """A value on the wire: immutable, readable by its Python and its wire names, deaf to fields it does not know.

    Unknown fields are dropped so that an operator which was rolled back can still read newer objects; the API server
    prunes and warns about a misspelt field.
    """

    model_config = ConfigDict(
        alias_generator=kubernetes_name,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """The JSON object for the API server: wire names, no nulls, texts and lists cut to their bounds."""
        bounded = self.model_validate(self.model_dump())
        return bounded.model_dump(mode="json", by_alias=True, exclude_none=True)

    def replace(self, **changes: object) -> Self:
        """A copy with some fields changed, validated (unlike `model_copy`).

        Raises:
            pydantic.ValidationError: a value is out of bounds.
        """
        return self.model_validate({**dict(self), **changes})


def rules(*rows: tuple[str, str]) -> ConfigDict:
    """Model configuration with CEL rules, each an expression and the message that the API server answers with."""
    validations: list[JsonValue] = [{"rule": rule, "message": message} for rule, message in rows]
    return ConfigDict(json_schema_extra={"x-kubernetes-validations": validations})


def _shortened(limit: int) -> Callable[[object], object]:
    def shorten(value: object) -> object:
        return value[: limit - 1] + "…" if isinstance(value, str) and len(value) > limit else value

    return shorten


def _first(limit: int) -> Callable[[object], object]:
    return lambda value: value[:limit] if isinstance(value, list) else value


def _newest(limit: int) -> Callable[[object], object]:
    return lambda value: value[-limit:] if isinstance(value, list) else value


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Time = Annotated[AwareDatetime, PlainSerializer(_rfc3339, return_type=str, when_used="json")]
"""A moment with its zone; RFC 3339 in UTC on the wire, fractions of a second only where there are some."""

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
"""One word of a vocabulary that may grow: a reason, a verdict, a gate."""

Message = Annotated[str, BeforeValidator(_shortened(1024)), Field(max_length=1024)]
"""A sentence for people; a longer one is cut."""

Text = Annotated[str, BeforeValidator(_shortened(256)), Field(max_length=256)]
"""A short text that memdrift found somewhere (a function, an image); a longer one is cut."""

Name = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
"""The name of a Kubernetes object."""

Label = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""A short name: a container, a configured source, tracker or archive, a group."""

UID = Annotated[str, Field(min_length=1, max_length=128)]
"""The UID of a Kubernetes object."""

Uri = Annotated[str, Field(min_length=1, max_length=1024)]
"""Where something lies."""

Sha256 = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

Count = Annotated[int, Field(ge=0, le=2**53)]
"""A number of something, bytes or seconds, never negative."""

FIRST_4 = BeforeValidator(_first(4))
FIRST_16 = BeforeValidator(_first(16))
FIRST_64 = BeforeValidator(_first(64))
"""Lists sorted by importance: what does not fit is dropped at the end."""

NEWEST_20 = BeforeValidator(_newest(20))
NEWEST_24 = BeforeValidator(_newest(24))
NEWEST_100 = BeforeValidator(_newest(100))
"""Lists sorted by time: what does not fit is dropped at the beginning."""
