"""The lab's POP3 server: everything the client speaks, on the same grammar (RFC 1939, 2449).

Service code. A session is in one of two states; each verb of the table says in which it is
allowed. Commands that arrive together are answered in one packet.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from .._version import __version__
from ..errors import AuthenticationError, PostelError, ProtocolError
from ..secrets import HIDDEN
from ..serving.faults import Fault, Faults
from ..serving.mail import ServedMailbox, Stored
from ..serving.server import Server, Users, Watcher
from ..transport.entropy import nonce
from ..transport.socket_async import AsyncSocketStream
from ..wire import sasl
from ..wire.dots import stuffed
from .wire import Request, ServerWire

__all__ = ["POP3Server"]

_FLUSH = 256 * 1024
"""Bytes of answers gathered before they are sent, however many commands wait."""

_MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2",
               "OAUTHBEARER", "EXTERNAL")
_CLEAR_SECRETS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
_LANGUAGES = {"en": "English", "de": "Deutsch", "i-default": "Default"}


class POP3Server(Server):
    """Serves each user's mailbox.

    Args:
        users: who may log in.
        mailboxes: by user; asked for when someone logs in.
        options: the rest is `Server`'s: host, port, tls, implicit, faults, watcher.
        capabilities: set to a tuple to offer exactly these CAPA lines.
        allow_clear: whether passwords may come in the clear from this machine's own clients.
    """

    name = "pop3"

    def __init__(
        self,
        users: Users,
        mailboxes: Mapping[str, ServedMailbox],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
        capabilities: tuple[str, ...] | None = None,
        allow_clear: bool = True,
    ) -> None:
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher)
        self.users, self.mailboxes = users, mailboxes
        self.capabilities = capabilities
        self.allow_clear = allow_clear

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Greet, answer, and let go of the mailbox whatever happens."""
        session = _Session(self, stream)
        try:
            await session.run()
        finally:
            session.unlock()


@dataclass
class _Session:
    server: POP3Server
    stream: AsyncSocketStream
    wire: ServerWire = field(default_factory=ServerWire)
    out: list[bytes] = field(default_factory=list)
    pending: int = 0
    name: str = ""
    user: str = ""
    box: ServedMailbox | None = None
    messages: list[Stored] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    stamp: str = ""
    ended: bool = False

    async def run(self) -> None:
        self.stamp = f"<{nonce().decode()}@lab.test>"
        await self.answer_or_fail("GREETING", self.greet)
        while not self.ended:
            request = await self.request()
            if request is None:
                return
            self.server.watch("C", _shown(request))
            await self.answer_or_fail(request.verb, partial(self.dispatch, request))
        await self.flush()

    async def answer_or_fail(self, verb: str, answer: Callable[[], Awaitable[None]]) -> None:
        """Answer, unless a fault is due for *verb*."""
        fault = self.server.faults.due(verb)
        if fault is None:
            await answer()
            return
        await self.fail(fault)

    async def fail(self, fault: Fault) -> None:
        if fault.reply is not None:
            self.put(fault.reply + b"\r\n")
        if fault.close:
            self.ended = True

    async def request(self) -> Request | None:
        """The next command; what has been gathered is sent before waiting for it."""
        while (request := self.wire.next_request()) is None:
            if not await self.more():
                return None
        return request

    async def more(self) -> bool:
        await self.flush()
        self.server.allow(self.stream, self.server.idle)
        data = await self.stream.receive()
        self.wire.feed(data)
        return bool(data)

    async def line(self) -> bytes:
        """An answer within AUTH."""
        while (line := self.wire.next_line()) is None:
            if not await self.more():
                raise ProtocolError("POP3: the client left within AUTH")
        return line

    def put(self, data: bytes) -> None:
        self.out.append(data)
        self.pending += len(data)

    def ok(self, text: str = "") -> None:
        self.server.watch("S", f"+OK {text}".rstrip())
        self.put(f"+OK {text}".rstrip().encode() + b"\r\n")

    def err(self, text: str) -> None:
        self.server.watch("S", f"-ERR {text}")
        self.put(f"-ERR {text}\r\n".encode())

    def body(self, data: bytes) -> None:
        self.put(stuffed(data))

    async def flush(self) -> None:
        if self.out:
            data, self.out, self.pending = b"".join(self.out), [], 0
            await self.stream.send(data)

    async def dispatch(self, request: Request) -> None:
        handler, state = _VERBS.get(request.verb, (None, ""))
        if handler is None:
            self.err("unknown command")
        elif state == "in" and self.box is None:
            self.err("log in first")
        elif state == "out" and self.box is not None:
            self.err("you are logged in already")
        else:
            try:
                await handler(self, request)
            except _Refused as refusal:
                self.err(str(refusal))
        if self.pending > _FLUSH:
            await self.flush()

    # -- before the log-in -----------------------------------------------------------------

    async def greet(self) -> None:
        self.ok(f"Postel lab {__version__} POP3 ready {self.stamp}")

    async def do_capa(self, request: Request) -> None:
        self.ok("what there is")
        lines = self.server.capabilities
        if lines is None:
            secure = self.is_secure()
            offered = [m for m in _MECHANISMS if secure or m not in _CLEAR_SECRETS]
            lines = ("TOP", "UIDL", "USER" if secure else "X-NO-USER", "RESP-CODES",
                     "AUTH-RESP-CODE", "PIPELINING", "UTF8", "LANG", "EXPIRE NEVER",
                     f"SASL {' '.join(offered)}", f"IMPLEMENTATION Postel-{__version__}")
            if self.server.tls is not None and not self.is_tls():
                lines = (*lines, "STLS")
        self.body("".join(f"{line}\r\n" for line in lines).encode())

    def is_tls(self) -> bool:
        return self.stream.peer.tls is not None

    def is_secure(self) -> bool:
        return self.server.allow_clear or self.is_tls()

    async def do_stls(self, request: Request) -> None:
        if self.server.tls is None or self.is_tls():
            raise _Refused("no TLS to be had")
        self.ok("begin TLS")
        await self.flush()
        self.wire.end_of_clear_text()
        await self.stream.start_tls(self.server.tls, None, server_side=True)
        self.name = ""

    async def do_user(self, request: Request) -> None:
        if not self.is_secure():
            raise _Refused("STLS first")
        self.name = request.rest.strip()
        self.ok("and the password?")

    async def do_pass(self, request: Request) -> None:
        if not self.name:
            raise _Refused("USER first")
        name, self.name = self.name, ""
        self.enter(name, self.server.users.check(name, request.rest))

    async def do_apop(self, request: Request) -> None:
        name, _, digest = request.rest.partition(" ")
        secret = self.server.users.find(name)
        wanted = hashlib.md5((self.stamp + (secret.reveal() if secret else "")).encode(),
                             usedforsecurity=False).hexdigest()
        self.enter(name, secret is not None and hmac.compare_digest(wanted, digest))

    async def do_auth(self, request: Request) -> None:
        mechanism, _, initial = request.rest.partition(" ")
        mechanism = mechanism.upper()
        if mechanism not in _MECHANISMS:
            raise _Refused("that mechanism is not offered")
        if mechanism in _CLEAR_SECRETS and not self.is_secure():
            raise _Refused("STLS first")
        try:
            name = await self.exchange(mechanism, initial.encode())
        except AuthenticationError:
            raise _Refused("[AUTH] no") from None
        except ProtocolError as error:
            raise _Refused(f"that was no {mechanism}: {error}") from None
        self.enter(name, True)

    async def exchange(self, mechanism: str, initial: bytes) -> str:
        """Drive the mechanism's server side; return the user."""
        exchange = sasl.serve(mechanism, self.server.users.find, nonce=nonce(), salt=nonce())
        challenge = next(exchange)
        while True:
            if initial:
                line, initial = initial, b""
            else:
                self.put(b"+ " + sasl.encode(challenge) + b"\r\n")
                line = await self.line()
            if line == sasl.CANCEL:
                raise _Refused("cancelled")
            outcome = sasl.examine(exchange, sasl.decode(line))
            if isinstance(outcome, str):
                return outcome
            challenge = outcome

    def enter(self, name: str, known: bool) -> None:
        box = self.server.mailboxes.get(name) if known else None
        if box is None:
            raise _Refused("[AUTH] wrong user or password")
        if box.locked:
            raise _Refused("[IN-USE] another session has this mailbox open")
        box.locked = True
        self.user, self.box = name, box
        self.messages = box.messages()
        self.ok(f"{len(self.messages)} messages")

    def unlock(self) -> None:
        if self.box is not None:
            self.box.locked = False

    async def do_utf8(self, request: Request) -> None:
        self.ok("UTF-8 it is")

    async def do_lang(self, request: Request) -> None:
        tag = request.rest.strip()
        if not tag:
            self.ok("languages")
            self.body("".join(f"{t} {n}\r\n" for t, n in _LANGUAGES.items()).encode())
        elif tag == "*" or tag.lower() in _LANGUAGES:
            self.ok(tag)
        else:
            raise _Refused("that language is not spoken here")

    # -- the mailbox -----------------------------------------------------------------------

    def alive(self) -> list[tuple[int, Stored]]:
        return [(number, message) for number, message in enumerate(self.messages, 1)
                if number not in self.deleted]

    def pick(self, request: Request, index: int = 0) -> tuple[int, Stored]:
        """The message that an argument names."""
        word = request.arguments[index] if len(request.arguments) > index else ""
        number = int(word) if word.isdigit() and len(word) < 10 else 0
        if not 1 <= number <= len(self.messages) or number in self.deleted:
            raise _Refused("there is no such message")
        return number, self.messages[number - 1]

    async def do_stat(self, request: Request) -> None:
        alive = self.alive()
        self.ok(f"{len(alive)} {sum(message.size for _, message in alive)}")

    async def do_list(self, request: Request) -> None:
        await self.table(request, lambda message: str(message.size))

    async def do_uidl(self, request: Request) -> None:
        await self.table(request, lambda message: message.uidl)

    async def table(self, request: Request, word: Callable[[Stored], str]) -> None:
        if request.arguments:
            number, message = self.pick(request)
            self.ok(f"{number} {word(message)}")
            return
        self.ok("all of them")
        self.body("".join(f"{number} {word(message)}\r\n"
                          for number, message in self.alive()).encode())

    async def do_retr(self, request: Request) -> None:
        _, message = self.pick(request)
        self.ok(f"{message.size} octets")
        self.body(message.data)

    async def do_top(self, request: Request) -> None:
        _, message = self.pick(request)
        count = request.arguments[1] if len(request.arguments) > 1 else ""
        if not count.isdigit() or len(count) > 9:
            raise _Refused("how many lines?")
        head, gap, text = message.data.partition(b"\r\n\r\n")
        lines = text.split(b"\r\n")[: int(count)]
        self.ok("the top of it")
        self.body(head + gap + b"".join(line + b"\r\n" for line in lines))

    async def do_dele(self, request: Request) -> None:
        number, _ = self.pick(request)
        self.deleted.add(number)
        self.ok("marked")

    async def do_rset(self, request: Request) -> None:
        self.deleted.clear()
        self.ok("all unmarked")

    async def do_noop(self, request: Request) -> None:
        self.ok()

    async def do_quit(self, request: Request) -> None:
        if self.box is not None:
            self.box.delete([self.messages[number - 1].uidl for number in self.deleted])
        self.ended = True
        self.ok("bye")


class _Refused(PostelError):
    """An answer of -ERR; the session goes on."""


def _shown(request: Request) -> str:
    """A request for those who watch: no secret in it."""
    if request.verb == "PASS":
        return f"PASS {HIDDEN}"
    if request.verb in ("AUTH", "APOP") and len(request.arguments) > 1:
        return f"{request.verb} {request.arguments[0]} {HIDDEN}"
    return f"{request.verb} {request.rest}".rstrip()


_Handler = Callable[[_Session, Request], Awaitable[None]]
_VERBS: dict[str, tuple[_Handler | None, str]] = {
    "APOP": (_Session.do_apop, "out"),
    "AUTH": (_Session.do_auth, "out"),
    "CAPA": (_Session.do_capa, ""),
    "DELE": (_Session.do_dele, "in"),
    "LANG": (_Session.do_lang, ""),
    "LIST": (_Session.do_list, "in"),
    "NOOP": (_Session.do_noop, "in"),
    "PASS": (_Session.do_pass, "out"),
    "QUIT": (_Session.do_quit, ""),
    "RETR": (_Session.do_retr, "in"),
    "RSET": (_Session.do_rset, "in"),
    "STAT": (_Session.do_stat, "in"),
    "STLS": (_Session.do_stls, "out"),
    "TOP": (_Session.do_top, "in"),
    "UIDL": (_Session.do_uidl, "in"),
    "USER": (_Session.do_user, "out"),
    "UTF8": (_Session.do_utf8, "out"),
}
