"""One Set-Cookie field: name, value, attributes, dates (RFC 6265bis sections 5.1, 5.6). Grammar.

The RFC gives a grammar for servers and an algorithm for clients, and the algorithm takes nearly
everything: no "=" makes a nameless cookie, unknown attributes are passed over, of equal attributes
the last counts. Control characters and oversized cookies are dropped whole, since programs have
disagreed about where such a cookie ends.

Bytes beyond ASCII are kept as they came: decoded as UTF-8 with surrogates for what is none
(PEP 383), so that the same bytes go back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = [
    "EARLIEST",
    "LONGEST_ATTRIBUTE",
    "LONGEST_COOKIE",
    "LONGEST_LIFE",
    "SetCookie",
    "cookie_date",
    "default_path",
    "parse",
    "size",
]

LONGEST_COOKIE = 4096
"""Bytes of name and value together (RFC 6265bis section 5.7)."""

LONGEST_ATTRIBUTE = 1024
"""Bytes of one attribute's value; a longer one is passed over (section 5.6)."""

LONGEST_LIFE = timedelta(days=400)
"""A cookie lives no longer than this from when it was set (section 5.5)."""

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
"""When a cookie expires that is to be forgotten."""

_MOST_ATTRIBUTES = 100
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DIGITS = re.compile(r"-?[0-9]+")
_BETWEEN = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")  # delimiters of section 5.1.1
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_DAY = re.compile(r"([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_YEAR = re.compile(r"([0-9]{2,4})(?:[^0-9].*)?", re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST_DATE = 256


@dataclass(frozen=True)
class SetCookie:
    """What one Set-Cookie field says, before anybody decides whether it may be stored.

    Args:
        name: may be empty.
        value: as written, with its quotes if it has any.
        domain: in lower case and without a leading dot; None where there is no such attribute,
            empty where it says nothing.
        path: None where there is none that begins with a slash.
        expires: the moment Max-Age or Expires names, Max-Age first; None for a cookie of this
            session.
        secure: only over TLS.
        http_only: not for scripts.
        same_site: "Strict", "Lax", "None", or "" where it says nothing known.
        partitioned: kept apart for each site that embeds the server.
    """

    name: str
    value: str
    domain: str | None = None
    path: str | None = None
    expires: datetime | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    partitioned: bool = False

    def __repr__(self) -> str:
        return f"SetCookie({self.name!r}, ***, domain={self.domain!r}, path={self.path!r})"


def parse(field: str | bytes, *, now: datetime) -> SetCookie | str:
    """Read one field; a string says why it is dropped whole.

    Args:
        field: its value, as it came.
        now: what Max-Age is counted from.

    Example:
        >>> now = datetime(2026, 1, 1, tzinfo=UTC)
        >>> found = parse("id=7; Path=/shop; Secure; Max-Age=60", now=now)
        >>> found.name, found.value, found.path, found.expires - now
        ('id', '7', '/shop', datetime.timedelta(seconds=60))
    """
    text = field.decode("utf-8", "surrogateescape") if isinstance(field, bytes) else field
    if _CONTROL.search(text):
        return "it holds a control character"
    pair, _, rest = text.partition(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    name, value = name.strip(" \t"), value.strip(" \t")
    if not name and not value:
        return "it has neither name nor value"
    if size(name) + size(value) > LONGEST_COOKIE:
        return f"name and value are longer than {LONGEST_COOKIE} bytes"
    return _with_attributes(name, value, rest, now)


def _with_attributes(name: str, value: str, rest: str, now: datetime) -> SetCookie | str:
    said = _attributes(rest)
    domain = said.get("domain")
    if domain is not None:
        if not domain.isascii():
            return "its Domain is not ASCII"
        domain = domain.removeprefix(".").lower()
    path = said.get("path", "")
    same_site = said.get("samesite", "").capitalize()
    return SetCookie(
        name, value, domain,
        path if path.startswith("/") else None,
        _expiry(said, now),
        "secure" in said,
        "httponly" in said,
        same_site if same_site in ("Strict", "Lax", "None") else "",
        "partitioned" in said,
    )


def _attributes(text: str) -> dict[str, str]:
    """Attribute names in lower case; the last of equal ones counts, unless it makes no sense."""
    said: dict[str, str] = {}
    for part in text.split(";", _MOST_ATTRIBUTES)[:_MOST_ATTRIBUTES]:
        name, _, value = part.partition("=")
        name, value = name.strip(" \t").lower(), value.strip(" \t")
        if size(value) > LONGEST_ATTRIBUTE:
            continue
        if name == "max-age" and not _DIGITS.fullmatch(value):
            continue
        if name == "expires" and cookie_date(value) is None:
            continue
        said[name] = value
    return said


def _expiry(said: dict[str, str], now: datetime) -> datetime | None:
    if (age := said.get("max-age")) is not None:
        if age.startswith("-") or not age.strip("0"):
            return EARLIEST
        longest = int(LONGEST_LIFE.total_seconds())
        seconds = longest if len(age) > 18 else min(int(age), longest)
        return now + timedelta(seconds=seconds)
    if (date := cookie_date(said.get("expires", ""))) is not None:
        return min(date, now + LONGEST_LIFE)
    return None


def cookie_date(text: str) -> datetime | None:
    """A date as Expires has it, in any order and with any words between (section 5.1.1).

    Example:
        >>> print(cookie_date("Wed Dec 12 2007 08:44:07 GMT-0500 (EST)"))
        2007-12-12 08:44:07+00:00
        >>> cookie_date("tomorrow") is None
        True
    """
    found: dict[str, tuple[int, ...]] = {}
    for token in _BETWEEN.split(text[:_LONGEST_DATE]):
        for kind, pattern in (("time", _TIME), ("day", _DAY), ("month", None), ("year", _YEAR)):
            if kind not in found and (numbers := _numbers(pattern, token)):
                found[kind] = numbers
                break
    if len(found) < 4:
        return None
    year = found["year"][0]
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    if year < 1601:
        return None
    hour, minute, second = found["time"]
    try:
        return datetime(year, found["month"][0], found["day"][0], hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _numbers(pattern: re.Pattern[str] | None, token: str) -> tuple[int, ...]:
    if pattern is None:
        month = token[:3].lower()
        return (_MONTHS.index(month) + 1,) if month in _MONTHS else ()
    match = pattern.fullmatch(token)
    return tuple(map(int, match.groups())) if match else ()


def default_path(path: str) -> str:
    """The folder of a request's path (section 5.1.4): what a cookie without Path belongs to.

    Example:
        >>> default_path("/shop/basket"), default_path("/shop"), default_path("")
        ('/shop', '/', '/')
    """
    folder = path.rpartition("/")[0]
    return folder if path.startswith("/") and folder else "/"


def size(text: str) -> int:
    """The bytes a text has in the field."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
