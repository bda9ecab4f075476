# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The POP3 client: a mailbox as a with block.

Messages have numbers that hold for one session, and UIDLs that hold for ever. Deletions are only
marks until QUIT is answered: if the goodbye fails, nothing was deleted, and leaving the block
with an error takes the marks back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import BinaryIO

from ..errors import (
    AuthenticationError,
    LimitReached,
    NotFound,
    NotSupported,
    ProtocolError,
    ReplyError,
    TryLater,
)
from ..session.policy import Mode, Ports
from ..session.session_sync import Session
from ..transport.entropy import nonce
from ..types import ServerInfo
from ..wire import sasl
from ..wire.base import Command
from ..wire.text import display
from . import wire
from .many_sync import Deletions, MessageBody, Messages
from .types import Capabilities, Item, Listed, Status

__all__ = ["Client"]

_STAMP = re.compile(r"<[^<>\s]+>")
_TEMPORARY = ("IN-USE", "LOGIN-DELAY", "SYS/TEMP")


class Client(Session[Command, wire.Event]):
    """A mailbox on a POP3 server; its arguments are those of every client.

    The best SASL mechanism that the server offers is used to log in, else USER and PASS; ``auth=``
    names another one, ``"USER"`` and ``"APOP"`` among them. With ``auth="XOAUTH2"`` or
    ``"OAUTHBEARER"`` the password is the access token.

    Example:
        >>> with Client("pop3.example.org", user="alice", password="secret") as box:
        ...     (box.stat()).messages
        3
    """

    protocol = "POP3"
    scheme = "pop3"
    ports = Ports(clear=110, tls=995)

    largest = 256 * 1024 * 1024
    """Bytes of a message that `retr` holds in memory; `retr_stream` has no such limit."""

    def _new_wire(self) -> wire.Wire:
        self._capabilities: Capabilities | None = None
        self._marked = 0
        return wire.Wire()

    # -- greet, secure, log in -------------------------------------------------------------

    def _greet(self) -> None:
        reply = self._event(wire.GREETING, wire.Reply)
        self.greeting = reply.text
        if not reply.ok:
            raise self._refusal(wire.GREETING, reply)

    def _upgrade(self, mode: Mode) -> None:
        if mode.security == "auto" and self._is_this_machine():
            return
        self.stls()

    def stls(self) -> None:
        """Go on in TLS (RFC 2595); what the server told before is forgotten.

        Raises:
            NotSupported: the server has no STLS.
        """
        with self._operation("STLS"):
            command = self._queue(wire.stls())
            reply = self._event(command, wire.Reply)
            if not reply.ok:
                raise NotSupported(
                    f"STLS: the server has no TLS on this port: {display(reply.text)}",
                    text=reply.text, command="STLS",
                    hint='the TLS port is 995 (security="tls"); security="plain" goes on without',
                )
            self._start_tls()
            self._capabilities = None

    def _log_in(self) -> None:
        wanted = (self.auth or "").upper()
        if wanted == "APOP":
            self.apop()
        elif wanted == "USER":
            self.login()
        else:
            self.authenticate(wanted or None)

    def authenticate(self, mechanism: str | None = None) -> None:
        """Log in by SASL (RFC 5034), or by USER and PASS where the server offers nothing better.

        Args:
            mechanism: its registered name; None takes the best that is offered.

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
            NotSupported: the mechanism is not offered.
        """
        with self._operation("AUTH"):
            offered = (self.capa())["SASL"]
            if mechanism is None and not offered:
                self.login()
                return
            login = self._credentials(mechanism)
            try:
                chosen = sasl.choose(offered or (mechanism or "",), login, wanted=mechanism,
                                     secure=self._is_private())
            except NotSupported:
                if mechanism is not None:
                    raise
                self.login()
                return
            self._authenticate(chosen, login)

    def _credentials(self, mechanism: str | None) -> sasl.Login:
        if mechanism == "EXTERNAL":
            return sasl.Login(self.user or "", None)
        secret, host = self._take_password(), self.url.host
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            return sasl.Login(self.user or "", None, token=secret, host=host,
                              port=self.peer.port)
        return sasl.Login(self.user or "", secret)

    def _authenticate(self, mechanism: str, login: sasl.Login) -> None:
        """Drive the mechanism's generator over AUTH."""
        dialogue = sasl.start(mechanism, login, nonce=nonce())
        initial = next(dialogue)
        first = None if initial is None else sasl.encode(initial, initial=True)
        command = self._queue(wire.auth(mechanism, first))
        while isinstance(event := self._next(command), wire.Challenge):
            try:
                answer = sasl.encode(sasl.respond(dialogue, sasl.decode(event.line)))
            except (AuthenticationError, ProtocolError):
                self._cancel(command)
                raise
            self._queue_raw(wire.response(answer), "***")
        if not isinstance(event, wire.Reply):
            raise ProtocolError("AUTH: a body where a reply was due")
        if not event.ok:
            refusal = self._login_refused(f"AUTH {mechanism}", event)
            if isinstance(refusal, AuthenticationError):
                sasl.refuse(dialogue, refusal)
            raise refusal
        sasl.finish(dialogue)
        self._capabilities = None

    def _cancel(self, command: Command) -> None:
        self._queue_raw(wire.response(sasl.CANCEL), "*")
        while isinstance(self._next(command), wire.Challenge):
            pass

    def login(self) -> None:
        """Log in by USER and PASS (RFC 1939 section 7).

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
        """
        with self._operation("USER"):
            if not self._is_private():
                raise AuthenticationError(
                    f"log in to {self.url.host}: the password would be sent in the clear",
                    hint='the server offers no TLS here: try the TLS port (security="tls"); '
                    'security="plain" sends it all the same',
                )
            password = self._take_password().reveal()
            for command in (wire.user(self.user or ""), wire.pass_(password)):
                reply = self._event(self._queue(command), wire.Reply)
                if not reply.ok:
                    raise self._login_refused(str(command), reply)
            self._capabilities = None

    def apop(self) -> None:
        """Log in by the digest of the greeting's stamp (RFC 1939 section 7); MD5, so on request.

        Raises:
            AuthenticationError: refused.
            NotSupported: the greeting has no stamp.
        """
        with self._operation("APOP"):
            stamp = _STAMP.search(self.greeting)
            if stamp is None:
                raise NotSupported("APOP: the greeting has no stamp", hint="use another auth=")
            secret = stamp[0] + self._take_password().reveal()
            digest = hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()
            command = self._queue(wire.apop(self.user or "", digest))
            reply = self._event(command, wire.Reply)
            if not reply.ok:
                raise self._login_refused(str(command), reply)
            self._capabilities = None

    # -- reading ---------------------------------------------------------------------------

    @property
    def server(self) -> ServerInfo:
        """What the server says it is: the greeting, and IMPLEMENTATION where CAPA has it."""
        told = self._capabilities["IMPLEMENTATION"] if self._capabilities else ()
        return ServerInfo(self.greeting, " ".join(told))

    @property
    def capabilities(self) -> Capabilities:
        """What CAPA told last; empty before the first `capa`."""
        return self._capabilities or Capabilities()

    def capa(self, *, timeout: float | None = None) -> Capabilities:
        """What the server can do (RFC 2449); asked once, and again after TLS and log-in."""
        with self._operation("CAPA", timeout):
            if self._capabilities is None:
                command = self._queue(wire.capa())
                reply = self._event(command, wire.Reply)
                body = self._body(command) if reply.ok else b""
                self._capabilities = Capabilities(wire.parse_capa(body))
            return self._capabilities

    def stat(self, *, timeout: float | None = None) -> Status:
        """How many messages there are, and their size together."""
        with self._operation("STAT", timeout):
            reply = self._ok(self._queue(wire.stat()))
            count, _, rest = reply.text.partition(" ")
            size = rest.split(" ")[0]
            if not (count.isdigit() and size.isdigit() and len(count) < 19 and len(size) < 19):
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

    # -- writing ---------------------------------------------------------------------------

    def dele(self, number: int, *, timeout: float | None = None) -> None:
        """Mark a message; it is deleted when `quit` (or leaving the block) is answered.

        Raises:
            NotFound: there is no such message.
        """
        with self._operation(f"DELE {number}", timeout):
            self._ok(self._queue(wire.dele(number)))
            self._marked += 1

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

    def _ok(
        self, command: Command, otherwise: type[ReplyError] | None = None
    ) -> wire.Reply:
        reply = self._event(command, wire.Reply)
        if not reply.ok:
            raise self._refusal(command, reply, otherwise)
        return reply

    def _body(self, command: Command) -> bytes:
        """The rest of *command*'s answer, in memory."""
        chunks, size = [], 0
        while True:
            data = self._event(command, wire.Data)
            self._progressed()
            chunks.append(data.chunk)
            size += len(data.chunk)
            if data.last:
                return b"".join(chunks)
            if size > self.largest:
                raise LimitReached(
                    f"{command}: more than {self.largest:,} bytes",
                    hint="retr_stream and retr_to take messages of any size",
                )

    def _refusal(
        self, command: Command, reply: wire.Reply, otherwise: type[ReplyError] | None = None
    ) -> ReplyError:
        """Our error for ``-ERR``."""
        said = f"{command}: the server said: {display(reply.text) or 'no'}"
        if reply.code in _TEMPORARY:
            return TryLater(said, text=reply.text, temporary=True, command=str(command),
                            hint=_HINTS[reply.code])
        numbered = command.line.split(b" ")[0] in (b"RETR", b"TOP", b"DELE", b"LIST")
        kind = otherwise or (NotFound if numbered else ReplyError)
        return kind(said, text=reply.text, command=str(command))

    def _login_refused(self, command: str, reply: wire.Reply) -> ReplyError:
        said = f"log in as {self.user}: the server said: {display(reply.text) or 'no'}"
        if reply.code in _TEMPORARY:
            return TryLater(said, text=reply.text, temporary=True, command=command,
                            hint=_HINTS[reply.code])
        return AuthenticationError(
            said, text=reply.text, command=command,
            hint="check user and password; some providers want an app password, or have POP3 "
            "switched off in the account's settings",
        )


_HINTS = {
    "IN-USE": "another program has this mailbox open: try again when it is done",
    "LOGIN-DELAY": "the server allows a log-in only every so often: wait a while",
    "SYS/TEMP": "the server has a passing trouble: try again later",
}


def _size(word: str) -> int:
    if not word.isdigit() or len(word) > 18:
        raise ProtocolError(f"LIST: no size: {display(word)}")
    return int(word)
