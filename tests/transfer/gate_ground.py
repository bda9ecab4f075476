"""A gate before a server that lets in so many connections at a time, and turns the others away."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

REFUSALS = {
    "ftp": b"421 Too many connections.\r\n",
    "http": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "webdav": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "sftp": b"",
}


class Gate:
    """Listens, and passes on.

    Attributes:
        most: how many were let in at the same time.
        refused: how many were turned away.
    """

    def __init__(self, port: int, allowed: int, words: bytes) -> None:
        self._goal, self._allowed, self._words = port, allowed, words
        self.inside = self.most = self.refused = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                full = self.inside >= self._allowed
                self.inside += not full
                self.refused += full
                self.most = max(self.most, self.inside)
            if full:
                self._turn_away(near)
                continue
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _turn_away(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if self._words.startswith(b"HTTP"):
                near.recv(65_536)  # closing over what was not read would reset the answer
            near.sendall(self._words)
            near.shutdown(socket.SHUT_WR)

    def _pass(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._goal))
        with near, far:
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()
        with self._lock:
            self.inside -= 1

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            one.shutdown(how)


@contextlib.contextmanager
def gate(port: int, allowed: int, words: bytes) -> Iterator[Gate]:
    made = Gate(port, allowed, words)
    try:
        yield made
    finally:
        made.close()
