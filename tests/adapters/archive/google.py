"""A small Google Cloud Storage, written from the published reference of its XML API, strict about what that requires.

Exists because no emulator that can be had knows a conditional write of that API without a signature (fake-gcs-server
1.56 answers it with 400). Must not be kinder than the reference: an unknown header or parameter, or credentials that
were not signed with the account's key, are refused.

The pages of the reference, all below https://cloud.google.com/storage/docs:
  xml-api/put-object-upload, xml-api/get-object-download, xml-api/head-object, xml-api/delete-object: objects
  xml-api/get-bucket-list: listing, version 2
  xml-api/reference-headers: `x-goog-if-generation-match` (0: only where no object has the name), `x-goog-generation`
  xml-api/reference-status: errors
  authentication/canonical-requests, authentication/signatures: signed URLs
and https://google.aip.dev/auth/4111 for tokens that a service account signs itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

BUCKET = "evidence"
EMAIL = "memdrift@project.example"
SIGNED_HOST = "storage.googleapis.com"
"""What the client signs as the host, whatever its base URL is."""
_META = "x-goog-meta-"
_LIST_PARAMETERS = {
    "list-type", "prefix", "delimiter", "continuation-token", "max-keys", "start-after", "encoding-type", "fetch-owner",
}  # fmt: skip


class Account:
    """A service account with a key of its own."""

    def __init__(self, email: str = EMAIL) -> None:
        self.email = email
        self.key = rsa.generate_private_key(65537, 2048)

    def options(self, url: str) -> dict[str, str]:
        """For `open_archive`."""
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        pem = self.key.private_bytes(encoding, form, serialization.NoEncryption()).decode()
        account = {"client_email": self.email, "private_key": pem, "private_key_id": "key-one"}
        return {"service_account_key": json.dumps(account), "base_url": url}

    def signed(self, signature: bytes, content: str) -> bool:
        """Whether it signed the content."""
        try:
            self.key.public_key().verify(signature, content.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass
class Held:
    """One object; `headers` are what came with it."""

    content: bytes
    generation: int
    headers: Mapping[str, str]
    stored_at: datetime

    def described(self) -> dict[str, str]:
        """The headers of an answer about it."""
        return {
            **self.headers,
            "ETag": self.tag,
            "Last-Modified": format_datetime(self.stored_at, usegmt=True),
            "x-goog-generation": str(self.generation),
            "x-goog-metageneration": "1",
            "x-goog-stored-content-length": str(len(self.content)),
            "x-goog-stored-content-encoding": "identity",
        }

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


@dataclass
class GoogleStorage:
    """The server.

    Attributes:
        forbidden: methods that the account may not use.
        page: how many rows one answer lists at most.
        lists: how many answers listed something.
    """

    account: Account
    forbidden: set[str] = field(default_factory=set)
    page: int = 1000
    objects: dict[str, Held] = field(default_factory=dict)
    lists: int = 0
    _generations: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """One request."""
        try:
            return await self._answer(request)
        except Refused as refused:
            body = (
                f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{refused.code}</Code><Message>m</Message></Error>"
            )
            headers = {"Content-Type": "application/xml; charset=UTF-8"}
            return web.Response(status=refused.status, headers=headers, body=body.encode())

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.raw_path.partition("?")[0]
        bucket, _, name = path.removeprefix("/").partition("/")
        self._authorise(request, path)
        if unquote(bucket) != BUCKET:
            raise Refused(404, "NoSuchBucket")
        if not name:
            if request.method != "GET":
                raise Refused(405, "MethodNotAllowed")
            return self._listed(dict(request.query))
        if request.query and "X-Goog-Signature" not in request.query:
            raise Refused(400, "InvalidArgument")
        return await self._of_object(request, unquote(name))

    async def _of_object(self, request: web.Request, name: str) -> web.Response:
        held = self.objects.get(name)
        if request.method == "PUT":
            return self._put(name, held, request, await request.read())
        if held is None:
            raise Refused(404, "NoSuchKey")
        match request.method:
            case "GET":
                return web.Response(headers=held.described(), body=held.content)
            case "HEAD":
                return web.Response(headers={**held.described(), "Content-Length": str(len(held.content))})
            case "DELETE":
                del self.objects[name]
                return web.Response(status=204)
            case _:
                raise Refused(405, "MethodNotAllowed")

    def _put(self, name: str, held: Held | None, request: web.Request, content: bytes) -> web.Response:
        extensions = {
            each.lower(): value for each, value in request.headers.items() if each.lower().startswith("x-goog-")
        }
        wanted = extensions.pop("x-goog-if-generation-match", None)
        if any(not each.startswith(_META) for each in extensions):
            raise Refused(400, "InvalidArgument")
        if "Content-Length" not in request.headers:
            raise Refused(411, "MissingContentLength")
        if wanted is not None and not wanted.isdecimal():
            raise Refused(400, "InvalidArgument")
        if wanted is not None and int(wanted) != (held.generation if held else 0):
            raise Refused(412, "PreconditionFailed")
        self._generations += 1
        kept = {"Content-Type": request.headers.get("Content-Type", "application/octet-stream"), **extensions}
        generation = 1_700_000_000_000_000 + self._generations
        self.objects[name] = stored = Held(content, generation, kept, datetime.now(UTC))
        described = stored.described()
        return web.Response(
            headers={name: described[name] for name in ("ETag", "x-goog-generation", "x-goog-metageneration")}
        )

    def _listed(self, asked: Mapping[str, str]) -> web.Response:
        if asked.get("list-type") != "2" or set(asked) - _LIST_PARAMETERS:
            raise Refused(400, "InvalidArgument")
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        after = base64.b64decode(asked.get("continuation-token", "")).decode() or asked.get("start-after", "")
        rows: dict[str, str] = {}  # what is listed, each with how
        for name in sorted(self.objects):
            inside = name.removeprefix(prefix)
            if not name.startswith(prefix):
                continue
            common = prefix + inside.partition(delimiter)[0] + delimiter if delimiter and delimiter in inside else ""
            if (common or name) > after:
                rows.setdefault(common or name, _common(common) if common else _contents(name, self.objects[name]))
        at_most = min(int(asked.get("max-keys", "1000")), self.page)
        shown, left = list(rows)[:at_most], list(rows)[at_most:]
        token = base64.b64encode(shown[-1].encode()).decode() if left else ""
        self.lists += 1
        body = (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
            f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(shown)}</KeyCount>"
            f"<IsTruncated>{str(bool(left)).lower()}</IsTruncated>"
            + (f"<NextContinuationToken>{token}</NextContinuationToken>" if left else "")
            + "".join(rows[each] for each in shown)
            + "</ListBucketResult>"
        )
        return web.Response(headers={"Content-Type": "application/xml; charset=UTF-8"}, body=body.encode())

    def _authorise(self, request: web.Request, path: str) -> None:
        if "X-Goog-Signature" in request.query:
            self._compare_signature(request, path)
        else:
            self._compare_token(request.headers.get("Authorization", ""))
        if request.method in self.forbidden:
            raise Refused(403, "AccessDenied")

    def _compare_token(self, header: str) -> None:
        """A token that the account signed itself, valid now, for Cloud Storage."""
        kind, _, token = header.partition(" ")
        parts = token.split(".")
        if kind != "Bearer" or len(parts) != 3:
            raise Refused(401, "AuthenticationRequired")
        head, claims = (json.loads(_decoded(part)) for part in parts[:2])
        now = time.time()
        valid = claims["iss"] == claims["sub"] == self.account.email and claims["iat"] - 60 <= now < claims["exp"]
        valid &= head["alg"] == "RS256" and "/auth/" in claims["scope"]
        if not valid or not self.account.signed(_decoded(parts[2]), ".".join(parts[:2])):
            raise Refused(401, "AuthenticationRequired")

    def _compare_signature(self, request: web.Request, path: str) -> None:
        """Version 4: the canonical request, and the string to sign made from its digest."""
        asked = dict(request.query)
        signature = bytes.fromhex(asked.pop("X-Goog-Signature"))
        if asked.get("X-Goog-Algorithm") != "GOOG4-RSA-SHA256" or asked.get("X-Goog-SignedHeaders") != "host":
            raise Refused(400, "InvalidArgument")
        email, _, scope = asked["X-Goog-Credential"].partition("/")
        signed_at = datetime.strptime(asked["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        query = "&".join(f"{quote(name, safe='~')}={quote(asked[name], safe='~')}" for name in sorted(asked))
        canonical = "\n".join((request.method, path, query, f"host:{SIGNED_HOST}", "", "host", "UNSIGNED-PAYLOAD"))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        content = "\n".join(("GOOG4-RSA-SHA256", asked["X-Goog-Date"], scope, digest))
        fitting = (email, scope) == (self.account.email, f"{signed_at:%Y%m%d}/auto/storage/goog4_request")
        if not fitting or not self.account.signed(signature, content):
            raise Refused(403, "SignatureDoesNotMatch")
        if datetime.now(UTC) >= signed_at + timedelta(seconds=int(asked["X-Goog-Expires"])):
            raise Refused(400, "ExpiredToken")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _common(prefix: str) -> str:
    return f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>"


def _contents(name: str, held: Held) -> str:
    at = held.stored_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (
        f"<Contents><Key>{escape(name)}</Key><Generation>{held.generation}</Generation><MetaGeneration>1</MetaGeneration>"
        f"<LastModified>{at}</LastModified><ETag>{escape(held.tag)}</ETag><Size>{len(held.content)}</Size></Contents>"
    )
