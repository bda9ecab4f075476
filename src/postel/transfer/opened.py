"""`postel.open`: a file at a URL as Python's own kind of file object, for whatever takes one.

Beneath is `remote_sync.RemoteFile`; here is only what the `io` module wants: a raw stream, which
`io.BufferedReader`, `io.BufferedWriter` and `io.TextIOWrapper` stand on.
"""

from __future__ import annotations

import io
import os
import warnings
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, TextIO, cast, overload

from ..errors import PostelError, UsageError
from ..urls import URL
from . import remote_sync as remote

if TYPE_CHECKING:
    from typing_extensions import Buffer  # of the checker; collections.abc has it from 3.12 on

__all__ = ["RawRemote", "open"]

AHEAD = 1 << 18
"""Bytes that are gathered before they go to whoever reads, or to the server."""


@overload
def open(
    url: str | URL, mode: Literal["rb", "wb", "xb", "ab"] = "rb", **options: Any
) -> BinaryIO: ...
@overload
def open(
    url: str | URL,
    mode: Literal["r", "w", "x", "a", "rt", "wt", "xt", "at"],
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **options: Any,
) -> TextIO: ...
@overload
def open(url: str | URL, mode: str, **options: Any) -> IO[Any]: ...
def open(
    url: str | URL,
    mode: str = "rb",
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **options: Any,
) -> IO[Any]:
    """Open the file at *url*, to be used like any other file.

    Reading is seekable: it follows one transfer as long as it goes forward, and begins another
    where that is shorter. What is written appears under its name when the file is closed, and not
    at all when its block is left by an error.

    Args:
        url: of the file.
        mode: as for Python's own ``open``: r, w, x or a, with b for bytes; without it, text.
        encoding: of text; UTF-8 unless it is said.
        errors: see Python's own ``open``.
        newline: see Python's own ``open``.
        options: keywords of the scheme's client, and ``rate=`` in bytes a second.

    Raises:
        UsageError: there is no such mode, or the scheme cannot do it.
        NotFound: there is no such file.

    Example:
        >>> with open("ftp://ftp.example.org/pub/hello.txt", "r") as file:
        ...     file.read()
        'Hello from the lab.\\n'
        >>> with open("ftp://alice:secret@ftp.example.org/incoming/new.txt", "w") as file:
        ...     _ = file.write("remember")
    """
    letters = mode.replace("t", "", 1) if "b" not in mode else mode.replace("b", "", 1)
    text = "b" not in mode
    if not text and (encoding or errors or newline):
        raise UsageError(f"open in mode {mode!r}: bytes have no encoding and no line ends")
    raw = RawRemote(remote.open(url, f"{letters}b", **options))
    if raw.readable():
        reader = io.BufferedReader(raw, AHEAD)
        return io.TextIOWrapper(reader, encoding or "utf-8", errors, newline) if text else cast(
            "IO[Any]", reader)
    writer = _Writer(raw, AHEAD)
    return _TextWriter(writer, encoding or "utf-8", errors, newline) if text else cast(
        "IO[Any]", writer)


class RawRemote(io.RawIOBase):
    """A remote file as a raw stream.

    Args:
        file: not yet open.
    """

    def __init__(self, file: remote.RemoteFile) -> None:
        super().__init__()
        self.file = file
        self.name = file.path
        self.mode = file.mode
        self._dropped = False
        file.open()

    def readable(self) -> bool:
        """Whether it is open to be read."""
        return self.mode == "rb"

    def writable(self) -> bool:
        """Whether it is open to be written."""
        return not self.readable()

    def seekable(self) -> bool:
        """Whether one may go to another place: where it is read."""
        return self.readable()

    @property
    def size(self) -> int | None:
        """Bytes of the file; None where the server does not tell."""
        return self.file.size

    def readinto(self, buffer: Buffer) -> int:
        """Fill the front of *buffer*; how many bytes."""
        view = memoryview(buffer).cast("B")
        data = self.file.read_some(len(view))
        view[: len(data)] = data
        return len(data)

    def write(self, data: Buffer) -> int:
        """Append *data*."""
        if self._dropped:
            return memoryview(data).nbytes
        try:
            return self.file.write(memoryview(data))
        except PostelError:
            self.drop()  # what came after would be behind a hole
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        if not self.seekable():
            raise io.UnsupportedOperation("a remote file is written from its beginning on")
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Where the next byte is read or written."""
        return self.file.tell()

    def drop(self) -> None:
        """Let what was written be nowhere; closing stores nothing then."""
        if self.writable() and not self._dropped:
            self._dropped = True
            self.file.discard()

    def close(self) -> None:
        """Close; what was written gets its name."""
        if not self.closed:
            try:
                super().close()
            finally:
                self.file.close()


class _Writer(io.BufferedWriter):
    """Gathers what is written; leaves nothing when its block is left by an error, or forgotten."""

    raw: RawRemote

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.raw.drop()
        self.close()

    def __del__(self) -> None:
        if not self.closed:
            warnings.warn(f"{self.raw.name} was never closed: nothing is stored", ResourceWarning,
                          stacklevel=2, source=self)
            self.raw.drop()
            self.close()


class _TextWriter(io.TextIOWrapper):
    """Text that is written; as `_Writer`."""

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            cast("_Writer", self.buffer).raw.drop()
        self.close()

    def __del__(self) -> None:
        if not self.closed:
            cast("_Writer", self.buffer).__del__()
