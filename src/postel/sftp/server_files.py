"""The requests of SFTP, answered from a served tree.

Service code; only loaded where asyncssh is there.
"""

from __future__ import annotations

import asyncio
import errno
import io
import os
import stat
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import asyncssh
from asyncssh import SFTPAttrs, SFTPName

from ..serving.faults import Fault, Faults
from ..serving.files import FileStatus, failed, join, split
from ..types import Kind

if TYPE_CHECKING:
    from .server import SFTPServer

__all__ = ["FileRequests"]

T = TypeVar("T")

_MODES = {Kind.FILE: stat.S_IFREG, Kind.FOLDER: stat.S_IFDIR, Kind.LINK: stat.S_IFLNK,
                 Kind.OTHER: stat.S_IFIFO}
_TYPES = {Kind.FILE: asyncssh.FILEXFER_TYPE_REGULAR, Kind.FOLDER: asyncssh.FILEXFER_TYPE_DIRECTORY,
          Kind.LINK: asyncssh.FILEXFER_TYPE_SYMLINK, Kind.OTHER: asyncssh.FILEXFER_TYPE_SPECIAL}
_BLOCK = 4096
_MOST_LINKS = 8  # links that lead to links
_UNKNOWN = 1000  # user and group number of everything


class _Handle:
    """An open file: what is read and what is written, and what is set when it is closed."""

    def __init__(self, path: str, reader: BinaryIO | None, writer: BinaryIO | None,
                 append: bool) -> None:
        self.path, self.reader, self.writer, self.append = path, reader, writer, append
        self.later: list[SFTPAttrs] = []

    def read(self, offset: int, size: int) -> bytes:
        """Bytes from *offset*."""
        source = self.reader
        if self.writer is not None:
            self.writer.flush()
            if isinstance(self.writer, io.BytesIO):
                source = self.writer
        if source is None:
            raise failed(errno.EBADF)
        source.seek(offset)
        return source.read(size)

    def write(self, offset: int, data: bytes) -> int:
        """Put *data* at *offset*, or at the end."""
        if self.writer is None:
            raise failed(errno.EBADF)
        self.writer.seek(*((0, os.SEEK_END) if self.append else (offset, os.SEEK_SET)))
        return self.writer.write(data)

    def size(self) -> int | None:
        """Bytes there are while it is being written; None when the tree knows."""
        if self.writer is None:
            return None
        self.writer.flush()
        return self.writer.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Hand over what was written."""
        for file in (self.reader, self.writer):
            if file is not None:
                file.close()


class FileRequests(asyncssh.SFTPServer):
    """One client's requests."""

    def __init__(self, channel: Any, server: SFTPServer) -> None:
        super().__init__(channel)
        self._lab = server
        self._files = server.files
        self._passed = 0

    # -- what goes wrong, and who is told --------------------------------------------------

    async def _do(self, verb: str, what: str, work: Callable[[], T]) -> T:
        """One request: tell the watcher, meet a fault, do it."""
        if verb not in ("READ", "WRITE"):
            self._lab.watch("C", f"{verb} {what}".rstrip())
        fault = self._due(verb)
        if fault is not None:
            await self._meet(fault, verb)
        try:
            return work()
        except OSError as error:
            self._lab.watch("S", f"{verb}: {error.strerror or error}")
            raise

    def _due(self, verb: str) -> Fault | None:
        """The fault of a request; those of its data are met while they flow."""
        return Faults([one for one in self._lab.faults.script if not one.on_data]).due(verb)

    async def _meet(self, fault: Fault, verb: str) -> None:
        if fault.reply is not None:
            code, _, words = fault.reply.decode("utf-8").partition(" ")
            self._lab.watch("S", f"{verb}: status {fault.reply.decode('utf-8')}")
            raise asyncssh.SFTPError(int(code), words)
        if fault.close:
            self.connection.abort()
        await asyncio.get_running_loop().create_future()  # no answer: cancelled with the channel

    def _drop_after(self, verb: str, count: int) -> int:
        """How many of *count* bytes still pass before the line drops."""
        for fault in self._lab.faults.script:
            if (fault.cut is not None and fault.verb in ("", verb) and fault.times
                    and self._passed + count > fault.cut):
                fault.times -= 1
                self._lab.watch("*", f"the line drops in the middle of a {verb}")
                self.connection.abort()
                return max(0, fault.cut - self._passed)
        self._passed += count
        return count

    # -- open files ------------------------------------------------------------------------

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        """Open a file to read, to write, or both."""
        where = _text(path)
        return await self._do("OPEN", where, lambda: self._open(where, pflags, attrs))

    def _open(self, where: str, flags: int, attrs: SFTPAttrs) -> _Handle:
        where = self._followed(where)
        write = bool(flags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND))
        read = bool(flags & asyncssh.FXF_READ) or not write
        exists = self._exists(where)
        if not write:
            if self._files.stat(where).is_folder:
                raise failed(errno.EISDIR)
            return _Handle(where, self._files.open(where), None, False)
        if not self._files.writable:
            raise failed(errno.EACCES)
        if not exists and not flags & asyncssh.FXF_CREAT:
            raise failed(errno.ENOENT)
        at = None if flags & asyncssh.FXF_TRUNC else 0
        writer = self._files.create(where, at=at, new=bool(flags & asyncssh.FXF_EXCL))
        handle = _Handle(where, None, writer, bool(flags & asyncssh.FXF_APPEND))
        if read and not isinstance(writer, io.BytesIO):
            handle.reader = self._files.open(where)
        if not exists and attrs.permissions is not None:
            self._files.set_mode(where, stat.S_IMODE(attrs.permissions) & 0o777)
        return handle

    def _exists(self, where: str) -> bool:
        try:
            self._files.stat(where)
        except OSError:
            return False
        return True

    async def close(self, file_obj: object) -> None:
        """Close it; what was written is there now."""
        handle = _handle(file_obj)
        try:
            await self._do("CLOSE", handle.path, handle.close)
        finally:
            handle.close()
        for attrs in handle.later:  # closing it has set its time
            self._set(handle.path, attrs)

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Bytes of an open file."""
        if self._lab.has("short reads"):
            size = max(1, min(size, self._lab.options.longest_read))
        data = await self._do("READ", "", lambda: _handle(file_obj).read(offset, size))
        return data[:self._drop_after("READ", len(data))]

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Bytes into an open file."""
        data = data[:self._drop_after("WRITE", len(data))]
        return await self._do("WRITE", "", lambda: _handle(file_obj).write(offset, data))

    async def fstat(self, file_obj: object) -> SFTPAttrs:
        """What an open file is."""
        handle = _handle(file_obj)
        return await self._do("FSTAT", handle.path, lambda: self._status(handle))

    def _status(self, handle: _Handle) -> SFTPAttrs:
        attrs = self._attrs(self._files.stat(handle.path))
        size = handle.size()
        if size is not None:
            attrs.size = size
        return attrs

    async def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """Set size, time or mode of an open file."""
        handle = _handle(file_obj)
        await self._do("FSETSTAT", handle.path, lambda: self._set_open(handle, attrs))

    def _set_open(self, handle: _Handle, attrs: SFTPAttrs) -> None:
        if attrs.size is not None:
            if handle.writer is None:
                raise failed(errno.EBADF)
            handle.writer.truncate(attrs.size)
            if (short := attrs.size - handle.writer.seek(0, os.SEEK_END)) > 0:
                handle.writer.write(bytes(short))
        rest = SFTPAttrs(permissions=attrs.permissions, atime=attrs.atime, mtime=attrs.mtime,
                         uid=attrs.uid, gid=attrs.gid)
        self._set(handle.path, rest)
        handle.later.append(rest)

    async def fsync(self, file_obj: object) -> None:
        """Make what was written last."""
        handle = _handle(file_obj)
        await self._do("FSYNC", handle.path, lambda: _sync(handle))

    # -- names -----------------------------------------------------------------------------

    async def stat(self, path: bytes) -> SFTPAttrs:
        """What a name stands for."""
        return await self._do("STAT", _text(path), lambda: self._attrs(
            self._files.stat(self._followed(_text(path)))))

    async def lstat(self, path: bytes) -> SFTPAttrs:
        """What a name stands for, links not followed."""
        return await self._do("LSTAT", _text(path), lambda: self._attrs(self._at(path)))

    def _at(self, path: bytes) -> FileStatus:
        return self._files.stat(_text(path))

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Set size, time or mode."""
        await self._do("SETSTAT", _text(path),
                       lambda: self._set(self._followed(_text(path)), attrs))

    async def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Set size, time or mode, links not followed."""
        await self._do("LSETSTAT", _text(path), lambda: self._set(_text(path), attrs))

    def _set(self, where: str, attrs: SFTPAttrs) -> None:
        self._files.stat(where)
        if attrs.uid not in (None, _UNKNOWN) or attrs.gid not in (None, _UNKNOWN):
            raise failed(errno.EPERM)
        if attrs.size is not None:
            with self._files.create(where, at=0) as file:
                file.truncate(attrs.size)
                file.seek(0, os.SEEK_END)
                file.write(bytes(max(0, attrs.size - file.tell())))
        if attrs.permissions is not None:
            self._files.set_mode(where, stat.S_IMODE(attrs.permissions) & 0o777)
        if attrs.mtime is not None:
            self._files.set_modified(where, float(attrs.mtime))

    def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """What a folder holds, itself and the one above too."""
        self._lab.watch("C", f"OPENDIR {_text(path)}")
        fault = self._due("OPENDIR")
        if fault is not None and fault.reply is not None:
            code, _, words = fault.reply.decode("utf-8").partition(" ")
            raise asyncssh.SFTPError(int(code), words)
        where = self._followed(_text(path))
        found, here = self._files.list(where), self._files.stat(where)
        return self._names(here, found)

    async def _names(self, here: FileStatus, found: list[FileStatus]) -> AsyncIterator[SFTPName]:
        for name in (b".", b".."):
            yield SFTPName(name, attrs=self._attrs(here))
        for count, status in enumerate(found):
            if count % 100 == 0:
                await self._do("READDIR", "", lambda: None)
            yield SFTPName(_bytes(status.name), attrs=self._attrs(status))

    async def remove(self, path: bytes) -> None:
        """Remove a file."""
        await self._do("REMOVE", _text(path), lambda: self._files.remove(_text(path)))

    async def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Make a folder."""
        await self._do("MKDIR", _text(path), lambda: self._make(_text(path), attrs))

    def _make(self, where: str, attrs: SFTPAttrs) -> None:
        self._files.make_folder(where)
        if attrs.permissions is not None:
            self._files.set_mode(where, stat.S_IMODE(attrs.permissions) & 0o777)

    async def rmdir(self, path: bytes) -> None:
        """Remove an empty folder."""
        await self._do("RMDIR", _text(path), lambda: self._files.remove_folder(_text(path)))

    def realpath(self, path: bytes) -> bytes:
        """A path from the root, without dots; it need not exist."""
        return _bytes(join(split(_text(path))))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; a file of the new name is an error (draft section 6.5)."""
        old, new = _text(oldpath), _text(newpath)
        await self._do("RENAME", f"{old} {new}", lambda: self._rename(old, new, False))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; a file of the new name is replaced."""
        old, new = _text(oldpath), _text(newpath)
        await self._do("POSIX-RENAME", f"{old} {new}", lambda: self._rename(old, new, True))

    def _rename(self, old: str, new: str, replace: bool) -> None:
        if not replace and self._exists(new):
            raise failed(errno.EEXIST)
        self._files.rename(old, new)

    async def readlink(self, path: bytes) -> bytes:
        """What a link says."""
        where = _text(path)
        return _bytes(await self._do("READLINK", where, lambda: self._files.read_link(where)))

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """Make a link; it says *oldpath* as it was sent."""
        where, target = _text(newpath), oldpath.decode("utf-8", "surrogateescape")
        await self._do("SYMLINK", f"{where} {target}",
                       lambda: self._files.make_link(where, target))

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Two names of one file are not to be had here."""
        raise asyncssh.SFTPOpUnsupported("no hard links here")

    def _followed(self, where: str) -> str:
        """Where a link at the end of *where* leads within the tree; its root is "/" for links."""
        for _ in range(_MOST_LINKS):
            try:
                if self._files.stat(where).kind is not Kind.LINK:
                    return where
            except FileNotFoundError:
                return where
            where = join(split(self._files.read_link(where), join(split(where)[:-1])))
        raise failed(errno.ELOOP)

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:
        """How much still fits."""
        self._at(path)
        free = self._files.free() // _BLOCK
        return asyncssh.SFTPVFSAttrs(bsize=_BLOCK, frsize=_BLOCK, blocks=free, bfree=free,
                                     bavail=free, files=1 << 20, ffree=1 << 20, favail=1 << 20,
                                     fsid=1, flags=0 if self._files.writable else 1, namemax=255)

    def fstatvfs(self, file_obj: object) -> asyncssh.SFTPVFSAttrs:
        """How much still fits."""
        return self.statvfs(_bytes(_handle(file_obj).path))

    def format_user(self, uid: int | None) -> str:
        """Not whoever has that number on this machine."""
        return "lab"

    def format_group(self, gid: int | None) -> str:
        """Not whichever has that number on this machine."""
        return "lab"

    def _attrs(self, status: FileStatus) -> SFTPAttrs:
        larger = next((f.larger for f in self._lab.faults.script if f.larger), 0)
        when = int(status.modified)
        return SFTPAttrs(type=_TYPES[status.kind], size=status.size + larger, uid=_UNKNOWN,
                         gid=_UNKNOWN, permissions=_MODES[status.kind] | status.mode,
                         atime=when, mtime=when, nlink=1)


def _sync(handle: _Handle) -> None:
    if handle.writer is not None:
        handle.writer.flush()
        if not isinstance(handle.writer, io.BytesIO):
            os.fsync(handle.writer.fileno())


def _handle(thing: object) -> _Handle:
    if not isinstance(thing, _Handle):
        raise asyncssh.SFTPInvalidHandle("that is no file")
    return thing


def _text(path: bytes) -> str:
    return join(split(path.decode("utf-8", "surrogateescape")))


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
