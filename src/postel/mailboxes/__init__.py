"""Mailboxes on disk: every kind behind one face, and two that take deliveries. Disk.

`open` gives a mailbox of any kind (`Box`): mbox in four variants, MMDF, Babyl, Maildir, MH, folders
of .eml files, Google Takeout. It reads them, adds to them, keeps their flags, and `convert` turns
one into another, byte for byte. What follows is about the two that mail is delivered to, `Maildir`
and `Mbox`, behind one protocol, `Mailbox`.

Delivering a message takes two steps, and everything here follows from keeping them apart:

    staged      its bytes are on disk where no mail reader looks (Maildir's ``tmp``, a nameless
                spool file beside an mbox); a crash leaves nothing to be seen
    published   synced, then renamed or appended in one go; from now on readers see it

`Mailbox.writing` stages, `Mailbox.flush` publishes all that is staged with one batch of fsyncs.
A key names a message from the moment it is staged, and `Mailbox.present` tells after a crash which
keys were published. So who writes keys down before the flush, and looks afterwards, delivers each
message exactly once (`postel.pop3.store` does).

Mail travels with CRLF and rests with LF: Dovecot, getmail and mbsync all store LF, and readers
expect it, so ``eol="lf"`` is the default; ``eol="keep"`` stores every byte as it came.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import AlreadyExists, Forbidden, NoSpace, NotFound, PostelError, TransferError

if TYPE_CHECKING:
    from .converting import Converted, Skipped, convert
    from .face import FLAGS, KINDS, Box, Kind, Letter, Stored
    from .kinds import kind_of, open, tree  # noqa: A004
    from .maildir import Maildir
    from .mbox import Mbox

__all__ = [
    "FLAGS",
    "KINDS",
    "Box",
    "Converted",
    "Delivery",
    "Eol",
    "Kind",
    "Letter",
    "LineEnds",
    "Mailbox",
    "Maildir",
    "Mbox",
    "Message",
    "Skipped",
    "Stored",
    "Sync",
    "convert",
    "disk_errors",
    "host_name",
    "kind_of",
    "open",
    "sync_path",
    "tree",
]

Eol = Literal["lf", "keep"]
Sync = Literal["each", "batch", "never"]
_HOMES = {
    "Maildir": "maildir", "Mbox": "mbox", "Converted": "converting", "Skipped": "converting",
    "convert": "converting", "FLAGS": "face", "KINDS": "face", "Box": "face", "Kind": "face",
    "Letter": "face", "Stored": "face", "kind_of": "kinds", "open": "kinds", "tree": "kinds",
}
_KINDS: dict[int, type[PostelError]] = {
    errno.ENOENT: NotFound,
    errno.ENOTDIR: NotFound,
    errno.EEXIST: AlreadyExists,
    errno.EACCES: Forbidden,
    errno.EPERM: Forbidden,
    errno.EROFS: Forbidden,
    errno.ELOOP: Forbidden,
    errno.ENOSPC: NoSpace,
    errno.EDQUOT: NoSpace,
}


def __getattr__(name: str) -> Any:
    """Load what has a home of its own on first use (PEP 562)."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Delivery(Protocol):
    """A message on its way into a mailbox."""

    @property
    def key(self) -> str:
        """The message's name in the mailbox; certain once the `Mailbox.writing` block is left."""

    def write(self, data: bytes) -> int:
        """Add *data* to the message; return its length."""


class Message(Protocol):
    """A message in a mailbox; nothing of it is read before it is asked for."""

    @property
    def key(self) -> str:
        """The message's name in the mailbox."""

    def read(self) -> bytes:
        """The whole message."""

    def chunks(self) -> Iterator[bytes]:
        """The message piece by piece, for those that do not fit in memory."""


class Mailbox(Protocol):
    """What every mailbox on disk can do, whatever its format.

    Example:
        >>> import tempfile
        >>> from postel.mailboxes import Mailbox, Maildir, Mbox
        >>> def deliver(box: Mailbox) -> bool:
        ...     with box.writing(staged=True) as message:
        ...         message.write(b"Subject: one\\r\\n\\r\\nHello\\r\\n")
        ...     staged = len(box) == 0
        ...     box.flush()
        ...     return staged and box.present([message.key]) == {message.key}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(deliver(Maildir(f"{folder}/dir").create()), deliver(Mbox(f"{folder}/file")))
        True True
    """

    def append(
        self, data: bytes | Iterable[bytes], *, sender: str = "", date: float | None = None
    ) -> str:
        """Deliver one message; return its key.

        Args:
            data: the message, whole or in pieces.
            sender: the envelope's sender, for formats that keep it.
            date: when it was received, in seconds since 1970 UTC; None means now.
        """

    def writing(
        self, *, sender: str = "", date: float | None = None, staged: bool | None = None
    ) -> AbstractContextManager[Delivery]:
        """Deliver one message by writing it; an error inside the block takes it back.

        Args:
            sender: as for `append`.
            date: as for `append`.
            staged: whether the message waits for `flush`; None means: if ``sync="batch"``.
        """

    def present(self, keys: Iterable[str]) -> set[str]:
        """Which of *keys* were published and are still there."""

    def flush(self) -> None:
        """Publish all that is staged, synced to disk at once."""

    def discard(self) -> None:
        """Forget all that is staged."""

    def __iter__(self) -> Iterator[Message]: ...

    def __len__(self) -> int: ...


class LineEnds:
    """CRLF to LF by chunk; a CR that no LF follows stays.

    Example:
        >>> ends = LineEnds()
        >>> ends.feed(b"one\\r"), ends.feed(b"\\ntwo\\r"), ends.end()
        (b'one', b'\\ntwo', b'\\r')
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """*data* with LF; a CR at its end waits for the next call."""
        data = self._held + data
        self._held = b"\r" if data.endswith(b"\r") else b""
        if self._held:
            data = data[:-1]
        return data.replace(b"\r\n", b"\n")

    def end(self) -> bytes:
        """What was still waiting."""
        held, self._held = self._held, b""
        return held


@contextmanager
def disk_errors(doing: str, *, hint: str = "") -> Iterator[None]:
    """Turn an `OSError` into the error of Postel's tree that says the same.

    Raises:
        NotFound, AlreadyExists, Forbidden, NoSpace: as the system says.
        TransferError: any other failure of the disk.

    Example:
        >>> try:
        ...     with disk_errors("opening inbox"):
        ...         Path("/nonexistent/inbox").stat()
        ... except NotFound as error:
        ...     print(error)
        opening inbox: No such file or directory
    """
    try:
        yield
    except PostelError:
        raise
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, TransferError)
        raise kind(f"{doing}: {error.strerror or error}", hint=hint) from error


def host_name() -> str:
    """This machine's name in letters, digits, dots and hyphens, at most 64 of them.

    Example:
        >>> 0 < len(host_name()) <= 64
        True
    """
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    safe = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in name)
    return safe[:64] or "localhost"


def sync_path(path: str | Path) -> None:
    """Make a file's bytes, or a folder's names, survive a power cut.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sync_path(folder)
    """
    if os.name == "nt" and Path(path).is_dir():
        return  # Windows syncs names by itself and opens no folders
    # Windows syncs only what is open for writing.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
