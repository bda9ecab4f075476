"""What of a message is signed: its fields and its body in canonical form (RFC 6376 section 3.4).

Grammar. A body of any size is hashed by the chunk in constant memory, and messages may come with
bare LF as files have them: they are signed as SMTP sends them, with CRLF.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

__all__ = ["LONGEST_HEAD", "BodyHash", "Field", "canonical_field", "divide", "fields_of", "select",
           "without_signature"]

LONGEST_HEAD = 4 << 20
"""Bytes of header fields that are looked at."""

_BARE_LF = re.compile(rb"(?<!\r)\n")
_END = re.compile(rb"\r?\n\r?\n")
_FIELDS = re.compile(rb"\r\n(?![ \t])")
_RUN = re.compile(rb"[ \t]{2,}|\t")  # a single space stays as it is


@dataclass(frozen=True, slots=True)
class Field:
    """A header field as it came, folds and all.

    Args:
        name: lower case; "" for a line that is no field.
        raw: name, colon and value, without the last line end.
    """

    name: str
    raw: bytes

    @property
    def value(self) -> bytes:
        """What stands behind the colon."""
        return self.raw.partition(b":")[2]


def divide(message: bytes | Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The header section, and the chunks of the body.

    Args:
        message: whole, or in chunks.

    Example:
        >>> head, body = divide(b"Subject: x\\r\\n\\r\\nhello")
        >>> head, b"".join(body)
        (b'Subject: x\\r\\n', b'hello')
    """
    chunks = iter([message]) if isinstance(message, bytes) else iter(message)
    head = b""
    for chunk in chunks:
        seen = max(0, len(head) - 3)
        head += chunk
        if head.startswith((b"\n", b"\r\n")):
            return b"", chain([head[head.index(b"\n") + 1 :]], chunks)
        if found := _END.search(head, seen):
            first = head.index(b"\n", found.start()) + 1
            return head[:first], chain([head[found.end() :]], chunks)
        if len(head) > LONGEST_HEAD:
            break
    return head, chunks


def fields_of(head: bytes) -> list[Field]:
    """The fields of a header section, from the top.

    Example:
        >>> [field.name for field in fields_of(b"From: a@b\\r\\nSubject: x\\r\\n y\\r\\n")]
        ['from', 'subject']
    """
    if head.count(b"\n") != head.count(b"\r\n"):
        head = _BARE_LF.sub(b"\r\n", head)
    found: list[Field] = []
    for raw in _FIELDS.split(head.removesuffix(b"\r\n")):
        name, colon, _ = raw.partition(b":")
        mbox = not found and name.startswith(b"From ") and name.strip(b" \t") != b"From"
        named = colon and name.strip() and not mbox
        text = name.strip(b" \t").decode("latin-1").lower() if named else ""
        if raw:
            found.append(Field(text, raw))
    return found


def canonical_field(field: Field | bytes, relaxed: bool) -> bytes:
    """A field in canonical form, without a line end at its end.

    Example:
        >>> canonical_field(b"SUBJect :  a\\r\\n\\t b ", True)
        b'subject:a b'
    """
    raw = field.raw if isinstance(field, Field) else field
    if not relaxed:
        return raw
    name, _, value = raw.partition(b":")
    value = _RUN.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + value


def select(fields: list[Field], names: Iterable[str]) -> list[Field]:
    """The fields that a list such as ``h=`` means: of each name the last ones first.

    Args:
        fields: of the message, from the top.
        names: as they are signed; one that is not there (any more) selects nothing.

    Example:
        >>> fields = fields_of(b"To: a\\r\\nTo: b\\r\\n")
        >>> [field.raw for field in select(fields, ["to", "to", "to"])]
        [b'To: b', b'To: a']
    """
    left: dict[str, list[Field]] = {}
    for field in fields:
        if field.name:
            left.setdefault(field.name, []).append(field)
    return [here.pop() for name in names if (here := left.get(name.lower()))]


def without_signature(raw: bytes) -> bytes:
    """A signature's own field with the value of its ``b=`` taken out (section 3.7).

    Example:
        >>> without_signature(b"DKIM-Signature: bh=abc; b=x\\r\\n y; d=z")
        b'DKIM-Signature: bh=abc; b=; d=z'
    """
    name, colon, value = raw.partition(b":")
    parts = value.split(b";")
    for index, part in enumerate(parts):
        tag, sign, _ = part.partition(b"=")
        if sign and tag.strip(b" \t\r\n") == b"b":
            parts[index] = tag + sign
    return name + colon + b";".join(parts)


class BodyHash:
    """SHA-256 of a body in canonical form, chunk by chunk.

    Args:
        relaxed: which of the two forms.

    Example:
        >>> body = BodyHash(relaxed=True)
        >>> body.feed(b"hello  world \\r\\n\\r\\n")
        >>> body.digest() == hashlib.sha256(b"hello world\\r\\n").digest()
        True
    """

    def __init__(self, relaxed: bool) -> None:
        self._relaxed = relaxed
        self._hash = hashlib.sha256()
        self._lines = 0  # line ends that count only if text follows
        self._rest = b""  # an unfinished line of white space
        self._any = False

    def feed(self, chunk: bytes) -> None:
        """Take more of the body."""
        data = self._rest + chunk
        text = data.rstrip(b" \t\r\n" if self._relaxed else b"\r\n")
        self._rest = data[len(text) :]
        if text:
            self._flush()
            bare = text.count(b"\n") != text.count(b"\r\n")
            self._put(_BARE_LF.sub(b"\r\n", text) if bare else text)
        self._count(text[-1:] or b"")

    def _put(self, text: bytes) -> None:
        if self._relaxed:
            text = _RUN.sub(b" ", text).replace(b" \r\n", b"\r\n")
        self._hash.update(text)
        self._any = True

    def _flush(self) -> None:
        """The held line ends were not the last ones."""
        while self._lines:
            some = min(self._lines, 65_536)
            self._hash.update(b"\r\n" * some)
            self._any = True
            self._lines -= some

    def _count(self, before: bytes) -> None:
        """Put whole empty lines of the rest into the count, so that it stays short."""
        rest = _BARE_LF.sub(b"\r\n", self._rest)
        if self._relaxed:
            rest = _RUN.sub(b" ", rest).replace(b" \r\n", b"\r\n")
        last = rest.rfind(b"\n") + 1
        lines, tail = rest[:last], rest[last:]
        whole = lines.count(b"\r\n")
        kept = len(tail) - tail.endswith(b"\r")  # that much of the tail may still mean nothing
        kept = len(tail[:kept].rstrip(b" "))
        self._rest = tail[kept:]
        if not kept and len(lines) == 2 * whole:
            self._lines += whole
            return
        end = len(lines)  # a CR on its own among them is text like any other
        while not kept and lines.endswith(b"\r\n", 0, end):
            end -= 2
        self._flush()
        self._hash.update(lines[:end] + tail[:kept])
        self._any = True
        self._lines = (len(lines) - end) // 2

    def digest(self) -> bytes:
        """The hash of what has come; nothing may be fed afterwards."""
        rest = self._rest.rstrip(b" \t") if self._relaxed else self._rest
        if rest:  # a last line of a lone CR
            self._flush()
            self._put(rest)
        if self._any or not self._relaxed:
            self._hash.update(b"\r\n")
        return self._hash.digest()
