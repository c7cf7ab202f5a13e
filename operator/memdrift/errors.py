"""The error tree, so that a caller knows from the class alone what to do next.

Two questions decide the class: does waiting help, and who must act?

    MemdriftError
    ├── Transient                  waiting helps; nobody needs to act yet
    │   ├── MetricsUnavailable     Prometheus did not answer, or answered partially
    │   ├── ClusterUnavailable     the API server did not answer, or answered 5xx or 429
    │   ├── Conflict               somebody else wrote first; look again and decide again
    │   ├── ArchiveUnavailable     the evidence could not be stored
    │   ├── TrackerUnavailable     the ticket could not be filed
    │   └── CaptureFailed          this profile could not be taken from this pod
    └── Permanent                  waiting does not help; a person must change something
        ├── SpecInvalid            the owner of the FeatureStore
        ├── NotAllowed             the administrator, or the owner must ask for less
        ├── TargetNotFound         the owner of the FeatureStore
        └── ConfigurationInvalid   the administrator of memdrift

Adapters translate their library's exceptions at their edge and chain the cause. Pure rooms raise only `SpecInvalid`;
everything else there is a value. This module must not import anything of memdrift.
"""

from __future__ import annotations


class MemdriftError(Exception):
    """Any failure that memdrift itself recognises.

    Attributes:
        reason: one CamelCase word, the same in condition, event, metric label and log line.
        message: a sentence for people which names the field or the system and the remedy.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class Transient(MemdriftError):
    """Waiting helps.

    Attributes:
        retry_after_seconds: when to ask again; None leaves it to the caller.
    """

    def __init__(self, reason: str, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason, message)
        self.retry_after_seconds = retry_after_seconds


class MetricsUnavailable(Transient):
    """The metrics source gave no complete, fresh, warning-free answer."""


class ClusterUnavailable(Transient):
    """The API server could not be reached or refused for now."""


class Conflict(Transient):
    """The object changed, or is no longer the one that was meant (409, failed precondition)."""


class ArchiveUnavailable(Transient):
    """The archive did not confirm that the evidence is stored."""


class TrackerUnavailable(Transient):
    """The tracker did not confirm the ticket."""


class CaptureFailed(Transient):
    """A profile of one pod could not be taken or did not validate."""


class Permanent(MemdriftError):
    """Waiting does not help."""


class SpecInvalid(Permanent):
    """The resource asks for something that has no meaning."""


class NotAllowed(Permanent):
    """The administrator's file or RBAC forbids it."""


class TargetNotFound(Permanent):
    """The workload that the store points at does not exist."""


class ConfigurationInvalid(Permanent):
    """The administrator's file or the environment is wrong."""
