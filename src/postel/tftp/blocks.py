"""The two ends of a transfer: blocks cut and sent, blocks received and joined.

Windows are RFC 7440's; with a window of one block they are RFC 1350's lock-step. Neither end
knows addresses or time: exchange.py does. A grammar module.

*Numbers.* A block's number has 16 bits; RFC 1350 knows no more than 65,535 of them. Longer files
begin again, nearly everywhere at 0, with some servers at 1: a receiver sees which, a sender can
only be told. Both count without a limit and translate.

*The Sorcerer's Apprentice.* If each duplicate ACK made the sender repeat its DATA, one delayed
packet would double the rest of the transfer (RFC 1123 section 4.2.3.1). With a window of one, no
duplicate ACK causes anything. With a larger one, an ACK of what was acknowledged already can mean
that the first block of a window was lost, so the window is sent again; but each window that was
sent twice may be acknowledged twice, so as many duplicates are then expected and pass unheard.
"""

from __future__ import annotations

from collections import deque

from ..errors import ProtocolError
from .types import PLAIN, Terms
from .wire import Ack, data_packet

__all__ = ["Numbers", "Receiver", "Sender"]

_FLIGHTS = 3
"""Flights that must begin with block 1, and not 0, before 1 counts as the number after 65,535."""

_MOST_REPEATS = 1
"""Times that a window starts again because an ACK came twice; after that the clock decides."""


class Numbers:
    """From blocks counted without a limit to numbers of 16 bits, and back.

    Args:
        restart: the number after 65,535: 0, 1, or None where that is still to be seen.

    Example:
        >>> numbers = Numbers(0)
        >>> numbers.wire(65_536), numbers.ahead(2, of=65_536)
        (0, 2)
    """

    def __init__(self, restart: int | None = None) -> None:
        self.restart = restart

    def wire(self, block: int) -> int:
        """The number of *block* on the wire."""
        if self.restart == 1 and block > 0:
            return (block - 1) % 65_535 + 1
        return block & 0xFFFF

    def ahead(self, number: int, *, of: int) -> int:
        """How many blocks *number* is ahead of block *of*; negative when it is behind."""
        round_trip = 65_535 if self.restart == 1 else 65_536
        distance = (number - self.wire(of)) % round_trip
        return distance if distance < 32_768 else distance - round_trip


class Receiver:
    """The end that gets the file.

    Attributes:
        chunks: what has come and nobody has taken yet.
        out: packets to be sent.
        total: bytes so far.
        complete: whether the last block has come.
        repeated: whether the last acknowledgement was sent more than once (Karn's rule).
    """

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.out: list[bytes] = []
        self.total = 0
        self.complete = False
        self.repeated = False
        self._numbers = Numbers()
        self._terms = PLAIN
        self._expected = 1
        self._acked = 0
        self._seen = 0
        self._gap_told = False
        self._ones = 0

    def agree(self, terms: Terms) -> None:
        """What both ends have agreed on, before the first block."""
        self._terms = terms

    def take(self, number: int, data: bytes) -> bool:
        """A DATA packet has come; whether it brought anything new.

        Raises:
            ProtocolError: it is longer than agreed.
        """
        if len(data) > self._terms.block_size:
            raise ProtocolError(f"DATA {number} of {len(data):,} bytes, where "
                                f"{self._terms.block_size:,} were agreed on")
        ahead = self._ahead(number)
        if ahead == 0 and not self.complete:
            self._accept(data)
            return True
        block = self._expected + ahead
        if block < self._seen:
            self._gap_told = False  # a new flight
        self._seen = block
        if block == self._acked:
            self._repeat()  # the ACK was lost
        elif 0 < ahead < self._terms.window and not self.complete and not self._gap_told:
            self._gap_told = True
            self.resend()
        return False

    def _ahead(self, number: int) -> int:
        """How far *number* is from what is expected; sees where the numbers begin again.

        The receiver has every block before the one expected, so the sender is at most a window
        ahead of that: the number of a whole window, after 65,535, means that there is no 0. A file
        that ends within that window leaves it open; flights that begin with 1 again and again then
        decide, if the size is known, which would betray a wrong guess.
        """
        if self._numbers.restart is None and self._expected == 65_536:
            if number == 0:
                self._numbers.restart = 0
            elif number == self._terms.window or (number == 1 and self._is_first()):
                self._numbers.restart = 1
        return self._numbers.ahead(number, of=self._expected)

    def _is_first(self) -> bool:
        self._ones += 1
        return self._ones > _FLIGHTS and self._terms.size is not None

    def _accept(self, data: bytes) -> None:
        if data:
            self.chunks.append(data)
            self.total += len(data)
        self._seen = self._expected
        self._expected += 1
        self._gap_told = False
        self.complete = len(data) < self._terms.block_size
        if self.complete or self._expected - self._acked > self._terms.window:
            self.acknowledge()

    def acknowledge(self) -> None:
        """Say what has come so far: where the sender goes on from."""
        self._acked = self._expected - 1
        self.repeated = False
        self.out.append(Ack(self._numbers.wire(self._acked)).encode())

    def resend(self) -> None:
        """Nothing came for too long, or something is missing: say so."""
        again = self._acked == self._expected - 1
        self.acknowledge()
        self.repeated = again

    def _repeat(self) -> None:
        self.repeated = True
        self.out.append(Ack(self._numbers.wire(self._acked)).encode())

    def take_chunks(self) -> list[bytes]:
        """What has come since the last time."""
        chunks, self.chunks = self.chunks, []
        return chunks


class Sender:
    """The end that has the file.

    Args:
        restart: the block number after 65,535.

    Attributes:
        out: packets to be sent.
        total: bytes that were acknowledged.
        complete: whether all has been acknowledged.
        repeated: whether any of the window was sent more than once (Karn's rule).
    """

    def __init__(self, restart: int = 0) -> None:
        self.out: list[bytes] = []
        self.total = 0
        self.complete = False
        self._numbers = Numbers(restart)
        self._terms = PLAIN
        self._rest = bytearray()
        self._ended = self._started = False
        self._blocks: deque[bytes] = deque()
        self._base = self._next = 1
        self._repeats = self._expected_duplicates = 0

    def agree(self, terms: Terms) -> None:
        """What both ends have agreed on, before the first block."""
        self._terms = terms

    @property
    def repeated(self) -> bool:
        """Whether any of the window was sent more than once."""
        return self._repeats > 0

    @property
    def wants(self) -> int:
        """How many bytes fit before the receiver must answer; two windows are kept ready."""
        if self._ended:
            return 0
        room = 2 * self._terms.window - len(self._blocks)
        return max(0, room * self._terms.block_size - len(self._rest))

    @property
    def waits(self) -> bool:
        """Whether the receiver owes an answer: a window is out, or all that is left."""
        return self._started and not self.complete and self._next > self._base and (
            self._next - self._base >= self._terms.window or self._ended)

    def feed(self, data: bytes) -> None:
        """*data* is next."""
        size = self._terms.block_size
        if not self._rest and len(data) == size:  # the common case, without a copy
            self._blocks.append(data)
        else:
            self._rest += data
            whole = len(self._rest) // size * size
            with memoryview(self._rest) as view:
                self._blocks.extend(bytes(view[at : at + size]) for at in range(0, whole, size))
            del self._rest[:whole]
        self._pump()

    def end(self) -> None:
        """That was all: the last block is the one that is not full, though it be empty."""
        if not self._ended:
            self._ended = True
            self._blocks.append(bytes(self._rest))
            self._rest.clear()
            self._pump()

    def start(self) -> None:
        """The receiver is ready."""
        self._started = True
        self._pump()

    def take(self, number: int) -> bool:
        """An ACK has come; whether it acknowledged anything new."""
        if not self._started:
            return False
        count = self._numbers.ahead(number, of=self._base - 1)
        if count == 0:
            self._duplicate()
        if count <= 0 or count > self._next - self._base:
            return False
        for _ in range(count):
            self.total += len(self._blocks.popleft())
        self._base += count
        self._expected_duplicates, self._repeats = self._repeats, 0
        self.complete = self._ended and not self._blocks
        if self._next > self._base:
            self._next = self._base  # it stopped in the middle: what followed was lost
            self._repeats = 1
        self._pump()
        return True

    def _duplicate(self) -> None:
        if self._terms.window == 1 or self._next == self._base:
            return
        if self._expected_duplicates:
            self._expected_duplicates -= 1
        elif self._repeats < _MOST_REPEATS:
            self.resend()

    def resend(self) -> None:
        """The window was lost, or its acknowledgement: send it again."""
        self._repeats += 1
        self._next = self._base
        self._pump()

    def _pump(self) -> None:
        """Send what the window has room for."""
        if not self._started:
            return
        until = min(self._base + self._terms.window, self._base + len(self._blocks))
        while self._next < until:
            block = self._blocks[self._next - self._base]
            self.out.append(data_packet(self._numbers.wire(self._next), block))
            self._next += 1
