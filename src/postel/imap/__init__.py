"""IMAP: mail where it lies, on the server (RFC 9051, 3501 and their many extensions).

    from postel import imap

    with imap.Client("mail.example.org", user="alice", password=ask) as box:
        box.select("INBOX")
        for one in box.fetch(box.search("FROM ? UNSEEN", "ann"), "envelope", "flags"):
            print(one.uid, one.envelope.subject)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .capabilities import Capabilities
from .sequence import NumberSet
from .types import (
    Acl,
    Appended,
    Changes,
    Copied,
    Envelope,
    Fetched,
    Folder,
    Found,
    Identity,
    ListRights,
    Metadata,
    Namespace,
    Namespaces,
    Progress,
    Quota,
    QuotaRoot,
    Resource,
    Selected,
    State,
    Status,
    Structure,
    Thread,
    Vanished,
)

if TYPE_CHECKING:
    from . import query
    from .client_async import AsyncClient
    from .client_sync import Client
    from .letters import Letter

__all__ = [
    "Acl",
    "Appended",
    "AsyncClient",
    "Capabilities",
    "Changes",
    "Client",
    "Copied",
    "Envelope",
    "Fetched",
    "Folder",
    "Found",
    "Identity",
    "Letter",
    "ListRights",
    "Metadata",
    "Namespace",
    "Namespaces",
    "NumberSet",
    "Progress",
    "Quota",
    "QuotaRoot",
    "Resource",
    "Selected",
    "State",
    "Status",
    "Structure",
    "Thread",
    "Vanished",
    "query",
]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync", "Letter": ".letters"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    from importlib import import_module

    if name == "query":
        value: Any = import_module(".query", __name__)
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
