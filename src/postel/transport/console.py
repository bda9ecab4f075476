"""The terminal of the person at this machine: raw keys, the size of its window. Transport code."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["is_terminal", "raw", "size", "write"]


def is_terminal(fd: int) -> bool:
    """Whether somebody sits there."""
    return os.isatty(fd)


@contextlib.contextmanager
def raw(fd: int) -> Iterator[None]:
    """Keys come one by one, unedited and unechoed, for as long as the block lasts."""
    if not os.isatty(fd):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(fd)
    try:
        tty.setraw(fd, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


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
