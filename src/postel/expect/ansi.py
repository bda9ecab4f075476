"""What a terminal shows, without what it obeys: escape sequences out (ECMA-48). Pure.

A sequence may come in pieces. What could still become one waits for its rest; what is longer than
any real one was none.
"""

from __future__ import annotations

import re

__all__ = ["Plain", "rendered"]

_LONGEST = 4096
"""Bytes of one sequence; titles of windows are the longest."""

_SEQUENCE = re.compile(
    rb"\x1b(?:"
    rb"\[[0-?]*+[ -/]*+[@-~]"                                   # CSI: colours, the cursor
    rb"|[\]PX^_](?:[^\x07\x1b]|\x1b(?!\\))*+(?:\x07|\x1b\\)"    # OSC, DCS, SOS, PM, APC: strings
    rb"|[ -/]++[0-~]"                                           # character sets
    rb"|[0-OQ-WYZ\\`-~])"                                       # all that is of two bytes
    rb"|[\x00\x0e\x0f]")                                             # padding, other sets
_BEGUN = re.compile(
    rb"\x1b(?:\[[0-?]*+[ -/]*+|[\]PX^_](?:[^\x07\x1b]|\x1b(?!\\))*+|[ -/]*+)?\Z")


_MARKS = (b"\x1b", b"\0", b"\x0e", b"\x0f")
_STRINGS = (b"\x1b]", b"\x1bP", b"\x1bX", b"\x1b^", b"\x1b_")


class Plain:
    """Takes escape sequences out of a stream.

    Example:
        >>> plain = Plain()
        >>> plain.feed(b"\\x1b[1;3"), plain.feed(b"2mgreen\\x1b[0m\\r\\n")
        (b'', b'green\\r\\n')
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """More of the stream; returns what is plain of it."""
        if not self._held and not any(mark in data for mark in _MARKS):
            return data
        data = self._held + data
        self._held = b""
        last = data.rfind(b"\x1b")
        at = self._beginning(data, last)
        if at >= 0:
            data, self._held = data[:at], data[at:]
        return _SEQUENCE.sub(b"", data)

    def end(self) -> bytes:
        """No more will come: what waited was none."""
        held, self._held = self._held, b""
        return held

    def _beginning(self, data: bytes, last: int) -> int:
        """Where a sequence begins that is not complete yet, or -1."""
        floor = max(0, len(data) - _LONGEST)
        if last < floor or not _BEGUN.match(data, last):
            return -1
        string = max(data.rfind(start, floor, last) for start in _STRINGS)
        if string >= floor and _BEGUN.match(data, string):
            return string  # this ESC may be half of the end of a string
        return last


def rendered(line: bytes) -> bytes:
    """A line as it stands on the screen up to the cursor: backspaces and returns obeyed.

    Example:
        >>> rendered(b"mark\\b \\b\\b \\b\\b \\b\\b \\b$ ")
        b'$ '
    """
    cells, at = bytearray(), 0
    for byte in line:
        if byte == 8:
            at = max(0, at - 1)
        elif byte == 13:
            at = 0
        elif byte >= 32 or byte == 9:
            cells[at:at + 1] = bytes((byte,))
            at += 1
    return bytes(cells[:at])
