"""What one server is asked for one message: its parameters, from the envelope and from EHLO. Pure.

An extension is used where it is needed and offered: SMTPUTF8 only where an address or a header
goes beyond ASCII (RFC 6531 section 3.2 asks for no less, and servers that lack it take the rest),
8BITMIME only for 8-bit bodies. What was asked for and is not offered is an error, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import NoSpace, NotSupported, UsageError
from ..urls import parse
from .content import Content
from .types import DeliverBy, Envelope, Extensions, Rcpt
from .wire import SMTPCommand, burl, mail, path, rcpt, xtext

__all__ = ["Terms", "check", "encoded", "terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What will be said.

    Args:
        mail: the command.
        rcpts: a command for each recipient, in order.
        content: the message, made 7-bit if the server takes nothing else.
        binary: whether BDAT must carry it as it is.
    """

    mail: SMTPCommand
    rcpts: tuple[SMTPCommand, ...]
    content: Content
    binary: bool


def terms(envelope: Envelope, content: Content, offered: Extensions, *, secure: bool) -> Terms:
    """Agree with a server that offers *offered*.

    Args:
        envelope: from whom, to whom, how.
        content: the message.
        offered: what EHLO listed.
        secure: whether the connection is TLS with a verified certificate (REQUIRETLS).

    Raises:
        UsageError: an argument is wrong.
        NotSupported: the server lacks what the message or the envelope needs.
        NoSpace: the message is larger than the server takes.
    """
    check(envelope)
    utf8 = _needs_utf8(envelope, content)
    if utf8 and "SMTPUTF8" not in offered:
        raise NotSupported(f"send: {_beyond(envelope)} needs SMTPUTF8, which the server has not",
                           hint="write it in ASCII, or send through another server")
    content = _fitting(content, offered)
    words = [*_size(content, offered), *_body(content), *(["SMTPUTF8"] if utf8 else []),
             *_asked(envelope, offered, secure=secure)]
    return Terms(
        mail(encoded(envelope.sender), words),
        tuple(rcpt(encoded(one.address), _report(one, envelope, offered, utf8=utf8))
              for one in envelope.recipients),
        content, content.binary)


def check(envelope: Envelope) -> None:
    """Refuse what no server could take, before anything is sent.

    Raises:
        UsageError: an address or an option is none.
    """
    if not envelope.recipients:
        raise UsageError("send: there are no recipients", hint="give recipients=[…]")
    for address in (envelope.sender, *(one.address for one in envelope.recipients)):
        path(address)
    if any(not one.address for one in envelope.recipients):
        raise UsageError("send: a recipient is empty")
    if envelope.priority is not None and not -9 <= envelope.priority <= 9:
        raise UsageError(f"priority {envelope.priority}: from -9 to 9 (RFC 6710)")
    if isinstance(envelope.hold, datetime) and envelope.hold.tzinfo is None:
        raise UsageError("hold: a moment without a time zone", hint="give it one, as UTC")
    if isinstance(envelope.hold, timedelta) and envelope.hold <= timedelta(0):
        raise UsageError("hold: a time that is over")
    if len(envelope.dsn.envid) > 100:  # RFC 3461 section 4.4
        raise UsageError("envid: over 100 characters")
    for notify in (envelope.dsn.notify, *(one.notify for one in envelope.recipients)):
        if "never" in notify and len(notify) > 1:
            raise UsageError("notify: never stands alone (RFC 3461 section 4.1)")
        if not set(notify) <= {"success", "failure", "delay", "never"}:
            raise UsageError(f"notify: {', '.join(notify)}: success, failure, delay, or never")
    if envelope.dsn.ret not in ("", "full", "headers"):
        raise UsageError(f"ret: {envelope.dsn.ret}: full or headers")


def _needs_utf8(envelope: Envelope, content: Content) -> bool:
    return content.utf8 or not all(
        _local(address).isascii() for address in
        (envelope.sender, *(one.address for one in envelope.recipients)))


def _local(address: str) -> str:
    return address.rpartition("@")[0]


def _beyond(envelope: Envelope) -> str:
    """What it is that goes beyond ASCII."""
    for address in (envelope.sender, *(one.address for one in envelope.recipients)):
        if not _local(address).isascii():
            return f"the address {address}"
    return "a header of the message"


def encoded(address: str) -> bytes:
    """The path, its domain in A-labels: with SMTPUTF8 both forms are right, and all know this one.

    Raises:
        UsageError: that is no address.

    Example:
        >>> encoded("bob@bücher.example")
        b'bob@xn--bcher-kva.example'
    """
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        path(address)  # nothing odd gets into the URL
        address = f"{local}{at}{parse(f'smtp://{domain}').host}"
    return path(address)


def _fitting(content: Content, offered: Extensions) -> Content:
    """The message in a form that the server takes."""
    if content.binary:
        if "BINARYMIME" in offered and "CHUNKING" in offered:
            return content
        return _seven_bit(content, "BINARYMIME")
    if content.eight_bit and "8BITMIME" not in offered:
        return _seven_bit(content, "8BITMIME")
    return content


def _seven_bit(content: Content, missing: str) -> Content:
    if (found := content.seven_bit()) is not None:
        return found
    kind = "binary" if content.binary else "8-bit"
    raise NotSupported(
        f"send: the message has {kind} bodies, and the server no {missing}",
        hint="write them as base64 or quoted-printable; a postel.Message does that by itself")


def _size(content: Content, offered: Extensions) -> list[str]:
    """SIZE (RFC 1870): what is too large is not even begun."""
    if content.remote:
        burl(content.remote)  # what is none is not begun
        if "BURL" not in offered:
            raise NotSupported("send: the server has no BURL: it fetches no messages",
                               hint="fetch it yourself, and send its bytes")
        return []
    largest = offered.size
    if largest is not None and content.size > largest:
        raise NoSpace(
            f"send: the message has {content.size:,} bytes, the server takes {largest:,}",
            code=552, hint="leave out or shrink attachments, or send a link instead")
    return [f"SIZE={content.size}"] if "SIZE" in offered else []


def _body(content: Content) -> list[str]:
    if content.binary:
        return ["BODY=BINARYMIME"]
    return ["BODY=8BITMIME"] if content.eight_bit else []


def _asked(envelope: Envelope, offered: Extensions, *, secure: bool) -> Iterable[str]:
    """The parameters of MAIL that the caller asked for."""
    dsn = envelope.dsn
    if dsn.ret or dsn.envid:
        _need("DSN", offered, "delivery reports")
    if dsn.ret:
        yield f"RET={'FULL' if dsn.ret == 'full' else 'HDRS'}"
    if dsn.envid:
        yield f"ENVID={xtext(dsn.envid)}"
    if envelope.require_tls:
        _need("REQUIRETLS", offered, "TLS all the way")
        if not secure:
            raise NotSupported("send: REQUIRETLS wants this connection to be verified TLS, too",
                               hint='connect with security="tls" or "starttls"')
        yield "REQUIRETLS"
    if envelope.deliver_by is not None:
        yield _deliver_by(envelope.deliver_by, offered)
    if envelope.hold is not None:
        yield _hold(envelope.hold, offered)
    if envelope.priority is not None:
        _need("MT-PRIORITY", offered, "priorities")
        yield f"MT-PRIORITY={envelope.priority}"
    if envelope.submitter is not None:
        _need("AUTH", offered, "submitter")
        yield f"AUTH={xtext(envelope.submitter) if envelope.submitter else '<>'}"


def _deliver_by(by: DeliverBy, offered: Extensions) -> str:
    _need("DELIVERBY", offered, "deadlines of delivery")
    seconds = int(by.within.total_seconds())
    if by.otherwise == "return" and seconds <= 0:  # RFC 2852 section 4
        raise UsageError("deliver_by: that is over; only notify may be late")
    if by.otherwise == "return" and seconds < offered.shortest_delivery:
        raise NotSupported(f"send: delivery within {seconds} s; the server promises no less than "
                           f"{offered.shortest_delivery} s (DELIVERBY)")
    return f"BY={seconds};{'R' if by.otherwise == 'return' else 'N'}{'T' * by.trace}"


def _hold(hold: datetime | timedelta, offered: Extensions) -> str:
    _need("FUTURERELEASE", offered, "sending later",
          hint="postel mail send --later keeps it in your own outbox")
    if isinstance(hold, datetime):
        return f"HOLDUNTIL={hold.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    seconds, longest = int(hold.total_seconds()), offered.longest_hold
    if longest is not None and seconds > longest:
        raise NotSupported(f"send: hold for {seconds} s; the server holds {longest} s at most")
    return f"HOLDFOR={seconds}"


def _report(one: Rcpt, envelope: Envelope, offered: Extensions, *, utf8: bool) -> list[str]:
    """The parameters of RCPT: NOTIFY and ORCPT (RFC 3461 section 4; 6533 for UTF-8)."""
    words: list[str] = []
    notify = one.notify or envelope.dsn.notify
    if notify or one.orcpt:
        _need("DSN", offered, "delivery reports")
    if notify:
        words.append("NOTIFY=" + ",".join(word.upper() for word in notify))
    if one.orcpt:
        path(one.orcpt)
        if one.orcpt.isascii():
            words.append(f"ORCPT=rfc822;{xtext(one.orcpt)}")
        elif utf8:
            words.append(f"ORCPT=utf-8;{_utf8_addr(one.orcpt)}")
        else:
            raise UsageError(f"orcpt: {one.orcpt} goes beyond ASCII, the message does not")
    return words


def _utf8_addr(address: str) -> str:
    """An address as "utf-8-addr-xtext" (RFC 6533 section 3)."""
    return "".join(char if (char.isalnum() and char.isascii()) or char in "@.-_"
                   else f"\\x{{{ord(char):02X}}}" for char in address)


def _need(extension: str, offered: Extensions, what: str, *, hint: str = "") -> None:
    if extension not in offered:
        raise NotSupported(f"send: the server has no {extension}, which {what} need"
                           f"{'s' * (not what.endswith('s'))}",
                           hint=hint or "leave it out, or send through another server")
