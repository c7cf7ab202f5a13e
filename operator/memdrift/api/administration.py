"""The administrator's file: what tenants must not decide.

Exists so that editing a FeatureStore grants nothing that is not written here. Must not read files: it is given text.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from memdrift.api.archives import Archive, Encryption, EncryptionKind, ProfileServer, ProfileServerKind, Retention
from memdrift.api.backends import (
    FilePath,
    NamespacePattern,
    Source,
    SourceLabels,
    StrictModel,
    Tls,
    allowed,
)
from memdrift.api.featurestore import Mode, WhenEvidenceMissing
from memdrift.api.trackers import Tracker, TrackerKind
from memdrift.api.yamltext import YamlInvalid, document_in
from memdrift.errors import ConfigurationInvalid

__all__ = [
    "Administration", "Archive", "Ceiling", "CeilingLimits", "Concurrency", "Encryption", "EncryptionKind", "Freeze",
    "ProfileServer", "ProfileServerKind", "Retention", "Source", "SourceLabels", "Tls", "Tracker", "TrackerKind",
]  # fmt: skip

_REASON = "AdministrationInvalid"
_LONGEST_TEXT = 1024 * 1024

BasePath = Annotated[str, Field(min_length=2, max_length=128, pattern=r"^(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+$")]


class CeilingLimits(StrictModel):
    """The most that the stores of a namespace may ask for."""

    mode: Mode = Mode.APPROVE
    """The furthest mode. Default `Approve`: nothing is restarted without a person until the administrator says so."""
    max_per_24_hours: Annotated[int, Field(ge=0, le=48)] = 2
    """The most stopgaps of one store in any 24 hours. Default 2."""
    max_per_7_days: Annotated[int, Field(ge=0, le=336)] = 6
    """The most stopgaps of one store in any 7 days. Default 6."""
    min_cooldown_seconds: Annotated[int, Field(ge=0, le=2_592_000)] = 21_600
    """The shortest cooldown, in seconds. Default 21600 (6 hours)."""
    when_evidence_missing: WhenEvidenceMissing = WhenEvidenceMissing.BLOCK
    """The strongest that a store may choose. Default `Block`: no restart without evidence."""
    overrides: bool = False
    """Whether stores may restart outside their windows near the limit. Default false."""
    min_probation_seconds: Annotated[int, Field(ge=0, le=7_776_000)] = 604_800
    """The shortest probation, in seconds. Default 604800 (7 days)."""


class Ceiling(CeilingLimits):
    """A ceiling for some namespaces."""

    namespaces: list[NamespacePattern] = Field(min_length=1, max_length=1000)
    """The namespaces it holds for; `*` stands for any characters. The first ceiling that matches holds."""


class Freeze(StrictModel):
    """A time without restarts."""

    until: AwareDatetime
    """When it ends, with its time zone."""
    reason: Annotated[str, Field(min_length=1, max_length=256)]
    """Why, for the people who ask."""


class Concurrency(StrictModel):
    """How much may happen at once, in the whole cluster."""

    evaluations: Annotated[int, Field(ge=1, le=1000)] = 16
    """Stores judged at once. Default 16."""


class Administration(StrictModel):
    """The administrator's file."""

    sources: list[Source] = Field(default_factory=list, max_length=100)
    """The metrics sources."""
    archives: list[Archive] = Field(default_factory=list, max_length=16)
    """The places for evidence."""
    profile_servers: list[ProfileServer] = Field(default_factory=list, max_length=16)
    """Servers that are sent every profile as well, such as Pyroscope or Parca. That they fail is logged and never
    delays an incident."""
    trackers: list[Tracker] = Field(default_factory=list, max_length=100)
    """The places where owners look."""
    allowed_ports: list[Annotated[int, Field(ge=1, le=65_535)]] = Field(default=[6060], max_length=100)
    """The ports that a store may have profiled. Default 6060."""
    allowed_base_paths: list[BasePath] = Field(default=["/debug/pprof"], max_length=100)
    """The base paths that a store may have profiled. Default `/debug/pprof`."""
    default_ceiling: CeilingLimits = CeilingLimits()
    """The ceiling of every namespace that no other ceiling names."""
    ceilings: list[Ceiling] = Field(default_factory=list, max_length=1000)
    """Ceilings by namespace; the first that matches holds."""
    storm_threshold_percent: Annotated[int, Field(ge=1, le=100)] = 20
    """If more than this share of all stores wants a restart at once, none is restarted: the cause is shared, or a
    metric is broken. Default 20."""
    concurrency: Concurrency = Concurrency()
    """How much may happen at once."""
    freeze: Freeze | None = None
    """A time without restarts."""
    kill_switch: bool = False
    """Whether every touch of every pod stops at once, also midway. Default false."""
    receiver_token_file: FilePath | None = None
    """A file with the bearer token that alerts must carry. Without it no alert is accepted."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = (
            ("sources", self.sources),
            ("archives", self.archives),
            ("profileServers", self.profile_servers),
            ("trackers", self.trackers),
        )
        for field, items in named:
            names = [item.name for item in items]
            if repeated := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"`{field}` has the name `{repeated[0]}` twice; give every entry its own name")
        if len(self.archives) > 1 and sum(archive.default for archive in self.archives) != 1:
            raise ValueError("`archives` has several entries; set `default: true` on exactly one of them")
        messengers = {each.name for each in self.trackers if each.kind is TrackerKind.NOTIFICATION}
        for tracker in self.trackers:
            if unknown := sorted(set(tracker.notifications) - messengers):
                raise ValueError(f"`trackers`: `{tracker.name}` notifies `{unknown[0]}`, no entry of that kind")
        return self

    @classmethod
    def parse(cls, text: str) -> Administration:
        """The file's content as a value; an empty file gives the defaults.

        Raises:
            ConfigurationInvalid: reason `AdministrationInvalid`; the message names the path of every wrong field.
        """
        if len(text) > _LONGEST_TEXT:
            raise ConfigurationInvalid(_REASON, "the administrator's file is larger than 1 MiB")
        try:
            document = document_in(text)
        except YamlInvalid as error:
            raise ConfigurationInvalid(_REASON, f"the administrator's file is not YAML: {error}") from error
        try:
            return cls.model_validate({} if document is None else document)
        except ValidationError as error:
            raise ConfigurationInvalid(_REASON, _complaint(error)) from error

    def ceiling_for(self, namespace: str) -> CeilingLimits:
        """The ceiling that holds for the namespace."""
        matching = (ceiling for ceiling in self.ceilings if allowed(namespace, ceiling.namespaces))
        return next(matching, self.default_ceiling)

    def source_named(self, name: str) -> Source | None:
        """The source of that name; None where there is none."""
        return next((source for source in self.sources if source.name == name), None)

    def tracker_named(self, name: str) -> Tracker | None:
        """The tracker of that name; None where there is none."""
        return next((tracker for tracker in self.trackers if tracker.name == name), None)

    @property
    def default_archive(self) -> Archive | None:
        """Where evidence goes; None where no archive is configured."""
        marked = [archive for archive in self.archives if archive.default]
        return next(iter(marked or self.archives), None)


def _complaint(error: ValidationError) -> str:
    """All faults as one sentence, each with the path of its field; values are left out, they may be secret."""
    faults = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
        faults.append(f"`{path}`: {fault['msg']}" if path else fault["msg"])
    return "the administrator's file is wrong: " + "; ".join(faults)
