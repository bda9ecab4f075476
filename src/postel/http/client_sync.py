# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The HTTP client: one object for any number of requests, to one host or to many.

It keeps connections, cookies and log-ins between requests, and may be used by several threads or
tasks at once: each request takes a connection from the pool.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from ..errors import PostelError
from ..secrets import Secret
from ..transport.connector_sync import Connector
from ..transport.tls import TLSOptions
from ..transport.trace import Trace
from ..types import Progress, Security
from ..urls import URL
from .asking import Params
from .bodies_sync import Content
from .cookies import Jar
from .flow_sync import Ask, Flow
from .hsts import Hosts
from .login import Auth
from .many_sync import Many
from .prepared_sync import Prepared
from .responses_sync import LARGEST, StreamResponse
from .types import Follow, Response

if TYPE_CHECKING:
    from .store import Store

__all__ = ["Client", "Exchange"]

Report = Callable[[Progress], object] | None


class Client(Prepared):
    """Requests to web servers; its first arguments are those of every client.

    Args:
        base: URL (or host) that others are relative to; None for a client of many hosts.
        port: instead of the URL's.
        user: to log in as, at *base* alone.
        password: a string, a `Secret`, or a function that is called when it is needed; for
            ``auth="bearer"`` the token.
        auth: ``"basic"`` or ``"bearer"`` to log in unasked, ``"digest"`` for that alone, a pair of
            user and password, or a function of method and URL that returns fields. None answers
            what the server asks for, best first.
        security: ``"auto"``: as the URL says, and no password in the clear; ``"tls"``: https
            alone; ``"plain"``: passwords may go in the clear.
        tls: an `ssl.SSLContext`, or `TLSOptions`.
        timeout: seconds for each request; while a body flows, for each step of progress.
        proxy: URL of a SOCKS5 or HTTP proxy; None asks the environment; "none" goes direct.
        source_address: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        trace: a `Trace`, an open text file or a path that the redacted dialogue goes to.
        headers: fields that go with each request.
        cookies: a `Jar`; the path of a cookie file, which is read now and written at the end; or
            names and values to send to *base*. None starts with an empty jar.
        http2: whether HTTP/2 is offered; None: where the extra ``http2`` is installed.
        follow: whether redirects are followed, and how far (`Follow`).
        max_redirects: in a row.
        retries: how often a request is repeated that a server put off (429, 503).
        longest_wait: seconds that a server may ask to wait before that.
        largest: bytes of a body that is read into memory.
        user_agent: what it calls itself; "" for nothing.
        netrc: whether to look passwords up in ``~/.netrc``, or the path of such a file.
        hsts: hosts that want https alone: remembered by this client, in a file, or not at all.
        cache: a file that keeps what may be kept (RFC 9111), or a `Store`; None asks each time.
            `get_many` passes it by.
        connections: at once, at most.
        connector: opens the connections instead of the network (memory, tests).

    Example:
        >>> with Client("http://files.example.org/") as web:
        ...     page = web.get("hello.txt")
        ...     page.status, page.text
        (200, 'hello from the lab\\n')
    """

    def __init__(
        self,
        base: str | URL | None = None,
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
        http2: bool | None = None,
        follow: bool | Follow = True,
        max_redirects: int = 20,
        retries: int = 2,
        longest_wait: float = 60.0,
        largest: int = LARGEST,
        user_agent: str | None = None,
        netrc: bool | Path | str = False,
        hsts: bool | Hosts | Path | str = True,
        cache: Store | Path | str | None = None,
        connections: int = 32,
        connector: Connector | None = None,
    ) -> None:
        self._keep_settings(
            base, port=port, user=user, password=password, auth=auth, security=security, tls=tls,
            timeout=timeout, proxy=proxy, source_address=source_address, family=family,
            trace=trace, http2=http2, connections=connections, connector=connector)
        self._set_manners(headers, cookies, follow, max_redirects, user_agent, netrc)
        self._load_hsts(hsts)
        self._use_cache(cache)
        self.retries, self.longest_wait, self.largest = retries, longest_wait, largest

    # -- requests --------------------------------------------------------------------------

    def request(
        self, method: str, url: str | URL = "", *, largest: int | None = None, **options: Any
    ) -> Response:
        """Ask for *url*, and read the answer into memory.

        Args:
            method: GET, POST or any other word.
            url: a URL, or what is seen from the client's *base*.
            largest: bytes that the body may have.
            options: as for `stream`: params, headers, data, json, files, content, cookies, auth,
                timeout, follow, expect, progress, uploaded.

        Returns:
            The answer, whatever its status: `Response.raise_for_status` makes refusals errors.

        Raises:
            NetworkError: no way there, or it broke.
            ProtocolError: the answer is not HTTP.
            LimitReached: the body is too long, or there are too many redirects.
            UsageError: it cannot be sent as it is.

        Example:
            >>> with Client("http://files.example.org/") as web:
            ...     (web.request("HEAD", "hello.txt")).headers["content-length"]
            '19'
        """
        exchange = self.stream(method, url, **options)
        answer = exchange.open()
        try:
            return answer.read(largest=self.largest if largest is None else largest)
        except PostelError as error:
            error.url = error.url or str(answer.url)
            raise
        finally:
            answer.close()

    def stream(
        self,
        method: str,
        url: str | URL = "",
        *,
        params: Params | None = None,
        headers: Mapping[str, Any] | None = None,
        data: Params | None = None,
        json: Any = None,
        files: Any = None,
        content: Content | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: Auth = None,
        timeout: float | None = None,
        follow: bool | Follow | None = None,
        expect: bool = False,
        progress: Report = None,
        uploaded: Report = None,
    ) -> Exchange:
        """Ask for *url*; the body is read as it comes: a with block.

        Args:
            method: GET, POST or any other word.
            url: a URL, or what is seen from the client's *base*.
            params: for the query; a value may be a list, None leaves it out.
            headers: fields that beat the client's; None as a value leaves one out.
            data: a form.
            json: anything that JSON can hold.
            files: files of a multipart form: name to path, open file, bytes, or a pair of file
                name and one of these; *data* then gives its other fields.
            content: bytes, text, an open binary file, or an iterator of bytes.
            cookies: names and values for this request's origin.
            auth: instead of the client's.
            timeout: seconds for all of it.
            follow: instead of the client's.
            expect: whether to wait for the server's word before the body goes.
            progress: called as the body comes.
            uploaded: called as the request's body goes.

        Example:
            >>> with Client("http://files.example.org/") as web:
            ...     with web.stream("GET", "hello.txt") as answer:
            ...         sum([len(chunk) for chunk in answer.iter_bytes()])
            19
        """
        body = self._body(content, data, json, files)
        ask = self._ask(method, url, params, headers, body, cookies, auth, timeout, follow)
        return Exchange(self, ask, expect=expect and body is not None, progress=progress,
                             uploaded=uploaded)

    def get(self, url: str | URL = "", **options: Any) -> Response:
        """GET *url*; see `request`."""
        return self.request("GET", url, **options)

    def head(self, url: str | URL = "", **options: Any) -> Response:
        """HEAD *url*: its header alone; see `request`."""
        return self.request("HEAD", url, **options)

    def options(self, url: str | URL = "", **options: Any) -> Response:
        """OPTIONS of *url*: what can be done with it; see `request`."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str | URL = "", **options: Any) -> Response:
        """POST to *url*; see `request`."""
        return self.request("POST", url, **options)

    def put(self, url: str | URL = "", **options: Any) -> Response:
        """PUT to *url*; see `request`."""
        return self.request("PUT", url, **options)

    def patch(self, url: str | URL = "", **options: Any) -> Response:
        """PATCH *url*; see `request`."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str | URL = "", **options: Any) -> Response:
        """DELETE *url*; see `request`."""
        return self.request("DELETE", url, **options)

    def get_many(
        self, urls: Iterable[str | URL], *, headers: Mapping[str, Any] | None = None
    ) -> Many:
        """GET many URLs, several under way at once; the answers come in their order.

        Args:
            urls: taken as they are needed; URLs, or what is seen from the client's *base*.
            headers: fields that beat the client's.

        Returns:
            An iterator of `Response`, which is a with block too.

        Example:
            >>> with Client("http://files.example.org/") as web:
            ...     [len(page.content) for page in web.get_many(["hello.txt"] * 3)]
            [19, 19, 19]
        """
        return Many(self, urls, headers)

    def save(
        self, url: str | URL, target: Path | str | BinaryIO, **options: Any
    ) -> int:
        """GET *url* into a file, whole or not at all; return its size.

        Args:
            url: a URL, or what is seen from the client's *base*.
            target: a path, or an open binary file.
            options: as for `stream`.

        Raises:
            ReplyError: the server says no.
        """
        with self.stream("GET", url, **options) as answer:
            answer.raise_for_status()
            return answer.save(target)

    # -- the client itself -----------------------------------------------------------------

    def open(self) -> None:
        """Nothing has to be opened: connections are made as they are needed."""

    def close(self) -> None:
        """Close the connections; write the files of cookies and HSTS, if there are any."""
        try:
            self._keep_files()
        finally:
            for many in tuple(self.unfinished):  # loops that were left early
                many.close()
            self.engine.close()
            if self.cache is not None:
                self.cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Exchange:
    """One request and its answer: a with block."""

    def __init__(
        self, client: Client, ask: Ask, *, expect: bool, progress: Report, uploaded: Report
    ) -> None:
        self._client = client
        self._flow = Flow(client, ask, expect=expect, progress=progress, uploaded=uploaded)
        self._url = ask.url
        self._answer: StreamResponse | None = None

    def open(self) -> StreamResponse:
        """Send the request; the answer must be closed."""
        try:
            self._answer = self._flow.run()
        except PostelError as error:
            error.url = error.url or str(self._url)
            raise
        return self._answer

    def __enter__(self) -> StreamResponse:
        return self.open()

    def __exit__(self, *exc: object) -> None:
        if self._answer is not None:
            self._answer.close()
