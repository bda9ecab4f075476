"""SSH as an entry of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

SCHEMES = (
    Scheme("ssh", "terminals", 22, "SSH's own", ("connect",), "postel.ssh",
           "commands, shells and forwarded ports by SSH"),
)
"""The URL scheme of SSH."""
