"""What users of TFTP hold in their hands, and what both ends agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BLOCK_SIZES", "PLAIN", "PORT", "WINDOWS", "Mode", "Terms"]

PORT = 69
"""Where servers listen for requests (RFC 1350 section 4)."""

BLOCK_SIZES = range(8, 65_465)
"""Bytes of a block that may be agreed on (RFC 2348)."""

WINDOWS = range(1, 65_536)
"""Blocks of a window that may be agreed on (RFC 7440 section 3)."""

Mode = Literal["octet", "netascii"]
"""How bytes travel: as they are, or as text whose lines end in CR LF."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What client and server have agreed on for one transfer.

    Args:
        block_size: bytes of each block but the last.
        window: blocks under way before an acknowledgement is due.
        size: of the file in bytes, where one of them told it.
        interval: seconds between retransmissions, where the client asked for a fixed number.
    """

    block_size: int = 512
    window: int = 1
    size: int | None = None
    interval: int | None = None


PLAIN = Terms()
"""RFC 1350 alone: what holds when the server answers without options."""
