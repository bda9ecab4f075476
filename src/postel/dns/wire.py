"""The messages of the DNS, in both directions, on dnspython's codec (RFC 1035, 2782, 6698, 6891).

Grammar. Whatever comes is a `Response`, or a `ProtocolError`; what belongs to another question is
told apart by `is_answer` before it is believed (RFC 5452 section 9).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError, UsageError
from ..urls import parse as parse_url
from .types import KINDS, MX, SRV, TLSA

if TYPE_CHECKING:
    from dns.message import QueryMessage

__all__ = ["LARGEST", "PAYLOAD", "RCODES", "Response", "ask", "codec", "message_of",
           "name_of", "parse", "resolver_at", "reverse"]

PAYLOAD = 1232
"""Bytes of an answer by datagram that pass everywhere in one piece; longer ones come by TCP."""

LARGEST = 65_535
"""Bytes of any message (RFC 1035 section 4.2.2)."""

MOST_RECORDS = 1_000
"""Records of one answer that are read."""

RCODES = {0: "no error", 1: "it did not understand the question", 2: "it failed (SERVFAIL)",
          3: "there is no such name", 4: "it does not do that", 5: "it refused to answer",
          9: "it is not responsible for that zone"}
"""What a response code means."""

_LONGEST_NAME = 253
_FORBIDDEN = re.compile(r"[\0-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Response:
    """A response, as far as it concerns the question.

    Args:
        rcode: 0, or why not.
        truncated: whether to ask again by TCP.
        authenticated: whether the server says that DNSSEC proved it (AD).
        records: typed records of the kind asked for.
        ttl: seconds that it may be kept.
        canonical: the end of the chain of CNAMEs.
    """

    rcode: int
    truncated: bool = False
    authenticated: bool = False
    records: tuple[Any, ...] = ()
    ttl: int = 0
    canonical: str = ""


def codec() -> Any:
    """dnspython, loaded when it is needed.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import dns.message
        import dns.rdatatype
        import dns.reversename
    except ImportError:
        raise UsageError("asking the DNS needs dnspython",
                         hint="pip install 'postel[dns]'") from None
    return dns


def name_of(text: str) -> str:
    """A domain name as the wire wants it: A-labels, no last dot.

    Raises:
        UsageError: it is none.

    Example:
        >>> name_of("_dmarc.Bücher.example."), name_of("example.org")
        ('_dmarc.xn--bcher-kva.example', 'example.org')
    """
    name = text.removesuffix(".")
    if not name.isascii():
        try:
            name = ".".join(label if label.isascii() else label.encode("idna").decode("ascii")
                            for label in re.split("[.\u3002\uff0e\uff61]", name))
        except UnicodeError:
            name = ""
    labels = name.split(".")
    if (not name or len(name) > _LONGEST_NAME or _FORBIDDEN.search(name) or "\\" in name
            or not all(0 < len(label) < 64 for label in labels)):
        raise UsageError(f"look up {text[:100]!a}: it is no domain name",
                         hint="labels of 1 to 63 characters with dots between them")
    return name


def reverse(address: str) -> str:
    """The name below which the PTR records of an address are.

    Raises:
        UsageError: it is no address.

    Example:
        >>> reverse("192.0.2.1")
        '1.2.0.192.in-addr.arpa'
    """
    from ipaddress import ip_address

    try:
        return ip_address(address.partition("%")[0]).reverse_pointer
    except ValueError:
        raise UsageError(f"look up {address[:100]!a}: it is no IP address") from None


def resolver_at(text: str, port: int) -> tuple[str, int]:
    """The host and port of a resolver.

    Args:
        text: ``192.0.2.53``, ``dns.example.org:5353``, ``[2001:db8::53]:53``, ``2001:db8::53``.
        port: where *text* says none.

    Example:
        >>> resolver_at("127.0.0.1:5353", 53), resolver_at("::1", 53)
        (('127.0.0.1', 5353), ('::1', 53))
    """
    bare = text.count(":") > 1 and not text.startswith("[") and "/" not in text
    url = parse_url(f"[{text}]" if bare else text, default_scheme="dns")
    return url.host, url.port or port


def ask(name: str, kind: str, number: int, *, checked: bool = True) -> bytes:
    """A question, ready to be sent.

    Args:
        name: as `name_of` gives it.
        kind: one of `KINDS`.
        number: 0 to 65535; nobody should be able to guess it.
        checked: False asks for what fails DNSSEC too (CD).

    Raises:
        UsageError: the kind is not known.
    """
    dns = codec()
    if kind not in KINDS:
        raise UsageError(f"no records of type {kind!a} are asked for here",
                         hint=f"one of {', '.join(KINDS)}")
    message = dns.message.make_query(name, kind, use_edns=0, payload=PAYLOAD, id=number)
    message.flags |= dns.flags.AD  # "tell me whether you validated it" (RFC 6840 section 5.7)
    if not checked:
        message.flags |= dns.flags.CD
    return bytes(message.to_wire())


def parse(data: bytes, name: str, kind: str, number: int) -> Response | None:
    """What *data* answers to that question; None where it answers another.

    Args:
        data: one message.
        name: what was asked for.
        kind: of which type.
        number: as it was sent.

    Raises:
        ProtocolError: it is no message of the DNS.
    """
    message = message_of(data)
    if message.id != number or not _is_answer(message, name, kind):
        return None
    dns = codec()
    truncated = bool(message.flags & dns.flags.TC)
    authenticated = bool(message.flags & dns.flags.AD)
    rcode = int(message.rcode())
    if rcode not in (0, 3) or truncated:
        return Response(rcode, truncated, authenticated)
    try:
        chain = message.resolve_chaining()
    except (dns.exception.DNSException, ValueError) as error:
        raise ProtocolError(f"the answer to {kind} {name}: {_reason(error)}") from None
    found = list(chain.answer or ())[:MOST_RECORDS]
    canonical = _text(chain.canonical_name)
    return Response(rcode, truncated, authenticated, tuple(_typed(kind, found)),
                    min(chain.minimum_ttl, 86_400), canonical)


def message_of(data: bytes) -> QueryMessage:
    """The message that *data* is.

    Raises:
        ProtocolError: it is none.
    """
    dns = codec()
    try:
        message: QueryMessage = dns.message.from_wire(data, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, IndexError, KeyError) as error:
        raise ProtocolError(f"a message of the DNS: {_reason(error)}") from None
    return message


def _is_answer(message: QueryMessage, name: str, kind: str) -> bool:
    dns = codec()
    if not message.flags & dns.flags.QR or message.opcode() != dns.opcode.QUERY:
        return False
    if not message.question:  # servers that fail early leave it out
        return message.rcode() != 0
    one = message.question[0]
    return (len(message.question) == 1 and one.rdtype == dns.rdatatype.from_text(kind)
            and one.rdclass == dns.rdataclass.IN and one.name == dns.name.from_text(name))


def _reason(error: Exception) -> str:
    return str(error).lower().rstrip(".") or type(error).__name__


def _text(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).removesuffix(".")


def _typed(kind: str, found: Iterable[Any]) -> Iterable[Any]:
    make = _MAKERS[kind]
    records = [make(one) for one in found]
    return sorted(records) if kind in ("MX", "SRV") else records


_MAKERS: dict[str, Callable[[Any], Any]] = {
    "A": lambda one: str(one.address),
    "AAAA": lambda one: str(one.address),
    "CNAME": lambda one: _text(one.target),
    "MX": lambda one: MX(int(one.preference), _text(one.exchange)),
    "NS": lambda one: _text(one.target),
    "PTR": lambda one: _text(one.target),
    "SRV": lambda one: SRV(int(one.priority), int(one.weight), int(one.port), _text(one.target)),
    "TLSA": lambda one: TLSA(int(one.usage), int(one.selector), int(one.mtype), bytes(one.cert)),
    "TXT": lambda one: b"".join(one.strings).decode("utf-8", "surrogateescape"),
}
