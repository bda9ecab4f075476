"""Wildmats: patterns of group names (RFC 3977 section 4). Grammar: pure.

Patterns stand between commas, the last one that fits decides, and ``!`` before one turns it round.
``*`` is any run of characters, ``?`` one; old servers (RFC 2980) also know ``[a-z]``. Each pattern
becomes a list of pieces between its stars, so that matching is linear, whatever a stranger sends.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..errors import UsageError

__all__ = ["LONGEST", "matches"]

LONGEST = 4_096
"""Characters of a wildmat."""


def matches(wildmat: str, name: str) -> bool:
    """Whether *name* fits.

    Raises:
        UsageError: the wildmat is too long.

    Example:
        >>> matches("comp.*,!comp.os.*,comp.os.linux", "comp.os.linux")
        True
        >>> matches("comp.*,!comp.os.*", "comp.os.vms"), matches("a?c", "abc"), matches("", "x")
        (False, True, False)
    """
    if len(wildmat) > LONGEST:
        raise UsageError(f"a wildmat of {len(wildmat)} characters", hint="ask in several commands")
    for pattern in reversed(wildmat.split(",")):
        negative = pattern.startswith("!")
        if _fits(pattern[negative:], name):
            return not negative
    return False


def _fits(pattern: str, name: str) -> bool:
    first, *rest = _pieces(pattern)
    found = first.match(name)
    if found is None:
        return False
    if not rest:
        return found.end() == len(name)
    at = found.end()
    for piece in rest[:-1]:
        found = piece.search(name, at)
        if found is None:
            return False
        at = found.end()
    return _ends(rest[-1], name, at)


def _ends(piece: re.Pattern[str], name: str, at: int) -> bool:
    """Whether *name* ends in *piece*, at *at* or later; each piece has a fixed length."""
    width = _width(piece.pattern)
    start = len(name) - width
    return start >= at and piece.fullmatch(name, start) is not None


@lru_cache(256)
def _width(pattern: str) -> int:
    """Characters that a piece matches: escapes and sets are one each."""
    return len(_ATOM.findall(pattern))


_ATOM = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)
_SET = re.compile(r"\[(\^?)(\]?[^\]]*)\]")


@lru_cache(1_024)
def _pieces(pattern: str) -> tuple[re.Pattern[str], ...]:
    """What stands between the stars, as expressions of fixed length."""
    pieces, at, now = [], 0, ""
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            pieces.append(now)
            now = ""
        elif char == "?":
            now += "."
        elif char == "[" and (found := _SET.match(pattern, at - 1)) and found[2]:
            now += f"[{found[1]}{_quoted(found[2])}]"
            at = found.end()
        elif char == "\\" and at < len(pattern):
            now += re.escape(pattern[at])
            at += 1
        else:
            now += re.escape(char)
    return tuple(_compiled(piece) for piece in (*pieces, now))


def _compiled(piece: str) -> re.Pattern[str]:
    try:
        return re.compile(piece, re.DOTALL)
    except re.error:  # a set that runs backwards: it fits nothing
        return re.compile(r"(?!)")


def _quoted(inner: str) -> str:
    return "".join(char if char == "-" else re.escape(char) for char in inner)
