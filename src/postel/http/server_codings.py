"""Content codings on the fly, and which one a client wants (RFC 9110 sections 8.4 and 12.5.3).

Service code.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import UsageError

__all__ = ["Encoder", "chosen", "encoder", "worth_it"]

_TEXTUAL = ("application/json", "application/javascript", "application/xml", "image/svg+xml")


class Encoder(Protocol):
    """Bytes in, fewer bytes out."""

    def compress(self, data: bytes, /) -> bytes:
        """What is ready after *data*."""

    def flush(self) -> bytes:
        """The rest."""


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._inner = brotli.Compressor(quality=4)

    def compress(self, data: bytes, /) -> bytes:
        return bytes(self._inner.process(data))

    def flush(self) -> bytes:
        return bytes(self._inner.finish())


def _zstd() -> Encoder:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from backports import zstd
    made: Encoder = zstd.ZstdCompressor()
    return made


_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: zlib.compressobj(6, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(6, zlib.DEFLATED, 15),  # RFC 9110 8.4.1.2: zlib format
    "br": _Brotli,
    "zstd": _zstd,
}


def encoder(coding: str) -> Encoder:
    """A fresh encoder.

    Raises:
        UsageError: its module is not installed.
    """
    try:
        return _ENCODERS[coding]()
    except ImportError:
        raise UsageError(f"the coding {coding} is not installed",
                         hint="pip install 'postel[http2]'") from None


def chosen(accepted: str, offered: Sequence[str]) -> str | None:
    """The first coding of *offered* that the client takes, None for none.

    Example:
        >>> chosen("gzip;q=0.5, br;q=0", ["br", "gzip"]), chosen("*", ["br"]), chosen("", ["br"])
        ('gzip', 'br', None)
    """
    weights = {}
    for item in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        try:
            weights[name] = float(quality)
        except ValueError:
            weights[name] = 0.0
    found = [(weights.get(name, weights.get("*", 0.0)), -place, name)
             for place, name in enumerate(offered)]
    best = max(found, default=(0.0, 0, ""))
    return best[2] if best[0] > 0 else None


def worth_it(kind: str) -> bool:
    """Whether files of this type become smaller."""
    return kind.startswith("text/") or kind.split(";")[0] in _TEXTUAL
