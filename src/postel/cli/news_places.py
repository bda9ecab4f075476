"""What the arguments of ``postel news`` mean, and the client for them."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..nntp.location import Location, parse_location
from ..urls import URL, parse

if TYPE_CHECKING:
    from ..nntp.client_sync import Client
    from .options import Settings

__all__ = ["client_at", "group_at", "server_at"]

_SCHEMES = ("nntp://", "nntps://", "news:", "snews:")


def group_at(where: str) -> Location:
    """A group: a URL, or a name on the usual server.

    Raises:
        UsageError: no server is named anywhere, or no group.
    """
    place = _place(where)
    if place.server is None:
        place = Location(_usual(where), place.group, place.first, place.last, place.message_id)
    return place


def server_at(where: str | None) -> URL:
    """A server: a URL, or the usual one.

    Raises:
        UsageError: none is named.
    """
    if where is None:
        return _usual("the server")
    place = _place(where) if where.startswith(_SCHEMES) else None
    return (place.server if place else None) or parse(f"nntp://{where}")


def client_at(server: URL | None, settings: Settings) -> AbstractContextManager[Client]:
    """A client of *server* with the options that were given."""
    from ..nntp.client_sync import Client

    if server is None:
        server = _usual("the server")
    return Client(server, **settings.client(server))


def _place(where: str) -> Location:
    return parse_location(where if where.startswith(_SCHEMES) else f"news:{where}")


def _usual(what: str) -> URL:
    named = os.environ.get("NNTPSERVER", "").strip()
    if not named:
        raise UsageError(f"{what}: on which server?",
                         hint="nntps://news.example.org/GROUP, or NNTPSERVER=news.example.org")
    return parse(named if "://" in named else f"nntp://{named}")
