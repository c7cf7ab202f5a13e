"""The administrator's choice of archives: what contradicts itself is refused, by the name of the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from memdrift.api.administration import Administration, Archive, EncryptionKind


def archive(**fields: object) -> Archive:
    return Archive.model_validate({"name": "main", "url": "s3://bucket/prefix", **fields})


def test_by_default_nothing_is_signed_deleted_or_encrypted_by_us() -> None:
    plain = archive()
    assert (plain.signed_link_seconds, plain.retention) == (0, None)
    assert plain.encryption.kind is EncryptionKind.BUCKET_DEFAULT


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"url": "gs://b/x", "encryption": {"kind": "SseS3"}}, "only `s3://`"),
        ({"url": "file:///x", "encryption": {"kind": "SseKms"}}, "only `s3://`"),
        ({"encryption": {"kind": "SseS3", "kmsKey": "key"}}, "needs `encryption.kind: SseKms`"),
        ({"url": "file:///x", "signedLinkSeconds": 60}, "cannot sign"),
        ({"signedLinkSeconds": 604_801}, "604800"),
        ({"retention": {"afterDays": 0}}, "1"),
        ({"retention": {}}, "afterDays"),
    ],
)
def test_it_refuses(fields: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        archive(**fields)


def test_profile_servers_have_their_own_names() -> None:
    server = {"name": "one", "kind": "Parca", "url": "http://parca:7070/api"}
    with pytest.raises(ValidationError, match="`profileServers` has the name `one` twice"):
        Administration.model_validate({"profileServers": [server, server]})


def test_the_example_of_the_readme_is_valid() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(archives:\n.*?)```", readme, re.DOTALL)
    assert examples
    for text in examples:
        parsed = Administration.model_validate(yaml.safe_load(text))
        assert parsed.default_archive is not None
        assert parsed.default_archive.retention is not None
