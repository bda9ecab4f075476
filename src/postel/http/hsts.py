"""Strict-Transport-Security: hosts that are only to be reached over TLS (RFC 6797). Grammar.

A host says so in a response that came over verified TLS (section 8.1); from then on its ``http:``
URLs become ``https:`` before anything is sent (section 8.3), so that nobody between can answer in
its place. It never applies to addresses. Kept as text in the form of curl's file:

    .example.org "20271121 08:00:00"       with the hosts below it
    www.example.net "20261231 23:59:59"    alone
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..urls import URL
from .cookie import above, is_address
from .fields import pieces, unquoted

__all__ = ["MOST_HOSTS", "Hosts", "Policy", "policy"]

MOST_HOSTS = 10_000
"""Hosts that are remembered; over it those that end soonest are forgotten."""

_HEAD = "# Hosts to be reached over TLS only (RFC 6797).\n"
_LINE = re.compile(
    r'(\.?)([a-z0-9_.-]{1,253})[ \t]+"(?:(\d{8} \d\d:\d\d:\d\d)|unlimited)"', re.ASCII)
_STAMP = "%Y%m%d %H:%M:%S"
_LONGEST = timedelta(days=3650)
_UNLIMITED = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class Policy:
    """What one Strict-Transport-Security field says.

    Args:
        max_age: for how many seconds; 0 forgets the host.
        subdomains: whether hosts below are included.

    Example:
        >>> policy("max-age=31536000; includeSubDomains")
        Policy(max_age=31536000, subdomains=True)
    """

    max_age: int
    subdomains: bool = False


def policy(text: str) -> Policy | None:
    """Read the field (section 6.1); None where it breaks the rules and is to be ignored.

    Args:
        text: the value of the first such field of a response; others do not count (8.1).

    Example:
        >>> policy("includeSubDomains") is None
        True
    """
    said: dict[str, str] = {}
    for piece in pieces(text, ";"):
        name, equals, value = piece.partition("=")
        name = name.strip(" \t").lower()
        if name in said:
            return None  # "MUST NOT appear more than once": which one counts is in doubt
        if name:
            said[name] = unquoted(value.strip(" \t")) if equals else ""
    age = said.get("max-age", "")
    if not age.isascii() or not age.isdecimal() or len(age) > 100 or said.get("includesubdomains"):
        return None
    return Policy(min(int(age), int(_LONGEST.total_seconds())), "includesubdomains" in said)


class Hosts:
    """The hosts a client knows to want TLS.

    Example:
        >>> from postel.urls import parse
        >>> known, now = Hosts(), datetime(2026, 11, 21, tzinfo=UTC)
        >>> known.note(parse("https://example.org/"), "max-age=60; includeSubDomains", now=now)
        >>> print(known.secured(parse("http://www.example.org:80/a"), now=now))
        https://www.example.org/a
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, bool]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def note(self, url: URL, field: str, *, now: datetime) -> None:
        """Take the field of a response that came over verified TLS; without TLS it is ignored.

        Args:
            url: what was asked for.
            field: the first Strict-Transport-Security field.
            now: the time of the response.
        """
        said = policy(field)
        if said is None or url.scheme != "https" or is_address(url.host):
            return
        host = url.host.removesuffix(".")
        if said.max_age == 0:
            self._known.pop(host, None)
            return
        self._known[host] = (now + timedelta(seconds=said.max_age), said.subdomains)
        if len(self._known) > MOST_HOSTS:
            del self._known[min(self._known, key=lambda one: self._known[one][0])]

    def known(self, host: str, *, now: datetime) -> bool:
        """Whether *host* wants TLS: itself, or by a host above it (section 8.2)."""
        if not self._known or is_address(host):
            return False
        host = host.removesuffix(".")
        for above_it in above(host):
            until, below = self._known.get(above_it, (now, False))
            if until > now and (below or above_it == host):
                return True
        return False

    def secured(self, url: URL, *, now: datetime) -> URL:
        """The URL to ask for: ``http:`` becomes ``https:`` where the host wants it (section 8.3).

        Port 80 becomes the usual one; another port stays.

        Args:
            url: as the caller or a redirect gives it.
            now: the time of the request.
        """
        if url.scheme != "http" or not self.known(url.host, now=now):
            return url
        return url.with_(scheme="https", port=None if url.port == 80 else url.port)

    def load(self, text: str) -> None:
        """Take in the lines of a file as `text` writes it; lines that are none are passed over."""
        for line in text.splitlines():
            if (match := _LINE.fullmatch(line.strip().lower())) is None:
                continue
            until = _moment(match[3]) if match[3] else _UNLIMITED
            if until is not None and not is_address(match[2]):
                self._known[match[2].removesuffix(".")] = (until, bool(match[1]))
            if len(self._known) >= MOST_HOSTS:
                break

    def text(self, *, now: datetime) -> str:
        """All hosts that still want TLS, as a file of lines."""
        return _HEAD + "".join(self._lines(now))

    def _lines(self, now: datetime) -> Iterable[str]:
        for host, (until, below) in sorted(self._known.items()):
            if until > now:
                stamp = "unlimited" if until >= _UNLIMITED else until.strftime(_STAMP)
                yield f'{"." if below else ""}{host} "{stamp}"\n'


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
