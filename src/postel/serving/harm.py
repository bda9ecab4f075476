"""What a relay does to the bytes of one direction: cut, reset, stall, drop, corrupt, slice, delay.

Service code, without sockets of its own. Bytes are counted from 0 within each connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..transport.socket_async import AsyncSocketStream

__all__ = ["ByteFaults", "Cut", "Flow", "Stalled"]


@dataclass(frozen=True)
class ByteFaults:
    """What happens to the bytes of a connection.

    Args:
        towards: the direction that is harmed: bytes to the ``"client"`` or to the ``"server"``.
        cut_after: close the line (FIN) after so many bytes.
        reset_after: reset it (RST) after so many.
        stall_after: pass nothing more after so many, and keep the line.
        drop_after: lose what comes after so many; the end is passed on.
        corrupt: flip every bit of the byte at this offset.
        slice: pass on at most so many bytes at once; 1 is one byte at a time.
        delay: seconds to wait before each piece.
        skip: connections that are left in peace first.
        times: connections that are harmed then; None harms all.
    """

    towards: Literal["client", "server"] = "client"
    cut_after: int | None = None
    reset_after: int | None = None
    stall_after: int | None = None
    drop_after: int | None = None
    corrupt: int | None = None
    slice: int | None = None
    delay: float = 0.0
    skip: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        if self.slice is not None and self.slice < 1:
            raise UsageError(f"slice={self.slice}: a piece has at least one byte")

    def concern(self, number: int) -> bool:
        """Whether connection *number*, from 0, is harmed."""
        past = number - self.skip
        return past >= 0 and (self.times is None or past < self.times)


class Cut(Exception):
    """The line ends here.

    Args:
        reset: by RST, not by FIN.
    """

    def __init__(self, reset: bool) -> None:
        self.reset = reset


class Stalled(Exception):
    """Nothing more passes in this direction."""


@dataclass
class Flow:
    """One direction of a connection, and what happens to its bytes."""

    faults: ByteFaults | None
    done: int = 0

    async def pass_on(self, data: bytes, target: AsyncSocketStream) -> None:
        """Send *data*, harmed."""
        if self.faults is None:
            await target.send(data)
            return
        data, end = self._harmed(data, self.faults)
        for piece in _pieces(data, self.faults.slice):
            if self.faults.delay:
                await asyncio.sleep(self.faults.delay)
            await target.send(piece)
            if self.faults.slice:
                await asyncio.sleep(0)
        if end is not None:
            raise end

    def _harmed(self, data: bytes, faults: ByteFaults) -> tuple[bytes, Exception | None]:
        start, self.done = self.done, self.done + len(data)
        at = faults.corrupt
        if at is not None and start <= at < self.done:
            at -= start
            data = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        for limit, end in ((faults.cut_after, Cut(False)), (faults.reset_after, Cut(True)),
                           (faults.stall_after, Stalled()), (faults.drop_after, None)):
            if limit is not None and self.done >= limit:
                return data[: max(0, limit - start)], end
        return data, None


def _pieces(data: bytes, size: int | None) -> Iterator[bytes]:
    for at in range(0, len(data), size or len(data) or 1):
        yield data[at : at + size] if size else data
