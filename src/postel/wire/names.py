"""Names that come from a server, as names on this disk: one component, or nothing.

Two decades of path traversal (curl, wget, lftp, OpenSSH's sftp, rsync, aria2 and many more) come
down to one rule: what a server calls a file is never a path here. A name that could be one is
refused; the entry fails, the rest goes on.
"""

from __future__ import annotations

import hashlib
import os
import re

from ..errors import TransferError
from .text import display

__all__ = ["NOTE", "UNFINISHED", "is_unfinished", "joined", "safe_name", "unfinished"]

LONGEST_NAME = 255
"""Bytes of one name on the file systems of Linux, macOS and Windows."""

UNFINISHED = ".postel"
"""How the names of unfinished transfers end; they begin with a dot."""

NOTE = ".postel-note"
"""How the names of their notes end."""

_WHOLE = LONGEST_NAME - len(f".{NOTE}")
"""Bytes of a name that still fit with the dot before and the longer end behind."""

_KEPT = 180
"""Bytes of a longer name that are kept, so that a person sees what it is of."""

_DRIVE = re.compile(r"[A-Za-z]:")
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)


def safe_name(name: str, *, windows: bool = os.name == "nt") -> str:
    r"""Return *name* if it can only be one file in one folder.

    Args:
        name: as the server gave it.
        windows: also refuse what only Windows gives a meaning: devices, trailing dots and
            spaces, and the characters ``<>:"|?*``.

    Raises:
        TransferError: it is empty, ``.`` or ``..``, holds a slash, a back-slash or a NUL, begins
            with a drive letter, or is too long.

    Example:
        >>> safe_name("notes.txt")
        'notes.txt'
        >>> safe_name("../.ssh/authorized_keys")
        Traceback (most recent call last):
        ...
        postel.errors.TransferError: name '../.ssh/authorized_keys': it holds a slash
    """
    if (wrong := _wrong(name, windows)) is not None:
        raise TransferError(
            f"name '{display(name)}': {wrong}",
            hint="the server may be hostile, or only odd: fetch this one by hand, naming the "
            "local file yourself",
        )
    return name


def _wrong(name: str, windows: bool) -> str | None:
    for character, what in (("/", "a slash"), ("\\", "a back-slash"), ("\0", "a NUL")):
        if character in name:
            return f"it holds {what}"
    if name in ("", ".", ".."):
        return "it is no name of a file"
    if _DRIVE.match(name):
        return "it begins with a drive letter"
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        return "it is longer than 255 bytes"
    if windows and (_DEVICE.fullmatch(name) or name[-1] in ". " or set(name) & set('<>:"|?*')):
        return "Windows gives it another meaning"
    return None


def joined(folder: str, name: str) -> str:
    """The remote path of *name* in *folder*; paths there are slashed, whatever this machine does.

    Example:
        >>> joined("", "a"), joined("/", "a"), joined("pub", "a")
        ('a', '/a', 'pub/a')
    """
    if not folder or folder.endswith("/"):
        return folder + name
    return f"{folder}/{name}"


def unfinished(name: str, end: str = UNFINISHED) -> str:
    """The name that *name* has until it is whole, in the same folder: here, or on a server.

    A long name is cut and told apart by a digest of all of it, so that the result fits wherever
    the name itself does; it is always the same, so that a later run finds what an earlier left.

    Args:
        name: one component.
        end: what it ends in.

    Example:
        >>> unfinished("a.iso"), unfinished("a.iso", NOTE)
        ('.a.iso.postel', '.a.iso.postel-note')
        >>> len(unfinished(254 * "x")) < LONGEST_NAME
        True
    """
    raw = name.encode("utf-8", "surrogateescape")
    if len(raw) <= _WHOLE:
        return f".{name}{end}"
    kept = raw[:_KEPT].decode("utf-8", "ignore")
    return f".{kept}.{hashlib.sha256(raw).hexdigest()[:16]}{end}"


def is_unfinished(name: str) -> bool:
    """Whether *name* is that of a transfer that is not whole, or of its note.

    Example:
        >>> is_unfinished(".a.iso.postel"), is_unfinished("a.iso.postel")
        (True, False)
    """
    return name.startswith(".") and name.endswith((UNFINISHED, NOTE))
