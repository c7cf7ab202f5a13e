"""Kubeconfig files; JSON, which every reader of YAML understands."""

import base64
import json
from pathlib import Path

from tests.cluster.certificates import Identity


def write_kubeconfig(path: Path, *, cluster: dict[str, str], user: dict[str, str]) -> Path:
    """A kubeconfig with one context; readable by its owner only."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "memdrift", "cluster": cluster}],
        "users": [{"name": "memdrift", "user": user}],
        "contexts": [{"name": "memdrift", "context": {"cluster": "memdrift", "user": "memdrift"}}],
        "current-context": "memdrift",
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2))
    return path


def trusted_cluster(server: str, authority: Path) -> dict[str, str]:
    """A server that shows a certificate of this authority."""
    return {"server": server, "certificate-authority-data": encoded(authority)}


def certificate_user(identity: Identity) -> dict[str, str]:
    """Who is known by a certificate."""
    return {
        "client-certificate-data": encoded(identity.certificate),
        "client-key-data": encoded(identity.key),
    }


def token_user(token: str) -> dict[str, str]:
    """Who is known by a service account's token."""
    return {"token": token}


def encoded(path: Path) -> str:
    """A file's bytes as the base64 text that kubeconfigs hold."""
    return base64.b64encode(path.read_bytes()).decode()
