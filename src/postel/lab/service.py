"""What every service of the lab is: a pair of servers, with TLS from the first byte and without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..serving.faults import Faults
from ..serving.server import Server, Users, Watcher
from .certificates import Authority

if TYPE_CHECKING:
    from .post_office import PostOffice

__all__ = ["Service"]


class Service:
    """Servers of one protocol over the same data.

    Attributes:
        faults: what the servers do wrong, and when.
        port: where the server listens that starts in the clear.
        tls_port: where the one listens that starts with TLS.
        host_keys: file of SSH host keys, for clients to trust; None where there are none.
    """

    well_known: ClassVar[tuple[int, int]]
    default_user: ClassVar[str] = ""
    scheme: ClassVar[str] = ""
    """What its URLs begin with, where that is not its name."""
    is_pair: ClassVar[bool] = True
    """Whether there is a second server, with TLS from the first byte and an "s" to its scheme."""
    host_keys: Path | None = None
    url_port: ClassVar[int | None] = None
    """The port that its URLs name, where the scheme has none of its own."""

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.users, self.authority, self.root, self.watcher = users, authority, root, watcher
        self.faults = Faults()
        self.clear, self.secure = self.make(implicit=False), self.make(implicit=True)

    def make(self, *, implicit: bool) -> Server:
        """One of the two servers."""
        raise NotImplementedError

    def join(self, office: PostOffice) -> None:
        """Told of the lab's post office, before it starts; for those that serve or take mail."""

    async def start(self) -> None:
        """Listen."""
        await self.clear.start()
        await self.secure.start()

    async def stop(self) -> None:
        """Close everything."""
        await self.clear.stop()
        await self.secure.stop()

    @property
    def port(self) -> int:
        """Of the server that starts in the clear."""
        return self.clear.port

    @property
    def tls_port(self) -> int:
        """Of the server that starts with TLS."""
        return self.secure.port

    def ports(self) -> dict[int, int]:
        """From the well-known ports to those where the servers listen."""
        clear, tls = self.well_known
        return {clear: self.port, tls: self.tls_port}
