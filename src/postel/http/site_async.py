# A conversation (its twin site_sync.py is generated): a web server as a place of files.
"""Files over HTTP: a site whose folders are index pages, and whose files go on where they stopped.

    with http.Site("https://example.org/pub/") as site:
        for entry in site.list("releases"):
            print(entry.name, entry.size)
        site.download("releases/big.iso", "big.iso")
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from ..errors import Changed, TransferError, UsageError
from ..secrets import Secret
from ..session import trees_async as trees
from ..session.site_async import AsyncFileSite
from ..transport.connector_async import AsyncConnector
from ..transport.tls import TLSOptions
from ..transport.trace import Trace
from ..types import Peer, Progress, Security, ServerInfo
from ..urls import URL, quote, unquote
from ..wire.text import display
from . import digests, kept
from .adapter_async import AsyncAdapter
from .asking import base_of
from .at_once_async import AHEAD
from .client_async import AsyncClient
from .cookies import Jar
from .disposition import parse as parse_disposition
from .login import Auth
from .redirects import without_dots
from .responses_async import AsyncStreamResponse
from .types import Follow, Response

__all__ = ["AsyncSite"]

Tell = Callable[[Progress], object] | None

_SAFE = "/!$&'()*+,;=:@~"
_DIGESTS = {"repr-digest", "digest"}


class AsyncSite(AsyncFileSite):
    """A web server's files; its first arguments are those of every client.

    Paths are relative to the URL's folder; with a leading slash, to the server's top.

    Args:
        target: URL of a folder, or a host.
        port: instead of the URL's.
        user: to log in as.
        password: a string, a `Secret`, or a function that is called when it is needed.
        auth: as for `postel.http.Client`.
        security: ``"auto"``, ``"tls"`` or ``"plain"``.
        tls: an `ssl.SSLContext`, or `TLSOptions`.
        timeout: seconds for each request; while a body flows, for each step of progress.
        proxy: URL of a SOCKS5 or HTTP proxy; None asks the environment; "none" goes direct.
        source_address: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        trace: a `Trace`, an open text file or a path that the redacted dialogue goes to.
        headers: fields that go with each request.
        cookies: as for `postel.http.Client`.
        http2: whether HTTP/2 is offered; a few connections of HTTP/1.1 carry files faster.
        follow: whether redirects are followed, and how far.
        netrc: whether to look passwords up in ``~/.netrc``, or the path of such a file.
        connections: at once, at most.
        connector: opens the connections instead of the network (memory, tests).

    Example:
        >>> async with AsyncSite("http://files.example.org/") as site:
        ...     (await site.stat("hello.txt")).size
        19
    """

    def __init__(
        self,
        target: str | URL,
        *,
        port: int | None = None,
        user: str | None = None,
        password: str | Secret | Callable[[], str | Secret] | None = None,
        auth: Auth = None,
        security: Security = "auto",
        tls: ssl.SSLContext | TLSOptions | None = None,
        timeout: float | None = 60.0,
        proxy: str | None = None,
        source_address: str | None = None,
        family: int = 0,
        trace: Trace | str | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Jar | Mapping[str, str] | Path | str | None = None,
        http2: bool | None = False,
        follow: bool | Follow = True,
        netrc: bool | Path | str = False,
        connections: int = 32,
        connector: AsyncConnector | None = None,
    ) -> None:
        self.url = self._given(target, port, security)
        self.web = AsyncClient(
            self._address(self.url), user=user, password=password, auth=auth,
            security=security, tls=tls, timeout=timeout, proxy=proxy,
            source_address=source_address, family=family, trace=trace, headers=headers,
            cookies=cookies, http2=http2, follow=follow, netrc=netrc, connections=connections,
            connector=connector)
        self._begin()

    def _begin(self) -> None:
        self._exact: dict[str, URL] = {}
        self._base = self._address(self.url).with_(user=None, password=None)
        self._latency, self._info = 0.0, ServerInfo("")
        self._peer: Peer | None = None
        self._lent = False
        self.at_once = AHEAD
        self.is_bucket = False
        self.digests: tuple[str, ...] = ()
        self._files = self._adapter()

    def _adapter(self) -> AsyncAdapter:
        return AsyncAdapter(self)

    @staticmethod
    def _given(target: str | URL, port: int | None, security: Security) -> URL:
        """What the client was made for."""
        url = base_of(target, port=port, security=security)
        if url is None:
            raise UsageError("a site has a URL")
        return url

    @staticmethod
    def _address(url: URL) -> URL:
        """The folder that paths are relative to, as HTTP knows it."""
        path = url.path if url.path.endswith("/") else url.path + "/"
        return url.with_(path=without_dots(path), query=None, fragment=None)

    # -- the client itself -----------------------------------------------------------------

    @property
    def files(self) -> AsyncAdapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return self._files

    @property
    def latency(self) -> float:
        """Seconds of a round trip to the server; 0 before the first request."""
        return self._latency

    @property
    def server(self) -> ServerInfo:
        """What the server says it is."""
        return self._info

    @property
    def peer(self) -> Peer | None:
        """The other end; None before the first request."""
        return self._peer

    @property
    def trace(self) -> Trace:
        """The redacted dialogue."""
        return self.web.trace

    async def open(self) -> None:
        """Nothing has to be opened: connections are made as they are needed."""

    async def aclose(self) -> None:
        """Close the connections."""
        if not self._lent:
            await self.web.aclose()

    async def reopen(self) -> None:
        """Nothing has to be done: a broken connection is replaced by itself."""

    def another(self) -> AsyncSite:
        """A second one over the same connections; this one closes them."""
        twin = type(self).__new__(type(self))
        twin.url, twin.web = self.url, self.web
        twin._begin()
        twin._lent, twin._exact, twin.is_bucket = True, self._exact, self.is_bucket
        twin._latency, twin.digests = self._latency, self.digests
        twin._files.known = self._files.known  # what one changes, the other must not miss
        return twin

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    # -- paths and URLs --------------------------------------------------------------------

    def path_in(self, url: URL) -> str:
        """The path that *url* names; a query stays with it."""
        path = unquote(url.path) or "/"
        if url.query is not None:
            path = f"{path}?{unquote(url.query)}"
        if url.query is not None or "%2f" in url.path.lower():
            self._exact[path] = self._address(self.url).with_(path=url.path or "/",
                                                              query=url.query)
        return path

    def is_exact(self, path: str) -> bool:
        """Whether *path* came from a URL that no path can say."""
        return path in self._exact

    def place(self, path: str, *, folder: bool = False) -> URL:
        """The URL of *path*.

        Args:
            path: seen from the site's folder; with a leading slash, from the server's top.
            folder: whether it is a folder, whose URL ends in a slash.

        Raises:
            UsageError: it holds CR, LF or NUL.
        """
        if path in self._exact:
            return self._exact[path].with_(user=None, password=None)
        base = self._base
        quoted = quote(path, safe=_SAFE)
        whole = quoted if path.startswith("/") else base.path + quoted
        if "/." in whole or "//" in whole:
            whole = without_dots(whole)
        if folder and not whole.endswith("/"):
            whole += "/"
        return base.with_(path=whole)

    def below(self, path: str) -> str:
        """*path* as seen from the site's folder, decoded, with a slash at its end; "" for it."""
        top, whole = self._address(self.url).path, self.place(path, folder=True).path
        return unquote(whole[len(top):]) if whole.startswith(top) else unquote(whole.lstrip("/"))

    # -- answers ---------------------------------------------------------------------------

    def heard(self, answer: Response | AsyncStreamResponse) -> None:
        """Note what an answer tells of the server and of the way to it."""
        if self._peer is None:
            self._peer = answer.peer
            self._info = ServerInfo("", display(answer.headers.get("server", ""))[:200])
        if answer.status == 200 and _DIGESTS & set(answer.headers) and (
                told := digests.best(answer.headers.pairs, whole=True)):
            name = kept.registered(told.name)
            self.digests = self.digests if name in self.digests else (*self.digests, name)
        times = answer.timings
        if trip := times.connect or (0.0 if self._latency else times.first):
            self._latency = min(trip, self._latency or trip)

    def accepted(self, answer: Response, what: str) -> Response:
        """*answer*, if the server did what was asked.

        Raises:
            Changed: it is no longer what was looked at (412).
            ReplyError: it did not, and says why.
        """
        if answer.status == 412:
            raise Changed(f"{what}: it is not what it was when you looked at it", code=412,
                          text=answer.reason, command=what,
                          hint="somebody changed it meanwhile: look again before you overwrite it")
        return answer.raise_for_status()

    # -- files -----------------------------------------------------------------------------

    async def download(
        self,
        path: str,
        target: Path | str,
        *,
        resume: bool = True,
        verify: bool = False,
        progress: Tell = None,
        server_name: bool = False,
    ) -> int:
        """Fetch a file into *target*: a file, or a folder to put it in.

        It is written beside its name, checked, synced, and renamed. An interrupted download is
        gone on with if the server has a validator for the file, and the file is the same.

        Args:
            path: the file on the server.
            target: the local path.
            resume: whether to use what an earlier run left.
            verify: also compare digests, where the server tells them beforehand.
            progress: called with a `Progress` now and then.
            server_name: take the name that the server gives it (Content-Disposition) in the
                folder *target*, made safe; without this it is never used.

        Returns:
            The file's size in bytes.

        Raises:
            NotFound: there is no such file.
            Incomplete: fewer bytes came than were announced; *target* is untouched.
            ChecksumMismatch: the digests differ.
            TransferError: the server's name for it is not safe, or is taken.
        """
        if server_name:
            target = await self._named(path, Path(target))
        return await super().download(path, target, resume=resume, verify=verify,
                                      progress=progress)

    async def _named(self, path: str, folder: Path) -> Path:
        if not folder.is_dir():
            raise UsageError(f"{folder}: the server's name is for a file in a folder",
                             hint="give a folder, or leave server_name out")
        entry = await self.stat(path)
        name = parse_disposition(entry.facts.get("disposition", "")).file_name()
        if name is None:
            return folder
        if (folder / name).exists():
            raise TransferError(f"{folder / name}: it is there, and the server chose the name",
                                hint="choose a name yourself to overwrite it")
        return folder / name

    async def upload(
        self,
        source: Path | str | BinaryIO,
        path: str,
        *,
        inplace: bool = True,
        resume: bool = False,
        progress: Tell = None,
    ) -> int:
        """Store a local file, or an open binary one, at *path*, by one PUT.

        A plain web server renames nothing, so it goes to its final name. What was looked at
        before is only replaced if it is still the same (If-Match).

        Args:
            source: the local path, or the open file.
            path: where to; one that ends in "/" is a folder.
            inplace: as for every client; here it cannot be otherwise.
            resume: as for every client; a PUT begins at the start.
            progress: called with a `Progress` now and then.

        Returns:
            How many bytes the server has now.

        Raises:
            Forbidden: you may not write there.
            Changed: somebody changed it since you looked.
        """
        return await super().upload(source, path, inplace=True, progress=progress)

    async def upload_tree(
        self,
        source: Path | str,
        path: str,
        *,
        connections: int = 4,
        progress: Tell = None,
        inplace: bool = True,
    ) -> trees.Report:
        """Store a local folder at *path*; needs a server that makes folders by itself.

        Args:
            source: the local folder.
            path: the folder on the server.
            connections: how many at once.
            progress: called with a `Progress` for each file now and then.
            inplace: as for every client; here it cannot be otherwise.

        Returns:
            A `Report`: counts, and each failure with its error.
        """
        return await super().upload_tree(source, path, connections=connections,
                                         progress=progress, inplace=True)

