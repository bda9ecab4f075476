"""Telnet as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

SCHEMES = (
    Scheme("telnet", "terminals", 23, "where it is asked for (START_TLS)", ("connect",),
           "postel.telnet", "a terminal in clear text, or a serial port by RFC 2217"),
    Scheme("telnets", "terminals", 992, "from the first byte", ("connect",), "postel.telnet",
           "Telnet with TLS from the first byte"),
)
"""The URL schemes of Telnet."""
