"""TFTP's packets, both directions (RFC 1350 section 5, RFC 2347). A grammar module.

A packet is one datagram: an operation code of two bytes, and what follows it. Numbers are
big-endian, texts end in NUL. Nothing here knows which packet may come when: that is exchange.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ..errors import ProtocolError, UsageError
from ..wire.text import display
from .types import Mode

__all__ = [
    "LONGEST_REQUEST",
    "MOST_OPTIONS",
    "Ack",
    "Data",
    "Error",
    "OptionAck",
    "Packet",
    "Request",
    "data_packet",
    "parse",
]

LONGEST_REQUEST = 512
"""Bytes of a request (RFC 2347, "the maximum size of a request packet is 512 octets")."""

MOST_OPTIONS = 32
"""Options of one packet; seven are known in the wild."""

_RRQ, _WRQ, _DATA, _ACK, _ERROR, _OACK = range(1, 7)
_NO_OPTIONS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """RRQ or WRQ: please send, or take, a file.

    Args:
        name: of the file, as text; bytes that are no UTF-8 are surrogate-escaped.
        write: whether it is a WRQ.
        mode: ``"octet"`` or ``"netascii"``; a server may meet others.
        options: by lower-case name, in the order they were written.

    Example:
        >>> Request("boot.img", options={"tsize": "0"}).encode()
        b'\\x00\\x01boot.img\\x00octet\\x00tsize\\x000\\x00'
    """

    name: str
    write: bool = False
    mode: str = "octet"
    options: Mapping[str, str] = field(default_factory=lambda: _NO_OPTIONS)

    def encode(self) -> bytes:
        """The packet.

        Raises:
            UsageError: a NUL, CR or LF in the name, or more than a request has room for.
        """
        if not self.name or set(self.name) & {"\0", "\r", "\n"}:
            raise UsageError(f"ask for {self.name!r}: a name cannot be empty or hold CR, LF or NUL")
        code = (_WRQ if self.write else _RRQ).to_bytes(2, "big")
        packet = code + _texts(self.name, self.mode) + _pairs(self.options)
        if len(packet) > LONGEST_REQUEST:
            raise UsageError(f"ask for {self.name[:60]!r}…: a request has {LONGEST_REQUEST} bytes",
                             hint="give the file a shorter name")
        return packet

    def __str__(self) -> str:
        told = "".join(f" {display(name)}={display(value)}" for name, value in self.options.items())
        return f"{'WRQ' if self.write else 'RRQ'} {display(self.name)} {display(self.mode)}{told}"


@dataclass(frozen=True, slots=True)
class Data:
    """DATA: one block."""

    block: int
    data: bytes

    def encode(self) -> bytes:
        """The packet."""
        return data_packet(self.block, self.data)

    def __str__(self) -> str:
        return f"DATA {self.block}, {len(self.data)} bytes"


@dataclass(frozen=True, slots=True)
class Ack:
    """ACK: this block, and all before it, have come."""

    block: int

    def encode(self) -> bytes:
        """The packet."""
        return b"\0\4" + self.block.to_bytes(2, "big")

    def __str__(self) -> str:
        return f"ACK {self.block}"


@dataclass(frozen=True, slots=True)
class Error:
    """ERROR: the transfer is over; or, to a stranger, was never one.

    Example:
        >>> print(Error(1, "no such file"))
        ERROR 1 no such file
    """

    code: int
    text: str = ""

    def encode(self) -> bytes:
        """The packet."""
        return b"\0\5" + self.code.to_bytes(2, "big") + _texts(self.text.replace("\0", " ")[:400])

    def __str__(self) -> str:
        return f"ERROR {self.code} {display(self.text)}".rstrip()


@dataclass(frozen=True, slots=True)
class OptionAck:
    """OACK: the options that the server takes on, with its values (RFC 2347)."""

    options: Mapping[str, str]

    def encode(self) -> bytes:
        """The packet."""
        return b"\0\6" + _pairs(self.options)

    def __str__(self) -> str:
        told = "".join(f" {display(name)}={display(value)}" for name, value in self.options.items())
        return f"OACK{told}"


Packet = Request | Data | Ack | Error | OptionAck


def data_packet(block: int, data: bytes | bytearray | memoryview) -> bytes:
    """DATA, without the detour of a `Data`: most packets are one."""
    return b"".join((b"\0\3", block.to_bytes(2, "big"), data))


def parse(packet: bytes) -> Packet:
    """Read one datagram.

    Raises:
        ProtocolError: it is no packet of TFTP.

    Example:
        >>> parse(b"\\x00\\x04\\x00\\x07")
        Ack(block=7)
    """
    if len(packet) < 4:
        raise ProtocolError(f"a packet of {len(packet)} bytes: TFTP's have four at least")
    code = packet[0] << 8 | packet[1]
    if code == _DATA:
        return Data(packet[2] << 8 | packet[3], packet[4:])
    if code == _ACK:
        return Ack(packet[2] << 8 | packet[3])
    if code == _ERROR:
        text = packet[4:].partition(b"\0")[0]  # some leave the NUL out
        return Error(packet[2] << 8 | packet[3], _text(text))
    if code == _OACK:
        return OptionAck(_options(_fields(packet)))
    if code in (_RRQ, _WRQ):
        return _request(code, _fields(packet))
    raise ProtocolError(f"a packet with operation {code}: TFTP has 1 to 6")


def _request(code: int, fields: list[bytes]) -> Request:
    if len(fields) < 2 or not fields[0]:
        raise ProtocolError("a request without a file name or mode")
    # a mode may be written in any case (RFC 1350 section 5)
    return Request(_text(fields[0]), code == _WRQ, _text(fields[1]).lower(), _options(fields[2:]))


def _fields(packet: bytes) -> list[bytes]:
    """The NUL-ended texts after the operation code."""
    if packet[-1:] != b"\0":
        raise ProtocolError("a packet whose last text does not end in NUL: it was cut short")
    fields = packet[2:-1].split(b"\0", 2 * MOST_OPTIONS + 2)
    if len(fields) > 2 * MOST_OPTIONS + 2:
        raise ProtocolError(f"a packet with over {MOST_OPTIONS} options")
    return fields


def _options(fields: list[bytes]) -> Mapping[str, str]:
    if len(fields) % 2:
        raise ProtocolError("an option without a value")
    options: dict[str, str] = {}
    for name, value in zip(fields[::2], fields[1::2], strict=True):
        key = _text(name).lower()  # RFC 2347: names are compared without case
        if not key or key in options:
            raise ProtocolError(f"option {display(key)!r} without a name, or given twice")
        options[key] = _text(value)
    return options


def _texts(*texts: str) -> bytes:
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in texts)


def _pairs(options: Mapping[str, str]) -> bytes:
    return b"".join(_texts(name, value) for name, value in options.items())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def known_mode(mode: str) -> Mode | None:
    """*mode* if this package moves files in it; "mail" is long dead (RFC 1350 section 1).

    Example:
        >>> known_mode("netascii"), known_mode("mail")
        ('netascii', None)
    """
    return cast("Mode", mode) if mode in ("octet", "netascii") else None
