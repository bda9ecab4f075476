"""Which kind a mailbox is, and the way to each: `open`. Disk.

A file is known by its beginning, a folder by what is in it:

    From ...                 mbox; mboxcl or mboxcl2 if the first messages' Content-Length leads
                             from one to the next (mboxcl2 if a body has a line "From ", or none
                             has ">From "), takeout if the first has X-GM-THRID or
                             X-Gmail-Labels, else mboxrd
    four Control-A           MMDF
    BABYL OPTIONS:           Babyl
    cur, new and tmp         Maildir
    .mh_sequences, or files whose names are numbers          MH
    .eml files               a folder of them

An mbox cannot say how its "From " lines are quoted. Read as mboxrd, a file in mboxo comes out right
but for lines that began with ">From " before; name the kind where that matters.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import NotFound, UsageError
from . import Sync, disk_errors
from .face import KINDS, Box, Kind
from .fields import LONGEST_HEAD, body_at, field_of
from .mbox_box import MARK, MMDF, MboxFile, content_end
from .regions import regions

__all__ = ["kind_of", "open", "tree"]

_LOOKS = 8  # messages whose Content-Length is tried
_LOOKED_AT = 64 << 20  # bytes that are searched for a line that tells mboxcl from mboxcl2
_NAMES = 10_000  # entries of a folder that are looked at
DEPTH = 20  # levels of folders inside folders


def kind_of(path: str | os.PathLike[str]) -> Kind | None:
    """What kind of mailbox is there; None where it cannot be told: nothing there, or empty.

    Raises:
        UsageError: it is no mailbox.
        Forbidden, TransferError: the disk refuses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     made = Path(folder, "inbox")
        ...     _ = made.write_bytes(b"From a Thu Jan  1 00:00:00 1970\\nTo: b\\n\\nHi.\\n\\n")
        ...     kind_of(made), kind_of(folder + "/none")
        ('mboxrd', None)
    """
    place = Path(path)
    with disk_errors(f"opening {place}"):
        if place.is_dir():
            return _folder_kind(place)
        if not place.exists():
            return None
        if not place.is_file():
            raise UsageError(f"opening {place}: it is neither a file nor a folder")
        with place.open("rb") as file:
            def read(offset: int, count: int) -> bytes:
                file.seek(offset)
                return file.read(count)

            return _file_kind(place, read)


def _file_kind(place: Path, read: Callable[[int, int], bytes]) -> Kind | None:
    head = read(0, LONGEST_HEAD)
    if head.startswith(MARK):
        return "mmdf"
    if head.startswith(b"BABYL OPTIONS:"):
        return "babyl"
    start = len(head) - len(head.lstrip(b"\r\n"))
    if start == len(head) < LONGEST_HEAD:
        return None
    if not head.startswith(b"From ", start):
        raise UsageError(f"opening {place}: it is no mailbox of any kind Postel knows",
                         hint="a single message? put it into a folder as FILE.eml")
    begin = head.find(b"\n", start) + 1
    if any(field_of(head, name, begin) is not None for name in (b"X-GM-THRID", b"X-Gmail-Labels")):
        return "takeout"
    return _counted_kind(read, start) or "mboxrd"


def _counted_kind(read: Callable[[int, int], bytes], start: int) -> Kind | None:
    """Mboxcl or mboxcl2, if Content-Length leads from each of the first messages to the next."""
    at = start
    for _ in range(_LOOKS):
        end = content_end(read, at)
        if end is None:
            return None
        at = end
        if not read(at, 1):
            break
    quoted = False
    for region in regions(read, start, _nowhere, lambda offset: content_end(read, offset)):
        text = region.data or b""
        body = b"\n" + text[max(0, body_at(text, 0)):]
        if b"\nFrom " in body:
            return "mboxcl2"
        quoted = quoted or b"\n>From " in body
        if region.end - start > _LOOKED_AT:
            break
    return "mboxcl" if quoted else "mboxcl2"


def _nowhere(data: bytes, at: int) -> None:
    """What finds no separator."""


def _folder_kind(place: Path) -> Kind | None:
    if all((place / name).is_dir() for name in ("cur", "new")):
        return "maildir"
    if (place / ".mh_sequences").is_file():
        return "mh"
    numbers = eml = 0
    with os.scandir(place) as entries:
        for _, entry in zip(range(_NAMES), entries, strict=False):
            numbers += entry.name.isdecimal() and entry.is_file()
            eml += entry.name.lower().endswith(".eml")
    if numbers or eml:
        return "mh" if numbers > eml else "eml"
    return None


def open(
    path: str | os.PathLike[str],
    kind: Kind | None = None,
    *,
    sync: Sync = "each",
    timeout: float = 30.0,
) -> Box:
    """A mailbox of any kind.

    Args:
        path: its file or folder.
        kind: see `KINDS`; None finds out. Needed for one that does not exist yet or is empty: the
            first message creates it.
        sync: see `Box`.
        timeout: seconds to wait for another program's lock, in kinds that are one file.

    Raises:
        NotFound: there is nothing, and no *kind* was given.
        UsageError: what is there is no mailbox, or *kind* is none.
        Forbidden, TransferError: the disk refuses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for kind in ("mmdf", "mboxcl2", "mh", "eml"):
        ...         key = open(f"{folder}/{kind}", kind).append(b"To: b\\n\\nHi.\\n")
        ...     [open(f"{folder}/{kind}").kind for kind in ("mmdf", "mboxcl2", "mh", "eml")]
        ['mmdf', 'mboxcl2', 'mh', 'eml']
    """
    if kind is None:
        kind = kind_of(path)
    if kind is None:
        if not Path(path).exists():
            raise NotFound(f"opening {path}: there is no mailbox",
                           hint="name a kind to make one: " + ", ".join(KINDS))
        raise UsageError(f"opening {path}: it is empty, so it might be of any kind",
                         hint="name the kind: " + ", ".join(KINDS))
    if kind == "maildir":
        from .maildir_box import MaildirBox

        return MaildirBox(path, sync=sync)
    if kind == "mh":
        from .mh import MH

        return MH(path, sync=sync)
    if kind == "eml":
        from .numbered import EmlFolder

        return EmlFolder(path, sync=sync)
    return _file_box(path, kind, sync, timeout)


def _file_box(path: str | os.PathLike[str], kind: Kind, sync: Sync, timeout: float) -> Box:
    if kind == "mmdf":
        return MMDF(path, kind, sync=sync, timeout=timeout)
    if kind == "babyl":
        from .babyl import Babyl

        return Babyl(path, kind, sync=sync, timeout=timeout)
    if kind not in KINDS:
        raise UsageError(f"mailbox kind {kind!r}: there is none", hint=", ".join(KINDS))
    return MboxFile(path, kind, sync=sync, timeout=timeout)


def tree(path: str | os.PathLike[str]) -> Iterator[tuple[str, Box]]:
    """Every mailbox in a folder and the folders inside it, with its name; "" for *path* itself.

    Files that are no mailboxes are passed over, links are not followed: a Takeout as it was
    unpacked, a folder of mbox files, a Maildir++ with its folders, an MH tree.

    Raises:
        NotFound, Forbidden, TransferError: the disk refuses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("a.mbox", "b/c.mbox"):
        ...         _ = Path(folder, name).parent.mkdir(exist_ok=True)
        ...         _ = open(f"{folder}/{name}", "mboxrd").append(b"To: b\\n\\nHi.\\n")
        ...     [(name, len(box)) for name, box in tree(folder)]
        [('a.mbox', 1), ('b/c.mbox', 1)]
    """
    place = Path(path)
    with disk_errors(f"opening {place}"):
        place.stat()
    todo = [("", place, 0)]
    while todo:
        name, here, depth = todo.pop()
        kind = _kind_or_none(here)
        inside: dict[str, Path] = {}
        if kind is not None:
            box = open(here, kind)
            yield name, box
            inside = box.folders() if kind == "maildir" else _inside(here, kind)
        else:
            inside = _inside(here, kind)
        if depth < DEPTH:
            prefix = f"{name}/" if name else ""
            todo += [(prefix + key, inside[key], depth + 1) for key in reversed(inside)]


def _inside(here: Path, kind: Kind | None) -> dict[str, Path]:
    """What else is in a folder but the messages of its own."""
    if not here.is_dir():
        return {}
    with disk_errors(f"listing {here}"):
        found = {one.name: one for one in sorted(here.iterdir()) if not one.is_symlink()}
    if kind == "mh":
        return {name: one for name, one in found.items() if not name.isdecimal()}
    if kind == "eml":
        return {name: one for name, one in found.items() if not name.lower().endswith(".eml")}
    return found


def _kind_or_none(place: Path) -> Kind | None:
    try:
        return kind_of(place)
    except UsageError:
        return None
