"""What may be kept of HTTP, and when it may be used again (RFC 9111, private cache). Grammar.

    may_store        section 3      whether a response may be kept at all
    Stored           section 4.1    what is kept beside the body; Vary by digest, never by value
    decide           section 4      FRESH: use it; CHECK: ask if it still holds; MISS: ask anew
    conditions       section 4.3.1  the fields that ask
    freshened        section 4.3.4  what a 304 makes of it
    usable_on_error  RFC 5861       when the server fails, within stale-if-error
    outdated         section 4.4    whether an unsafe request makes what is kept worthless

A private cache: ``private`` may be kept, ``s-maxage`` and ``proxy-revalidate`` mean nothing. Only
whole answers to GET are kept. Fields are pairs of name and value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from .dates import parse as parse_date
from .dates import written
from .fields import Headers, directives, items, value, values
from .validators import etag

__all__ = ["Stored", "Use", "conditions", "decide", "freshened", "may_store", "outdated", "stored",
           "usable_on_error"]

_KEPT = frozenset({200, 203, 204, 300, 301, 404, 405, 410, 414, 501, 308})  # RFC 9110 section 15.1
_UNDERSTOOD = _KEPT | {302, 303, 307}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH"})
_HOP = frozenset({  # RFC 9110 section 7.6.1, and what belongs to a proxy
    "connection", "keep-alive", "te", "transfer-encoding", "upgrade", "proxy-connection",
    "proxy-authenticate", "proxy-authentication-info", "trailer"})
_NOT_UPDATED = frozenset({"content-encoding", "content-type", "content-range", "content-length"})
_GUESS = 0.1  # section 4.2.2: a tenth of the time since it was changed is typical
_LONGEST_GUESS = timedelta(days=7)
_FOREVER = timedelta(days=365)


class Use(Enum):
    """What a stored response is good for."""

    FRESH = "fresh"
    CHECK = "check"
    MISS = "miss"


@dataclass(frozen=True)
class Stored:
    """One response as it is kept, without its body.

    Args:
        status: of the response.
        headers: the fields of the response, those of one connection left out.
        requested: when the request was sent.
        received: when the response began to arrive.
        varied: the request's fields that Vary names, and Authorization, since what one user may
            see is not another's; each as a digest: they may be secrets.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    requested: datetime
    received: datetime
    varied: Mapping[str, str] = field(default_factory=dict)

    @property
    def control(self) -> dict[str, str | None]:
        """The response's Cache-Control."""
        return directives(values(self.headers, "cache-control"))

    def lifetime(self) -> timedelta:
        """For how long it is fresh (section 4.2.1); never negative."""
        control = self.control
        if "max-age" in control:
            return _seconds(control["max-age"])
        dated = parse_date(value(self.headers, "date"), now=self.received) or self.received
        if values(self.headers, "expires"):  # one that is no date, as 0, is past (section 5.3)
            expires = parse_date(value(self.headers, "expires"), now=self.received)
            return max(expires - dated, timedelta(0)) if expires else timedelta(0)
        changed = parse_date(value(self.headers, "last-modified"), now=self.received)
        if changed is None or self.status not in _KEPT or changed > dated:
            return timedelta(0)
        return min((dated - changed) * _GUESS, _LONGEST_GUESS)

    def age(self, *, now: datetime) -> timedelta:
        """How old it is (section 4.2.3)."""
        dated = parse_date(value(self.headers, "date"), now=self.received) or self.received
        apparent = max(timedelta(0), self.received - dated)
        corrected = _seconds(value(self.headers, "age") or "0") + (self.received - self.requested)
        return max(apparent, corrected) + max(timedelta(0), now - self.received)


def may_store(method: str, request: Headers, status: int, response: Headers) -> bool:
    """Whether a response may be kept (section 3).

    Args:
        method: of the request.
        request: its fields.
        status: of the response.
        response: its fields.

    Example:
        >>> may_store("GET", [], 200, [("Cache-Control", "max-age=60")])
        True
        >>> may_store("GET", [], 200, [("Cache-Control", "no-store")])
        False
    """
    response = list(response)
    control = directives(values(response, "cache-control"))
    if method != "GET" or status not in _UNDERSTOOD or any(
            name.lower() == "range" for name, _ in request):
        return False
    if "no-store" in directives(values(request, "cache-control")):
        return False
    if "no-store" in control and "must-understand" not in control:
        return False
    if "*" in items(values(response, "vary")):
        return False
    explicit = bool(control.keys() & {"public", "private", "max-age"}) or bool(
        values(response, "expires"))
    validator = bool(value(response, "etag") or value(response, "last-modified"))
    return explicit or (status in _KEPT and validator)


def stored(
    status: int, response: Headers, request: Headers, *, requested: datetime, received: datetime
) -> Stored:
    """What to keep of a response that `may_store` allows.

    Args:
        status: of the response.
        response: its fields.
        request: the fields of the request, as sent.
        requested: when it was sent.
        received: when the answer came.
    """
    response = list(response)
    dropped = _HOP | {item.lower() for item in items(values(response, "connection"))}
    control = directives(values(response, "cache-control"))
    dropped |= {item.lower() for item in items([control.get("no-cache") or ""])}
    kept = tuple((name, text) for name, text in response if name.lower() not in dropped)
    return Stored(status, kept, requested, received, _varied(response, request))


def _varied(response: Headers, request: Headers) -> dict[str, str]:
    request = list(request)
    names = {item.lower() for item in items(values(response, "vary"))} | {"authorization"}
    return {name: _digest(values(request, name)) for name in sorted(names)}


def _digest(texts: Iterable[str]) -> str:
    joined = ",".join(" ".join(text.split()) for text in texts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def decide(one: Stored, request: Headers, *, now: datetime) -> Use:
    """What a stored response is good for, for this request (sections 4, 5.2.1).

    Args:
        one: the response.
        request: the fields of the request, as they would be sent.
        now: the time.

    Example:
        >>> from datetime import UTC
        >>> at = datetime(2026, 11, 21, tzinfo=UTC)
        >>> one = stored(200, [("Cache-Control", "max-age=60")], [], requested=at, received=at)
        >>> decide(one, [], now=at).value, decide(one, [], now=at + timedelta(hours=1)).value
        ('fresh', 'check')
    """
    request = list(request)
    for name, digest in one.varied.items():
        if _digest(values(request, name)) != digest:
            return Use.MISS
    control, asked = one.control, directives(values(request, "cache-control"))
    if "no-store" in asked or "range" in {name.lower() for name, _ in request}:
        return Use.MISS
    if control.get("no-cache", "") is None or "no-cache" in asked:
        return Use.CHECK
    if not values(request, "cache-control") and "no-cache" in directives(values(request, "pragma")):
        return Use.CHECK
    return Use.FRESH if _fresh_enough(one, control, asked, now) else Use.CHECK


def _fresh_enough(one: Stored, control: Mapping[str, str | None], asked: Mapping[str, str | None],
                  now: datetime) -> bool:
    age, life = one.age(now=now), one.lifetime()
    if "max-age" in asked and age > _seconds(asked["max-age"]):
        return "immutable" in control and age < life  # RFC 8246: a reload does not ask
    if "min-fresh" in asked:
        life -= _seconds(asked["min-fresh"])
    if age < life:
        return True
    if "must-revalidate" in control or "max-stale" not in asked:
        return False
    patience = asked["max-stale"]
    return age < life + (_FOREVER if patience is None else _seconds(patience))


def conditions(one: Stored) -> list[tuple[str, str]]:
    """The fields that ask whether it still holds (section 4.3.1); none where there is no validator.

    Example:
        >>> from datetime import UTC
        >>> at = datetime(2026, 11, 21, tzinfo=UTC)
        >>> conditions(stored(200, [("ETag", '"7"')], [], requested=at, received=at))
        [('If-None-Match', '"7"')]
    """
    found = []
    if (tag := etag(value(one.headers, "etag"))) is not None:
        found.append(("If-None-Match", str(tag)))
    changed = parse_date(value(one.headers, "last-modified"), now=one.received)
    if changed is not None:
        found.append(("If-Modified-Since", written(changed)))
    return found


def freshened(
    one: Stored, response: Headers, *, requested: datetime, received: datetime
) -> Stored:
    """The stored response after a 304 (sections 3.2, 4.3.4): newer fields, the same body.

    Args:
        one: the response.
        response: the fields of the 304.
        requested: when the request that it answers was sent.
        received: when it came.
    """
    response = list(response)
    dropped = _HOP | _NOT_UPDATED | {item.lower() for item in items(values(response, "connection"))}
    newer = [(name, text) for name, text in response if name.lower() not in dropped]
    names = {name.lower() for name, _ in newer}
    kept = [(name, text) for name, text in one.headers if name.lower() not in names | {"age"}]
    return replace(one, headers=(*kept, *newer), requested=requested, received=received)


def usable_on_error(one: Stored, request: Headers, *, now: datetime) -> bool:
    """Whether it may stand in when the server fails (RFC 5861 section 4, RFC 9111 section 4.2.4).

    Args:
        one: the response.
        request: the fields of the request.
        now: the time.
    """
    control, asked = one.control, directives(values(request, "cache-control"))
    if control.keys() & {"must-revalidate", "no-cache"} or "no-cache" in asked:
        return False
    grace = asked.get("stale-if-error") or control.get("stale-if-error")
    return grace is not None and one.age(now=now) < one.lifetime() + _seconds(grace)


def outdated(method: str, status: int) -> bool:
    """Whether what is kept for a URL is worthless after this (section 4.4).

    Example:
        >>> outdated("POST", 201), outdated("POST", 500), outdated("GET", 200)
        (True, False, False)
    """
    return method not in _SAFE and 200 <= status < 400


def _seconds(text: str | None) -> timedelta:
    """Delta-seconds (section 1.2.2); what is none counts as stale."""
    text = (text or "").strip()
    if not text.isascii() or not text.isdecimal():
        return timedelta(0)
    return _FOREVER if len(text) > 8 else min(timedelta(seconds=int(text)), _FOREVER)
