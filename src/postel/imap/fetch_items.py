"""The grammar of what FETCH asks for: items, sections, ranges (RFC 9051 section 6.4.5). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .commands import Arguments, BadCommand
from .wire_server import Request

__all__ = ["Item", "Modifiers", "Partial", "Section", "read_items", "read_modifiers",
           "read_section"]

_MOST_PARTS = 100
_MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
_PLAIN = frozenset({
    "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE", "UID", "MODSEQ",
    "RFC822", "RFC822.HEADER", "RFC822.TEXT", "EMAILID", "THREADID", "SAVEDATE", "PREVIEW",
    "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS"})
_NAME = re.compile(rb"(?i)[A-Z0-9.-]+")
_PARTS = re.compile(rb"[1-9]\d{0,8}(?:\.[1-9]\d{0,8})*(?:\.(?=[A-Za-z]))?")
_TEXTS = ("HEADER.FIELDS.NOT", "HEADER.FIELDS", "HEADER", "TEXT", "MIME")


@dataclass(frozen=True, slots=True)
class Section:
    """Which part of a message.

    Args:
        parts: numbers, from the outside in; none for the message itself.
        text: ``"HEADER"``, ``"HEADER.FIELDS"``, ``"HEADER.FIELDS.NOT"``, ``"TEXT"``, ``"MIME"``,
            or "" for all of it.
        fields: for HEADER.FIELDS, as the client wrote them.
    """

    parts: tuple[int, ...] = ()
    text: str = ""
    fields: tuple[bytes, ...] = ()

    def written(self) -> bytes:
        """As it stands between the brackets of the answer."""
        words = [str(part).encode() for part in self.parts]
        if self.text:
            words.append(self.text.encode())
        made = b".".join(words)
        return made + b" (" + b" ".join(self.fields) + b")" if self.fields else made


@dataclass(frozen=True, slots=True)
class Partial:
    """Bytes of a part: *length* of them from *origin* on."""

    origin: int
    length: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to fetch.

    Args:
        name: in capitals: ``"FLAGS"``, ``"BODY"`` …; with a section, ``"BODY[]"``, ``"BINARY[]"``
            or ``"BINARY.SIZE[]"``.
        peek: \\\\Seen is not set by it.
        section: for those in brackets.
        partial: likewise.
    """

    name: str
    peek: bool = True
    section: Section = Section()
    partial: Partial | None = None

    @property
    def reads(self) -> bool:
        """Whether it marks the message as seen."""
        return not self.peek


def read_items(words: Arguments, *, uid: bool = False) -> tuple[Item, ...]:
    """What a FETCH asks for.

    Args:
        words: the arguments, from the items on.
        uid: it is UID FETCH, which always answers with the UID.

    Raises:
        BadCommand: it is not in the grammar.

    Example:
        >>> from .wire_server import Request
        >>> words = Arguments(Request("a", "FETCH", (b"(FLAGS BODY.PEEK[1.MIME]<0.9>)",)))
        >>> [item.name for item in read_items(words)]
        ['FLAGS', 'BODY[]']
    """
    items = list[Item]()
    if words.take(b"("):
        while not words.take(b")"):
            if items:
                words.space()
            items.append(_item(words, in_list=True))
        if not items:
            raise BadCommand("FETCH: nothing to fetch")
    else:
        items = _macro(words)
    if uid and not any(item.name == "UID" for item in items):
        items.insert(0, Item("UID"))
    return tuple(items)


def _macro(words: Arguments) -> list[Item]:
    item = _item(words, in_list=False)
    return [Item(name) for name in _MACROS.get(item.name, ())] or [item]


def _item(words: Arguments, *, in_list: bool) -> Item:
    name = words.match(_NAME, "something to fetch").decode("ascii").upper()
    if words.next == b"[":
        return _bracketed(words, name)
    if name == "PREVIEW":
        return _preview(words)
    if name in ("RFC822", "RFC822.TEXT"):
        return Item(name, peek=False)
    if name in _PLAIN or (not in_list and name in _MACROS):
        return Item(name)
    raise BadCommand(f"{words.request.verb}: there is no {name} to fetch")


def _preview(words: Arguments) -> Item:
    """``PREVIEW (LAZY)`` (RFC 8970); what is lazy is told all the same."""
    if words.take(b" ("):
        words.expect(b"LAZY")
        words.expect(b")")
    return Item("PREVIEW")


def _bracketed(words: Arguments, name: str) -> Item:
    base, _, peek = name.partition(".PEEK")
    if base not in ("BODY", "BINARY", "BINARY.SIZE") or peek or (
            base == "BINARY.SIZE" and name != base):
        raise BadCommand(f"{words.request.verb}: there is no {name}[] to fetch")
    words.expect(b"[")
    section = _section(words, binary=base != "BODY")
    words.expect(b"]")
    partial = None
    if words.next == b"<" and base != "BINARY.SIZE":
        words.expect(b"<")
        origin = words.number(wanted="where to begin")
        words.expect(b".")
        length = words.number(wanted="how many bytes")
        words.expect(b">")
        if not length:
            raise BadCommand(f"{words.request.verb}: a range of no bytes")
        partial = Partial(origin, length)
    return Item(f"{base}[]", name != base or base == "BINARY.SIZE", section, partial)


def _section(words: Arguments, *, binary: bool) -> Section:
    parts: tuple[int, ...] = ()
    dotted = True
    if words.next.isdigit():
        raw = words.match(_PARTS, "the number of a part")
        dotted = raw.endswith(b".")
        parts = tuple(int(one) for one in raw.rstrip(b".").split(b"."))
        if len(parts) > _MOST_PARTS:
            raise BadCommand(f"{words.request.verb}: over {_MOST_PARTS} parts in one another")
    if words.next == b"]" or binary or not dotted:
        return Section(parts)
    for text in _TEXTS:
        if words.take(text.encode()):
            if text == "MIME" and not parts:
                break
            fields = _fields(words) if text.startswith("HEADER.FIELDS") else ()
            return Section(parts, text, fields)
    raise words.bad("HEADER, HEADER.FIELDS, TEXT, or MIME behind a part's number")


def read_section(text: bytes) -> Section:
    """A section as it stands in a URL (RFC 5092): what is between the brackets elsewhere.

    Raises:
        BadCommand: it is none.

    Example:
        >>> read_section(b"1.2.MIME")
        Section(parts=(1, 2), text='MIME', fields=())
    """
    words = Arguments(Request("", "SECTION", (text + b"]",)))
    found = _section(words, binary=False)
    words.expect(b"]")
    words.end()
    return found


def _fields(words: Arguments) -> tuple[bytes, ...]:
    words.expect(b" (")
    found = [words.astring("the name of a field")]
    while not words.take(b")"):
        words.space()
        found.append(words.astring("the name of a field"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What stands behind the items.

    Args:
        since: a mod-sequence, after which a message has changed (RFC 7162); None for any.
        vanished: what is gone since then is told, too.
        partial: which of the messages, counted from 1, or from the end below zero (RFC 9394).
    """

    since: int | None = None
    vanished: bool = False
    partial: tuple[int, int] | None = None


def read_modifiers(words: Arguments) -> Modifiers:
    """``(CHANGEDSINCE n VANISHED PARTIAL a:b)`` behind the items.

    Raises:
        BadCommand: it is not in the grammar.
    """
    if words.at_end:
        return Modifiers()
    words.expect(b" (")
    since, vanished, partial = None, False, None
    while True:
        name = words.atom("CHANGEDSINCE or VANISHED")
        if name == "CHANGEDSINCE" and since is None:
            words.space()
            since = words.number((1 << 63) - 1)
        elif name == "VANISHED" and words.request.verb == "UID FETCH" and not vanished:
            vanished = True
        elif name == "PARTIAL" and words.request.verb == "UID FETCH" and partial is None:
            words.space()
            partial = words.partial()
        else:
            raise BadCommand(f"{words.request.verb}: {name} is not understood")
        if words.take(b")"):
            break
        words.space()
    words.end()
    if vanished and since is None:
        raise BadCommand("UID FETCH: VANISHED goes with CHANGEDSINCE alone")
    return Modifiers(since, vanished, partial)
