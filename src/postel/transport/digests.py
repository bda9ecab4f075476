"""Digests of local files, by the names that protocols use."""

from __future__ import annotations

import hashlib
import zlib
from typing import BinaryIO

__all__ = ["HASHES", "digest_of"]

HASHES = {"SHA-512": "sha512", "SHA-256": "sha256", "SHA-1": "sha1", "MD5": "md5",
          "CRC32": "crc32"}
"""From the registered names to those of `hashlib`."""


def digest_of(file: BinaryIO, algorithm: str) -> str:
    """The digest of a whole file in hex; *file* is read from its beginning.

    Example:
        >>> import io
        >>> digest_of(io.BytesIO(b"abc"), "CRC32")
        '352441c2'
    """
    file.seek(0)
    if algorithm == "CRC32":
        value = 0
        while data := file.read(1 << 20):
            value = zlib.crc32(data, value)
        return f"{value:08x}"
    hasher = hashlib.new(HASHES[algorithm], usedforsecurity=False)
    while data := file.read(1 << 20):
        hasher.update(data)
    return hasher.hexdigest()
