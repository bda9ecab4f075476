"""Which side a text names, and where is remembered what two sides had. Disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..errors import UsageError

__all__ = ["disk_place", "state_file"]


def disk_place(text: str) -> tuple[str, str] | None:
    """The kind and the path of mailboxes on this disk; None if *text* is something else.

    A path without a kind is a Maildir, unless a plain file is there.

    Raises:
        UsageError: it names a kind and no path.

    Example:
        >>> disk_place("maildir:~/Mail"), disk_place("mbox:old/"), disk_place("imap://a@b/")
        (('maildir', '~/Mail'), ('mbox', 'old/'), None)
        >>> disk_place("./Mail")
        ('maildir', './Mail')
    """
    kind, colon, path = text.partition(":")
    if colon and kind in ("maildir", "mbox"):
        if not path:
            raise UsageError(f"{text}: it names no folder", hint=f"{kind}:PATH")
        return kind, path
    if "/" in kind or not colon or (len(kind) == 1 and os.name == "nt"):
        return ("mbox" if Path(text).is_file() else "maildir"), text
    return None


def state_file(left: str, right: str) -> Path:
    """The file for a pair of sides, in your data folder.

    Example:
        >>> state_file("a", "b").name.endswith(".db")
        True
    """
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    folder = (Path(base) if base else Path.home() / ".local" / "share") / "postel" / "moving"
    name = hashlib.sha256(f"{left}\n{right}".encode()).hexdigest()[:24]
    return folder / f"{name}.db"
