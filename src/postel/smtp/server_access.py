"""The beginning of a session with a mail server: greeting, EHLO, STARTTLS, AUTH; and small talk.

Service code.
"""

from __future__ import annotations

from datetime import timedelta

from .._version import __version__
from ..errors import AuthenticationError, ProtocolError
from ..transport.clock_async import today
from ..transport.entropy import nonce
from ..wire import sasl
from ..wire.text import display
from .envelope import LONGEST_HOLD, Refused
from .server_channel import Channel
from .wire_server import Request

__all__ = ["Access"]

_CLEAR_SECRETS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
_PLAIN = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "CHUNKING",
          "BINARYMIME", "DELIVERBY")


class Access(Channel):
    """What comes before mail. `offered` are the extensions that hold: none before EHLO."""

    helo = ""
    user = ""
    offered: frozenset[str] = frozenset()

    async def greet(self) -> None:
        """The first line."""
        kind = "LMTP" if self.server.is_lmtp else "ESMTP"
        self.say(220, "", f"{self.server.host_name} {kind} Postel lab {__version__}")

    def extensions(self) -> dict[str, str]:
        """What holds now, each with its parameters."""
        server, options = self.server, self.server.options
        found = dict.fromkeys(_PLAIN, "")
        found["SIZE"] = str(options.size)
        found["LIMITS"] = f"MAILMAX={options.mail_max} RCPTMAX={options.rcpt_max}"
        if options.rcpt_domain_max is not None:
            found["LIMITS"] += f" RCPTDOMAINMAX={options.rcpt_domain_max}"
        found["MT-PRIORITY"] = "MIXER"
        if server.is_submission:  # nowhere else (RFC 4865 section 4.2)
            limit = today() + LONGEST_HOLD - timedelta(minutes=1)
            found["FUTURERELEASE"] = (f"{int(LONGEST_HOLD.total_seconds())} "
                                      f"{limit:%Y-%m-%dT%H:%M:%SZ}")
        if self.is_tls:
            found["REQUIRETLS"] = ""
        elif server.tls is not None:
            found["STARTTLS"] = ""
        if options.auth != "none" and (names := self.mechanisms()):
            found["AUTH"] = " ".join(names)
        return {name: text for name, text in found.items() if name not in options.without}

    def mechanisms(self) -> list[str]:
        """Those of SASL that hold now."""
        secure = self.server.options.allow_clear or self.is_tls
        return [name for name in self.server.options.mechanisms
                if secure or name not in _CLEAR_SECRETS]

    async def do_ehlo(self, request: Request) -> None:
        """EHLO, and LHLO for LMTP (RFC 2033 section 4.1)."""
        if (request.verb == "LHLO") != self.server.is_lmtp:
            wanted = "LHLO" if self.server.is_lmtp else "EHLO"
            raise Refused(500, "5.5.1", f"the word here is {wanted}")
        if not request.argument:
            raise Refused(501, "5.5.4", f"{request.verb} wants your name")
        found = self.extensions()
        self.begin(request.argument, frozenset(found))
        lines = [f"{name} {text}".rstrip() for name, text in found.items()]
        self.say(250, "", f"{self.server.host_name} greets you", *lines,
                 *self.server.options.also)

    async def do_helo(self, request: Request) -> None:
        """HELO: no extensions at all."""
        if self.server.is_lmtp:
            raise Refused(500, "5.5.1", "the word here is LHLO")
        if not request.argument:
            raise Refused(501, "5.5.4", "HELO wants your name")
        self.begin(request.argument, frozenset())
        self.say(250, "", f"{self.server.host_name} greets you")

    def begin(self, helo: str, offered: frozenset[str]) -> None:
        """A new beginning: whatever was under way is forgotten (RFC 5321 section 4.1.4)."""
        self.reset()
        self.helo, self.offered = helo, offered

    def reset(self) -> None:
        """Forget the transaction."""
        raise NotImplementedError

    async def do_starttls(self, request: Request) -> None:
        """RFC 3207: go on in TLS, and know nothing of what was said before."""
        if self.server.tls is None or "STARTTLS" in self.server.options.without:
            raise Refused(502, "5.5.1", "there is no TLS to be had")
        if self.is_tls:
            raise Refused(503, "5.5.1", "this is TLS already")
        if request.argument:
            raise Refused(501, "5.5.4", "STARTTLS takes nothing")
        if self.user or self.in_transaction():
            raise Refused(503, "5.5.1", "not now: TLS comes before log-in and mail")
        if self.wire.ahead:  # command injection (RFC 3207 section 6): no TLS with this one
            self.say(501, "5.5.1", "something came behind STARTTLS, in the clear")
            await self.end()
        self.say(220, "2.0.0", "begin TLS")
        if self.injects:
            self.server.watch("*", "as scripted: a reply before TLS")
            self.put(b"250-injected\r\n250 AUTH PLAIN\r\n")
        await self.flush()
        self.wire.end_of_clear_text()
        await self.stream.start_tls(self.server.tls, None, server_side=True)
        self.user = ""
        self.begin("", frozenset())

    async def do_auth(self, request: Request) -> None:
        """RFC 4954."""
        mechanism, _, initial = request.argument.partition(" ")
        mechanism = mechanism.upper()
        if not self.helo or "AUTH" not in self.offered:
            raise Refused(503, "5.5.1", "AUTH was not offered")
        if self.user or self.in_transaction():
            raise Refused(503, "5.5.1", "not now: you are logged in, or within a transaction")
        if mechanism not in self.server.options.mechanisms:
            raise Refused(504, "5.5.4", "that mechanism is not spoken here")
        if mechanism not in self.mechanisms():
            raise Refused(538, "5.7.11", "this mechanism needs TLS")
        try:
            self.user = await self.exchange(mechanism, initial.strip().encode())
        except AuthenticationError:
            raise Refused(535, "5.7.8", "wrong user or secret") from None
        except ProtocolError as error:
            raise Refused(501, "5.5.2", f"that was no {mechanism}: {display(str(error))}") from None
        self.server.watch("*", f"{self.user} is logged in")
        self.say(235, "2.7.0", f"welcome, {self.user}")

    async def exchange(self, mechanism: str, initial: bytes) -> str:
        """Drive the mechanism's server side; return the user."""
        exchange = sasl.serve(mechanism, self.server.users.find, nonce=nonce(), salt=nonce())
        challenge = next(exchange)
        while True:
            if initial:
                line, initial = initial, b""
            else:
                self.put(b"334 " + sasl.encode(challenge) + b"\r\n")
                line = await self.line()
            if line == sasl.CANCEL:
                raise Refused(501, "5.0.0", "cancelled")
            outcome = sasl.examine(exchange, sasl.decode(line))
            if isinstance(outcome, str):
                return outcome
            challenge = outcome

    def in_transaction(self) -> bool:
        """Whether MAIL was accepted and its message has not ended."""
        raise NotImplementedError

    async def do_noop(self, request: Request) -> None:
        """Nothing, but answer."""
        self.say(250, "2.0.0", "ok")

    async def do_vrfy(self, request: Request) -> None:
        """Nobody is told who lives here (RFC 5321 section 3.5.3)."""
        self.say(252, "2.5.2", "send something, and see")

    async def do_help(self, request: Request) -> None:
        """A word of help."""
        self.say(214, "2.0.0", "this is a lab: everything is caught, nothing is relayed",
                 "see RFC 5321")

    async def do_quit(self, request: Request) -> None:
        """The end."""
        self.say(221, "2.0.0", "bye")
        await self.end()
