"""What MAIL and RCPT say, as a server reads it: paths, and the parameters of every extension.

Grammar: pure. The forms are those of RFC 5321 section 4.1.2; each parameter belongs to an
extension (RFC 1870 SIZE, 6152 and 3030 BODY, 6531 SMTPUTF8, 3461 DSN, 8689 REQUIRETLS, 2852
DELIVERBY, 4865 FUTURERELEASE, 6710 MT-PRIORITY, 4954 AUTH), and one that was not offered is
refused with 555. Liberal where it is harmless: spaces after the colon, source routes, any dots in
a local part. Strict where a lax reading would let two programs disagree: angle brackets, quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ..errors import PostelError

__all__ = ["DeliverBy", "MailFrom", "Mailbox", "RcptTo", "Refused", "mail_from", "rcpt_to",
           "xtext"]

LONGEST_PATH = 320
"""Bytes of a path: 256 by RFC 5321 section 4.5.3.1.3, but 64, "@" and 255 make more."""

LONGEST_HOLD = timedelta(days=60)
"""What FUTURERELEASE promises (RFC 4865 section 4.2)."""

_TEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u0080-\U0010ffff"
_PATH = re.compile(
    r"(?P<route>@[A-Za-z0-9.,@:\-\[\]]{1,250}:)?"
    r'(?P<local>[' + _TEXT + r']+|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*")'
    r"(?:@(?P<domain>\[[A-Za-z0-9.:\-]{1,100}\]|[A-Za-z0-9_.\-\u0080-\U0010ffff]{1,255}))?\Z")
_HEAD = re.compile(r'\s*<((?:"(?:[^"\\]|\\.)*"|[^"<>])*)>(?:\s+(.*))?\Z', re.DOTALL)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?\Z")
_BY = re.compile(r"([+-]?\d{1,9});([NR])(T?)\Z", re.IGNORECASE)
_HEX = re.compile(r"\+([0-9A-F]{2})")
_XTEXT = re.compile(r"(?:[^\x00-\x20+=\x7f]|\+[0-9A-F]{2})+\Z")

T = TypeVar("T")


class Refused(PostelError):
    """The server's answer to a command is no; the session goes on.

    Args:
        code: of the reply.
        status: the enhanced status code (RFC 3463), or "".
        text: for people.
    """

    def __init__(self, code: int, status: str, text: str) -> None:
        super().__init__(text, code=code)
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.status, self.message)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as an envelope writes it; the null path of bounces has neither part."""

    local: str = ""
    domain: str = ""

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def user(self) -> str:
        """The local part as it is meant: without quotes."""
        if self.local[:1] != '"':
            return self.local
        return re.sub(r"\\(.)", r"\1", self.local[1:-1])


@dataclass(frozen=True, slots=True)
class DeliverBy:
    """A deadline of delivery (RFC 2852): seconds, what to do then, whether to tell of relaying."""

    seconds: int
    mode: str
    trace: bool = False


@dataclass(frozen=True, slots=True)
class MailFrom:
    """What MAIL said.

    Args:
        sender: who gets the bounces.
        size: as announced, in bytes; None where it was not.
        body: ``"7BIT"``, ``"8BITMIME"`` or ``"BINARYMIME"``; "" where it was not said.
        smtputf8: addresses and headers may be in UTF-8.
        ret: ``"FULL"`` or ``"HDRS"``: what a bounce shall bring back.
        envid: the sender's name for this envelope; bounces repeat it.
        require_tls: on its way it may travel over verified TLS only.
        deliver_by: by when it shall be there.
        hold_until: not before this moment.
        priority: -9 to 9.
        submitter: who gave it in first, as a trusted client says (AUTH=).
    """

    sender: Mailbox
    size: int | None = None
    body: str = ""
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    require_tls: bool = False
    deliver_by: DeliverBy | None = None
    hold_until: datetime | None = None
    priority: int = 0
    submitter: str = ""


@dataclass(frozen=True, slots=True)
class RcptTo:
    """What RCPT said.

    Args:
        recipient: to whom.
        notify: of what the sender wants to be told: SUCCESS, FAILURE, DELAY, or NEVER.
        orcpt: the address that it was first sent to, with its type: ``"rfc822;bob@example.org"``.
    """

    recipient: Mailbox
    notify: frozenset[str] = frozenset()
    orcpt: str = ""


def mail_from(argument: str, offered: Collection[str], *, now: datetime) -> MailFrom:
    """Read what follows ``MAIL``.

    Args:
        argument: the rest of the line.
        offered: the extensions that hold in this session.
        now: for FUTURERELEASE.

    Raises:
        Refused: with the reply that is due.

    Example:
        >>> said = mail_from("FROM:<ann@example.org> SIZE=120", {"SIZE"}, now=datetime.now(UTC))
        >>> str(said.sender), said.size
        ('ann@example.org', 120)
    """
    path, parameters = _split("FROM", argument, offered)
    said = _apply(MailFrom(Mailbox()), parameters, offered, _MAIL)
    if "HOLDFOR" in parameters and "HOLDUNTIL" in parameters:
        raise _bad("HOLDFOR and HOLDUNTIL: one of them")
    if "HOLDFOR" in parameters or "HOLDUNTIL" in parameters:
        said = replace(said, hold_until=_hold(parameters, now))
    if said.hold_until and said.deliver_by and (
            said.hold_until > now + timedelta(seconds=said.deliver_by.seconds)):
        raise _bad("it shall be delivered before it may be released")
    return replace(said, sender=_mailbox(path, said.smtputf8) if path else Mailbox())


def rcpt_to(argument: str, offered: Collection[str], *, smtputf8: bool) -> RcptTo:
    """Read what follows ``RCPT``.

    Args:
        argument: the rest of the line.
        offered: the extensions that hold in this session.
        smtputf8: whether MAIL has said SMTPUTF8.

    Raises:
        Refused: with the reply that is due.

    Example:
        >>> said = rcpt_to("TO:<bob@example.org> NOTIFY=SUCCESS,DELAY", {"DSN"}, smtputf8=False)
        >>> said.recipient.user, sorted(said.notify)
        ('bob', ['DELAY', 'SUCCESS'])
    """
    path, parameters = _split("TO", argument, offered)
    said = _apply(RcptTo(Mailbox()), parameters, offered, _RCPT)
    mailbox = _mailbox(path, smtputf8)
    if not mailbox.domain and mailbox.local.lower() != "postmaster":  # RFC 5321 section 4.5.1
        raise Refused(501, "5.1.3", f"<{path}> has no domain")
    return replace(said, recipient=mailbox)


def xtext(text: str) -> str:
    """Read xtext (RFC 3461 section 4): ``+2B`` stands for a plus.

    Raises:
        Refused: it is none.

    Example:
        >>> xtext("a+2Bb")
        'a+b'
    """
    if not _XTEXT.match(text):
        raise _bad(f"{text} is no xtext")
    return _HEX.sub(lambda found: chr(int(found[1], 16)), text)


def _split(
    word: str, argument: str, offered: Collection[str]
) -> tuple[str, dict[str, str | None]]:
    """The path between the brackets, and the parameters by name."""
    head, colon, rest = argument.partition(":")
    if not colon or head.strip().upper() != word:
        raise Refused(501, "5.5.4", f"what is expected is {word}:<address>")
    found = _HEAD.match(rest)
    if not found:
        raise Refused(501, "5.5.2",
                      f"the address belongs between < and >: {word}:<ann@example.org>")
    parameters: dict[str, str | None] = {}
    for text in (found[2] or "").split():
        one = _PARAMETER.match(text)
        if not one:
            raise _bad(f"{text} is no parameter")
        name = one[1].upper()
        if name in parameters:
            raise _bad(f"{name} was given twice")
        if not offered:
            raise Refused(555, "5.5.4", f"{name}: there are no parameters after HELO")
        parameters[name] = one[2]
    return found[1], parameters


def _mailbox(path: str, smtputf8: bool) -> Mailbox:
    found = _PATH.match(path)
    if not found or len(path.encode("utf-8", "surrogateescape")) > LONGEST_PATH:
        raise Refused(501, "5.1.3", "that is no address")
    if not path.isascii():
        if any("\udc80" <= char <= "\udcff" for char in path):
            raise Refused(501, "5.1.3", "the address is not UTF-8")
        if not smtputf8:  # RFC 6531 section 3.4
            raise Refused(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8 in MAIL")
    return Mailbox(found["local"], found["domain"] or "")


_Reader = Callable[[str], object]


@dataclass(frozen=True)
class _Parameter:
    """Which extension it belongs to, the field it fills, and how its value is read.

    Without a reader it takes no value, and the field becomes True.
    """

    extension: str
    field: str
    read: _Reader | None


def _apply(
    said: T, parameters: Mapping[str, str | None], offered: Collection[str],
    table: Mapping[str, _Parameter],
) -> T:
    for name, value in parameters.items():
        known = table.get(name)
        if known is None or known.extension not in offered:
            raise Refused(555, "5.5.4", f"{name} is not known here")
        if known.read is None:
            if value is not None:
                raise _bad(f"{name} takes no value")
            found: object = True
        elif value is None:
            raise _bad(f"{name} wants a value")
        else:
            found = known.read(value)
        if name == "BODY" and found == "BINARYMIME" and "BINARYMIME" not in offered:
            raise Refused(555, "5.5.4", "BODY=BINARYMIME is not known here")
        if known.field:
            said = replace(said, **{known.field: found})  # type: ignore[type-var]
    return said


def _hold(parameters: Mapping[str, str | None], now: datetime) -> datetime:
    """When a message may go (RFC 4865 section 3)."""
    seconds = parameters.get("HOLDFOR")
    try:
        until = (now + timedelta(seconds=int(seconds)) if seconds is not None
                 else datetime.fromisoformat(parameters["HOLDUNTIL"] or ""))
    except (ValueError, OverflowError):
        raise _bad("that is no moment to hold it to") from None
    if until.tzinfo is None or until > now + LONGEST_HOLD:
        raise _bad(f"it can be held for {LONGEST_HOLD.days} days at most")
    return until.astimezone(UTC)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise _bad(f"{text} is no number")
    return int(text)


def _one_of(*words: str) -> _Reader:
    def read(text: str) -> str:
        if text.upper() not in words:
            raise _bad(f"{text}: one of {', '.join(words)}")
        return text.upper()

    return read


def _notify(text: str) -> frozenset[str]:
    words = [word.upper() for word in text.split(",")]
    known = {"NEVER"} if words == ["NEVER"] else {"SUCCESS", "FAILURE", "DELAY"}
    if len(set(words)) != len(words) or not set(words) <= known:
        raise _bad(f"NOTIFY={text}: NEVER, or some of SUCCESS, FAILURE, DELAY")
    return frozenset(words)


def _orcpt(text: str) -> str:
    kind, semicolon, address = text.partition(";")
    if not kind or not semicolon:
        raise _bad("ORCPT wants a type and an address: rfc822;bob@example.org")
    return f"{kind.lower()};{xtext(address)}"


def _envid(text: str) -> str:
    if len(text) > 100:  # RFC 3461 section 4.4
        raise _bad("ENVID is over 100 characters long")
    return xtext(text)


def _by(text: str) -> DeliverBy:
    found = _BY.match(text)
    if not found:
        raise _bad(f"BY={text}: seconds, a semicolon, N or R")
    by = DeliverBy(int(found[1]), found[2].upper(), bool(found[3]))
    if by.mode == "R" and by.seconds <= 0:  # RFC 2852 section 4
        raise _bad("BY: mode R wants a moment to come")
    return by


def _priority(text: str) -> int:
    if not re.fullmatch(r"-?[1-9]|0", text):
        raise _bad(f"MT-PRIORITY={text}: -9 to 9")
    return int(text)


def _submitter(text: str) -> str:
    return "" if text == "<>" else xtext(text)


def _bad(text: str) -> Refused:
    return Refused(501, "5.5.4", text)


_MAIL: Mapping[str, _Parameter] = {
    "AUTH": _Parameter("AUTH", "submitter", _submitter),
    "BODY": _Parameter("8BITMIME", "body", _one_of("7BIT", "8BITMIME", "BINARYMIME")),
    "BY": _Parameter("DELIVERBY", "deliver_by", _by),
    "ENVID": _Parameter("DSN", "envid", _envid),
    "HOLDFOR": _Parameter("FUTURERELEASE", "", _number),
    "HOLDUNTIL": _Parameter("FUTURERELEASE", "", str),
    "MT-PRIORITY": _Parameter("MT-PRIORITY", "priority", _priority),
    "REQUIRETLS": _Parameter("REQUIRETLS", "require_tls", None),
    "RET": _Parameter("DSN", "ret", _one_of("FULL", "HDRS")),
    "SIZE": _Parameter("SIZE", "size", _number),
    "SMTPUTF8": _Parameter("SMTPUTF8", "smtputf8", None),
}
_RCPT: Mapping[str, _Parameter] = {
    "NOTIFY": _Parameter("DSN", "notify", _notify),
    "ORCPT": _Parameter("DSN", "orcpt", _orcpt),
}
