"""Telnet: terminals over the network (RFC 854, 1143), and serial ports behind it (RFC 2217).

    from postel import expect, telnet

    with telnet.Client("switch.example.org") as there:
        session = expect.over(there)
        session.expect(login="login: ", timeout=5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import LineSettings, LineState, ModemState, Parity, StopBits, Terminal

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .serial_async import AsyncSerialPort
    from .serial_sync import SerialPort

__all__ = [
    "AsyncClient",
    "AsyncSerialPort",
    "Client",
    "LineSettings",
    "LineState",
    "ModemState",
    "Parity",
    "SerialPort",
    "StopBits",
    "Terminal",
]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync",
          "AsyncSerialPort": ".serial_async", "SerialPort": ".serial_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
