"""A program that is scraped: its memory grows, its alerts are whatever the rules say."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from tests.adapters.prometheus.history import A

OWN = f'namespace="shop",pod="{A}",container="app"'


class Exporter:
    """Serves `/metrics` on a loopback port from a thread of its own; every scrape sees a larger heap."""

    def __init__(self) -> None:
        self.scrapes = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def text(self) -> str:
        self.scrapes += 1
        heap = 10_000_000 + 100_000 * self.scrapes
        lines = [
            f"go_gc_heap_live_bytes{{{OWN}}} {heap}",
            f"process_resident_memory_bytes{{{OWN}}} {2 * heap}",
            f'http_request_duration_seconds_count{{{OWN},code="200"}} {50 * self.scrapes}',
            f'http_request_duration_seconds_bucket{{{OWN},le="0.1"}} {50 * self.scrapes}',
            f'http_request_duration_seconds_bucket{{{OWN},le="+Inf"}} {50 * self.scrapes}',
        ]
        return "\n".join([*lines, ""])

    def __enter__(self) -> Exporter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exporter.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
                pass

        return Handler
