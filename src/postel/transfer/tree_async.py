# A conversation (its twin tree_sync.py is generated): one of the trees of a run.
"""A tree: a connected client, and the folder in it that a run is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import NetworkError, ProtocolError, TryLater
from ..session.files_async import AsyncFiles
from ..session.patience_async import again, pause
from ..session.site_async import AsyncFileSite
from ..types import Entry
from ..wire.names import joined
from .compare import End

__all__ = ["AsyncTree", "listing", "useful"]

_NO_FACTS: Mapping[str, str] = {}
_NEAR = 0.0005
"""Seconds of a round trip from which on a second connection hides something."""

_DEAR = 0.3
"""Seconds of waiting in all from which on that holds for SSH too, which is slow to connect."""

_TRIES = 3
"""How often a folder is listed before it is given up."""


@dataclass
class AsyncTree:
    """One of the two trees: a client, connected, and the folder in it.

    Args:
        site: the client.
        top: the folder's path there; "" is where the client stands.
        name: what to call it: a URL without secrets, or the path of a folder here.
        most: connections that its server lets in, as far as a run has found out.
    """

    site: AsyncFileSite
    top: str
    name: str = ""
    most: int | None = None

    def allowed(self, connections: int) -> int:
        """So many of *connections* as the server lets in."""
        return connections if self.most is None else max(1, min(connections, self.most))

    @property
    def files(self) -> AsyncFiles:
        """The verbs."""
        return self.site.files

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return self.site.url.scheme == "file"

    def at(self, path: str) -> str:
        """The whole path of *path*, which is seen from the top."""
        if not path:
            return self.top
        return joined(self.top, path) if self.top else path

    def another(self) -> AsyncTree:
        """The same over a connection of its own, not connected."""
        return AsyncTree(self.site.another(), self.top, self.name)

    def beside(self, other: AsyncTree, twin: AsyncTree) -> AsyncTree:
        """The same over another connection: that of *twin*, where *other* shares this one's."""
        return AsyncTree(twin.site, self.top, self.name) if other.site is self.site else (
            self.another())

    def end(self) -> End:
        """What comparing needs to know."""
        return End(self.files.features, self.local)


def useful(tree: AsyncTree, connections: int, folders: int) -> int:
    """How many of *connections* are worth their while to list so many folders."""
    latency = tree.site.latency
    if latency < _NEAR or (tree.files.hides_round_trips and latency * folders < _DEAR):
        return 1
    return min(connections, folders)


async def listing(tree: AsyncTree, folder: str) -> Sequence[Entry]:
    """The entries of a folder; a connection that breaks is opened again after a while."""
    tries = 0
    while True:
        tries += 1
        try:
            return [_bare(entry) async for entry in tree.files.list(tree.at(folder))]
        except (NetworkError, ProtocolError, TryLater) as error:
            if tries == _TRIES:
                raise
            if isinstance(error, TryLater):
                await pause(error, tries)
            else:
                await again(tree.site, error, tries, _TRIES)


def _bare(one: Entry) -> Entry:
    """*one* without its line and its facts: a hundred thousand are held at once."""
    if not one.raw and not one.facts:
        return one
    facts = {"size-unit": one.facts["size-unit"]} if "size-unit" in one.facts else _NO_FACTS
    return Entry(one.name, one.kind, one.size, one.modified, one.precision, one.mode, one.owner,
                 one.group, one.target, facts, "", one.validator)
