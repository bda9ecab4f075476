"""The grammar of the client's arguments: each is checked here before anything is sent. Pure.

A text goes as a quoted string where that can carry it, else as a literal; flags, items and sets are
checked letter by letter, for they go as they are. Nothing that a caller gives can end a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from ..errors import UsageError
from ..wire.base import argument
from . import names
from .command import Coming, Command
from .command import string as _string
from .sequence import NumberSet
from .types import Folder

__all__ = ["Part", "Uids", "compose", "content", "date_time", "flag_list", "items", "mailbox",
           "pattern", "text", "uid_set", "word"]

Part: TypeAlias = "bytes | tuple[bytes | Coming]"
"""A piece of a command: text as it goes, or a literal in a tuple of its own."""

Uids: TypeAlias = "int | NumberSet | Iterable[int] | str"
"""Messages: one UID, several, or a set as IMAP writes it: ``"1:*"``, ``"$"``."""

_FLAG = re.compile(r'\\?[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]+\Z')
_ATOM = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]+\Z')
_SET = re.compile(r"(?:[1-9]\d{0,9}|\*)(?::(?:[1-9]\d{0,9}|\*))?"
                  r"(?:,(?:[1-9]\d{0,9}|\*)(?::(?:[1-9]\d{0,9}|\*))?)*\Z", re.ASCII)
_FIELD = r"[!#$&'+-9;-Z^-z|}~]+"
_KIND = rf"(?:HEADER|TEXT|MIME|HEADER\.FIELDS(?:\.NOT)? \({_FIELD}(?: {_FIELD})*\))"
_ITEM = re.compile(
    rf"(?:(?:BODY|BINARY)(?:\.PEEK|\.SIZE)?\[(?:\d+(?:\.\d+)*(?:\.{_KIND})?|{_KIND})?\]"
    r"(?:<\d+\.\d+>)?|[A-Z0-9.-]+(?: \(LAZY\))?)\Z", re.ASCII | re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def compose(*parts: Part, takes: Iterable[str] = (), shown: str = "",
            has_body: bool = False) -> Command:
    """A command of parts that stand as they are, without spaces between them.

    Example:
        >>> compose(b"DELETE ", (b"a\\r\\nb",), b" x").pieces
        (b'DELETE ', b'a\\r\\nb', b' x')
    """
    pieces, text_so_far = list[bytes | Coming](), b""
    for part in parts:
        if isinstance(part, tuple):
            pieces += [text_so_far, part[0]]
            text_so_far = b""
            continue
        if any(mark in part for mark in (b"\r", b"\n", b"\0")):
            raise UsageError("an argument holds a line break or a NUL, which would end the command",
                             hint="nothing was sent; remove it")
        text_so_far += part
    pieces.append(text_so_far)
    first = pieces[0] if isinstance(pieces[0], bytes) else b""
    return Command(first.rstrip(), shown=shown, has_body=has_body, pieces=tuple(pieces),
                   takes=frozenset(takes))


def text(value: str | bytes, what: str = "text", *, utf8: bool = False) -> Part:
    """A string: quoted, or a literal.

    Args:
        value: to send.
        what: how an error calls it.
        utf8: whether 8-bit text may be quoted (RFC 9755, RFC 9051).
    """
    data = value if isinstance(value, bytes) else argument(value, what)
    if utf8 and not data.isascii() and len(data) < 1_000 and _is_utf8(data):
        return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return _string(data)


def content(value: str | bytes, what: str) -> Part:
    """A string that may have many lines, as a note has.

    Raises:
        UsageError: it holds a NUL, or half of a character.
    """
    try:
        data = value if isinstance(value, bytes) else value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{what}: it holds half of a character") from None
    if b"\0" in data:
        raise UsageError(f"{what}: it holds a NUL, which no string of IMAP can")
    return _string(data)


def _is_utf8(data: bytes) -> bool:
    try:
        found = data.decode()
    except UnicodeDecodeError:
        return False
    return "\r" not in found and "\n" not in found and "\0" not in found


def mailbox(folder: str | Folder, *, utf8: bool = False) -> Part:
    """A folder's name as it goes over the wire.

    Example:
        >>> mailbox("Entwürfe"), mailbox("a b"), mailbox("Entwürfe", utf8=True).decode()
        (b'"Entw&APw-rfe"', b'"a b"', '"Entwürfe"')
    """
    if isinstance(folder, Folder) and folder.raw:
        if any(mark in folder.raw for mark in (b"\r", b"\n", b"\0")) and b"\0" in folder.raw:
            raise UsageError(f"{folder.name}: a folder's name holds a NUL")
        return text(folder.raw, utf8=utf8)
    name = folder.name if isinstance(folder, Folder) else folder
    if not name:
        raise UsageError("a folder has no name", hint='the inbox is called "INBOX"')
    argument(name, "folder", encoding="utf-8")
    return text(name if utf8 else names.encode(name), "folder", utf8=utf8)


def pattern(name: str, *, utf8: bool = False) -> Part:
    """A pattern of LIST, with ``*`` and ``%``."""
    argument(name, "pattern", encoding="utf-8")
    return text(name if utf8 else names.encode(name), "pattern", utf8=utf8)


def word(value: str, what: str) -> bytes:
    """An atom.

    Raises:
        UsageError: it is none.
    """
    if not _ATOM.match(value):
        raise UsageError(f"{what}: {value!r} has letters that cannot stand there",
                         hint="letters, digits and most signs; no spaces, brackets or quotes")
    return value.encode("ascii")


def flag_list(flags: Iterable[str] | str) -> bytes:
    """Flags in their parentheses.

    Example:
        >>> flag_list(["\\\\Seen", "$Forwarded"])
        b'(\\\\Seen $Forwarded)'
        >>> flag_list(["two words"])
        Traceback (most recent call last):
        ...
        postel.errors.UsageError: flags: 'two words' cannot be one
    """
    chosen = [flags] if isinstance(flags, str) else list(flags)
    for flag in chosen:
        if not _FLAG.match(flag):
            raise UsageError(f"flags: {flag!r} cannot be one",
                             hint="ASCII without spaces, brackets or quotes; those of IMAP itself "
                             "begin with a backslash: \\Seen")
    return b"(" + " ".join(chosen).encode("ascii") + b")"


def items(chosen: Iterable[str]) -> bytes:
    """What FETCH shall bring, in parentheses."""
    found = list(chosen)
    for one in found:
        if not _ITEM.match(one):
            raise UsageError(f"fetch: {one!r} is nothing that can be fetched",
                             hint='as "flags", "envelope", "BODY.PEEK[HEADER]"')
    return b"(" + " ".join(found).encode("ascii") + b")"


def uid_set(uids: Uids) -> NumberSet | str:
    """Messages as a set, or as the text of one that only the server can count.

    Example:
        >>> str(uid_set([3, 1, 2])), uid_set("5:*"), str(uid_set("7"))
        ('1:3', '5:*', '7')
    """
    if isinstance(uids, NumberSet):
        return uids
    if isinstance(uids, int):
        return NumberSet([uids])
    if isinstance(uids, str):
        if uids == "$":
            return uids
        if not _SET.match(uids):
            raise UsageError(f"{uids!r} is no set of messages", hint='as "1:4,7" or "12:*"')
        return uids if "*" in uids else NumberSet.parse(uids)
    return NumberSet(uids)


def date_time(when: datetime) -> bytes:
    """As APPEND and STORE want it (RFC 9051 section 9, date-time); a naive one is UTC.

    Example:
        >>> from datetime import UTC
        >>> date_time(datetime(2026, 11, 1, 8, 5, tzinfo=UTC))
        b'" 1-Nov-2026 08:05:00 +0000"'
    """
    offset = when.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    day = f"{when.day:2}-{_MONTHS[when.month - 1]}-{when.year:04}"
    return f'"{day} {when:%H:%M:%S} {zone}"'.encode("ascii")
