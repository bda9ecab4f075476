"""The grammar of ENVELOPE: a message's fields as the server has read them (RFC 9051 section 7.5.2).

Servers send what they found in the message, raw: encoded words, 8-bit names, dates of all times.
So each field is decoded when it is asked for, by the readers that `postel.messages` has for the
fields themselves, and then kept: listing a mailbox costs what is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..messages.addresses import Address, Group
from ..messages.charsets import decode
from ..messages.dates import parse_date
from ..messages.words import decode_words
from .tokens import Value

__all__ = ["Envelope"]

_MOST_ADDRESSES = 100_000


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

    __slots__ = ("_known", "values")

    values: tuple[Value, ...]
    _known: dict[str | int, Any]

    def __init__(self, values: Iterable[Value] = ()) -> None:
        object.__setattr__(self, "values", tuple(values))
        object.__setattr__(self, "_known", {})

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
        if "date" not in self._known:
            self._known["date"] = parse_date(_as_text(self._raw(0)))
        found: datetime | None = self._known["date"]
        return found

    @property
    def subject(self) -> str:
        """Decoded."""
        if "subject" not in self._known:
            self._known["subject"] = _shown(self._raw(1))
        found: str = self._known["subject"]
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
        return _as_text(self._raw(8)).strip()

    @property
    def message_id(self) -> str:
        """With its angle brackets; "" where the message has none."""
        return _as_text(self._raw(9)).strip()

    def _raw(self, place: int) -> bytes:
        value = self.values[place] if place < len(self.values) else None
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        return value if isinstance(value, bytes) else b""

    def _addresses(self, place: int) -> tuple[Address | Group, ...]:
        known = self._known.get(place)
        if known is None:
            value = self.values[place] if place < len(self.values) else None
            known = self._known[place] = _addresses(value) if isinstance(value, list) else ()
        found: tuple[Address | Group, ...] = known
        return found


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
    if host is None and isinstance(local, bytes | str) and "@" in _as_text(local):
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
