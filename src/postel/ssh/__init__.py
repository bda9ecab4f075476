"""SSH: commands, shells, forwarded ports; what SFTP stands on; and the old protocol of scp(1).

    from postel import ssh

    with ssh.Client("files.example.org", user="ann") as host:
        print(host.run("uptime").text)
        with host.forward_local("localhost", 5432) as database:
            connect(port=database.port)

    from postel import sftp
    from postel.ssh import SSHOptions

    with sftp.Client("files.example.org", ssh=SSHOptions(jump="gate.example.org")) as site:
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import Backend, Finished, SSHOptions

if TYPE_CHECKING:
    from .carriers import Window
    from .client_async import AsyncClient, AsyncForward
    from .client_sync import Client, Forward
    from .process_async import AsyncProcess
    from .process_sync import Process
    from .scp_async import AsyncSCP
    from .scp_sync import SCP

__all__ = ["SCP", "AsyncClient", "AsyncForward", "AsyncProcess", "AsyncSCP", "Backend", "Client",
           "Finished", "Forward", "Process", "SSHOptions", "Window"]

_HOMES = {"AsyncClient": ".client_async", "AsyncForward": ".client_async",
          "AsyncProcess": ".process_async", "Client": ".client_sync", "Forward": ".client_sync",
          "Process": ".process_sync", "Window": ".carriers",
          "AsyncSCP": ".scp_async", "SCP": ".scp_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
