"""Statuses and foreign exceptions as errors of ours: what was asked, what helps. Pure.

The status of an answer decides the class (RFC 9110 section 15); the server's own words are the
reason phrase and, where the body is short text, its first line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ..errors import (
    AuthenticationError,
    Changed,
    Conflict,
    ConnectError,
    ConnectionLost,
    Forbidden,
    Incomplete,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TimedOut,
    TryLater,
    UsageError,
)
from ..wire.text import display
from . import retry
from .dates import parse as parse_date

__all__ = ["FOREIGN", "during", "is_foreign", "refusal", "translated"]

_WORDS = 200
"""Characters of the server's own words in a message."""

_NOWADAYS = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST = 365 * 86400.0

_TAG = re.compile(r"<[^>]{0,500}>")

_CLASSES: dict[int, tuple[type[ReplyError], str]] = {
    401: (AuthenticationError, "give user= and password=, or check them"),
    403: (Forbidden, "you are not allowed to; another user may be"),
    404: (NotFound, "check the path; a server may also hide what you may not see"),
    405: (NotSupported, "the server does not do that here"),
    406: (NotSupported, "it has nothing of the kind that Accept asks for"),
    407: (AuthenticationError, "the proxy wants a log-in: put user and password into its URL"),
    408: (TryLater, "the server waited too long for the request"),
    409: (Conflict, "something else stands in the way; for a folder, its parent may be missing"),
    410: (NotFound, "it was there once, and is gone for good"),
    411: (NotSupported, "it wants to know the length: give content of known size"),
    412: (Changed, "it is not what it was when you looked; look again"),
    413: (NoSpace, "it is larger than the server takes"),
    416: (ReplyError, "the file is shorter than where you want to begin: it may have changed"),
    421: (TryLater, "the server is not the one for this host on this connection"),
    423: (Conflict, "somebody has it locked"),
    424: (Conflict, "something it depends on failed"),
    425: (TryLater, "the server wants it again after the handshake"),
    428: (Conflict, "the server wants a condition, such as If-Match"),
    429: (TryLater, "too many requests; slow down"),
    431: (ReplyError, "the header is too large: too many cookies?"),
    451: (Forbidden, "the server may not show it for legal reasons"),
    500: (ReplyError, "the server failed; its operator's log says why"),
    501: (NotSupported, "the server does not know the method"),
    502: (TryLater, "a gateway could not reach the server behind it"),
    503: (TryLater, "the server is overloaded or being maintained"),
    504: (TryLater, "the server behind the gateway did not answer in time"),
    505: (NotSupported, "the server does not speak this version of HTTP"),
    507: (NoSpace, "the server's disk or your quota is full"),
    511: (Forbidden, "the network wants a log-in: open a page in a browser"),
}

FOREIGN = frozenset({"httpcore2", "h11", "h2", "hpack", "hyperframe", "anyio", "sniffio"})
"""Packages whose exceptions never leave this one."""


def refusal(
    method: str, url: str, status: int, reason: str, headers: Mapping[str, str],
    content: bytes = b"",
) -> ReplyError:
    """The error for an answer that is no success.

    Args:
        method: that was asked with.
        url: without a password.
        status: of the answer.
        reason: its words.
        headers: its fields.
        content: its body, as far as it is known.

    Example:
        >>> error = refusal("GET", "http://a/x", 404, "Not Found", {})
        >>> print(type(error).__name__, "-", error)
        NotFound - GET http://a/x: 404 Not Found
    """
    kind, hint = _CLASSES.get(status, (ReplyError, ""))
    if 300 <= status < 400:
        place = display(headers.get("location", ""))[:_WORDS]
        hint = f"it leads to {place}, and was not followed" if place else "it leads nowhere"
    temporary = status in (408, 425, 429) or status in (500, 502, 503, 504)
    again = headers.get("retry-after", "")
    if again and kind is TryLater:
        hint = f"the server asks to wait: Retry-After {display(again)[:40]}"
    words = _said(headers, content)
    told = f"{method} {url}: {status} {display(reason)[:_WORDS]}".rstrip()
    adds = words not in ("", reason, f"{status} {reason}")
    error = kind(f"{told} ({words})" if adds else told, text=words or reason,
                 temporary=temporary, hint=hint, command=f"{method} {url}", url=url, code=status)
    if isinstance(error, TryLater) and again:
        error.retry_after = _seconds(again, headers.get("date", ""))
    return error


def _seconds(text: str, date: str) -> float | None:
    """Retry-After in seconds; a date is counted from the server's own clock."""
    now = parse_date(date, now=_NOWADAYS) or _NOWADAYS
    found = retry.wait(text, now=now, longest=_LONGEST)
    return None if found is None or (found > _LONGEST and now is _NOWADAYS) else found


def _said(headers: Mapping[str, str], content: bytes) -> str:
    """The server's own words: what a body of text says in one line."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content or kind not in ("text/plain", "text/html", "application/json", "application/xml",
                                   "text/xml", "application/problem+json"):
        return ""
    text = content[:4096].decode("utf-8", "replace")
    if kind == "text/html":
        found = re.search(r"<title[^>]{0,200}>([^<]{1,300})", text, re.IGNORECASE)
        text = found[1] if found else ""
    elif kind.endswith("xml"):
        text = _TAG.sub(" ", text)
    return display(" ".join(text.split()))[:_WORDS]


def is_foreign(error: BaseException) -> bool:
    """Whether *error* is of a library below, or escaped one, and must not leave this package."""
    if isinstance(error, PostelError):
        return False
    if type(error).__module__.partition(".")[0] in FOREIGN:
        return True
    theirs, place = False, error.__traceback__
    while place is not None:  # who was last: they, or we and what a caller gave us?
        name = str(place.tb_frame.f_globals.get("__name__")).partition(".")[0]
        theirs = name in FOREIGN or (theirs and name != "postel")
        place = place.tb_next
    return theirs


def during(doing: str, error: PostelError) -> PostelError:
    """*error* with what was being done; as it is where it says so already.

    Args:
        doing: method and URL.
        error: of the grammar or the stream.

    Example:
        >>> print(during("GET http://a/", ProtocolError("the status line is 'hello'")))
        GET http://a/: the status line is 'hello'
    """
    if error.command:
        return error
    hint = error.hint
    if not hint and isinstance(error, Incomplete):
        hint = "the server or something between ended early; try again"
    if isinstance(error, ConnectError):
        error.command = doing
        return error
    return type(error)(f"{doing}: {error.message}", hint=hint, command=doing, code=error.code)


def translated(error: BaseException, doing: str, host: str) -> PostelError:
    """Our error for what a library below raised.

    Args:
        error: what was caught.
        doing: method and URL.
        host: the other end.
    """
    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    text = display(str(inner))[:_WORDS]
    name = type(inner).__name__
    if name == "InvalidBodyLengthError":
        return Incomplete(f"{doing}: the body is not of its announced length: {_lengths(text)}",
                          hint="the server or something between ended early; try again")
    if "disconnected" in text or "ConnectionTerminated" in text:
        return ConnectionLost(f"{doing}: {host} closed the connection")
    if "StreamReset" in text:
        return ConnectionLost(f"{doing}: {host} broke the stream off: {text}",
                              hint="the server refused it halfway, or restarts")
    if name == "LocalProtocolError":
        return UsageError(f"{doing}: it cannot be sent: {text}")
    if "Timeout" in name:
        return TimedOut(f"{doing}: no connection became free in time",
                        hint="all connections of this client are in use; close responses")
    return ProtocolError(f"{doing}: the answer breaks the rules of HTTP: {text or name}",
                         hint="is it a web server? a proxy in between may garble it")


def _lengths(text: str) -> str:
    numbers = re.findall(r"[0-9]+", text)
    return f"{numbers[1]} of {numbers[0]} bytes came" if len(numbers) >= 2 else text
