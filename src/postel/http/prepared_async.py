# A conversation (its twin prepared_sync.py is generated): settings, and requests made ready.
"""What a client knows before it asks: settings, cookies, log-ins; how a call becomes a request."""

from __future__ import annotations

import json as jsons
import os
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..errors import AuthenticationError, UsageError
from ..secrets import Secret
from ..transport import disk_async as disk
from ..transport.clock_async import today
from ..transport.connector_async import AsyncConnector
from ..transport.names import HOSTS
from ..transport.target import Target, on_disk
from ..transport.tls import TLSOptions
from ..transport.trace import Trace, trace_for
from ..types import Security
from ..urls import URL, is_local
from .asking import Params, address, base_of, checked_method, form, with_params
from .bodies_async import AsyncBody, Content
from .cookie import Cookie
from .cookies import Jar
from .decoders import accepted
from .engine_async import AsyncEngine
from .flow_async import Ask
from .headers import Headers, checked_value
from .hsts import Hosts
from .login import Auth, Login, login_of
from .responses_async import AsyncStreamResponse
from .types import Follow

if TYPE_CHECKING:
    from .caching_async import AsyncCache
    from .many_async import AsyncMany
    from .store import Store

__all__ = ["AsyncPrepared"]

_LONGEST_NETRC = 1 << 20
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class AsyncPrepared:
    """The base of the client: everything but the requests themselves."""

    retries: int
    longest_wait: float
    largest: int

    def _keep_settings(
        self,
        base: str | URL | None,
        *,
        port: int | None,
        user: str | None,
        password: str | Secret | Callable[[], str | Secret] | None,
        auth: Auth,
        security: Security,
        tls: ssl.SSLContext | TLSOptions | None,
        timeout: float | None,
        proxy: str | None,
        source_address: str | None,
        family: int,
        trace: Trace | str | None,
        http2: bool | None,
        connections: int,
        connector: AsyncConnector | None,
    ) -> None:
        if security not in ("auto", "tls", "plain"):
            raise UsageError(f"security={security!r}: HTTP knows no upgrade in the clear",
                             hint="one of auto, tls, plain")
        self.security, self.timeout = security, timeout
        self._verified = not isinstance(tls, TLSOptions) or tls.verify
        base_url = base_of(base, port=port, security=security)
        if base_url is not None:
            user = base_url.user if user is None else user
            password = base_url.password if password is None else password
        self._login = login_of(auth, user, password)
        if self._login is not None and base_url is None:
            raise UsageError("user=, password= and auth= of a client are for its own server alone",
                             hint="give the client a URL, or auth= to each request")
        self.base = base_url and base_url.with_(user=None, password=None)
        self.trace = trace_for(trace)
        self.engine = AsyncEngine(
            tls=tls, proxy=proxy, source_address=source_address, family=family, http2=http2,
            connections=connections, trace=self.trace, connector=connector)
        self.unfinished: set[AsyncMany] = set()
        self._logins: dict[tuple[str, str, int | None], Login | None] = {}
        self._proxy_logins: dict[str, Login] = {}

    def _set_manners(
        self,
        headers: Mapping[str, Any] | None,
        cookies: Jar | Mapping[str, str] | Path | str | None,
        follow: bool | Follow,
        max_redirects: int,
        user_agent: str | None,
        netrc: bool | Path | str,
    ) -> None:
        agent = f"postel/{__version__}" if user_agent is None else user_agent
        given = Headers.to_send(headers)
        plain = [("User-Agent", checked_value("User-Agent", agent)), ("Accept", "*/*"),
                 ("Accept-Encoding", accepted())]
        self.defaults = [pair for pair in plain if pair[0] not in given and pair[1]]
        self.defaults += given.pairs
        self.max_redirects = max_redirects
        self.follow = self._policy(follow)
        self._cookie_file: Path | None = None
        self._jar: Jar | None = None
        self._cookies_wanted = cookies
        if isinstance(cookies, Jar):
            self._jar = cookies
        self._netrc = _netrc_path(netrc)
        self._netrc_logins: dict[str, tuple[str, Secret]] | None = None

    def _policy(self, follow: bool | Follow | None) -> Follow | None:
        if follow is None:
            return self.follow
        if isinstance(follow, Follow):
            return follow
        return Follow(most=self.max_redirects) if follow else None

    # -- from a call to a request ----------------------------------------------------------

    def _ask(
        self,
        method: str,
        url: str | URL,
        params: Params | None,
        headers: Mapping[str, Any] | None,
        body: AsyncBody | None,
        cookies: Mapping[str, str] | None,
        auth: Auth,
        timeout: float | None,
        follow: bool | Follow | None,
    ) -> Ask:
        goal = with_params(address(self.base, url), params)
        login = login_of(auth, goal.user, goal.password)
        goal = self.upgraded(goal if goal.user is None else goal.with_(user=None, password=None))
        if self.security == "tls" and goal.scheme != "https":
            raise UsageError(f"{goal}: it is not https, and security=\"tls\" wants it to be")
        return Ask(checked_method(method), goal, self._given(headers), body, login,
                   self._policy(follow), timeout, cookies=_written(cookies),
                   without=_left_out(headers))

    @staticmethod
    def _given(headers: Mapping[str, Any] | None) -> Headers:
        """The caller's fields; those that the client writes itself are not theirs to write."""
        given = Headers.to_send(headers)
        for name in ("content-length", "transfer-encoding", "connection", "upgrade", "te"):
            if name in given:
                raise UsageError(f"the header {name} is written by the client itself",
                                 hint="what would not fit the body would break the connection")
        return given

    def _body(
        self, content: Content | None, data: Params | None, json: Any, files: Any
    ) -> AsyncBody | None:
        ways = [name for name, value in (("content", content), ("json", json), ("files", files))
                if value is not None]
        if len(ways) > 1 or (data is not None and ways not in ([], ["files"])):
            raise UsageError(f"a request has one body: {', '.join([*ways, 'data'])}",
                             hint="data= goes with files=, and nothing else together")
        if files is not None:
            from .multipart_async import AsyncMultipart

            return AsyncMultipart(data, files)
        if content is not None:
            return AsyncBody.of(content)
        if json is not None:
            text = jsons.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            return AsyncBody(text.encode(), "application/json")
        if data is not None:
            return AsyncBody(form(data), "application/x-www-form-urlencoded")
        return None

    def upgraded(self, url: URL) -> URL:
        """*url*, in https where the host is known to want it (RFC 6797)."""
        if url.scheme != "http" or self._hsts is None:
            return url
        return self._hsts.secured(url, now=today())

    def _load_hsts(self, hsts: bool | Hosts | Path | str) -> None:
        """The hosts that want TLS: a set of one's own, a file's, or of this client's life."""
        self._hsts_file: Path | None = None
        self._hsts: Hosts | None = None
        if isinstance(hsts, Hosts):
            self._hsts = hsts
        elif hsts:
            self._hsts = Hosts()
            if not isinstance(hsts, bool):
                self._hsts_file = path = Path(hsts)
                if path.exists():
                    self._hsts.load(path.read_text("utf-8", "replace"))

    def _use_cache(self, place: Store | Path | str | None) -> None:
        self.cache: AsyncCache | None = None
        if place is not None:
            from .caching_async import AsyncCache

            self.cache = AsyncCache(place, self.trace)

    # -- cookies ---------------------------------------------------------------------------

    @property
    def cookies(self) -> Jar:
        """The jar."""
        if self._jar is None:
            from .suffixes import public_suffix

            wanted, self._jar = self._cookies_wanted, Jar(suffix=public_suffix)
            if isinstance(wanted, Mapping):
                self._put_cookies(wanted)
            elif isinstance(wanted, Path | str):
                self._cookie_file = Path(wanted)
                self._read_cookies(self._cookie_file)
        return self._jar

    def _put_cookies(self, given: Mapping[str, str]) -> None:
        if self.base is None:
            raise UsageError("cookies by name are for the client's own server alone",
                             hint="give the client a URL, or cookies= to each request")
        for name, value in given.items():
            self.cookies.set(Cookie(name, value, self.base.host, host_only=True))

    def _read_cookies(self, path: Path) -> None:
        from .cookie_files import from_netscape

        if path.exists():
            for cookie in from_netscape(path.read_text("utf-8", "surrogateescape")):
                self.cookies.set(cookie)

    async def _keep_files(self) -> None:
        """Write what is to outlive this client: cookies, and the hosts that want TLS."""
        if self._cookie_file is not None:
            from .cookie_files import to_netscape

            await self._keep(self._cookie_file, to_netscape(self.cookies))
        if self._hsts_file is not None and self._hsts is not None:
            await self._keep(self._hsts_file, self._hsts.text(now=today()))

    @staticmethod
    async def _keep(path: Path, text: str) -> None:
        with on_disk(path), await disk.call(Target.at, path) as target:
            target.restart()
            target.file.write(text.encode("utf-8", "surrogateescape"))
            await disk.call(target.commit, mode=0o600)

    def cookies_for(self, method: str, url: URL, given: str) -> str:
        """The Cookie field of a request."""
        if self._jar is None and self._cookies_wanted is None:
            return given
        kept = self.cookies.header_for(url, now=today(), safe=method in _SAFE)
        return "; ".join(filter(None, (kept, given)))

    def plain_for(self, url: URL) -> bool:
        """Whether nothing of this client's goes along with a request: no cookie, no log-in."""
        return not self._jar and self.login_for(url) is None

    @staticmethod
    def today() -> datetime:
        """Date and time, UTC."""
        return today()

    def learn(self, answer: AsyncStreamResponse) -> None:
        """Take the cookies of an answer."""
        headers = answer.headers
        if "set-cookie" in headers:
            self.cookies.store(answer.url, headers.all("set-cookie"), now=today(),
                               refused=self._refused_cookie)
        if self._hsts is not None and "strict-transport-security" in headers and self._verified:
            self._hsts.note(answer.url, headers.all("strict-transport-security")[0], now=today())

    def _refused_cookie(self, reason: str) -> None:
        self.trace.note(f"a cookie is not taken: {reason}")

    # -- log-ins ---------------------------------------------------------------------------

    def login_for(self, url: URL) -> Login | None:
        """The client's own log-in for the origin of *url*, or that of the netrc."""
        if self._login is not None and self.base is not None and self.base.origin == url.origin:
            return self._login
        if self._netrc is None:
            return None
        if url.origin not in self._logins:
            self._logins[url.origin] = self._from_netrc(url)
        return self._logins[url.origin]

    def _from_netrc(self, url: URL) -> Login | None:
        if self._netrc_logins is None:
            from ..wire.netrc import logins

            path = self._netrc or Path()
            try:
                text = path.read_bytes()[:_LONGEST_NETRC].decode("utf-8", "surrogateescape")
            except OSError:
                text = ""
            self._netrc_logins = logins(text)
        found = self._netrc_logins.get(url.host)
        return None if found is None else Login(*found)

    def proxy_login(self, url: URL) -> Login | None:
        """The log-in for the proxy that forwards *url*; tunnels log in for themselves."""
        proxy = self.engine.forwards(url)
        if proxy is None or proxy.user is None:
            return None
        if str(proxy) not in self._proxy_logins:
            login = Login(proxy.user, proxy.password or Secret(""))
            self._proxy_logins[str(proxy)] = login if ":" in proxy.user else login.unasked()
        return self._proxy_logins[str(proxy)]

    def check_private(self, url: URL, login: Login) -> None:
        """A password that whoever listens could read does not go out.

        Raises:
            AuthenticationError: it would go in the clear.
        """
        if not login.reveals or url.scheme == "https" or self.security == "plain":
            return
        proxied = self.engine.is_proxied(url)  # "localhost" would be the proxy's
        if (is_local(url.host) and not proxied) or HOSTS.find(url.host, url.port or 80) is not None:
            return
        raise AuthenticationError(
            f"log in to {url.host}: the password would go in the clear",
            hint="use https; or security=\"plain\" (--security plain), if the network is yours")


def _left_out(headers: Mapping[str, Any] | None) -> frozenset[str]:
    """The fields that are given as None: not to be sent, not even by default."""
    if headers is None or isinstance(headers, Headers):
        return frozenset()
    return frozenset(name.lower() for name, value in headers.items() if value is None)


def _written(cookies: Mapping[str, str] | None) -> str:
    if not cookies:
        return ""
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if any(";" in part for pair in cookies.items() for part in pair):
        raise UsageError("cookies=: a name or value holds a semicolon",
                         hint="nothing was sent; encode it, with %3B")
    return checked_value("Cookie", text)


def _netrc_path(netrc: bool | Path | str) -> Path | None:
    if isinstance(netrc, bool):
        return Path(os.environ.get("NETRC") or Path.home() / ".netrc") if netrc else None
    return Path(netrc)
