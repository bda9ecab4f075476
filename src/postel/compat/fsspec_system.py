"""A file system of fsspec over any client of files; `postel.compat.fsspec` has one for each scheme.

What is listed is asked for each time. A client serves one thread at a time; fsspec's callers may be
many, so each gets one, and a few stay open.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, ClassVar

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import isfilelike

from ..errors import AlreadyExists, Conflict, NotFound, NotSupported, ReplyError
from ..session.files_sync import Watch
from ..session.site_sync import FileSite
from ..types import Entry, Kind, Progress
from .fsspec_files import PostelFile, spooled
from .fsspec_places import PostelPlaces

__all__ = ["PostelFileSystem"]

_TYPES = {Kind.FILE: "file", Kind.FOLDER: "directory", Kind.LINK: "link", Kind.OTHER: "other"}


class PostelFileSystem(PostelPlaces):
    """A file system of fsspec over a client of Postel.

    Args:
        host: of the server.
        port: instead of the scheme's.
        user: to log in as; ``username`` means the same.
        password: a string, a `Secret`, or a function.
        options: the keywords of the scheme's client, and those of fsspec.
    """

    # -- looking -----------------------------------------------------------------------------

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """What is in a folder; a file is listed as itself."""
        path = self._strip_protocol(path)
        found = self.clients.call(lambda site: self._ls(site, path))
        return found if detail else sorted(info["name"] for info in found)

    def _ls(self, site: FileSite, path: str) -> list[dict[str, Any]]:
        place = self.place(path)
        last = path.rpartition("/")[2]
        try:
            entries = list(site.list(place))
        except NotSupported:
            raise
        except ReplyError:
            entry = site.stat(place)  # a file has no listing, with most servers
            if entry.kind is Kind.FOLDER:
                raise
            return [self._info(path, entry)]
        if len(entries) == 1 and entries[0].name == last and not entries[0].is_folder:
            entry = site.stat(place)
            if not entry.is_folder:
                return [self._info(path, entry)]
        return self._infos(site, path, entries)

    def _child(self, path: str, name: str) -> str:
        return f"{path.rstrip('/')}/{name}"

    def _infos(self, site: FileSite, path: str, entries: list[Entry]) -> list[dict[str, Any]]:
        """The entries of a folder; links count as what they lead to."""
        found = {entry.name: self._info(self._child(path, entry.name), entry)
                 for entry in entries}
        links = [entry.name for entry in entries if entry.is_link]
        places = [self.place(found[name]["name"]) for name in links]
        for name, outcome in zip(links, site.files.stat_many(places), strict=False):
            if outcome.value is not None and not outcome.value.is_link:
                told = self._info(found[name]["name"], outcome.value)
                found[name] |= {**told, "islink": True,
                                "destination": found[name].get("destination")}
        return list(found.values())

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """What *path* is."""
        path = self._strip_protocol(path)
        if path == self.root_marker:
            return {"name": path, "size": 0, "type": "directory"}
        return self._info(path, self._entry(path))

    def _entry(self, path: str) -> Entry:
        return self.clients.call(lambda site: site.stat(self.place(path)))

    def _info(self, path: str, entry: Entry) -> dict[str, Any]:
        info: dict[str, Any] = {
            "name": path, "type": _TYPES[entry.kind], "islink": entry.is_link,
            "size": 0 if entry.is_folder else entry.exact_size,
        }
        if entry.modified is not None:
            info["modified"], info["mtime"] = entry.modified, entry.modified.timestamp()
        more = {"mode": entry.mode, "uid": entry.owner, "gid": entry.group,
                "destination": entry.target, "ETag": entry.validator}
        return info | {key: value for key, value in more.items() if value is not None}

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is something; trouble on the way there is an error, not a no."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def modified(self, path: str) -> datetime:
        """When *path* was changed."""
        found = self.info(path).get("modified")
        if found is None:
            raise NotSupported(f"time of {path}: the server tells none")
        return found  # type: ignore[no-any-return]

    def checksum(self, path: str) -> int:
        """A number that changes with the file: the server's digest where it computes one."""
        try:
            _, digest = self.clients.call(
                lambda site: site.files.digest(self.place(self._strip_protocol(path))))
        except NotSupported:
            return int(super().checksum(path))
        return int(digest, 16)

    # -- reading -----------------------------------------------------------------------------

    def _open(
        self, path: str, mode: str = "rb", block_size: int | None = None, autocommit: bool = True,
        cache_options: dict[str, Any] | None = None, **keywords: Any,
    ) -> PostelFile | BinaryIO:
        path = self._strip_protocol(path)
        common = {"block_size": block_size or self.blocksize, "autocommit": autocommit,
                  "cache_options": cache_options, **keywords}
        if mode != "rb":
            if mode == "xb" and self.exists(path):
                raise AlreadyExists(f"write {path}: it is there already")
            return PostelFile(self, path, mode, **common)
        entry = self._entry(path)
        if entry.is_folder:
            raise Conflict(f"read {path}: that is a folder")
        if entry.exact_size is None or not self._ranges():
            return spooled(self, path)
        return PostelFile(self, path, mode, size=entry.exact_size, entry=entry, **common)

    def _ranges(self) -> bool:
        return self.clients.call(lambda site: site.files.features.resume_read)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        """The bytes of a file from *start* up to *end*; negative ones count from its end."""
        path = self._strip_protocol(path)
        if (start or 0) < 0 or (end or 0) < 0:
            size = self.info(path)["size"]
            start = max(0, size + start) if start is not None and start < 0 else start
            end = max(0, size + end) if end is not None and end < 0 else end
        if end is not None and end <= (start or 0):
            return b""
        return self.clients.call(lambda site: self._cat(site, path, start or 0, end))

    def _cat(self, site: FileSite, path: str, start: int, end: int | None) -> bytes:
        skip = 0 if site.files.features.resume_read else start
        data = bytearray()
        with site.files.read(self.place(path), offset=start - skip) as reading:
            for chunk in reading:
                data += chunk
                if end is not None and len(data) >= end - start + skip:
                    break
        return bytes(data[skip : None if end is None else end - start + skip])

    def get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, outfile: Any = None,
        **_: Any,
    ) -> None:
        """Fetch a file to a local path, whole or not at all; or into an open file."""
        rpath = self._strip_protocol(rpath)
        file = outfile if outfile is not None else lpath if isfilelike(lpath) else None
        if file is not None:
            self.clients.call(lambda site: self._save(site, rpath, file))
            return
        if self.isdir(rpath):
            os.makedirs(lpath, exist_ok=True)  # noqa: PTH103
            return
        os.makedirs(os.path.dirname(os.path.abspath(lpath)), exist_ok=True)  # noqa: PTH100, PTH103, PTH120
        if os.path.isdir(lpath):  # noqa: PTH112 - fsspec names the file itself
            raise Conflict(f"fetch {rpath} to {lpath}: that is a folder")
        self.clients.call(lambda site: site.download(
            self.place(rpath), os.fspath(lpath), progress=_teller(callback)))

    def _save(self, site: FileSite, path: str, file: BinaryIO) -> None:
        with site.files.read(self.place(path)) as reading:
            reading.save(file, Watch())

    # -- writing -----------------------------------------------------------------------------

    def renames(self) -> bool:
        """Whether files can be written under another name first."""
        return self.scheme != "tftp"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **keywords: Any) -> None:
        """Store *value* as a file."""
        with self.open(path, "xb" if mode == "create" else "wb", **keywords) as file:
            file.write(value)

    def put_file(
        self, lpath: Any, rpath: str, callback: Any = DEFAULT_CALLBACK, mode: str = "overwrite",
        **_: Any,
    ) -> None:
        """Store a local file; the folders above it are made."""
        rpath = self._strip_protocol(rpath)
        if mode == "create" and self.exists(rpath):
            raise AlreadyExists(f"store {rpath}: it is there already")
        if os.path.isdir(lpath):  # noqa: PTH112
            self.makedirs(rpath, exist_ok=True)
            return
        self.clients.call(lambda site: self._put(site, lpath, rpath, callback))

    def _put(self, site: FileSite, lpath: Any, rpath: str, callback: Any) -> None:
        def store() -> None:
            site.upload(os.fspath(lpath), self.place(rpath), progress=_teller(callback))

        self.with_folder(site, rpath, store)

    asks_late: ClassVar[bool] = False
    """Whether a server says only at the end of a file that its folder is missing."""

    def with_folder(self, site: FileSite, path: str, store: Callable[[], None]) -> None:
        """Call *store*; where the folder of *path* is missing, make it and call it again."""
        parent = self._parent(path)
        if self.asks_late and parent != self.root_marker and not self._is_there(site, parent):
            site.makedirs(self.place(parent))
        try:
            store()
        except ReplyError as error:
            if parent == self.root_marker or not self.renames():
                raise
            there = self._is_there(site, parent)
            if there and not isinstance(error, NotFound):
                raise
            if not there:  # or else another thread has just made it
                site.makedirs(self.place(parent))
            store()

    def _is_there(self, site: FileSite, path: str) -> bool:
        try:
            return site.stat(self.place(path)).is_folder
        except NotFound:
            return False

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:
        """Make a folder."""
        path = self._strip_protocol(path)
        if self.exists(path):
            raise AlreadyExists(f"make {path}: it is there already")
        if create_parents:
            self.clients.call(lambda site: site.makedirs(self.place(path)))
        else:
            self.clients.call(lambda site: site.files.make(self.place(path)))

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder and those above it."""
        path = self._strip_protocol(path)
        if path != self.root_marker:
            self.clients.call(lambda site: site.makedirs(self.place(path), exist_ok=exist_ok))

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        self.clients.call(lambda site: site.files.remove(
            self.place(self._strip_protocol(path)), folder=True))

    def rm_file(self, path: str) -> None:
        """Remove a file."""
        self.clients.call(lambda site: site.files.remove(self.place(self._strip_protocol(path))))

    def _rm(self, path: str) -> None:
        self.rm_file(path)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Remove files, and with *recursive* folders and all below them."""
        for each in self._wanted(path, recursive, maxdepth):
            if not self.isdir(each):
                self.rm_file(each)
            elif recursive and maxdepth is None:
                self._rmtree(each)
            elif recursive:
                self.rmdir(each)
            else:
                raise Conflict(f"remove {each}: that is a folder", hint="recursive=True")

    def _wanted(self, path: Any, recursive: bool, maxdepth: int | None) -> Iterator[str]:
        """The paths to remove; a whole tree is one."""
        paths = [path] if isinstance(path, str | os.PathLike) else list(path)
        for each in paths:
            text = self._strip_protocol(each)
            if maxdepth is not None or any(sign in text for sign in "*?["):
                yield from reversed(self.expand_path(text, recursive=recursive, maxdepth=maxdepth))
            else:
                yield text

    def _rmtree(self, path: str) -> None:
        report = self.clients.call(lambda site: site.rmtree(self.place(path)))
        for failure in report.failures:
            failure.get()

    def mv(
        self, path1: Any, path2: Any, recursive: bool = False, maxdepth: int | None = None,
        **keywords: Any,
    ) -> None:
        """Rename on the server; into *path2* where that is a folder."""
        plain = isinstance(path1, str) and not any(sign in path1 for sign in "*?[")
        if not plain or maxdepth is not None or not isinstance(path2, str):
            super().mv(path1, path2, recursive=recursive, maxdepth=maxdepth, **keywords)
            return
        old, new = self._strip_protocol(path1), self._strip_protocol(path2)
        if old == new:
            return
        if path2.endswith("/") or self.isdir(new):
            self.makedirs(new, exist_ok=True)
            new = f"{new.rstrip('/')}/{old.rpartition('/')[2]}"
        self.clients.call(lambda site: site.files.rename(self.place(old), self.place(new)))

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        """Copy a file: on the server where it can, else by way of this machine."""
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.isdir(source):
            self.makedirs(target, exist_ok=True)
            return
        parent = self._parent(target)
        if not self.exists(parent):
            self.makedirs(parent, exist_ok=True)
        if self.clients.call(lambda site: self._copied(site, source, target)):
            return
        with self.open(source, "rb") as one, self.open(target, "wb") as two:
            while data := one.read(self.blocksize):
                two.write(data)

    def _copied(self, site: FileSite, source: str, target: str) -> bool:
        if not site.files.features.copy:
            return False
        try:
            site.files.copy(self.place(source), self.place(target))
        except NotSupported:
            return False
        return True

    def touch(self, path: str, truncate: bool = True, **_: Any) -> None:
        """An empty file; or, with *truncate* false, one that was changed just now."""
        path = self._strip_protocol(path)
        if truncate or not self.exists(path):
            with self.open(path, "wb"):
                pass
            return
        moment = datetime.now().astimezone()
        self.clients.call(lambda site: site.files.set(self.place(path), modified=moment))


def _teller(callback: Any) -> Callable[[Progress], object] | None:
    """A callback of fsspec as one of ours."""
    if callback is DEFAULT_CALLBACK:
        return None

    def tell(progress: Progress) -> None:
        if progress.total is not None:
            callback.set_size(progress.total)
        callback.absolute_update(progress.done)

    return tell
