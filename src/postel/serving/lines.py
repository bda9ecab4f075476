"""How a terminal's driver reads a line: editing and echo. Pure: keys in, lines and echo out."""

from __future__ import annotations

__all__ = ["LONGEST_LINE", "LineEditor"]

LONGEST_LINE = 65_536
"""Bytes of a line; further ones are dropped, as a terminal's driver does."""

_CTRL_C, _CTRL_D, _CTRL_U, _CTRL_W = 3, 4, 21, 23
_ERASE = (8, 127)


class LineEditor:
    """Lines out of keys.

    Attributes:
        line: of the last event that was ``"line"``.
        hidden: whether what is typed is shown.

    Example:
        >>> editor = LineEditor()
        >>> editor.feed(b"lz\\x7fs\\r\\n")
        >>> editor.next_event(), editor.line, editor.take_echo()
        ('line', b'ls', b'lz\\x08 \\x08s\\r\\n')
    """

    def __init__(self) -> None:
        self._keys = b""
        self._at = 0
        self._line = bytearray()
        self._echo = bytearray()
        self._after_cr = False
        self.line = b""
        self.hidden = False

    def feed(self, data: bytes) -> None:
        """Take keys."""
        self._keys, self._at = self._keys[self._at:] + data, 0

    def take_echo(self) -> bytes:
        """What is to be shown of the keys so far."""
        echo, self._echo = bytes(self._echo), bytearray()
        return echo

    def next_event(self) -> str | None:
        """``"line"``, ``"interrupt"`` or ``"end"``; None when more keys are needed."""
        while self._at < len(self._keys):
            key = self._keys[self._at]
            self._at += 1
            after_cr, self._after_cr = self._after_cr, key == 13
            if key == 10 and after_cr:
                continue  # CR LF is one key
            if key in (10, 13):
                self.line, self._line = bytes(self._line), bytearray()
                self._echo += b"" if self.hidden else b"\r\n"
                return "line"
            if key == _CTRL_C:
                self._line.clear()
                self._echo += b"^C\r\n"
                return "interrupt"
            if key == _CTRL_D:
                if not self._line:
                    return "end"
                continue
            self._edit(key)
        return None

    def _edit(self, key: int) -> None:
        if key in _ERASE:
            self._erase(1)
        elif key == _CTRL_U:
            self._erase(len(self._line))
        elif key == _CTRL_W:
            kept = bytes(self._line).rstrip(b" ")
            self._erase(len(self._line) - (kept.rfind(b" ") + 1))
        elif len(self._line) < LONGEST_LINE:
            self._line.append(key)
            if not self.hidden:
                self._echo.append(key)

    def _erase(self, count: int) -> None:
        for _ in range(min(count, len(self._line))):
            while self._line and self._line.pop() & 0xC0 == 0x80:
                pass  # the rest of one character of UTF-8
            if not self.hidden:
                self._echo += b"\b \b"
