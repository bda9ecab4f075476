# A conversation (its twin login_sync.py is generated): the way into a mail server.
"""SMTP's beginning: greet, EHLO, secure, log in; and what a refusal means."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from ..errors import AuthenticationError, NotSupported, ProtocolError, ReplyError, TryLater
from ..secrets import Secret
from ..session.policy import Mode
from ..session.session_async import AsyncSession
from ..transport.clock_async import now
from ..transport.entropy import nonce
from ..types import ServerInfo
from ..urls import URL
from ..wire import sasl
from . import wire
from .learned import LEARNED, Learned
from .types import Extensions, Reply
from .where import where
from .wire import Challenge, Event, SMTPCommand

__all__ = ["AsyncLogin"]


class AsyncLogin(AsyncSession[SMTPCommand, Event]):
    """An SMTP connection as far as the log-in, and the replies that everything else stands on."""

    protocol = "SMTP"
    scheme = "submission"

    def __init__(self, target: str | URL, *, helo: str | None = None, port: int | None = None,
                 user: str | None = None,
                 password: str | Secret | Callable[[], str | Secret] | None = None,
                 tls: ssl.SSLContext | Any = None, **settings: Any) -> None:
        place = where(target, port=port, security=settings.get("security", "auto"))
        self.scheme, self.ports, self.upgrades = place.scheme, place.ports, place.upgrades
        self.lmtp = place.lmtp
        self.helo = helo
        self._was_open = False
        super().__init__(place.url or target, port=port, user=user, password=password, tls=tls,
                         **settings)

    def _new_wire(self) -> wire.Wire:
        self._extensions: Extensions | None = None
        self._sent_here = self._taken_here = 0
        self._dirty = self._domains_full = False
        self._domains_here: set[str] = set()
        self._used_at = now()
        return wire.Wire(lmtp=self.lmtp)

    # -- greet, secure, log in -------------------------------------------------------------

    async def _greet(self) -> None:
        reply = await self._event(wire.GREETING, Reply)
        self.greeting = reply.text
        if reply.code != 220:
            raise self._refusal("connect", reply)
        await self.ehlo()
        self._was_open = True

    async def ehlo(self, *, timeout: float | None = None) -> Extensions:
        """Say who we are, learn what the server offers (RFC 5321 section 3.2); LHLO in LMTP.

        A server that does not know EHLO gets HELO, and offers nothing.
        """
        async with self._operation("EHLO", timeout):
            name = self.helo or self._literal()
            reply = await self._reply(wire.ehlo(name, verb="LHLO" if self.lmtp else "EHLO"))
            if reply.positive:
                self._extensions = wire.parse_ehlo(reply)
                return self._extensions
            if self.lmtp or not reply.permanent or reply.code == 554:
                raise self._refusal("EHLO", reply)
            said = await self._reply(wire.ehlo(name, verb="HELO"))
            if not said.positive:
                raise self._refusal("HELO", said)
            self._extensions = Extensions()
            return self._extensions

    def _literal(self) -> str:
        """This end's address in brackets: a name would tell more than the server must know."""
        address = self._connected().local_address.partition("%")[0] or "127.0.0.1"
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    async def _upgrade(self, mode: Mode) -> None:
        if mode.security == "auto" and self._is_this_machine():
            return
        await self.starttls()

    async def starttls(self) -> None:
        """Go on in TLS (RFC 3207); what the server told before is forgotten.

        Raises:
            NotSupported: the server has no STARTTLS.
        """
        async with self._operation("STARTTLS"):
            reply = None
            if "STARTTLS" in self.capabilities:
                reply = await self._reply(wire.command("STARTTLS"))
                if reply.temporary:
                    raise self._refusal("STARTTLS", reply)
            if reply is None or reply.code != 220:
                said = f": {reply}" if reply else ""
                raise NotSupported(
                    f"STARTTLS: the server has no TLS on this port{said}",
                    text=reply.text if reply else "", command="STARTTLS",
                    code=reply.code if reply else None,
                    hint='the TLS port is 465 (security="tls"); security="plain" goes on without')
            self._extensions = None
            await self._start_tls()
            await self.ehlo()

    async def _log_in(self) -> None:
        await self.authenticate((self.auth or "").upper() or None)

    async def authenticate(self, mechanism: str | None = None) -> None:
        """Log in by SASL (RFC 4954), with an initial response where the mechanism has one.

        Args:
            mechanism: its registered name; None takes the best that is offered.

        Raises:
            AuthenticationError: refused, or the password would go in the clear.
            NotSupported: the mechanism is not offered.
        """
        async with self._operation("AUTH"):
            offered = self.capabilities.auth
            if not offered and mechanism is None:
                raise NotSupported(
                    f"log in as {self.user}: the server offers no AUTH",
                    hint="leave user out, or use the submission port: 465 or 587")
            login = self._credentials(mechanism)
            chosen = sasl.choose(offered or (mechanism or "",), login, wanted=mechanism,
                                 secure=self._is_private(), binding=self._binding(mechanism))
            await self._authenticate(chosen, login)

    def _binding(self, mechanism: str | None) -> sasl.ChannelBinding | None:
        """What ties the log-in to this TLS connection; only where a -PLUS was asked for.

        Servers that offer -PLUS do not say which binding they know, and refuse the others.
        """
        certificate = self._connected().peer.certificate
        data = certificate.end_point if certificate is not None else None
        if data is None or mechanism is None or not mechanism.endswith("-PLUS"):
            return None
        return "tls-server-end-point", data

    def _credentials(self, mechanism: str | None) -> sasl.Login:
        if mechanism == "EXTERNAL":
            return sasl.Login(self.user or "", None, authzid=self.user or "")
        secret, host = self._take_password(), self.url.host
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            return sasl.Login(self.user or "", None, token=secret, host=host,
                              port=self.peer.port)
        return sasl.Login(self.user or "", secret)

    async def _authenticate(self, mechanism: str, login: sasl.Login) -> None:
        """Drive the mechanism's generator over AUTH."""
        dialogue = sasl.start(mechanism, login, nonce=nonce(), binding=self._binding(mechanism))
        held = next(dialogue)
        first = None if held is None else sasl.encode(held, initial=True)
        if first is not None and len(first) + len(mechanism) > wire.LONGEST_AUTH - 10:
            first = None  # RFC 4954 section 4: it has to wait for the empty challenge
        else:
            held = None
        command = self._queue(wire.auth(mechanism, first))
        while isinstance(event := await self._next(command), Challenge):
            try:
                asked = sasl.decode(event.line)
                answer = held if held is not None else sasl.respond(dialogue, asked)
            except (AuthenticationError, ProtocolError):
                await self._cancel(command)
                raise
            held = None
            self._queue_raw(wire.response(sasl.encode(answer)), "***")
        if not event.positive:
            refusal = self._login_refused(f"AUTH {mechanism}", event)
            if isinstance(refusal, AuthenticationError):
                sasl.refuse(dialogue, refusal)
            raise refusal
        sasl.finish(dialogue)

    async def _cancel(self, command: SMTPCommand) -> None:
        self._queue_raw(wire.response(sasl.CANCEL), "*")
        while isinstance(await self._next(command), Challenge):
            pass

    # -- what the server can do ------------------------------------------------------------

    @property
    def server(self) -> ServerInfo:
        """What the server says it is: its greeting."""
        return ServerInfo(self.greeting)

    @property
    def capabilities(self) -> Extensions:
        """What EHLO listed; forgotten when TLS starts.

        After the log-in it still holds: RFC 4954 section 4 has it asked again only where SASL
        brought a security layer, and none of ours does.
        """
        return self._extensions or Extensions()

    @property
    def _learned(self) -> Learned:
        return LEARNED[self.url.host, self.peer.port]

    # -- replies ---------------------------------------------------------------------------

    async def _reply(self, command: SMTPCommand) -> Reply:
        """Ask, and wait for the answer, whatever it is; 421 ends the connection."""
        reply = await self._event(self._queue(command), Reply)
        if reply.code == 421:  # RFC 5321 section 3.8: the server is closing it
            await self._drop()
        return reply

    async def _ok(self, command: SMTPCommand) -> Reply:
        reply = await self._reply(command)
        if not reply.positive:
            raise self._refusal(str(command), reply)
        return reply

    def _refusal(self, doing: str, reply: Reply) -> ReplyError:
        """Our error for a 4xx or 5xx."""
        kind: type[ReplyError] = ReplyError
        if reply.temporary:
            kind = TryLater
        elif reply.code in (500, 502, 504, 555):
            kind = NotSupported
        elif reply.code in (530, 535, 538):
            kind = AuthenticationError
        return kind(f"{doing}: the server said: {reply}", text=reply.text, code=reply.code,
                    temporary=reply.temporary, command=doing, hint=_HINTS.get(reply.code, ""))

    def _login_refused(self, command: str, reply: Reply) -> ReplyError:
        said = f"log in as {self.user}: the server said: {reply}"
        if reply.temporary:
            return TryLater(said, text=reply.text, code=reply.code, temporary=True,
                            command=command, hint=_HINTS.get(reply.code, ""))
        return AuthenticationError(
            said, text=reply.text, code=reply.code, command=command,
            hint=_HINTS.get(reply.code) or _HINTS[535])


_HINTS = {
    421: "the server is busy or going down, or wants fewer connections: wait a while",
    454: "the server has a passing trouble: try again later",
    530: "log in first (user=, password=); some servers want TLS before that",
    534: "the account wants a stronger way to log in: another auth=, or a token (XOAUTH2)",
    535: "check user and password; many providers want an app password, or a token (XOAUTH2)",
    538: 'the server wants TLS before a password: security="tls" or "starttls"',
    554: "the server talks to nobody from here: use the submission server of your provider",
}
