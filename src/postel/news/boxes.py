"""Where a mirror is kept, by name: ``maildir:FOLDER``, ``mbox:FILE``, ``sqlite:FILE``. Disk."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError
from ..mailboxes import Mailbox
from ..wire.names import safe_name

__all__ = ["KINDS", "open_box", "place_of"]

KINDS = ("maildir", "mbox", "sqlite")

_ENDINGS = {".mbox": "mbox", ".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite"}


def place_of(into: str, group: str = "") -> tuple[str, Path]:
    """The kind of mailbox and its path; a plain path is a Maildir, but for known endings.

    Args:
        into: as the user wrote it.
        group: makes it a mailbox of this name within *into*; "" takes *into* itself.

    Raises:
        UsageError: it names another kind, or nothing.
        TransferError: a group whose name is no name of a file.

    Example:
        >>> place_of("mbox:news", "misc.test")
        ('mbox', PosixPath('news/misc.test'))
        >>> place_of("news.sqlite")
        ('sqlite', PosixPath('news.sqlite'))
    """
    kind, colon, path = into.partition(":")
    if not colon or len(kind) < 2 or "/" in kind or "\\" in kind:  # a plain path; "C:" is a drive
        kind, path = _ENDINGS.get(Path(into).suffix.lower(), "maildir"), into
    if kind not in KINDS:
        raise UsageError(f"{into}: {kind} is no kind of mailbox for news",
                         hint=f"{', '.join(f'{one}:PATH' for one in KINDS)}; "
                         f"a path with a colon: ./{into}")
    if not path:
        raise UsageError(f"{into}: it names no {'folder' if kind == 'maildir' else 'file'}")
    return kind, Path(path) / safe_name(group) if group else Path(path)


def open_box(kind: str, path: Path) -> Mailbox:
    """Open a mailbox to write to; made if absent."""
    from ..mailboxes import Maildir, Mbox

    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        from .sqlite_box import SQLiteBox

        return SQLiteBox(path)
    return Mbox(path) if kind == "mbox" else Maildir(path, sync="batch").create()
