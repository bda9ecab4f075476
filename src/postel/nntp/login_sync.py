# GENERATED from login_async.py by tools/unasync.py: edit that file, not this one.
"""NNTP's beginning: greet, secure, become a reader, log in, compress; and what refusals mean.

The order is that of the RFCs: TLS, then MODE READER where the server says that it must be told
(RFC 3977 section 5.3), then the log-in, then compression (RFC 8054 section 2.2.2). What the server
said of itself is forgotten after each.
"""

from __future__ import annotations

from ..errors import AuthenticationError, NotSupported, ProtocolError
from ..session.policy import Mode
from ..transport.entropy import nonce
from ..types import ServerInfo
from ..wire import sasl
from ..wire.text import display
from . import commands, wire
from .control_sync import Control
from .listings import parse_capabilities, split
from .refusals import login_refused, refusal
from .types import Capabilities
from .wire import Ask, Reply

__all__ = ["Login"]

_UNKNOWN = (500, 501, 502, 503, 580)


class Login(Control):
    """A connection to a news server as far as the log-in."""

    # -- greet, secure, read ---------------------------------------------------------------

    def open(self) -> None:
        """Connect, read the greeting, secure the connection, log in, ask what there is.

        Raises:
            NetworkError: no way there, or TLS failed.
            AuthenticationError: the log-in was refused, or would go in the clear.
        """
        super().open()
        try:
            with self._operation("connect"):
                self._enter()
                if self._wants_compression:
                    self._compress_if_offered()
        except BaseException:
            self._drop()
            raise

    def _greet(self) -> None:
        self._connected().prompt = True  # INN's answers come in pieces
        reply = self._reply(wire.GREETING)
        self.greeting = reply.text
        if reply.code not in (200, 201):
            raise refusal(wire.GREETING, reply)
        self.posting = reply.code == 200

    def _upgrade(self, mode: Mode) -> None:
        if mode.security == "auto" and self._is_this_machine():
            return
        try:
            self.starttls()
        except NotSupported:
            if self.security != "auto" or self.user is not None:
                raise
            self.trace.note("the server has no TLS: read in the clear, as anyone may")

    def starttls(self) -> None:
        """Go on in TLS (RFC 4642); what the server told before is forgotten.

        Raises:
            NotSupported: the server has no STARTTLS.
        """
        with self._operation("STARTTLS"):
            command = self._queue(commands.starttls())
            reply = self._reply(command)
            if reply.code in _UNKNOWN and self.reader and not self._is_reader:
                self._enter()  # a server that is a reader only when it is told to
                reply = self._reply(self._queue(command))
            if reply.code != 382:
                raise NotSupported(
                    f"STARTTLS: the server has no TLS on this port: {display(reply.text)}",
                    text=reply.text, code=reply.code, command="STARTTLS",
                    hint='the TLS port is 563 (security="tls"); security="plain" goes on without',
                )
            self._start_tls()
            self._capabilities = None

    def _enter(self) -> None:
        """Learn what there is, and become a reader where the server wants to hear it."""
        offered = self._learn()
        if not self.reader or self._is_reader:
            return
        self._is_reader = True
        if offered.told and ("MODE-READER" not in offered or "READER" in offered):
            return
        command = self._queue(commands.mode_reader())
        reply = self._reply(command)
        if reply.code in (200, 201):
            self.posting = reply.code == 200
            self._capabilities = None
            self._learn()
        elif offered.told or reply.code == 502:  # section 5.3: 502 is a goodbye
            raise refusal(command, reply)

    def _learn(self) -> Capabilities:
        if self._capabilities is None:
            command = self._queue(commands.capabilities())
            reply = self._reply(command)
            told = reply.code == 101
            found = parse_capabilities(split(self._body(command)) if told else [])
            if "READER" in found:
                self.posting = "POST" in found
            self._capabilities = Capabilities(found, told)
        return self._capabilities

    @property
    def capabilities(self) -> Capabilities:
        """What CAPABILITIES told last; ``told`` is False for servers that do not know it."""
        return self._capabilities or Capabilities(told=False)

    def refresh_capabilities(self, *, timeout: float | None = None) -> Capabilities:
        """Ask the server anew what it can do (RFC 3977 section 5.2)."""
        with self._operation("CAPABILITIES", timeout):
            self._capabilities = None
            return self._learn()

    @property
    def server(self) -> ServerInfo:
        """What the server says it is: the greeting, and IMPLEMENTATION where it is told."""
        return ServerInfo(self.greeting, " ".join(self.capabilities["IMPLEMENTATION"]))

    # -- log in ----------------------------------------------------------------------------

    def _log_in(self) -> None:
        self._enter()
        wanted = (self.auth or "").upper()
        if wanted == "USER":
            self.login()
        else:
            self.authenticate(wanted or None)

    def authenticate(self, mechanism: str | None = None) -> None:
        """Log in by AUTHINFO SASL, or USER and PASS where nothing better is offered (RFC 4643).

        Args:
            mechanism: its registered name; None takes the best that is offered.

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
            NotSupported: the mechanism is not offered.
        """
        with self._operation("AUTHINFO"):
            offered = (self._learn())["SASL"]
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
        """Drive the mechanism's generator; an empty message is "=" (RFC 4643 section 2.4.2)."""
        dialogue = sasl.start(mechanism, login, nonce=nonce())
        initial = next(dialogue)
        first = None if initial is None else sasl.encode(initial, initial=True)
        if first is not None and len(first) > 400:  # a command line has 512 bytes
            first, late = None, first
        else:
            late = b""
        command = self._queue(commands.auth_sasl(mechanism, first))
        while (reply := self._reply(command)).code == 383:
            try:
                answer = late or sasl.encode(
                    sasl.respond(dialogue, sasl.decode(_line(reply))), initial=True)
            except (AuthenticationError, ProtocolError):
                self._cancel(command)
                raise
            late = b""
            self._queue_raw(self._grammar.raw(answer + b"\r\n"), "***")
        if reply.code == 283:  # success, with the last that the server has to say
            sasl.respond(dialogue, sasl.decode(_line(reply)))
        elif reply.code != 281:
            refused = login_refused(self.user, command, reply)
            if isinstance(refused, AuthenticationError):
                sasl.refuse(dialogue, refused)
            raise refused
        sasl.finish(dialogue)
        self._welcome()

    def _cancel(self, command: Ask) -> None:
        self._queue_raw(self._grammar.raw(sasl.CANCEL + b"\r\n"), "*")
        while (self._reply(command)).code == 383:
            self._queue_raw(self._grammar.raw(sasl.CANCEL + b"\r\n"), "*")

    def login(self) -> None:
        """Log in by AUTHINFO USER and PASS (RFC 4643 section 2.3).

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
        """
        with self._operation("AUTHINFO USER"):
            if not self._is_private():
                raise AuthenticationError(
                    f"log in to {self.url.host}: the password would be sent in the clear",
                    hint='the server offers no TLS here: try the TLS port (security="tls"); '
                    'security="plain" sends it all the same',
                )
            password = self._take_password().reveal()
            command = self._queue(commands.auth_user(self.user or ""))
            reply = self._reply(command)
            if reply.code == 381:
                command = self._queue(commands.auth_pass(password))
                reply = self._reply(command)
            if reply.code != 281:
                raise login_refused(self.user, command, reply)
            self._welcome()

    def _welcome(self) -> None:
        self._log_ins += 1
        self._capabilities = None
        self._missing.clear()

    # -- compression -----------------------------------------------------------------------

    def compress(self) -> None:
        """Compress everything from now on, both ways (RFC 8054 DEFLATE); after the log-in.

        Raises:
            NotSupported: the server does not do that, or not now.
        """
        with self._operation("COMPRESS"):
            command = self._queue(commands.compress())
            reply = self._reply(command)
            if reply.code != 206:
                raise refusal(command, reply, NotSupported)
            self._grammar.compress()
            self.trace.note("compressed from now on")
            self._capabilities = None

    def _compress_if_offered(self) -> None:
        if "DEFLATE" in (self._learn())["COMPRESS"]:
            self.compress()

    def xfeature_gzip(self) -> None:
        """Have listings compressed as some servers of binaries do (XFEATURE COMPRESS GZIP).

        Raises:
            NotSupported: the server does not know that.
        """
        with self._operation("XFEATURE"):
            for terminator in (True, False):
                command = self._queue(commands.xfeature_gzip(terminator=terminator))
                reply = self._reply(command)
                if reply.code == 290:
                    return
            raise refusal(command, reply, NotSupported)


def _line(reply: Reply) -> bytes:
    return reply.text.strip().encode("utf-8", "surrogateescape")
