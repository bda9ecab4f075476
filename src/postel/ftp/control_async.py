# A conversation (its twin control_sync.py is generated): FTP's control connection.
"""FTP's control connection: greet, secure, log in, learn what the server can do.

The data connections stand on it (data_async.py), the commands use it (commands_async.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..errors import (
    AlreadyExists,
    AuthenticationError,
    ConnectionLost,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    ProtocolError,
    ReplyError,
    TimedOut,
    TLSError,
    TryLater,
)
from ..secrets import Secret
from ..session.policy import Mode, Ports
from ..session.session_async import AsyncSession
from ..transport.clock_async import now
from ..types import ServerInfo
from ..wire.replies import Reply
from . import replies, wire
from .learned import BURSTS, DEEP, LEARNED, Learned
from .wire import FTPCommand, command, secret

__all__ = ["AsyncControl"]

ANONYMOUS = "anonymous"
_DEEP = ("vsFTPd", "ProFTPD")
"""Greetings of servers that were seen to take several transfers at once, over a long way too."""

_RECORD = 2_048
"""Bytes of commands in one TLS record. ProFTPD reads 4 KiB of a record, and then waits for the
socket while the rest lies in its TLS library."""

_PRELIMINARY = 1_000
"""Replies 1xx before the final one: a server that reports its progress stays far below."""

_MISSING = ("no such", "not found", "does not exist", "doesn't exist", "cannot find",
            "can't find", "no file", "not exist", "unknown file")
_TAKEN = ("exists", "already")
_DENIED = ("denied", "permi", "not allowed", "read only", "read-only", "may only", "forbidden",
           "not owner", "privilege")


class AsyncControl(AsyncSession[FTPCommand, Reply]):
    """The connection that commands go over."""

    protocol = "FTP"
    scheme = "ftp"
    ports = Ports(clear=21, tls=990)
    upgrades = True

    encoding: str = "utf-8"
    """Of names; set another before connecting to a server that knows no UTF-8."""

    keep_alive: ClassVar[float] = 30.0
    """Seconds between two NOOPs while a long transfer runs."""

    account: str | None = None
    """For servers that ask for ACCT after the password."""

    virtual_host: str | None = None
    """Sent as HOST before the log-in (RFC 7151)."""

    def _new_wire(self) -> wire.Wire:
        self._features: Mapping[str, str] | None = None
        self._private_data = False
        self._type = ""
        self._z = False
        self._bursting = False
        self._noop_ok = True
        self._spoken = 0.0
        self._system = ""
        self._control = wire.Wire(self.encoding)
        return self._control

    @property
    def learned(self) -> Learned:
        """What is known of this server from earlier connections of this process."""
        return LEARNED[self.url.host, self.url.port or self.ports.clear]

    # -- greet, secure, log in -------------------------------------------------------------

    async def _greet(self) -> None:
        reply = await self._final(wire.GREETING)
        self.greeting = reply.text
        if reply.kind != 2:
            raise self._refusal(wire.GREETING, reply)

    async def _upgrade(self, mode: Mode) -> None:
        """AUTH TLS where it is offered; required when asked for by name."""
        if mode.security == "auto" and self._is_this_machine():
            return
        try:
            await self._auth_tls()
        except (NotSupported, TLSError) as error:
            if mode.security == "starttls" or isinstance(error, TLSError):
                raise
            if self.user not in (None, ANONYMOUS):
                raise AuthenticationError(
                    f"log in to {self.url.host} as {self.user}: the server offers no TLS, and "
                    "the password would go in the clear",
                    hint='security="plain" (--security plain) sends it all the same',
                    command="USER",
                ) from error

    async def _auth_tls(self) -> None:
        """AUTH TLS, then the handshake, then private data connections (RFC 4217 sections 4, 8)."""
        reply = await self._ask("AUTH", "TLS")
        if reply.code not in (234, 334):
            raise self._refusal(command("AUTH", "TLS"), reply, otherwise=NotSupported)
        await self._start_tls()
        self._features = None
        await self.prot("P")

    async def prot(self, level: str) -> None:
        """Protect the data connections: ``"P"`` private, ``"C"`` clear (RFC 4217 section 9).

        Raises:
            NotSupported: the server does not do that.
        """
        async with self._operation(f"PROT {level}"):
            _, prot = await self._burst([command("PBSZ", "0"), command("PROT", level)])
            if prot.kind != 2:
                raise self._refusal(command("PROT", level), prot, otherwise=NotSupported)
            self._private_data = level == "P"

    async def ccc(self) -> None:
        """Go back to clear text on the control connection (RFC 4217 section 12.3).

        The data connections keep their protection. Only for networks whose address translators
        must read the commands; whoever reads them can also change them.

        Raises:
            NotSupported: the server refuses.
        """
        async with self._operation("CCC"):
            reply = await self._ask("CCC")
            if reply.kind != 2:
                raise self._refusal(command("CCC"), reply, otherwise=NotSupported)
            await self._connected().end_tls()

    async def open(self) -> None:
        """Connect, secure and log in; without a user, as anonymous."""
        if self.user is None:
            self.user = ANONYMOUS
            self._password = self._password or Secret("guest@")
        self._check_words()
        try:
            await super().open()
        except (ProtocolError, TimedOut, ConnectionLost):
            if not self._bursting:
                raise
            self.be_careful()  # the first burst was more than this server stands
            await super().open()

    def _check_words(self) -> None:
        """Refuse what no command can carry before anything is sent."""
        password = self._password.reveal() if isinstance(self._password, Secret) else None
        for verb, text in (("USER", self.user), ("ACCT", self.account),
                           ("HOST", self.virtual_host), ("PASS", password)):
            command(verb, text, encoding=self.encoding)

    async def _log_in(self) -> None:
        if self.virtual_host is not None:
            await self._done("HOST", self.virtual_host)
        if self.peer.tls and not self._private_data:
            await self.prot("P")  # implicit TLS: RFC 4217 wants PBSZ and PROT all the same
        user = self.user or ANONYMOUS
        if user != ANONYMOUS and not self._is_private():
            raise AuthenticationError(
                f"log in to {self.url.host} as {user}: the password would go in the clear",
                hint='security="plain" (--security plain) sends it all the same', command="USER")
        reply = await self._ask("USER", user)
        if reply.code == 331:
            reply = await self._final(self._queue(
                secret("PASS", self._take_password().reveal())))
        if reply.code in (332, 532):
            reply = await self._account(reply)
        if reply.kind != 2:
            raise self._login_refused(reply)
        self._features = None
        await self._introduce()

    async def _account(self, reply: Reply) -> Reply:
        if self.account is None:
            raise AuthenticationError(
                f"log in to {self.url.host}: the server asks for an account: "
                f"{replies.told(reply)}", hint="set account on the client", command="ACCT")
        return await self._final(self._queue(secret("ACCT", self.account)))

    async def _introduce(self) -> None:
        """What every session begins with, in one packet: features and binary mode.

        It is also the probe for bursts: a server that loses its place here is talked to one
        command at a time from then on.
        """
        asked = [command("FEAT"), command("TYPE", "I")]
        feat, type_ = await self._burst(asked)
        self._features = replies.features(feat) if feat.kind == 2 else {}
        self._type = "I" if type_.kind == 2 else ""
        if (self.learned.level == BURSTS and not self.peer.tls
                and any(name in self.greeting for name in _DEEP)):
            self.learned.level = DEEP  # over TLS ProFTPD forgets what it has read ahead
        if "UTF8" in self._features and self.encoding.lower().replace("-", "") == "utf8":
            await self._ask("OPTS", "UTF8 ON")  # RFC 2640 needs none; Microsoft's server does

    async def acct(self, account: str) -> None:
        """Give an account (RFC 959 section 4.1.1), for commands that need one."""
        async with self._operation("ACCT"):
            await self._expect(self._queue(secret("ACCT", account)), 2)

    async def login(self) -> None:
        """Log in again: after REIN, or after a 421 and `open`."""
        async with self._operation("USER"):
            await self._log_in()

    # -- what the server can do ------------------------------------------------------------

    @property
    def capabilities(self) -> Mapping[str, str]:
        """What FEAT lists (RFC 2389): names in upper case, each with its parameters."""
        return dict(self._features or {})

    @property
    def server(self) -> ServerInfo:
        """What the server says it is."""
        return ServerInfo(self.greeting, self._system)

    def _knows(self, feature: str) -> bool:
        return feature in (self._features or {})

    # -- commands and replies --------------------------------------------------------------

    async def _ask(self, verb: str, text: str | None = None) -> Reply:
        """Send one command; return its final reply whatever it is."""
        return await self._final(self._queue(self._command(verb, text)))

    async def _done(self, verb: str, text: str | None = None) -> Reply:
        """Send one command, which must succeed."""
        return await self._expect(self._queue(self._command(verb, text)), 2)

    def _command(self, verb: str, text: str | None = None) -> FTPCommand:
        return command(verb, text, encoding=self.encoding)

    async def _final(self, asked: FTPCommand) -> Reply:
        """The final reply; preliminary ones are passed over."""
        for _ in range(_PRELIMINARY):
            reply = await self._event(asked, Reply)
            if reply.kind != 1:
                return reply
        raise ProtocolError(f"{asked}: over {_PRELIMINARY} preliminary replies")

    async def _expect(self, asked: FTPCommand, kind: int) -> Reply:
        """The final reply, which must begin with *kind*."""
        reply = await self._final(asked)
        if reply.kind != kind:
            raise self._refusal(asked, reply)
        return reply

    async def _burst(self, commands: Sequence[FTPCommand]) -> list[Reply]:
        """Send commands in one packet and return their replies in order.

        Where this server was seen to lose its place, one at a time.
        """
        if self.learned.level == 0:
            return [await self._final(self._queue(asked)) for asked in commands]
        size, self._bursting = 0, True
        for asked in commands:
            self._queue(asked)
            size += len(asked.line)
            if size > _RECORD:
                size = 0
                await self._flush()
        answers = [await self._final(asked) for asked in commands]
        self._bursting = False
        return answers

    def be_careful(self) -> None:
        """Send one command at a time to this server from now on."""
        self.learned.be_careful()

    async def _fill(self) -> None:
        await super()._fill()
        self._spoken = now()

    def _dropped(self, asked: FTPCommand | None, reply: Reply) -> None:
        """An answer that nobody waits for: to a NOOP within a transfer, or a farewell."""
        if asked is not None and asked.verb == "NOOP" and reply.kind == 5:
            self._noop_ok = False
        if reply.code == 421:
            raise ConnectionLost(
                f"{self.url.host}: the server is leaving: {replies.told(reply)}",
                hint="too long idle, too many connections, or a restart: connect again")

    # -- refusals --------------------------------------------------------------------------

    def _refusal(
        self, asked: FTPCommand, reply: Reply, otherwise: type[ReplyError] | None = None
    ) -> ReplyError | ConnectionLost:
        """Our error for a reply that is not the one wanted."""
        said = f"{asked}: the server answered {reply}"
        if reply.code == 421:
            return ConnectionLost(
                f"{asked}: the server is leaving: {reply}", command=str(asked), code=421,
                hint="too many connections or a restart: try again in a while")
        kind, hint = _kind(reply)
        if otherwise is not None and reply.kind in (4, 5):
            kind, hint = otherwise, ""
        return kind(said, text=reply.text, temporary=reply.kind == 4, code=reply.code,
                    command=str(asked), hint=hint)

    def _login_refused(self, reply: Reply) -> ReplyError | ConnectionLost:
        if reply.code == 421:
            return self._refusal(command("USER", self.user), reply)
        return AuthenticationError(
            f"log in to {self.url.host} as {self.user}: the server answered {reply}",
            text=reply.text, code=reply.code, command="USER", temporary=reply.kind == 4,
            hint=_login_hint(reply, self.user == ANONYMOUS))

    async def _say_goodbye(self) -> None:
        await self._ask("QUIT")


def _login_hint(reply: Reply, anonymous: bool) -> str:
    if anonymous:
        return "the server wants a user: give user= and password="
    if "tls" in reply.text.lower() or "ssl" in reply.text.lower() or reply.code == 522:
        return 'the server wants TLS: security="starttls" (--security starttls)'
    return "check user and password"


def _kind(reply: Reply) -> tuple[type[ReplyError], str]:
    """Which error a reply means: by code, and for 550, which means anything, by its words."""
    text, code = reply.text.lower(), reply.code
    if code in (500, 501, 502, 504):
        return NotSupported, "this server does not do that"
    if code in (530, 532):
        return AuthenticationError, "log in first, or as someone who may"
    if code in (552, 452):
        return NoSpace, "the server's disk or your quota is full"
    if code in (425, 426, 450, 451, 421, 434):
        return TryLater, "" if code != 425 else (
            "the data connection failed: a firewall between you and the server, or TLS session "
            "reuse that it demands")
    if code == 522:
        return Forbidden, "the server insists on TLS for data connections, or on its reuse"
    if code in (550, 553, 521):
        if any(words in text for words in _MISSING):
            return NotFound, ""
        if any(words in text for words in _TAKEN):
            return AlreadyExists, ""
        if "space" in text or "quota" in text:
            return NoSpace, "the server's disk or your quota is full"
        if code == 550 and not any(words in text for words in _DENIED):
            return NotFound, "either it is not there, or you may not see it"
        return Forbidden, "your account may not do that there"
    return ReplyError, ""

