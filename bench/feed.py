"""Feed made-up articles to a news server: python -m bench.feed HOST PORT GROUP COUNT."""

from __future__ import annotations

import socket
import sys
import threading
from email.utils import formatdate

__all__ = ["main"]

_TEXT = b"The quick brown fox jumps over the lazy dog, and so on.\r\n"


def _article(group: str, number: int, date: str) -> bytes:
    head = (f"Path: feeder.bench.test!not-for-mail\r\n"
            f"From: Ann Nobody <ann{number % 300}@bench.test>\r\n"
            f"Newsgroups: {group}\r\nSubject: Letter number {number} about foxes\r\n"
            f"Message-ID: <{group}.{number}@bench.test>\r\nDate: {date}\r\n"
            f"References: <{group}.{number // 2}@bench.test>\r\n\r\n")
    return head.encode() + _TEXT * (5 + number % 30)


def main(host: str, port: int, group: str, count: int) -> None:
    """Send them by TAKETHIS; a thread reads the answers meanwhile."""
    refused: list[bytes] = []
    with socket.create_connection((host, port)) as sock:
        lines = sock.makefile("rb")
        lines.readline()
        sock.sendall(b"MODE STREAM\r\n")
        lines.readline()

        def read() -> None:
            for line in lines:
                if line.startswith(b"205"):
                    return
                if not line.startswith(b"239"):
                    refused.append(line)

        reader = threading.Thread(target=read)
        reader.start()
        date = formatdate()
        for number in range(count):
            name = f"<{group}.{number}@bench.test>".encode()
            sock.sendall(b"TAKETHIS %b\r\n%b.\r\n" % (name, _article(group, number, date)))
        sock.sendall(b"QUIT\r\n")
        reader.join()
        lines.close()
    if refused:
        raise SystemExit(f"{len(refused)} of {count} refused: {refused[:2]}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
