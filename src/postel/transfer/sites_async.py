# A conversation (its twin sites_sync.py is generated): from a URL to the client that speaks for it.
"""The client for a URL, whatever its scheme, and one that keeps a pace.

The table of schemes says which class of which package speaks files; it is loaded here, on use, so
that nobody pays for a protocol that is not asked for. Everything above sees an `AsyncFileSite`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, cast

from ..errors import UsageError
from ..local.paths import path_of, url_for
from ..schemes import scheme_of
from ..session.files_async import AsyncFiles
from ..session.site_async import AsyncFileSite
from ..types import Scheme
from ..urls import URL, parse
from .pace_async import AsyncPacedFiles, AsyncPacer, AsyncThrottle
from .rates import Rate

__all__ = ["AsyncPacedSite", "here", "not_onto_itself", "open_site", "parsed_for"]

_SIDE = AsyncFileSite.__name__.removesuffix("FileSite")
"""What this side puts before a class' name: the records of schemes give the sync one."""


def open_site(
    url: str | URL, verb: str, *, rate: Rate | AsyncThrottle | None = None, **options: Any
) -> tuple[AsyncFileSite, str]:
    """The client for *url*, not connected, and the path that the URL names.

    Args:
        url: of a scheme that has files.
        verb: what is to be done with it.
        rate: at most so many bytes a second, for all its transfers together: see `Rates`; or a
            throttle that it shares with others.
        options: keywords of the scheme's client; those that are None are left out.

    Raises:
        UsageError: the scheme is unknown, has no such verb, or takes no such option.
    """
    parsed, scheme = parsed_for(url, verb)
    make = _class_of(scheme)
    given = {name: value for name, value in options.items() if value is not None}
    _check(parsed, scheme, make, given)
    site = cast(Callable[..., AsyncFileSite], make)(parsed.with_(path="/"), **given)
    path = site.path_in(parsed)
    if rate is None:
        return site, path
    throttle = AsyncThrottle.of(rate)
    return AsyncPacedSite(site, throttle.paces(parsed.host, "down"),
                          throttle.paces(parsed.host, "up")), path


def parsed_for(url: str | URL, verb: str) -> tuple[URL, Scheme]:
    """*url* taken apart, and its scheme, which must have files and *verb*.

    Raises:
        UsageError: it has not.
    """
    parsed = url if isinstance(url, URL) else parse(url)
    scheme = scheme_of(parsed.scheme, verb)
    if scheme.family != "files":
        raise UsageError(f"{parsed}: {scheme.name} is for {scheme.family}, not for files",
                         hint=f"use {scheme.package}, or the command: postel {scheme.family}")
    return parsed, scheme


def here(path: Path | str) -> Path:
    """A path of this machine, which may be written as a file: URL.

    Example:
        >>> here("notes.txt").name, here("file:///tmp/notes.txt").name
        ('notes.txt', 'notes.txt')
    """
    if isinstance(path, str) and path[:6].lower() == "file:/":
        return path_of(url_for(path))
    return Path(path)


def not_onto_itself(source: Path, url: URL) -> None:
    """Refuse to store a file of this machine as itself: it would be emptied before it is read.

    Raises:
        UsageError: *url* is a file: URL of *source*.
    """
    if url.scheme == "file":
        target = path_of(url)
        target = target / source.name if target.is_dir() else target
        if target.exists() and source.exists() and target.samefile(source):
            raise UsageError(f"put {source}: it would go onto itself")


def _class_of(scheme: Scheme) -> type[AsyncFileSite]:
    found: type[AsyncFileSite] = getattr(import_module(scheme.package), _SIDE + scheme.site)
    return found


def _check(url: URL, scheme: Scheme, kind: type[AsyncFileSite], given: dict[str, Any]) -> None:
    """Refuse what the client of *scheme* has no use for, before anything is sent."""
    known = _keywords(kind)
    if known is None:
        return
    if unknown := sorted(set(given) - known):
        raise UsageError(
            f"{url}: {scheme.name} takes no {', '.join(unknown)}",
            hint=f"it takes {', '.join(sorted(known))}" if known else "it takes no options")


def _keywords(kind: type[AsyncFileSite]) -> frozenset[str] | None:
    """The keywords of a class, through all that pass theirs on; None where it takes any."""
    found: set[str] = set()
    for one in kind.__mro__:
        if "__init__" not in vars(one):
            continue
        parameters = signature(vars(one)["__init__"]).parameters.values()
        found.update(each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY)
        if all(each.kind is not Parameter.VAR_KEYWORD for each in parameters):
            return frozenset(found)
    return None


class AsyncPacedSite(AsyncFileSite):
    """A client whose transfers keep a pace; so do those of the clients it opens beside it.

    Args:
        inner: the client itself.
        pace: of what is read, shared by all.
        up: of what is written, where that is another.
    """

    def __init__(
        self, inner: AsyncFileSite, pace: AsyncPacer, up: AsyncPacer | None = None
    ) -> None:
        self._inner = inner
        self._pace, self._up = pace, up
        self.url = inner.url

    @property
    def files(self) -> AsyncFiles:
        """The verbs, at the pace."""
        return AsyncPacedFiles(self._inner.files, self._pace, self._up)

    @property
    def latency(self) -> float:
        """Seconds of a round trip."""
        return self._inner.latency

    async def open(self) -> None:
        """Connect."""
        await self._inner.open()

    async def aclose(self) -> None:
        """Say goodbye and close."""
        await self._inner.aclose()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        await self._inner.__aexit__(kind, error, trace)

    def another(self) -> AsyncPacedSite:
        """A second client, which shares the pace."""
        return AsyncPacedSite(self._inner.another(), self._pace, self._up)

    async def reopen(self) -> None:
        """Connect again."""
        await self._inner.reopen()

    def be_careful(self) -> None:
        """Do one thing at a time from here on."""
        self._inner.be_careful()

    def path_in(self, url: URL) -> str:
        """The path that *url* names."""
        return self._inner.path_in(url)
