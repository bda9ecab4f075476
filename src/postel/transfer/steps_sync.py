# GENERATED from steps_async.py by tools/unasync.py: edit that file, not this one.
"""Folders made, things removed, put aside, linked, given times: on a server, or on this machine.

On this machine everything goes by descriptor (ground.py); on a server by the batch verbs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ..errors import AlreadyExists, NotFound, PostelError
from ..session.files_sync import Files
from ..session.results_sync import Results
from ..session.trees_sync import makedirs
from ..transport import disk_sync as disk
from ..types import Outcome
from .ground import Ground, Outcomes
from .tree_sync import Tree

__all__ = ["Steps", "steps_for"]

Facts = tuple[str, float | None, int | None]
"""A path, its time in seconds since 1970, its permissions."""


class Steps(ABC):
    """What a target can be told to do; paths are seen from its top. Errors come in order."""

    @abstractmethod
    def make(self, paths: Sequence[str]) -> Outcomes:
        """Make folders, in their order; one that is there is fine."""

    @abstractmethod
    def remove(self, paths: Sequence[str], *, folders: bool = False) -> Outcomes:
        """Remove files and links, or empty folders; what is gone already is fine."""

    @abstractmethod
    def put_aside(self, paths: Sequence[str], backup: str) -> Outcomes:
        """Move what is there to the same path below the folder *backup*."""

    @abstractmethod
    def move(self, pairs: Sequence[tuple[str, str]]) -> Outcomes:
        """Give things other paths: the old one, the new one."""

    @abstractmethod
    def link(self, links: Sequence[tuple[str, str]]) -> Outcomes:
        """Make symbolic links: path, and where it leads."""

    @abstractmethod
    def set_facts(self, facts: Sequence[Facts]) -> Outcomes:
        """Set times and permissions."""


def steps_for(target: Tree, ground: Ground | None) -> Steps:
    """The steps of a target; *ground* is its folder where it is on this machine."""
    return _RemoteSteps(target) if ground is None else _LocalSteps(ground)


class _LocalSteps(Steps):
    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def make(self, paths: Sequence[str]) -> Outcomes:
        return disk.call(self._ground.make, paths)

    def remove(self, paths: Sequence[str], *, folders: bool = False) -> Outcomes:
        return disk.call(self._ground.remove, paths, folders=folders)

    def put_aside(self, paths: Sequence[str], backup: str) -> Outcomes:
        return disk.call(self._ground.put_aside, paths, backup)

    def move(self, pairs: Sequence[tuple[str, str]]) -> Outcomes:
        return disk.call(self._ground.move, pairs)

    def link(self, links: Sequence[tuple[str, str]]) -> Outcomes:
        return disk.call(self._ground.link, links)

    def set_facts(self, facts: Sequence[Facts]) -> Outcomes:
        return disk.call(self._ground.set_facts, facts)


class _RemoteSteps(Steps):
    def __init__(self, target: Tree) -> None:
        self._target = target
        self._aside: set[str] = set()

    @property
    def _files(self) -> Files:
        return self._target.files

    def _at(self, paths: Iterable[str]) -> list[str]:
        return [self._target.at(path) for path in paths]

    def make(self, paths: Sequence[str]) -> Outcomes:
        errors = _errors(self._files.make_many(self._at(paths)))
        for index, error in enumerate(errors):
            if error is not None and self._is_folder(paths[index], error):
                errors[index] = None
        return errors

    def _is_folder(self, path: str, error: PostelError) -> bool:
        """Whether a folder that could not be made is there: servers say so in many ways."""
        try:
            return (self._files.stat(self._target.at(path))).is_folder
        except PostelError:
            return isinstance(error, AlreadyExists) and not path

    def remove(self, paths: Sequence[str], *, folders: bool = False) -> Outcomes:
        errors = _errors(self._files.remove_many(self._at(paths), folders=folders))
        doubtful = [path for path, error in zip(paths, errors, strict=True)
                    if isinstance(error, NotFound)]
        there = self._still_there(doubtful, folders)
        return [None if isinstance(error, NotFound) and path not in there else error
                for path, error in zip(paths, errors, strict=True)]

    def _still_there(self, paths: Sequence[str], folders: bool) -> set[str]:
        """Those of *paths* that are not gone: FTP's 550 may also mean that they may not go."""
        if not folders:
            return {path for path, outcome in zip(paths, [
                one for one in self._files.stat_many(self._at(paths))], strict=True)
                if outcome.value is not None}
        there = set()
        for path in paths:
            try:
                self._files.stat(self._target.at(path))
                there.add(path)
            except PostelError:
                pass  # gone, as was wanted
        return there

    def put_aside(self, paths: Sequence[str], backup: str) -> Outcomes:
        for folder in sorted({f"{backup}/{path}".rpartition("/")[0] for path in paths}):
            if folder not in self._aside:
                makedirs(self._files, self._target.at(folder))
                self._aside.add(folder)
        return _errors(self._files.rename_many(
            (self._target.at(path), self._target.at(f"{backup}/{path}")) for path in paths))

    def move(self, pairs: Sequence[tuple[str, str]]) -> Outcomes:
        return _errors(self._files.rename_many(
            (self._target.at(old), self._target.at(new)) for old, new in pairs))

    def link(self, links: Sequence[tuple[str, str]]) -> Outcomes:
        errors: Outcomes = []
        for path, to in links:
            try:
                self._files.link(self._target.at(path), to)
                errors.append(None)
            except PostelError as error:
                errors.append(error)
        return errors

    def set_facts(self, facts: Sequence[Facts]) -> Outcomes:
        errors: Outcomes = []
        for path, modified, mode in facts:
            when = None if modified is None else datetime.fromtimestamp(modified, UTC)
            try:
                self._files.set(self._target.at(path), modified=when, mode=mode)
                errors.append(None)
            except PostelError as error:
                errors.append(error)
        return errors


def _errors(outcomes: Results[Outcome[None]]) -> Outcomes:
    return [outcome.error if isinstance(outcome.error, PostelError) else None
            for outcome in outcomes]
