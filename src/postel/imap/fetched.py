"""The grammar of FETCH: items of a message, as `Fetched` (RFC 9051 section 7.5.2 and extensions).

A table names each item's place and its reader. Servers send items that nobody asked for, in any
order and case; what has no place here is kept as it came, by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ..errors import ProtocolError
from . import names, tokens
from .envelope import Envelope
from .plain_fetch import Plain
from .sequence import NumberSet
from .structure import Structure
from .tokens import Value
from .types import Fetched, Selected
from .values import flags, moment, number, numbers, raw, text, texts
from .wire import STREAMED, Reply, Untagged

__all__ = ["fetched", "section_of", "selected"]

_SECTION = re.compile(r"(BODY|BINARY|BINARY\.SIZE|BODY\.PEEK|BINARY\.PEEK)\[(.*)\](?:<(\d+)>)?",
                      re.IGNORECASE | re.DOTALL)
_WHOLE = {"BODY[]": "", "RFC822": "", "RFC822.HEADER": "HEADER", "RFC822.TEXT": "TEXT"}


def fetched(data: Untagged) -> Fetched:
    """FETCH or UIDFETCH (RFC 9586).

    Example:
        >>> one = fetched(Untagged("FETCH", 12, [["UID", "7", "FLAGS", ["\\\\SEEN"], "X", "y"]]))
        >>> one.number, one.uid, one.flags, one.annotations
        (12, 7, frozenset({'\\\\Seen'}), {'X': 'y'})
    """
    if data.name not in ("FETCH", "UIDFETCH"):
        raise ProtocolError(f"{data.name or 'nothing'} where FETCH belongs")
    if data.plain is not None:
        return _of_plain(data, data.plain)
    values = data.values[0] if data.values and isinstance(data.values[0], list) else data.values
    if len(data.values) > 1 and values is not data.values:
        values = _unwrapped(data.values)
    made: dict[str, Any] = {"bodies": {}, "binaries": {}, "binary_sizes": {}, "annotations": {}}
    made["uid" if data.name == "UIDFETCH" else "number"] = data.number or 0
    items: list[str] = []
    walk = iter(values)
    while (key := next(walk, walk)) is not walk:
        if isinstance(key, list):
            walk = iter([*key, *walk])  # Domino: (UID 7 (ENVELOPE (…)) FLAGS ())
        if not isinstance(key, str):
            continue  # a stray string is no name of an item
        name = key if key.isupper() else key.upper()
        value = next(walk, None)
        items.append(name)
        reader = _READERS.get(name)
        if reader is not None:
            place, read = reader
            made[place] = read(value)
        else:
            _other(made, name, key, value)
    made["items"] = tuple(items)
    return _made(made)


def _of_plain(data: Untagged, plain: Plain) -> Fetched:
    """The short way: each item by a reader of its bytes, or of the value that they are."""
    one = object.__new__(Fetched)
    made = one.__dict__
    made.update(bodies={}, binaries={}, binary_sizes={}, annotations={})
    made["uid" if data.name == "UIDFETCH" else "number"] = data.number
    names = list[str]()
    for key, value in plain.items:
        short = _SHORT.get(key)
        if short is not None:
            name, place, read = short
            names.append(name)
            made[place] = read(value)
            continue
        name = key.decode("ascii")
        names.append(name)
        if name in _WHOLE or name not in _READERS:
            _other(made, name, name, tokens.parse([value])[0])
        else:
            place, reader = _READERS[name]
            made[place] = reader(tokens.parse([value])[0])
    made["items"] = tuple(names)
    return one


def _made(values: dict[str, Any]) -> Fetched:
    """A `Fetched` from what is there: the rest keeps the class's defaults, at no cost."""
    one = object.__new__(Fetched)
    one.__dict__.update(values)
    return one


def _unwrapped(values: list[Value]) -> list[Value]:
    """Items beside their list: Domino closes it too early."""
    found: list[Value] = []
    for one in values:
        if isinstance(one, list) and (not found or len(found) % 2 == 0):
            found += one
        else:
            found.append(one)
    return found


def _other(made: dict[str, Any], name: str, key: str, value: Value) -> None:
    """Sections, and what is not known."""
    if name in _WHOLE:
        _keep(made["bodies"], _WHOLE[name], value)
        return
    match = _SECTION.fullmatch(key)
    if match is None:
        made["annotations"][name] = value
        return
    kind, section = match[1].upper(), section_of(match[2])
    if match[3] is not None:
        section = f"{section}<{match[3]}>"
    if kind == "BINARY.SIZE":
        if (size := number(value)) is not None:
            made["binary_sizes"][section] = size
        return
    _keep(made["binaries" if kind.startswith("BINARY") else "bodies"], section, value)


def _keep(bodies: dict[str, bytes], section: str, value: Value) -> None:
    """NIL is a section that is not there; what was streamed is at its reader's."""
    if value is not None and value is not STREAMED and not isinstance(value, list):
        bodies[section] = raw(value)


def section_of(words: str) -> str:
    """A section's name as it is kept: in capitals, without doubled spaces or needless quotes.

    Example:
        >>> section_of('1.header.fields  (Subject "To")')
        '1.HEADER.FIELDS (SUBJECT TO)'
    """
    if not words or words.isdigit():
        return words
    return " ".join(words.upper().replace('"', "").replace("( ", "(").replace(" )", ")").split())


def _identity(value: Value) -> str:
    """An object's id: in a list in RFC 8474, bare with Gmail."""
    return next(iter(texts(value)), "")


def _modseq(value: Value) -> int | None:
    return number(value[0] if isinstance(value, list) and value else value)


def _preview(value: Value) -> str | None:
    """RFC 8970 has a string; drafts of it had the algorithm's name and the string in a list."""
    if isinstance(value, list):
        value = value[-1] if value else None
    return None if value is None else text(value)


def _envelope(value: Value) -> Envelope | None:
    return Envelope(value) if isinstance(value, list) else None


def _structure(value: Value) -> Structure | None:
    return Structure.read(value) if isinstance(value, list) else None


def _labels(value: Value) -> frozenset[str]:
    """Gmail's labels: names of folders in modified UTF-7, and ``\\Inbox`` and its like."""
    listed = flags(value)
    return frozenset(names.decode(one) if "&" in one else one for one in listed)


def _uid(value: Value) -> int:
    return number(value) or 0


_READERS: dict[str, tuple[str, Callable[[Value], Any]]] = {
    "UID": ("uid", _uid),
    "FLAGS": ("flags", flags),
    "INTERNALDATE": ("internal_date", moment),
    "RFC822.SIZE": ("size", number),
    "MODSEQ": ("modseq", _modseq),
    "ENVELOPE": ("envelope", _envelope),
    "BODYSTRUCTURE": ("structure", _structure),
    "BODY": ("structure", _structure),
    "PREVIEW": ("preview", _preview),
    "EMAILID": ("email_id", _identity),
    "THREADID": ("thread_id", _identity),
    "SAVEDATE": ("save_date", moment),
    "X-GM-MSGID": ("email_id", _identity),
    "X-GM-THRID": ("thread_id", _identity),
    "X-GM-LABELS": ("labels", _labels),
}


@lru_cache(maxsize=4_096)
def _short_flags(plain: bytes) -> frozenset[str]:
    return flags(tokens.parse([plain])[0])


def _short_number(plain: bytes) -> int | None:
    return int(plain) if plain.isdigit() and len(plain) < 19 else number(tokens.parse([plain])[0])


def _short_modseq(plain: bytes) -> int | None:
    return _short_number(plain[1:-1] if plain[:1] == b"(" else plain)


def _short_envelope(plain: bytes) -> Envelope | None:
    if plain[:1] != b"(":
        return None  # NIL
    return Envelope.of_plain(plain)


_SHORT: dict[bytes, tuple[str, str, Callable[[bytes], Any]]] = {
    b"UID": ("UID", "uid", lambda plain: _short_number(plain) or 0),
    b"FLAGS": ("FLAGS", "flags", _short_flags),
    b"INTERNALDATE": ("INTERNALDATE", "internal_date", lambda plain: moment(plain[1:-1])),
    b"RFC822.SIZE": ("RFC822.SIZE", "size", _short_number),
    b"MODSEQ": ("MODSEQ", "modseq", _short_modseq),
    b"ENVELOPE": ("ENVELOPE", "envelope", _short_envelope),
}
"""What nearly every line has."""


def selected(name: str, raw_name: bytes, events: Iterable[Untagged | Reply]) -> Selected:
    """What SELECT or EXAMINE told, from its data and replies, the tagged one too.

    Args:
        name: of the folder, as people read it.
        raw_name: on the wire.
        events: in order, as they came.

    Example:
        >>> told = [Untagged("EXISTS", 18, []), Untagged("FLAGS", None, [["\\\\Seen"]]),
        ...         Reply("OK", "", "UIDVALIDITY", ("7",)), Reply("OK", "", "READ-ONLY", (), True)]
        >>> box = selected("INBOX", b"INBOX", told)
        >>> box.exists, box.uidvalidity, box.read_only
        (18, 7, True)
    """
    made: dict[str, Any] = {}
    changed: list[Fetched] = []
    gone = NumberSet()
    for event in events:
        if isinstance(event, Reply):
            reader = _CODES.get(event.code)
            if reader is not None:
                made[reader[0]] = reader[1](event.values[0] if event.values else None)
        elif event.name in ("EXISTS", "RECENT"):
            made[event.name.lower()] = event.number or 0
        elif event.name == "FLAGS":
            made["flags"] = flags(event.values[0] if event.values else None)
        elif event.name in ("FETCH", "UIDFETCH"):
            changed.append(fetched(event))
        elif event.name == "VANISHED":
            gone = gone | numbers(event.values[-1] if event.values else None)
    return Selected(name, raw=raw_name, vanished=gone, changed=tuple(changed), **made)


def _known(value: Value) -> int | None:
    """A number that is not 0, which stands for none."""
    return number(value) or None


_CODES: dict[str, tuple[str, Callable[[Value], Any]]] = {
    "UIDVALIDITY": ("uidvalidity", _known),
    "UIDNEXT": ("uidnext", _known),
    "UNSEEN": ("unseen", _known),
    "HIGHESTMODSEQ": ("highestmodseq", _known),
    "NOMODSEQ": ("highestmodseq", lambda _: None),
    "PERMANENTFLAGS": ("permanent_flags", flags),
    "MAILBOXID": ("mailbox_id", _identity),
    "READ-ONLY": ("read_only", lambda _: True),
    "READ-WRITE": ("read_only", lambda _: False),
    "UIDNOTSTICKY": ("uids_stay", lambda _: False),
}
