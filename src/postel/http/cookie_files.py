"""Cookies as text: the file of Netscape, curl and wget, and JSON as browsers export it. Grammar.

    domain TAB include-subdomains TAB path TAB secure TAB expires TAB name TAB value

A line that begins with ``#`` is a comment, unless with ``#HttpOnly_``, which stands before the
domain of a cookie that scripts may not see. ``expires`` is in seconds since 1970, 0 for a cookie
of the session. The format knows neither SameSite nor Partitioned; JSON keeps everything.

Both hold the values themselves: a file of cookies is a file of passwords.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import UsageError
from .cookie import Cookie, is_cookie

__all__ = ["from_json", "from_netscape", "to_json", "to_netscape"]

_HEAD = "# Netscape HTTP Cookie File\n# It holds secrets: keep it private.\n\n"
_HTTP_ONLY = "#HttpOnly_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_LINE = 8192
_LATEST = 253_402_300_799  # seconds at the end of the year 9999
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "no_restriction": "None", "none": "None"}


def from_netscape(text: str) -> list[Cookie]:
    """The cookies of a Netscape file; lines that are none are passed over, as curl does.

    Args:
        text: the file, decoded as UTF-8 with surrogateescape.

    Example:
        >>> from_netscape(".example.org\\tTRUE\\t/\\tFALSE\\t0\\tid\\t7\\n")
        [Cookie(id=***, domain='example.org', path='/')]
    """
    return [cookie for line in text.split("\n")
            if len(line) <= _LONGEST_LINE and (cookie := _cookie(line.rstrip("\r"))) is not None]


def _cookie(line: str) -> Cookie | None:
    http_only = line.startswith(_HTTP_ONLY)
    line = line.removeprefix(_HTTP_ONLY)
    parts = line.split("\t", 6)
    if line.startswith("#") or len(parts) < 6:
        return None
    domain, below, path, secure, expires, name = parts[:6]
    if not expires.isascii() or not expires.removeprefix("-").isdecimal() or len(expires) > 20:
        return None
    cookie = Cookie(
        name, parts[6] if len(parts) > 6 else "",
        domain.removeprefix(".").lower(), path if path.startswith("/") else "/",
        _moment(int(expires)) if int(expires) else None,
        secure.upper() == "TRUE", http_only, host_only=below.upper() != "TRUE",
    )
    return cookie if is_cookie(cookie) else None


def to_netscape(cookies: Iterable[Cookie], *, session: bool = True) -> str:
    """A file that curl, wget and `from_netscape` read.

    A cookie whose name or path holds a tab cannot be written in it; a comment says so.

    Args:
        cookies: such as a jar.
        session: write those without an expiry, too.

    Example:
        >>> print(to_netscape([Cookie("id", "7", "example.org", secure=True)]).splitlines()[-1])
        example.org	FALSE	/	TRUE	0	id	7
    """
    lines = [_line(one) for one in cookies if session or one.expires is not None]
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _line(cookie: Cookie) -> str:
    if "\t" in cookie.name + cookie.path + cookie.domain:
        return "# one cookie is left out: it has a tab where this format has none"
    return "\t".join((
        (_HTTP_ONLY if cookie.http_only else "") + ("" if cookie.host_only else ".")
        + cookie.domain,
        "FALSE" if cookie.host_only else "TRUE",
        cookie.path,
        "TRUE" if cookie.secure else "FALSE",
        "0" if cookie.expires is None else str(max(1, _seconds(cookie.expires))),
        cookie.name,
        cookie.value,
    ))


def to_json(cookies: Iterable[Cookie]) -> str:
    """A JSON list with the member names that browsers' exports have.

    Example:
        >>> from_json(to_json([Cookie("id", "7", "example.org", same_site="Lax")]))[0].same_site
        'Lax'
    """
    return json.dumps([_members(one) for one in cookies], indent=1)


def _members(cookie: Cookie) -> dict[str, Any]:
    members: dict[str, Any] = {
        "name": cookie.name, "value": cookie.value, "domain": cookie.domain,
        "hostOnly": cookie.host_only, "path": cookie.path, "secure": cookie.secure,
        "httpOnly": cookie.http_only, "sameSite": cookie.same_site or "unspecified",
        "partitioned": cookie.partitioned, "session": cookie.expires is None,
    }
    if cookie.expires is not None:
        members["expirationDate"] = _seconds(cookie.expires)
    return members


def from_json(text: str) -> list[Cookie]:
    """The cookies of a JSON export: ours, a browser's, or a list of names and values with domains.

    Args:
        text: a list of objects; ``expires`` is taken for ``expirationDate``.

    Raises:
        UsageError: it is no list of objects.

    Example:
        >>> from_json('[{"name": "id", "value": "7", "domain": ".example.org"}]')[0].host_only
        False
    """
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"read cookies: it is not JSON: {error}") from None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UsageError("read cookies: not a list of objects",
                         hint='[{"name": "id", "value": "7", "domain": "example.org"}]')
    return [cookie for one in listed if is_cookie(cookie := _from_members(one))]


def _from_members(one: dict[str, Any]) -> Cookie:
    def text(name: str, default: str = "") -> str:
        value = one.get(name)
        return value if isinstance(value, str) else default

    expires = one.get("expirationDate", one.get("expires"))
    dated = isinstance(expires, int | float) and not isinstance(expires, bool) and expires > 0
    domain, path = text("domain"), text("path", "/")
    return Cookie(
        text("name"), text("value"), domain.removeprefix(".").lower(),
        path if path.startswith("/") else "/",
        _moment(expires) if dated and isinstance(expires, int | float) else None,
        one.get("secure") is True, one.get("httpOnly") is True,
        _SAME_SITE.get(text("sameSite").lower(), ""),
        one.get("hostOnly", not domain.startswith(".")) is not False,
        one.get("partitioned") is True,
    )


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=max(0.0, min(float(seconds), _LATEST)))


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)
