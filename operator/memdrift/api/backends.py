"""The systems the administrator connects: metrics sources and trackers (archives have their own module).

Exists so that tenants name them and never see their addresses. Must not hold a credential, only the files they are in.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memdrift.api.wire import Label, kubernetes_name

FilePath = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^/")]
HttpUrl = Annotated[str, Field(max_length=1024, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
NamespacePattern = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$")]
LabelName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
HeaderName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9-]+$")]
HeaderValue = Annotated[str, Field(max_length=1024, pattern=r"^[\x20-\x7e]*$")]


class StrictModel(BaseModel):
    """A part of the administrator's file: a misspelt or unknown field is an error, nothing is converted silently."""

    model_config = ConfigDict(
        alias_generator=kubernetes_name,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )


def allowed(namespace: str, patterns: list[str]) -> bool:
    """Whether a namespace matches one of the patterns, where `*` stands for any characters."""
    return any(fnmatchcase(namespace, pattern) for pattern in patterns)


class Tls(StrictModel):
    """How to trust and be trusted."""

    ca_file: FilePath | None = None
    """Certificates to trust instead of the system's."""
    cert_file: FilePath | None = None
    """The client certificate."""
    key_file: FilePath | None = None
    """The key of the client certificate."""
    insecure_skip_verify: bool = False
    """Whether to trust any certificate. Default false; for tests only."""


class SourceLabels(StrictModel):
    """What the source calls the labels that memdrift needs."""

    namespace: LabelName = "namespace"
    """The label with the namespace. Default `namespace`."""
    pod: LabelName = "pod"
    """The label with the pod's name. Default `pod`."""
    container: LabelName = "container"
    """The label with the container's name. Default `container`."""


class Source(StrictModel):
    """One Prometheus-compatible metrics source."""

    name: Label
    """How a FeatureStore calls it in `spec.metrics.source`."""
    url: HttpUrl
    """The base address of its HTTP API, without credentials and query."""
    tls: Tls = Tls()
    """How to trust and be trusted."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=16)
    """Headers of every request, such as a tenant. Credentials belong into `bearerTokenFile`."""
    bearer_token_file: FilePath | None = None
    """A file with a bearer token, read again for every request."""
    labels: SourceLabels = SourceLabels()
    """What the source calls the labels that memdrift needs."""
    fixed_matchers: dict[LabelName, Annotated[str, Field(max_length=256)]] = Field(default_factory=dict, max_length=16)
    """Label values that every selector must have, such as the cluster's name."""
    replica_labels: list[LabelName] = Field(default_factory=list, max_length=8)
    """Labels that tell replicas of the same source apart, to be dropped."""
    scrape_interval_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    """How often the source scrapes, in seconds. Default 30."""
    ingestion_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    """How long a sample may take to become visible, in seconds. Default 30."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    """The longest time for one request, in seconds. Default 30."""
    allowed_namespaces: list[NamespacePattern] = Field(default_factory=list, max_length=1000)
    """The namespaces whose stores may use it; `*` stands for any characters. Default: none."""
    max_response_bytes: Annotated[int, Field(ge=1_000, le=2**32)] = 64 * 1024 * 1024
    """The largest answer that is read, in bytes. Default 67108864 (64 MiB)."""

    def allows(self, namespace: str) -> bool:
        """Whether stores of the namespace may use the source."""
        return allowed(namespace, self.allowed_namespaces)
