"""The grammar of ENVELOPE: a message's fields as the server has read them (RFC 9051 section 7.5.2).

Servers send what they found in the message, raw: encoded words, 8-bit names, dates of all times.
So each field is decoded when it is asked for, by the readers that `postel.messages` has for the
fields themselves, and then kept: listing a mailbox costs what is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from ..messages.addresses import Address, Group
from ..messages.charsets import decode
from ..messages.dates import parse_date
from ..messages.words import decode_words
from . import tokens
from .plain_fetch import addresses_of, envelope_values
from .tokens import Value

__all__ = ["Envelope"]

_MOST_ADDRESSES = 100_000
_LACKING = frozenset({".MISSING-HOST-NAME.", ".SYNTAX-ERROR.", "MISSING_DOMAIN", "MISSING_MAILBOX",
                      "INVALID_ADDRESS", "MISSING-HOST-NAME"})
"""What UW, Panda and Dovecot write where an address has no such part."""
_LACKS = tuple(one.encode("ascii") for one in ("MISSING", "SYNTAX-ERROR", "INVALID_ADDRESS"))


class Envelope:
    """The envelope of one message. Immutable; equal where the server's words are.

    Args:
        values: date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to and message-id, as
            the server has them; what lacks (some servers leave out the last ones) is None.

    Example:
        >>> sent = Envelope([b"Sat, 21 Nov 2026 09:05:06 +0000", b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
        ...                  [[b"Ann", None, b"ann", b"example.org"]]])
        >>> sent.subject, str(sent.from_[0]), sent.date.year, sent.message_id
        ('Grüße', 'Ann <ann@example.org>', 2026, '')
    """

    __slots__ = ("_known",)

    _known: dict[str | int, Any]

    def __init__(self, values: Iterable[Value] = ()) -> None:
        object.__setattr__(self, "_known", {"values": tuple(values), "plain": ()})

    @classmethod
    def of_plain(cls, text: bytes) -> Envelope:
        """An envelope that came as one plain text, as `postel.imap.plain_fetch` finds it."""
        made = object.__new__(cls)
        object.__setattr__(made, "_known", {"text": text})
        return made

    @property
    def values(self) -> tuple[Value, ...]:
        """What the server said, field by field."""
        known = self._known
        if "values" not in known:
            [values] = tokens.parse([known["text"]])
            known["values"] = tuple(values) if isinstance(values, list) else ()
        found: tuple[Value, ...] = known["values"]
        return found

    @property
    def _plain(self) -> tuple[bytes, ...]:
        """The fields of a plain text; none of another."""
        known = self._known
        if "plain" not in known:
            known["plain"] = envelope_values(known["text"])
        found: tuple[bytes, ...] = known["plain"]
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"an Envelope does not change: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Envelope) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self._raw(9) or self._raw(1))

    def __repr__(self) -> str:
        return f"Envelope(date={self.date}, from_={self.from_}, subject={self.subject!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Envelope, (self.values,)

    @property
    def date(self) -> datetime | None:
        """When it says it was written, with a zone; None where it does not say."""
        known = self._known
        if "date" not in known:
            known["date"] = parse_date(_as_text(self._raw(0)))
        found: datetime | None = known["date"]
        return found

    @property
    def subject(self) -> str:
        """Decoded."""
        known = self._known
        if "subject" not in known:
            known["subject"] = _shown(self._raw(1))
        found: str = known["subject"]
        return found

    @property
    def from_(self) -> tuple[Address | Group, ...]:
        """Who wrote it."""
        return self._addresses(2)

    @property
    def sender(self) -> tuple[Address | Group, ...]:
        """Who sent it; servers repeat `from_` here where the message names nobody."""
        return self._addresses(3)

    @property
    def reply_to(self) -> tuple[Address | Group, ...]:
        """Where answers go; servers repeat `from_` here where the message says nothing."""
        return self._addresses(4)

    @property
    def to(self) -> tuple[Address | Group, ...]:
        """To whom it goes."""
        return self._addresses(5)

    @property
    def cc(self) -> tuple[Address | Group, ...]:
        """Who gets a copy."""
        return self._addresses(6)

    @property
    def bcc(self) -> tuple[Address | Group, ...]:
        """Who gets a copy unseen."""
        return self._addresses(7)

    @property
    def in_reply_to(self) -> str:
        """The field In-Reply-To as it stands; `postel.messages.parse_ids` reads it."""
        return _as_text(self._raw(8)).strip() if self._is_whole else ""

    @property
    def message_id(self) -> str:
        """With its angle brackets; "" where the message has none."""
        return _as_text(self._raw(9 if self._is_whole else 8)).strip()

    @property
    def _is_whole(self) -> bool:
        """Whether In-Reply-To has its slot: some servers leave it out if the message lacks it."""
        return bool(self._plain) or len(self.values) != 9

    def _raw(self, place: int) -> bytes:
        plain = self._plain
        if plain:
            text = plain[place]
            if b"\\" not in text:
                return b"" if text == b"NIL" else text[1:-1]
        value = self.values[place] if place < len(self.values) else None
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        return value if isinstance(value, bytes) else b""

    def _addresses(self, place: int) -> tuple[Address | Group, ...]:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._read_addresses(place)
        found: tuple[Address | Group, ...] = known
        return found

    def _read_addresses(self, place: int) -> tuple[Address | Group, ...]:
        plain = self._plain
        if plain:
            if place in (3, 4) and plain[place] == plain[2]:
                return self._addresses(2)  # servers repeat From where nothing else is said
            text = plain[place]
            easy = _known_addresses(text) if len(text) < 200 else _easy_addresses(text)
            if easy is not None:
                return easy
        value = self.values[place] if place < len(self.values) else None
        return _addresses(value) if isinstance(value, list) else ()


@lru_cache(maxsize=2_048)
def _known_addresses(plain: bytes) -> tuple[Address, ...] | None:
    """A mailbox's letters come from few people, and go to fewer."""
    return _easy_addresses(plain)


def _easy_addresses(plain: bytes) -> tuple[Address, ...] | None:
    """Addresses without groups, escapes and 8-bit letters; None for all others."""
    if plain == b"NIL":
        return ()
    if b"\\" in plain or not plain.isascii() or any(one in plain for one in _LACKS):
        return None
    found = list[Address]()
    for name, local, host in addresses_of(plain):
        if local == b"NIL" or host == b"NIL" or len(host) == 2:
            return None
        found.append(Address(_shown(name) if name else "",
                             f"{local[1:-1].decode()}@{host[1:-1].decode()}"))
    return tuple(found)


def _addresses(values: list[Value]) -> tuple[Address | Group, ...]:
    """Addresses, and groups between their two marks: a host of NIL (RFC 9051 section 7.5.2)."""
    found: list[Address | Group] = []
    group: str | None = None
    members: list[Address] = []
    if values and not isinstance(values[0], list):
        values = [values]  # one address that lost the list around it
    for one in values[:_MOST_ADDRESSES]:
        if not isinstance(one, list) or not one:
            continue
        name, local, host = _of_address(one)
        if host is None:
            if group is not None and (local or members):
                found.append(Group(group, tuple(members)))
            group, members = local, []
            continue
        if not local and not host and not name:
            continue
        address = Address(name, f"{local or ''}@{host}" if host else local or "")
        (found if group is None else members).append(address)
    if group is not None or members:
        found.append(Group(group or "", tuple(members)))
    return tuple(found)


def _of_address(values: list[Value]) -> tuple[str, str | None, str | None]:
    """Name, local part and host; the route between them has been dead since RFC 5321."""
    name, _, local, host = [*values, None, None, None, None][:4]
    shown = _shown(name) if name else ""
    if _as_text(host) in _LACKING:
        host = b""
    if _as_text(local) in _LACKING:
        local = b""
    if not host and "@" in shown and "@" not in _as_text(local):
        # Gmail: the name where the address belongs, and the other way round
        shown, local = _shown(local), shown
    if not host and "@" in _as_text(local):
        # Exchange and others: the whole address stands where its local part belongs
        local, _, host = _as_text(local).rpartition("@")
    return (shown, None if local is None else _as_text(local),
            None if host is None else _as_text(host))


def _as_text(value: Value) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii") if value.isascii() else decode(value)
    return value if isinstance(value, str) else ""


def _shown(value: Value) -> str:
    """Text with its encoded words decoded and its folds undone."""
    found = _as_text(value)
    if "=?" in found:
        found = decode_words(found)
    return " ".join(found.split()) if "\n" in found or "\r" in found or "\t" in found else found
