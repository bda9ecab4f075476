# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The POP3 client: a mailbox as a with block.

Messages have numbers that hold for one session, and UIDLs that hold for ever. Deletions are only
marks until QUIT is answered: if the goodbye fails, nothing was deleted, and leaving the block
with an error takes the marks back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import NotSupported, ProtocolError
from ..transport import disk_sync as disk
from ..types import Progress
from ..wire.base import Command
from ..wire.text import display
from . import wire
from .fetching_sync import Fetch, Take
from .login_sync import Login
from .many_sync import Deletions, MessageBody, Messages
from .store import State, account_key
from .types import Fetched, Item, Listed, Status

if TYPE_CHECKING:
    from ..mailboxes import Mailbox

__all__ = ["Client"]


class Client(Login):
    """A mailbox on a POP3 server; its arguments are those of every client.

    The best SASL mechanism that the server offers is used to log in, else USER and PASS; ``auth=``
    names another one, ``"USER"`` and ``"APOP"`` among them. With ``auth="XOAUTH2"`` or
    ``"OAUTHBEARER"`` the password is the access token.

    Example:
        >>> with Client("pop3.example.org", user="alice", password="secret") as box:
        ...     (box.stat()).messages
        3
    """

    # -- reading ---------------------------------------------------------------------------

    def stat(self, *, timeout: float | None = None) -> Status:
        """How many messages there are, and their size together."""
        with self._operation("STAT", timeout):
            reply = self._ok(self._queue(wire.stat()))
            count, _, rest = reply.text.partition(" ")
            size = rest.split(" ")[0]
            if not (_is_number(count) and _is_number(size)):
                raise ProtocolError(f"STAT: no numbers: {display(reply.text)}")
            return Status(int(count), int(size))

    def list(self, *, timeout: float | None = None) -> tuple[Item, ...]:
        """The number and size of each message that is not marked as deleted."""
        with self._operation("LIST", timeout):
            pairs = wire.parse_numbered(self._listing(wire.list_()))
            return tuple(Item(number, _size(word)) for number, word in pairs)

    def uidl(self, *, timeout: float | None = None) -> tuple[Listed, ...]:
        """The number and the lasting name of each message.

        Raises:
            NotSupported: the server has no UIDL.
        """
        with self._operation("UIDL", timeout):
            pairs = wire.parse_numbered(self._listing(wire.uidl()))
            return tuple(Listed(number, word) for number, word in pairs)

    def retr(self, number: int, *, timeout: float | None = None) -> bytes:
        """A whole message, lines ended by CRLF.

        Args:
            number: of the message in this session.
            timeout: seconds for the whole of it.

        Raises:
            NotFound: there is no such message, or it is marked as deleted.
            LimitReached: it is larger than `largest`.
        """
        with self._operation(f"RETR {number}", timeout):
            command = self._queue(wire.retr(number))
            self._ok(command)
            return self._body(command)

    def retr_stream(self, number: int) -> MessageBody:
        """A message of any size as it comes: a with block to iterate over, chunk by chunk.

        Example:
            >>> with Client("pop3.example.org", user="alice", password="secret") as box:
            ...     with box.retr_stream(1) as body:
            ...         total = sum([len(chunk) for chunk in body])
            >>> total > 100
            True
        """
        return MessageBody(self, wire.retr(number), f"RETR {number}")

    def retr_to(self, number: int, file: BinaryIO) -> int:
        """Write a message of any size to an open binary file; return its size in bytes."""
        with self.retr_stream(number) as body:
            for chunk in body:
                file.write(chunk)
        return body.size

    def retr_many(self, numbers: Iterable[int]) -> Messages:
        """Whole messages in turn, the next ones asked for before they are needed.

        The window grows with small messages and shrinks with large ones; without PIPELINING it
        is one. Leaving the loop early is free.

        Args:
            numbers: of the messages, taken as they are needed.

        Returns:
            An iterator of `Message`, each of which unpacks as ``number, data``.

        Raises:
            NotFound: a message is gone; those before it have been handed out.

        Example:
            >>> with Client("pop3.example.org", user="alice", password="secret") as box:
            ...     [number for number, data in box.retr_many(range(1, 4))]
            [1, 2, 3]
        """
        return Messages(self, numbers, wire.retr)

    def top(self, number: int, lines: int = 0, *, timeout: float | None = None) -> bytes:
        """A message's header and the first *lines* lines of its body."""
        with self._operation(f"TOP {number}", timeout):
            command = self._queue(wire.top(number, lines))
            self._ok(command)
            return self._body(command)

    def top_many(self, numbers: Iterable[int], lines: int = 0) -> Messages:
        """`top` for many messages, in windows as `retr_many`."""
        return Messages(self, numbers, lambda number: wire.top(number, lines))

    def fetch_new(
        self,
        state: State | Path | str,
        into: Mailbox | Take,
        *,
        delete_after: float | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> Sequence[Fetched]:
        """Fetch what was not fetched before, into a mailbox or a function.

        A crash at any point loses nothing and fetches nothing twice. Deletions are made real by
        QUIT, so with *delete_after* the connection is closed at the end.

        Args:
            state: what was fetched so far: a `State`, or the path of its SQLite file.
            into: a `postel.mailboxes.Maildir` or ``Mbox``, or a function of UIDL and bytes.
            delete_after: days after which a fetched message is deleted from the server; 0 at
                once, None never.
            progress: called after each batch; its unit is messages.

        Returns:
            What was fetched now, in order.

        Example:
            >>> with Client("pop3.example.org", user="alice", password="secret") as box:
            ...     first = box.fetch_new("state.db", lambda uidl, message: None)
            ...     again = box.fetch_new("state.db", lambda uidl, message: None)
            >>> len(first), len(again)
            (3, 0)
        """
        if not isinstance(state, State):
            key = account_key(self.user or "", self.url.host, self.peer.port)
            with disk.call(State, state, key) as opened:
                return Fetch(self, opened, into, progress).run(delete_after)
        return Fetch(self, state, into, progress).run(delete_after)

    # -- writing ---------------------------------------------------------------------------

    def dele(self, number: int, *, timeout: float | None = None) -> None:
        """Mark a message; it is deleted when `quit` (or leaving the block) is answered.

        Raises:
            NotFound: there is no such message.
        """
        with self._operation(f"DELE {number}", timeout):
            command = self._queue(wire.dele(number))
            self._marked += 1  # from now on the server may have it marked
            reply = self._event(command, wire.Reply)
            if not reply.ok:
                self._marked -= 1
                raise self._refusal(command, reply)

    def dele_many(self, numbers: Iterable[int]) -> Deletions:
        """Mark many messages, in windows; iterate to see each number once it is marked."""
        return Deletions(self, numbers)

    def rset(self, *, timeout: float | None = None) -> None:
        """Take all marks back."""
        with self._operation("RSET", timeout):
            self._ok(self._queue(wire.rset()))
            self._marked = 0

    def quit(self, *, timeout: float | None = None) -> None:
        """Delete what is marked, and close.

        Raises:
            ReplyError: the server could not delete all of it (RFC 1939 section 6).
            NetworkError: no answer came: nothing was deleted, as far as anyone can know.
        """
        try:
            with self._operation("QUIT", timeout):
                self._say_goodbye()
        finally:
            self._drop()

    # -- the rest --------------------------------------------------------------------------

    def noop(self, *, timeout: float | None = None) -> None:
        """Keep the connection alive."""
        with self._operation("NOOP", timeout):
            self._ok(self._queue(wire.noop()))

    def utf8(self) -> None:
        """Ask for UTF-8 in headers and user names (RFC 6856); before the log-in.

        Raises:
            NotSupported: the server does not know it.
        """
        with self._operation("UTF8"):
            self._ok(self._queue(wire.utf8()), otherwise=NotSupported)

    def lang(self, tag: str) -> None:
        """Have the server speak another language (RFC 6856 section 3), ``"*"`` for its own.

        Raises:
            NotSupported: the server does not know LANG, or that language.
        """
        with self._operation("LANG"):
            self._ok(self._queue(wire.lang(tag)), otherwise=NotSupported)

    def langs(self) -> dict[str, str]:
        """The languages on offer, by tag.

        Raises:
            NotSupported: the server does not know LANG.
        """
        with self._operation("LANG"):
            command = self._queue(wire.lang())
            self._ok(command, otherwise=NotSupported)
            text = (self._body(command)).decode("utf-8", "backslashreplace")
            rows = (line.partition(" ") for line in text.split("\r\n") if line)
            return {tag: name for tag, _, name in rows}

    # -- private ---------------------------------------------------------------------------

    def _say_goodbye(self) -> None:
        self._ok(self._queue(wire.quit_()))
        self._marked = 0

    def _undo(self) -> None:
        if self._marked:
            self.rset()

    def _pending(self) -> str:
        return f"{self._marked} deletions" if self._marked else ""

    def _listing(self, command: Command) -> bytes:
        self._queue(command)
        self._ok(command, otherwise=NotSupported)
        return self._body(command)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19


def _size(word: str) -> int:
    if not _is_number(word):
        raise ProtocolError(f"LIST: no size: {display(word)}")
    return int(word)
