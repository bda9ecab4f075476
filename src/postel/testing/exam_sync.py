# GENERATED from exam_async.py by tools/unasync.py: edit that file, not this one.
"""The ground of the exam for file schemes: a client, a folder of its own, a way in from outside.

A check says what it needs ("list", "rename", "digests" …). What a scheme or a server declares not
to offer is never passed in silence: `take` raises `NotOffered`, which the caller counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PostelError
from ..session.files_sync import Files
from ..session.site_sync import FileSite
from ..transport.clock_sync import Later
from ..types import Entry
from ..wire.names import joined
from .outside import NotOffered, Outside, offered

__all__ = ["Check", "Ground", "Paper", "expect", "listed", "read", "refused",
           "take", "write"]


@dataclass
class Ground:
    """What a check is given.

    Args:
        site: an open client.
        top: an empty folder on the server, the check's own.
        local: an empty folder here.
        verbs: what the scheme can do: its record's verbs.
        outside: puts and looks at files on the server past the client; None where there is no
            such way, and the client's own verbs serve.
    """

    site: FileSite
    top: str
    local: Path
    verbs: Sequence[str]
    outside: Outside | None = None

    @property
    def files(self) -> Files:
        """The verbs."""
        return self.site.files

    @property
    def offers(self) -> frozenset[str]:
        """What checks may need, as far as it is offered."""
        return offered(self.files.features, self.verbs)

    def path(self, name: str) -> str:
        """The path of *name* in the check's folder."""
        return joined(self.top, name)

    def put(self, name: str, data: bytes = b"") -> str:
        """A file for the check, with the folders above it; return its path."""
        path = self.path(name)
        if self.outside is not None:
            self.outside.put(path, data)
            return path
        parts = name.split("/")
        for depth in range(1, len(parts)):
            self._have(self.path("/".join(parts[:depth])))
        write(self.files, path, data)
        return path

    def folder(self, name: str) -> str:
        """A folder for the check; return its path."""
        path = self.path(name)
        if self.outside is not None:
            self.outside.folder(path)
        else:
            self._have(path)
        return path

    def get(self, name: str) -> bytes | None:
        """What a file holds; None if there is none."""
        path = self.path(name)
        if self.outside is not None:
            return self.outside.get(path)
        try:
            return read(self.files, path)
        except PostelError:
            return None

    def _have(self, path: str) -> None:
        try:
            self.files.make(path)
        except PostelError:
            if not (self.files.stat(path)).is_folder:
                raise


@dataclass(frozen=True)
class Check:
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
    run: Callable[[Ground], Later[None]]


@dataclass
class Paper:
    """Some of the checks, in order; a decorator adds each with what it needs."""

    checks: list[Check] = field(default_factory=list)

    def needs(
        self, *words: str
    ) -> Callable[[Callable[[Ground], Later[None]]], Callable[[Ground], Later[None]]]:
        """Add the function below, which needs *words*."""

        def add(
            function: Callable[[Ground], Later[None]]
        ) -> Callable[[Ground], Later[None]]:
            self.add(function.__name__, (function.__doc__ or "").strip(), words, function)
            return function

        return add

    def add(
        self, name: str, about: str, words: Sequence[str],
        run: Callable[[Ground], Later[None]],
    ) -> None:
        """Add one."""
        self.checks.append(Check(name, about, frozenset(words), run))


def take(check: Check, ground: Ground) -> None:
    """Run *check*.

    Raises:
        AssertionError: it does not hold.
        NotOffered: the scheme does not offer what it needs.
    """
    if lacking := check.needs - ground.offers:
        raise NotOffered(f"{check.name}: not offered: {', '.join(sorted(lacking))}")
    check.run(ground)


def expect(holds: bool, rule: str) -> None:
    """Raise `AssertionError` with the rule unless it holds."""
    if not holds:
        raise AssertionError(rule)


def refused(
    kind: type[PostelError] | tuple[type[PostelError], ...], call: Callable[[], Later[object]],
    rule: str,
) -> PostelError:
    """The error of *call*, which must be of *kind*.

    Raises:
        AssertionError: it went well.
    """
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(rule)


def read(files: Files, path: str, *, offset: int = 0) -> bytes:
    """All of a file, from *offset* on."""
    with files.read(path, offset=offset) as reading:
        return b"".join([bytes(chunk) for chunk in reading])


def write(files: Files, path: str, data: bytes, *, offset: int = 0) -> None:
    """Write a file."""
    with files.write(path, offset=offset) as sink:
        sink.send(data)


def listed(files: Files, path: str) -> dict[str, Entry]:
    """The entries of a folder by name."""
    return {entry.name: entry for entry in files.list(path)}
