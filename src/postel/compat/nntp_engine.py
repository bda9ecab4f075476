"""The news client without its opinions, for the old face: one line, one answer.

Service code, sync. What is asked, and when, is decided by the face; connecting, TLS, pairing,
deadlines, traces and the guard against line breaks are the client's.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from ..nntp.listings import split
from ..nntp.login_sync import Login
from ..nntp.wire import GREETING, Ask, Event, Reply
from ..session.policy import Mode
from ..wire.base import argument
from ..wire.dots import stuffed
from .nntp_rows import NNTPReplyError

__all__ = ["Engine", "article_bytes"]


class Engine(Login):
    """A connection that asks nothing of its own."""

    welcome = ""
    """The greeting as it came."""

    def _greet(self) -> None:
        reply = self._event(GREETING, Reply)
        self.greeting, self.welcome = reply.text, _line(reply)

    def _upgrade(self, mode: Mode) -> None:
        """When there is TLS is the face's to say."""

    def _enter(self) -> None:
        """So is whether the server is told that we read."""

    def _dropped(self, command: Ask | None, event: Event) -> None:
        """A greeting in the middle answers nothing; the old face has always said so."""
        if isinstance(event, Reply) and event.code in (200, 201):
            raise NNTPReplyError(_line(event))
        super()._dropped(command, event)

    @property
    def is_secure(self) -> bool:
        """Whether the connection is in TLS."""
        return self.security == "tls"

    @property
    def is_private(self) -> bool:
        """Whether a password may be sent: in TLS, or to this machine."""
        return self.is_secure or self._is_this_machine()

    def ask(self, line: bytes, bodies: frozenset[int], shown: str = "") -> tuple[str, list[bytes]]:
        """Say *line*: the answer, and the lines of its body if its code is one of *bodies*."""
        command = Ask(argument(line.decode("utf-8", "surrogateescape"), "command"), shown=shown,
                      bodies=bodies, closes=line.upper() == b"QUIT")
        with self._operation(shown or str(command)):
            reply = self._event(self._queue(command), Reply)
            lines = split(self._body(command)) if reply.code in bodies else []
            return _line(reply), lines

    def offer(self, line: bytes, wanted: int) -> tuple[Ask, str]:
        """Say POST or IHAVE: the command, which goes on after *wanted*, and the answer."""
        command = Ask(argument(line.decode("utf-8", "surrogateescape"), "command"),
                      goes_on=frozenset((wanted,)))
        with self._operation(str(command)):
            return command, _line(self._event(self._queue(command), Reply))

    def send(self, command: Ask, article: bytes) -> str:
        """Send the article that *command* has offered: the answer."""
        with self._operation(str(command)):
            self._queue_raw(self._grammar.raw(stuffed(article)), f"({len(article)} bytes)")
            return _line(self._event(command, Reply))

    def secure(self, context: ssl.SSLContext | None) -> None:
        """Begin TLS, which the server has agreed to."""
        self._tls = context
        with self._operation("STARTTLS"):
            self._start_tls()
            self.security = "tls"

    def drop(self) -> None:
        """Close without a word."""
        self._drop()


def _line(reply: Reply) -> str:
    return f"{reply.code} {reply.text}" if reply.text else str(reply.code)


def article_bytes(data: bytes | bytearray | Iterable[bytes]) -> bytes:
    """An article whose lines end in CRLF, whatever they ended in.

    Example:
        >>> article_bytes([b"Subject: Hi", b"", b"Hello\\n"])
        b'Subject: Hi\\r\\n\\r\\nHello\\r\\n'
    """
    lines = data.splitlines() if isinstance(data, bytes | bytearray) else data
    return b"".join([bytes(line).rstrip(b"\r\n") + b"\r\n" for line in lines])
