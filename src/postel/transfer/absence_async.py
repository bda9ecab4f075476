# A conversation (its twin absence_sync.py is generated): whether what is not listed is not there.
"""Before anything is removed for not being at the source, the source is asked for it by name.

A listing over FTP in clear text that was cut at the end of a line, and confirmed all the same,
looks like a whole one: nothing in it tells. So a listing alone is never a reason to remove. A file
is asked for by name, a hundred in a packet where the protocol allows; a folder is listed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import NotFound, NotSupported, PostelError, ReplyError
from ..types import Kind
from .tree_async import AsyncTree

__all__ = ["still_there"]


async def still_there(tree: AsyncTree, paths: Sequence[tuple[str, Kind]]) -> list[str]:
    """Those of *paths* that *tree* has although its listing did not say so.

    Args:
        tree: where they are not listed.
        paths: seen from the top, and what they are on the other side.

    Returns:
        The paths that are there, or of which nobody can tell.
    """
    files = [path for path, kind in paths if kind is not Kind.FOLDER]
    found = []
    outcomes = [one async for one in tree.files.stat_many([tree.at(path) for path in files])]
    for path, outcome in zip(files, outcomes, strict=True):
        if outcome.value is not None or not isinstance(outcome.error, NotFound | NotSupported):
            found.append(path)
    for path, kind in paths:
        if kind is Kind.FOLDER and await _is_folder(tree, path):
            found.append(path)
    return found


async def _is_folder(tree: AsyncTree, path: str) -> bool:
    """Whether there is a folder after all; many servers list one that is not as empty."""
    try:
        async for _ in tree.files.list(tree.at(path)):
            return True
    except ReplyError:
        return False
    except PostelError:
        return True
    return False
