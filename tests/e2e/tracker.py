"""A ticket system on loopback that honours `Idempotency-Key`, as a real one behind the Webhook tracker must.

Exists so that a test can count tickets and requests apart. Must not be reachable from elsewhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class TicketSystem:
    """Serves while used as a context manager.

    Attributes:
        tickets: the first document posted under each key; the same key again finds the same ticket.
        posts: how many requests came.
        filed: called for every request before it is answered.
    """

    def __init__(self) -> None:
        self.tickets: dict[str, dict[str, Any]] = {}
        self.posts = 0
        self.filed: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """Where documents are posted to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/tickets"

    def tracker(self, name: str = "tickets") -> dict[str, Any]:
        """Its entry in the administrator's file."""
        return {"name": name, "kind": "Webhook", "url": self.url}

    def __enter__(self) -> TicketSystem:
        threading.Thread(target=self._server.serve_forever, name="tickets", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _posted(self, key: str, document: dict[str, Any]) -> int:
        """The ticket's number."""
        with self._lock:
            self.posts += 1
            self.tickets.setdefault(key, document)
            number = list(self.tickets).index(key) + 1
        self.filed()
        return number

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        system = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                number = system._posted(self.headers["Idempotency-Key"], json.loads(content))
                self.send_response(201)
                self.send_header("Location", f"{system.url}/{number}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The test's output is not an access log."""

        return Handler
