"""The grammar of BODYSTRUCTURE: a message's parts, without the message (RFC 9051 section 7.5.2).

A tree of typed parts, each with the number by which it is fetched. What a server got wrong is read
as it was meant wherever that can be told: multiparts without parts (``("ALTERNATIVE")``, Gmail),
messages described like files, dispositions that are a word instead of a list, sizes below nothing,
languages and dispositions that have changed places, fields that are missing or one too many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..messages.parameters import parse_parameters
from ..messages.words import decode_words
from .envelope import Envelope
from .tokens import Value
from .values import number, text, texts

__all__ = ["DEEPEST_PART", "Structure"]

DEEPEST_PART = 100
"""Parts within parts that are read; what is deeper is left out, as Dovecot does."""

_MOST_PARTS = 10_000
_ENCODINGS = frozenset({"7bit", "8bit", "binary", "base64", "quoted-printable"})
_DISPOSITIONS = frozenset({"inline", "attachment", "form-data"})


@dataclass(frozen=True, slots=True, repr=False)
class Structure:
    """A part of a message as the server describes it.

    Args:
        content_type: as ``"text/plain"``, in lower case.
        section: what to fetch for its content, as ``"1.2"``: ``BODY[1.2]``.
        parameters: of its type, decoded, by lower-case name.
        content_id: with its angle brackets.
        description: decoded.
        encoding: of its transfer, in lower case: ``base64``, ``quoted-printable``, ``7bit`` …
        size: in bytes, as encoded; 0 for a multipart.
        lines: of a text or a message.
        disposition: ``attachment``, ``inline`` or "".
        disposition_parameters: decoded, by lower-case name.
        languages: it is written in.
        location: its URI.
        md5: of its content.
        envelope: of a message within the message.
        parts: of a multipart; of a message its one part.

    Example:
        >>> found = Structure.read([
        ...     ["TEXT", "PLAIN", [b"CHARSET", b"utf-8"], None, None, b"7BIT", "12", "1"],
        ...     ["IMAGE", "PNG", [b"NAME", b"a.png"], None, None, b"BASE64", "4000"], b"MIXED"])
        >>> found.content_type, [part.section for part in found.parts]
        ('multipart/mixed', ['1', '2'])
        >>> found.text.section, found.attachments[0].filename
        ('1', 'a.png')
    """

    content_type: str
    section: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    content_id: str = ""
    description: str = ""
    encoding: str = "7bit"
    size: int = 0
    lines: int | None = None
    disposition: str = ""
    disposition_parameters: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    location: str = ""
    md5: str = ""
    envelope: Envelope | None = None
    parts: tuple[Structure, ...] = ()

    @classmethod
    def read(cls, values: Value) -> Structure:
        """A body structure from the values of a response; whatever they are, it is one."""
        return _Reader().part(values, "", "", 0)

    def __repr__(self) -> str:
        name = f" {self.filename!r}" if self.filename else ""
        return f"<{self.section or 'whole'} {self.content_type}{name} {self.size} bytes>"

    @property
    def is_multipart(self) -> bool:
        """Whether it has parts of its own, and no content."""
        return self.content_type.startswith("multipart/")

    @property
    def charset(self) -> str:
        """As declared; "" where nothing is."""
        return self.parameters.get("charset", "")

    @property
    def filename(self) -> str:
        """As the sender wrote it, from either of its two places; "" without one. It is no path."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name", "")

    @property
    def mime_section(self) -> str:
        """What to fetch for its own header fields: ``BODY[1.2.MIME]``."""
        if self.section in ("", "TEXT"):
            return "HEADER"
        if self.section.endswith(".TEXT"):
            return f"{self.section[:-5]}.HEADER"
        return f"{self.section}.MIME"

    @property
    def is_attachment(self) -> bool:
        """Whether a reader shows it as a file, not as text of the message."""
        if self.is_multipart:
            return False
        if self.disposition == "attachment":
            return True
        return bool(self.filename) or not self.content_type.startswith("text/")

    def walk(self, *, into_messages: bool = True) -> Iterator[Structure]:
        """This part and all below it, in order.

        Args:
            into_messages: also the parts of messages within the message.
        """
        left = [self]
        while left:
            part = left.pop()
            yield part
            if into_messages or part.is_multipart:
                left += reversed(part.parts)

    def find(self, section: str) -> Structure | None:
        """The part with that number; None if there is none."""
        wanted = section.upper()
        return next((part for part in self.walk() if part.section == wanted), None)

    @property
    def text(self) -> Structure | None:
        """The part that is the message's plain text."""
        return self._body("text/plain")

    @property
    def html(self) -> Structure | None:
        """The part that is the message's text in HTML."""
        return self._body("text/html")

    @property
    def attachments(self) -> tuple[Structure, ...]:
        """Files and messages within; neither texts nor pictures that an HTML text shows."""
        inside = {id(one) for part in self.walk(into_messages=False)
                  if part.content_type == "multipart/related" and part.html is not None
                  for one in part.walk(into_messages=False)
                  if one.content_id and one.disposition != "attachment"}
        return tuple(part for part in self.walk(into_messages=False)
                     if part.is_attachment and id(part) not in inside)

    def _body(self, kind: str) -> Structure | None:
        return next((part for part in self.walk(into_messages=False)
                     if part.content_type == kind and part.disposition != "attachment"), None)


class _Reader:
    """One structure on its way."""

    def __init__(self) -> None:
        self._count = 0

    def part(self, values: Value, section: str, inside: str, depth: int) -> Structure:
        """One part.

        Args:
            values: of it.
            section: its number; "" for the body of a message, whole.
            inside: the number of the message that this is the body of, with its dot.
            depth: of parts around it.
        """
        self._count += 1
        while isinstance(values, list) and len(values) == 1 and isinstance(values[0], list):
            values = values[0]  # parentheses around it once too often
        if not isinstance(values, list) or not values:
            return Structure("text/plain" if depth == 0 else "application/octet-stream",
                             section or f"{inside}1")
        if isinstance(values[0], list) or _childless(values):
            return self._multipart(values, section, inside, depth)
        return self._single(values, section or f"{inside}1", depth)

    def _multipart(self, values: list[Value], section: str, inside: str, depth: int) -> Structure:
        children = list[Structure]()
        place, prefix = 0, f"{section}." if section else inside
        while place < len(values) and (isinstance(values[place], list) or (
                values[place] is None and any(isinstance(one, list) for one in values[place:]))):
            if values[place] and depth < DEEPEST_PART and self._count < _MOST_PARTS:
                children.append(self.part(values[place], f"{prefix}{place + 1}", "", depth + 1))
            place += 1
        rest = values[place:]
        kind = text(rest[0]).lower() if rest else ""
        made = Structure(f"multipart/{kind or 'mixed'}", section or f"{inside}TEXT",
                         _parameters(rest[1]) if len(rest) > 1 else {}, parts=tuple(children))
        return _extended(made, rest[2:])

    def _single(self, values: list[Value], section: str, depth: int) -> Structure:
        """A part with content: type, subtype, parameters, id, description, encoding, size, more."""
        head: list[Value] = [*values, *[None] * 7][:7]
        rest = values[7:]
        if number(head[6]) is None and rest and number(rest[0]) is not None \
                and text(head[6]).lower() in _ENCODINGS:
            head[5:7], rest = [head[6], rest[0]], rest[1:]  # Exchange: one description too many
        kind, subtype = text(head[0]).lower(), text(head[1]).lower()
        content_type = f"{kind or 'application'}/{subtype or _USUAL.get(kind, 'octet-stream')}"
        made = Structure(
            content_type, section, _parameters(head[2]), text(head[3]).strip(),
            _shown(text(head[4])), text(head[5]).lower() or "7bit", number(head[6]) or 0)
        if kind == "message" and len(rest) > 1 and isinstance(rest[0], list) \
                and isinstance(rest[1], list):
            inner = () if depth >= DEEPEST_PART else (
                self.part(rest[1], "", f"{section}.", depth + 1),)
            made = replace(made, envelope=Envelope(rest[0]), parts=inner)
            rest = rest[2:]
        if rest and (kind in ("text", "message")) and _is_lines(rest):
            made = replace(made, lines=number(rest[0]))
            rest = rest[1:]
        if rest:
            made = replace(made, md5=text(rest[0]))
        return _extended(made, rest[1:])


_USUAL = {"text": "plain", "multipart": "mixed", "message": "rfc822"}


def _childless(values: list[Value]) -> bool:
    """A multipart without parts: ``("ALTERNATIVE")``, ``("MIXED" ("BOUNDARY" "x") NIL NIL)``."""
    if len(values) == 1:
        return isinstance(values[0], str | bytes) and "/" not in text(values[0])
    return isinstance(values[1], list) or (values[1] is None and len(values) < 6)


def _is_lines(rest: list[Value]) -> bool:
    """Whether a count of lines stands here; where it lacks, MD5 (nearly always NIL) does."""
    return number(rest[0]) is not None or (isinstance(rest[0], str) and rest[0][:1] == "-") \
        or (rest[0] is None and len(rest) > 4)


def _extended(made: Structure, rest: list[Value]) -> Structure:
    """Disposition, language, location: in this order, or nearly."""
    found: dict[str, Any] = {}
    rest = [one for one in rest if not isinstance(one, list) or one]
    for one in rest[:2]:
        if "disposition" not in found and _is_disposition(one):
            name = one[0] if isinstance(one, list) else one
            found["disposition"] = text(name).lower()
            if isinstance(one, list) and len(one) > 1:
                found["disposition_parameters"] = _parameters(one[1])
        elif one is not None and "languages" not in found:
            found["languages"] = texts(one)
    if len(rest) > 2 and isinstance(rest[2], str | bytes):
        found["location"] = "".join(text(rest[2]).split())
    return replace(made, **found) if found else made


def _is_disposition(value: Value) -> bool:
    """Some servers have disposition and language the other way round, or a word for the list."""
    if isinstance(value, list):
        return text(value[0]).lower() in _DISPOSITIONS or (
            len(value) > 1 and (isinstance(value[1], list) or value[1] is None))
    return text(value).lower() in _DISPOSITIONS


def _parameters(values: Value) -> dict[str, str]:
    """Names and values in turn, decoded; those of RFC 2231 come in their pieces."""
    if not isinstance(values, list):
        return {}
    if values and isinstance(values[0], list):  # ((name value) (name value))
        values = [one for pair in values if isinstance(pair, list) for one in pair]
    plain: dict[str, str] = {}
    pieces: list[str] = []
    for name, value in zip(values[::2], values[1::2], strict=False):
        key, word = text(name).lower(), text(value)
        if "*" in key and not any(mark in key for mark in ' ";='):
            quoted = word.replace("\\", "\\\\").replace('"', '\\"')
            pieces.append(f'; {key}="{quoted}"')
        elif key:
            plain.setdefault(key, _shown(word))
    return {**parse_parameters("x" + "".join(pieces))[1], **plain} if pieces else plain


def _shown(word: str) -> str:
    return decode_words(word) if "=?" in word else word
