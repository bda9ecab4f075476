"""What the rows of IMAP's envelopes parse: answers to FETCH 1:* (UID FLAGS … ENVELOPE)."""

from __future__ import annotations

__all__ = ["PEOPLE", "TIMES", "lines"]

TIMES = 10
"""How often the lines are parsed."""

PEOPLE = 400
"""Senders that differ; as many receive."""


def lines(count: int) -> list[bytes]:
    """One line for each message, without line ends."""
    return [_line(number).encode() for number in range(1, count + 1)]


def _line(number: int) -> str:
    sender, receiver = number * 7 % PEOPLE, number * 13 % PEOPLE
    from_ = f'(("Ann Example {sender}" NIL "ann.{sender}" "example.org"))'
    to = (f'(("Bob {receiver}" NIL "bob{receiver}" "example.net")'
          '(NIL NIL "list" "lists.example.org"))')
    return (f'* {number} FETCH (UID {number + 4000} FLAGS (\\Seen{" $Work" * (number % 3 == 0)}) '
            f'INTERNALDATE "{number % 28 + 1:2}-Oct-2026 10:11:{number % 60:02} +0000" '
            f'RFC822.SIZE {4000 + number % 977} ENVELOPE ('
            f'"Tue, {number % 28 + 1} Oct 2026 12:11:{number % 60:02} +0200" '
            f'"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= number {number}" {from_} {from_} {from_} {to} NIL NIL '
            f'"<2026.{number - 1}@example.org>" "<2026.{number}@example.org>"))')
