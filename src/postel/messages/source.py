"""What is attached: bytes in memory, or a source that is opened only when it is sent.

Grammar: nothing here opens a file. A `Source` has its size and a way to open it, both given by
whoever may touch the disk (`postel.mail.files.source` for a path). What is read from it goes out
as base64 chunk by chunk, and a file that is no longer as long as it was is an error, never a
message cut short.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

from ..errors import TransferError, UsageError
from .codecs.base64 import Encoder, encoded_size

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Attachment", "Encoded", "Files", "Source", "attachment"]

_CHUNK = 57 * 1024  # bytes that become whole lines


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that are read when they are sent.

    Args:
        name: what the recipient sees; a path is cut to its last part.
        size: how many bytes it has.
        open: opens it for reading, from its beginning, each time it is called.

    Example:
        >>> source = Source("hello.txt", 5, lambda: io.BytesIO(b"hello"))
        >>> source.size
        5
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]


Files = Callable[[str], Source]
"""Makes a source of a path; the side of the sender gives it."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message.

    Args:
        content: bytes, a text, a `Source`, or a path, which is made a source when the message is
            built.
        name: what the recipient sees; by default that of the source or path.
        type: its MIME type, with parameters if it needs some; by default by name and content.
        cid: by which HTML shows it as ``cid:…``; by default its name, made unique.
        description: for people.

    Example:
        >>> Attachment(b"%PDF-1.7", name="report.pdf").name
        'report.pdf'
    """

    content: bytes | str | Source | PurePath
    name: str = ""
    type: str = ""
    cid: str = ""
    description: str = ""


def attachment(given: object, files: Files | None, what: str) -> Attachment:
    """An attachment whose content is bytes or a source.

    Args:
        given: an `Attachment`, a `Source`, a path, or a pair of name and bytes.
        files: makes sources of paths; None where there is no disk.
        what: names it in errors.

    Raises:
        UsageError: it is none of these, or a path and nobody may open it.
    """
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], bytes | Source):
        given = Attachment(given[1], name=str(given[0]))
    if isinstance(given, str | PurePath):
        given = Attachment(PurePath(given))
    if isinstance(given, Source):
        given = Attachment(given)
    if not isinstance(given, Attachment):
        raise UsageError(f"{what}: {type(given).__name__} cannot be attached",
                         hint='a path, a Source, Attachment(…), or ("name", b"bytes")')
    content = given.content
    if isinstance(content, bytearray | memoryview):
        content = bytes(content)
    if isinstance(content, PurePath):
        if files is None:
            raise UsageError(
                f"{what} '{content}': a message by itself opens no files",
                hint="postel.send does; or build(files=postel.mail.files.source)")
        content = files(str(content))
    if isinstance(content, str):
        content = content.encode("utf-8")
        kind = given.type or "text/plain; charset=utf-8"
    else:
        kind = given.type
    name = given.name or (content.name if isinstance(content, Source) else "")
    return Attachment(content, name, kind, given.cid, given.description)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A source as it stands in a message: base64, opened by whoever sends it.

    Args:
        source: what is read.
    """

    source: Source

    @property
    def size(self) -> int:
        """Of the base64, in bytes."""
        return encoded_size(self.source.size)

    def chunks(self) -> Iterator[bytes]:
        """The base64, in whole lines; blocking.

        Raises:
            TransferError: the source is not as long as it said.
        """
        writer, seen = Encoder(), 0
        with self.source.open() as file:
            while data := file.read(_CHUNK):
                seen += len(data)
                if seen > self.source.size:
                    break
                yield writer.feed(data)
        if seen != self.source.size:
            raise TransferError(
                f"attach {self.source.name}: it was {self.source.size} bytes long, and is not any "
                "more", hint="the file changed while it was sent: nothing was delivered, try again")
        yield writer.end()

    def open(self) -> BinaryIO:
        """The base64 as a file."""
        return io.BufferedReader(_Reader(self.chunks()), 4 * _CHUNK)


class _Reader(io.RawIOBase):
    """Chunks as a file that is read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)  # a generator closes the file it has open
        if close is not None:
            close()
        super().close()
