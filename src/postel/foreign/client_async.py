# A conversation (its twin client_sync.py is generated): the client of any file system of fsspec.
"""A driver of fsspec behind the face that every file client has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Self

from ..errors import UsageError
from ..session.site_async import AsyncFileSite
from ..transport import disk_async
from ..transport.trace import Trace, trace_for
from ..types import Peer, Progress, ServerInfo
from ..urls import URL, parse, unquote
from . import bridge
from .adapter_async import AsyncAdapter

__all__ = ["AsyncClient"]


class AsyncClient(AsyncFileSite):
    """A place that fsspec reaches.

    Args:
        target: its URL; relative paths in the verbs begin there.
        timeout: taken because every client takes it; drivers have their own.
        trace: taken because every client takes it; drivers tell nothing.
        options: the driver's own (fsspec calls them storage options).

    Raises:
        UsageError: the URL is malformed.

    Example:
        >>> async with AsyncClient("memory://box") as box:
        ...     async with box.files.write("a.txt") as sink:
        ...         await sink.send(b"hello")
        ...     [entry.name async for entry in box.list()]
        ['a.txt']
    """

    def __init__(
        self,
        target: str | URL,
        *,
        timeout: float | None = None,
        trace: Trace | str | None = None,
        **options: Any,
    ) -> None:
        self.url = target if isinstance(target, URL) else parse(target)
        self.timeout, self._options = timeout, options
        self.trace = trace_for(trace)
        self.greeting = ""
        self.capabilities: frozenset[str] = frozenset()
        self._system: Any = None
        self._root = ""

    @property
    def system(self) -> Any:
        """The file system itself, as fsspec has it.

        Raises:
            UsageError: the client is not open.
        """
        if self._system is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block, or call open()")
        return self._system

    async def open(self) -> None:
        """Load the driver, and let it connect.

        Raises:
            UsageError: the driver is not installed, or refuses the options.
            AuthenticationError: it finds no credentials.
        """
        self._system, root = await disk_async.call(bridge.connect, self.url, self._options)
        self._root = root.rstrip("/") or ("/" if root.startswith("/") else "")

    async def aclose(self) -> None:
        """Let go of the driver; fsspec keeps it for the next who asks."""
        self._system = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def another(self) -> AsyncClient:
        """A second client of the same place, not open."""
        return type(self)(self.url, timeout=self.timeout, trace=self.trace, **self._options)

    @property
    def is_open(self) -> bool:
        """Whether the driver is loaded."""
        return self._system is not None

    @property
    def files(self) -> AsyncAdapter:
        """The adapter: the verbs that all file schemes share."""
        return AsyncAdapter(self)

    @property
    def latency(self) -> float:
        """Not known: no driver tells it."""
        return 0.0

    @property
    def server(self) -> ServerInfo:
        """The driver's name."""
        return ServerInfo("", type(self.system).__name__)

    @property
    def peer(self) -> Peer:
        """The URL's host; what is behind it only the driver knows."""
        return Peer(self.url.host, "", self.url.port or 0)

    async def noop(self) -> None:
        """Nothing: drivers connect as they need."""

    def path_in(self, url: URL) -> str:
        """The path that *url* names, from the top of its host."""
        query = "" if url.query is None else f"?{url.query}"
        return (unquote(url.path) or "/") + query

    def place(self, path: str) -> str:
        """A path as the driver writes it.

        Args:
            path: relative to the client's URL; with a leading slash, from the top of its host.

        Raises:
            UsageError: it holds a NUL.
        """
        if "\0" in path:
            raise UsageError(f"path {path!r}: it holds a NUL")
        if path.startswith("/"):
            host = self.url.with_(path="", query=None, fragment=None).reveal()
            return str(self.system._strip_protocol(host + path))
        return "/".join(part for part in (self._root.rstrip("/"), path) if part) or self._root

    async def upload(
        self,
        source: Path | str | BinaryIO,
        path: str,
        *,
        inplace: bool = False,
        resume: bool = False,
        progress: Callable[[Progress], object] | None = None,
    ) -> int:
        """Store a local file, or an open binary one, at *path*.

        In stores of objects it is written to its name at once: there, a file appears when it is
        whole. Elsewhere it gets its name when it is.

        Args:
            source: the local path, or the open file.
            path: where to; one that ends in "/" is a folder.
            inplace: write to *path* itself in any case.
            resume: has no effect: drivers write whole files only.
            progress: called with a `Progress` now and then.

        Returns:
            How many bytes the store has now.
        """
        inplace = inplace or bridge.stores_whole(self.system)
        return await super().upload(source, path, inplace=inplace, progress=progress)
