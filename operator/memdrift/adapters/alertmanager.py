"""Alertmanager's webhook payload, version "4", as bounded values.

Exists so that the receiver handles nominations and never JSON. An alert may only nominate a store, and only by labels
or an annotation made for that; this module must not search free text for names, and must not record anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from memdrift.errors import SpecInvalid

VERSION = "4"
NAMESPACE_LABEL = "namespace"
STORE_LABEL = "featurestore"
STORE_ANNOTATION = "featurestore"
"""An annotation `<namespace>/<name>`, for alerts whose labels cannot be changed."""

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9.]*[a-z0-9])?")

Texts = Annotated[
    dict[Annotated[str, Field(max_length=256)], Annotated[str, Field(max_length=65_536)]], Field(max_length=256)
]


class _Payload(BaseModel):
    """Fields that other versions of Alertmanager add are ignored: only what is read is checked."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Alert(_Payload):
    status: Literal["firing", "resolved"]
    labels: Texts
    annotations: Texts = {}
    starts_at: Annotated[AwareDatetime, Field(alias="startsAt")]
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]


class _Notification(_Payload):
    version: Literal["4"]
    group_key: Annotated[str, Field(alias="groupKey", max_length=65_536)]
    truncated_alerts: Annotated[int, Field(alias="truncatedAlerts", ge=0, le=2**31)] = 0
    alerts: Annotated[list[Any], Field(max_length=10_000)]


@dataclass(frozen=True, slots=True)
class StoreReference:
    """Which store an alert is about."""

    namespace: str
    store: str


@dataclass(frozen=True, slots=True)
class Nomination:
    """One alert, reduced to what may be used of it.

    Attributes:
        fingerprint: "" where the alert is malformed.
        token: `<fingerprint>@<startsAt>`: the same for every repeat by every Alertmanager.
        store: None where the alert does not name one.
        problem: why it cannot be used, naming the field; "" where it can.
    """

    fingerprint: str
    started_at: datetime | None
    firing: bool
    store: StoreReference | None
    problem: str = ""

    @property
    def token(self) -> str:
        """What is recorded as a request; "" for a malformed alert."""
        if self.started_at is None:
            return ""
        return f"{self.fingerprint}@{self.started_at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}"


@dataclass(frozen=True, slots=True)
class Notification:
    """One POST of an Alertmanager.

    Attributes:
        truncated_alerts: how many alerts of the group it left out (`max_alerts` of the receiver).
    """

    nominations: tuple[Nomination, ...]
    truncated_alerts: int


def parse(body: bytes) -> Notification:
    """The notification. A malformed alert in it becomes a nomination with a problem and does not hide the others.

    Raises:
        SpecInvalid: the body is no notification of version "4"; the message names the field.
    """
    try:
        payload = _Notification.model_validate_json(body)
    except ValidationError as error:
        field, complaint = _first_fault(error)
        remedy = f'; memdrift understands version "{VERSION}" of the webhook payload' if field == "version" else ""
        raise SpecInvalid("AlertPayloadInvalid", f"`{field}`: {complaint}{remedy}") from error
    return Notification(tuple(_nomination(alert) for alert in payload.alerts), payload.truncated_alerts)


def _nomination(raw: object) -> Nomination:
    try:
        alert = _Alert.model_validate(raw)
    except ValidationError as error:
        field, complaint = _first_fault(error)
        return Nomination("", None, firing=False, store=None, problem=f"`{field}`: {complaint}")
    store, problem = _reference(alert)
    return Nomination(alert.fingerprint, alert.starts_at, alert.status == "firing", store, problem)


def _reference(alert: _Alert) -> tuple[StoreReference | None, str]:
    if name := alert.labels.get(STORE_LABEL, ""):
        namespace, where = alert.labels.get(NAMESPACE_LABEL, ""), f"labels `{NAMESPACE_LABEL}` and `{STORE_LABEL}`"
    elif annotated := alert.annotations.get(STORE_ANNOTATION, ""):
        namespace, _, name = annotated.partition("/")
        where = f"annotation `{STORE_ANNOTATION}` (`<namespace>/<name>`)"
    else:
        return None, f"the alert has neither a label nor an annotation `{STORE_LABEL}`"
    if _NAMESPACE.fullmatch(namespace) and _NAME.fullmatch(name):
        return StoreReference(namespace, name), ""
    return None, f"{where} must hold the names of a namespace and of a FeatureStore"


def _first_fault(error: ValidationError) -> tuple[str, str]:
    """Path and complaint of the first fault; the input is left out, it is not ours to repeat."""
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = ".".join(str(part)[:64] for part in fault["loc"])
    return path or "body", fault["msg"][:256]
