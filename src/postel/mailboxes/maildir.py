"""Maildir: one file per message, delivered without locks (https://cr.yp.to/proto/maildir.html).

    tmp/    messages being written; readers never look here
    new/    delivered, not yet seen by a mail reader
    cur/    taken over by a reader: NAME:2,FLAGS

A delivery writes the file in tmp, syncs it and renames it into new. The rename is atomic, so a
reader sees whole messages only, and a crash before it leaves a stray in tmp, which `Maildir.sweep`
removes a day and a half later, as the specification says.

Readers rename files whenever they like (new to cur, other flags), so a message is known by its
key: the name up to the colon, which never changes. A message may also move while the folders are
listed; new is read first, so it can be met twice but not missed.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from ..errors import AlreadyExists, Forbidden, NotFound, UsageError
from . import Eol, LineEnds, Sync, disk_errors, host_name, sync_path

__all__ = ["Maildir", "MaildirMessage"]

STALE = 36 * 3600.0  # seconds after which a file in tmp belongs to nobody (the specification's)
LONGEST_KEY = 200  # bytes; a file name may have 255, and flags follow
CHUNK = 1 << 20  # bytes of a message read at a time
_BUFFER = 1 << 16
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:;*?\"<>|]")  # what VFAT or the format forbids in a name
_SERIAL = count(1)


@dataclass(frozen=True)
class MaildirMessage:
    """One message of a `Maildir`.

    Args:
        key: its name without flags; stays the same while readers rename the file.
        flags: the letters after ``:2,`` (D draft, F flagged, P passed, R replied, S seen,
            T trashed); "" for a message in new.
        path: where the file was when it was listed.
        box: the Maildir it is in.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = Maildir(folder).create()
        ...     key = box.append(b"Subject: hi\\n\\n", flags="SF")
        ...     message = box[key]
        ...     print(message.flags, message.path.parent.name, message.read())
        FS cur b'Subject: hi\\n\\n'
    """

    key: str
    flags: str
    path: Path
    box: Maildir = field(repr=False, compare=False)

    def read(self) -> bytes:
        """The whole message; found again by its key if a reader has renamed it.

        Raises:
            NotFound: it has been removed.
        """
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The message in pieces of at most 1 MiB; else as `read`."""
        with disk_errors(f"reading message {self.key}"):
            try:
                handle = _open_file(self.path)
            except FileNotFoundError:
                handle = _open_file(self.box[self.key].path)
            with os.fdopen(handle, "rb", buffering=0) as file:
                while data := file.read(CHUNK):
                    yield data


class _Delivery:
    """A message in tmp, and where it will go."""

    def __init__(self, key: str, path: str, folder: str, name: str, eol: Eol) -> None:
        self.key = key
        self.path = path
        self.folder = folder
        self.target = os.path.join(folder, name)  # noqa: PTH118 - a Path costs more than a rename
        self._ends = LineEnds() if eol == "lf" else None
        with disk_errors(f"delivering {key}", hint="does the Maildir exist? create() makes it"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY
            self._file = os.fdopen(os.open(path, flags, 0o600), "wb", _BUFFER)

    def write(self, data: bytes) -> int:
        """Add *data* to the message; return its length."""
        with disk_errors(f"writing message {self.key}"):
            self._file.write(self._ends.feed(data) if self._ends else data)
        return len(data)

    def end(self, date: float | None) -> None:
        """The message is whole."""
        with disk_errors(f"writing message {self.key}"):
            if self._ends:
                self._file.write(self._ends.end())
            self._file.close()
            if date is not None:
                os.utime(self.path, (date, date))

    def abandon(self) -> None:
        """Leave no trace of it."""
        try:
            self._file.close()
        except OSError:
            pass  # a full disk may refuse the last bytes; the file goes anyway
        Path(self.path).unlink(missing_ok=True)


class Maildir:
    """A Maildir, for delivering, listing, reading and removing.

    Args:
        path: its folder; it may be a symbolic link, its three sub-folders may not.
        eol: ``"lf"`` turns CRLF into LF as other programs do; ``"keep"`` stores bytes as they come.
        sync: ``"each"``: a message is on the disk when `append` returns. ``"batch"``: messages
            are staged and appear at `flush`, which syncs them together. ``"never"``: leave it
            to the system.
        separator: what stands before ``2,FLAGS``; use ``";"`` or ``"!"`` where names may have
            no colon (VFAT, Windows).

    The attributes `now` (seconds since 1970), `token` (a random word) and `host` go into names;
    tests replace them.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = Maildir(folder).create()
        ...     key = box.append(b"Subject: hello\\r\\n\\r\\nHi.\\r\\n")
        ...     for message in box:
        ...         print(message.key == key, message.flags, message.read())
        True  b'Subject: hello\\n\\nHi.\\n'
    """

    def __init__(
        self, path: str | Path, *, eol: Eol = "lf", sync: Sync = "each", separator: str = ":"
    ) -> None:
        if len(separator) != 1 or separator not in ":;!":
            raise UsageError(f"Maildir separator {separator!r}: it is one of : ; !")
        self.path = Path(path)
        self.eol: Eol = eol
        self.sync: Sync = sync
        self.separator = separator
        self.host = host_name()
        self.now: Callable[[], float] = time.time
        self.token: Callable[[], str] = lambda: os.urandom(4).hex()
        self._staged: dict[str, _Delivery] = {}
        self._open: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Maildir({str(self.path)!r})"

    def create(self) -> Maildir:
        """Make the folders that are missing, for the owner alone; return this Maildir.

        Raises:
            Forbidden: the system refuses, or a sub-folder is a symbolic link.
        """
        with disk_errors(f"creating Maildir {self.path}"):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("tmp", "new", "cur"):
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
                self._folder(name)
        return self

    def append(
        self,
        data: bytes | Iterable[bytes],
        *,
        flags: str = "",
        unique: str | None = None,
        sender: str = "",
        date: float | None = None,
    ) -> str:
        """Deliver one message and return its key; arguments and errors as for `writing`.

        Args:
            data: the message, whole or in pieces.
            flags: see `writing`.
            unique: see `writing`.
            sender: see `writing`.
            date: see `writing`.
        """
        with self.writing(flags=flags, unique=unique, sender=sender, date=date) as delivery:
            for piece in (data,) if isinstance(data, bytes) else data:
                delivery.write(piece)
        return delivery.key

    @contextmanager
    def writing(
        self,
        *,
        flags: str = "",
        unique: str | None = None,
        sender: str = "",
        date: float | None = None,
        staged: bool | None = None,
        cur: bool = False,
    ) -> Iterator[_Delivery]:
        """Deliver one message by writing it piece by piece; an error takes it back.

        Args:
            flags: letters; with any, the message goes to cur as one that was seen by a reader.
            unique: the key to use instead of a fresh one.
            sender: not stored; a Maildir keeps the envelope's sender in Return-Path only.
            date: when it was received (seconds since 1970), kept as the file's time; None: now.
            staged: whether it waits for `flush`; None means: if ``sync="batch"``.
            cur: whether it goes to cur even without flags.

        Raises:
            UsageError: *flags* or *unique* cannot stand in a file name.
            AlreadyExists: there is a message with the key *unique*.
            NotFound: the Maildir does not exist.
            NoSpace, Forbidden, TransferError: the disk refuses.
        """
        delivery = self._begin(flags, unique, cur)
        try:
            if unique is not None and self.present([unique]):
                raise AlreadyExists(f"delivering {unique}: the Maildir has a message of that name")
            yield delivery
            delivery.end(date)
            self._staged[delivery.key] = delivery
            if not (self.sync == "batch" if staged is None else staged):
                self._publish([delivery])
        except BaseException:
            self._staged.pop(delivery.key, None)
            delivery.abandon()
            raise

    def flush(self) -> None:
        """Publish all staged messages: sync them, rename them, sync the folders.

        Raises:
            NoSpace, Forbidden, TransferError: the disk refuses; what is not published yet
                stays staged, so that another flush may follow.
        """
        self._publish(list(self._staged.values()))

    def discard(self) -> None:
        """Remove all staged messages."""
        while self._staged:
            self._staged.popitem()[1].abandon()

    def sweep(self) -> int:
        """Remove what crashed deliveries left in tmp 36 hours ago or earlier; return how many."""
        removed = 0
        with disk_errors(f"sweeping Maildir {self.path}"):
            for name in self._names("tmp"):
                path = self.path / "tmp" / name
                if self.now() - path.lstat().st_mtime >= STALE:
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def present(self, keys: Iterable[str]) -> set[str]:
        """Which of *keys* are delivered; one listing, however many keys."""
        return self._listing().keys() & set(keys)

    def remove(self, key: str) -> None:
        """Delete the message called *key*.

        Raises:
            NotFound: there is none.
        """
        path = self[key].path
        with disk_errors(f"removing message {key}"):
            path.unlink()

    def __contains__(self, key: str) -> bool:
        return key in self._listing()

    def __len__(self) -> int:
        return len(self._listing())

    def __iter__(self) -> Iterator[MaildirMessage]:
        """The messages in the order of their keys, which is that of their arrival."""
        return iter(sorted(self._listing().values(), key=lambda message: message.key))

    def __getitem__(self, key: str) -> MaildirMessage:
        """The message called *key*.

        Raises:
            NotFound: there is none.
        """
        message = self._listing().get(key)
        if message is None:
            raise NotFound(f"looking up message {key!r} in {self.path}: there is none")
        return message

    def _begin(self, flags: str, unique: str | None, cur: bool) -> _Delivery:
        if not flags.isascii() or not (flags.isalpha() or not flags):
            raise UsageError(f"Maildir flags {flags!r}: they are ASCII letters")
        key = self._fresh_key() if unique is None else _checked(unique, self.separator)
        cur = cur or bool(flags)
        info = f"{self.separator}2,{''.join(sorted(set(flags)))}" if cur else ""
        into, tmp = self._place("cur" if cur else "new"), self._place("tmp")
        return _Delivery(key, f"{tmp}{os.sep}{key}", into, key + info, self.eol)

    def _place(self, name: str) -> str:
        """A sub-folder as text, looked at once a batch.

        As a Path, looked at for each message, it was 40 % of what filing 12,000 messages took.
        """
        if not self._staged:
            self._open.clear()
        if name not in self._open:
            self._open[name] = str(self._folder(name))
        return self._open[name]

    def _fresh_key(self) -> str:
        """Unique over time, processes, threads and machines; digits first, so it sorts by time."""
        seconds, micros = divmod(int(self.now() * 1_000_000), 1_000_000)
        serial = f"M{micros:06}P{os.getpid()}Q{next(_SERIAL)}R{self.token()}"
        return f"{seconds}.{serial}.{self.host}"

    def _publish(self, deliveries: list[_Delivery]) -> None:
        with disk_errors(f"delivering to {self.path}"):
            if self.sync != "never":
                for delivery in deliveries:
                    sync_path(delivery.path)
            for delivery in deliveries:
                os.rename(delivery.path, delivery.target)  # noqa: PTH104 - likewise
                del self._staged[delivery.key]
            if self.sync != "never":
                for folder in {delivery.folder for delivery in deliveries}:
                    sync_path(folder)

    def _folder(self, name: str) -> Path:
        """A sub-folder that is one: mail must not leave the tree through a link."""
        path = self.path / name
        with disk_errors(f"opening Maildir {self.path}", hint="create() makes a new one"):
            mode = path.lstat().st_mode
        if not stat.S_ISDIR(mode):
            raise Forbidden(f"opening Maildir {self.path}: {name} is no folder but a link or file")
        return path

    def _names(self, folder: str) -> list[str]:
        """The plain files of *folder*; a name with a leading dot is not a message."""
        with os.scandir(self._folder(folder)) as entries:
            return [
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
            ]

    def _listing(self) -> dict[str, MaildirMessage]:
        found: dict[str, MaildirMessage] = {}
        with disk_errors(f"listing Maildir {self.path}"):
            for folder in ("new", "cur"):
                for name in self._names(folder):
                    key, _, flags = name.partition(f"{self.separator}2,")
                    path = self.path / folder / name
                    found[key] = MaildirMessage(key, flags, path, self)
        return found


def _checked(unique: str, separator: str) -> str:
    """A caller's key, if it can be a file name everywhere and be told from the flags."""
    try:
        length = len(unique.encode())
    except UnicodeEncodeError:
        length = 0
    bad = unique.startswith(".") or separator in unique or _UNSAFE.search(unique)
    if bad or not 0 < length <= LONGEST_KEY:
        raise UsageError(f"Maildir key {unique[:80]!r}: it cannot be a file name of a message")
    return unique


def _open_file(path: Path) -> int:
    # O_NONBLOCK: a FIFO put in a file's place must not hang the reader.
    handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | _BINARY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Forbidden(f"reading {path}: it is no plain file")
    return handle
