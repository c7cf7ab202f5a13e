"""Where and for whom an incident is filed: `spec.filing` of a FeatureStore, and the annotations that name owners.

Exists so that a leak reaches its owners. Must not hold a URL or a credential: those are the administrator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, TypeAdapter

from memdrift.api.wire import Label, WireModel

OWNER_TEAM = "memdrift.io/owner-team"
OWNER_CONTACT = "memdrift.io/owner-contact"
ASSIGNEES = "memdrift.io/assignees"
OWNERSHIP = (OWNER_TEAM, OWNER_CONTACT, ASSIGNEES)
"""Annotations of a FeatureStore, or of its workload, that stand for what `spec.filing` leaves out."""

_Set = {"x-kubernetes-list-type": "set"}
_Assignees = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=8, json_schema_extra=_Set)
]


class Owner(WireModel):
    """Who owns the store."""

    team: Annotated[str, Field(min_length=1, max_length=128)]
    """The team, as people call it."""
    contact: Annotated[str, Field(max_length=256)] = ""
    """Where to reach it: a channel, an address, a rota."""

    @classmethod
    def annotated(cls, annotations: Mapping[str, str]) -> Owner | None:
        """The owner that annotations name; None where they name no team.

        Raises:
            ValueError: a text is longer than the field that it stands for may be.
        """
        team = annotations.get(OWNER_TEAM, "").strip()
        return cls(team=team, contact=annotations.get(OWNER_CONTACT, "").strip()) if team else None


def annotated_assignees(annotations: Mapping[str, str]) -> list[str]:
    """The names that an annotation lists, separated by commas, each once.

    Raises:
        ValueError: there are more of them, or longer ones, than `spec.filing.assignees` may have.
    """
    names = (name.strip() for name in annotations.get(ASSIGNEES, "").split(","))
    return TypeAdapter(_Assignees).validate_python(list(dict.fromkeys(name for name in names if name)))


class FilingSpec(WireModel):
    """Where and for whom an incident is filed."""

    tracker: Label
    """The name of a tracker that the administrator configured and allows for this namespace; never a URL."""
    project: Annotated[str, Field(max_length=128)] = ""
    """The project within the tracker, as the administrator allows: `owner/repository` (GitHub, Gitea), `group/project`
    (GitLab), the key (Jira). Default: the one that the administrator chose."""
    labels: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=16, json_schema_extra=_Set)
    ] = Field(default=[])
    """Labels for the ticket."""
    assignees: _Assignees = Field(default=[])
    """Whom to assign the ticket to, by their names in the tracker (Jira Cloud: account ids; Jira takes the first). Who
    is not known there is left out. Default: the annotation `memdrift.io/assignees` (names separated by commas) of the
    FeatureStore, else of the workload."""
    absence_seconds: Annotated[int, Field(ge=60, le=2_592_000)] = 172_800
    """How long a leak must have been absent, at comparable load and since a newer revision, before its ticket is told
    so, in seconds; only time that was measured and judged steady counts. Default 172800 (48 hours). Minutes are for
    demonstrations only."""
    owner: Owner | None = None
    """Who owns the store; named in every ticket. Default: the annotations `memdrift.io/owner-team` and
    `memdrift.io/owner-contact` of the FeatureStore, else of the workload."""
