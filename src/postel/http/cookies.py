"""The cookie jar: which cookies are kept, and which go with a request (RFC 6265bis). Grammar.

A cookie is a name and value that a server asks to have sent back. What makes it safe is only what
the jar refuses: a Domain that is a public suffix (``co.uk`` would reach every shop of a country),
a Secure cookie set or overwritten without TLS, a ``__Host-`` name without the promises it stands
for. The storage model of section 5.7 is `Jar.store`, the retrieval of 5.8.3 `Jar.header_for`.

The clock comes with each call. What a public suffix is comes as a function, since the list is a
file of 250 KB that only programs with cookies need (`postel.http.suffixes` loads it).

Beyond the RFC's text: this machine counts as secure without TLS (as browsers and curl have it),
and a Cookie field stops before servers would refuse it as too long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from ..errors import UsageError
from ..urls import URL
from .cookie import (
    Cookie,
    above,
    age,
    broken_promise,
    crosses,
    domain_match,
    is_address,
    is_cookie,
    is_secure,
    path_match,
)
from .set_cookie import LONGEST_COOKIE, default_path, parse, size

__all__ = [
    "LONGEST_HEADER",
    "MOST_COOKIES",
    "MOST_OF_A_SITE",
    "MOST_SENT",
    "Cookie",
    "Jar",
    "Suffix",
]

MOST_COOKIES = 3000
"""Cookies of one jar; over it the least recently used go (section 5.7, 6.1)."""

MOST_OF_A_SITE = 180
"""Cookies of one site, its hosts taken together; over it those that are not Secure go first."""

MOST_SENT = 150
"""Cookies that go with one request."""

LONGEST_HEADER = 8190
"""Bytes of one Cookie field: servers refuse longer lines, and with them the request."""

Suffix = Callable[[str], str]
"""From a host name to its public suffix: ``"a.example.co.uk"`` gives ``"co.uk"``."""


class Jar:
    """The cookies of one client.

    Args:
        suffix: names the public suffix of a host; without it every name without a dot is one.

    Example:
        >>> from datetime import UTC
        >>> from postel.urls import parse as url
        >>> jar, now = Jar(), datetime(2026, 1, 1, tzinfo=UTC)
        >>> jar.store(url("https://www.example.org/a/b"), ["id=7; Domain=example.org"], now=now)
        [Cookie(id=***, domain='example.org', path='/a')]
        >>> jar.header_for(url("https://shop.example.org/a"), now=now)
        'id=7'
    """

    def __init__(self, *, suffix: Suffix | None = None) -> None:
        self._suffix = suffix or _last_label
        self._domains: dict[str, dict[tuple[str, str, str, bool], Cookie]] = {}
        self._sites: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Cookie]:
        return iter([one for kept in list(self._domains.values()) for one in list(kept.values())])

    def __len__(self) -> int:
        return self._sites.total()

    def __repr__(self) -> str:
        return f"Jar({len(self)} cookies)"

    # -- what servers set -----------------------------------------------------------------------

    def store(
        self,
        url: URL,
        fields: Iterable[str | bytes],
        *,
        now: datetime,
        same_site: bool = True,
        refused: Callable[[str], object] | None = None,
    ) -> list[Cookie]:
        """Take the Set-Cookie fields of a response; return the cookies that were kept.

        A cookie whose time is over removes the one it replaces and is not returned.

        Args:
            url: what was asked for.
            fields: the fields' values in order.
            now: the time of the response.
            same_site: whether the request was made for the site itself.
            refused: is told why a cookie is not taken.
        """
        kept = []
        for field in fields:
            cookie = self.judge(url, field, now=now, same_site=same_site)
            if isinstance(cookie, str):
                if refused is not None:
                    refused(cookie)
                continue
            self._put(cookie)
            if cookie.expired(now=now):
                self.remove(cookie)
            else:
                kept.append(cookie)
                self._make_room(cookie, now)
        return kept

    def judge(
        self, url: URL, field: str | bytes, *, now: datetime, same_site: bool = True
    ) -> Cookie | str:
        """The cookie that one Set-Cookie field would make, or why it is refused.

        Args:
            url: what was asked for.
            field: the field's value.
            now: the time of the response.
            same_site: whether the request was made for the site itself.

        Example:
            >>> from datetime import UTC
            >>> from postel.urls import parse as url
            >>> shop, now = url("http://shop.example/"), datetime(2026, 1, 1, tzinfo=UTC)
            >>> Jar().judge(shop, "a=b; Domain=other.example", now=now)
            "its Domain is not the host's"
        """
        said = parse(field, now=now)
        if isinstance(said, str):
            return said
        domain = said.domain or ""
        if domain and self._suffix(domain) == domain:
            if domain != url.host:
                return "its Domain is a public suffix"
            domain = ""
        if domain and not domain_match(url.host, domain):
            return "its Domain is not the host's"
        host_only = not domain
        path = said.path if said.path is not None else default_path(url.path)
        cookie = Cookie(said.name, said.value, domain or url.host, path, said.expires, said.secure,
                        said.http_only, said.same_site, host_only, said.partitioned, now, now)
        if wrong := broken_promise(cookie, said) or self._not_safe(cookie, url, same_site):
            return wrong
        before = self._domains.get(cookie.domain, {}).get(cookie.key)
        return replace(cookie, created=before.created) if before else cookie

    def _not_safe(self, cookie: Cookie, url: URL, same_site: bool) -> str:
        if cookie.same_site in ("Strict", "Lax") and not same_site:
            return "it is for its own site, and another asked"
        if is_secure(url):
            return ""
        if cookie.secure:
            return "it is Secure, and came without TLS"
        for other in self._named(cookie.name):  # section 5.7: a secure cookie is not overlaid
            if other.secure and path_match(cookie.path, other.path) and (
                    domain_match(cookie.domain, other.domain)
                    or domain_match(other.domain, cookie.domain)):
                return "a Secure cookie has its name, and this one came without TLS"
        return ""

    def _named(self, name: str) -> Iterator[Cookie]:
        return (one for one in self if one.name == name)

    # -- what goes with a request ---------------------------------------------------------------

    def header_for(
        self, url: URL, *, now: datetime, same_site: bool = True, safe: bool = True
    ) -> str:
        """The Cookie field for a request; empty where there is none.

        To bytes it goes with ``.encode("utf-8", "surrogateescape")``, as it came.

        Args:
            url: what is asked for.
            now: the time of the request; the cookies sent are noted as used.
            same_site: whether the site itself asks, or the user; False for another site's page.
            safe: whether it is a top-level request with a safe method: Lax cookies go with those.
        """
        if not self._domains:
            return ""
        parts, length = [], 0
        for cookie in self.cookies_for(url, now=now, same_site=same_site, safe=safe)[:MOST_SENT]:
            part = f"{cookie.name}={cookie.value}" if cookie.name else cookie.value
            length += size(part) + 2
            if length - 2 > LONGEST_HEADER:
                break
            parts.append(part)
            self._domains[cookie.domain][cookie.key] = replace(cookie, used=now)
        return "; ".join(parts)

    def cookies_for(
        self, url: URL, *, now: datetime, same_site: bool = True, safe: bool = True
    ) -> list[Cookie]:
        """The cookies for a request, the longest path first, then the oldest (section 5.8.3).

        Args:
            url: see `header_for`.
            now: see `header_for`.
            same_site: see `header_for`.
            safe: see `header_for`.
        """
        path, secure = url.path or "/", is_secure(url)
        found = [
            cookie for domain in above(url.host)
            for cookie in list(self._domains.get(domain, {}).values())
            if (not cookie.host_only or domain == url.host)
            and path_match(path, cookie.path)
            and (secure or not cookie.secure)
            and (same_site or crosses(cookie, safe))
            and not cookie.expired(now=now)
        ]
        return sorted(found, key=lambda one: (-len(one.path), *age(one.created)))

    # -- by hand --------------------------------------------------------------------------------

    def set(self, cookie: Cookie) -> None:
        """Put a cookie in, as a caller or a file gives it: its own word is taken for everything.

        Args:
            cookie: one with the same key is replaced.

        Raises:
            UsageError: it holds what would end the field, or is too long, or has no domain.
        """
        if not is_cookie(cookie):
            raise UsageError(
                f"set the cookie {cookie.name!a}: it holds a control character, a semicolon or, in "
                f"its name, an equals sign; or has no domain; or is over {LONGEST_COOKIE} bytes",
                hint="nothing was stored; encode the value, in Base64 or with %",
            )
        self._put(cookie)
        self._make_room(cookie, cookie.created)

    def get(self, name: str, *, domain: str | None = None, path: str | None = None) -> str | None:
        """The value of the first cookie with this name, or None.

        Args:
            name: of the cookie.
            domain: only of this domain.
            path: only of this path.
        """
        for one in self._named(name):
            if domain in (None, one.domain) and path in (None, one.path):
                return one.value
        return None

    def remove(self, cookie: Cookie) -> None:
        """Forget one cookie; it is no error if it has gone."""
        kept = self._domains.get(cookie.domain, {})
        if kept.pop(cookie.key, None) is not None:
            site = self._site(cookie.domain)
            self._sites[site] -= 1
            if not self._sites[site]:
                del self._sites[site]
        if not kept:
            self._domains.pop(cookie.domain, None)

    def clear(self, domain: str | None = None) -> None:
        """Forget all, or all of one domain."""
        for cookie in self:
            if domain in (None, cookie.domain):
                self.remove(cookie)

    def end_session(self) -> None:
        """Forget the cookies without an expiry, as a browser does when it is closed."""
        for cookie in self:
            if cookie.expires is None:
                self.remove(cookie)

    def clear_expired(self, *, now: datetime) -> None:
        """Forget the cookies whose time is over."""
        for cookie in self:
            if cookie.expired(now=now):
                self.remove(cookie)

    # -- room -----------------------------------------------------------------------------------

    def _put(self, cookie: Cookie) -> None:
        kept = self._domains.setdefault(cookie.domain, {})
        if cookie.key not in kept:
            self._sites[self._site(cookie.domain)] += 1
        kept[cookie.key] = cookie

    def _make_room(self, cookie: Cookie, now: datetime | None) -> None:
        """Evict by section 5.7: expired, then a full site's insecure ones, its others, any."""
        site = self._site(cookie.domain)
        if self._sites[site] <= MOST_OF_A_SITE and len(self) <= MOST_COOKIES:
            return
        if now is not None:
            self.clear_expired(now=now)
        if (over := self._sites[site] - MOST_OF_A_SITE) > 0:
            crowd = [one for one in self if self._site(one.domain) == site]
            self._evict(sorted(crowd, key=lambda one: (one.secure, *age(one.used)))[:over])
        if (over := len(self) - MOST_COOKIES) > 0:
            self._evict(sorted(self, key=lambda one: age(one.used))[:over])

    def _evict(self, cookies: Iterable[Cookie]) -> None:
        for one in cookies:
            self.remove(one)

    def _site(self, domain: str) -> str:
        """The registrable domain: hosts of one owner share one allowance."""
        if is_address(domain) or (suffix := self._suffix(domain)) == domain:
            return domain
        return f"{domain[:-len(suffix) - 1].rpartition('.')[2]}.{suffix}"


def _last_label(host: str) -> str:
    return host.rpartition(".")[2]
