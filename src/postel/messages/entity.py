"""MIME entities as they are written: leaves, and multiparts of them. Grammar: pure.

An entity is its ``Content-*`` fields and its body in pieces. Texts are sent readable where a line
of mail can hold them, as quoted-printable or base64 where not, whichever is shorter; files are
base64, byte for byte; messages that are passed on stay as they came, because their signatures
cover every byte (RFC 2046 section 5.2.1 forbids to encode them, too).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageError
from .codecs import base64, quoted_printable
from .encode_parameters import parameter, safe_file_name
from .encode_words import checked, unstructured, whole
from .fold import LONGEST_LINE, field
from .media_types import type_of
from .source import Attachment, Encoded, Source

__all__ = ["Entity", "Way", "crlf", "file", "joined", "multipart", "readable"]

_TYPE = re.compile(r"([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+)\s*(;.*)?\Z", re.DOTALL)
_TOKENS = re.compile(
    r'\s*;\s*([A-Za-z0-9!#$&^_.+-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))', re.DOTALL)
_ENDS = re.compile(r"\r\n|\r|\n")
_BARE = re.compile(rb"\r\n|\r|\n")
_CONTROLS = bytes((*range(9), 11, 12, *range(14, 32), 127))


@dataclass(frozen=True)
class Way:
    """What the way to the recipients can carry, and the token that boundaries are made of.

    Args:
        token: unlike any other message's.
        eight_bit: texts may hold bytes above 127.
        seven_bit: nothing may hold them, not even messages passed on.
        utf8: headers may be in UTF-8.
        fixed: nothing on the way may change a byte: it will be signed (RFC 1847 section 2.1).
    """

    token: str
    eight_bit: bool = False
    seven_bit: bool = False
    utf8: bool = False
    fixed: bool = False


@dataclass(frozen=True)
class Entity:
    """One part.

    Args:
        head: its ``Content-*`` fields.
        body: its pieces.
        eight_bit: whether some piece holds bytes above 127.
    """

    head: bytes
    body: tuple[bytes | Encoded, ...]
    eight_bit: bool = False

    @property
    def pieces(self) -> tuple[bytes | Encoded, ...]:
        """Head and body."""
        return (self.head + b"\r\n", *self.body)


def crlf(text: str) -> bytes:
    """A text in UTF-8 whose lines end in CRLF, the last one, too.

    Raises:
        UsageError: it holds half a character.
    """
    raw = _ENDS.sub("\n", whole(text, "text")).encode("utf-8").replace(b"\n", b"\r\n")
    return raw if raw.endswith(b"\r\n") or not raw else raw + b"\r\n"


def readable(text: str, subtype: str, way: Way, *more: str) -> Entity:
    """A text, to be shown.

    Args:
        text: with any line ends.
        subtype: of ``text/``.
        way: what it can carry.
        more: further words of Content-Type.
    """
    raw = crlf(text)
    ascii_only = raw.isascii()
    charset = "us-ascii" if ascii_only else "utf-8"
    words = [f"text/{subtype}", f"charset={charset}", *more]
    encoding, body = _encoded_text(raw, way)
    head = _typed(words) + field("Content-Transfer-Encoding", [encoding])
    return Entity(head, (body,), encoding == "8bit")


def _encoded_text(raw: bytes, way: Way) -> tuple[str, bytes]:
    plain = (len(raw.translate(None, _CONTROLS)) == len(raw) and not _long(raw)
             and b"\nFrom " not in raw and not raw.startswith(b"From "))  # mailbox files quote it
    if way.fixed and (b" \r\n" in raw or b"\t\r\n" in raw):
        plain = False  # RFC 3156 section 5
    if plain and raw.isascii():
        return "7bit", raw
    if plain and way.eight_bit and not way.seven_bit:
        return "8bit", raw
    above = len(raw) - len(raw.translate(None, bytes(range(128, 256))))
    if above * 3 > len(raw):  # each takes three characters in quoted-printable
        return "base64", base64.encode(raw)
    return "quoted-printable", quoted_printable.encode(raw)


def _typed(words: Sequence[str]) -> bytes:
    return field("Content-Type", [word + ";" for word in words[:-1]] + [words[-1]])


def file(given: Attachment, way: Way, *, disposition: str, cid: str = "") -> Entity:
    """An attached file.

    Args:
        given: with bytes or a source as its content.
        way: what it can carry.
        disposition: ``"attachment"`` or ``"inline"``.
        cid: its Content-ID, without brackets.
    """
    content = given.content
    name = safe_file_name(checked_name(given.name)) if given.name else ""
    sample = content[:1024] if isinstance(content, bytes) else b""
    words = _type_words(given.type or type_of(name, sample), way)
    if words[0].lower().startswith("message/"):  # RFC 2046 section 5.2, 3464, 8098
        if isinstance(content, bytes) and (kept := _message(content, way)) is not None:
            return _passed_on(kept, words, name, disposition, way)
        words = ["application/octet-stream"]  # what must not be encoded, and has to be
    if words[0].lower().startswith("multipart/"):
        words = ["application/octet-stream"]
    if words[0].lower().startswith("text/") and isinstance(content, bytes) and (
            not any(word.lower().startswith("charset") for word in words)):
        words += _charset(content)
    if name:
        words += parameter("name", name, utf8=way.utf8)
    head = _typed(words) + _disposition(disposition, name, way)
    if cid:
        head += field("Content-ID", [f"<{cid}>"])
    if given.description:
        head += field("Content-Description", unstructured(
            checked(given.description, "description"), 50, utf8=way.utf8))
    head += field("Content-Transfer-Encoding", ["base64"])
    body = Encoded(content) if isinstance(content, Source) else base64.encode(_bytes(content))
    return Entity(head, (body,))


def checked_name(name: str) -> str:
    """*name*, a text; what a name must not hold is replaced later."""
    if not isinstance(name, str):
        raise UsageError(f"attach: a name that is {type(name).__name__}, not a text")
    return name


def _charset(content: bytes) -> list[str]:
    """UTF-8, if that is what a text beyond ASCII is in."""
    try:
        return [] if content.isascii() or not content.decode("utf-8") else ["charset=utf-8"]
    except UnicodeDecodeError:
        return []


def _bytes(content: object) -> bytes:
    if not isinstance(content, bytes):  # pragma: no cover - attachment() has seen to it
        raise UsageError(f"attach: {type(content).__name__} cannot be attached")
    return content


def _disposition(kind: str, name: str, way: Way) -> bytes:
    words = [kind, *(parameter("filename", name, utf8=way.utf8) if name else [])]
    return field("Content-Disposition", [word + ";" for word in words[:-1]] + [words[-1]])


def _type_words(text: str, way: Way) -> list[str]:
    """The type and each parameter of a type that the caller gave, written anew."""
    found = _TYPE.match(checked(text, "type"))
    if found is None:
        raise UsageError(f"type '{text}': a MIME type looks like text/csv; charset=utf-8")
    words, at, rest = [found[1]], 0, found[2] or ""
    while rest[at:].strip(" ;"):
        one = _TOKENS.match(rest, at)
        if one is None:
            raise UsageError(f"type '{text}': after '{found[1]}' comes ; name=value")
        value = one[3] if one[3] is not None else re.sub(r"\\(.)", r"\1", one[2])
        words += parameter(one[1], value, utf8=way.utf8)
        at = one.end()
    return words


def _message(content: bytes, way: Way) -> bytes | None:
    """A message that can be passed on as it is; None if it would have to be encoded."""
    if b"\0" in content or (way.seven_bit and not content.isascii()):
        return None
    pairs = content.count(b"\r\n")
    if not content.count(b"\r") == pairs == content.count(b"\n"):
        content = _BARE.sub(b"\r\n", content)
    return None if _long(content) else content


def _long(data: bytes) -> bool:
    """Whether a line of it is longer than lines of mail can be; its CR counts for one byte."""
    return max(map(len, data.split(b"\n"))) > LONGEST_LINE + 1


def _passed_on(content: bytes, words: list[str], name: str, disposition: str, way: Way) -> Entity:
    eight = not content.isascii()
    head = (_typed(words) + _disposition(disposition, name, way)
            + field("Content-Transfer-Encoding", ["8bit" if eight else "7bit"]))
    return Entity(head, (content,), eight)


def multipart(subtype: str, parts: Sequence[Entity], way: Way, number: int, *more: str) -> Entity:
    """A multipart.

    Args:
        subtype: ``"mixed"``, ``"alternative"``, ``"related"`` …
        parts: in their order.
        way: whose token the boundary is made of.
        number: tells it from the message's other multiparts.
        more: further words of Content-Type.
    """
    memory = [piece for part in parts for piece in part.body if isinstance(piece, bytes)]
    boundary = f"=_{way.token}_{number}_"  # "=_" never stands in what is encoded
    while any(b"--" + boundary.encode("ascii") in piece for piece in memory):
        boundary += "x"
    line = b"--" + boundary.encode("ascii")
    body: list[bytes | Encoded] = []
    for part in parts:
        first, *rest = part.pieces
        body += [line + b"\r\n" + first if isinstance(first, bytes) else line, *rest, b"\r\n"]
    body.append(line + b"--\r\n")
    eight = any(part.eight_bit for part in parts)
    head = _typed([f"multipart/{subtype}", f'boundary="{boundary}"', *more])
    if eight:
        head += field("Content-Transfer-Encoding", ["8bit"])
    return Entity(head, joined(body), eight)


def joined(pieces: Sequence[bytes | Encoded]) -> tuple[bytes | Encoded, ...]:
    """Neighbouring bytes as one."""
    made: list[bytes | Encoded] = []
    held: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            held.append(piece)
            continue
        made += [b"".join(held), piece]
        held = []
    if held:
        made.append(b"".join(held))
    return tuple(made)
