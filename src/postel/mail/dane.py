"""DANE for SMTP: certificates that the DNS vouches for (RFC 7672, 6698, 7671).

Grammar: whether the chain that a server sent is one that its TLSA records mean. Only records that
DNSSEC proved may come here. The arithmetic is that of cryptography (extra ``mailauth``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ..dns.types import TLSA
from ..errors import ProtocolError, UsageError

__all__ = ["SUGGESTED", "matches", "public_key_of", "record_for", "usable", "verify"]

SUGGESTED = "3 1 1"
"""What to publish: DANE-EE, the key, SHA-256 (RFC 7672 section 3.1); it outlives renewals."""

_DEEPEST = 10
_HASHES = {1: hashlib.sha256, 2: hashlib.sha512}


def usable(records: Iterable[TLSA]) -> tuple[TLSA, ...]:
    """Those that mean something for SMTP: DANE-TA and DANE-EE that we can compute (section 3.1).

    Example:
        >>> [str(one) for one in usable([TLSA(3, 1, 1, bytes(32)), TLSA(1, 1, 1, bytes(32))])]
        ['3 1 1 0000000000000000000000000000000000000000000000000000000000000000']
    """
    lengths = {1: 32, 2: 64}
    return tuple(
        one for one in records if one.usage in (2, 3) and one.selector in (0, 1)
        and one.matching in (0, 1, 2)
        and len(one.data) == lengths.get(one.matching, len(one.data)) and one.data)


def record_for(certificate: bytes) -> str:
    """The record to publish for a server with this certificate, in the words of zone files.

    Args:
        certificate: in DER.
    """
    return f"{SUGGESTED} {hashlib.sha256(public_key_of(certificate)).hexdigest()}"


def public_key_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate.

    Args:
        certificate: in DER.

    Raises:
        ProtocolError: it is none.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return bytes(_parsed(certificate).public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def matches(record: TLSA, certificate: bytes) -> bool:
    """Whether *record* means this certificate.

    Args:
        record: a TLSA record.
        certificate: in DER.
    """
    try:
        data = certificate if record.selector == 0 else public_key_of(certificate)
    except ProtocolError:
        return False
    make = _HASHES.get(record.matching)
    return (make(data).digest() if make else data) == record.data


def verify(
    chain: Sequence[bytes], records: Iterable[TLSA], names: Iterable[str], now: datetime
) -> str:
    """Why the chain is not one that the records mean; "" where it is.

    Args:
        chain: certificates in DER as the server sent them, its own first.
        records: of the server, `usable` ones.
        names: those the certificate may be for, where an authority vouches (DANE-TA).
        now: the time, with its zone.
    """
    records, names = tuple(records), tuple(names)
    if not chain:
        return "the server sent no certificate"
    if any(one.usage == 3 and matches(one, chain[0]) for one in records):
        return ""  # neither its name nor its dates matter (RFC 7672 section 3.1.1)
    reason = "the server's certificate is none of those that its TLSA records name"
    for one in records:
        if one.usage == 2:
            try:
                if not (reason := _anchored(chain, one, names, now)):
                    return ""
            except ProtocolError as error:
                reason = str(error)
    return reason


def _anchored(chain: Sequence[bytes], record: TLSA, names: tuple[str, ...], now: datetime) -> str:
    """Why no way leads from the server's certificate to the record's authority (DANE-TA)."""
    parsed = [_parsed(one) for one in chain[:_DEEPEST]]
    anchors = [one for one, raw in zip(parsed[1:], chain[1:], strict=False) if matches(record, raw)]
    if record.matching == 0 and record.selector == 0:
        anchors.append(_parsed(record.data))  # a whole certificate, which need not be sent
    if not anchors:
        return "no certificate that the server sent is the authority in its TLSA record"
    leaf = parsed[0]
    if not _is_for(leaf, names):
        return f"the certificate is not for {' or '.join(names)}"
    current, path = leaf, [leaf]
    for _ in range(_DEEPEST):
        issuer = next((one for one in [*anchors, *parsed[1:]]
                       if one not in path and _issued(current, one)), None)
        if issuer is None:
            return "the server's certificate does not lead to the authority in its TLSA record"
        path.append(issuer)
        if issuer in anchors:
            break
        current = issuer
    if any(not one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in path):
        return "a certificate of the chain is not valid today"
    return ""


def _issued(one: Any, issuer: Any) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        one.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
        return bool(constraints.value.ca)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False


def _is_for(leaf: Any, names: tuple[str, ...]) -> bool:
    from cryptography import x509

    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        own = [name.lower() for name in found.value.get_values_for_type(x509.DNSName)]
    except (ValueError, x509.ExtensionNotFound):
        own = []
    return any(name.lower() in own or f"*.{name.lower().partition('.')[2]}" in own
               for name in names)


def _parsed(certificate: bytes) -> Any:
    try:
        from cryptography import x509
    except ImportError:
        raise UsageError("DANE needs cryptography", hint="pip install 'postel[mailauth]'") from None
    try:
        return x509.load_der_x509_certificate(certificate)
    except ValueError:
        raise ProtocolError("a certificate that cannot be read") from None
