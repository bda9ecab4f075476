"""A session with a mail server: MAIL, RCPT, and the message by DATA or BDAT.

Service code. The order of commands is that of RFC 5321 section 4.1.4; LMTP (RFC 2033) differs in
its greeting word and in that the end of a message is answered once per recipient.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from ..errors import ProtocolError
from ..transport.clock_async import now, today
from ..wire.text import display
from .caught import Caught
from .envelope import MailFrom, RcptTo, Refused, mail_from, rcpt_to
from .server_access import Access
from .server_channel import Ended, shown
from .wire_server import Request

__all__ = ["Session"]

_BDAT = re.compile(r"(\d{1,20})( +LAST)?\Z", re.IGNORECASE | re.ASCII)
_MOST_ERRORS = 100
"""Refused commands on one connection; a client that goes on is no client."""

_WEB = ("GET", "HEAD", "POST", "PUT", "CONNECT", "OPTIONS", "DELETE", "PATCH")


class Session(Access):
    """One connection, from the greeting to its end."""

    rcpts: list[RcptTo]
    parts: list[bytes]
    mail: MailFrom | None = None
    chunked: bool = False
    failed: bool = False
    mails = rcpts_seen = taken = errors = kept = 0

    def reset(self) -> None:
        """Forget the transaction."""
        self.mail, self.rcpts, self.rcpts_seen = None, [], 0
        self.chunked = self.failed = False
        self.parts, self.kept = [], 0

    async def run(self) -> None:
        """Serve until the client leaves."""
        self.domains: set[str] = set()
        self.reset()
        try:
            if not await self.met("GREETING"):
                await self.greet()
            while (request := await self.request()) is not None:
                self.server.watch("C", shown(request))
                await self.answer(request)
        except Ended:
            pass
        except ProtocolError as error:
            self.server.watch("*", str(error))
            self.say(500, "5.5.2", "that is no SMTP: goodbye")
            await self.flush()

    async def answer(self, request: Request) -> None:
        """Carry out one command, or what the faults say."""
        if request.bare and self.server.options.bare == "refuse":
            # What one reader takes for one line is two for another (RFC 5321 section 2.3.8).
            self.say(521, "5.5.2", "a line with a bare CR or LF: lines end in CRLF")
            await self.end()
        handler = VERBS.get(request.verb)
        if handler is None:
            await self.unknown(request)
            return
        # The bytes that follow a BDAT are read first, whatever goes wrong then.
        if request.verb != "BDAT" and await self.met(request.verb, _concerned(request)):
            return
        try:
            await handler(self, request)
        except Refused as refusal:
            self.say(refusal.code or 500, refusal.status, display(str(refusal)))
            await self.count_error()
        rule = self.server.faults.met(f"after {request.verb}", _concerned(request))
        if rule is not None:
            await self.carry_out(rule)

    async def unknown(self, request: Request) -> None:
        """No command of SMTP. A web browser that was led here is sent away at once."""
        if request.verb in _WEB:
            self.say(421, "4.7.0", "this is no web server")
            await self.end()
        self.say(500, "5.5.1", "that command is not known here")
        await self.count_error()

    async def count_error(self) -> None:
        """One refusal more."""
        self.errors += 1
        if self.errors > _MOST_ERRORS:
            self.say(421, "4.7.0", "too many errors")
            await self.end()

    # -- the envelope ----------------------------------------------------------------------

    def in_transaction(self) -> bool:
        """Whether MAIL was accepted and its message has not ended."""
        return self.mail is not None

    async def do_mail(self, request: Request) -> None:
        """A transaction begins."""
        options = self.server.options
        if not self.helo:
            raise Refused(503, "5.5.1", "say EHLO first" if not self.server.is_lmtp else
                          "say LHLO first")
        if self.mail is not None:
            raise Refused(503, "5.5.1", "one message after the other: MAIL was said")
        if options.auth == "require" and not self.user:
            raise Refused(530, "5.7.0", "log in first")
        self.mails += 1
        if self.mails > options.mail_max:
            raise Refused(452, "4.5.3", "no more messages on this connection")
        said = mail_from(request.argument, self.offered, now=today())
        if said.size is not None and said.size > options.size:
            raise Refused(552, "5.3.4", f"{options.size} bytes are the most that is taken")
        if (limit := self.server.faults.too_many(now(), self.taken)) is not None:
            self.say(*limit)
            if limit[0] == 421:
                await self.end()
            return
        self.mail = said
        self.say(250, "2.1.0", "go on")

    async def do_rcpt(self, request: Request) -> None:
        """One recipient more."""
        if self.mail is None or self.chunked:
            raise Refused(503, "5.5.1", "MAIL comes first, the message last")
        self.rcpts_seen += 1
        if self.rcpts_seen > self.server.options.rcpt_max:
            raise Refused(452, "4.5.3", "too many recipients")
        said = rcpt_to(request.argument, self.offered, smtputf8=self.mail.smtputf8)
        self.count_domain(said.recipient.domain.lower())
        self.server.admit(said, self.user)
        self.rcpts.append(said)
        self.say(250, "2.1.5", "go on")

    def count_domain(self, domain: str) -> None:
        """No more domains on one connection than LIMITS says (RFC 9422 section 4.3)."""
        most = self.server.options.rcpt_domain_max
        if most is not None and domain not in self.domains and len(self.domains) >= most:
            raise Refused(452, "4.5.3", "too many domains on this connection")
        self.domains.add(domain)

    async def do_rset(self, request: Request) -> None:
        """Forget the transaction."""
        self.reset()
        self.say(250, "2.0.0", "forgotten")

    # -- the message -----------------------------------------------------------------------

    def complaint(self) -> Refused | None:
        """Why no message may come now, or None."""
        if self.mail is None:
            return Refused(503, "5.5.1", "MAIL comes first")
        if not self.rcpts:
            return Refused(503 if self.server.is_lmtp else 554, "5.5.1", "no recipient was taken")
        return None

    async def do_data(self, request: Request) -> None:
        """The message, up to a lone dot."""
        if request.argument:
            raise Refused(501, "5.5.4", "DATA takes nothing")
        if self.chunked:
            raise Refused(503, "5.5.1", "BDAT has begun (RFC 3030 section 2)")
        if (complaint := self.complaint()) is not None:
            raise complaint
        if self.mail is not None and self.mail.body == "BINARYMIME":
            raise Refused(503, "5.5.1", "BINARYMIME goes by BDAT (RFC 3030 section 3)")
        self.say(354, "", "go on; end with a lone dot")
        await self.met("354")
        self.wire.begin_data()
        await self.receive()
        await self.finish()

    async def do_bdat(self, request: Request) -> None:
        """A counted piece of the message; it is read whether it is wanted or not."""
        found = _BDAT.match(request.argument)
        if not found or "CHUNKING" in self.server.options.without:
            # Nobody knows where the next command begins.
            self.say(501, "5.5.4", "BDAT wants a count, and perhaps LAST")
            await self.end()
            return
        complaint = self.complaint()
        if self.failed:
            complaint = Refused(503, "5.5.1", "a piece was refused: RSET")
        elif "CHUNKING" not in self.offered:
            complaint = Refused(503, "5.5.1", "say EHLO first")
        first, last, size = not self.chunked, bool(found[2]), int(found[1])
        self.chunked = True
        self.wire.begin_chunk(size, first=first)
        await self.receive(keep=complaint is None)
        if await self.met("BDAT"):
            self.failed = True
        elif complaint is not None:
            self.failed = self.mail is not None
            raise complaint
        elif last:
            await self.finish()
        elif self.kept > self.server.options.size:
            self.failed = True
            raise self.too_large()
        else:
            self.say(250, "2.0.0", f"{size} bytes")

    async def receive(self, *, keep: bool = True) -> None:
        """Read the message, or this piece of it; keep no more than is allowed."""
        limit = self.server.options.size
        cut = self.server.faults.data_limit()
        while True:
            while (data := self.wire.next_data()) is None:
                if not await self.more():
                    raise ProtocolError("SMTP: the client left within a message")
            self.kept += len(data.chunk)
            if keep and self.kept <= limit:
                self.parts.append(data.chunk)
            if cut is not None and self.kept >= cut.size:
                await self.carry_out(cut)
            if data.last:
                return

    def too_large(self) -> Refused:
        """The answer to what is."""
        return Refused(552, "5.3.4", f"{self.server.options.size} bytes are the most that is taken")

    async def finish(self) -> None:
        """The whole message is here: take it or not, and answer; the transaction is over."""
        try:
            await self.judge()
        finally:
            self.reset()

    async def judge(self) -> None:
        """Refuse what cannot be taken; else hand it on."""
        mail = self.mail
        if mail is None:
            raise Refused(503, "5.5.1", "MAIL comes first")
        refusal: Refused | None = None
        if self.kept > self.server.options.size:
            refusal = self.too_large()
        elif (self.wire.bare or self.wire.ended_in_line) and mail.body != "BINARYMIME" and (
                self.server.options.bare == "refuse"):
            refusal = Refused(550, "5.6.0",
                              "a bare CR or LF, or a NUL (RFC 5321 section 2.3.8)")
        if self.server.is_lmtp:
            await self.answer_each(mail, refusal)
            return
        rule = self.server.faults.met("MESSAGE")
        if rule is not None and rule.act != "take and drop":
            await self.carry_out(rule)
            return
        if refusal is not None:
            raise refusal
        number = self.take(mail, self.rcpts)
        if rule is not None:
            await self.carry_out(rule)
        self.say(250, "2.0.0", f"message {number} is caught")

    async def answer_each(self, mail: MailFrom, refusal: Refused | None) -> None:
        """LMTP: one reply for each recipient, in the order of RCPT (RFC 2033 section 4.2)."""
        rules = [self.server.faults.met("MESSAGE", str(rcpt.recipient)) for rcpt in self.rcpts]
        taken = [rcpt for rcpt, rule in zip(self.rcpts, rules, strict=True)
                 if refusal is None and (rule is None or rule.act == "take and drop")]
        number = self.take(mail, taken) if taken else 0
        for rcpt, rule in zip(self.rcpts, rules, strict=True):
            if rule is not None:
                await self.carry_out(rule)
            elif refusal is not None:
                self.say(refusal.code or 550, refusal.status, str(refusal))
            else:
                self.say(250, "2.1.5", display(f"message {number} for {rcpt.recipient}"))

    def take(self, mail: MailFrom, rcpts: list[RcptTo]) -> int:
        """Hand the message on; return its number."""
        peer = self.stream.peer
        self.taken += 1
        caught = Caught(b"".join(self.parts), mail, tuple(rcpts), self.server.name, today(),
                        self.helo, self.user, peer.tls, peer.address)
        number = self.server.sink(caught)
        self.server.watch("*", f"message {number}: {caught.size:,} bytes from "
                               f"<{caught.sender}> to {', '.join(caught.recipients)}")
        return number


_ADDRESS = re.compile(r"[^<]*<([^>]*)>")


def _concerned(request: Request) -> str:
    """Whom a command is about, for the faults: the address, or the first word."""
    if request.verb in ("MAIL", "RCPT"):
        found = _ADDRESS.match(request.argument)
        return found[1] if found else ""
    return request.words[0] if request.words else ""


_Handler = Callable[[Session, Request], Awaitable[None]]
VERBS: dict[str, _Handler] = {
    "AUTH": Session.do_auth,
    "BDAT": Session.do_bdat,
    "DATA": Session.do_data,
    "EHLO": Session.do_ehlo,
    "HELO": Session.do_helo,
    "HELP": Session.do_help,
    "LHLO": Session.do_ehlo,
    "MAIL": Session.do_mail,
    "NOOP": Session.do_noop,
    "QUIT": Session.do_quit,
    "RCPT": Session.do_rcpt,
    "RSET": Session.do_rset,
    "STARTTLS": Session.do_starttls,
    "VRFY": Session.do_vrfy,
}
