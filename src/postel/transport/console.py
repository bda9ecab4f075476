"""The terminal of the person at this machine: keys raw or by the line, the size of its window.

Transport code, the same for both sides.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["Keyboard", "size", "write"]


class Keyboard:
    """Keys from a descriptor; a with block that leaves the terminal as it was.

    Args:
        fd: where the keys come from; one that is no terminal stays as it is.

    Attributes:
        is_terminal: whether somebody sits there.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.is_terminal = os.isatty(fd)
        self._before: list[Any] | None = None
        self._is_raw = False

    def raw(self, wanted: bool) -> None:
        """Keys one by one, unedited and unechoed; or by the line, as before."""
        if not self.is_terminal or wanted == self._is_raw:
            return
        import termios
        import tty

        if self._before is None:
            self._before = termios.tcgetattr(self.fd)
        if wanted:
            tty.setraw(self.fd, termios.TCSANOW)
        else:
            termios.tcsetattr(self.fd, termios.TCSANOW, self._before)
        self._is_raw = wanted

    def __enter__(self) -> Keyboard:
        return self

    def __exit__(self, *exc: object) -> None:
        self.raw(False)


def size(fd: int) -> tuple[int, int] | None:
    """Columns and rows; None where there is no window."""
    try:
        found = os.get_terminal_size(fd)
    except (OSError, ValueError):
        return None
    return (found.columns, found.lines) if found.columns and found.lines else None


def write(fd: int, data: bytes) -> None:
    """Write all of *data*."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view):]
        except BlockingIOError:
            import select

            select.select([], [fd], [])
