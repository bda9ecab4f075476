"""What a program says in the rows of expect: five KiB for each thing, and then an end."""

from __future__ import annotations

__all__ = ["END", "command", "expected"]

END = "finis"
_LINE = "a line of sixty-three characters, and none of them is that word"


def command(count: int) -> list[str]:
    """The words of the program."""
    lines = count * 5 * 1024 // (len(_LINE) + 1)
    return ["/bin/sh", "-c", f"yes '{_LINE}' 2>/dev/null | head -n {lines}; echo {END}"]


def expected(count: int) -> int:
    """Bytes before the end, as a terminal gives them."""
    return count * 5 * 1024 // (len(_LINE) + 1) * (len(_LINE) + 2)
