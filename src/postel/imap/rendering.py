"""The grammar of what FETCH answers: ENVELOPE, BODYSTRUCTURE, sections (RFC 9051 7.5.2). Pure.

Everything is read from the message's own bytes by `postel.messages`: what stands in a field goes
out as it stands there, encoded words and all. Parts that are nested deeper than `DEEPEST` are told
as plain bytes: a client's reader is not to be broken by what a stranger sent.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime

from ..messages import Address, Group, Parsed
from ..messages.addresses import AddressList, parse_addresses
from ..messages.headers import unfolded
from ..messages.part import Part
from .fetch_items import Partial, Section
from .wire_server import literal, nstring

__all__ = ["binary", "envelope", "internal_date", "preview", "section", "structure"]

DEEPEST = 60
PREVIEW = 200
"""Characters of a PREVIEW (RFC 8970 section 3.1: 200, or fewer)."""

_MARK = "=\ue000?"
_PARAMETER = re.compile(
    r';\s*([^\s=;"]{1,200})\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]+)', re.DOTALL)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IDENTITY = ("", "7bit", "8bit", "binary")
_MESSAGES = ("message/rfc822", "message/global")


def internal_date(moment: datetime) -> bytes:
    """As INTERNALDATE has it.

    Example:
        >>> from datetime import UTC, datetime
        >>> internal_date(datetime(2026, 2, 1, 9, 5, 0, tzinfo=UTC))
        b'" 1-Feb-2026 09:05:00 +0000"'
    """
    shift = moment.utcoffset()
    minutes = int(shift.total_seconds() // 60) if shift else 0
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return (f'"{moment.day:2d}-{_MONTHS[moment.month - 1]}-{moment.year:04d} '
            f'{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} '
            f'{sign}{hours:02d}{minutes:02d}"').encode()


# -- the envelope --------------------------------------------------------------------------------


def envelope(message: Parsed) -> bytes:
    """The ENVELOPE of a message.

    Example:
        >>> from postel.messages import parse
        >>> envelope(parse(b"From: Ann <a@x.example>\\r\\nSubject: Hi\\r\\n\\r\\n")).decode()
        '(NIL "Hi" (("Ann" NIL "a" "x.example")) (("Ann" NIL "a" "x.example")) \
(("Ann" NIL "a" "x.example")) NIL NIL NIL NIL NIL)'
    """
    from_ = _addresses(message, "from")
    sender = _addresses(message, "sender")
    reply_to = _addresses(message, "reply-to")
    fields = [_field(message, "date"), _field(message, "subject"), from_,
              from_ if sender == b"NIL" else sender, from_ if reply_to == b"NIL" else reply_to,
              _addresses(message, "to"), _addresses(message, "cc"), _addresses(message, "bcc"),
              _field(message, "in-reply-to"), _field(message, "message-id")]
    return b"(" + b" ".join(fields) + b")"


def _field(message: Parsed, name: str) -> bytes:
    found = message.headers.bytes(name)
    if not found:
        return b"NIL"
    return nstring(_clean(found[0]))


def _clean(raw: bytes) -> bytes:
    """A field's value on one line, as it stands there."""
    if b"\n" in raw:
        raw = b" ".join(line.strip(b" \t\r") for line in raw.strip(b" \t\r\n").split(b"\n"))
    return raw.strip(b" \t\r").replace(b"\0", b"").replace(b"\r", b" ")


def _addresses(message: Parsed, name: str) -> bytes:
    found = message.headers.bytes(name)
    if not found:
        return b"NIL"
    made = list[bytes]()
    for raw in found:
        made += _listed(parse_addresses(unfolded(raw).replace("=?", _MARK)))
    return b"(" + b"".join(made) + b")" if made else b"NIL"


def _listed(addresses: AddressList) -> list[bytes]:
    made = list[bytes]()
    for one in addresses:
        if isinstance(one, Group):
            made.append(b"(NIL NIL " + _text(one.name) + b" NIL)")
            made += [_address(member) for member in one.members]
            made.append(b"(NIL NIL NIL NIL)")
        else:
            made.append(_address(one))
    return made


def _address(one: Address) -> bytes:
    local, at, domain = one.address.rpartition("@")
    if not at:
        local, domain = domain, ""
    name = _text(one.name) if one.name else b"NIL"
    return b"(" + name + b" NIL " + _text(local) + b" " + _text(domain) + b")"


def _text(text: str) -> bytes:
    return nstring(text.replace(_MARK, "=?").replace("\0", "").encode("utf-8", "surrogateescape"))


# -- the structure -------------------------------------------------------------------------------


def structure(message: Parsed, *, extended: bool = True) -> bytes:
    """The BODYSTRUCTURE of a message, or the shorter BODY.

    Example:
        >>> from postel.messages import parse
        >>> message = parse(b"Content-Type: text/html\\r\\n\\r\\nhi\\r\\n")
        >>> structure(message, extended=False).decode()
        '("TEXT" "HTML" ("CHARSET" "us-ascii") NIL NIL "7BIT" 4 1)'
    """
    return _part(message.root, extended, 0)


def _part(part: Part, extended: bool, depth: int) -> bytes:
    children = inside(part) if depth < DEEPEST else ()
    if part.content_type.startswith("multipart/") and depth < DEEPEST:
        words = [b"".join(_part(child, extended, depth + 1) for child in children)
                 or b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 0 0'
                 + (b" NIL NIL NIL NIL)" if extended else b")"),
                 _word(part.content_type.partition("/")[2])]
        if extended:
            words += [_parameters(part, "content-type"), *_extension(part)]
        return b"(" + b" ".join(words) + b")"
    words = _basic(part)
    if part.content_type.startswith("text/"):
        words.append(b"%d" % part.encoded.count(b"\n"))
    elif part.content_type in _MESSAGES and children and depth < DEEPEST:
        inner = children[0]
        words += [envelope(Parsed(inner.source)), _part(inner, extended, depth + 1),
                  b"%d" % part.encoded.count(b"\n")]
    if extended:
        words += [_optional(part, "content-md5"), *_extension(part)]
    return b"(" + b" ".join(words) + b")"


def inside(part: Part) -> tuple[Part, ...]:
    """The parts of *part* whose bytes are its own: what is encoded as a whole is not opened."""
    children = part.children
    return tuple(child for child in children if child.raw is part.raw)


def _basic(part: Part) -> list[bytes]:
    kind = part.content_type
    if kind.startswith("multipart/") or (kind in _MESSAGES and not inside(part)):
        kind = "application/octet-stream"
    media, _, subtype = kind.partition("/")
    parameters = _parameters(part, "content-type")
    if kind.startswith("text/") and b'"CHARSET"' not in parameters.upper():
        parameters = (b'("CHARSET" "us-ascii")' if parameters == b"NIL"
                      else b'("CHARSET" "us-ascii" ' + parameters[1:])
    return [_word(media), _word(subtype), parameters, _optional(part, "content-id"),
            _optional(part, "content-description"), _word(part.encoding or "7bit"),
            b"%d" % (part.end - part.body)]


def _word(text: str) -> bytes:
    return nstring(text.upper().encode("utf-8", "replace").replace(b"\0", b""))


def _optional(part: Part, name: str) -> bytes:
    found = part.headers.bytes(name)
    return nstring(_clean(found[0])) if found else b"NIL"


def _parameters(part: Part, name: str) -> bytes:
    """Parameters as they were written: RFC 2231's continuations are the client's affair."""
    found = part.headers.bytes(name)
    if not found:
        return b"NIL"
    text = _clean(found[0]).decode("utf-8", "surrogateescape")
    words = list[bytes]()
    for key, value in _PARAMETER.findall(text):
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        words += [nstring(key.upper().encode("utf-8", "surrogateescape")),
                  nstring(value.encode("utf-8", "surrogateescape"))]
    return b"(" + b" ".join(words) + b")" if words else b"NIL"


def _extension(part: Part) -> list[bytes]:
    """Disposition, language, location."""
    disposition = b"NIL"
    if found := part.headers.bytes("content-disposition"):
        kind = re.match(rb"[^;\s]*", _clean(found[0]))
        disposition = (b"(" + _word((kind[0] if kind else b"").decode("utf-8", "replace")) + b" "
                       + _parameters(part, "content-disposition") + b")")
    languages = part.headers.bytes("content-language")
    tags = [one.strip() for one in _clean(languages[0]).split(b",")] if languages else []
    tags = [tag for tag in tags if tag]
    language = (b"NIL" if not tags else nstring(tags[0]) if len(tags) == 1
                else b"(" + b" ".join(nstring(tag) for tag in tags) + b")")
    return [disposition, language, _optional(part, "content-location")]


# -- sections ------------------------------------------------------------------------------------


def section(message: Parsed, wanted: Section, partial: Partial | None = None) -> bytes | None:
    """The bytes of a section; None where the message has no such part.

    Example:
        >>> from postel.messages import parse
        >>> message = parse(b"Subject: x\\r\\nTo: y\\r\\n\\r\\nbody\\r\\n")
        >>> section(message, Section((), "TEXT")), section(message, Section((), "", ()))[:7]
        (b'body\\r\\n', b'Subject')
        >>> section(message, Section((), "HEADER.FIELDS", (b"TO",)))
        b'To: y\\r\\n\\r\\n'
    """
    data = _section(message, wanted)
    if data is None or partial is None:
        return data
    return data[partial.origin : partial.origin + partial.length]


def _section(message: Parsed, wanted: Section) -> bytes | None:
    if not wanted.parts and not wanted.text:
        return message.raw
    part: Part | None = message.root
    if wanted.parts:
        part = find(message.root, wanted.parts)
    if part is None:
        return None
    if wanted.parts and wanted.text in ("TEXT", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT"):
        nested = inside(part)
        if part.content_type not in _MESSAGES or not nested:
            return None
        part = nested[0]
    match wanted.text:
        case "":
            return part.encoded
        case "TEXT":
            return part.encoded
        case "HEADER" | "MIME":
            return part.raw[part.start : part.body]
    return _fields(part, wanted)


def _fields(part: Part, wanted: Section) -> bytes:
    names = {name.upper() for name in wanted.fields}
    keep = wanted.text == "HEADER.FIELDS"
    found = [field.raw for field in part.headers
             if (field.name.upper().encode("ascii", "replace") in names) is keep]
    made = b"".join(found)
    return made + (b"\r\n" if made.endswith(b"\n") or not made else b"\r\n\r\n")


def find(root: Part, numbers: tuple[int, ...]) -> Part | None:
    """The part of these numbers, from the outside in."""
    here, whole = root, True
    for place, number in enumerate(numbers):
        if place and here.content_type in _MESSAGES and (nested := inside(here)):
            here, whole = nested[0], True
        children = inside(here) if here.content_type.startswith("multipart/") else ()
        if children:
            if number > len(children):
                return None
            here, whole = children[number - 1], False
        elif number != 1 or not whole:
            return None
        else:
            whole = False
    return here


def binary(message: Parsed, wanted: Section) -> bytes | None:
    """The bytes of a part with its transfer encoding undone; None where there is no such part.

    Raises:
        ValueError: the encoding is unknown.
    """
    part = find(message.root, wanted.parts) if wanted.parts else None
    if not wanted.parts:
        return message.raw
    if part is None:
        return None
    if part.encoding not in (*_IDENTITY, "base64", "quoted-printable"):
        raise ValueError(part.encoding)
    return part.content if part.encoding not in _IDENTITY else part.encoded


def preview(message: Parsed) -> bytes:
    """The first words of a message's text, on one line (RFC 8970)."""
    text = " ".join(message.text[: PREVIEW * 20].split())
    return text[:PREVIEW].encode("utf-8", "replace")


def in_base64(data: bytes) -> bytes:
    """*data* in base64, for identifiers."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def as_literal(data: bytes | None) -> bytes:
    """What a section is answered by: NIL, or a literal even where it is short."""
    return b"NIL" if data is None else literal(data)
