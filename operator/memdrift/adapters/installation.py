"""Who this installation of memdrift is, among all that share an archive: the UID of the namespace it lives in.

Exists because a bucket may serve several clusters whose namespaces and stores have the same names, and nobody can
choose a UID or have another's. Must not know what it is used for.
"""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from memdrift.errors import ClusterUnavailable
from memdrift.ports import KubernetesCalls


class _Metadata(BaseModel):
    uid: str


class _Namespace(BaseModel):
    metadata: _Metadata


class Installation:
    """Asks the API server once."""

    def __init__(self, calls: KubernetesCalls, namespace: str) -> None:
        self._calls = calls
        self._namespace = namespace
        self._uid = ""

    async def uid(self) -> str:
        """The UID, the same for as long as the namespace exists.

        Raises:
            ClusterUnavailable, TargetNotFound, NotAllowed: not known yet; it is asked again the next time.
        """
        if not self._uid:
            answer = await self._calls.call("GET", ("api", "v1", "namespaces", self._namespace))
            try:
                self._uid = _Namespace.model_validate_json(answer).metadata.uid
            except ValidationError as error:
                raise ClusterUnavailable(
                    "AnswerUnreadable", f"namespace {self._namespace} came without a UID"
                ) from error
        return self._uid
