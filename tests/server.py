"""A server of one file that may do anything a server can do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import cast

import numpy as np

CONTENT = np.random.default_rng(0).bytes(1 << 20)
HALF = len(CONTENT) // 2


class Server(ThreadingHTTPServer):
    """Sends `content`; each flaw is set by a test."""

    daemon_threads = False  # so that closing waits for them
    content = CONTENT
    announced: int | None = len(CONTENT)  # length told for the whole; None: none is told
    chunked = False  # in pieces of told lengths and a mark of the end, in place of a length
    endless = False  # `content` again and again
    cuts = 0  # connections still to be broken off halfway through what is left
    knows_ranges = True
    kind = "application/octet-stream"
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []  # asked for, one per connection
        self.before_the_end: Callable[[], object] = lambda: None  # called with a byte to go

    @property
    def address(self) -> str:
        """Where it listens, without the name of a file."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast(Server, self.server)
        asked = self.headers["Range"]
        server.ranges.append(asked)
        start = int(asked[6:-1]) if asked and server.knows_ranges else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else server.status)
        self.send_header("Content-Type", server.kind)
        self.send_header("Connection", "close")
        if server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif server.announced is not None:
            self.send_header("Content-Length", str(server.announced - start))
        self.end_headers()
        cut = server.cuts > 0
        if cut:
            server.cuts -= 1
            body = body[: len(body) // 2]
        with suppress(ConnectionError):  # a client may have read enough
            self._send(body[:-1])
            server.before_the_end()
            self._send(body[-1:])
            while server.endless:
                self._send(body)
            if server.chunked and not cut:
                self.wfile.write(b"0\r\n\r\n")

    def _send(self, part: bytes) -> None:
        chunked = cast(Server, self.server).chunked
        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)

    def log_message(self, *_: object) -> None:
        """Keep the tests quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    """Yield a server that runs."""
    with Server() as running:
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def partial(path: Path) -> Path:
    """Return where what has come of a file lies until it is whole and checked."""
    return path.with_name(f".{path.name}.partial")


def lay(path: Path, content: bytes) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
