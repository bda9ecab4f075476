"""Which security, which port, in which order: decided before anything is sent.

``security="auto"`` means: mail and news require TLS (RFC 8314: the TLS port first, then the clear
port with an upgrade), FTP takes TLS where the server offers it; a machine need not hide its words
from itself. What "auto" never means is a password in the clear on a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from ..errors import UsageError
from ..secrets import Secret
from ..transport.names import literal
from ..types import Security
from ..urls import URL, parse

__all__ = ["Mode", "Ports", "Target", "plan", "target_for"]


@dataclass(frozen=True, slots=True)
class Ports:
    """The well-known ports of a protocol: in the clear, and with TLS from the first byte."""

    clear: int
    tls: int


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to reach a server.

    Args:
        port: where to connect.
        security: ``"tls"`` from the first byte, ``"starttls"`` required, ``"plain"``, or
            ``"auto"``: upgrade if the other end is not this machine.
    """

    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Target:
    """Where a client goes and as whom: from a host name or a URL, and the keywords."""

    url: URL
    user: str | None
    password: Secret | Callable[[], str | Secret] | None
    security: Security


def target_for(
    target: str | URL,
    scheme: str,
    *,
    port: int | None,
    user: str | None,
    password: str | Secret | Callable[[], str | Secret] | None,
    security: Security,
) -> Target:
    """Read a client's first arguments; keywords beat what the URL says.

    Args:
        target: a host name, or a URL of *scheme* or of *scheme* with an "s".
        scheme: of the protocol, in the clear.
        port: beats the URL's.
        user: beats the URL's.
        password: beats the URL's.
        security: ``"auto"`` follows the URL's scheme.

    Raises:
        UsageError: another protocol's URL, an unknown security, a malformed host.
    """
    if security not in get_args(Security):
        raise UsageError(
            f"security={security!r} is not known", hint=f"one of {', '.join(get_args(Security))}"
        )
    if isinstance(target, str) and target.count(":") > 1 and literal(target):
        target = f"[{target}]"  # a bare IPv6 address: where a URL wants brackets, a host needs none
    url = target if isinstance(target, URL) else parse(target, default_scheme=scheme)
    if url.scheme not in (scheme, f"{scheme}s"):
        raise UsageError(
            f"{url}: a URL of {url.scheme}, but this client speaks {scheme}",
            hint=f"use {scheme}://, {scheme}s://, or the host name alone",
        )
    if url.scheme != scheme and security == "auto":
        security = "tls"
    if port is not None:
        url = url.with_(port=port)
    chosen = Secret(password) if isinstance(password, str) else password
    return Target(url, user if user is not None else url.user,
                  chosen if chosen is not None else url.password, security)


def plan(port: int | None, security: Security, ports: Ports, *, local: bool,
         upgrades: bool) -> list[Mode]:
    """The ways to try, in order.

    Args:
        port: as asked for, or None.
        security: as asked for.
        ports: the protocol's well-known ones.
        local: whether the host is this machine by its name.
        upgrades: whether the protocol prefers the clear port even for TLS (FTP does).
    """
    if security == "tls":
        return [Mode(port or ports.tls, "tls")]
    if security in ("starttls", "plain"):
        return [Mode(port or ports.clear, security)]
    if port is not None:
        return [Mode(port, "tls" if port == ports.tls else "auto")]
    if upgrades or local:
        return [Mode(ports.clear, "auto")]
    return [Mode(ports.tls, "tls"), Mode(ports.clear, "starttls")]
