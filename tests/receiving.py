"""A real HTTP server on this machine that answers webhooks in good and bad ways, and remembers what it was sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Receiver:
    """Where the server listens, and what came: path, headers, body."""

    authority: str = ""
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def port(self) -> str:
        """The port that the server listens on."""
        return self.authority.rpartition(":")[2]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that answers as the path says: /away, /long, /drip, /broken; anything else is well."""
    found = Receiver()

    class Handler(_Answers):
        taken = found.taken

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    found.authority = f"127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    http.shutdown()
    http.server_close()


class _Answers(BaseHTTPRequestHandler):
    taken: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((self.path, dict(self.headers), body))
        if self.path == "/away":
            self.send_response(307)
            self.send_header("Location", "/hook")
            self.end_headers()
        elif self.path == "/long":
            self.send_response(200)
            self.end_headers()
            self._write(b"x" * 10_000_000)
        elif self.path == "/drip":
            self._write(b"HTTP/1.1 200 OK\r\n")
            while self._write(b"X-Wait: 1\r\n"):
                time.sleep(0.05)
        else:
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

    def _write(self, data: bytes) -> bool:
        try:
            self.wfile.write(data)
        except OSError:
            return False
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
