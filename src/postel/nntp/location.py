"""news:, nntp: and nntps: URLs (RFC 5538): a server, a group, an article. Grammar: pure.

``nntp://host/group/7`` names an article by its place on one server. ``news:`` names a group or an
article wherever it is read, so the server may be absent, and is then the reader's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from ..urls import URL, parse, unquote
from ..wire.base import argument
from .commands import message_id

__all__ = ["Location", "parse_location", "server_of"]

_NEWS = ("news", "snews")
_SERVED = {"news": "nntp", "snews": "nntps", "nntp": "nntp", "nntps": "nntps"}
_RANGE = re.compile(r"(\d{1,20})(?:-(\d{1,20})?)?", re.ASCII)
_SCHEME = re.compile(r"(news|snews):(?!//)(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Location:
    """What a URL of news means.

    Args:
        server: as a client takes it; None where the URL names none.
        group: the group, or a wildmat of several (``"*"``); "" for none.
        first: number of the first article meant; None for all.
        last: number of the last; None where there is no end.
        message_id: of the article, with its angle brackets; "" for none.
    """

    server: URL | None
    group: str = ""
    first: int | None = None
    last: int | None = None
    message_id: str = ""


def parse_location(text: str) -> Location:
    """Take a URL of news apart.

    Raises:
        UsageError: it is none, or holds what neither a group nor an article is called.

    Example:
        >>> place = parse_location("nntp://news.example.org/comp.lang.python/7-9")
        >>> str(place.server), place.group, place.first, place.last
        ('nntp://news.example.org', 'comp.lang.python', 7, 9)
        >>> parse_location("news:a%25b@c.example").message_id
        '<a%b@c.example>'
    """
    alone = _SCHEME.fullmatch(text)
    if alone is not None:  # what follows may hold "@" and no host
        return _named(None, unquote(parse(f"news://unnamed/{alone[2]}").path[1:]))
    url = parse(text)
    if url.scheme not in _SERVED:
        raise UsageError(f"{url}: no URL of news", hint="news:, nntp:// or nntps://")
    server = _server(url)
    if url.scheme in _NEWS:
        return _named(server, unquote(url.path[1:]))
    group, *rest = url.segments or ("",)
    if len(rest) > 1:
        raise UsageError(f"{url}: more than a group and an article",
                         hint="nntp://host/group/number")
    argument(group, "group")
    if not rest or not rest[0]:
        return Location(server, group)
    if not group or (found := _RANGE.fullmatch(rest[0])) is None:
        raise UsageError(f"{url}: {rest[0]!r} is no number of an article",
                         hint="nntp://host/group/7, /7-9 or /7-; an article by its id is "
                         "news://host/id")
    first = int(found[1])
    last = int(found[2]) if found[2] else (None if "-" in rest[0] else first)
    return Location(server, group, first, last)


def _named(server: URL | None, name: str) -> Location:
    """A group or an article of ``news:``."""
    argument(name, "name")
    if "@" in name:
        return Location(server, message_id=message_id(name))
    if any(char in " \t<>/" for char in name):
        raise UsageError(f"{name[:80]!r}: neither a group nor a message-id")
    return Location(server, name)


def server_of(target: str | URL) -> str | URL:
    """The server of a URL of news, as NNTP's own URL; anything else as it is.

    Example:
        >>> print(server_of("news://ann@news.example.org/comp.lang.python"))
        nntp://ann@news.example.org
    """
    if isinstance(target, str):
        if _SCHEME.fullmatch(target):
            raise UsageError(f"{target[:80]}: it names no server",
                             hint="news://host/group, or the host alone")
        if "://" not in target:
            return target
        target = parse(target)
    return _server(target) if target.scheme in _SERVED else target


def _server(target: URL) -> URL:
    return target.with_(scheme=_SERVED[target.scheme], path="", query=None, fragment=None)
