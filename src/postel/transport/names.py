"""Host names to addresses, before the system is asked.

`HOSTS` holds names that exist only inside this process: the lab puts its ``*.lab.test`` there, and
a test may put any host there, with its well-known port led to the port where the lab really
listens. All other names go to the system's resolver. An address that is written as one never
waits for anything.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import ResolveError

__all__ = [
    "HOSTS",
    "Address",
    "Host",
    "Hosts",
    "Resolver",
    "interleave",
    "known",
    "literal",
    "resolve",
]


@dataclass(frozen=True, slots=True)
class Address:
    """One place to connect to: an IP address and a port."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    def __str__(self) -> str:
        return f"{self.sockaddr[0]} port {self.sockaddr[1]}"


Resolver = Callable[[str, int], list[Address]]
"""A function from host and port to addresses; it may block, and raises OSError when it fails."""


@dataclass(frozen=True)
class Host:
    """A name of this process: its addresses, ports that stand for others, who vouches for it."""

    addresses: tuple[str, ...]
    ports: Mapping[int, int] = field(default_factory=dict)
    authority: str | None = None
    host_keys: str | None = None


class Hosts:
    """A table of names that the system does not know.

    Example:
        >>> hosts = Hosts()
        >>> hosts.add("ftp.lab.test", ("127.0.0.1",), {21: 40021})
        >>> [str(address) for address in hosts.find("ftp.lab.test", 21) or []]
        ['127.0.0.1 port 40021']
    """

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._zones: dict[str, tuple[str, int]] = {}

    def delegate(self, zone: str, server: tuple[str, int] | None) -> None:
        """Let names that are or end in *zone* be asked of *server* alone; None: no more."""
        self._zones.pop(zone.lower(), None)
        if server is not None:
            self._zones[zone.lower()] = server

    def nameserver(self, name: str) -> tuple[str, int] | None:
        """Who is asked about *name* in the DNS, or None where the system's resolvers are."""
        name = name.lower().rstrip(".")
        found = [zone for zone in self._zones if name == zone or name.endswith(f".{zone}")]
        return self._zones[max(found, key=len)] if found else None

    def add(
        self,
        name: str,
        addresses: tuple[str, ...],
        ports: Mapping[int, int] | None = None,
        authority: str | None = None,
        host_keys: str | None = None,
    ) -> None:
        """Know *name* from now on; a name known already gets the further ports.

        Args:
            name: the host.
            addresses: IP addresses as text.
            ports: from the port that is asked for to the one to connect to.
            authority: file of the authority that signs this host's certificates; clients trust
                it for this name unless they are told otherwise.
            host_keys: file of its SSH host keys (as known_hosts), trusted in the same way.
        """
        old = self._hosts.get(name.lower())
        merged = {**(old.ports if old else {}), **(ports or {})}
        keys = host_keys or (old.host_keys if old else None)
        self._hosts[name.lower()] = Host(addresses, merged, authority, keys)

    def authority(self, name: str) -> str | None:
        """The authority's file that came with *name*, or None."""
        host = self._hosts.get(name.lower().rstrip("."))
        return None if host is None else host.authority

    def host_keys(self, name: str) -> str | None:
        """The file of SSH host keys that came with *name*, or None."""
        host = self._hosts.get(name.lower().rstrip("."))
        return None if host is None else host.host_keys

    def remove(self, name: str) -> None:
        """Forget *name*."""
        self._hosts.pop(name.lower(), None)

    def find(self, name: str, port: int) -> list[Address] | None:
        """The addresses of *name*, or None when it is not ours."""
        host = self._hosts.get(name.lower().rstrip("."))
        if host is None:
            return None
        port = host.ports.get(port, port)
        return [found for text in host.addresses if (found := literal(text, port))]


HOSTS = Hosts()


def literal(text: str, port: int = 0) -> Address | None:
    """The address that *text* itself is, or None when it is a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        host, _, scope = text.partition("%")
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        if family == socket.AF_INET:
            return None if scope else Address(family, (text, port))
        return Address(family, (host, port, 0, _scope(scope)))
    return None


def _scope(name: str) -> int:
    try:
        return int(name) if name.isdigit() else socket.if_nametoindex(name) if name else 0
    except OSError:
        return 0


def known(host: str, port: int) -> list[Address] | None:
    """Addresses that need no waiting: of our own table, or the address *host* itself is."""
    if (found := HOSTS.find(host, port)) is not None:
        return found
    address = literal(host, port)
    return None if address is None else [address]


def resolve(host: str, port: int) -> list[Address]:
    """Ask the system; blocks. The default `Resolver`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    unique = {Address(family, address): None  # type: ignore[arg-type]
              for family, _, _, _, address in found}
    return list(unique)


def interleave(addresses: list[Address], family: int = 0) -> list[Address]:
    """The order of RFC 8305 section 4: families take turns, the resolver's first choice first.

    Args:
        addresses: as the resolver ordered them.
        family: keep only this one (``-4``, ``-6``); 0 keeps both.
    """
    if family:
        return [address for address in addresses if address.family == family]
    if not addresses:
        return []
    first = [a for a in addresses if a.family == addresses[0].family]
    other = [a for a in addresses if a.family != addresses[0].family]
    mixed: list[Address] = []
    for index in range(max(len(first), len(other))):
        mixed += first[index : index + 1] + other[index : index + 1]
    return mixed


def not_found(host: str, error: BaseException | str) -> ResolveError:
    """The error for a name without an address, with what a colleague would try."""
    temporary = getattr(error, "errno", None) == socket.EAI_AGAIN
    if temporary:
        return ResolveError(
            f"look up {host}: the name server does not answer",
            hint="is this machine on the network? the name may exist",
        )
    reason = error if isinstance(error, str) else "there is no such name"
    return ResolveError(f"look up {host}: {reason}", hint="check the spelling of the host name")
