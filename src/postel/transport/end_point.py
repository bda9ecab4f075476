"""The channel binding of a server's certificate: ``tls-server-end-point`` (RFC 5929). Pure.

It is a digest of the certificate by the hash of its own signature, but never MD5 or SHA-1. Python
has no way to ask for a TLS exporter (RFC 9266), so this is the binding there is with TLS 1.3.
"""

from __future__ import annotations

import hashlib

__all__ = ["end_point"]

_RSA = bytes.fromhex("2a864886f70d0101")  # 1.2.840.113549.1.1
_ECDSA = bytes.fromhex("2a8648ce3d04")  # 1.2.840.10045.4
_HASHES = {
    _RSA + b"\x04": "sha256", _RSA + b"\x05": "sha256", _RSA + b"\x0b": "sha256",
    _RSA + b"\x0c": "sha384", _RSA + b"\x0d": "sha512", _RSA + b"\x0e": "sha224",
    _ECDSA + b"\x01": "sha256", _ECDSA + b"\x03\x01": "sha224", _ECDSA + b"\x03\x02": "sha256",
    _ECDSA + b"\x03\x03": "sha384", _ECDSA + b"\x03\x04": "sha512",
}
"""By the signature's object identifier; MD5 and SHA-1 are replaced by SHA-256."""


def end_point(der: bytes) -> bytes | None:
    """The binding's data, or None where the signature's hash is not known (RSA-PSS, Ed25519).

    Args:
        der: the server's certificate.

    Example:
        >>> end_point(b"no certificate") is None
        True
    """
    try:
        start, _ = _inside(der, 0, 0x30)
        _, after = _inside(der, start, 0x30)  # what is signed
        start, _ = _inside(der, after, 0x30)  # how
        start, end = _inside(der, start, 0x06)
    except (IndexError, ValueError):
        return None
    name = _HASHES.get(der[start:end])
    return hashlib.new(name, der).digest() if name else None


def _inside(der: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at *at* begins and ends."""
    if der[at] != tag:
        raise ValueError(f"tag {der[at]} where {tag} was due")
    length, start = der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
    if start + length > len(der):
        raise ValueError("cut short")
    return start, start + length
