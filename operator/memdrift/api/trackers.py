"""The trackers that the administrator connects: where owners look.

Exists so that a store names one and never sees its address or its credentials. Must not hold a credential, only the
file it is in.
"""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import Field, model_validator

from memdrift.api.backends import (
    FilePath,
    HeaderName,
    HeaderValue,
    HttpUrl,
    NamespacePattern,
    StrictModel,
    Tls,
    allowed,
)
from memdrift.api.wire import Label

Project = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\s]+$")]
Author = Annotated[str, Field(min_length=1, max_length=128, pattern=r'^[^\s"\\]+$')]


class TrackerKind(StrEnum):
    """The kinds of trackers."""

    LOG = "Log"
    WEBHOOK = "Webhook"
    GITHUB = "GitHub"
    GITLAB = "GitLab"
    GITEA = "Gitea"
    JIRA_CLOUD = "JiraCloud"
    JIRA_DATA_CENTER = "JiraDataCenter"
    NOTIFICATION = "Notification"


ISSUE_TRACKERS = frozenset(
    {TrackerKind.GITHUB, TrackerKind.GITLAB, TrackerKind.GITEA, TrackerKind.JIRA_CLOUD, TrackerKind.JIRA_DATA_CENTER}
)
"""The kinds that keep one ticket per leak in a project."""
BY_CREATOR = frozenset({TrackerKind.JIRA_CLOUD, TrackerKind.JIRA_DATA_CENTER})
"""The kinds where everybody may label, so that a ticket is believed by who created it."""
WITHOUT_ADDRESS = frozenset({TrackerKind.LOG, TrackerKind.NOTIFICATION})


class Tracker(StrictModel):
    """One place where owners look."""

    name: Label
    """How a FeatureStore calls it in `spec.filing.tracker`."""
    kind: TrackerKind
    """`Log` writes one line to memdrift's own log; `Webhook` posts JSON to `url`; `GitHub`, `GitLab`, `Gitea` (also
    Forgejo), `JiraCloud` and `JiraDataCenter` keep one ticket per leak; `Notification` sends a message."""
    url: HttpUrl | None = None
    """Where a `Webhook` is posted to; for issue trackers the base address of the API (`https://api.github.com`,
    `https://github.example/api/v3`) or of the server; without credentials and query."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=16)
    """Headers of every request. Credentials belong into `bearerTokenFile`."""
    bearer_token_file: FilePath | None = None
    """A file with a bearer token, read again for every request."""
    username: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!-9;-~]+$")] | None = None
    """Whose token it is, where the tracker wants both (`JiraCloud`: the account's e-mail address)."""
    project: Project | None = None
    """The project or repository of stores that name none in `spec.filing.project`."""
    allowed_projects: list[Project] = Field(default_factory=list, max_length=1000)
    """The projects that a store may name; `*` stands for any characters. Default: only `project`."""
    issue_type: Annotated[str, Field(min_length=1, max_length=64)] = "Bug"
    """The type of the issues in Jira. Default `Bug`."""
    trusted_authors: list[Author] = Field(default_factory=list, max_length=16)
    """For Jira: accounts whose tickets count as memdrift's own besides the token's, such as that of the token before:
    account IDs (Cloud) or user names (Data Center)."""
    urls_file: FilePath | None = None
    """For `Notification`: a file with one address of a service per line, as apprise writes them; they hold secrets."""
    notifications: list[Label] = Field(default_factory=list, max_length=8)
    """Names of `Notification` trackers that are told, with its address, of each ticket that is opened or comes back."""
    tls: Tls = Tls()
    """How to trust and be trusted."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 15
    """The longest time for one request, in seconds. Default 15."""
    allowed_namespaces: list[NamespacePattern] = Field(default_factory=list, max_length=1000)
    """The namespaces whose stores may use it; `*` stands for any characters. Default: none."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind in WITHOUT_ADDRESS) == (self.url is not None):
            raise ValueError(f"`{self.name}` needs `url` exactly where its `kind` is not `Log` or `Notification`")
        if (self.kind is TrackerKind.NOTIFICATION) != (self.urls_file is not None):
            raise ValueError(f"`{self.name}` needs `urlsFile` exactly where its `kind` is `Notification`")
        if self.trusted_authors and self.kind not in BY_CREATOR:
            raise ValueError(f"`{self.name}` takes `trustedAuthors` only for Jira: elsewhere the label is believed")
        if self.kind in ISSUE_TRACKERS:
            if self.bearer_token_file is None:
                raise ValueError(f"`{self.name}` needs `bearerTokenFile`: tickets have an author")
            if self.project is None and not self.allowed_projects:
                raise ValueError(f"`{self.name}` needs `project`, `allowedProjects`, or both: where tickets may go")
            if self.kind is TrackerKind.JIRA_CLOUD and self.username is None:
                raise ValueError(f"`{self.name}` needs `username`: the e-mail address of the token's account")
        return self

    def allows(self, namespace: str) -> bool:
        """Whether stores of the namespace may use the tracker."""
        return allowed(namespace, self.allowed_namespaces)

    def project_for(self, asked: str) -> str | None:
        """The project that a filing goes to; None where the store may not choose it, or nobody chose one."""
        if not asked or asked == self.project:
            return self.project
        return asked if any(fnmatchcase(asked, pattern) for pattern in self.allowed_projects) else None
