"""Properties as a server tells and keeps them (RFC 4918 sections 4, 9.1, 9.2 and 15; RFC 4331).

Service code. Live ones come from the tree of files; dead ones are kept in memory by path, and end
with the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from ..http.server_conditions import http_date, when
from ..http.server_files import FilesApp, kind_of
from ..serving.files import FileStatus
from .elements import DAV
from .properties import CHECKSUMS, EXECUTABLE
from .server_locks import Locks
from .types import Element, PropFind, Resource
from .wire import lock_element

__all__ = ["Properties", "href_of"]

MOST_DEAD = 100_000
"""Dead properties in all; then the server is full (507)."""

_ASKED_FOR = {f"{DAV}quota-available-bytes", f"{DAV}quota-used-bytes", CHECKSUMS}
"""Live properties that an allprop does not bring: dear ones (RFC 4331 section 3)."""

_TIMES = {f"{DAV}getlastmodified": "time can be set",
          f"{DAV}lastmodified": "lastmodified can be set"}
"""Properties that set the time of last change, and the quirk of servers where they do."""

_UNSAFE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _moment(one: Element) -> int | None:
    """The seconds since 1970: Nextcloud's property has them as a number, WebDAV's as a date."""
    text = one.text.strip()
    if one.name.endswith("}lastmodified"):
        return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None
    return when(text)


def href_of(path: str, *, folder: bool) -> str:
    """A path as multistatus names it; folders end in "/" (RFC 4918 section 5.2)."""
    written = quote(path, safe="/!$&'()*+,;=:@~-._", errors="surrogateescape")
    return f"{written}/" if folder and not written.endswith("/") else written


class Properties:
    """What is told of files and folders.

    Args:
        app: with the files, and their ETags.
        locks: for ``lockdiscovery``.
    """

    def __init__(self, app: FilesApp, locks: Locks) -> None:
        self.app, self.locks = app, locks
        self._dead: dict[str, dict[str, Element]] = {}
        self._live: dict[str, Callable[[str, FileStatus], Element | None]] = {
            f"{DAV}creationdate": self._creationdate, f"{DAV}displayname": self._displayname,
            f"{DAV}getcontentlength": self._length, f"{DAV}getcontenttype": self._kind,
            f"{DAV}getetag": self._etag, f"{DAV}getlastmodified": self._modified,
            f"{DAV}lockdiscovery": self._locks, f"{DAV}resourcetype": self._type,
            f"{DAV}supportedlock": self._supported,
            f"{DAV}quota-available-bytes": self._available, f"{DAV}quota-used-bytes": self._used,
            CHECKSUMS: self._checksums, EXECUTABLE: self._executable,
        }

    # -- telling ---------------------------------------------------------------------------

    def resource(self, href: str, path: str, status: FileStatus, asked: PropFind) -> Resource:
        """One resource of a multistatus."""
        found: dict[str, Element] = {}
        failed: dict[str, int] = {}
        for name in self._wanted(path, asked):
            element = self._value(path, status, name)
            if element is None:
                if name in asked.names:
                    failed[name] = 404
            elif asked.kind == "propname":
                found[name] = Element(name)
            else:
                found[name] = element
        return Resource(href, found=found, failed=failed)

    def _wanted(self, path: str, asked: PropFind) -> Iterable[str]:
        if asked.kind == "prop":
            return dict.fromkeys(asked.names)
        usual = [name for name in self._live if name not in _ASKED_FOR]
        return dict.fromkeys([*usual, *self._dead.get(path, ()), *asked.names])

    def _value(self, path: str, status: FileStatus, name: str) -> Element | None:
        live = self._live.get(name)
        if live is not None:
            return live(path, status)
        return self._dead.get(path, {}).get(name)

    def _creationdate(self, path: str, status: FileStatus) -> Element:
        """The oldest time that is known."""
        moment = datetime.fromtimestamp(status.modified // 1, UTC)
        return Element(f"{DAV}creationdate", f"{moment:%Y-%m-%dT%H:%M:%SZ}")

    def _displayname(self, path: str, status: FileStatus) -> Element:
        text = path.rpartition("/")[2].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return Element(f"{DAV}displayname", _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text))

    def _length(self, path: str, status: FileStatus) -> Element | None:
        return None if status.is_folder else Element(f"{DAV}getcontentlength", str(status.size))

    def _kind(self, path: str, status: FileStatus) -> Element | None:
        return None if status.is_folder else Element(f"{DAV}getcontenttype", kind_of(path)[0])

    def _etag(self, path: str, status: FileStatus) -> Element | None:
        etag = None if status.is_folder else self.app.etag(status)
        return None if etag is None else Element(f"{DAV}getetag", etag)

    def _modified(self, path: str, status: FileStatus) -> Element:
        return Element(f"{DAV}getlastmodified", http_date(status.modified))

    def _type(self, path: str, status: FileStatus) -> Element:
        inside = (Element(f"{DAV}collection"),) if status.is_folder else ()
        return Element(f"{DAV}resourcetype", children=inside)

    def _locks(self, path: str, status: FileStatus) -> Element | None:
        if self.app.options.has("no locks"):
            return None
        held = self.locks.on(path)
        return Element(f"{DAV}lockdiscovery", children=tuple(
            lock_element(self.locks.told(one), one.owner) for one in held))

    def _supported(self, path: str, status: FileStatus) -> Element | None:
        if self.app.options.has("no locks"):
            return None
        kind = Element(f"{DAV}locktype", children=(Element(f"{DAV}write"),))
        return Element(f"{DAV}supportedlock", children=tuple(
            Element(f"{DAV}lockentry", children=(
                Element(f"{DAV}lockscope", children=(Element(f"{DAV}{scope}"),)), kind))
            for scope in ("exclusive", "shared")))

    def _available(self, path: str, status: FileStatus) -> Element | None:
        if not status.is_folder or self.app.options.has("no quota"):
            return None
        return Element(f"{DAV}quota-available-bytes", str(self.app.files.free()))

    def _used(self, path: str, status: FileStatus) -> Element | None:
        if not status.is_folder or self.app.options.has("no quota"):
            return None
        return Element(f"{DAV}quota-used-bytes", str(self._size(path)))

    def _size(self, path: str) -> int:
        total, folders = 0, [path]
        while folders:
            folder = folders.pop()
            for entry in self.app.files.list(folder):
                if entry.is_folder:
                    folders.append(f"{folder.rstrip('/')}/{entry.name}")
                else:
                    total += entry.size
        return total

    def _checksums(self, path: str, status: FileStatus) -> Element | None:
        """ownCloud's: several in one element, by blanks."""
        if status.is_folder:
            return None
        space = CHECKSUMS.rpartition("}")[0] + "}"
        text = " ".join(f"{name.replace('-', '')}:{self.app.files.digest(path, name)}"
                        for name in ("SHA-1", "MD5"))
        return Element(CHECKSUMS, children=(Element(f"{space}checksum", text),))

    def _executable(self, path: str, status: FileStatus) -> Element | None:
        """Apache's: whether a file is a program."""
        if status.is_folder:
            return None
        return Element(EXECUTABLE, "T" if status.mode & 0o100 else "F")

    # -- changing --------------------------------------------------------------------------

    def change(
        self, href: str, path: str, status: FileStatus, changes: list[tuple[Element, bool]]
    ) -> Resource:
        """All of the changes, in their order, or none (RFC 4918 section 9.2)."""
        failed = {one.name: 403 for one, remove in changes if not self._may_change(one, remove)}
        count = sum(len(dead) for dead in self._dead.values())
        if not failed and count + len(changes) > MOST_DEAD:
            failed = {one.name: 507 for one, _ in changes}
        if failed:
            failed |= {one.name: 424 for one, _ in changes if one.name not in failed}
            wrong = ("cannot-modify-protected-property",) if 403 in failed.values() else ()
            return Resource(href, failed=failed, errors=wrong)
        dead = self._dead.setdefault(path, {})
        for one, remove in changes:
            if one.name == EXECUTABLE:
                more, less = (0o111, 0) if one.text.strip() == "T" else (0, 0o111)
                self.app.files.set_mode(path, (status.mode | more) & ~less)
            elif self._sets_time(one, remove):
                self.app.files.set_modified(path, float(_moment(one) or 0))
            elif remove:
                dead.pop(one.name, None)
            else:
                dead[one.name] = one
        return Resource(href, found={one.name: Element(one.name) for one, _ in changes})

    def _may_change(self, one: Element, remove: bool) -> bool:
        if one.name == EXECUTABLE:
            return not remove and one.text.strip() in ("T", "F")
        return one.name not in self._live or self._sets_time(one, remove)

    def _sets_time(self, one: Element, remove: bool) -> bool:
        """Whether it is the time of last change, by one of the names that servers have for it."""
        quirk = _TIMES.get(one.name)
        return (quirk is not None and self.app.options.has(quirk) and not remove
                and _moment(one) is not None)

    # -- what comes and goes ---------------------------------------------------------------

    def forget(self, path: str) -> None:
        """It is gone, with what was below it."""
        for known in self._tree(path):
            del self._dead[known]

    def copy(self, path: str, target: str, *, move: bool, deep: bool = True) -> None:
        """What was said of *path*, and below it, is so of *target*."""
        for known in self._tree(path):
            if known == path or deep:
                new = target + known[len(path) :]
                self._dead[new] = dict(self._dead[known])
                if move:
                    del self._dead[known]

    def _tree(self, path: str) -> list[str]:
        inside = path.rstrip("/") + "/"
        return [known for known in self._dead if known == path or known.startswith(inside)]

    def dead(self, path: str) -> Mapping[str, Element]:
        """The dead properties of *path*."""
        return self._dead.get(path, {})
