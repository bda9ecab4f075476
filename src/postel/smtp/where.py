"""Which port a target means: submission, server to server, or LMTP. Pure.

A bare host is where mail is handed in: 465 with TLS from the first byte, then 587 with STARTTLS
(RFC 8314 section 3.3). ``smtp://`` is port 25, where servers talk to each other. LMTP has no port
of its own (RFC 2033 section 5 only says that it must not be 25).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from ..session.policy import Ports
from ..types import Security
from ..urls import URL, parse

__all__ = ["Where", "where"]

_RELAY, _SUBMIT = Ports(clear=25, tls=465), Ports(clear=587, tls=465)


@dataclass(frozen=True, slots=True)
class Where:
    """How a client gets there.

    Args:
        url: of the server; None where the target is a bare host.
        scheme: without an "s" for TLS.
        ports: the well-known ones.
        upgrades: whether only the clear port is tried, with STARTTLS.
        lmtp: whether the server is greeted with LHLO and answers for each recipient.
    """

    url: URL | None
    scheme: str
    ports: Ports
    upgrades: bool
    lmtp: bool = False


def where(target: str | URL, *, port: int | None = None, security: Security = "auto") -> Where:
    """Read a client's target.

    Raises:
        UsageError: another protocol's URL, or LMTP without a port.

    Example:
        >>> where("mail.example.org").ports, where("smtp://mx.example.org").ports
        (Ports(clear=587, tls=465), Ports(clear=25, tls=465))
    """
    if isinstance(target, str) and "://" not in target:
        return Where(None, "submission", _SUBMIT, upgrades=False)
    url = parse(target) if isinstance(target, str) else target
    scheme = url.scheme
    if scheme in ("smtp", "smtps"):
        return Where(url, "smtp", _RELAY, upgrades=True)
    if scheme in ("submission", "submissions"):
        return Where(url, "submission", _SUBMIT, upgrades=True)
    if scheme in ("lmtp", "lmtps"):
        chosen = port or url.port
        if chosen is None:
            raise UsageError(f"{url}: LMTP has no well-known port",
                             hint="give it in the URL: lmtp://host:24")
        return Where(url, "lmtp", Ports(clear=chosen, tls=0), upgrades=True, lmtp=True)
    raise UsageError(f"{url}: a URL of {scheme}, but this client sends mail",
                     hint="use smtp://, submission://, submissions://, lmtp://, or the host name "
                     "alone")
