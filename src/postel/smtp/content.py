"""A message on its way out: its size, what it needs of the server, its bytes fit for the wire.

Grammar: pure. A message's lines end in CRLF and nothing else does (RFC 5321 section 2.3.8): every
bare CR and bare LF becomes CRLF, so that no two servers can disagree about where it ends
("smuggling", 2023); dots are doubled after CRLF only. Binary messages (RFC 3030) are sent as they
are, counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol, runtime_checkable

from ..wire.dots import stuffed

__all__ = ["Burl", "Content", "Opens", "Outgoing", "Plain", "Stuffing", "content_of", "with_crlf"]

_BARE = re.compile(rb"\r\n|\r|\n")
_BINARY = re.compile(rb"^content-transfer-encoding:[ \t]*binary\b", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


@runtime_checkable
class Opens(Protocol):
    """A piece of a message that is opened when it is sent: a file on disk."""

    def open(self) -> BinaryIO:
        """Open it for reading."""


@runtime_checkable
class Outgoing(Protocol):
    """What composers hand over: pieces in order, and what they need of the server."""

    @property
    def size(self) -> int:
        """Of the whole message, in bytes."""

    @property
    def needs_utf8(self) -> bool:
        """Whether a header holds UTF-8 as it is (RFC 6532)."""

    @property
    def needs_8bit(self) -> bool:
        """Whether a body holds bytes above 127."""

    def chunks(self) -> Iterator[bytes | Opens]:
        """The bytes, in order."""


@dataclass(frozen=True, slots=True)
class Burl:
    """A message that lies on an IMAP server, and that the mail server fetches (RFC 4468).

    Args:
        url: with its URLAUTH token (RFC 4467).
    """

    url: str


@dataclass(frozen=True)
class Content:
    """A message as the sender sees it.

    Args:
        chunks: the bytes, or what opens as bytes.
        size: in bytes, CRLF counted.
        eight_bit: whether it holds bytes above 127.
        utf8: whether its headers do.
        binary: whether it may hold anything, in lines of any length.
        clean: whether its lines are known to end in CRLF only.
        source: the composer's message, which may be able to make it 7-bit.
        remote: where the server fetches it, instead of all that.
    """

    chunks: Iterable[bytes | Opens]
    size: int
    eight_bit: bool = False
    utf8: bool = False
    binary: bool = False
    clean: bool = False
    source: object = None
    remote: str = ""

    @property
    def whole(self) -> bytes | None:
        """The bytes, where they are in memory."""
        if self.remote:
            return None
        if isinstance(self.chunks, tuple) and all(isinstance(c, bytes) for c in self.chunks):
            return b"".join(self.chunks)
        return None

    def seven_bit(self) -> Content | None:
        """The same without bytes above 127, if the composer can do that."""
        convert = getattr(self.source, "seven_bit", None)
        return content_of(convert()) if convert is not None else None

    def lines(self) -> Content:
        """With CRLF at the end of each line, as far as the bytes are in memory."""
        whole = None if self.binary or self.clean else self.whole
        if whole is None:
            return self
        data = with_crlf(whole)
        return replace(self, chunks=(data,), size=len(data), clean=True)


def content_of(message: bytes | Outgoing | Burl) -> Content:
    r"""What is to be sent, and what it needs.

    Example:
        >>> found = content_of("Subject: x\n\nGrüße\n".encode())
        >>> found.eight_bit, found.utf8, found.size
        (True, False, 23)
    """
    if isinstance(message, Burl):
        return Content((), 0, remote=message.url)
    if not isinstance(message, bytes | bytearray | memoryview):
        return _composed(message)
    data = bytes(message)
    eight_bit = not data.isascii()
    if (b"\0" in data or eight_bit) and _BINARY.search(data):
        return Content((data,), len(data), eight_bit, _utf8_header(data), binary=True)
    whole = Content((data,), len(data), eight_bit, eight_bit and _utf8_header(data))
    return whole.lines()


def _composed(message: Outgoing) -> Content:
    binary = bool(getattr(message, "needs_binary", False))
    pieces = list(message.chunks())
    if all(isinstance(piece, bytes) for piece in pieces):
        found = Content((b"".join(pieces),), message.size,  # type: ignore[arg-type]
                        message.needs_8bit, message.needs_utf8, binary, source=message)
        return found.lines()
    return Content(pieces, message.size, message.needs_8bit, message.needs_utf8, binary,
                   source=message)


def _utf8_header(data: bytes) -> bool:
    found = _HEADER_END.search(data)
    return not data[: found.start() if found else len(data)].isascii()


def with_crlf(data: bytes) -> bytes:
    r"""*data* with every bare CR and LF made CRLF.

    Example:
        >>> with_crlf(b"a\nb\r\nc\r")
        b'a\r\nb\r\nc\r\n'
    """
    pairs = data.count(b"\r\n")
    if data.count(b"\r") == pairs == data.count(b"\n"):
        return data
    return _BARE.sub(b"\r\n", data)


class Plain:
    r"""Pieces of a message made fit for BDAT: bare CR and LF become CRLF, across pieces too.

    Example:
        >>> plain = Plain()
        >>> plain.feed(b"a\r"), plain.feed(b"\nb\n"), plain.end()
        (b'a', b'\r\nb\r\n', b'')
    """

    def __init__(self) -> None:
        self._cr = False

    def feed(self, data: bytes) -> bytes:
        """What is certain of *data*."""
        if self._cr:
            data = b"\r" + data
        self._cr = data.endswith(b"\r")
        return with_crlf(data[:-1] if self._cr else data)

    def end(self) -> bytes:
        """What was held back."""
        held, self._cr = self._cr, False
        return b"\r\n" if held else b""


class Stuffing:
    r"""Pieces of a message made fit for DATA: lines as `Plain` has them, dots doubled.

    Example:
        >>> stuffing = Stuffing()
        >>> stuffing.feed(b".a\r\n"), stuffing.feed(b".b"), stuffing.end()
        (b'..a\r\n', b'..b', b'\r\n.\r\n')
    """

    def __init__(self) -> None:
        self._plain = Plain()
        self._tail = b"\r\n"  # the last bytes that went out: whether a line begins

    def feed(self, data: bytes) -> bytes:
        """What is certain of *data*, dots doubled."""
        return self._doubled(self._plain.feed(data))

    def end(self) -> bytes:
        """The rest, and the lone dot."""
        rest = self._doubled(self._plain.end())
        return rest + (b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n")

    def _doubled(self, data: bytes) -> bytes:
        if not data:
            return data
        joined = self._tail + data
        self._tail = joined[-2:]
        if b"\r\n." not in joined:
            return data
        begun = len(joined) - len(data)
        return joined.replace(b"\r\n.", b"\r\n..")[begun:]


def whole_data(content: Content) -> bytes | None:
    """The message as DATA wants it, if it is in memory: stuffed, the lone dot at its end."""
    data = content.whole
    return None if data is None else stuffed(data if content.clean else with_crlf(data))
