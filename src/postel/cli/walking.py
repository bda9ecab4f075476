"""What find, du and tree share: a walk through all folders below a URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ..errors import PostelError
from ..types import Entry
from ..urls import URL
from ..wire.names import joined
from .options import F, Settings

if TYPE_CHECKING:
    from ..transfer.tree_sync import Tree

__all__ = ["Walk", "parallel_option"]


def parallel_option(function: F) -> F:
    """How many folders are listed at once."""
    return click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
                        metavar="N", help="Connections at once, for folders.")(function)


@dataclass
class Walk:
    """A walk; a folder that cannot be listed is told, and the others go on.

    Attributes:
        top: the path to begin with, as the server has it; known once it began.
        code: the exit code: 1 where something could not be listed.
    """

    url: URL
    settings: Settings
    parallel: int
    depth: int | None = None
    as_json: bool = False
    top: str = ""
    code: int = 0

    def folders(self) -> Iterator[tuple[str, Sequence[Entry]]]:
        """Each folder's path, with its entries; a file is one entry of the folder above it."""
        from ..transfer.inventory_sync import walk
        from ..transfer.tree_sync import Tree
        from ..transfer.verbs_sync import open_site

        site, self.top = open_site(self.url, "list", **self.settings.client(self.url))
        with site:
            tree = Tree(site, self.top.rstrip("/") or self.top[:1], str(self.url))
            for path, entries in walk(tree, connections=self.parallel, depth=self.depth):
                if not isinstance(entries, PostelError):
                    yield joined(tree.top, path) if path else tree.top, entries
                elif path:
                    self.settings.fail(entries, as_json=self.as_json)
                    self.code = 1
                else:
                    yield self._alone(tree, entries)

    def _alone(self, tree: Tree, error: PostelError) -> tuple[str, Sequence[Entry]]:
        """The top is no folder: it may be a file."""
        try:
            entry = tree.files.stat(tree.top)
        except PostelError:
            raise error from None
        if entry.is_folder:
            raise error
        return tree.top.rpartition("/")[0], (entry,)
