"""Calls into a file system of fsspec, and what its drivers raise in the error tree. Blocking.

Drivers raise whatever their libraries do. What has a meaning for files is told by built-in error;
the rest is told in its own words, with the name of its class.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from inspect import signature
from typing import Any

from ..errors import (
    AlreadyExists,
    AuthenticationError,
    Changed,
    Conflict,
    ConnectionLost,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ReplyError,
    TimedOut,
    UsageError,
)
from ..types import Entry, Kind
from ..urls import URL, unquote
from ..wire.text import display

__all__ = ["Sink", "connect", "entry_of", "listing", "look", "moves", "open_read", "open_write",
           "refused", "rename", "stores_whole"]

_KINDS = {"file": Kind.FILE, "directory": Kind.FOLDER, "link": Kind.LINK}
_TIMES = ("modified", "mtime", "LastModified", "last_modified", "updated", "timeModified",
          "created")
_TAGS = ("ETag", "etag", "md5", "content_md5", "md5Hash", "checksum")

_MEANINGS: tuple[tuple[type[BaseException], type[PostelError], str], ...] = (
    (FileNotFoundError, NotFound, "check the spelling; list the folder above"),
    (NotADirectoryError, NotFound, "a part of the path is a file, not a folder"),
    (FileExistsError, AlreadyExists, ""),
    (IsADirectoryError, Conflict, "that is a folder"),
    (PermissionError, Forbidden, "check the credentials that the driver has, and their rights"),
    (NotImplementedError, NotSupported, "this driver of fsspec cannot do it"),
    (TimeoutError, TimedOut, "try again; the driver's own options may wait longer"),
    (ConnectionError, ConnectionLost, ""),
    (EOFError, Changed, "it has become shorter"),
)
_LOCKED_OUT = ("NoCredentialsError", "CredentialRetrievalError", "ClientAuthenticationError",
               "RefreshError", "DefaultCredentialsError", "LogonFailure")


@contextlib.contextmanager
def refused(doing: str, path: str) -> Iterator[None]:
    """Say in one of our errors what a driver raises in the block.

    Example:
        >>> with refused("read", "bucket/a"):
        ...     raise FileNotFoundError("bucket/a")
        Traceback (most recent call last):
        ...
        postel.errors.NotFound: read bucket/a: bucket/a
    """
    try:
        yield
    except PostelError:
        raise
    except Exception as error:
        raise _meaning(error, f"{doing} {display(path)}") from error


def _meaning(error: Exception, doing: str) -> PostelError:
    text = display(str(error)) or type(error).__name__
    if type(error).__name__ in _LOCKED_OUT:
        return AuthenticationError(f"{doing}: {text}", text=text,
                                   hint="give the driver its credentials, as its documents say")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return NoSpace(f"{doing}: {text}", text=text)
    if isinstance(error, OSError) and error.errno == errno.ENOTEMPTY:
        return Conflict(f"{doing}: {text}", text=text, hint="only an empty folder can be removed")
    for builtin, kind, hint in _MEANINGS:
        if isinstance(error, builtin):
            return kind(f"{doing}: {text}", hint=hint)
    return ReplyError(f"{doing}: {type(error).__name__}: {text}", text=text)


def connect(url: str | URL, options: Mapping[str, Any]) -> tuple[Any, str]:
    """The file system that *url* is of, and the path there, as its driver writes it.

    Raises:
        UsageError: fsspec, or the driver, is not installed, or refuses the options.
    """
    text = written(url) if isinstance(url, URL) else url
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(f"{display(text)}: fsspec is not installed",
                         hint="pip install 'postel[fsspec]'") from None
    shown = str(url) if isinstance(url, URL) else text.rpartition("@")[2]
    try:
        found, path = url_to_fs(text, **options)
    except ImportError as error:
        raise UsageError(f"{display(shown)}: its driver is not installed: {error}",
                         hint="install what the message names") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"{display(shown)}: {display(str(error))}") from error
    except Exception as error:
        raise _meaning(error, f"open {display(shown)}") from error
    found.invalidate_cache()
    return found, str(path)


def written(url: URL) -> str:
    """*url* as fsspec reads it: nothing percent-encoded.

    Example:
        >>> from postel.urls import parse
        >>> written(parse("memory://box/a%20b"))
        'memory://box/a b'
    """
    whole = url.with_(path="", query=None, fragment=None).reveal()
    query = "" if url.query is None else f"?{url.query}"
    return f"{whole}{unquote(url.path)}{query}"


# -- looking ---------------------------------------------------------------------------------


def look(system: Any, path: str) -> Entry:
    """What *path* is."""
    with refused("stat", path):
        return entry_of(system.info(path))


def listing(system: Any, path: str) -> list[Entry]:
    """What the folder *path* holds, as it is now."""
    with refused("list", path):
        system.invalidate_cache()
        infos = [info for info in system.ls(path, detail=True)
                 if info["name"].strip("/") != path.strip("/")]
        if not infos and system.info(path)["type"] != "directory":
            raise NotADirectoryError(f"{path}: that is a file")
        return [entry_of(info) for info in infos]


def entry_of(info: Mapping[str, Any]) -> Entry:
    """An entry from what a driver tells: drivers agree on name, size and type alone.

    Example:
        >>> entry_of({"name": "bucket/a.txt", "type": "file", "size": 3, "ETag": '"x"'}).validator
        '"x"'
    """
    kind = _KINDS.get(info.get("type", ""), Kind.OTHER)
    if info.get("islink"):
        kind = Kind.LINK
    size = info.get("size")
    tag = next((info[key] for key in _TAGS if isinstance(info.get(key), str)), None)
    mode = info.get("mode")
    destination = info.get("destination")
    if isinstance(destination, bytes):
        destination = destination.decode("utf-8", "surrogateescape")
    return Entry(
        str(info["name"]).rstrip("/").rpartition("/")[2], kind,
        size=int(size) if size is not None and kind is Kind.FILE else None,
        modified=next((time for key in _TIMES if (time := _time(info.get(key)))), None),
        mode=mode & 0o7777 if isinstance(mode, int) else None,
        target=destination if kind is Kind.LINK and isinstance(destination, str) else None,
        validator=tag)


def _time(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return _time(datetime.fromisoformat(value))
    return None


# -- reading and writing ---------------------------------------------------------------------


def open_read(system: Any, path: str, offset: int) -> tuple[Any, int | None]:
    """The file, at *offset*, and how many bytes are to come where that is known."""
    with refused("read", path):
        file = system.open(path, "rb")
        size = getattr(file, "size", None)
        if not isinstance(size, int):
            size = system.info(path).get("size")
        if size is not None and offset > size:
            file.close()
            raise Changed(f"read {display(path)} from byte {offset:,}: it has only {size:,}")
        if offset:
            file.seek(offset)
    return file, None if size is None else size - offset


class Sink:
    """A file being written, which can be forgotten: many drivers store it when it is closed."""

    def __init__(self, system: Any, path: str) -> None:
        self._system, self._path = system, path
        with refused("write", path):
            self._file = system.open(path, "wb")

    def write(self, data: bytes) -> None:
        """Append *data*."""
        with refused("write", self._path):
            self._file.write(data)

    def finish(self) -> None:
        """Close: from now on it is there."""
        with refused("write", self._path):
            self._file.close()
            self._system.invalidate_cache()

    def abandon(self) -> None:
        """Let nothing appear, as far as the driver can."""
        from fsspec.spec import AbstractBufferedFile

        with contextlib.suppress(Exception):  # the first error is the one to see
            if isinstance(self._file, AbstractBufferedFile):
                self._file.discard()  # what had that name before stays
                self._file.closed = True  # or else closing it would store the rest
            else:
                self._file.close()
                self._system.rm_file(self._path)
            self._system.invalidate_cache()


def open_write(system: Any, path: str) -> Sink:
    """A file to be written from its beginning."""
    return Sink(system, path)


# -- changing --------------------------------------------------------------------------------


def make(system: Any, path: str) -> None:
    """Make a folder; object stores have none, and do nothing."""
    with refused("make", path):
        system.mkdir(path, create_parents=False)


def remove(system: Any, path: str, folder: bool) -> None:
    """Remove a file, or an empty folder."""
    with refused("remove", path):
        if folder:
            system.rmdir(path)
        elif system.isdir(path):
            raise IsADirectoryError(f"{path}: that is a folder")
        else:
            system.rm_file(path)
        system.invalidate_cache()


def rename(system: Any, old: str, new: str) -> None:
    """Give a file or folder another name; stores without renaming copy and remove."""
    with refused("rename", old):
        folder = system.isdir(old)
        if system.isdir(new):
            if not folder:
                raise IsADirectoryError(f"{new}: that is a folder")
            if listing(system, new):
                raise Conflict(f"rename {display(old)} to {display(new)}: that is a folder, and "
                               "not empty")
            system.rmdir(new)
        _move(system, old, new, folder)
        system.invalidate_cache()


def _move(system: Any, old: str, new: str, folder: bool) -> None:
    """Rename where the driver can; else copy and remove.

    fsspec's own `mv`, of drivers without one, takes names for patterns: it would move "what?" into
    a folder of that name.
    """
    from fsspec.spec import AbstractFileSystem

    if type(system).mv is not AbstractFileSystem.mv:
        taken = signature(system.mv).parameters.values()
        more = any(one.name == "recursive" or one.kind is one.VAR_KEYWORD for one in taken)
        system.mv(old, new, **({"recursive": folder} if more else {}))
    elif not folder:
        system.cp_file(old, new)
        system.rm_file(old)
    else:
        _move_folder(system, old, new)


def _move_folder(system: Any, old: str, new: str) -> None:
    """Copy everything, and only then remove it."""
    begin = len(system._strip_protocol(old))
    found = system.find(old, withdirs=True, detail=True)
    folders = sorted(path for path, info in found.items() if info["type"] == "directory")
    files = [path for path, info in found.items() if info["type"] != "directory"]
    for path in dict.fromkeys((old, *folders)):
        system.makedirs(new + system._strip_protocol(path)[begin:], exist_ok=True)
    for path in files:
        system.cp_file(path, new + path[begin:])
    for path in files:
        system.rm_file(path)
    for path in reversed(folders):
        _forget_folder(system, path)
    _forget_folder(system, old)


def _forget_folder(system: Any, path: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # a store's folders go with their files
        system.rmdir(path)


def copy(system: Any, source: str, target: str) -> None:
    """Copy a file within the store."""
    with refused("copy", source):
        if not system.exists(source):
            raise FileNotFoundError(source)
        system.cp_file(source, target)
        system.invalidate_cache()


def moves(system: Any) -> bool:
    """Whether a rename is one, or a copy and a removal, as with most stores."""
    from fsspec.spec import AbstractFileSystem

    own = type(system).mv
    return own is not AbstractFileSystem.mv or any(
        hasattr(type(system), name) for name in ("mv_file", "_mv_file"))


def stores_whole(system: Any) -> bool:
    """Whether a file appears when it is whole, and a rename would copy all of it once more.

    That is so with the stores of objects, whose drivers are fsspec's asynchronous ones.
    """
    module = sys.modules.get("fsspec.asyn")
    return module is not None and isinstance(system, module.AsyncFileSystem) and not moves(system)
