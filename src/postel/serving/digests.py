"""Digests of served files, chunk by chunk.

Service code.
"""

from __future__ import annotations

import zlib
from hashlib import new as new_hash
from typing import BinaryIO

__all__ = ["DIGESTS", "digest_of"]

DIGESTS = ("SHA-512", "SHA-256", "SHA-1", "MD5", "CRC32")
"""The names that `digest_of` knows."""

_CHUNK = 1 << 20


def digest_of(file: BinaryIO, name: str, count: int) -> str:
    """The digest *name* of up to *count* bytes from where *file* stands.

    Example:
        >>> import io
        >>> digest_of(io.BytesIO(b"123456789"), "CRC32", 9)
        'cbf43926'
    """
    checksum = 0
    found = None if name == "CRC32" else new_hash(name.replace("-", ""), usedforsecurity=False)
    while count > 0 and (data := file.read(min(_CHUNK, count))):
        count -= len(data)
        if found is None:
            checksum = zlib.crc32(data, checksum)
        else:
            found.update(data)
    return f"{checksum:08x}" if found is None else found.hexdigest()
