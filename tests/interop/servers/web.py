"""What both real web servers share: the handle that tests hold, and where things are on them.

Both serve the tree of `tree.make_tree` (read-only) and, below ``/dav/``, an empty folder that
WebDAV may change. Both have the same places:

    /                     the tree, folders as index pages; text is compressed on the fly
    /auth/                the tree again, for alice with password "secret" (Basic)
    /dav/  /davauth/      WebDAV: PROPFIND MKCOL COPY MOVE LOCK, PUT and DELETE; the second by Basic
    /redirect/N           a chain of N redirects of all kinds, to /readme.txt
    /cross                a redirect from http to https, with another port
    /loop                 a redirect to itself
    /status/CODE          that status (429 and 503 with Retry-After)

nginx also has ``/json/`` (the tree with JSON indexes), ``/slow/`` (256 KiB a second), ``/drop`` (ends
the connection), ``/echo`` (the request's fields) and `Web.mutual_port`, which wants a client
certificate and tells its name at ``/who``. Apache also has ``/digest/`` (Digest, MD5),
``/proppatch``-able properties in ``/dav/``, and quotas are told by neither.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from .ground import PASSWORD, USER, give
from .process import Daemon

__all__ = ["REDIRECTS", "Web"]

REDIRECTS = (302, 301, 307, 308, 303)
"""Statuses of the chain of redirects, in turn from hop 1 on."""


@dataclass
class Web:
    """A real web server that is running; `root` is what is at ``/``, `dav` what is at ``/dav/``."""

    name: str
    host: str
    port: int  # http
    tls_port: int  # https; HTTP/2 as well
    ca_file: Path
    root: Path
    dav: Path
    client_cert: Path  # for CN=alice
    client_key: Path
    mutual_port: int = 0  # https that wants a client certificate
    user: str = USER
    password: str = PASSWORD
    daemons: list[Daemon] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)

    _numbers = itertools.count(1)

    def url(self, path: str = "/", *, tls: bool = False, scheme: str = "http") -> str:
        """The URL of *path*; with another *scheme* (``webdav``, ``dav``) it may get an "s" too."""
        port = self.tls_port if tls else self.port
        name = "localhost" if tls else self.host
        return f"{scheme}{'s' if tls else ''}://{name}:{port}{path}"

    def new_folder(self, name: str = "work") -> str:
        """Make an empty folder that WebDAV may change; its path as clients see it."""
        path = self.dav / f"{name}-{next(self._numbers)}"
        path.mkdir()
        give(path)
        return f"/dav/{path.name}/"

    def local(self, path: str) -> Path:
        """The file on this disk that clients see as `path`."""
        if path.startswith("/dav/"):
            return self.dav / path.removeprefix("/dav/")
        return self.root / path.lstrip("/")

    def log(self) -> str:
        """All that the server printed and logged so far."""
        logs = [daemon.log() for daemon in self.daemons]
        logs += [path.read_text(errors="replace") for path in self.logs if path.exists()]
        return "".join(logs)
