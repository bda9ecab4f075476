"""One place for TLS: contexts, pins, sessions, and the reasons why a handshake failed.

One context per client, kept and shared by its data channels: FTPS servers demand that a data
channel resumes the control channel's session, and OpenSSL resumes only within one context.

Trust: on Linux the system's store (or SSL_CERT_FILE, SSL_CERT_DIR) as OpenSSL reads it; on macOS
and Windows `truststore` where it is installed. An authority file, a pin or a client certificate
come by `TLSOptions`.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast

from ..errors import CertificateError, TLSError, UsageError
from ..secrets import Secret
from ..types import Certificate, Peer
from .end_point import end_point

__all__ = ["TLSOptions", "certificate_of", "check_pin", "context_for", "explain"]

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}

# OpenSSL's X509_V_ERR_* numbers, as ssl.SSLCertVerificationError.verify_code gives them
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_CHAIN = 9, 10, 18, 19
_NO_ISSUER_HERE, _NO_ISSUER, _WRONG_NAME, _WRONG_ADDRESS = 20, 21, 62, 64


@dataclass(frozen=True)
class TLSOptions:
    """How to trust a server, and how to prove oneself to it.

    Args:
        ca: file of the authorities to trust instead of the system's, in PEM.
        verify: False accepts any certificate: only for a peer that is known another way.
        pin: SHA-256 of the server's certificate in hexadecimal (colons allowed); it then stands
            in for an authority.
        certificate: file with the client's certificate (and its key, unless *key* names it).
        key: file with the client's key.
        key_password: for an encrypted key.
        minimum: the oldest TLS version to accept, ``"TLSv1.2"`` or ``"TLSv1.3"``.
        maximum: the newest to offer; for peers that fail with TLS 1.3.

    Example:
        >>> TLSOptions(minimum="TLSv1.3").verify
        True
    """

    ca: str | Path | None = None
    verify: bool = True
    pin: str | None = None
    certificate: str | Path | None = None
    key: str | Path | None = None
    key_password: Secret | None = None
    minimum: str = "TLSv1.2"
    maximum: str | None = None


def context_for(options: TLSOptions | ssl.SSLContext | None) -> ssl.SSLContext:
    """The context that *options* ask for; a context is taken as it is.

    Raises:
        UsageError: a file cannot be read, or a version is unknown.
    """
    if isinstance(options, ssl.SSLContext):
        return options
    return _context(options or TLSOptions())


def _context(options: TLSOptions) -> ssl.SSLContext:
    context = _system_context() if options.ca is None else _own_authority(str(options.ca))
    try:
        context.minimum_version = _VERSIONS[options.minimum]
        if options.maximum is not None:
            context.maximum_version = _VERSIONS[options.maximum]
    except KeyError as error:
        raise UsageError(
            f"TLS version {error.args[0]!r} is not known", hint=f"one of {', '.join(_VERSIONS)}"
        ) from None
    if not options.verify or options.pin is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.certificate is not None:
        _load_identity(context, options)
    return context


def _system_context() -> ssl.SSLContext:
    if sys.platform in ("darwin", "win32"):  # pragma: no cover - not on Linux
        try:
            import truststore
        except ImportError:
            return ssl.create_default_context()
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # type: ignore[no-any-return]
    return ssl.create_default_context()


def _own_authority(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"authority file {ca}: {error}", hint="it must be PEM") from None


def _load_identity(context: ssl.SSLContext, options: TLSOptions) -> None:
    password = options.key_password.reveal() if options.key_password else None
    key = None if options.key is None else str(options.key)
    try:
        context.load_cert_chain(str(options.certificate), key, password)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"client certificate {options.certificate}: {error}",
            hint="a PEM file with the certificate, and the key in it or beside it (key=…)",
        ) from None


@lru_cache(maxsize=64)
def _parsed(der: bytes, subject: str, issuer: str, names: tuple[str, ...],
            not_before: str, not_after: str) -> Certificate:
    def moment(text: str) -> datetime | None:
        if not text:
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)

    return Certificate(subject, issuer, names, moment(not_before), moment(not_after),
                       hashlib.sha256(der).hexdigest(), end_point(der))


def certificate_of(sock: ssl.SSLSocket | ssl.SSLObject) -> Certificate | None:
    """What the peer proved itself with; only the fingerprint where nothing was verified."""
    der = sock.getpeercert(binary_form=True)
    if der is None:
        return None
    told = sock.getpeercert() or {}
    pairs = cast("tuple[tuple[str, str], ...]", told.get("subjectAltName", ()))
    names = tuple(value for _, value in pairs)
    return _parsed(der, _common_name(told.get("subject")) or (names[0] if names else ""),
                   _common_name(told.get("issuer")), names,
                   str(told.get("notBefore", "")), str(told.get("notAfter", "")))


def _common_name(name: object) -> str:
    """The commonName (or organizationName) of an X.501 name as `getpeercert` gives it."""
    pairs = dict(pair for part in name for pair in part) if isinstance(name, tuple) else {}
    return str(pairs.get("commonName") or pairs.get("organizationName") or "")


def check_pin(peer: Peer, options: TLSOptions | ssl.SSLContext | None) -> None:
    """Raise unless *peer* proved itself with the pinned certificate, where one is pinned.

    Raises:
        CertificateError: it is another one.
    """
    if not isinstance(options, TLSOptions) or options.pin is None:
        return
    found = peer.certificate.fingerprint if peer.certificate else "none"
    if found != options.pin.replace(":", "").lower():
        raise CertificateError(
            f"TLS with {peer.host}:{peer.port}: the certificate is not the pinned one "
            f"(it is {found})",
            hint="if the server's certificate was renewed, pin the new fingerprint; "
            "otherwise someone is in between",
        )


def explain(error: Exception, where: str) -> TLSError:
    """Our error for what `ssl` raised while shaking hands or reading, with its likely cause.

    Args:
        error: what was caught.
        where: the host and port, for the message.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_certificate(error, where)
    reason = str(getattr(error, "reason", "") or error)
    for sign, what, hint in _REASONS:
        if sign in reason:
            return TLSError(f"TLS with {where}: {what}", hint=hint)
    return TLSError(f"TLS with {where}: {reason.replace('_', ' ').lower()}")


_REASONS = (
    ("WRONG_VERSION_NUMBER", "the server answered in clear text",
     "this port does not begin with TLS: use security=\"starttls\" or \"plain\" "
     "(--security starttls), or the TLS port"),
    ("HTTP_REQUEST", "the server answered in clear text", "this port does not speak TLS"),
    ("UNKNOWN_PROTOCOL", "the server answered in clear text", "this port does not speak TLS"),
    ("RECORD_LAYER_FAILURE", "the server answered in clear text", "this port does not speak TLS"),
    ("UNSUPPORTED_PROTOCOL", "the server offers only TLS versions that are too old",
     "ask its operator for TLS 1.2; nothing older is safe"),
    ("PROTOCOL_VERSION", "the two sides share no TLS version",
     "check minimum= and maximum= of TLSOptions against what the server offers"),
    ("HANDSHAKE_FAILURE", "the server refused the handshake",
     "no common cipher, or it wants a client certificate (--cert)"),
    ("CERTIFICATE_REQUIRED", "the server wants a client certificate",
     "give one: TLSOptions(certificate=…), --cert FILE"),
    ("BAD_CERTIFICATE", "the server rejected the client certificate",
     "is it signed by an authority that the server knows, and still valid?"),
    ("UNKNOWN_CA", "the server does not know the authority of the client certificate",
     "send the certificate that its operator signed"),
    ("ALERT_CERTIFICATE_EXPIRED", "the server says that the client certificate has expired",
     "renew it, and name the new file (--cert)"),
    ("ALERT_CERTIFICATE_REVOKED", "the server says that the client certificate is revoked",
     "ask its operator for a new one"),
    ("ALERT_CERTIFICATE_UNKNOWN", "the server rejected the client certificate",
     "its operator's log says why"),
    ("UNRECOGNIZED_NAME", "the server does not know that host name",
     "connect by the name that its certificate is for"),
    ("ACCESS_DENIED", "the server denies access to this client certificate",
     "ask its operator"),
    ("NO_SHARED_CIPHER", "the two sides share no cipher",
     "check the ciphers and keys of both sides"),
    ("DH_KEY_TOO_SMALL", "the server's key exchange is too weak",
     "ask its operator for larger Diffie-Hellman parameters, or for ECDHE"),
    ("KEY_TOO_SMALL", "the server's key is too weak",
     "ask its operator for a key of 2048 bits"),
    ("UNEXPECTED_EOF", "the server closed the connection during the handshake",
     "the port may not speak TLS, or its operator's limits refuse you"),
    ("EOF occurred", "the server closed the connection during the handshake",
     "the port may not speak TLS, or its operator's limits refuse you"),
)


def _explain_certificate(error: ssl.SSLCertVerificationError, where: str) -> CertificateError:
    today = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    insecure = "verify=False (--insecure) accepts it, and anyone who claims to be the server"
    what, hint = {
        _EXPIRED: ("its certificate has expired",
                   f"the server's operator must renew it; or this machine's clock is wrong: "
                   f"it says {today}"),
        _NOT_YET_VALID: ("its certificate is not valid yet",
                         f"this machine's clock is probably wrong: it says {today}"),
        _SELF_SIGNED: ("its certificate is self-signed",
                       f"pin it (pin=, --pin) if you know it; {insecure}"),
        _SELF_SIGNED_CHAIN: ("its certificate comes from an authority that is not trusted here",
                             "give that authority's file (ca=, --ca FILE) if you trust it"),
        _NO_ISSUER_HERE: ("its certificate comes from an unknown authority, or the server does "
                          "not send the intermediate certificate",
                          "give the authority's file (ca=, --ca FILE); if browsers accept the "
                          "server, its operator forgot the intermediate"),
        _NO_ISSUER: ("its certificate cannot be traced to an authority, the server does not "
                     "send the intermediate certificate",
                     "its operator must send the whole chain"),
        _WRONG_NAME: ("its certificate is for another name",
                      "connect by a name that the certificate holds "
                      f"({error.verify_message.rstrip('.')})"),
        _WRONG_ADDRESS: ("its certificate is for a name, not for this address",
                         "connect by the server's name instead of its address"),
    }.get(error.verify_code, (error.verify_message or "its certificate does not verify", insecure))
    return CertificateError(f"TLS with {where}: {what}", hint=hint, code=error.verify_code)
