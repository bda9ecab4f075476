"""Lines by cursor: bytes in; lines or raw bytes out.

One compaction per feed, none per line; a search that found nothing is not repeated over the same
bytes, so a sender of one byte at a time costs no more than one that sends all at once. A line
ends at LF; one CR before it is dropped (servers of every kind send bare LF now and then).
"""

from __future__ import annotations

from ..errors import ProtocolError

__all__ = ["LONGEST_LINE", "LineBuffer"]

LONGEST_LINE = 65_536
"""Bytes of one control line. RFC 5321 allows 512, RFC 3659 facts and CAPA lines run longer."""


class LineBuffer:
    """Bytes as they come, lines as they are needed.

    Args:
        longest: the cap on one line, in bytes.

    Example:
        >>> lines = LineBuffer()
        >>> lines.feed(b"+OK ready\\r\\n+OK tw")
        >>> lines.line(), lines.line()
        (b'+OK ready', None)
    """

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._data = b""
        self._pos = 0
        self._searched = 0

    def __len__(self) -> int:
        return len(self._data) - self._pos

    def feed(self, data: bytes) -> None:
        """Add bytes to the end."""
        if self._pos == len(self._data):
            self._data, self._pos, self._searched = data, 0, 0
        else:
            self._searched -= self._pos
            self._data, self._pos = self._data[self._pos :] + data, 0

    def line(self) -> bytes | None:
        """The next line without its end, or None when it is not complete yet.

        Raises:
            ProtocolError: the line is longer than the cap.
        """
        end = self._data.find(b"\n", max(self._pos, self._searched))
        if end < 0:
            self._searched = len(self._data)
            if len(self) > self._longest:
                raise self._too_long()
            return None
        if end - self._pos > self._longest + 1:
            raise self._too_long()
        line, self._pos = self._data[self._pos : end], end + 1
        return line[:-1] if line[-1:] == b"\r" else line

    @property
    def longest(self) -> int:
        """The cap on one line, in bytes."""
        return self._longest

    def through(self, mark: bytes) -> bytes | None:
        """Everything up to the end of *mark*; None where that has not come, and nothing is read.

        Example:
            >>> lines = LineBuffer()
            >>> lines.feed(b"hi\\r\\n.\\r\\n220")
            >>> lines.through(b"\\r\\n.\\r\\n"), lines.take()
            (b'hi\\r\\n.\\r\\n', b'220')
        """
        at = self._data.find(mark, self._pos)
        if at < 0:
            return None
        start, self._pos = self._pos, at + len(mark)
        return self._data[start : self._pos]

    def take(self) -> bytes:
        """Everything not yet read."""
        data = self._data[self._pos :] if self._pos else self._data
        self._data, self._pos, self._searched = b"", 0, 0
        return data

    def read(self, limit: int) -> bytes:
        """At most *limit* bytes of what was not yet read; the rest is not copied."""
        end = min(self._pos + limit, len(self._data))
        if self._pos == 0 and end == len(self._data):
            return self.take()
        data, self._pos = self._data[self._pos : end], end
        self._searched = max(self._searched, end)
        return data

    def give_back(self, data: bytes) -> None:
        """Put *data*, taken before, in front again."""
        self._data, self._pos, self._searched = data + self.take(), 0, 0

    def _too_long(self) -> ProtocolError:
        start = self._data[self._pos : self._pos + 40]
        return ProtocolError(f"a line of over {self._longest} bytes, beginning {start!r}")
