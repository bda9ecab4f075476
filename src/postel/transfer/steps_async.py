# A conversation (its twin steps_sync.py is generated): what is done to a target beside copying.
"""Folders made, things removed, put aside, linked, given times: on a server, or on this machine.

On this machine everything goes by descriptor (ground.py); on a server by the batch verbs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ..errors import AlreadyExists, NotFound, PostelError
from ..session.files_async import AsyncFiles
from ..session.results_async import AsyncResults
from ..session.trees_async import makedirs
from ..transport import disk_async as disk
from ..types import Outcome
from .ground import Ground, Outcomes
from .tree_async import AsyncTree

__all__ = ["AsyncSteps", "steps_for"]

Facts = tuple[str, float | None, int | None]
"""A path, its time in seconds since 1970, its permissions."""


class AsyncSteps(ABC):
    """What a target can be told to do; paths are seen from its top. Errors come in order."""

    @abstractmethod
    async def make(self, paths: Sequence[str]) -> Outcomes:
        """Make folders, in their order; one that is there is fine."""

    @abstractmethod
    async def remove(self, paths: Sequence[str], *, folders: bool = False) -> Outcomes:
        """Remove files and links, or empty folders; what is gone already is fine."""

    @abstractmethod
    async def put_aside(self, paths: Sequence[str], backup: str) -> Outcomes:
        """Move what is there to the same path below the folder *backup*."""

    @abstractmethod
    async def move(self, pairs: Sequence[tuple[str, str]]) -> Outcomes:
        """Give things other paths: the old one, the new one."""

    @abstractmethod
    async def link(self, links: Sequence[tuple[str, str]]) -> Outcomes:
        """Make symbolic links: path, and where it leads."""

    @abstractmethod
    async def set_facts(self, facts: Sequence[Facts]) -> Outcomes:
        """Set times and permissions."""


def steps_for(target: AsyncTree, ground: Ground | None) -> AsyncSteps:
    """The steps of a target; *ground* is its folder where it is on this machine."""
    return _AsyncRemoteSteps(target) if ground is None else _AsyncLocalSteps(ground)


class _AsyncLocalSteps(AsyncSteps):
    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def make(self, paths: Sequence[str]) -> Outcomes:
        return await disk.call(self._ground.make, paths)

    async def remove(self, paths: Sequence[str], *, folders: bool = False) -> Outcomes:
        return await disk.call(self._ground.remove, paths, folders=folders)

    async def put_aside(self, paths: Sequence[str], backup: str) -> Outcomes:
        return await disk.call(self._ground.put_aside, paths, backup)

    async def move(self, pairs: Sequence[tuple[str, str]]) -> Outcomes:
        return await disk.call(self._ground.move, pairs)

    async def link(self, links: Sequence[tuple[str, str]]) -> Outcomes:
        return await disk.call(self._ground.link, links)

    async def set_facts(self, facts: Sequence[Facts]) -> Outcomes:
        return await disk.call(self._ground.set_facts, facts)


class _AsyncRemoteSteps(AsyncSteps):
    def __init__(self, target: AsyncTree) -> None:
        self._target = target
        self._aside: set[str] = set()

    @property
    def _files(self) -> AsyncFiles:
        return self._target.files

    def _at(self, paths: Iterable[str]) -> list[str]:
        return [self._target.at(path) for path in paths]

    async def make(self, paths: Sequence[str]) -> Outcomes:
        errors = await _errors(self._files.make_many(self._at(paths)))
        for index, error in enumerate(errors):
            if error is not None and await self._is_folder(paths[index], error):
                errors[index] = None
        return errors

    async def _is_folder(self, path: str, error: PostelError) -> bool:
        """Whether a folder that could not be made is there: servers say so in many ways."""
        try:
            return (await self._files.stat(self._target.at(path))).is_folder
        except PostelError:
            return isinstance(error, AlreadyExists) and not path

    async def remove(self, paths: Sequence[str], *, folders: bool = False) -> Outcomes:
        errors = await _errors(self._files.remove_many(self._at(paths), folders=folders))
        doubtful = [path for path, error in zip(paths, errors, strict=True)
                    if isinstance(error, NotFound)]
        there = await self._still_there(doubtful, folders)
        return [None if isinstance(error, NotFound) and path not in there else error
                for path, error in zip(paths, errors, strict=True)]

    async def _still_there(self, paths: Sequence[str], folders: bool) -> set[str]:
        """Those of *paths* that are not gone: FTP's 550 may also mean that they may not go."""
        if not folders:
            return {path for path, outcome in zip(paths, [
                one async for one in self._files.stat_many(self._at(paths))], strict=True)
                if outcome.value is not None}
        there = set()
        for path in paths:
            try:
                await self._files.stat(self._target.at(path))
                there.add(path)
            except PostelError:
                pass  # gone, as was wanted
        return there

    async def put_aside(self, paths: Sequence[str], backup: str) -> Outcomes:
        for folder in sorted({f"{backup}/{path}".rpartition("/")[0] for path in paths}):
            if folder not in self._aside:
                await makedirs(self._files, self._target.at(folder))
                self._aside.add(folder)
        return await _errors(self._files.rename_many(
            (self._target.at(path), self._target.at(f"{backup}/{path}")) for path in paths))

    async def move(self, pairs: Sequence[tuple[str, str]]) -> Outcomes:
        return await _errors(self._files.rename_many(
            (self._target.at(old), self._target.at(new)) for old, new in pairs))

    async def link(self, links: Sequence[tuple[str, str]]) -> Outcomes:
        errors: Outcomes = []
        for path, to in links:
            try:
                await self._files.link(self._target.at(path), to)
                errors.append(None)
            except PostelError as error:
                errors.append(error)
        return errors

    async def set_facts(self, facts: Sequence[Facts]) -> Outcomes:
        errors: Outcomes = []
        for path, modified, mode in facts:
            when = None if modified is None else datetime.fromtimestamp(modified, UTC)
            try:
                await self._files.set(self._target.at(path), modified=when, mode=mode)
                errors.append(None)
            except PostelError as error:
                errors.append(error)
        return errors


async def _errors(outcomes: AsyncResults[Outcome[None]]) -> Outcomes:
    return [outcome.error if isinstance(outcome.error, PostelError) else None
            async for outcome in outcomes]
