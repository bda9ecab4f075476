"""One cookie, and whom it belongs to: hosts, paths, promises (RFC 6265bis section 5). Grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..urls import URL, is_local
from .set_cookie import LONGEST_COOKIE, SetCookie, size

__all__ = [
    "Cookie", "above", "age", "broken_promise", "crosses", "domain_match", "is_address",
    "is_cookie", "is_secure", "path_match",
]


_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f;]")
_SECURE = ("https", "wss")


@dataclass(frozen=True)
class Cookie:
    """One cookie as it is kept. Its value is a secret and does not print.

    Args:
        name: may be empty.
        value: as the server wrote it.
        domain: the host, or the domain with all hosts below it.
        path: it goes to this path and what lies below.
        expires: when it is forgotten; None at the end of the session.
        secure: only over TLS, or on this machine.
        http_only: not for scripts; here that is nobody.
        same_site: "Strict", "Lax", "None" or "".
        host_only: to exactly this host, not to hosts below it.
        partitioned: the server asked for it; there is one partition here.
        created: when it was first set; None where nobody knows.
        used: when it was last set or sent.

    Example:
        >>> Cookie("id", "7", "example.org")
        Cookie(id=***, domain='example.org', path='/')
    """

    name: str
    value: str
    domain: str
    path: str = "/"
    expires: datetime | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    host_only: bool = True
    partitioned: bool = False
    created: datetime | None = None
    used: datetime | None = None

    def __repr__(self) -> str:
        return f"Cookie({self.name}=***, domain={self.domain!r}, path={self.path!r})"

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What makes it the same cookie: a second one with this key replaces it."""
        return self.domain, self.path, self.name, self.host_only

    def expired(self, *, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now


def is_address(host: str) -> bool:
    """Whether a host is an IP address: it has no hosts below it."""
    return _ADDRESS.fullmatch(host) is not None


def is_cookie(cookie: Cookie) -> bool:
    """Whether it may be kept and sent: nothing in it ends the field, and it is not too long."""
    return (
        not any(map(_BREAKS.search, (cookie.name, cookie.value, cookie.domain, cookie.path)))
        and "=" not in cookie.name
        and bool(cookie.domain) and bool(cookie.name or cookie.value)
        and size(cookie.name) + size(cookie.value) <= LONGEST_COOKIE
    )


def is_secure(url: URL) -> bool:
    """Whether Secure cookies may travel: over TLS, or within this machine."""
    return url.scheme in _SECURE or is_local(url.host)


def domain_match(host: str, domain: str) -> bool:
    """Section 5.1.3; an address matches only itself."""
    return host == domain or (host.endswith("." + domain) and not is_address(host))


def path_match(path: str, cookie_path: str) -> bool:
    """Section 5.1.4: below it, and not merely beginning like it."""
    return path == cookie_path or (path.startswith(cookie_path) and (
        cookie_path.endswith("/") or path[len(cookie_path)] == "/"))


def above(host: str) -> Iterator[str]:
    """The host, and each domain it lies in."""
    yield host
    if not is_address(host):
        while "." in host:
            host = host.partition(".")[2]
            yield host


def crosses(cookie: Cookie, safe: bool) -> bool:
    """Whether it goes along when another site asks; without SameSite it is as Lax."""
    return cookie.same_site == "None" or (safe and cookie.same_site != "Strict")


def broken_promise(cookie: Cookie, said: SetCookie) -> str:
    """What its name or attributes promise and it does not keep (section 4.1.3, 5.7)."""
    if (cookie.same_site == "None" or cookie.partitioned) and not cookie.secure:
        return "SameSite=None and Partitioned want Secure"
    name = (cookie.name or cookie.value).lower()  # nameless, it would be read as name=value
    if not name.startswith(("__secure-", "__host-")):
        return ""
    if not cookie.name:
        return "a nameless cookie whose value reads as a prefix"
    if not cookie.secure:
        return "its name promises Secure"
    if name.startswith("__host-") and not (cookie.host_only and said.path == "/"):
        return "its name promises one host and Path=/"
    return ""


def age(moment: datetime | None) -> tuple[bool, float]:
    """For sorting: what has no date counts as older than anything."""
    return (False, 0.0) if moment is None else (True, moment.timestamp())
