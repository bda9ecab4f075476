"""TFTP as an entry of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

SCHEMES = (
    Scheme("tftp", "files", 69, "never: TFTP has none", ("stat", "read", "write"), "postel.tftp",
           "single files by name, for machines that start"),
)
"""The URL scheme of TFTP."""
