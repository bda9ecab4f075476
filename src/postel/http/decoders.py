"""Content codings taken off, never more at once than asked for (RFC 9110 section 8.4). Pure.

A megabyte of gzip may hold a gigabyte of zeros. So a `Decoder` hands out chunks of bounded size,
however small the input, counts what went in and what came out, and stops where the proportion is
no document's any more, or the caller's limit is reached. Who does not read, pays nothing.

gzip and deflate come with Python (deflate with or without zlib's frame, as servers differ), br
and zstd with the extra ``http2``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from ..errors import Incomplete, LimitReached, NotSupported, ProtocolError

__all__ = ["CHUNK", "LARGEST_RATIO", "RATIO_FROM", "Decoder", "accepted", "codings"]

CHUNK = 262_144
"""Bytes of one chunk that comes out, at most."""

LARGEST_RATIO = 200
"""What comes out may be so many times what went in …"""

RATIO_FROM = 16 << 20
"""… once it is more than this many bytes."""

_MOST_CODINGS = 4
_GZIP, _ANY, _RAW = 31, 47, -15


class _Coding(Protocol):
    """One coding: bytes in, at most so many out."""

    finished: bool

    def take(self, data: bytes, limit: int) -> bytes:
        """Decode *data* after what is left of the last call; at most *limit* bytes."""

    @property
    def waiting(self) -> bool:
        """Whether more would come without further input."""


class _Zlib:
    """gzip of any number of members, or deflate in either dress."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._engine = zlib.decompressobj(bits)
        self._rest = b""
        self._begun = False
        self.finished = False

    @property
    def waiting(self) -> bool:
        return bool(self._rest) and not self.finished

    def take(self, data: bytes, limit: int) -> bytes:
        data = self._rest + data if self._rest else data
        if self.finished or not data:
            self._rest = b""
            return b""
        if not self._begun and self._bits == _ANY and not _has_zlib_header(data):
            self._engine = zlib.decompressobj(_RAW)  # "deflate" as some servers took the name
        self._begun = True
        out = self._engine.decompress(data, limit)
        self._rest = self._engine.unconsumed_tail
        if self._engine.eof:
            self._next_member()
        return out

    def _next_member(self) -> None:
        rest = self._engine.unused_data
        self.finished = self._bits != _GZIP or not rest.startswith(b"\x1f")
        if not self.finished:
            self._engine, self._rest = zlib.decompressobj(self._bits), rest
        elif self._bits == _GZIP and not rest:
            self.finished, self._begun = True, True


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950 section 2.2: method 8, and a check that is a multiple of 31."""
    return data[0] & 15 == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._engine: Any = brotli.Decompressor()
        self.finished = False

    @property
    def waiting(self) -> bool:
        return not self.finished and not self._engine.can_accept_more_data()

    def take(self, data: bytes, limit: int) -> bytes:
        if self.finished:
            return b""
        out = self._engine.process(data, output_buffer_limit=limit)
        self.finished = self._engine.is_finished()
        return bytes(out)


class _Zstd:
    """Frames one after another (RFC 8878 section 3.1)."""

    def __init__(self) -> None:
        self._engine = self._fresh()
        self._rest = b""
        self._partial = False
        self.finished = True  # between frames it may end

    @staticmethod
    def _fresh() -> Any:
        try:
            zstd = import_module("compression.zstd")
        except ImportError:
            zstd = import_module("backports.zstd")
        return zstd.ZstdDecompressor()

    @property
    def waiting(self) -> bool:
        return bool(self._rest) or (not self.finished and not self._engine.needs_input)

    def take(self, data: bytes, limit: int) -> bytes:
        data, self._rest = self._rest + data, b""
        if self._engine.eof:
            if not data:
                return b""
            self._engine = self._fresh()
        out: bytes = self._engine.decompress(data, limit)
        self.finished = self._engine.eof
        if self._engine.eof:
            self._rest = self._engine.unused_data
        return out


_MAKERS: dict[str, Callable[[], _Coding]] = {
    "gzip": lambda: _Zlib(_GZIP), "x-gzip": lambda: _Zlib(_GZIP), "deflate": lambda: _Zlib(_ANY),
    "br": _Brotli, "zstd": _Zstd,
}
_NEEDS = {"br": ("brotli",), "zstd": ("compression.zstd", "backports.zstd")}


def _has(coding: str) -> bool:
    def there(module: str) -> bool:
        try:
            return find_spec(module) is not None
        except ModuleNotFoundError:
            return False

    return coding not in _NEEDS or any(map(there, _NEEDS[coding]))


_accepted: list[str] = []


def accepted() -> str:
    """The codings to offer in Accept-Encoding: those that this installation can take off.

    Example:
        >>> accepted().startswith("gzip, deflate")
        True
    """
    if not _accepted:
        _accepted.append(", ".join(one for one in ("gzip", "deflate", "br", "zstd") if _has(one)))
    return _accepted[0]


def codings(text: str) -> list[str]:
    """The codings of a Content-Encoding, in the order in which they were put on.

    Example:
        >>> codings("GZIP, identity, br")
        ['gzip', 'br']
    """
    words = (word.strip().lower() for word in text.split(","))
    return [word for word in words if word and word not in ("identity", "none")]  # servers say it


class Decoder:
    """Takes the codings of one body off.

    Args:
        encoding: the Content-Encoding field.
        largest: bytes that may come out; None for no limit but the ratio's.
        what: method and URL, for errors.

    Raises:
        NotSupported: a coding that nobody here knows.

    Example:
        >>> decoder = Decoder("deflate", largest=None, what="GET /")
        >>> list(decoder.feed(zlib.compress(b"hello"))), decoder.finish()
        ([b'hello'], None)
    """

    def __init__(self, encoding: str, *, largest: int | None, what: str) -> None:
        names = codings(encoding)
        unknown = [name for name in names if name not in _MAKERS or not _has(name)]
        if unknown or len(names) > _MOST_CODINGS:
            raise NotSupported(
                f"{what}: the body is coded as {', '.join(names)[:80]!r}",
                hint="pip install 'postel[http2]' brings br and zstd; or read iter_raw()")
        self._codings: list[_Coding] = [_MAKERS[name]() for name in reversed(names)]
        self._largest, self._what = largest, what
        self.taken = self.given = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What *data* holds, in chunks of at most `CHUNK` bytes.

        Raises:
            ProtocolError: it is not coded as announced.
            LimitReached: more came out than is allowed, or than any document holds.
        """
        self.taken += len(data)
        for out in self._through(0, data):
            self.given += len(out)
            self._check()
            yield out

    def _through(self, level: int, data: bytes) -> Iterator[bytes]:
        if level == len(self._codings):
            for at in range(0, len(data), CHUNK):  # brotli takes a limit for a hint
                yield data[at:at + CHUNK] if len(data) > CHUNK else data
            return
        coding = self._codings[level]
        while True:
            try:
                out = coding.take(data, CHUNK)
            except Exception as error:  # zlib.error, brotli.error, ZstdError: libraries differ
                raise ProtocolError(
                    f"{self._what}: the body is not coded as Content-Encoding says: {error}",
                    hint="iter_raw() gives it as it came") from None
            if out:
                yield from self._through(level + 1, out)
            data = b""
            if not coding.waiting or (not out and coding.finished):
                return

    def _check(self) -> None:
        if self._largest is not None and self.given > self._largest:
            raise LimitReached(f"{self._what}: the body is longer than {self._largest:,} bytes",
                               hint="stream it, or raise largest=")
        if self.given > RATIO_FROM and self.given > LARGEST_RATIO * self.taken:
            raise LimitReached(
                f"{self._what}: {self.taken:,} bytes of body hold over {self.given:,}: "
                "a decompression bomb", hint="iter_raw() gives it as it came")

    def finish(self) -> None:
        """The body has ended.

        Raises:
            Incomplete: within a coding.
        """
        if self.taken and not all(coding.finished for coding in self._codings):
            raise Incomplete(f"{self._what}: the coded body ends too early",
                             hint="the server or something between cut it off")
