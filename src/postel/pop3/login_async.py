# A conversation (its twin login_sync.py is generated): the way into a POP3 mailbox.
"""POP3's beginning: greet, secure, log in, learn what the server can do, and what -ERR means."""

from __future__ import annotations

import hashlib
import re

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
from ..session.session_async import AsyncSession
from ..transport.entropy import nonce
from ..types import ServerInfo
from ..wire import sasl
from ..wire.base import Command
from ..wire.text import display
from . import wire
from .types import Capabilities

__all__ = ["AsyncLogin"]

_STAMP = re.compile(r"<[^<>\s]+>")
_TEMPORARY = ("IN-USE", "LOGIN-DELAY", "SYS/TEMP")


class AsyncLogin(AsyncSession[Command, wire.Event]):
    """A POP3 connection as far as the log-in, and the replies that everything else stands on."""

    protocol = "POP3"
    scheme = "pop3"
    ports = Ports(clear=110, tls=995)

    largest = 256 * 1024 * 1024
    """Bytes of a message that `Client.retr` holds in memory; `retr_stream` has no such limit."""

    def _new_wire(self) -> wire.Wire:
        self._capabilities: Capabilities | None = None
        self._marked = 0
        return wire.Wire()

    # -- greet, secure, log in -------------------------------------------------------------

    async def _greet(self) -> None:
        reply = await self._event(wire.GREETING, wire.Reply)
        self.greeting = reply.text
        if not reply.ok:
            raise self._refusal(wire.GREETING, reply)

    async def _upgrade(self, mode: Mode) -> None:
        if mode.security == "auto" and self._is_this_machine():
            return
        await self.stls()

    async def stls(self) -> None:
        """Go on in TLS (RFC 2595); what the server told before is forgotten.

        Raises:
            NotSupported: the server has no STLS.
        """
        async with self._operation("STLS"):
            command = self._queue(wire.stls())
            reply = await self._event(command, wire.Reply)
            if not reply.ok:
                raise NotSupported(
                    f"STLS: the server has no TLS on this port: {display(reply.text)}",
                    text=reply.text, command="STLS",
                    hint='the TLS port is 995 (security="tls"); security="plain" goes on without',
                )
            await self._start_tls()
            self._capabilities = None

    async def _log_in(self) -> None:
        wanted = (self.auth or "").upper()
        if wanted == "APOP":
            await self.apop()
        elif wanted == "USER":
            await self.login()
        else:
            await self.authenticate(wanted or None)

    async def authenticate(self, mechanism: str | None = None) -> None:
        """Log in by SASL (RFC 5034), or by USER and PASS where the server offers nothing better.

        Args:
            mechanism: its registered name; None takes the best that is offered.

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
            NotSupported: the mechanism is not offered.
        """
        async with self._operation("AUTH"):
            offered = (await self.capa())["SASL"]
            if mechanism is None and not offered:
                await self.login()
                return
            login = self._credentials(mechanism)
            try:
                chosen = sasl.choose(offered or (mechanism or "",), login, wanted=mechanism,
                                     secure=self._is_private())
            except NotSupported:
                if mechanism is not None:
                    raise
                await self.login()
                return
            await self._authenticate(chosen, login)

    def _credentials(self, mechanism: str | None) -> sasl.Login:
        if mechanism == "EXTERNAL":
            return sasl.Login(self.user or "", None)
        secret, host = self._take_password(), self.url.host
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            return sasl.Login(self.user or "", None, token=secret, host=host,
                              port=self.peer.port)
        return sasl.Login(self.user or "", secret)

    async def _authenticate(self, mechanism: str, login: sasl.Login) -> None:
        """Drive the mechanism's generator over AUTH."""
        dialogue = sasl.start(mechanism, login, nonce=nonce())
        initial = next(dialogue)
        first = None if initial is None else sasl.encode(initial, initial=True)
        command = self._queue(wire.auth(mechanism, first))
        while isinstance(event := await self._next(command), wire.Challenge):
            try:
                answer = sasl.encode(sasl.respond(dialogue, sasl.decode(event.line)))
            except (AuthenticationError, ProtocolError):
                await self._cancel(command)
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

    async def _cancel(self, command: Command) -> None:
        self._queue_raw(wire.response(sasl.CANCEL), "*")
        while isinstance(await self._next(command), wire.Challenge):
            pass

    async def login(self) -> None:
        """Log in by USER and PASS (RFC 1939 section 7).

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
        """
        async with self._operation("USER"):
            if not self._is_private():
                raise AuthenticationError(
                    f"log in to {self.url.host}: the password would be sent in the clear",
                    hint='the server offers no TLS here: try the TLS port (security="tls"); '
                    'security="plain" sends it all the same',
                )
            password = self._take_password().reveal()
            for command in (wire.user(self.user or ""), wire.pass_(password)):
                reply = await self._event(self._queue(command), wire.Reply)
                if not reply.ok:
                    raise self._login_refused(str(command), reply)
            self._capabilities = None

    async def apop(self) -> None:
        """Log in by the digest of the greeting's stamp (RFC 1939 section 7); MD5, so on request.

        Raises:
            AuthenticationError: refused.
            NotSupported: the greeting has no stamp.
        """
        async with self._operation("APOP"):
            stamp = _STAMP.search(self.greeting)
            if stamp is None:
                raise NotSupported("APOP: the greeting has no stamp", hint="use another auth=")
            secret = stamp[0] + self._take_password().reveal()
            digest = hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()
            command = self._queue(wire.apop(self.user or "", digest))
            reply = await self._event(command, wire.Reply)
            if not reply.ok:
                raise self._login_refused(str(command), reply)
            self._capabilities = None

    # -- what the server can do ------------------------------------------------------------

    @property
    def server(self) -> ServerInfo:
        """What the server says it is: the greeting, and IMPLEMENTATION where CAPA has it."""
        told = self._capabilities["IMPLEMENTATION"] if self._capabilities else ()
        return ServerInfo(self.greeting, " ".join(told))

    @property
    def capabilities(self) -> Capabilities:
        """What CAPA told last; empty before the first `capa`."""
        return self._capabilities or Capabilities()

    async def capa(self, *, timeout: float | None = None) -> Capabilities:
        """What the server can do (RFC 2449); asked once, and again after TLS and log-in."""
        async with self._operation("CAPA", timeout):
            if self._capabilities is None:
                command = self._queue(wire.capa())
                reply = await self._event(command, wire.Reply)
                body = await self._body(command) if reply.ok else b""
                self._capabilities = Capabilities(wire.parse_capa(body))
            return self._capabilities

    # -- replies ---------------------------------------------------------------------------

    async def _ok(
        self, command: Command, otherwise: type[ReplyError] | None = None
    ) -> wire.Reply:
        reply = await self._event(command, wire.Reply)
        if not reply.ok:
            raise self._refusal(command, reply, otherwise)
        return reply

    async def _body(self, command: Command) -> bytes:
        """The rest of *command*'s answer, in memory."""
        chunks, size = [], 0
        while True:
            data = await self._event(command, wire.Data)
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
