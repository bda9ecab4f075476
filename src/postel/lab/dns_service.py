"""The lab's name server: the lab's own names, and whatever a test adds."""

from __future__ import annotations

from pathlib import Path

from ..dns.server import DNSServer, Records
from ..dns.wire import reverse
from ..serving.faults import Faults
from ..serving.server import Users, Watcher
from ..transport.names import HOSTS
from .certificates import Authority
from .service import Service

__all__ = ["DNSService"]


class DNSService(Service):
    """A name server over a table of records; `postel.dns` asks it for the names in it.

    Attributes:
        records: what it knows; may be changed at any time.
        faults: what it does wrong, by the kind asked for: ``faults.on("MX", b"SERVFAIL")``.

    Example:
        >>> from postel import dns, lab
        >>> with lab.start("dns") as here, dns.Client() as names:
        ...     here.dns.zone("example.net")
        ...     here.dns.add("example.net", "MX", "10 mail.example.net")
        ...     [str(mx) for mx in names.mx("example.net")]
        ['10 mail.example.net']
    """

    well_known = (53, 853)
    is_pair = False

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.users, self.authority, self.root, self.watcher = users, authority, root, watcher
        self.faults, self.records = Faults(), Records()
        self.server = DNSServer(self.records, faults=self.faults, watcher=watcher)
        self._delegated: list[str] = []

    async def start(self) -> None:
        """Listen."""
        await self.server.start()

    async def stop(self) -> None:
        """Close everything; names are asked of the system's resolvers again."""
        for zone in self._delegated:
            HOSTS.delegate(zone, None)
        await self.server.stop()

    @property
    def port(self) -> int:
        """Where it listens, for datagrams and TCP."""
        return self.server.port

    @property
    def tls_port(self) -> int:
        """Where it listens: there is no DNS over TLS here."""
        return self.server.port

    def ports(self) -> dict[int, int]:
        """From the well-known port to the one where the server listens."""
        return {53: self.port}

    def zone(self, name: str, *, signed: bool = False) -> None:
        """Answer for all names below *name*, to clients of this process that name no resolver.

        Args:
            name: a domain.
            signed: whether its answers are said to be validated by DNSSEC.
        """
        self.records.zones.add(name.lower())
        if signed:
            self.records.signed.add(name.lower())
        HOSTS.delegate(name, ("127.0.0.1", self.port))
        self._delegated.append(name)

    def add(self, name: str, kind: str, *texts: str) -> None:
        """Know more records; see `Records.add`."""
        self.records.add(name, kind, *texts)
        if kind == "PTR":
            self.zone(reverse(name))

    def know(self, host: str, addresses: tuple[str, ...] = ("127.0.0.1",)) -> None:
        """Know the addresses of one of the lab's hosts, and be asked for it."""
        if HOSTS.nameserver(host) is None:
            HOSTS.delegate(host, ("127.0.0.1", self.port))
            self._delegated.append(host)
        for address in addresses:
            kind = "AAAA" if ":" in address else "A"
            if address not in self.records.texts(host, kind):
                self.records.add(host, kind, address)
