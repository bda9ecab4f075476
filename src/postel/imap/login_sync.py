# GENERATED from login_async.py by tools/unasync.py: edit that file, not this one.
"""IMAP's beginning: greet, secure, log in, learn what the server can do, agree on more.

What a server says in the clear before TLS is forgotten when TLS starts, untagged data included. A
server that says it knows us already (PREAUTH) on a line that should be secured cannot be told to
start TLS any more: that is what an attacker would say, and it ends the session.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._version import __version__
from ..errors import (
    AuthenticationError,
    ConnectionLost,
    NotSupported,
    ProtocolError,
    ReplyError,
    TryLater,
    UsageError,
)
from ..session.policy import Mode
from ..transport.entropy import nonce
from ..wire import sasl
from ..wire.base import argument
from ..wire.text import display
from . import responses, wire
from .capabilities import Capabilities
from .control_sync import Control, Told
from .deflate import Deflated
from .learned import LEARNED, Learned
from .refusals import is_throttled, login_refusal, refusal
from .wire import Command, Continue, Reply, command, string

__all__ = ["Login"]

_WANT_ID = (".163.com", ".126.com", ".yeah.net", ".188.com", ".vip.163.com")
"""NetEase refuses SELECT as "unsafe login" to clients that have not said who they are."""


class Login(Control):
    """An IMAP connection as far as the log-in."""

    rev2 = True
    """Whether IMAP4rev2 is switched on where a server offers it beside IMAP4rev1."""

    # -- greet, secure ---------------------------------------------------------------------

    def _greet(self) -> None:
        self._preauth = False
        event = self._next(wire.GREETING)
        if not isinstance(event, Reply):
            raise ProtocolError(f"no IMAP greeting: {event!r}")
        if event.kind == "BYE":
            if is_throttled(event):
                raise refusal("connect", event)
            raise ConnectionLost(
                f"connect to {self.url.host}: the server said goodbye: {display(event.text)}",
                hint="it may have too many connections, or talk to nobody from here")
        if event.kind not in ("OK", "PREAUTH"):
            raise ProtocolError(f"no IMAP greeting: {event.kind} {display(event.text)}",
                                hint="is this the port of an IMAP server?")
        self.greeting = event.text
        self._greeted = True
        self._preauth = event.kind == "PREAUTH"

    def _upgrade(self, mode: Mode) -> None:
        if mode.security == "auto" and self._is_this_machine():
            return
        self.starttls()

    def starttls(self) -> None:
        """Go on in TLS (RFC 9051 section 6.2.1); what the server told before is forgotten.

        Raises:
            NotSupported: the server has no STARTTLS.
            ProtocolError: it says that we are logged in already, or spoke ahead in the clear.
        """
        with self._operation("STARTTLS"):
            if self._preauth:
                raise ProtocolError(
                    "STARTTLS: the server says that we are logged in already (PREAUTH), so TLS "
                    "cannot start",
                    hint='someone in between may say so to see what you send; security="tls" '
                    'takes the TLS port, security="plain" goes on in the clear')
            reply, _ = self._gather(self._queue(command(b"STARTTLS")))
            if reply.kind != "OK":
                raise NotSupported(
                    f"STARTTLS: the server has no TLS on this port: {display(reply.text)}",
                    text=reply.text, command="STARTTLS",
                    hint='the TLS port is 993 (security="tls"); security="plain" goes on without')
            self._start_tls()
            self._reset()
            self._grammar.ahead = 0

    # -- log in ----------------------------------------------------------------------------

    def _log_in(self) -> None:
        if not self._preauth:
            self.authenticate((self.auth or "").upper() or None)

    @property
    def _learned(self) -> Learned:
        return LEARNED[self.url.host, self.peer.port, self.user or ""]

    def authenticate(self, mechanism: str | None = None) -> None:
        """Log in by SASL, or by LOGIN where the server offers nothing better.

        Args:
            mechanism: its registered name; None takes the best that is offered. With XOAUTH2
                and OAUTHBEARER the password is the access token.

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
            NotSupported: the mechanism is not offered.
        """
        with self._operation("AUTHENTICATE"):
            known = self._learned
            remembered = self._capabilities is None and known.before is not None
            if remembered and known.before is not None:
                self._told(known.before)
            elif self._capabilities is None:
                self.capability()
            known.before = self._capabilities
            try:
                self._enter(mechanism)
            except ReplyError as error:
                known.before = None
                if not remembered or isinstance(error, AuthenticationError | TryLater):
                    raise
                self.capability()  # what is remembered may be the past
                self._enter(mechanism)
            self._settle_in(known)

    def _enter(self, mechanism: str | None) -> None:
        """The log-in itself, by the best way there is."""
        offered = self.capabilities.auth
        login = self._credentials(mechanism)
        try:
            chosen = sasl.choose(offered, login, wanted=mechanism, secure=self._is_private(),
                                 binding=self._binding(mechanism))
        except NotSupported:
            if mechanism not in (None, "LOGIN"):
                raise
            self.login()
            return
        self._authenticate(chosen, login)

    def _binding(self, mechanism: str | None) -> sasl.ChannelBinding | None:
        """What ties the log-in to this TLS connection; only where a -PLUS was asked for."""
        certificate = self._connected().peer.certificate
        data = certificate.end_point if certificate is not None else None
        if data is None or mechanism is None or not mechanism.endswith("-PLUS"):
            return None
        return "tls-server-end-point", data

    def _credentials(self, mechanism: str | None) -> sasl.Login:
        if mechanism == "EXTERNAL":
            return sasl.Login(self.user or "", None, authzid=self.user or "")
        if mechanism == "ANONYMOUS":
            return sasl.Login(self.user or "", None)
        secret, host = self._take_password(), self.url.host
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            return sasl.Login(self.user or "", None, token=secret, host=host,
                              port=self.peer.port)
        return sasl.Login(self.user or "", secret)

    def _authenticate(self, mechanism: str, login: sasl.Login) -> None:
        """Drive the mechanism's generator over AUTHENTICATE."""
        dialogue = sasl.start(mechanism, login, nonce=nonce(), binding=self._binding(mechanism))
        held = next(dialogue)
        line, shown = f"AUTHENTICATE {mechanism}".encode(), f"AUTHENTICATE {mechanism}"
        if held is not None and "SASL-IR" in self.capabilities:
            line, shown, held = line + b" " + sasl.encode(held, initial=True), f"{shown} ***", None
        asked = self._queue(Command(line, shown=shown, waits=True))
        self._capabilities = None
        while isinstance(event := self._next(asked), Continue):
            try:
                challenge = sasl.decode(event.text.strip().encode("utf-8", "surrogateescape"))
                answer = held if held is not None else sasl.respond(dialogue, challenge)
            except (AuthenticationError, ProtocolError):
                self._cancel(asked)
                raise
            held = None
            self._queue_raw(sasl.encode(answer) + b"\r\n", "***")
        if not isinstance(event, Reply):
            raise ProtocolError("AUTHENTICATE: data where an answer was due")
        if event.kind != "OK":
            refused = login_refusal(self.user, event, shown)
            if isinstance(refused, AuthenticationError):
                sasl.refuse(dialogue, refused)
            raise refused
        sasl.finish(dialogue)

    def _cancel(self, asked: Command) -> None:
        self._queue_raw(sasl.CANCEL + b"\r\n", "*")
        while not isinstance(self._next(asked), Reply):
            pass

    def login(self) -> None:
        """Log in by LOGIN (RFC 9051 section 6.2.3).

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
            NotSupported: the server forbids it (LOGINDISABLED).
        """
        with self._operation("LOGIN"):
            if not self._is_private():
                raise AuthenticationError(
                    f"log in to {self.url.host}: the password would be sent in the clear",
                    hint='the server offers no TLS here: try the TLS port (security="tls"); '
                    'security="plain" sends it all the same')
            if "LOGINDISABLED" in self.capabilities:
                raise NotSupported(
                    f"log in to {self.url.host}: the server takes no password here "
                    "(LOGINDISABLED)",
                    hint='servers often do after TLS (security="starttls" or "tls"); others '
                    'want a token (auth="XOAUTH2")')
            password = self._take_password().reveal()
            asked = wire.login(argument(self.user or "", "user name"),
                               argument(password, "password"))
            self._capabilities = None
            reply, _ = self._gather(self._queue(asked))
            if reply.kind != "OK":
                raise login_refusal(self.user, reply, str(asked))

    def _settle_in(self, known: Learned) -> None:
        """After the log-in: learn what is offered now; say who we are where that is a must."""
        if self._capabilities is None and known.after is not None:
            self._told(known.after)
        elif self._capabilities is None:
            self.capability()
        known.after = self._capabilities
        if f".{self.url.host}".endswith(_WANT_ID):
            self.id({"name": "postel", "version": __version__})
        if self.rev2 and "IMAP4REV2" in self.capabilities and "IMAP4REV1" in self.capabilities:
            self.enable("IMAP4rev2")
        elif "UTF8=ONLY" in self.capabilities:  # RFC 9755 section 6: nothing goes without
            self.enable("UTF8=ACCEPT")

    def unauthenticate(self) -> None:
        """Log out but keep the connection (RFC 8437), for another `authenticate`.

        Raises:
            NotSupported: the server does not know it.
        """
        with self._operation("UNAUTHENTICATE"):
            self._needs("UNAUTHENTICATE")
            self._run(command(b"UNAUTHENTICATE"))
            deflated = self._deflated
            self._reset()
            self._deflated = deflated

    def _say_goodbye(self) -> None:
        self._leaving = True
        self._gather(self._queue(command(b"LOGOUT")))

    # -- what the server can do ------------------------------------------------------------

    def capability(self, *, timeout: float | None = None) -> Capabilities:
        """Ask what the server can do; `capabilities` has the answer from then on."""
        with self._operation("CAPABILITY", timeout):
            _, data = self._run(command(b"CAPABILITY", takes=["CAPABILITY"]))
            for one in data:
                if isinstance(one, wire.Untagged):
                    self._told(one.values)
            if self._capabilities is None:
                self._told(())
            return self.capabilities

    def _needs(self, *names: str) -> None:
        """Raise unless the server offers one of *names*."""
        if not any(name in self.capabilities for name in names):
            offered = " or ".join(names)
            raise NotSupported(f"the server has no {offered}", command=names[0],
                               hint="`capabilities` shows what it offers")

    def enable(self, *names: str) -> frozenset[str]:
        """Switch extensions on (RFC 5161): ``"QRESYNC"``, ``"UTF8=ACCEPT"``, ``"IMAP4rev2"``.

        Returns:
            What is on now, in capitals; what the server does not offer is left out.

        Raises:
            NotSupported: the server has no ENABLE.
        """
        with self._operation("ENABLE"):
            self._needs("ENABLE")
            words = [name for name in names if _offered(self.capabilities, name)
                     and name.upper() not in self._enabled]
            if words:
                _, data = self._run(self._enabling(*words))
                self._switched_on(data)
            return self._enabled

    def _enabling(self, *names: str) -> Command:
        return command(b"ENABLE", *(argument(name, "extension") for name in names),
                       takes=["ENABLED"])

    def _switched_on(self, data: list[Told]) -> None:
        on = frozenset[str]().union(*(responses.enabled(one) for one in data
                                      if isinstance(one, wire.Untagged)))
        self._enabled |= on | ({"CONDSTORE"} if "QRESYNC" in on else set())
        if "IMAP4REV2" in on:
            self._capabilities = self.capabilities.with_rev2()

    def id(self, fields: Mapping[str, str] | None = None) -> dict[str, str]:
        """Tell who we are and hear who the server is (RFC 2971).

        Args:
            fields: as ``{"name": "postel"}``; None tells nothing.

        Raises:
            NotSupported: the server does not know it.
            UsageError: over 30 fields, a name over 30 bytes, or a value over 1,024.
        """
        with self._operation("ID"):
            pairs = [(argument(name, "ID"), argument(value, "ID"))
                     for name, value in (fields or {}).items()]
            if len(pairs) > 30 or any(len(n) > 30 or len(v) > 1024 for n, v in pairs):
                raise UsageError("ID: at most 30 fields, names of 30 bytes, values of 1,024")
            quoted = [wire_word for pair in pairs for wire_word in map(_quoted, pair)]
            asked = command(b"ID", b"(" + b" ".join(quoted) + b")" if quoted else b"NIL",
                            takes=["ID"])
            _, data = self._run(asked, NotSupported)
            told = next((one for one in data if isinstance(one, wire.Untagged)), None)
            return dict(responses.identity(told).fields) if told is not None else {}

    def compress(self) -> None:
        """Compress both ways from now on (RFC 4978); worth it on slow lines.

        Raises:
            NotSupported: the server does not know it.
        """
        with self._operation("COMPRESS"):
            self._needs("COMPRESS=DEFLATE")
            self._run(command(b"COMPRESS", b"DEFLATE"))
            self._deflated = Deflated()
            self._deflated.feed(self._grammar.unread())


def _offered(capabilities: Capabilities, name: str) -> bool:
    """Whether it makes sense to enable it: what only comes with another name counts, too."""
    if name.upper() == "CONDSTORE":
        return "CONDSTORE" in capabilities or "QRESYNC" in capabilities
    if name.upper() == "UTF8=ACCEPT":
        return "UTF8=ACCEPT" in capabilities or "UTF8=ONLY" in capabilities
    return name in capabilities


def _quoted(text: bytes) -> bytes:
    word = string(text)
    if isinstance(word, tuple):
        raise UsageError("ID: only ASCII, and no line breaks")
    return word
