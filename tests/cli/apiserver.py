"""An API server that says what a test wrote down, on loopback, and the kubeconfig of somebody who asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MEMDRIFT = "/apis/memdrift.io/v1alpha1/namespaces"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass
class ScriptedServer:
    """Answers by path, as status and document (or bytes that are none); everything else is not found."""

    kubeconfig: Path
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def give(self, path: str, document: object, status: int = 200) -> None:
        self.answers[path] = status, document

    def forbid(self, path: str) -> None:
        """As the API server does to whom RBAC gives nothing; its words have several lines here."""
        message = f'{path} is forbidden:\n  User "sre" cannot do that\x1b[2J'
        self.give(path, {"kind": "Status", "reason": "Forbidden", "message": message, "code": 403}, 403)


@contextmanager
def scripted_server(folder: Path) -> Iterator[ScriptedServer]:
    running = ScriptedServer(folder / "kubeconfig")

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = running.answers.get(
                self.path.partition("?")[0], (404, {"kind": "Status", "reason": "NotFound", "message": "not found"})
            )
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PATCH = do_POST = do_GET  # noqa: N815 - the library's names

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    running.kubeconfig.write_text(_kubeconfig(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _kubeconfig(port: int) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "scripted",
            "clusters": [{"name": "scripted", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "scripted", "user": {"token": "token"}}],
            "contexts": [{"name": "scripted", "context": {"cluster": "scripted", "user": "scripted"}}],
        }
    )
