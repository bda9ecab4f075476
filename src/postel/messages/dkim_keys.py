"""Keys of DKIM: the record that publishes one, and what signs and verifies (RFC 6376 3.6, 8463).

Grammar; the arithmetic is that of the package cryptography (extra ``mailauth``), loaded on use.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ..errors import ProtocolError, UsageError
from ..secrets import Secret
from .questions import Asking, Question
from .tags import decode, parse_tags

__all__ = ["Key", "NoKey", "fetch_key", "load_private", "parse_key", "record_of"]

_MOST_RECORDS = 10


@dataclass(frozen=True, slots=True)
class Key:
    """A public key as a domain publishes it.

    Args:
        algorithm: ``"rsa"`` or ``"ed25519"``.
        data: the key's bytes; none: it was revoked.
        services: whom it is for: ``"*"``, ``"email"``.
        hashes: those it may be used with; none means any.
        testing: ``t=y``: the domain only tries DKIM out.
        strict: ``t=s``: the identity must be of the domain itself, and not of one below it.
    """

    algorithm: str
    data: bytes
    services: tuple[str, ...] = ("*",)
    hashes: tuple[str, ...] = ()
    testing: bool = False
    strict: bool = False

    @property
    def bits(self) -> int:
        """Its length; 0 where it cannot be read."""
        return 256 if self.algorithm == "ed25519" else getattr(self._rsa(), "key_size", 0)

    def _rsa(self) -> Any:
        return _load_public(self.data)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether *signature* is of *data*.

        Args:
            signature: as decoded from ``b=``.
            data: the canonical header fields.

        Raises:
            ProtocolError: the key itself cannot be read.
            UsageError: cryptography is not installed.
        """
        crypto = _crypto()
        try:
            if self.algorithm == "ed25519":
                digest = hashlib.sha256(data).digest()
                crypto.ed25519.Ed25519PublicKey.from_public_bytes(self.data).verify(
                    signature, digest)
            else:
                key = self._rsa()
                if key is None:
                    raise ProtocolError("its key is no RSA key")
                key.verify(signature, data, crypto.padding.PKCS1v15(), crypto.hashes.SHA256())
        except crypto.InvalidSignature:
            return False
        except ValueError as error:
            raise ProtocolError(f"its key cannot be used: {error}") from None
        return True


def parse_key(text: str) -> Key:
    """The key that a TXT record publishes (RFC 6376 section 3.6.1).

    Raises:
        ProtocolError: it is no such record.

    Example:
        >>> key = parse_key("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        >>> key.algorithm, key.bits
        ('ed25519', 256)
    """
    tags = parse_tags(text)
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise ProtocolError("its v= is not DKIM1, or not the first")
    if "p" not in tags:
        raise ProtocolError("it has no p=")
    flags = _words(tags.get("t", ""))
    return Key(tags.get("k", "rsa").lower(), decode(tags["p"], "p"),
               _words(tags.get("s", "*")) or ("*",), _words(tags.get("h", "")),
               "y" in flags, "s" in flags)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(":") if (word := part.strip(" \t\r\n").lower()))


class NoKey(Exception):
    """There is no usable key; `temporary` when asking again may find one."""

    def __init__(self, reason: str, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


def fetch_key(selector: str, domain: str) -> Asking[Key]:
    """Ask for the key of *selector* at *domain*.

    Args:
        selector: from ``s=``.
        domain: from ``d=``.

    Raises:
        NoKey: there is none, or it is not usable.
    """
    name = f"{selector}._domainkey.{domain}"
    found = yield Question(name, "TXT")
    if found.failed:
        raise NoKey(f"its key could not be asked for: {found.failed}", temporary=True)
    reason = f"no key is published at {name}"
    for text in found.texts[:_MOST_RECORDS]:
        try:
            key = parse_key(text)
        except ProtocolError as error:
            reason = f"the record of its key, {name}, is broken: {error}"
            continue
        if not key.data:
            raise NoKey(f"its key, {name}, was revoked")
        return key
    raise NoKey(reason)


def load_private(key: str | bytes | Secret | Any) -> Any:
    """A private key, RSA or Ed25519, as an object of cryptography.

    Args:
        key: in PEM; or the 32 bytes of an Ed25519 key in base64, as some tools write them; or an
            object of cryptography.

    Raises:
        UsageError: it is none, or too short for anybody to accept it.
    """
    crypto = _crypto()
    if isinstance(key, Secret):
        key = key.reveal()
    if isinstance(key, str):
        key = key.encode()
    if isinstance(key, bytes):
        key = _read_private(key, crypto)
    if isinstance(key, crypto.rsa.RSAPrivateKey):
        if key.key_size < 1024:
            raise UsageError(f"DKIM key of {key.key_size} bits: nobody accepts it",
                             hint="take 2048 bits (RFC 8301)")
    elif not isinstance(key, crypto.ed25519.Ed25519PrivateKey):
        raise UsageError("DKIM key: it is neither RSA nor Ed25519")
    return key


def _read_private(data: bytes, crypto: Any) -> Any:
    try:
        if b"-----BEGIN" in data:
            return crypto.load_pem_private_key(data, None)
        return crypto.ed25519.Ed25519PrivateKey.from_private_bytes(
            decode(data.decode("ascii", "replace"), "key"))
    except (ValueError, TypeError, ProtocolError, crypto.UnsupportedAlgorithm):
        raise UsageError("DKIM key: it cannot be read",
                         hint="a file in PEM, without a pass phrase") from None


def record_of(key: Any) -> str:
    """The TXT record to publish for a private key, at ``SELECTOR._domainkey.DOMAIN``.

    Args:
        key: as for `load_private`.

    Example:
        >>> record_of("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
        'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
    """
    import base64

    crypto = _crypto()
    public = load_private(key).public_key()
    if isinstance(public, crypto.ed25519.Ed25519PublicKey):
        kind, data = "ed25519", public.public_bytes_raw()
    else:
        kind, data = "rsa", public.public_bytes(
            crypto.serialization.Encoding.DER,
            crypto.serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(data).decode()}"


def _load_public(data: bytes) -> Any:
    crypto = _crypto()
    try:
        key = crypto.load_der_public_key(data)
    except (ValueError, crypto.UnsupportedAlgorithm):
        return None
    return key if isinstance(key, crypto.rsa.RSAPublicKey) else None


class _Crypto:
    """What is used of cryptography, under short names."""

    def __init__(self) -> None:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

        self.InvalidSignature, self.UnsupportedAlgorithm = InvalidSignature, UnsupportedAlgorithm
        self.hashes, self.serialization = hashes, serialization
        self.ed25519, self.padding, self.rsa = ed25519, padding, rsa
        self.load_pem_private_key = serialization.load_pem_private_key
        self.load_der_public_key = serialization.load_der_public_key


_loaded: list[_Crypto] = []


def _crypto() -> _Crypto:
    if not _loaded:
        try:
            _loaded.append(_Crypto())
        except ImportError:
            raise UsageError("signatures need cryptography",
                             hint="pip install 'postel[mailauth]'") from None
    return _loaded[0]
