"""The lab's news server as a service."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError
from ..nntp.server import QUIRKS, NNTPOptions, NNTPServer, Spool
from ..serving.server import Users, Watcher
from .certificates import Authority
from .service import Service

__all__ = ["NNTPService"]


class NNTPService(Service):
    """News: groups and articles in memory; `Spool.load_mbox` and `load_spool` bring more.

    Attributes:
        spool: the groups and articles; may be changed at any time.
        options: how the servers behave; may be changed at any time.

    Example:
        >>> from postel import lab, nntp
        >>> with lab.start("nntp") as here:
        ...     name = here.nntp.spool.put("misc.test", subject="Hello")
        ...     with nntp.Client(here.url("nntp")) as news:
        ...         group = news.group("misc.test")
        ...         [row.subject for row in news.overview(group)]
        ['Hello']
    """

    well_known = (119, 563)

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.spool, self.options = Spool(), NNTPOptions()
        self.spool.create("misc.test", "Try it here")
        super().__init__(users, authority, root, watcher)

    def make(self, *, implicit: bool) -> NNTPServer:
        """One of the two servers."""
        return NNTPServer(self.users, self.spool, self.options, tls=self.authority.server(),
                          implicit=implicit, faults=self.faults, watcher=self.watcher)

    def quirks(self, *names: str) -> None:
        """Take on these habits of other servers, and no others.

        Args:
            names: some of `postel.nntp.server.QUIRKS`.

        Raises:
            UsageError: one is unknown.
        """
        if unknown := set(names) - set(QUIRKS):
            raise UsageError(f"no such quirk: {', '.join(sorted(unknown))}",
                             hint=f"there are {', '.join(QUIRKS)}")
        self.options.quirks = set(names)
