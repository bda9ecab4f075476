"""The lab's authority, good certificates, and the bad ones that clients must refuse."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..errors import UsageError

__all__ = ["FLAWS", "Authority"]

FLAWS = ("expired", "not yet valid", "wrong name", "self-signed", "missing intermediate")
"""What can be wrong with a certificate of `Authority.flawed`."""


def _trustme() -> Any:
    try:
        import trustme
    except ImportError:
        raise UsageError(
            "the lab needs certificates, and trustme is not installed",
            hint="pip install 'postel[lab]'",
        ) from None
    return trustme


@dataclass
class Authority:
    """A certificate authority of one lab.

    Args:
        folder: where its files go.
        names: host names and addresses that its good certificate is for.
    """

    folder: Path
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        self._ca = _trustme().CA(organization_name="Postel lab", key_type=_ecdsa())
        self.file = self.folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))
        self._good = self.context(self._ca, self.names)

    def server(self) -> ssl.SSLContext:
        """A server's context with the good certificate."""
        return self._good

    def another(self) -> ssl.SSLContext:
        """One more such context, for those who change it."""
        return self.context(self._ca, self.names)

    def flawed(self, flaw: str) -> ssl.SSLContext:
        """A server's context with a certificate that has one of `FLAWS`.

        Raises:
            UsageError: there is no such flaw.
        """
        now = datetime.now(UTC)
        if flaw == "expired":
            return self.context(self._ca, self.names, not_after=now - timedelta(days=1))
        if flaw == "not yet valid":
            return self.context(self._ca, self.names, not_before=now + timedelta(days=1))
        if flaw == "wrong name":
            return self.context(self._ca, ("elsewhere.test",))
        if flaw == "self-signed":
            return self._self_signed()
        if flaw == "missing intermediate":
            return self._without_intermediate()
        raise UsageError(f"no such flaw: {flaw!r}", hint=f"one of {', '.join(FLAWS)}")

    def client(self, name: str) -> Path:
        """A PEM file with a client certificate for *name*, and its key."""
        path = self.folder / f"client-{name}.pem"
        if not path.exists():
            cert = self._ca.issue_cert(f"{name}@lab.test", common_name=name, key_type=_ecdsa())
            cert.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    def context(
        self,
        ca: Any,
        names: tuple[str, ...],
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> ssl.SSLContext:
        """A server's context with a fresh certificate of *ca* for *names*."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        extra = {} if not_before is None else {"not_before": not_before,
                                               "not_after": not_before + timedelta(days=1)}
        if not_after is not None:
            extra = {"not_before": not_after - timedelta(days=9), "not_after": not_after}
        cert = ca.issue_cert(*names, key_type=_ecdsa(), **extra)
        cert.configure_cert(context)
        return context

    def _self_signed(self) -> ssl.SSLContext:
        """The certificate of an authority nobody knows, used as a server's own."""
        stranger = _trustme().CA(organization_name="Nobody", key_type=_ecdsa())
        path = self.folder / "self-signed.pem"
        path.write_bytes(stranger.private_key_pem.bytes() + stranger.cert_pem.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _without_intermediate(self) -> ssl.SSLContext:
        """A leaf of an intermediate authority, sent alone."""
        between = self._ca.create_child_ca(key_type=_ecdsa())
        cert = between.issue_cert(*self.names, key_type=_ecdsa())
        path = self.folder / "leaf.pem"
        path.write_bytes(cert.private_key_pem.bytes() + cert.cert_chain_pems[0].bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _ecdsa() -> Any:
    """Small keys: a lab starts in milliseconds."""
    return _trustme().KeyType.ECDSA
