"""Dot-stuffed bodies, read and written by chunk (RFC 1939 section 3, RFC 5321 section 4.5.2).

A body ends at CRLF "." CRLF; a line that begins with a dot is sent with one more. Only CRLF ends
a line here: a bare LF before a dot is text, on both sides, so no two readers of one stream can
disagree about where a message ends ("smuggling").

The chunk is searched and replaced as a whole; splitting it into lines costs ten times as much.
"""

from __future__ import annotations

from .lines import LineBuffer

__all__ = ["DotReader", "stuffed"]

_END = b"\r\n.\r\n"


class DotReader:
    """Reads one body out of a `LineBuffer`, chunk by chunk.

    Args:
        strict: whether the dot before any text is taken off, as RFC 5321 section 4.5.2 says to
            receivers of mail; else only that of a pair, which keeps the lines of servers that
            forget to double it.

    Example:
        >>> lines, body = LineBuffer(), DotReader()
        >>> lines.feed(b"Hi\\r\\n..dot\\r\\n.\\r\\n+OK")
        >>> body.pull(lines), body.ended, lines.take()
        (b'Hi\\r\\n.dot\\r\\n', True, b'+OK')
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._double = b"\r\n." if strict else b"\r\n.."
        self._single = self._double[:-1]
        self._held = b"\r\n"  # pretend a line has just ended, so a first line "." is the end
        self._pretended = 2  # bytes of that pretence still to be withheld
        self.ended = False

    def pull(self, lines: LineBuffer) -> bytes:
        """The part of the body that is certain by now; `ended` tells whether it is the last."""
        data = self._held + lines.take()
        stop = data.find(_END)
        if stop >= 0:
            self.ended = True
            if stop + 5 < len(data):
                lines.give_back(data[stop + 5 :])
            keep = stop + 2
        else:
            keep = _certain(data)
        self._held = data[keep:]
        body = data[:keep]
        if self._double in body:
            body = body.replace(self._double, self._single)
        if body and self._pretended:
            body, self._pretended = body[2:], 0
        return body


def _certain(data: bytes) -> int:
    """How much of *data* no later byte can change: all but a line end that a dot may follow."""
    end = data.rfind(b"\r\n", max(0, len(data) - 4))
    if end >= 0 and _END.startswith(data[end:]):
        return end
    return len(data) - (data[-1:] == b"\r")


def stuffed(data: bytes) -> bytes:
    """A whole body ready for the wire: dots doubled, the last line ended, CRLF "." CRLF.

    Args:
        data: the body; line ends must be CRLF already.

    Example:
        >>> stuffed(b".hidden\\r\\nend")
        b'..hidden\\r\\nend\\r\\n.\\r\\n'
    """
    if data.startswith(b"."):
        data = b"." + data
    data = data.replace(b"\r\n.", b"\r\n..")
    if not data:
        return b".\r\n"
    return data + (b".\r\n" if data.endswith(b"\r\n") else _END)
