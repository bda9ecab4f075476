# A conversation (its twin words_sync.py is generated): SFTP's own words.
"""The requests of SFTP, each as a method, and files that are open as objects."""

from __future__ import annotations

from typing import Self

from ..errors import NotSupported, ProtocolError, UsageError
from ..types import Entry
from . import packets, requests
from .attributes import entry_of
from .engine_async import AsyncEngine
from .listing_async import AsyncListing
from .refusals import EOF, NO_SUCH_FILE, OK
from .types import Attributes, FileSystem
from .wire import Attrs, Data, Extension, Handle, Names, Reply, Request, Status

__all__ = ["AsyncOpenFile", "AsyncWords"]

_MODES = {
    "r": requests.READ,
    "r+": requests.READ | requests.WRITE,
    "w": requests.WRITE | requests.CREATE | requests.TRUNCATE,
    "w+": requests.READ | requests.WRITE | requests.CREATE | requests.TRUNCATE,
    "a": requests.WRITE | requests.CREATE | requests.APPEND,
    "x": requests.WRITE | requests.CREATE | requests.EXCLUSIVE,
}


class AsyncWords(AsyncEngine):
    """SFTP's words; relative paths begin at the URL's folder, or at home."""

    def open_file(self, path: str, mode: str = "r", *, permissions: int | None = None
                  ) -> AsyncOpenFile:
        """A file to be read and written anywhere in it (OPEN); a with block.

        Args:
            path: of the file.
            mode: as for `open`: r, r+, w, w+, a or x; always bytes.
            permissions: of a file that is made.

        Example:
            >>> from postel.sftp import AsyncClient
            >>> async with AsyncClient("sftp.example.org", user="alice", password="secret") as site:
            ...     async with site.open_file("pub/hello.txt") as file:
            ...         await file.read(6, 5)
            b'from '
        """
        flags = _MODES.get(mode.replace("b", ""))
        if flags is None:
            raise UsageError(f"open {path}: mode {mode!r} is not known",
                             hint=f"one of {', '.join(_MODES)}")
        return AsyncOpenFile(self, path, flags, permissions)

    def opendir(self, path: str = "") -> AsyncListing:
        """The entries of a folder, page by page (OPENDIR, READDIR)."""
        return AsyncListing(self, path)

    async def lstat(self, path: str) -> Entry:
        """What *path* is; a link is told as a link (LSTAT).

        Raises:
            NotFound: there is nothing of that name.
        """
        async with self._operation(f"stat {path}"):
            return await self._entry(packets.LSTAT, path)

    async def _entry(self, kind: int, path: str) -> Entry:
        request = self._queue(requests.by_path(kind, self._at(path)))
        reply = await self._answer(request)
        if kind == packets.STAT and isinstance(reply, Status) and reply.code == NO_SUCH_FILE:
            lost = await self._answer(self._queue(requests.by_path(packets.LSTAT, self._at(path))))
            reply = lost if isinstance(lost, Attrs) else reply  # a link that leads nowhere
        if not isinstance(reply, Attrs):
            raise await self._why(request, reply, self._at(path))
        return entry_of(_name_of(path), reply.attributes)

    async def setstat(self, path: str, found: Attributes, *, follow: bool = True) -> None:
        """Set what *found* has (SETSTAT); a link's own with *follow* false, where offered."""
        async with self._operation(f"set {path}"):
            if follow:
                await self._done(requests.setstat(self._at(path), found))
            else:
                self._need("lsetstat@openssh.com", f"set {path}")
                await self._done(requests.lsetstat(self._at(path), found))

    async def mkdir(self, path: str, mode: int | None = None) -> None:
        """Make a folder (MKDIR).

        Raises:
            AlreadyExists: something is there.
        """
        at = self._at(path)
        await self._simple(f"make {path}", requests.mkdir(at.rstrip("/") or at, mode), at)

    async def rmdir(self, path: str) -> None:
        """Remove an empty folder (RMDIR).

        Raises:
            Conflict: something is in it.
        """
        await self._simple(f"remove {path}", requests.by_path(packets.RMDIR, self._at(path)),
                           self._at(path))

    async def unlink(self, path: str) -> None:
        """Remove a file (REMOVE).

        Raises:
            NotFound: there is none.
        """
        await self._simple(f"remove {path}", requests.by_path(packets.REMOVE, self._at(path)),
                           self._at(path))

    async def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; one of that name is replaced where that is offered.

        Raises:
            AlreadyExists: the server replaces nothing.
        """
        request = self._renaming(old, new)
        await self._simple(f"rename {old}", request, self._at(old), self._at(new))

    def _renaming(self, old: str, new: str) -> Request:
        make = (requests.posix_rename if self.offers("posix-rename@openssh.com")
                else requests.rename)
        return make(self._at(old), self._at(new))

    async def symlink(self, path: str, target: str) -> None:
        """Make *path* a symbolic link to *target*, as it is written (SYMLINK)."""
        await self._simple(f"link {path}", requests.symlink(self._at(path), target),
                           self._at(path))

    async def hardlink(self, path: str, other: str) -> None:
        """Make *other* one more name of *path*.

        Raises:
            NotSupported: this server does not offer it.
        """
        self._need("hardlink@openssh.com", f"link {path}")
        await self._simple(f"link {path}", requests.hardlink(self._at(path), self._at(other)),
                           self._at(other))

    async def readlink(self, path: str) -> str:
        """Where a link leads, as it is written (READLINK)."""
        return await self._one_name(f"read link {path}",
                                    requests.by_path(packets.READLINK, self._at(path)))

    async def realpath(self, path: str = "") -> str:
        """The path from the root, without dots and links (REALPATH)."""
        return await self._one_name(f"real path of {path or '.'}",
                                    requests.by_path(packets.REALPATH, self._at(path)))

    async def expand_path(self, path: str) -> str:
        """The path from the root; ``~`` and ``~user`` are known.

        Raises:
            NotSupported: this server does not offer it.
        """
        self._need("expand-path@openssh.com", f"expand {path}")
        return await self._one_name(f"expand {path}", requests.expand_path(path))

    async def home_directory(self, user: str = "") -> str:
        """The home folder of *user*; yours without one.

        Raises:
            NotSupported: this server does not offer it.
        """
        if not user:  # OpenSSH wants a name
            return await self.expand_path("~")
        self._need("home-directory", f"home of {user}")
        return await self._one_name(f"home of {user}", requests.home_directory(user))

    async def statvfs(self, path: str = "") -> FileSystem:
        """How much fits on the disk that *path* is on.

        Raises:
            NotSupported: this server does not offer it.
        """
        self._need("statvfs@openssh.com", f"free space of {path or '.'}")
        async with self._operation(f"free space of {path or '.'}"):
            request = requests.statvfs(self._at(path))
            return requests.statvfs_of((await self._extension(request)).data)

    async def names_of(self, uids: list[int], gids: list[int]) -> tuple[list[str], list[str]]:
        """The names of users and groups by their numbers; "" where there is none.

        Raises:
            NotSupported: this server does not offer it.
        """
        self._need("users-groups-by-id@openssh.com", "names of users")
        async with self._operation("names of users"):
            reply = await self._extension(requests.users_groups(uids, gids))
            return requests.users_groups_of(reply.data)

    async def copy_data(self, source: str, target: str) -> None:
        """Copy on the server into *target*, which is overwritten.

        Raises:
            NotSupported: this server does not offer it.
        """
        self._need("copy-data", f"copy {source}")
        async with (self.open_file(source) as one, self.open_file(target, "w") as other,
                    self._operation(f"copy {source}")):
            await self._done(requests.copy_data(one.handle, other.handle))

    async def noop(self) -> None:
        """Ask something that costs nothing: is the server still there?"""
        async with self._operation("noop"):
            await self._answer(self._queue(requests.by_path(packets.REALPATH, ".")))

    async def _simple(self, doing: str, request: Request, path: str, other: str = "") -> None:
        """One request that must go well."""
        async with self._operation(doing):
            reply = await self._answer(self._queue(request))
            if not isinstance(reply, Status) or reply.code != OK:
                raise await self._why(request, reply, path, other)

    async def _one_name(self, doing: str, request: Request) -> str:
        async with self._operation(doing):
            reply = await self._answer(self._queue(request))
            if not isinstance(reply, Names):
                raise await self._why(request, reply)
            if len(reply.names) != 1:
                raise ProtocolError(f"{request}: {len(reply.names)} names came instead of one")
            return reply.names[0].name.decode("utf-8", "surrogateescape")

    async def _extension(self, request: Request) -> Extension:
        reply = await self._answer(self._queue(request))
        if not isinstance(reply, Extension):
            raise await self._why(request, reply)
        return reply

    def _need(self, name: str, doing: str) -> None:
        if not self.offers(name):
            raise NotSupported(f"{doing}: the server does not offer {name}",
                               hint="OpenSSH's own sftp-server does, in recent versions")


class AsyncOpenFile:
    """A file open on the server, for reading and writing anywhere in it.

    Args:
        site: an open client.
        path: of the file.
        flags: what for.
        permissions: of a file that is made.

    Attributes:
        handle: the server's name for it, while it is open.
    """

    def __init__(self, site: AsyncEngine, path: str, flags: int, permissions: int | None) -> None:
        self._site, self._path, self._flags = site, path, flags
        self._permissions = permissions
        self.handle = b""
        self._data: list[bytes] = []

    async def __aenter__(self) -> Self:
        site, at = self._site, self._site._at(self._path)
        async with site._operation(f"open {self._path}"):
            request = site._queue(requests.open_file(at, self._flags, self._permissions))
            reply = await site._answer(request)
            if not isinstance(reply, Handle):
                raise await site._why(request, reply, at)
            self.handle = reply.handle
            site.handles += 1
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.handle and self._site.is_open:
            handle, self.handle = self.handle, b""
            async with self._site._operation(f"close {self._path}"):
                self._site.handles -= 1
                await self._site._done(requests.by_handle(packets.CLOSE, handle))

    async def read(self, offset: int, length: int) -> bytes:
        """Up to *length* bytes from *offset* on: fewer only at the end, none beyond it."""
        found = bytearray()
        async with self._site._operation(f"read {self._path}"):
            while len(found) < length:
                size = min(length - len(found), self._site.read_block)
                request = requests.read(self.handle, offset + len(found), size)
                request.then = self._came
                self._site._queue(request)
                while request.reply is None:
                    await self._site._fill()
                if isinstance(request.reply, Status):
                    if request.reply.code == EOF:
                        break
                    raise await self._site._why(request, request.reply)
                found += self._data.pop()
        return bytes(found)

    def _came(self, request: Request, reply: Reply) -> None:
        if isinstance(reply, Data):
            self._data.append(bytes(reply.view))
        request.reply = reply

    async def write(self, offset: int, data: bytes) -> None:
        """Put *data* at *offset*."""
        async with self._site._operation(f"write {self._path}"):
            view, block = memoryview(data), self._site.write_block
            for start in range(0, len(view), block):
                piece = view[start : start + block]
                request = requests.write(self.handle, offset + start, len(piece))
                await self._site._send_data(request, piece)
                reply = await self._site._answer(request)
                self._site.in_flight -= len(piece)
                if not isinstance(reply, Status) or reply.code != OK:
                    raise await self._site._why(request, reply, self._site._at(self._path))

    async def stat(self) -> Entry:
        """What the file is (FSTAT)."""
        async with self._site._operation(f"stat {self._path}"):
            found = await self._site._attributes(requests.by_handle(packets.FSTAT, self.handle))
            return entry_of(_name_of(self._path), found.attributes)

    async def setstat(self, found: Attributes) -> None:
        """Set what *found* has (FSETSTAT)."""
        async with self._site._operation(f"set {self._path}"):
            await self._site._done(requests.setstat(self.handle, found))

    async def truncate(self, size: int) -> None:
        """Make it *size* bytes long."""
        await self.setstat(Attributes(size=size))

    async def fsync(self) -> None:
        """Wait until the server's disk has it.

        Raises:
            NotSupported: this server does not offer it.
        """
        if not self._site.offers("fsync@openssh.com"):
            raise NotSupported(f"sync {self._path}: the server does not offer fsync")
        async with self._site._operation(f"sync {self._path}"):
            await self._site._done(requests.fsync(self.handle))


def _name_of(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


