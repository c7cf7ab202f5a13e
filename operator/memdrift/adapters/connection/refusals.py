"""What an unfriendly answer of the API server means, in the words of `errors`.

Exists so that no adapter looks at status numbers. Must not talk to the server.
"""

from __future__ import annotations

from pydantic import BaseModel, Field, ValidationError

from memdrift.errors import (
    ClusterUnavailable,
    Conflict,
    MemdriftError,
    NotAllowed,
    SpecInvalid,
    TargetNotFound,
)

_MESSAGE_CHARACTERS = 500


class _Cause(BaseModel):
    reason: str = ""
    field: str = ""


class _Details(BaseModel):
    causes: tuple[_Cause, ...] = ()
    retry_after_seconds: float | None = Field(default=None, alias="retryAfterSeconds")


class _Status(BaseModel):
    """The Kubernetes object `Status`, as far as it is read."""

    reason: str = ""
    message: str = ""
    details: _Details = _Details()


def refusal(status: int, body: bytes, retry_after: str | None, asked: str) -> MemdriftError:
    """The error for an answer that is not 2xx; `asked` is what was asked, such as "POST /api/v1/…"."""
    said = _said(body)
    message = f"the API server answered {status} to {asked}: {said.message[:_MESSAGE_CHARACTERS] or '(no message)'}"
    causes = {cause.reason for cause in said.details.causes}
    fields = {cause.field for cause in said.details.causes}
    if status == 404 or "NamespaceTerminating" in causes:
        return TargetNotFound("NotFound", message)
    if status == 403:
        return NotAllowed("Forbidden", f"{message}; grant the verb to that account")
    if status == 409 or "metadata.uid" in fields:
        # An apply with another object's UID is called an invalid change of that field, but means the same.
        return Conflict(said.reason if status == 409 and said.reason else "Conflict", message)
    if status == 429:
        reason = "DisruptionBudgetExhausted" if "DisruptionBudget" in causes else "ApiServerBusy"
        return ClusterUnavailable(reason, message, _seconds(retry_after) or said.details.retry_after_seconds)
    if status == 401:
        return ClusterUnavailable("ApiServerUnauthorized", f"{message}; the token expired or is not accepted")
    if 400 <= status < 500 and status not in {408, 410}:
        return SpecInvalid("RefusedByApiServer", message)
    return ClusterUnavailable("ApiServerFailed", message, _seconds(retry_after))


def _said(body: bytes) -> _Status:
    try:
        return _Status.model_validate_json(body)
    except ValidationError:
        return _Status(message=body[:_MESSAGE_CHARACTERS].decode("utf-8", "replace").strip())


def _seconds(retry_after: str | None) -> float | None:
    """The header's seconds; its other form, a date, is not used by the API server."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
