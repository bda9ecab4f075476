"""TLS contexts whose peers are judged by somebody else than OpenSSL. Transport.

OpenSSL's own DANE has no face in Python. Here the handshake is let through without a judgement of
OpenSSL's, and before a byte is sent over it, the chain that the server sent goes to a function.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ..dns.types import TLSA
from ..transport.names import Resolver, literal
from .dane import usable, verify

__all__ = ["DANEContext", "JudgedContext", "chain_of", "resolver_to"]

Judge = Callable[[list[bytes]], str]


def chain_of(sock: ssl.SSLSocket) -> list[bytes]:
    """The certificates that the peer sent, in DER, its own first."""
    if sys.version_info >= (3, 13):
        return [bytes(one) for one in sock.get_unverified_chain()]
    inner: Any = getattr(sock, "_sslobj", None)  # public since 3.13, the same since 3.10
    found = inner.get_unverified_chain() if inner is not None else None
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in found or ()]


def resolver_to(addresses: Iterable[str]) -> Resolver:
    """A resolver that leads every name to these addresses: they were looked up before."""
    kept = tuple(addresses)
    return lambda host, port: [found for text in kept
                               if (found := literal(text, port)) is not None]


class _JudgedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        context = self.context
        if isinstance(context, JudgedContext) and (reason := context.judge(chain_of(self))):
            error = ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] {reason}")
            error.verify_code, error.verify_message = 1, reason
            raise error


class JudgedContext(ssl.SSLContext):
    """A client's context; a function is told the chain and says what is wrong with it, or "".

    Args:
        judge: the function.
        verify: whether OpenSSL judges first.
        ca: file of the authorities that it trusts then; None: those of the system.
    """

    judge: Judge

    def __new__(cls, *args: Any, **kwargs: Any) -> JudgedContext:
        """A context for a client."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, judge: Judge, *, verify: bool = False, ca: str | None = None) -> None:
        self.sslsocket_class = _JudgedSocket
        self.judge = judge
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        if not verify:
            self.check_hostname = False
            self.verify_mode = ssl.CERT_NONE
        elif ca is not None:
            self.load_verify_locations(ca)
        else:
            self.load_default_certs()


class DANEContext(JudgedContext):
    """A context for a server with TLSA records that DNSSEC proved.

    Args:
        records: of the server.
        names: those that its certificate may be for.
        today: the time, with its zone.
    """

    def __init__(
        self, records: tuple[TLSA, ...], names: tuple[str, ...], today: Callable[[], datetime]
    ) -> None:
        super().__init__(lambda chain: verify(chain, usable(records), names, today()))
