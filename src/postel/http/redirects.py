"""Where a redirect leads, and what may come along (RFC 9110 sections 15.4 and 17.11). Pure.

Credentials belong to an origin: scheme, host and port. A redirect within it keeps them; any other
loses Authorization, cookies given by hand, and the Referer's path. Only http and https are
followed, never from https to http unless asked, never in a circle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ProtocolError, ReplyError, UsageError
from ..urls import URL, parse
from ..wire.text import display
from .headers import SECRET, Headers
from .types import Follow

__all__ = ["Next", "joined", "leads", "redirected", "resolve", "same_origin"]

_TO_GET = {301: ("POST",), 302: ("POST",)}
_LEADS = (301, 302, 303, 307, 308)
_BODY_FIELDS = ("content-type", "content-length", "content-encoding", "content-language",
                "content-location", "transfer-encoding", "expect", "digest", "content-digest",
                "repr-digest")
_OWN = (*SECRET, "origin", "referer")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLACE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#@\\\s]*(?=[/?#]|$)")
_UNSAFE = re.compile(r"[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]")
_PARTS = re.compile(r"([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Next:
    """The request that a redirect asks for."""

    method: str
    url: URL
    headers: Headers
    with_body: bool
    same_origin: bool


def leads(status: int, location: str | None) -> bool:
    """Whether an answer is a redirect that can be followed."""
    return status in _LEADS and bool(location)


def same_origin(one: URL, other: URL) -> bool:
    """Whether two URLs have scheme, host and port in common."""
    return one.origin == other.origin


def redirected(
    method: str, url: URL, headers: Headers, status: int, location: str, follow: Follow,
    *, has_body: bool,
) -> Next | None:
    """What to ask for next; None where the redirect is better left to the caller.

    Args:
        method: of the request.
        url: of the request.
        headers: that the caller gave.
        status: of the answer.
        location: its Location field.
        follow: the policy.
        has_body: whether the request had one.

    Raises:
        ProtocolError: Location holds no URL.
        ReplyError: it leads to another scheme, or from https to http.
    """
    doing = f"{method} {url}"
    goal = resolve(url, location, doing)
    if goal.scheme not in ("http", "https"):
        raise ReplyError(f"{doing}: {status} leads to {goal}, which is no web address",
                         hint="redirects never change to another protocol by themselves; "
                         "fetch it yourself if you trust it", code=status)
    if url.scheme == "https" and goal.scheme == "http" and not follow.to_clear:
        raise ReplyError(f"{doing}: {status} leads from https to {goal}",
                         hint="follow=Follow(to_clear=True) allows clear text", code=status)
    if goal.fragment is None and url.fragment is not None:
        goal = goal.with_(fragment=url.fragment)
    stays = same_origin(url, goal)
    new = "GET" if (method in _TO_GET.get(status, ())
                    or (status == 303 and method not in ("GET", "HEAD"))) else method
    keeps_body = has_body and new == method and status != 303
    if keeps_body and not stays and not follow.bodies:
        return None
    if not keeps_body:
        headers = headers.without(*_BODY_FIELDS)
    if not stays:
        headers = headers.without(*_OWN, "host")
    return Next(new, goal, headers, keeps_body, stays)


def resolve(base: URL, reference: str, doing: str = "") -> URL:
    """The URL that *reference* means, seen from *base* (RFC 3986 section 5.2).

    What stands for user and password in it is left out: no server knows yours.

    Args:
        base: where it stands.
        reference: as written; characters that no URL has are percent-encoded.
        doing: for errors.

    Raises:
        ProtocolError: it cannot be read as a URL.

    Example:
        >>> here = parse("http://a/b/c/d;p?q")
        >>> [str(resolve(here, one)) for one in ("../g", "?y", "//h/x", "#s", "./g/../h")]
        ['http://a/b/g', 'http://a/b/c/d;p?y', 'http://h/x', 'http://a/b/c/d;p?q#s', 'http://a/b/c/h']
    """
    try:
        return joined(base, reference)
    except UsageError as error:
        raise ProtocolError(
            f"{doing or base}: it leads to {display(reference)[:120]!r}, which is no URL: "
            f"{error.message}".strip()) from None


def joined(base: URL, reference: str) -> URL:
    """As `resolve`, for what a caller wrote.

    Raises:
        UsageError: it cannot be read as a URL.
    """
    url = _resolved(base, _encoded(reference.strip(" \t")))
    return url if url.user is None else url.with_(password=None, user=None)


def _encoded(text: str) -> str:
    """*text* with what servers forget to encode: spaces, quotes, bars, bytes beyond ASCII.

    A host beyond ASCII stays: it is not written with "%" (RFC 3987 section 3.1).
    """
    place = _PLACE.match(text)
    start = place.end() if place and place[0].isprintable() else 0
    return text[:start] + _escaped(text[start:])


def _escaped(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    raw = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", raw)
    head, hash, fragment = raw.partition("#")
    path, mark, query = head.partition("?")
    # a slash that leans back is one in a path, as browsers have it, and nowhere else
    raw = path.replace("\\", "/") + mark + query + hash + fragment.replace("#", "%23")
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", raw)


def _resolved(base: URL, text: str) -> URL:
    if _SCHEME.match(text):
        if not text.partition(":")[2].startswith("//"):
            raise UsageError("it names no host")
        return _tidy(parse(text))
    if text.startswith("//"):
        return _tidy(parse(f"{base.scheme}:{text}"))
    found = _PARTS.fullmatch(text)
    path, query, fragment = found.groups() if found else (text, None, None)
    if not path:
        return base.with_(query=base.query if query is None else query, fragment=fragment)
    if not path.startswith("/"):
        path = f"{base.path.rpartition('/')[0]}/{path}"
    return base.with_(path=without_dots(path), query=query, fragment=fragment)


def _tidy(url: URL) -> URL:
    return url.with_(path=without_dots(url.path)) if url.path else url


def without_dots(path: str) -> str:
    """*path* without ``.`` and ``..`` (RFC 3986 section 5.2.4).

    Example:
        >>> without_dots("/a/b/../c/./d/.."), without_dots("/../a")
        ('/a/c/', '/a')
    """
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", "..") and kept[-1] != "":
        kept.append("")
    return "/".join(kept) or "/"
