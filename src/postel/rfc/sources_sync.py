# GENERATED from sources_async.py by tools/unasync.py: edit that file, not this one.
"""Sources of the series: web servers, file servers of any scheme, folders; tried in order.

A source answers for a name below its root: with bytes, with "unchanged" where the version that is
known is still the newest, or with `NotFound`. One that cannot be reached is left alone for the
rest of the run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import (
    LimitReached,
    NetworkError,
    NotFound,
    PostelError,
    ProtocolError,
    ReplyError,
    UsageError,
)
from ..transport import disk_sync as disk
from .cleaning import LARGEST
from .references import file_names

__all__ = ["Sources", "Found", "looks_wrong"]


@dataclass(frozen=True)
class Found:
    """What a source gave.

    Args:
        name: below the source's root.
        source: which.
        data: the bytes; None where the version that was known is the newest.
        version: a word for this version; "" where the source has none.
    """

    name: str
    source: str
    data: bytes | None
    version: str = ""


class _Source(Protocol):
    name: str

    def fetch(self, name: str, largest: int, version: str) -> Found:
        """The file *name*, unless *version* is the newest."""

    def close(self) -> None:
        """Close its connections."""


class Sources:
    """Sources, in the order in which they are tried.

    Args:
        places: URLs of any scheme that has files, and folders.
        options: of the clients: ``timeout``, ``proxy``, ``tls``, ``family``, ``trace`` …

    Raises:
        UsageError: there is none.
    """

    def __init__(self, places: Sequence[str], **options: Any) -> None:
        if not places:
            raise UsageError("the RFC series: there is no source", hint="--source URL names one")
        self._sources: list[_Source] = [_source(place, options) for place in places]
        self._down: dict[str, PostelError] = {}
        self._habits: dict[str, int] = {}

    def close(self) -> None:
        """Close all connections."""
        for source in self._sources:
            source.close()

    def text(self, number: int) -> Found:
        """The text of an RFC, under whatever name a source has it.

        Raises:
            NotFound: no source has it.
            NetworkError: it was not found, and a source could not be asked.
        """
        names = file_names(number)
        refused: list[PostelError] = []
        for source in self._living():
            usual = self._habits.get(source.name, 0)
            order = [usual, *(one for one in range(len(names)) if one != usual)]
            for index in order:
                if index >= len(names):
                    continue
                found = self._try(source, names[index], LARGEST, "", refused)
                if found is None:
                    if source.name in self._down:
                        break
                    continue
                if problem := looks_wrong(found.data or b""):
                    refused.append(ProtocolError(
                        f"{source.name}{names[index]}: {problem}", url=source.name))
                    continue
                self._habits[source.name] = index
                return found
        raise self._failure(f"RFC {number}", refused)

    def first(
        self, names: Iterable[str], largest: int, versions: Mapping[str, str],
        bad: Collection[str] = (),
    ) -> list[Found]:
        """What the first source has that has any of *names*: the first of them; or nothing.

        Args:
            names: the best first.
            largest: bytes that it may have.
            versions: what is known of each, by source and name.
            bad: sources with names that are passed over.

        Raises:
            LimitReached: there is something, and it is too large.
        """
        refused: list[PostelError] = []
        for source in self._living():
            for name in names:
                if source.name + name in bad:
                    continue
                known = versions.get(source.name + name, "")
                found = self._try(source, name, largest, known, refused)
                if found is not None:
                    return [found]
                if source.name in self._down:
                    break
        if refused and not bad:
            raise refused[0]
        return []

    @property
    def trouble(self) -> PostelError | None:
        """Why the first source that is down is so."""
        return next(iter(self._down.values()), None)

    def _living(self) -> list[_Source]:
        return [one for one in self._sources if one.name not in self._down]

    def _try(
        self, source: _Source, name: str, largest: int, version: str, refused: list[PostelError]
    ) -> Found | None:
        """One name at one source; None where it is not there, or the source cannot be asked."""
        try:
            return source.fetch(name, largest, version)
        except NotFound:
            return None
        except (LimitReached, ReplyError) as error:  # of this name; others may be had
            refused.append(error)
            return None
        except PostelError as error:
            self._down[source.name] = error
            return None

    def _failure(self, what: str, refused: list[PostelError]) -> PostelError:
        """Why *what* could not be had."""
        if refused:
            return refused[0]
        if (trouble := self.trouble) is not None:
            names = ", ".join(self._down)
            kind = type(trouble) if isinstance(trouble, NetworkError) else NetworkError
            return kind(f"fetch {what}: {trouble}", url=trouble.url,
                        hint=trouble.hint or f"another source: --source URL (tried {names})")
        names = ", ".join(one.name for one in self._sources)
        return NotFound(f"fetch {what}: no source has it ({names})",
                        hint="was it published as text? postel rfc --info tells, if it is known")


def looks_wrong(data: bytes) -> str:
    """What is wrong with bytes that should be an RFC's text; "" where nothing is.

    Example:
        >>> looks_wrong(b"<!DOCTYPE html><title>Oops</title>"), looks_wrong(b"RFC 1\\n")
        ('it is a page of HTML, not a text', '')
    """
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n\f").lower()
    if not data.strip():
        return "it is empty"
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return "it is a page of HTML, not a text"
    if start.startswith((b"%pdf-", b"%!ps", b"\x1f\x8b", b"pk\x03\x04")) or (
            data.count(b"\0") * 4 > len(data)):  # RFC 736 ends in hundreds
        return "it is no text"
    return ""


def _source(place: str, options: dict[str, Any]) -> _Source:
    scheme = place[:8].lower()
    if scheme.startswith(("http://", "https://")):
        return _Web(place, options)
    if ":/" in place and not Path(place).exists() and not scheme.startswith("file:/"):
        return _FilesAt(place, options)
    return _Folder(place)


class _Web:
    """A web server, with conditional requests (RFC 9110 section 13)."""

    def __init__(self, place: str, options: dict[str, Any]) -> None:
        self.name = place if place.endswith("/") else place + "/"
        self._options = options
        self._client: Any = None

    def fetch(self, name: str, largest: int, version: str) -> Found:
        from ..http.client_sync import Client

        if self._client is None:
            self._client = Client(self.name, **self._options)
        kind, _, value = version.partition(" ")
        asked = {"etag": "If-None-Match", "date": "If-Modified-Since"}.get(kind)
        answer = self._client.get(
            name, headers={asked: value} if asked else {}, largest=largest)
        if answer.status == 304:
            return Found(name, self.name, None, version)
        if answer.status in (403, 404, 410):
            raise NotFound(f"{self.name}{name}: {answer.status}", code=answer.status)
        answer.raise_for_status()
        tag, when = answer.headers.get("etag"), answer.headers.get("last-modified")
        fresh = f"etag {tag}" if tag else f"date {when}" if when else ""
        return Found(name, self.name, answer.content, fresh)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


class _FilesAt:
    """A server of files: FTP, SFTP, WebDAV … by the client of its scheme."""

    def __init__(self, place: str, options: dict[str, Any]) -> None:
        self.name = place if place.endswith("/") else place + "/"
        self._options = options
        self._site: Any = None
        self._path = ""

    def fetch(self, name: str, largest: int, version: str) -> Found:
        if self._site is None:
            from ..transfer.sites_sync import open_site

            site, self._path = open_site(self.name, "read", **self._options)
            site.open()
            self._site = site
        path = self._path.rstrip("/") + "/" + name
        entry = self._site.files.stat(path)
        fresh = f"file {entry.size} {entry.modified}" if entry.modified else ""
        if fresh and fresh == version:
            return Found(name, self.name, None, version)
        parts, size = [], 0
        with self._site.files.read(path) as file:
            for chunk in file:
                parts.append(bytes(chunk))
                size += len(chunk)
                if size > largest:
                    raise LimitReached(f"{self.name}{name}: it has more than {largest} bytes")
        return Found(name, self.name, b"".join(parts), fresh)

    def close(self) -> None:
        site, self._site = self._site, None
        if site is not None:
            with contextlib.suppress(PostelError):  # all that was asked for is here
                site.close()


class _Folder:
    """A folder of this machine."""

    def __init__(self, place: str) -> None:
        from ..transfer.sites_sync import here

        self._folder = here(place).expanduser()
        self.name = f"{self._folder}/"

    def fetch(self, name: str, largest: int, version: str) -> Found:
        return disk.call(self._read, name, largest, version)

    def _read(self, name: str, largest: int, version: str) -> Found:
        path = self._folder / name
        try:
            with path.open("rb") as file:
                status = path.stat()
                fresh = f"file {status.st_size} {status.st_mtime_ns}"
                if fresh == version:
                    return Found(name, self.name, None, version)
                data = file.read(largest + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound(f"{path}: it is not there") from error
        except OSError as error:
            raise PostelError(f"{path}: {error.strerror}") from error
        if len(data) > largest:
            raise LimitReached(f"{path}: it has more than {largest} bytes")
        return Found(name, self.name, data, fresh)

    def close(self) -> None:
        """Nothing is open."""
