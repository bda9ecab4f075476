"""SFTP version 3 as bytes: requests out, replies in, paired by their numbers, and the other way.

draft-ietf-secsh-filexfer-02, with OpenSSH's extensions. Replies come in any order; each is paired
with its request by the number that both carry, so that requests for many files may be under way at
once. Data is handed on as a view of the buffer it was received into, good until the next `room` or
`feed`: one copy less for every byte.

A grammar module: bytes in, events out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import ProtocolError, UsageError
from . import attributes, packets
from .framing import Framed
from .packets import LARGEST_PACKET, NAMES, Scanner, string, u32
from .types import Attributes

__all__ = [
    "Answers", "Asked", "Attrs", "Data", "Extension", "Handle", "Name", "Names", "Reply", "Request",
    "SFTPWire", "ServerWire", "Status", "Version", "data_head",
]

_HEAD = struct.Struct(">IBI")
_NUMBER = struct.Struct(">I")
_MOST_NAMES = 100_000
_MOST_EXTENSIONS = 1_000
_LONGEST_HANDLE = 256  # draft section 6.3


@dataclass(frozen=True, slots=True)
class Version:
    """The server's first word: its version, and its extensions with theirs."""

    number: int
    extensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Status:
    """How a request ended; 0 is well, 1 the end of a file or folder."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Handle:
    """An open file or folder, by the server's name for it."""

    handle: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a file; *view* is good until the wire takes more."""

    view: memoryview


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a folder, or of READLINK and REALPATH."""

    name: bytes
    longname: bytes
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Names:
    """Some names of a folder."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Attrs:
    """What a file is."""

    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Extension:
    """The answer to an extension's request."""

    data: bytes


Reply = Version | Status | Handle | Data | Names | Attrs | Extension

_EXPECTED: Mapping[int, type[Reply]] = {
    packets.OPEN: Handle, packets.OPENDIR: Handle, packets.READ: Data, packets.READDIR: Names,
    packets.LSTAT: Attrs, packets.STAT: Attrs, packets.FSTAT: Attrs, packets.REALPATH: Names,
    packets.READLINK: Names,
}

_NAMED = frozenset({"expand-path", "home-directory"})
"""Extensions that are answered by a NAME, as REALPATH is."""


class Request:
    """One request, and in time its reply.

    Args:
        kind: its packet's type.
        body: what follows its number.
        shown: its arguments, for traces and errors.
        length: bytes that a READ asks for, or that a WRITE carries.
        offset: where they are in the file.

    Attributes:
        id: the number it got when it was sent.
        then: called with it and its reply, at once; else the reply waits in *reply*.
        reply: what was answered.
    """

    __slots__ = ("body", "id", "kind", "length", "offset", "reply", "shown", "then")

    def __init__(self, kind: int, body: bytes, shown: str = "", *, length: int = 0,
                 offset: int = 0) -> None:
        self.kind, self.body, self.shown, self.length, self.offset = (
            kind, body, shown, length, offset)
        self.id = 0
        self.then: Callable[[Request, Reply], None] | None = None
        self.reply: Reply | None = None

    @property
    def name(self) -> str:
        """What the draft calls it; of an extension, its name without the domain."""
        if self.kind == packets.EXTENDED:
            return self.shown.partition(" ")[0]
        return NAMES[self.kind]

    def may_be(self, reply: Reply) -> bool:
        """Whether *reply* is of a kind that answers it."""
        if isinstance(reply, Status):
            return True
        if self.kind == packets.EXTENDED:
            return isinstance(reply, Names if self.name in _NAMED else Extension)
        expected = _EXPECTED.get(self.kind)
        return expected is not None and isinstance(reply, expected)

    def __str__(self) -> str:
        return self.shown if self.kind == packets.EXTENDED else f"{self.name} {self.shown}".rstrip()


def data_head(request: Request) -> bytes:
    """The packet of a WRITE without its data, which follows it."""
    body = request.body + u32(request.length)
    return _HEAD.pack(5 + len(body) + request.length, request.kind, request.id) + body


class SFTPWire(Framed):
    """The client's side: requests get numbers, replies find their requests.

    Args:
        largest: bytes of a packet that are taken.

    Example:
        >>> wire = SFTPWire()
        >>> wire.send(Request(packets.INIT, u32(3)))
        b'\\x00\\x00\\x00\\x05\\x01\\x00\\x00\\x00\\x03'
        >>> wire.feed(bytes([0, 0, 0, 5, 2, 0, 0, 0, 3]))
        >>> wire.next_event()[1].number
        3
    """

    def __init__(self, largest: int = LARGEST_PACKET) -> None:
        super().__init__(largest)
        self.waiting: dict[int, Request] = {}
        self._next_id = 0
        self._first: Request | None = None

    def number(self, request: Request) -> None:
        """Give *request* its number: its answer is due."""
        if self._next_id in self.waiting:
            raise UsageError("SFTP: four thousand million requests are under way")
        request.id = self._next_id
        self._next_id = (self._next_id + 1) & 0xFFFFFFFF
        self.waiting[request.id] = request

    def send(self, request: Request) -> bytes:
        """Note that *request* is due an answer; return its bytes."""
        if request.kind == packets.INIT:
            self._first = request
            return string(bytes([packets.INIT]) + request.body)
        self.number(request)
        return _HEAD.pack(5 + len(request.body), request.kind, request.id) + request.body

    def end_of_clear_text(self) -> None:
        """SFTP has no TLS of its own."""

    def next_event(self) -> tuple[Request, Reply] | None:
        """The next reply and its request, or None when more bytes are needed.

        Raises:
            ProtocolError: it is no reply, or none that was asked for.
        """
        packet = self._packet()
        if packet is None:
            return None
        kind = packet[0]
        if kind == packets.VERSION:
            return self._version(packet)
        if len(packet) < 5:
            raise ProtocolError(f"SFTP: {_kind(kind)}: a packet without its number")
        number: int = _NUMBER.unpack_from(packet, 1)[0]
        request = self.waiting.pop(number, None)
        if request is None:
            raise ProtocolError(f"SFTP: {_kind(kind)} answers number {number}, which is not due")
        reply = _reply(kind, packet[5:])
        if not request.may_be(reply):
            raise ProtocolError(f"{request}: answered by {_kind(kind)}")
        if isinstance(reply, Data) and len(reply.view) > request.length:
            raise ProtocolError(f"{request}: {len(reply.view):,} bytes came, "
                                f"{request.length:,} were asked for")
        return request, reply

    def _version(self, packet: memoryview) -> tuple[Request, Reply]:
        request, self._first = self._first, None
        if request is None:
            raise ProtocolError("SFTP: VERSION came, and was not due")
        scan = Scanner(packet[1:], "VERSION")
        number, extensions = scan.u32(), {}
        while scan.left:
            name = scan.string().decode("utf-8", "replace")
            extensions[name] = scan.string().decode("utf-8", "replace")
            if len(extensions) > _MOST_EXTENSIONS:
                raise ProtocolError("SFTP: VERSION: over a thousand extensions")
        return request, Version(number, extensions)


def _kind(kind: int) -> str:
    return NAMES.get(kind, f"a packet of type {kind}")


def _reply(kind: int, body: memoryview) -> Reply:
    """The reply that *body* is."""
    scan = Scanner(body, _kind(kind))
    if kind == packets.DATA:
        return Data(scan.view())
    if kind == packets.STATUS:
        code = scan.u32()
        text = scan.string() if scan.left >= 4 else b""  # some leave words and language out
        return Status(code, text.decode("utf-8", "replace"))
    if kind == packets.HANDLE:
        handle = scan.string()
        if len(handle) > _LONGEST_HANDLE:
            raise ProtocolError(f"SFTP: a handle of {len(handle):,} bytes; "
                                f"{_LONGEST_HANDLE} are allowed")
        return Handle(handle)
    if kind == packets.NAME:
        return _names(scan)
    if kind == packets.ATTRS:
        return Attrs(attributes.unpack(scan))
    if kind == packets.EXTENDED_REPLY:
        return Extension(scan.rest())
    raise ProtocolError(f"SFTP: {_kind(kind)} is no reply")


def _names(scan: Scanner) -> Names:
    count = scan.u32()
    if count > _MOST_NAMES or count * 12 > scan.left:
        raise ProtocolError(f"SFTP: NAME: {count:,} names in {scan.left:,} bytes")
    return Names(tuple(
        Name(scan.string(), scan.string(), attributes.unpack(scan)) for _ in range(count)))


# -- the server's side -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server reads it.

    Args:
        kind: its packet's type.
        id: its number; of INIT, the version.
        scan: what follows.
    """

    kind: int
    id: int
    scan: Scanner


class ServerWire(Framed):
    """The server's side: requests in; the bytes of replies are made by `Answers`.

    Example:
        >>> wire = ServerWire()
        >>> wire.feed(SFTPWire().send(Request(packets.STAT, string(b"/a"))))
        >>> asked = wire.next_event()
        >>> asked.kind == packets.STAT, asked.scan.string()
        (True, b'/a')
    """

    def next_event(self) -> Asked | None:
        """The next request, or None when more bytes are needed.

        Raises:
            ProtocolError: it is none.
        """
        packet = self._packet()
        if packet is None:
            return None
        kind = packet[0]
        if kind not in (packets.INIT, packets.EXTENDED) and not (
                packets.OPEN <= kind <= packets.SYMLINK):
            raise ProtocolError(f"SFTP: {_kind(kind)} is no request")
        scan = Scanner(packet[1:], _kind(kind))
        return Asked(kind, scan.u32(), scan)


class Answers:
    """The bytes of replies, each for the request of a number."""

    @staticmethod
    def version(number: int, extensions: Mapping[bytes, bytes]) -> bytes:
        """VERSION."""
        body = b"".join(string(name) + string(data) for name, data in extensions.items())
        return string(bytes([packets.VERSION]) + u32(number) + body)

    @staticmethod
    def status(number: int, code: int, text: bytes = b"") -> bytes:
        """STATUS."""
        return Answers._made(packets.STATUS, number, u32(code) + string(text) + string(b""))

    @staticmethod
    def handle(number: int, handle: bytes) -> bytes:
        """HANDLE."""
        return Answers._made(packets.HANDLE, number, string(handle))

    @staticmethod
    def data(number: int, data: bytes) -> bytes:
        """DATA."""
        return Answers._made(packets.DATA, number, string(data))

    @staticmethod
    def names(number: int, names: list[Name]) -> bytes:
        """NAME."""
        body = b"".join(string(one.name) + string(one.longname) + attributes.pack(one.attributes)
                        for one in names)
        return Answers._made(packets.NAME, number, u32(len(names)) + body)

    @staticmethod
    def attrs(number: int, found: Attributes) -> bytes:
        """ATTRS."""
        return Answers._made(packets.ATTRS, number, attributes.pack(found))

    @staticmethod
    def extended(number: int, data: bytes) -> bytes:
        """EXTENDED_REPLY."""
        return Answers._made(packets.EXTENDED_REPLY, number, data)

    @staticmethod
    def _made(kind: int, number: int, body: bytes) -> bytes:
        return string(bytes([kind]) + u32(number) + body)
