"""Who a bearer token belongs to, and what that person may read: TokenReview and SubjectAccessReview.

Exists so that the cluster's own rules decide who sees a page. A token is sent to the API server and nowhere else. Must
not remember, log or repeat a token, also not inside an error.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from memdrift.api.wire import GROUP
from memdrift.errors import ClusterUnavailable
from memdrift.ports import KubernetesCalls, Person


class _Read(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class _User(_Read):
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] | None = None
    extra: dict[str, tuple[str, ...]] | None = None


class _Token(_Read):
    authenticated: bool = False
    user: _User = Field(default_factory=_User)


class _TokenReview(_Read):
    status: _Token = Field(default_factory=_Token)


class _Access(_Read):
    allowed: bool = False
    denied: bool = False


class _AccessReview(_Read):
    status: _Access = Field(default_factory=_Access)


class KubernetesReviews:
    """Implements the port `Reviews`."""

    def __init__(self, calls: KubernetesCalls) -> None:
        self._calls = calls

    async def identify(self, token: str) -> Person | None:
        """Whose token it is; None where the API server does not accept it."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
        answer = await self._calls.call("POST", ("apis", "authentication.k8s.io", "v1", "tokenreviews"), body=body)
        try:
            status = _TokenReview.model_validate_json(answer).status
        except ValidationError:
            raise _unreadable("TokenReview") from None  # the answer repeats the token
        if not status.authenticated or not status.user.username:
            return None
        user = status.user
        extra = tuple(sorted((user.extra or {}).items()))
        return Person(user.username, user.uid, tuple(user.groups or ()), extra)

    async def allowed(self, person: Person, verb: str, resource: str, namespace: str) -> bool:
        """Whether the person may do it to every such object in the namespace; in all of them where it is ""."""
        attributes = {"group": GROUP, "resource": resource, "verb": verb}
        spec: dict[str, object] = {
            "user": person.name,
            "groups": list(person.groups),
            "extra": {key: list(values) for key, values in person.extra},
            "resourceAttributes": attributes | ({"namespace": namespace} if namespace else {}),
        }
        if person.uid:
            spec["uid"] = person.uid
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        path = ("apis", "authorization.k8s.io", "v1", "subjectaccessreviews")
        answer = await self._calls.call("POST", path, body=body)
        try:
            status = _AccessReview.model_validate_json(answer).status
        except ValidationError as error:
            raise _unreadable("SubjectAccessReview") from error
        return status.allowed and not status.denied


def _unreadable(kind: str) -> ClusterUnavailable:
    return ClusterUnavailable("AnswerUnreadable", f"the API server's answer to a {kind} is not what it should be")
