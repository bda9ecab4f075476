# A conversation (its twin exam_sync.py is generated): what the checks of a file scheme stand on.
"""The ground of the exam for file schemes: a client, a folder of its own, a way in from outside.

A check says what it needs ("list", "rename", "digests" …). What a scheme or a server declares not
to offer is never passed in silence: `take` raises `NotOffered`, which the caller counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PostelError
from ..session.files_async import AsyncFiles
from ..session.site_async import AsyncFileSite
from ..transport.clock_async import Later
from ..types import Entry
from ..wire.names import joined
from .outside import NotOffered, Outside, offered

__all__ = ["AsyncCheck", "AsyncGround", "AsyncPaper", "expect", "listed", "read", "refused",
           "take", "write"]


@dataclass
class AsyncGround:
    """What a check is given.

    Args:
        site: an open client.
        top: an empty folder on the server, the check's own.
        local: an empty folder here.
        verbs: what the scheme can do: its record's verbs.
        outside: puts and looks at files on the server past the client; None where there is no
            such way, and the client's own verbs serve.
    """

    site: AsyncFileSite
    top: str
    local: Path
    verbs: Sequence[str]
    outside: Outside | None = None

    @property
    def files(self) -> AsyncFiles:
        """The verbs."""
        return self.site.files

    @property
    def offers(self) -> frozenset[str]:
        """What checks may need, as far as it is offered."""
        return offered(self.files.features, self.verbs)

    def path(self, name: str) -> str:
        """The path of *name* in the check's folder."""
        return joined(self.top, name)

    async def put(self, name: str, data: bytes = b"") -> str:
        """A file for the check, with the folders above it; return its path."""
        path = self.path(name)
        if self.outside is not None:
            self.outside.put(path, data)
            return path
        parts = name.split("/")
        for depth in range(1, len(parts)):
            await self._have(self.path("/".join(parts[:depth])))
        await write(self.files, path, data)
        return path

    async def folder(self, name: str) -> str:
        """A folder for the check; return its path."""
        path = self.path(name)
        if self.outside is not None:
            self.outside.folder(path)
        else:
            await self._have(path)
        return path

    async def get(self, name: str) -> bytes | None:
        """What a file holds; None if there is none."""
        path = self.path(name)
        if self.outside is not None:
            return self.outside.get(path)
        try:
            return await read(self.files, path)
        except PostelError:
            return None

    async def _have(self, path: str) -> None:
        try:
            await self.files.make(path)
        except PostelError:
            if not (await self.files.stat(path)).is_folder:
                raise


@dataclass(frozen=True)
class AsyncCheck:
    """One check.

    Args:
        name: of its own, for reports.
        about: what holds.
        needs: what the scheme must offer.
        run: raises `AssertionError` where it does not hold.
    """

    name: str
    about: str
    needs: frozenset[str]
    run: Callable[[AsyncGround], Later[None]]


@dataclass
class AsyncPaper:
    """Some of the checks, in order; a decorator adds each with what it needs."""

    checks: list[AsyncCheck] = field(default_factory=list)

    def needs(
        self, *words: str
    ) -> Callable[[Callable[[AsyncGround], Later[None]]], Callable[[AsyncGround], Later[None]]]:
        """Add the function below, which needs *words*."""

        def add(
            function: Callable[[AsyncGround], Later[None]]
        ) -> Callable[[AsyncGround], Later[None]]:
            self.add(function.__name__, (function.__doc__ or "").strip(), words, function)
            return function

        return add

    def add(
        self, name: str, about: str, words: Sequence[str],
        run: Callable[[AsyncGround], Later[None]],
    ) -> None:
        """Add one."""
        self.checks.append(AsyncCheck(name, about, frozenset(words), run))


async def take(check: AsyncCheck, ground: AsyncGround) -> None:
    """Run *check*.

    Raises:
        AssertionError: it does not hold.
        NotOffered: the scheme does not offer what it needs.
    """
    if lacking := check.needs - ground.offers:
        raise NotOffered(f"{check.name}: not offered: {', '.join(sorted(lacking))}")
    await check.run(ground)


def expect(holds: bool, rule: str) -> None:
    """Raise `AssertionError` with the rule unless it holds."""
    if not holds:
        raise AssertionError(rule)


async def refused(
    kind: type[PostelError] | tuple[type[PostelError], ...], call: Callable[[], Later[object]],
    rule: str,
) -> PostelError:
    """The error of *call*, which must be of *kind*.

    Raises:
        AssertionError: it went well.
    """
    try:
        await call()
    except kind as error:
        return error
    raise AssertionError(rule)


async def read(files: AsyncFiles, path: str, *, offset: int = 0) -> bytes:
    """All of a file, from *offset* on."""
    async with files.read(path, offset=offset) as reading:
        return b"".join([bytes(chunk) async for chunk in reading])


async def write(files: AsyncFiles, path: str, data: bytes, *, offset: int = 0) -> None:
    """Write a file."""
    async with files.write(path, offset=offset) as sink:
        await sink.send(data)


async def listed(files: AsyncFiles, path: str) -> dict[str, Entry]:
    """The entries of a folder by name."""
    return {entry.name: entry async for entry in files.list(path)}
