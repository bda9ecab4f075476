"""How the HTTP and WebDAV servers behave, and the habits of other servers they can take on.

Service code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["CODINGS", "HELPERS", "INDEXES", "QUIRKS", "HTTPOptions", "Redirect"]

INDEXES = ("apache", "caddy", "lighttpd", "nginx", "nginx-json", "python")
"""Whose pages a folder is shown in; where JSON, for programs."""

CODINGS = ("br", "deflate", "gzip", "zstd")
"""Content codings, as far as their modules are installed (`br` and `zstd` come with extras)."""

HELPERS = ("/bytes/N", "/cookies", "/cookies/delete?NAME", "/cookies/set?NAME=VALUE", "/delay/N",
           "/echo", "/redirect/N", "/redirect-to?url=URL&status=N", "/status/N")
"""Pages that the lab's server answers where no file of that name is."""

QUIRKS = (
    "200 to Range", "206 no Content-Range", "206 wrong offset", "206 wrong total", "405 to HEAD",
    "HEAD without length", "If-Range ignored", "frozen ETag", "gz as coding", "gzip with Range",
    "multipart for one range", "no ETag after PUT", "no validators", "one request a connection",
    "weak ETag",
)
"""Habits of other servers, good ones and bad ones."""

Redirect = str | tuple[int, str]
"""Where a redirect leads: a reference, sent as it is, with the status (302 if not given)."""


@dataclass
class HTTPOptions:
    """How a server behaves; may be changed while it runs.

    Args:
        auth: the schemes of log-in it offers, the preferred one first: some of ``digest``,
            ``basic`` and ``bearer`` (RFC 7616, 7617, 6750).
        require: when one must log in: to write, always, or never.
        realm: told with the challenge (RFC 9110 section 11.5).
        tokens: bearer tokens, and whose they are.
        algorithms: of Digest, the preferred one first.
        index: which of `INDEXES` a folder is shown in; None shows none (403).
        index_files: names of files that are shown instead of their folder.
        compress: codings that are applied on the fly where the client takes them.
        compress_from: smallest file that is.
        ranges: whether it gives parts of files.
        chunked: send bodies chunked, without their length.
        delay: seconds to wait before each answer.
        rate: bytes a second; None is as fast as it goes.
        disposition: the Content-Disposition of files, sent as it is.
        headers: further header fields of each answer, sent as they are.
        redirects: paths that lead elsewhere.
        hosts: names that it answers to, without ports; None is any. A page of a stranger in the
            browser of this machine may let a name of its own lead here (DNS rebinding).
        helpers: whether it has the pages of `HELPERS`.
        keep_alive: seconds an idle connection is kept.
        header_wait: seconds a client has for the whole head of a request.
        body_wait: seconds it may keep silent in a body, and we for an answer to be taken.
        server: what it says it is; "" says nothing.
        http2: whether HTTP/2 is offered over TLS.
        quirks: some of `QUIRKS`.
    """

    auth: tuple[str, ...] = ("digest", "basic")
    require: Literal["never", "write", "always"] = "write"
    realm: str = "lab"
    tokens: Mapping[str, str] = field(default_factory=dict)
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    index: str | None = "nginx"
    index_files: tuple[str, ...] = ("index.html",)
    compress: tuple[str, ...] = ()
    compress_from: int = 256
    ranges: bool = True
    chunked: bool = False
    delay: float = 0.0
    rate: int | None = None
    disposition: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    redirects: Mapping[str, Redirect] = field(default_factory=dict)
    hosts: tuple[str, ...] | None = None
    helpers: bool = True
    keep_alive: float = 75.0
    header_wait: float = 20.0
    body_wait: float = 60.0
    server: str = "Postel lab"
    http2: bool = False
    quirks: set[str] = field(default_factory=set)

    def has(self, quirk: str) -> bool:
        """Whether it has one of `QUIRKS`."""
        return quirk in self.quirks
