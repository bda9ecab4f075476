"""Files as servers see them, whatever protocol asks: what a tree can do, and one in memory.

Service code; no protocol in it. Paths are absolute, with "/" between their components; bytes of a
name that are no UTF-8 are surrogate-escaped (PEP 383). `split` resolves "." and ".." by text
alone, so that no path climbs above the root. What cannot be done raises the `OSError` that the
operating system would raise, and each server translates it once.

`postel.serving.folder` serves a real folder.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from ..types import Kind
from .digests import digest_of

__all__ = ["FileStatus", "MemoryFiles", "ServedFiles", "failed", "join", "split"]

LONGEST_NAME = 255
"""Bytes of one component of a path, as file systems have it."""

DEEPEST = 256
"""Components of a path: nothing real is deeper, and walks stay short."""

MOST_BYTES = 8 << 30
"""Bytes that a tree in memory holds by default before it is full."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What is known of a file or folder.

    Args:
        name: its last component; "" for the root.
        kind: file, folder, link or other.
        size: in bytes.
        modified: seconds since 1970, UTC.
        mode: permission bits.
        unique: the same for the same file under any name (RFC 3659 section 7.5.2).
        version: another one whenever the content may have changed, whatever *modified* says.
    """

    name: str
    kind: Kind
    size: int
    modified: float
    mode: int
    unique: str
    version: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it holds others."""
        return self.kind is Kind.FOLDER


class ServedFiles(Protocol):
    """A tree of files as a server needs it. Every method raises `OSError` when it cannot."""

    writable: bool

    def stat(self, path: str) -> FileStatus:
        """What *path* is."""

    def list(self, path: str) -> list[FileStatus]:
        """What the folder *path* holds, by name."""

    def open(self, path: str, offset: int = 0) -> BinaryIO:
        """The file *path* to read from byte *offset* on."""

    def create(self, path: str, *, at: int | None = None, new: bool = False) -> BinaryIO:
        """The file *path* to write.

        Args:
            path: where.
            at: None empties it first; a number keeps it and writes from that byte; -1 its end.
            new: fail if it exists.
        """

    def make_folder(self, path: str) -> None:
        """Create the folder *path*; its parent must exist."""

    def remove_folder(self, path: str) -> None:
        """Remove the empty folder *path*."""

    def remove(self, path: str) -> None:
        """Remove the file *path*."""

    def rename(self, old: str, new: str) -> None:
        """Call *old* by *new*; a file there is replaced."""

    def set_modified(self, path: str, seconds: float) -> None:
        """Set the time of last change, in seconds since 1970."""

    def set_mode(self, path: str, mode: int) -> None:
        """Set the permission bits."""

    def digest(self, path: str, name: str, start: int = 0, end: int | None = None) -> str:
        """The digest *name* of bytes *start* up to *end*, in hexadecimal (`serving.digests`)."""

    def free(self) -> int:
        """Bytes that still fit."""

    def make_link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link; *target* is kept as it is, and never followed here."""

    def read_link(self, path: str) -> str:
        """What the symbolic link *path* says."""


def split(path: str, folder: str = "/") -> tuple[str, ...]:
    """The components of *path*, seen from *folder*; ".." stops at the root.

    Raises:
        OSError: a component is too long or holds a NUL, or there are too many of them.

    Example:
        >>> split("../b/./c", "/a"), split("/../../etc")
        (('b', 'c'), ('etc',))
    """
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{folder}/{path}").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    if "\0" in path:
        raise failed(errno.EINVAL)
    if len(parts) > DEEPEST or any(_size(part) > LONGEST_NAME for part in parts):
        raise failed(errno.ENAMETOOLONG)
    return tuple(parts)


def _size(name: str) -> int:
    return len(name) if name.isascii() else len(name.encode("utf-8", "surrogatepass"))


def join(parts: tuple[str, ...]) -> str:
    """The path of *parts*.

    Example:
        >>> join(("a", "b")), join(())
        ('/a/b', '/')
    """
    return "/" + "/".join(parts)


def failed(number: int) -> OSError:
    """The `OSError` for an error number, without any path in it."""
    return OSError(number, os.strerror(number))


@dataclass
class _Node:
    """A file (its `inside` is None), a folder or a link (its `target` is not) in memory."""

    mode: int = 0o755
    modified: float = field(default_factory=time.time)
    data: bytes = b""
    inside: dict[str, _Node] | None = None
    unique: str = field(default_factory=lambda: f"lab{next(_numbers):x}")
    version: int = 0
    target: str | None = None

    def status(self, name: str) -> FileStatus:
        kind = (Kind.LINK if self.target is not None
                else Kind.FILE if self.inside is None else Kind.FOLDER)
        return FileStatus(name, kind, len(self.data), self.modified, self.mode, self.unique,
                          f"{self.unique}v{self.version:x}")

    def folder(self) -> dict[str, _Node]:
        if self.inside is None:
            raise failed(errno.ENOTDIR)
        return self.inside


class MemoryFiles:
    """A tree in memory, gone with its server; quick, for tests.

    Args:
        limit: bytes that fit; then it is full (ENOSPC).

    Example:
        >>> files = MemoryFiles()
        >>> files.put("/pub/a.txt", b"hello")
        >>> files.get("/pub/a.txt"), list(files.tree()), files.stat("/pub/a.txt").size
        (b'hello', ['/pub/a.txt'], 5)
    """

    writable = True

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self.limit = limit
        self._root = _Node(inside={})
        self._used = 0

    # -- for tests -------------------------------------------------------------------------

    def put(
        self,
        path: str,
        data: bytes,
        *,
        modified: datetime | float | None = None,
        mode: int = 0o644,
    ) -> None:
        """Put a file there, with the folders above it.

        Args:
            path: where.
            data: what.
            modified: time of last change; now, if not given.
            mode: permission bits.
        """
        *above, name = split(path)
        file = self._grow(above).folder().setdefault(name, _Node(mode))
        if file.inside is not None:
            raise failed(errno.EISDIR)
        file.mode = mode
        self._fill(file, data)
        if modified is not None:
            file.modified = modified.timestamp() if isinstance(modified, datetime) else modified

    def get(self, path: str) -> bytes:
        """The bytes of a file."""
        return self._file(path).data

    def tree(self, path: str = "/") -> dict[str, bytes]:
        """All files below *path*, by path."""
        parts = split(path)
        return dict(_walk(self._node(parts), join(parts)))

    def make_folders(self, path: str) -> None:
        """Create the folder *path*, with those above it."""
        self._grow(split(path))

    # -- for servers -----------------------------------------------------------------------

    def stat(self, path: str) -> FileStatus:
        """What *path* is."""
        parts = split(path)
        return self._node(parts).status(parts[-1] if parts else "")

    def list(self, path: str) -> list[FileStatus]:
        """What the folder *path* holds, by name."""
        inside = self._node(split(path)).folder()
        return [node.status(name) for name, node in sorted(inside.items())]

    def open(self, path: str, offset: int = 0) -> BinaryIO:
        """The file *path* as it is now, to read from byte *offset* on."""
        file = io.BytesIO(self._file(path).data)
        file.seek(offset)
        return file

    def create(self, path: str, *, at: int | None = None, new: bool = False) -> BinaryIO:
        """The file *path* to write; what is written is there when it is closed."""
        folder, name = self._place(path)
        node = folder.get(name)
        if node is not None and new:
            raise failed(errno.EEXIST)
        if node is not None and node.inside is not None:
            raise failed(errno.EISDIR)
        if node is not None and node.target is not None:
            raise failed(errno.ELOOP)
        if node is None:
            node = folder[name] = _Node(0o644)
        old = b"" if at is None else node.data
        return _Writer(node, old, len(old) if at == -1 else at or 0, self._fill)

    def make_folder(self, path: str) -> None:
        """Create the folder *path*; its parent must exist."""
        folder, name = self._place(path)
        if name in folder:
            raise failed(errno.EEXIST)
        folder[name] = _Node(inside={})

    def remove_folder(self, path: str) -> None:
        """Remove the empty folder *path*."""
        folder, name = self._place(path)
        if self._node(split(path)).folder():
            raise failed(errno.ENOTEMPTY)
        del folder[name]

    def remove(self, path: str) -> None:
        """Remove the file or link *path*."""
        folder, name = self._place(path)
        node = self._node(split(path))
        if node.inside is not None:
            raise failed(errno.EISDIR)
        del folder[name]
        self._used -= len(node.data)

    def rename(self, old: str, new: str) -> None:
        """Call *old* by *new*; a file there is replaced."""
        source, target = split(old), split(new)
        node = self._node(source)
        folder, name = self._place(new)
        there = folder.get(name)
        if target[: len(source)] == source and target != source:
            raise failed(errno.EINVAL)  # a folder into itself
        if there is not None and there is not node and there.inside is not None:
            raise failed(errno.EEXIST)
        home, called = self._place(old)
        del home[called]
        if there is not None and there is not node:
            self._used -= len(there.data)
        folder[name] = node

    def set_modified(self, path: str, seconds: float) -> None:
        """Set the time of last change, in seconds since 1970."""
        self._node(split(path)).modified = seconds

    def set_mode(self, path: str, mode: int) -> None:
        """Set the permission bits."""
        self._node(split(path)).mode = mode & 0o7777

    def digest(self, path: str, name: str, start: int = 0, end: int | None = None) -> str:
        """A digest of bytes *start* up to *end*, in hexadecimal."""
        data = self._file(path).data
        return digest_of(io.BytesIO(data[start:end]), name, len(data))

    def free(self) -> int:
        """Bytes that still fit."""
        return max(0, self.limit - self._used)

    def make_link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link; what *target* says is kept as it is."""
        folder, name = self._place(path)
        if name in folder:
            raise failed(errno.EEXIST)
        folder[name] = _Node(0o777, data=target.encode("utf-8", "surrogateescape"), target=target)
        self._used += len(folder[name].data)

    def read_link(self, path: str) -> str:
        """What the symbolic link *path* says."""
        target = self._node(split(path)).target
        if target is None:
            raise failed(errno.EINVAL)
        return target

    def _node(self, parts: tuple[str, ...]) -> _Node:
        node = self._root
        for part in parts:
            found = node.folder().get(part)
            if found is None:
                raise failed(errno.ENOENT)
            node = found
        return node

    def _grow(self, parts: Iterable[str]) -> _Node:
        node = self._root
        for part in parts:
            node = node.folder().setdefault(part, _Node(inside={}))
        return node

    def _file(self, path: str) -> _Node:
        node = self._node(split(path))
        if node.inside is not None:
            raise failed(errno.EISDIR)
        if node.target is not None:
            raise failed(errno.ELOOP)
        return node

    def _place(self, path: str) -> tuple[dict[str, _Node], str]:
        """The folder that holds *path*, and its name in it."""
        parts = split(path)
        if not parts:
            raise failed(errno.EEXIST)  # the root
        return self._node(parts[:-1]).folder(), parts[-1]

    def _fill(self, node: _Node, data: bytes) -> None:
        used = self._used - len(node.data) + len(data)
        if used > self.limit:
            raise failed(errno.ENOSPC)
        node.data, node.modified, self._used = data, time.time(), used
        node.version += 1


def _walk(node: _Node, path: str) -> Iterator[tuple[str, bytes]]:
    if node.target is not None:
        return
    if node.inside is None:
        yield path, node.data
        return
    for name, child in sorted(node.inside.items()):
        yield from _walk(child, f"{path.rstrip('/')}/{name}")


class _Writer(io.BytesIO):
    """Gathers what is written, and hands it to the tree when it is closed."""

    def __init__(
        self, node: _Node, old: bytes, at: int, fill: Callable[[_Node, bytes], None]
    ) -> None:
        super().__init__(old)
        self.seek(at)
        self._node, self._fill = node, fill

    def close(self) -> None:
        """Hand over; whatever came counts, however it ended."""
        if not self.closed:
            data = self.getvalue()
            super().close()
            self._fill(self._node, data)
