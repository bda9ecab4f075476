"""A client of the lab's IMAP server that says what it is told to, byte for byte."""

from __future__ import annotations

import re
import socket
import ssl

from postel.lab import Lab

__all__ = ["MAIL", "Talk"]

MAIL = (b"From: Ann <ann@x.example>\r\nTo: bob@x.example\r\nSubject: hello %d\r\n"
        b"Date: Mon, 2 Feb 2026 10:0%d:00 +0000\r\nMessage-ID: <%d@x.example>\r\n\r\nhi %d\r\n")


class Talk:
    """A client that says what it is told to, and gives back the answer as bytes."""

    def __init__(self, here: Lab, *, login: bool = True, tls: bool = False) -> None:
        self.here = here
        self.sock = socket.create_connection(here.address("imaps" if tls else "imap"), timeout=10)
        if tls:
            context = ssl.create_default_context(cafile=str(here.ca))
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.file = self.sock.makefile("rb")
        self.count = 0
        self.greeting = self.line()
        if login:
            self.ok("LOGIN alice secret")

    def line(self) -> bytes:
        """One line, with its literals."""
        line = self.file.readline()
        while (found := re.search(rb"\{(\d+)\}\r\n\Z", line)) and not line.startswith(b"+"):
            line += self.file.read(int(found[1])) + self.file.readline()
        return line

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def until(self, tag: str) -> bytes:
        """Everything up to the end of a command."""
        out = b""
        while True:
            line = self.line()
            out += line
            if line.startswith(tag.encode() + b" ") or not line:
                return out

    def say(self, text: str | bytes) -> bytes:
        """A command, and all of its answer."""
        self.count += 1
        tag = f"t{self.count}"
        raw = text.encode() if isinstance(text, str) else text
        self.send(f"{tag} ".encode() + raw + b"\r\n")
        return self.until(tag)

    def ok(self, text: str | bytes) -> bytes:
        answer = self.say(text)
        assert re.search(rb"^t%d OK" % self.count, answer, re.MULTILINE), answer
        return answer

    def no(self, text: str | bytes) -> bytes:
        answer = self.say(text)
        assert re.search(rb"^t%d NO" % self.count, answer, re.MULTILINE), answer
        return answer

    def bad(self, text: str | bytes) -> bytes:
        answer = self.say(text)
        assert re.search(rb"^t%d BAD" % self.count, answer, re.MULTILINE), answer
        return answer

    def close(self) -> None:
        self.file.close()
        self.sock.close()
