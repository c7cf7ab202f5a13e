"""The part of every Kubernetes object that memdrift reads, and the condition of the API conventions.

Exists so that both resources carry the same metadata and conditions. Must not hold anything of one resource.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from memdrift.api.wire import UID, Count, Message, Name, Time, WireModel


class ObjectMeta(WireModel):
    """Metadata as the API server sends it; the fields memdrift does not read are dropped."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _without_empty(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """An empty UID or resource version is a precondition that never holds, so what is empty is left out."""
        return {name: value for name, value in serialize(self).items() if value}


class ConditionStatus(StrEnum):
    """The three values of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(WireModel):
    """One observation of the object, keyed by its type."""

    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Z][A-Za-z]*$")]
    """What is observed."""
    status: ConditionStatus
    """Whether it holds: `True`, `False` or `Unknown`."""
    reason: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Z][A-Za-z0-9]*$")]
    """One CamelCase word for the cause: the same word as in events, metrics and log lines."""
    message: Message = ""
    """The cause as a sentence for people, with its figures and what to do."""
    observed_generation: Count = 0
    """The `metadata.generation` that the condition speaks about."""
    last_transition_time: Time
    """When `status` changed last."""


class ObjectRef(WireModel):
    """A named object with its UID, so that a recreated one is not taken for it."""

    name: Name
    """Its name, in the same namespace."""
    uid: UID
    """Its UID."""
