"""What a server tells unasked, as events for who watches a folder or an account. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from . import responses
from .fetched import fetched
from .types import Fetched, Folder, Metadata, Status, Vanished
from .wire import Event, Reply, Untagged

__all__ = ["Arrived", "Expunged", "FolderChanged", "FolderStatus", "News", "Notice", "news"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Messages have come into the open folder.

    Args:
        exists: how many there are now.
    """

    exists: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """A message is gone; those behind it move up by one.

    Args:
        number: it had in the folder, not its UID: `changes` tells which that was.
    """

    number: int


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """Counts of a folder have changed (NOTIFY, RFC 5465)."""

    folder: str
    status: Status


@dataclass(frozen=True, slots=True)
class FolderChanged:
    """A folder was made, deleted, renamed, subscribed to (NOTIFY)."""

    folder: Folder


@dataclass(frozen=True, slots=True)
class Notice:
    """The server has something to say; with code ``ALERT`` people must see it."""

    text: str
    code: str = ""


News: TypeAlias = (
    Arrived | Expunged | Vanished | Fetched | FolderStatus | FolderChanged | Metadata | Notice)
"""What `Client.idle` and `Client.notify` yield."""


def news(event: Event, *, utf8: bool = False) -> News | None:
    """The event as news; None where it is none.

    Example:
        >>> news(Untagged("EXISTS", 7, [])), news(Untagged("EXPUNGE", 2, []))
        (Arrived(exists=7), Expunged(number=2))
    """
    if isinstance(event, Reply):
        if event.code in ("HIGHESTMODSEQ", "CAPABILITY", "CLOSED") or "here" in event.text[:20]:
            return None  # "Still here" of Dovecot and Cyrus keeps the line alive
        return Notice(event.text, event.code)
    if not isinstance(event, Untagged):
        return None
    if event.name == "EXISTS":
        return Arrived(event.number or 0)
    if event.name == "EXPUNGE":
        return Expunged(event.number or 0)
    if event.name == "VANISHED":
        return responses.vanished(event)
    if event.name in ("FETCH", "UIDFETCH"):
        return fetched(event)
    if event.name == "STATUS":
        raw, status = responses.status(event)
        told = Untagged("LIST", None, [[], None, raw])
        return FolderStatus(responses.folder(told, utf8=utf8).name, status)
    if event.name in ("LIST", "LSUB"):
        return FolderChanged(responses.folder(event, utf8=utf8))
    if event.name == "METADATA":
        return responses.metadata(event, utf8=utf8)
    return None
