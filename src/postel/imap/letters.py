"""Messages on their way out: their bytes, wherever they are, and how many. Disk code, blocking.

The size of a literal goes before it, so it must be known: chunks of unknown number are put
together first, in memory and, where they are many, in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias, cast

__all__ = ["CHUNK", "Content", "Letter", "Source", "source_of"]

Content: TypeAlias = "bytes | BinaryIO | Path | Iterable[bytes]"
"""A message: its bytes, an open binary file, a path, or its chunks."""

CHUNK = 256 * 1024
_IN_MEMORY = 1 << 20


class Letter(NamedTuple):
    """A message with what shall be noted about it.

    Args:
        content: its bytes, a file, a path, or its chunks.
        flags: to set.
        date: when it came; the server's own time if None.
    """

    content: Content
    flags: tuple[str, ...] = ()
    date: datetime | None = None


@dataclass
class Source:
    """A message whose size is known and which can be read again."""

    size: int
    data: bytes = b""
    file: BinaryIO | None = None
    start: int = 0
    own: bool = False

    def again(self) -> None:
        """Go back to the beginning."""
        if self.file is not None:
            self.file.seek(self.start)

    def close(self) -> None:
        """Let go of what was opened for it."""
        if self.own and self.file is not None:
            self.file.close()


def source_of(content: Content) -> Source:
    """Chunks of unknown number are put together first: a literal's size goes before it."""
    if isinstance(content, bytes | bytearray | memoryview):
        return Source(len(content), bytes(content))
    if isinstance(content, Path):
        file = content.open("rb")
        return Source(file.seek(0, 2), file=file, own=True)
    if hasattr(content, "read"):
        given = cast("BinaryIO", content)
        if not given.seekable():
            return source_of(iter(lambda: given.read(CHUNK), b""))
        start = given.tell()
        return Source(given.seek(0, 2) - start, file=given, start=start)
    spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close()
    for chunk in content:
        spool.write(chunk)
    return Source(spool.tell(), file=cast("BinaryIO", spool), own=True)
