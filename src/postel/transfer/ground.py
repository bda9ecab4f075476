"""A target on this machine: everything is done by descriptor, below its top. Disk code, blocking.

A link that somebody plants in the target while a run is on its way leads nowhere: each folder of a
path is entered without following links, and what is done there is done by its descriptor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import ParamSpec

from ..errors import PostelError
from ..transport.folder import Folder
from ..transport.target import on_disk

__all__ = ["Ground", "Outcomes"]

P = ParamSpec("P")
Outcomes = list[PostelError | None]


class Ground:
    """The folder that a run works in; a context manager.

    Args:
        path: of the folder; made if it is missing.
        strict: whether back-slashes and drive letters in names are refused.
    """

    def __init__(self, path: Path, *, strict: bool = True) -> None:
        with on_disk(path):
            path.mkdir(parents=True, exist_ok=True)
            self.top = Folder(path, strict=strict)

    def make(self, paths: Iterable[str]) -> Outcomes:
        """Make folders; one that is there is fine."""
        return [_done(path, self._make, path) for path in paths]

    def remove(self, paths: Iterable[str], *, folders: bool = False) -> Outcomes:
        """Remove files and links, or empty folders."""
        do = Folder.remove_folder if folders else Folder.remove
        return [_done(path, self._at, path, do) for path in paths]

    def put_aside(self, paths: Iterable[str], backup: str) -> Outcomes:
        """Move what is there into the folder *backup*, to the same path below it."""
        return [_done(path, self._put_aside, path, backup) for path in paths]

    def move(self, pairs: Iterable[tuple[str, str]]) -> Outcomes:
        """Give things other paths: the old one, the new one."""
        return [_done(old, self._move, old, new) for old, new in pairs]

    def link(self, links: Iterable[tuple[str, str]]) -> Outcomes:
        """Make symbolic links: path, and where it leads."""
        return [_done(path, self._at, path, partial(_link, to=to)) for path, to in links]

    def set_facts(self, facts: Iterable[tuple[str, float | None, int | None]]) -> Outcomes:
        """Set times, in seconds since 1970, and permissions."""
        return [_done(path, self._at, path,
                      partial(Folder.set_facts, modified=modified, mode=mode))
                for path, modified, mode in facts]

    def _make(self, path: str) -> None:
        self.top.descend(path.split("/"), make=True).close()

    def _put_aside(self, path: str, backup: str) -> None:
        self._move(path, f"{backup}/{path}")

    def _move(self, old: str, new: str) -> None:
        *above, name = old.split("/")
        *into, last = new.split("/")
        with self.top.descend(above) as folder, self.top.descend(into, make=True) as goal:
            folder.move(folder.checked(name), goal, goal.checked(last))

    def _at(self, path: str, do: Callable[[Folder, str], None]) -> None:
        *above, name = path.split("/")
        with self.top.descend(above) as folder:
            do(folder, folder.checked(name))

    def close(self) -> None:
        """Let go of the folder."""
        self.top.close()

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _link(folder: Folder, name: str, *, to: str) -> None:
    folder.link(name, to)


def _done(path: str, act: Callable[P, None], *args: P.args, **kwargs: P.kwargs
          ) -> PostelError | None:
    """Do it; what went wrong, if something did."""
    try:
        with on_disk(path):
            act(*args, **kwargs)
    except PostelError as error:
        return error
    return None
