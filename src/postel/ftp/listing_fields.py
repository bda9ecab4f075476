"""The fields that several listing dialects share: permissions and sizes. Grammar.

Permissions come out as the bits of ``os.stat`` (0o7777), the kind of entry apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["NO_FACTS", "PERMISSIONS", "mode_of", "protection_of", "size_of"]

NO_FACTS: Mapping[str, str] = {}
"""Shared by all entries that have no further facts."""

PERMISSIONS = r"[r-][w-][xsS-][r-][w-][xsSlL-][r-][w-][xtT-]"
"""Nine signs of `ls -l`; "l" and "L" (Solaris) mark mandatory locking on the set-group bit."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"(\d{1,20})(?:\.(\d{1,3}))?([kKmMgGtT]?)(?:i?[bB])?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:[,.'’]\d{3}){1,6}", re.ASCII)


@lru_cache(maxsize=1024)
def mode_of(permissions: str) -> int:
    """The mode bits of nine signs such as "rwxr-sr-t" (POSIX ls).

    Args:
        permissions: nine signs that match `PERMISSIONS`.

    Example:
        >>> oct(mode_of("rwsr-xr-T"))
        '0o5754'
    """
    mode = 0
    for place, sign in enumerate(permissions):
        if sign not in "-STlL":
            mode |= 0o400 >> place
        if sign in "sStTlL":
            mode |= 0o4000 >> place // 3
    return mode


@lru_cache(maxsize=1024)
def protection_of(protection: str) -> int | None:
    """The mode bits of a VMS protection "system,owner,group,world", each some of RWED.

    Example:
        >>> oct(protection_of("RWED,RWED,RE,"))
        '0o750'
    """
    classes = protection.upper().split(",")
    if len(classes) != 4:
        return None
    mode = 0
    for letters in classes[1:]:
        bits = (4 if "R" in letters else 0) | (2 if "W" in letters else 0)
        mode = mode << 3 | bits | (1 if "E" in letters else 0)
    return mode


def size_of(word: str) -> tuple[int, int] | None:
    """The size that *word* says and the unit it is rounded to, both in bytes; None for no size.

    Args:
        word: "1234", "33.5k", "2KB", "9,730".

    Example:
        >>> size_of("33.5k"), size_of("9,730")
        ((34304, 1024), (9730, 1))
    """
    if _GROUPED.fullmatch(word):
        return int(re.sub(r"\D", "", word)), 1
    match = _SIZE.fullmatch(word)
    if match is None:
        return None
    unit = _UNITS[match[3].lower()]
    size = int(match[1]) * unit
    if match[2]:
        if unit == 1:
            return None
        size += int(match[2]) * unit // 10 ** len(match[2])
    return size, unit
