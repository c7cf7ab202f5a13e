"""A small HTTP server on loopback that knows nothing: what the unclosed body asks for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PAGE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 8192\r\n\r\n" + b"x" * 8192


@contextmanager
def upstream() -> Iterator[str]:
    """Its base address; connections stay open until the client is gone."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.settimeout(0.2)
        ended = threading.Event()
        answering = threading.Thread(target=_answer, args=(listener, ended))
        answering.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            answering.join()


def _answer(listener: socket.socket, ended: threading.Event) -> None:
    opened: list[socket.socket] = []
    while not ended.is_set():
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            connection.settimeout(5)
            opened.append(connection)
            with suppress(OSError):
                connection.recv(65_536)
                connection.sendall(_PAGE)
    for connection in opened:
        connection.close()
