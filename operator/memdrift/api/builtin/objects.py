"""What every built-in resource has: identity, owners, selectors, lists.

Exists as the ground of all models of built-in resources. Everything optional on the wire is optional. Must not
interpret.
"""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A part of an API object; what is not declared is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class OwnerReference(Wire):
    """Who owns an object."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Wire):
    """The object's identity."""

    name: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls the object."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class Requirement(Wire):
    """One expression of a selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Wire):
    """Which objects are meant, by their labels."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()


Item = TypeVar("Item", bound=Wire)


class Items(Wire, Generic[Item]):
    """A list answer."""

    items: tuple[Item, ...] = ()
