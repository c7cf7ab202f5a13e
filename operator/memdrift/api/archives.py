"""Where evidence is kept and for how long, and where profiles are sent besides: the administrator's choice.

Exists so that encryption, links and deletion are decided once, by the person who answers for the bucket. Must not hold
a credential: those come from the environment of the process or its cloud identity.
"""

from __future__ import annotations

from enum import StrEnum
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

LONGEST_LINK_SECONDS = 604_800
"""What S3 accepts: a week."""


class EncryptionKind(StrEnum):
    """Who encrypts what is stored, and with which key."""

    BUCKET_DEFAULT = "BucketDefault"
    SSE_S3 = "SseS3"
    SSE_KMS = "SseKms"


class Encryption(StrictModel):
    """Encryption at rest, by the store."""

    kind: EncryptionKind = EncryptionKind.BUCKET_DEFAULT
    """`BucketDefault` (default): as the bucket is configured; the only one for `gs://`, `az://` and folders. `SseS3`: a
    key of the store. `SseKms`: a key of its key management, `kmsKey` or the store's default one."""
    kms_key: Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[!-~]+$")] | None = None
    """The name or ARN of the key of `SseKms`. Default: the one that the store uses by itself."""


class Retention(StrictModel):
    """What is deleted, and when. Without it nothing ever is."""

    after_days: Annotated[int, Field(ge=1, le=3650)]
    """How many days after an incident was closed, or a baseline went out of use, what is dispensable is deleted. The
    first, last and worst profile of each kind of every incident, its newest document, report and exhibit and its
    decisions stay, and so does every baseline that is in use or that an incident's profiles were compared with; nothing
    is deleted before what replaces it is seen in the archive, and nothing that another installation wrote."""


class Archive(StrictModel):
    """One place for evidence."""

    name: Label
    """How it is called in messages."""
    url: Annotated[str, Field(max_length=1024, pattern=r"^(file:///|s3://|gs://|az://)[^\s?#@]+$")]
    """Where the evidence lies: `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or
    `az://container/prefix`."""
    default: bool = False
    """Whether evidence goes here where several archives are configured. A single archive is always the default."""
    options: dict[str, str] = Field(default_factory=dict, max_length=16)
    """Settings of the object store, such as `endpoint` or `region`; never credentials, which come from the
    environment of the process or its cloud identity."""
    encryption: Encryption = Encryption()
    """Encryption at rest."""
    signed_link_seconds: Annotated[int, Field(ge=0, le=LONGEST_LINK_SECONDS)] = 0
    """For how long a link to a stored profile works without credentials, in seconds, for everybody who sees it in a
    report or ticket. Default 0: no such links. A folder cannot sign."""
    retention: Retention | None = None
    """What is deleted, and when. Default: nothing."""

    @model_validator(mode="after")
    def _suitable(self) -> Self:
        encrypted = self.encryption.kind is not EncryptionKind.BUCKET_DEFAULT
        if encrypted and not self.url.startswith("s3://"):
            raise ValueError(
                f"`archives`: `{self.name}` has `encryption.kind: {self.encryption.kind}`, which only `s3://` knows; "
                "configure the bucket's own encryption and leave `encryption` out"
            )
        if self.encryption.kms_key is not None and self.encryption.kind is not EncryptionKind.SSE_KMS:
            raise ValueError(
                f"`archives`: `{self.name}` has `encryption.kmsKey`, which needs `encryption.kind: SseKms`"
            )
        if self.signed_link_seconds and self.url.startswith("file://"):
            raise ValueError(f"`archives`: `{self.name}` is a folder, which cannot sign: leave `signedLinkSeconds` out")
        return self


class ProfileServerKind(StrEnum):
    """The kinds of servers that keep profiles as time series."""

    PYROSCOPE = "Pyroscope"
    PARCA = "Parca"


class ProfileServer(StrictModel):
    """One server that is sent every profile as well. It is no archive: what it does not take is not sent again."""

    name: Label
    """How it is called in messages."""
    kind: ProfileServerKind
    """`Pyroscope`: profiles are posted to `/push.v1.PusherService/Push`. `Parca`: to `/profiles/writeraw`."""
    url: HttpUrl
    """What comes before that path, without credentials and query; Parca's is usually `http://parca:7070/api`."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=16)
    """Headers of every request, such as a tenant (`X-Scope-OrgID`). Credentials belong into `bearerTokenFile`."""
    bearer_token_file: FilePath | None = None
    """A file with a bearer token, read again for every request."""
    tls: Tls = Tls()
    """How to trust and be trusted."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 15
    """The longest time for one request, in seconds. Default 15."""
    allowed_namespaces: list[NamespacePattern] = Field(default_factory=list, max_length=1000)
    """The namespaces whose profiles are sent there; `*` stands for any characters. Default: none."""

    def allows(self, namespace: str) -> bool:
        """Whether profiles of the namespace are sent there."""
        return allowed(namespace, self.allowed_namespaces)
