"""Where and for whom an incident is filed: `spec.filing` of a FeatureStore.

Exists so that a leak reaches its owners. Must not hold a URL or a credential: those are the administrator's.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from memdrift.api.wire import Label, WireModel

_Set = {"x-kubernetes-list-type": "set"}


class Owner(WireModel):
    """Who owns the store."""

    team: Annotated[str, Field(min_length=1, max_length=128)]
    """The team, as people call it."""
    contact: Annotated[str, Field(max_length=256)] = ""
    """Where to reach it: a channel, an address, a rota."""


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
    assignees: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=8, json_schema_extra=_Set)
    ] = Field(default=[])
    """Whom to assign the ticket to, by their names in the tracker (Jira Cloud: account ids; Jira takes the first). Who
    is not known there is left out."""
    owner: Owner | None = None
    """Who owns the store; named in every ticket and message."""
