# GENERATED from multipart_async.py by tools/unasync.py: edit that file, not this one.
"""A multipart form as a body: plain fields, then files, each read as it goes.

Its length is announced where every file's is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UsageError
from ..transport import disk_sync as disk
from ..transport.entropy import nonce
from . import multipart
from .asking import Params, pairs
from .bodies_sync import CHUNK, Body

__all__ = ["Multipart"]


class Multipart(Body):
    """A form with files.

    Args:
        data: its plain fields.
        files: name to path, open file, bytes, or ``(file name, one of these[, media type])``; a
            mapping, or pairs where a name comes several times.

    Raises:
        UsageError: something is no file.
    """

    def __init__(self, data: Params | None, files: Any) -> None:
        self._boundary = boundary = multipart.boundary_of(nonce())
        super().__init__(kind=multipart.content_type(boundary))
        if isinstance(data, str):
            raise UsageError("data= is text, and files= wants fields beside it",
                             hint="give data= as names and values")
        self._fields = b"".join(
            multipart.head(boundary, name) + value.encode("utf-8", "surrogateescape") + b"\r\n"
            for name, value in pairs(data or ()))
        listed = files.items() if isinstance(files, Mapping) else files
        self._parts = [_Part(boundary, name, given) for name, given in listed]
        sizes = [part.size for part in self._parts]
        self.data = None
        self.again = all(part.again for part in self._parts)
        self.size = None if None in sizes else (
            len(self._fields) + sum(filter(None, sizes)) + len(multipart.end(boundary)))

    def __iter__(self) -> Iterator[bytes]:
        if self._fields:
            yield self._fields
            self.count(len(self._fields))
        for part in self._parts:
            for chunk in part:
                yield chunk
                self.count(len(chunk))
        end = multipart.end(self._boundary)
        yield end
        self.count(len(end))


class _Part:
    """One file."""

    def __init__(self, boundary: str, name: str, given: Any) -> None:
        file_name, source, kind = _taken_apart(given)
        self._source: bytes | Path | BinaryIO = source
        self._start = 0
        self._extent = _extent(source)
        self.again = not hasattr(source, "read") or self._extent is not None
        if not isinstance(source, bytes | Path):
            with suppress(OSError, AttributeError):
                self._start = source.tell()
        if file_name is None:
            file_name = Path(str(getattr(source, "name", name))).name
        self.head = multipart.head(boundary, name, file_name, kind or multipart.kind_of(file_name))
        self.size = None if self._extent is None else len(self.head) + self._extent + 2

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        if isinstance(self._source, bytes):
            if self._source:
                yield self._source
        elif isinstance(self._source, Path):
            with disk.call(self._source.open, "rb") as file:
                for chunk in _chunks(file, self._extent):
                    yield chunk
        else:
            if self.again:
                self._source.seek(self._start)
            for chunk in _chunks(self._source, self._extent):
                yield chunk
        yield b"\r\n"


def _chunks(file: BinaryIO, left: int | None) -> Iterator[bytes]:
    while left is None or left:
        data = file.read(CHUNK if left is None else min(CHUNK, left))
        if isinstance(data, str):
            raise UsageError("files=: a file opened as text", hint='open it with "rb"')
        if not data:
            break
        left = None if left is None else left - len(data)
        yield data
    if left:
        raise UsageError(f"files=: a file has {left:,} bytes less than when the request began")


def _taken_apart(given: Any) -> tuple[str | None, bytes | Path | BinaryIO, str]:
    """File name, source and media type of what a caller gave."""
    name, kind = None, ""
    if isinstance(given, tuple):
        name, given, kind = (*given, "")[:3]
    if isinstance(given, str):
        given = Path(given)
    if isinstance(given, bytearray | memoryview):
        given = bytes(given)
    if not isinstance(given, bytes | Path) and not hasattr(given, "read"):
        raise UsageError(f"files=: a {type(given).__name__} is no file",
                         hint="give a path, an open binary file, or bytes")
    if isinstance(given, Path) and not given.is_file():
        raise UsageError(f"files=: there is no file {given}")
    return name, given, kind


def _extent(source: bytes | Path | BinaryIO) -> int | None:
    """How many bytes *source* has; None where that cannot be told."""
    if isinstance(source, bytes):
        return len(source)
    if isinstance(source, Path):
        return source.stat().st_size
    try:
        start = source.tell()
        end = source.seek(0, 2)
        source.seek(start)
    except (OSError, AttributeError):
        return None
    return max(0, end - start)


Files = Mapping[str, Any] | Iterable[tuple[str, Any]]
"""What may be given as files."""
