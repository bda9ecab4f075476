"""SSH: what SFTP stands on, and the old protocol of scp(1) for servers that have nothing else.

    from postel import sftp
    from postel.ssh import SSHOptions

    with sftp.Client("files.example.org", ssh=SSHOptions(jump="gate.example.org")) as site:
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import Backend, SSHOptions

if TYPE_CHECKING:
    from .scp_async import AsyncSCP
    from .scp_sync import SCP

__all__ = ["SCP", "AsyncSCP", "Backend", "SSHOptions"]

_HOMES = {"AsyncSCP": ".scp_async", "SCP": ".scp_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
