"""What the lab's TFTP server does wrong, on demand: to the nth packet of a kind, or by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal, get_args

from ..errors import UsageError
from .wire import Ack, Data, Error, Packet, data_packet, parse

__all__ = ["Harm", "Sending", "TFTPFault", "TFTPFaults"]

Harm = Literal["drop", "ignore", "duplicate", "delay", "reorder", "stranger", "wrong block",
               "truncate", "garbage", "error", "silence"]
"""What happens to a packet: see `TFTPFault`."""

_KINDS = ("", "DATA", "ACK", "OACK", "ERROR", "RRQ", "WRQ")


@dataclass
class TFTPFault:
    """One thing to do wrong.

    Args:
        harm: ``"drop"`` it; ``"ignore"`` one that has come; ``"duplicate"`` or ``"delay"`` it;
            ``"reorder"``: send it after the next one; ``"stranger"``: send it from another port;
            ``"wrong block"``: give it another number; ``"truncate"`` it; ``"garbage"``: send
            something else before it; ``"error"``: send an ERROR instead; ``"silence"``: send
            nothing from here on.
        of: the packets it concerns: ``"DATA"``, ``"ACK"``, ``"OACK"`` …; "" for any.
        nth: which of them, from 1 on; counted over all transfers.
        times: to how many of them, from that one on.
        seconds: of a delay.
        code: of the ERROR.
        text: of the ERROR.
    """

    harm: Harm
    of: str = ""
    nth: int = 1
    times: int = 1
    seconds: float = 0.1
    code: int = 0
    text: str = "on demand"
    seen: int = 0

    def hits(self, kind: str) -> bool:
        """Whether this packet is one of them; counts it."""
        if self.of not in ("", kind):
            return False
        self.seen += 1
        if self.harm == "silence":
            return self.seen >= self.nth
        return self.nth <= self.seen < self.nth + self.times


@dataclass(frozen=True, slots=True)
class Sending:
    """A packet as it is really sent.

    Args:
        packet: the datagram.
        after: seconds to wait first.
        stranger: whether it leaves from another port.
    """

    packet: bytes
    after: float = 0.0
    stranger: bool = False


@dataclass
class TFTPFaults:
    """The script of a server's faults, and its luck.

    Args:
        loss: the share of its packets that are lost.
        seed: of the chance that decides which.

    Example:
        >>> faults = TFTPFaults()
        >>> faults.on("drop", of="DATA", nth=2)
        >>> [len(faults.sendings(data_packet(block, b"x"))) for block in (1, 2, 3)]
        [1, 0, 1]
    """

    loss: float = 0.0
    seed: int = 7
    script: list[TFTPFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - losses, no secrets
        self._held: list[bytes] = []

    def on(
        self,
        harm: Harm,
        *,
        of: str = "",
        nth: int = 1,
        times: int = 1,
        seconds: float = 0.1,
        code: int = 0,
        text: str = "on demand",
    ) -> None:
        """Add a `TFTPFault`.

        Raises:
            UsageError: there is no such harm or packet.
        """
        if harm not in get_args(Harm) or of not in _KINDS:
            raise UsageError(f"no such fault: {harm} of {of or 'any'}",
                             hint=f"{', '.join(get_args(Harm))}; of {', '.join(_KINDS[1:])}")
        self.script.append(TFTPFault(harm, of, nth, times, seconds, code, text))

    def clear(self) -> None:
        """Do nothing wrong any more."""
        self.script.clear()
        self._held.clear()
        self.loss = 0.0

    def ignores(self, packet: bytes) -> bool:
        """Whether *packet*, which has come, is to be overlooked."""
        kind = _kind(packet)
        return any(fault.harm == "ignore" and fault.hits(kind) for fault in self.script)

    def sendings(self, packet: bytes) -> list[Sending]:
        """What becomes of *packet*, which is to be sent."""
        sendings = [Sending(packet)]
        kind = _kind(packet)
        for fault in self.script:
            if fault.harm != "ignore" and fault.hits(kind):
                sendings = self._harmed(fault, packet)
                break
        if self._held and sendings:
            sendings += [Sending(held) for held in self._held if held is not packet]
            self._held = [held for held in self._held if held is packet]
        if self.loss and self._chance.random() < self.loss:
            return []
        return sendings

    def _harmed(self, fault: TFTPFault, packet: bytes) -> list[Sending]:
        plain = Sending(packet)
        if fault.harm == "reorder":
            self._held.append(packet)
            return []
        known = {
            "drop": [], "silence": [], "duplicate": [plain, plain],
            "delay": [Sending(packet, after=fault.seconds)],
            "stranger": [Sending(packet, stranger=True), plain],
            "wrong block": [Sending(_renumbered(packet))],
            "truncate": [Sending(packet[: len(packet) // 2])],
            "garbage": [Sending(b"\xff" * 40), Sending(b""), plain],
            "error": [Sending(Error(fault.code, fault.text).encode())],
        }
        return known[fault.harm]


def _kind(packet: bytes) -> str:
    names = ("", "RRQ", "WRQ", "DATA", "ACK", "ERROR", "OACK")
    return names[packet[1]] if len(packet) > 1 and packet[1] < len(names) else ""


def _renumbered(packet: bytes) -> bytes:
    """The same packet with a number that is far off."""
    parsed: Packet = parse(packet)
    if isinstance(parsed, Data):
        return data_packet((parsed.block + 9_000) & 0xFFFF, parsed.data)
    if isinstance(parsed, Ack):
        return Ack((parsed.block + 9_000) & 0xFFFF).encode()
    return packet
