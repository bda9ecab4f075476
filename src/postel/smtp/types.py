"""What users of SMTP hold in their hands. Pure.

A message goes to many, and each of them is answered for. `Sent` therefore has no truth value:
ask it for `accepted`, `refused`, or let `raise_for_refused` speak.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NoReturn

from ..errors import NetworkError, PostelError, ReplyError
from ..wire.text import display
from .content import Burl, Outgoing
from .drafts import Draft
from .extensions import Extensions, Limits

__all__ = ["DSN", "Burl", "DeliverBy", "Envelope", "Extensions", "Letter", "Limits", "Notify",
           "Rcpt", "Recipient", "RecipientsRefused", "Reply", "Sent", "Status", "Unconfirmed"]

Notify = Literal["success", "failure", "delay", "never"]
State = Literal["accepted", "refused", "unknown"]

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?:[ \t]+|\Z)")
_SUBJECTS = {1: "address", 2: "mailbox", 3: "mail system", 4: "network", 5: "protocol",
             6: "content", 7: "policy"}


@dataclass(frozen=True, slots=True, order=True)
class Status:
    """An enhanced status code (RFC 3463, registry RFC 5248): ``5.1.1``.

    Args:
        kind: 2 success, 4 persistent but passing, 5 permanent.
        subject: what it is about: 1 the address, 2 the mailbox, 7 policy …
        detail: which of its troubles.

    Example:
        >>> status = Status.parse("5.1.1 <bob@example.org>: unknown")
        >>> str(status), status.permanent, status.about
        ('5.1.1', True, 'address')
    """

    kind: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.kind}.{self.subject}.{self.detail}"

    @classmethod
    def parse(cls, text: str) -> Status | None:
        """The code at the head of *text*, or None."""
        found = _STATUS.match(text)
        return cls(int(found[1]), int(found[2]), int(found[3])) if found else None

    @property
    def permanent(self) -> bool:
        """Whether trying again is of no use."""
        return self.kind == 5

    @property
    def about(self) -> str:
        """Its subject in a word or two."""
        return _SUBJECTS.get(self.subject, "other")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the server (RFC 5321 section 4.2).

    Args:
        code: 200 to 599.
        lines: its texts, without code and enhanced status.
        status: the enhanced status code, where the server gives one.

    Example:
        >>> reply = Reply(550, ("no such user",), Status(5, 1, 1))
        >>> reply.positive, reply.permanent, str(reply)
        (False, True, '550 5.1.1 no such user')
    """

    code: int
    lines: tuple[str, ...] = ("",)
    status: Status | None = None

    @property
    def kind(self) -> int:
        """The first digit: 2 done, 3 go on, 4 not now, 5 no."""
        return self.code // 100

    @property
    def positive(self) -> bool:
        """Whether it says yes, or go on."""
        return self.kind in (2, 3)

    @property
    def temporary(self) -> bool:
        """Whether trying again later may help."""
        return self.kind == 4

    @property
    def permanent(self) -> bool:
        """Whether trying again is of no use."""
        return self.kind == 5

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    def __str__(self) -> str:
        status = f"{self.status} " if self.status else ""
        words = " / ".join(line.strip() for line in self.lines)
        return display(f"{self.code} {status}{words}".rstrip())


@dataclass(frozen=True, slots=True)
class DSN:
    """Of what the sender wants to be told (RFC 3461).

    Args:
        notify: "success", "failure", "delay", or "never" alone; empty leaves it to the server.
        ret: what a bounce brings back: "full" or "headers"; "" leaves it to the server.
        envid: a name of yours for this envelope; reports repeat it.

    Example:
        >>> DSN(notify=("success", "failure"), ret="headers").ret
        'headers'
    """

    notify: tuple[Notify, ...] = ()
    ret: Literal["", "full", "headers"] = ""
    envid: str = ""


@dataclass(frozen=True, slots=True)
class DeliverBy:
    """A deadline of delivery (RFC 2852).

    Args:
        within: how long it may take.
        otherwise: after that "return" it to the sender, or only "notify" and go on.
        trace: report, too, where it was handed to a server that has no DELIVERBY.
    """

    within: timedelta
    otherwise: Literal["return", "notify"] = "return"
    trace: bool = False


@dataclass(frozen=True, slots=True)
class Rcpt:
    """A recipient that wants more than an address.

    Args:
        address: where it goes.
        notify: for this recipient, instead of what the `DSN` says.
        orcpt: the address that it was first sent to, if another; reports name it.
    """

    address: str
    notify: tuple[Notify, ...] = ()
    orcpt: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom, and what the server is asked for. Nothing of it is in the message.

    Args:
        sender: who gets the bounces; "" for nobody.
        recipients: who gets the message.
        dsn: of what the sender wants to be told.
        require_tls: only over verified TLS, all the way (RFC 8689).
        deliver_by: by when.
        hold: not before this moment, or for so long (RFC 4865).
        priority: -9 to 9 (RFC 6710).
        submitter: who gave it in first (RFC 4954 section 5); None does not say.
    """

    sender: str
    recipients: tuple[Rcpt, ...]
    dsn: DSN = DSN()
    require_tls: bool = False
    deliver_by: DeliverBy | None = None
    hold: datetime | timedelta | None = None
    priority: int | None = None
    submitter: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in its envelope.

    Args:
        message: the bytes, a `postel.Message`, or what one has built.
        envelope: from whom, to whom, how.
    """

    message: bytes | Outgoing | Burl | Draft
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of the message for one recipient.

    Args:
        address: as given.
        state: "accepted", "refused", or "unknown": sent, but the answer never came.
        reply: the server's word on it; None where it never got one.
        command: what that answered: MAIL, RCPT, DATA, BDAT or "message".
    """

    address: str
    state: State
    reply: Reply | None = None
    command: str = ""

    @property
    def temporary(self) -> bool:
        """Whether trying again later may help."""
        return self.state == "refused" and self.reply is not None and self.reply.temporary

    def __str__(self) -> str:
        return f"{self.address}: {self.state}" + (f": {self.reply}" if self.reply else "")


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one message, recipient by recipient. It is neither true nor false.

    Args:
        sender: of the envelope.
        recipients: one result each, in the order given.
        error: why it was not sent, or not to its end, where that is not the server's word.

    Example:
        >>> sent = Sent("a@example.org", (Recipient("b@example.org", "accepted", Reply(250)),))
        >>> sent.accepted, sent.refused
        (('b@example.org',), {})
    """

    sender: str
    recipients: tuple[Recipient, ...]
    error: PostelError | None = None

    @property
    def accepted(self) -> tuple[str, ...]:
        """Those for whom the server has taken the message."""
        return tuple(one.address for one in self.recipients if one.state == "accepted")

    @property
    def refused(self) -> dict[str, Reply | None]:
        """Those for whom it has not, each with the server's reason; None where it is `error`."""
        return {one.address: one.reply for one in self.recipients if one.state == "refused"}

    @property
    def unknown(self) -> tuple[str, ...]:
        """Those for whom it may have: the answer never came."""
        return tuple(one.address for one in self.recipients if one.state == "unknown")

    @property
    def reply(self) -> Reply | None:
        """What the server said to the message itself; queue ids are in it."""
        return next((one.reply for one in self.recipients if one.state == "accepted"), None)

    def raise_for_refused(self) -> None:
        """Raise if anyone was refused.

        Raises:
            RecipientsRefused: it has this result as ``sent``.
            Unconfirmed: for some the answer never came.
            PostelError: `error`, if nothing was sent because of it.
        """
        if self.unknown:
            raise unconfirmed(self) from self.error
        if self.error is not None:
            raise self.error
        failed = [one for one in self.recipients if one.state != "accepted"]
        if failed:
            raise refusal(self, failed)

    def __bool__(self) -> NoReturn:
        raise TypeError("a result of sending is neither true nor false: look at .refused, "
                        "or call .raise_for_refused()")


class RecipientsRefused(ReplyError):
    """Some recipients, or all, will not get the message.

    Attributes:
        sent: the result, recipient by recipient: some may have been accepted.
    """

    sent: Sent = Sent("", ())


class Unconfirmed(NetworkError):
    """The connection broke after the end of a message, before the server's answer.

    Nobody can know whether the server has taken it: sending again may send it twice.

    Attributes:
        sent: the result so far; those whose answer is missing are "unknown".
    """

    sent: Sent = Sent("", ())


def refusal(sent: Sent, failed: list[Recipient]) -> RecipientsRefused:
    """The error that tells who was refused."""
    first = failed[0]
    total = len(sent.recipients)
    who = first.address if len(failed) == 1 else f"{first.address} and {len(failed) - 1} more"
    said = f": the server said: {first.reply}" if first.reply else ""
    error = RecipientsRefused(
        f"send to {total} recipient{'s' * (total != 1)}: {len(failed)} refused: "
        f"{display(who)}{said}",
        code=first.reply.code if first.reply else None,
        text=first.reply.text if first.reply else "",
        temporary=all(one.temporary for one in failed),
        command=first.command,
        hint=_hint(sent, first),
    )
    error.sent = sent
    return error


def unconfirmed(sent: Sent) -> Unconfirmed:
    """The error that says what nobody can know."""
    error = Unconfirmed(
        f"send to {len(sent.unknown)} recipient{'s' * (len(sent.unknown) != 1)}: the connection "
        f"ended before the server's answer: {sent.error or 'nothing came'}",
        hint="the server may have taken the message: look before you send it again")
    error.sent = sent
    return error


def _hint(sent: Sent, first: Recipient) -> str:
    if sent.accepted:
        return f"{len(sent.accepted)} others were accepted: do not send to them again"
    if first.reply is not None and first.reply.code == 530:
        return "log in first: user=, password="
    status = first.reply.status if first.reply else None
    if status and status.subject == 1:
        return "check the address for typing mistakes"
    if status and (status.kind, status.subject, status.detail) == (5, 7, 1):
        return "the server does not let you send this: log in, and send from an address of yours"
    return "try again later" if first.temporary else ""
