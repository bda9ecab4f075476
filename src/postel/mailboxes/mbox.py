"""mbox: all messages in one file, each after a line "From SENDER DATE" (RFC 4155).

    From alice@example.org Thu Jan  1 00:00:00 1970
    Subject: one message

    >From here on, a line that begins with "From " has a ">" before it.
    <empty line>
    From bob@example.org ...

The variants differ in that ">". *mboxrd* quotes every line of ">"s and "From ", and reading takes
one ">" away again, so a message comes back as it was. *mboxo*, the oldest, quotes "From " only and
cannot be reversed: reading leaves the ">" in place. A line counts as the beginning of a message
only after an empty line (or at the beginning of the file), so that files whose "From " was not
quoted at all are still read as well as they can be. No variant can hold a message whose last line
is not ended; the line end is added.

Locks, and what happens after a crash in the middle of an addition, are told in `mbox_lock`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

from ..errors import BusyError, UsageError
from . import Eol, LineEnds, Sync, disk_errors, sync_path
from .mbox_lock import FileLock, write_all
from .mbox_text import (
    Quoter,
    StartFinder,
    Variant,
    blank_end,
    delivery_key,
    envelope,
    from_line,
    missing_end,
)

__all__ = ["Mbox", "MboxMessage"]

CHUNK = 1 << 20  # bytes read or copied at a time
IN_MEMORY = 1 << 20  # bytes of staged messages before they go to a nameless file
LONGEST_FROM = 1024  # bytes looked at of a "From " line


@dataclass(frozen=True)
class MboxMessage:
    """One message of an `Mbox`.

    Args:
        path: the file.
        variant: how its "From " lines are quoted.
        start: offset of its "From " line.
        end: offset where the next one begins.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = Mbox(f"{folder}/inbox")
        ...     key = box.append(b"\\nFrom here\\n", sender="alice@example.org", date=0)
        ...     for message in box:
        ...         print(message.sender, message.date, message.read())
        alice@example.org 1970-01-01 00:00:00+00:00 b'\\nFrom here\\n'
    """

    path: Path
    variant: Variant
    start: int
    end: int

    @property
    def key(self) -> str:
        """Where it begins; good until the file is rewritten."""
        return str(self.start)

    @property
    def sender(self) -> str:
        """The envelope's sender as its "From " line has it."""
        return envelope(self._from_line())[0]

    @property
    def date(self) -> datetime | None:
        """When it was received (the line is taken to be UTC), or None where it has no date."""
        return envelope(self._from_line())[1]

    def read(self) -> bytes:
        """The whole message, its "From " line and quoting removed."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The message in pieces of about 1 MiB; else as `read`."""
        with disk_errors(f"reading {self.path}"), self.path.open("rb") as file:
            file.seek(max(self.start, self.end - 3))
            stop = self.end - blank_end(file.read(3))
            file.seek(self.start)
            while not file.readline(CHUNK).endswith(b"\n") and file.tell() < stop:
                pass  # a "From " line of any length
            unquote = Quoter(self.variant, undo=True)
            while data := file.read(max(0, min(CHUNK, stop - file.tell()))):
                yield unquote.feed(data)
            yield unquote.end()

    def _from_line(self) -> bytes:
        with disk_errors(f"reading {self.path}"), self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(min(LONGEST_FROM, self.end - self.start)).split(b"\n", 1)[0]


class _Delivery:
    """A message being added to the spool."""

    def __init__(self, spool: IO[bytes], variant: Variant, eol: Eol) -> None:
        self.key = ""
        self.digest = hashlib.sha256()
        self._spool = spool
        self._ends = LineEnds() if eol == "lf" else None
        self._quote = Quoter(variant)
        self._last = b"\n"

    def write(self, data: bytes) -> int:
        """Add *data* to the message; return its length."""
        self._add(self._ends.feed(data) if self._ends else data)
        return len(data)

    def end(self) -> None:
        """End the last line, and the message with an empty one."""
        if self._ends:
            self._add(self._ends.end())
        if self._last != b"\n":
            self._add(b"\n")
        with disk_errors("staging a message"):
            self._spool.write(self._quote.end() + b"\n")

    def _add(self, data: bytes) -> None:
        if data:
            self._last = data[-1:]
            self.digest.update(data)
            with disk_errors("staging a message"):
                self._spool.write(self._quote.feed(data))


class Mbox:
    """An mbox file, for delivering, listing and reading; one thread or task at a time.

    An mbox has no names: a message is known after a crash by its digest, looked for from where
    the file ended when it was staged. A program that adds headers of its own to the message before
    then (Dovecot's X-UID, mutt's Status) hides it; a Maildir has no such weakness.

    Args:
        path: the file; the first message creates it, readable by its owner only.
        variant: ``"mboxrd"`` (reversible) or ``"mboxo"``.
        eol: ``"lf"`` turns CRLF into LF as other programs do; ``"keep"`` stores bytes as they come.
        sync: ``"each"``, ``"batch"`` or ``"never"``, as for `Maildir`.
        timeout: seconds to wait for another program's lock.
        dotlock: without it only the fcntl lock is taken, and a torn end is not cut off.

    The attributes `now` (seconds since 1970) and `lock` are there for tests to replace.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = Mbox(f"{folder}/inbox")
        ...     key = box.append(b"Subject: hello\\r\\n\\r\\nFrom me.\\r\\n", date=0)
        ...     print(box.path.read_text(), end="")
        ...     print([message.read() for message in box])
        From MAILER-DAEMON Thu Jan  1 00:00:00 1970
        Subject: hello
        <BLANKLINE>
        >From me.
        <BLANKLINE>
        [b'Subject: hello\\n\\nFrom me.\\n']
    """

    def __init__(
        self,
        path: str | Path,
        variant: Variant = "mboxrd",
        *,
        eol: Eol = "lf",
        sync: Sync = "each",
        timeout: float = 30.0,
        dotlock: bool = True,
    ) -> None:
        if variant not in ("mboxrd", "mboxo"):
            raise UsageError(f"mbox variant {variant!r}: it is mboxrd or mboxo")
        self.path = Path(path)
        self.variant: Variant = variant
        self.eol: Eol = eol
        self.sync: Sync = sync
        self.lock = FileLock(self.path, timeout=timeout, dotlock=dotlock)
        self.now: Callable[[], float] = time.time
        self._spool: IO[bytes] | None = None
        self._base = 0  # where the file ended when the first message was staged
        self._copies: Counter[str] = Counter()
        self._writing = False

    def __repr__(self) -> str:
        return f"Mbox({str(self.path)!r})"

    def append(
        self, data: bytes | Iterable[bytes], *, sender: str = "", date: float | None = None
    ) -> str:
        """Deliver one message and return its key; arguments and errors as for `writing`.

        Args:
            data: the message, whole or in pieces.
            sender: see `writing`.
            date: see `writing`.
        """
        with self.writing(sender=sender, date=date) as delivery:
            for piece in (data,) if isinstance(data, bytes) else data:
                delivery.write(piece)
        return delivery.key

    @contextmanager
    def writing(
        self, *, sender: str = "", date: float | None = None, staged: bool | None = None
    ) -> Iterator[_Delivery]:
        """Deliver one message by writing it piece by piece; an error takes it back.

        Args:
            sender: for the "From " line; blanks and control characters are left out; "" is
                written as MAILER-DAEMON, which stands for the empty sender.
            date: when it was received (seconds since 1970, UTC); None means now.
            staged: whether it waits for `flush`; None means: if ``sync="batch"``. Published at
                once, it takes all that was staged before with it: a file has one order.

        Raises:
            BusyError: another message is being written to this object.
            UsageError: the file is no mbox.
            TryLater: another program keeps its lock for longer than *timeout*.
            NotFound, Forbidden, NoSpace, TransferError: the disk refuses.
        """
        if self._writing:
            raise BusyError(f"delivering to {self.path}: another message is still being written")
        spool = self._opened_spool()
        spool.seek(0, os.SEEK_END)
        begin = spool.tell()
        delivery = _Delivery(spool, self.variant, self.eol)
        self._writing = True
        try:
            with disk_errors("staging a message"):
                spool.write(from_line(sender, self.now() if date is None else date))
            yield delivery
            delivery.end()
            self._stage(delivery)
            if not (self.sync == "batch" if staged is None else staged):
                self.flush()
        except BaseException:
            spool.truncate(begin)
            if delivery.key:
                self._copies[delivery.digest.hexdigest()] -= 1
            if not self._copies.total():
                self.discard()
            raise
        finally:
            self._writing = False

    def flush(self) -> None:
        """Add all staged messages to the file in one go.

        Raises:
            UsageError: the file is no mbox.
            TryLater: another program keeps its lock for longer than the timeout.
            NotFound, Forbidden, NoSpace, TransferError: the disk refuses; the file is as long as
                it was, and the messages stay staged, so that another flush may follow.
        """
        if self._spool is None or not self._copies.total():
            return
        with disk_errors(f"delivering to {self.path}"), self.lock.hold(create=True) as file:
            self._check(file)
            self._copy(self._spool, file)
        self.discard()

    def discard(self) -> None:
        """Forget all staged messages."""
        if self._spool is not None:
            self._spool.close()
        self._spool = None
        self._copies.clear()

    def present(self, keys: Iterable[str]) -> set[str]:
        """Which of *keys* were published and are still there; cuts off a torn end first.

        Each key's message is looked for where the file ended when it was staged; if the file
        has been rewritten since, in the whole file.

        Raises:
            UsageError, TryLater, Forbidden, TransferError: as for `flush`.
        """
        places: dict[int, dict[str, tuple[int, str]]] = {}
        for key in keys:
            base, number, digest = delivery_key(key)
            if digest:
                places.setdefault(base, {})[key] = (number, digest)
        if not places or not self.path.exists():
            return set()
        with self.lock.hold(create=False):
            pass  # which has repaired the file
        found: set[str] = set()
        for offset, wanted in places.items():
            copies = self._digests(offset)
            found.update(key for key, (number, digest) in wanted.items() if copies[digest] > number)
        return found

    def __iter__(self) -> Iterator[MboxMessage]:
        """The messages in the order of the file; none where there is no file yet.

        Raises:
            UsageError: the file is no mbox.
        """
        return self._messages(0)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _stage(self, delivery: _Delivery) -> None:
        digest = delivery.digest.hexdigest()
        delivery.key = f"{self._base}.{self._copies[digest]}.{digest}"
        self._copies[digest] += 1

    def _opened_spool(self) -> IO[bytes]:
        if self._spool is None:
            folder = self.path.parent
            with disk_errors(f"delivering to {self.path}", hint="does its folder exist?"):
                folder.stat()
                if self.path.is_file():
                    with self.path.open("rb") as file:
                        self._check(file.fileno())
                        self._base = file.seek(0, os.SEEK_END)
                else:
                    self._base = 0
                self._spool = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - lives until flush
                    IN_MEMORY, dir=str(folder)
                )
        return self._spool

    def _copy(self, spool: IO[bytes], file: int) -> None:
        """Append the spool to the file, or leave the file as it was."""
        begin = os.fstat(file).st_size
        os.lseek(file, max(0, begin - 4), os.SEEK_SET)
        gap = missing_end(os.read(file, 4))
        spool.seek(0, os.SEEK_END)
        self.lock.note(begin, len(gap) + spool.tell(), sync=self.sync != "never")
        try:
            os.lseek(file, begin, os.SEEK_SET)
            write_all(file, gap)
            spool.seek(0)
            while data := spool.read(CHUNK):
                write_all(file, data)
            if self.sync != "never":
                os.fsync(file)
                if not begin:
                    sync_path(self.path.parent)
        except BaseException:
            os.ftruncate(file, begin)
            raise

    def _check(self, file: int) -> None:
        """Refuse what is no mbox: nobody's thesis shall get mail at its end."""
        os.lseek(file, 0, os.SEEK_SET)
        head = os.read(file, LONGEST_FROM)
        if head and not head.lstrip(b"\r\n").startswith(b"From "):
            raise UsageError(f"opening {self.path}: it is no mbox, 'From ' is not its beginning")

    def _messages(self, begin: int) -> Iterator[MboxMessage]:
        with disk_errors(f"reading {self.path}"):
            try:
                file = self.path.open("rb")
            except FileNotFoundError:
                return
            with file:
                self._check(file.fileno())
                start = -1
                for offset in _starts(file, begin):
                    if start >= 0:
                        yield MboxMessage(self.path, self.variant, start, offset)
                    start = offset
                if start >= 0:
                    yield MboxMessage(self.path, self.variant, start, file.seek(0, os.SEEK_END))

    def _digests(self, base: int) -> Counter[str]:
        """How often each content stands behind *base*, or in the file if nothing begins there."""
        with disk_errors(f"reading {self.path}"), self.path.open("rb") as file:
            intact = base <= file.seek(0, os.SEEK_END)
            file.seek(base if intact else 0)
            head = file.read(9).lstrip(b"\r\n")  # a torn end was completed by two line ends
        intact = intact and (not head or head.startswith(b"From "))
        copies: Counter[str] = Counter()
        for message in self._messages(base if intact else 0):
            digest = hashlib.sha256()
            for piece in message.chunks():
                digest.update(piece)
            copies[digest.hexdigest()] += 1
        return copies


def _starts(file: BinaryIO, begin: int) -> Iterator[int]:
    file.seek(begin)
    finder = StartFinder(begin)
    while chunk := file.read(CHUNK):
        yield from finder.feed(chunk)
