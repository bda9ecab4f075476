"""The short way for most of FETCH: a response that is one plain line, read by one pattern. Grammar.

Listing a mailbox is tens of thousands of lines like ``* 12 FETCH (UID 7 FLAGS (\\Seen) ENVELOPE
(…))``, without a literal in them. Such a line is checked as a whole and cut into its items in C,
which takes a third of the time that reading it token by token takes; envelopes stay as they are
until somebody looks into them. Any other line (literals, sections, body structures, what servers
get wrong) goes the long way, through `postel.imap.tokens`, and means the same: a test compares.
"""

from __future__ import annotations

import re

from . import tokens
from .tokens import Value

__all__ = ["Item", "Plain", "addresses_of", "envelope_values", "plain_fetch"]

_STRING = rb'(?:NIL|"[^"\\]*+(?:\\.[^"\\]*+)*+")'
_ADDRESS = rb"\(%b %b %b %b\)" % (_STRING, _STRING, _STRING, _STRING)
_ADDRESSES = rb"(?:NIL|\((?:%b ?)++\))" % _ADDRESS
_FIELDS = (_STRING,) * 2 + (_ADDRESSES,) * 6 + (_STRING,) * 2
_NAME = rb"[A-Z][A-Z0-9.-]*+"
_VALUE = rb'[^ ()"{}\[\]\\]++|"[^"\\]*+"|\([^()"{}\[\]]*+\)|\(%b\)' % b" ".join(_FIELDS)
_WHOLE = re.compile(
    rb"\* (\d{1,10}) (UID)?FETCH \(()(?:%b (?:%b)(?: (?=[A-Z])|(?=\)\Z)))++\)\Z"
    % (_NAME, _VALUE), re.DOTALL)
_ITEM = re.compile(rb"(%b) (%b)" % (_NAME, _VALUE), re.DOTALL)
_ENVELOPE = re.compile(rb"\(%b\)" % b" ".join(b"(%b)" % one for one in _FIELDS), re.DOTALL)
_PERSON = re.compile(
    rb'\((?:NIL|"([^"]*+)") (?:NIL|"[^"]*+") (NIL|"[^"]*+") (NIL|"[^"]*+")\)')

Item = tuple[bytes, bytes]
"""Its name and its value: an atom, a quoted string without escapes, a flat list, an envelope."""


class Plain:
    """The items of a line.

    Attributes:
        items: of the message, in order.
    """

    __slots__ = ("_line", "items")

    def __init__(self, line: bytes, items: list[Item]) -> None:
        self._line, self.items = line, items

    def values(self) -> list[Value]:
        """Number, name and items as values."""
        return tokens.parse([self._line[1:]])


def plain_fetch(line: bytes) -> tuple[int, str, Plain] | None:
    """Number, name and items of a plain FETCH; None for every other line.

    Example:
        >>> number, name, found = plain_fetch(b'* 12 FETCH (UID 7 FLAGS (\\\\Seen))')
        >>> number, name, [item[0] for item in found.items]
        (12, 'FETCH', [b'UID', b'FLAGS'])
        >>> plain_fetch(b"* 12 FETCH (BODY[] NIL)") is None
        True
    """
    match = _WHOLE.match(line)
    if match is None:
        return None
    return (int(match[1]), "UIDFETCH" if match[2] else "FETCH",
            Plain(line, _ITEM.findall(line, match.end(3))))


def envelope_values(plain: bytes) -> tuple[bytes, ...]:
    """The ten fields of an envelope, each as it stands: NIL, quoted, or a list of addresses."""
    match = _ENVELOPE.match(plain)
    return match.groups() if match else ()


def addresses_of(plain: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Name, local part and host of each address, the last two NIL or with their quotes.

    Args:
        plain: a list of addresses in which nothing is escaped.

    Example:
        >>> addresses_of(b'(("Ann" NIL "ann" "x.example"))')
        [(b'Ann', b'"ann"', b'"x.example"')]
    """
    return _PERSON.findall(plain)
