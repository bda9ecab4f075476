"""Names that a disk cannot hold, written in a way that can be read back. Pure.

What this machine cannot have in a name becomes ``%XX``, a byte in hexadecimal; a ``%`` that could
be read as the beginning of one becomes ``%25``. Every name has one such form, no two names have
the same, and a name that needs none stays as it is.
"""

from __future__ import annotations

import os
import re

__all__ = ["escaped", "unescaped"]

_ALWAYS = '/\\\0'
_WINDOWS = '<>:"|?*' + "".join(map(chr, range(1, 32)))
_DRIVE = re.compile(r"[A-Za-z]:")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=$|\.)",
                     re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9A-F]{2}")


def escaped(name: str, *, windows: bool = os.name == "nt") -> str:
    r"""The form of *name* that a disk can hold.

    Args:
        name: one component of a path, as the server has it.
        windows: also what only Windows cannot hold.

    Example:
        >>> escaped("a/b"), escaped(".."), escaped("100%25"), escaped("plain.txt")
        ('a%2Fb', '%2E%2E', '100%2525', 'plain.txt')
    """
    never = set(_ALWAYS + (_WINDOWS if windows else ""))
    name = re.sub(r"%(?=[0-9A-F]{2})", "%25", name)
    name = "".join(_hex(one) if one in never else one for one in name)
    if name in (".", ".."):
        return name.replace(".", "%2E")
    if _DRIVE.match(name):
        name = f"{name[0]}%3A{name[2:]}"
    if windows:
        if _DEVICE.match(name):
            name = _hex(name[0]) + name[1:]
        if name[-1:] in (".", " "):
            name = name[:-1] + _hex(name[-1])
    return name


def unescaped(name: str) -> str:
    """The name whose `escaped` form is *name*; one that is no such form stays as it is.

    Example:
        >>> unescaped("a%2Fb"), unescaped("100%"), unescaped("%41")
        ('a/b', '100%', '%41')
    """
    found = _ESCAPE.sub(lambda one: chr(int(one[0][1:], 16)), name)
    return found if name in (escaped(found, windows=False), escaped(found, windows=True)) else name


def _hex(character: str) -> str:
    return f"%{ord(character):02X}"
