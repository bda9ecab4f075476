# A conversation (its twin flow_sync.py is generated): one request with all that belongs to it.
"""From a request to its answer: cookies, log-ins, redirects, patience.

One `AsyncFlow` is one call of a user. It may send several requests: a server asks to log in, to
look elsewhere, to come back later. Each step decides anew what may go with it, by its origin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import LimitReached, ReplyError, UsageError
from ..timing import Deadline
from ..transport.clock_async import now, sleep, today
from ..transport.entropy import nonce
from ..types import Progress
from ..urls import URL
from . import redirects, retry
from .asking import METHODS_WITHOUT_BODY
from .bodies_async import AsyncBody
from .challenges import parse as parse_challenges
from .headers import SECRET, Headers
from .login import Login
from .network_async import Watch
from .responses_async import AsyncStreamResponse
from .types import Follow, Response

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["Ask", "AsyncFlow"]

_MOST_LOGINS = 3
"""Requests with credentials for one step: the first, the answer to a challenge, a stale nonce."""

_FIRST_PAUSE = 0.5
"""Seconds before a request is repeated that a server refused for now without saying when."""


@dataclass(frozen=True)
class Ask:
    """One call: what is to be asked, and how."""

    method: str
    url: URL
    headers: Headers
    body: AsyncBody | None = None
    login: Login | None = None
    follow: Follow | None = None
    timeout: float | None = None
    cookies: str = ""
    without: frozenset[str] = frozenset()


class AsyncFlow:
    """One call's way to its answer."""

    def __init__(
        self,
        client: AsyncClient,
        ask: Ask,
        *,
        expect: bool = False,
        progress: Callable[[Progress], object] | None = None,
        uploaded: Callable[[Progress], object] | None = None,
    ) -> None:
        self._client = client
        self._expect, self._progress, self._uploaded = expect, progress, uploaded
        self._ask = ask
        self._home = ask.url
        patience = client.timeout if ask.timeout is None else None
        limit = client.timeout if ask.timeout is None else ask.timeout
        self._watch = Watch(Deadline.after(limit, now=now()), patience, began=now())
        self._history: list[Response] = []

    async def run(self) -> AsyncStreamResponse:
        """The answer that counts, its body still to be read."""
        ask = self._ask
        while True:
            answer = await self._patiently(ask)
            follow = ask.follow
            place = answer.headers.get("location")
            if follow is None or not redirects.leads(answer.status, place):
                break
            try:
                goal = redirects.redirected(
                    ask.method, ask.url, ask.headers, answer.status, place or "", follow,
                    has_body=ask.body is not None)
                if goal is None:
                    break
                self._check_way(goal, follow)
            except BaseException:
                await answer.aclose()
                raise
            self._history.append(await self._left(answer))
            ask = self._moved(ask, goal)
        answer.history = tuple(self._history)
        return answer

    async def _left(self, answer: AsyncStreamResponse) -> Response:
        """A redirect as it stays in the history: its body is not decoded, nor kept."""
        await answer.aclose()
        return answer.finished(b"")

    def _check_way(self, goal: redirects.Next, follow: Follow) -> None:
        doing = f"{self._ask.method} {self._ask.url}"
        if len(self._history) >= follow.most:
            raise LimitReached(f"{doing}: more than {follow.most} redirects",
                               hint="max_redirects= allows more")
        been = [answer for answer in self._history
                if answer.url == goal.url and answer.method == goal.method]
        if len(been) >= 2:  # once may be right: a page that sets a cookie leads to itself
            raise ReplyError(f"{doing}: redirected in a circle, to {goal.url}",
                             hint="the server may want a cookie or a log-in first",
                             code=been[0].status)

    def _moved(self, ask: Ask, goal: redirects.Next) -> Ask:
        """The next step of a redirected call."""
        body = ask.body if goal.with_body else None
        if body is not None and not body.again:
            raise UsageError(
                f"{ask.method} {ask.url}: redirected to {goal.url}, and the body can be sent once",
                hint="give bytes or a file that can be read again")
        url = self._client.upgraded(goal.url)
        return replace(ask, method=goal.method, url=url, headers=goal.headers, body=body,
                       cookies=ask.cookies if redirects.same_origin(url, self._home) else "")

    # -- patience --------------------------------------------------------------------------

    async def _patiently(self, ask: Ask) -> AsyncStreamResponse:
        """The answer to one step; asked again when the server wants it later."""
        client = self._client
        for attempt in range(client.retries + 1):
            answer = await self._logged_in(ask)
            pause = self._pause(ask, answer, attempt)
            if pause is None:
                break
            await answer.aclose()
            client.trace.note(f"{answer.status}: again in {pause:g} s")
            await sleep(pause)
            self._watch.progressed()
        return answer

    def _pause(self, ask: Ask, answer: AsyncStreamResponse, attempt: int) -> float | None:
        """Seconds to wait before the same request; None where it is not to be repeated."""
        client = self._client
        if (answer.status not in (429, 503) or attempt >= client.retries
                or ask.method not in retry.IDEMPOTENT
                or (ask.body is not None and not ask.body.again)):
            return None
        said = answer.headers.get("retry-after", "")
        pause = retry.wait(said, now=today(), longest=client.longest_wait)
        if pause is None:
            pause = _FIRST_PAUSE * 2 ** attempt
        left = self._watch.deadline.remaining(now=now()) if ask.timeout is not None else None
        too_long = pause > client.longest_wait or (left is not None and pause >= left)
        return None if too_long else pause

    # -- logging in ------------------------------------------------------------------------

    async def _logged_in(self, ask: Ask) -> AsyncStreamResponse:
        """The answer to one step, after what it takes to be let in, by the server and a proxy."""
        tried: dict[str, set[str]] = {}  # by the server, and by a proxy before it
        answer = await self._once(ask)
        for _ in range(_MOST_LOGINS):
            kind = {401: "www-authenticate", 407: "proxy-authenticate"}.get(answer.status)
            if kind is None:
                break
            login = self._login(ask, kind)
            offered = parse_challenges(answer.headers.all(kind))
            if login is None or not login.challenged(
                    offered, tried.setdefault(kind, set())):
                break
            if ask.body is not None and not ask.body.again:
                break  # it flowed once; the refusal is the answer
            await answer.aclose()
            answer = await self._once(ask)
        return answer

    def _login(self, ask: Ask, kind: str) -> Login | None:
        if kind == "proxy-authenticate":
            return self._client.proxy_login(ask.url)
        return self._login_for(ask)

    def _login_for(self, ask: Ask) -> Login | None:
        """Who logs in at this step: credentials are for their own origin alone."""
        if ask.login is not None and redirects.same_origin(ask.url, self._home):
            return ask.login
        return self._client.login_for(ask.url)

    # -- one request -----------------------------------------------------------------------

    async def _once(self, ask: Ask) -> AsyncStreamResponse:
        headers, cache = self.fields(ask), self._client.cache
        if cache is None:
            return await self._sent(ask, headers)

        async def send(fields: Headers) -> AsyncStreamResponse:
            return await self._sent(ask, fields)

        return await cache.answer(ask, headers, send)

    async def _sent(self, ask: Ask, headers: Headers) -> AsyncStreamResponse:
        client, watch = self._client, self._watch
        self._trace_request(ask, headers)
        body = ask.body
        if body is not None:
            self._watch_upload(ask, body)
        answer = await client.engine.send(ask.method, ask.url, headers, body, watch,
                                          expect=self._expect)
        response = AsyncStreamResponse(ask.method, ask.url, answer, watch, self._progress)
        self._trace_answer(response)
        client.learn(response)
        self._heard_login(ask, response)
        return response

    def _watch_upload(self, ask: Ask, body: AsyncBody) -> None:
        if self._uploaded is None:
            body.sent = None
            return
        report, done, began = self._uploaded, 0, self._watch.began

        def sent(size: int) -> None:
            nonlocal done
            done += size
            report(Progress(str(ask.url), done, body.size, now() - began))

        body.sent = sent

    def fields(self, ask: Ask | None = None) -> Headers:
        """All fields of one request, in the order that browsers have."""
        ask = ask or self._ask
        client, url = self._client, ask.url
        host = url.authority if url.port not in (None, 80 if url.scheme == "http" else 443) else (
            f"[{url.host}]" if ":" in url.host else url.host)
        given = ask.headers
        at_home = redirects.same_origin(url, client.base or self._home)
        fields = [] if "host" in given else [
            ("Host", host.partition("%")[0] + "]" if "%25" in host else host)]
        fields += [pair for pair in client.defaults
                   if pair[0] not in given and pair[0].lower() not in ask.without
                   and (at_home or pair[0].lower() not in SECRET)]
        fields += given.pairs
        body = ask.body
        if body is not None:
            if body.kind and "content-type" not in given and "content-type" not in ask.without:
                fields.append(("Content-Type", body.kind))
            if body.size is not None:
                fields.append(("Content-Length", str(body.size)))
            else:
                fields.append(("Transfer-Encoding", "chunked"))
            if self._expect:
                fields.append(("Expect", "100-continue"))
        elif ask.method not in METHODS_WITHOUT_BODY:
            fields.append(("Content-Length", "0"))
        named = {name.lower() for name, _ in fields}
        if "cookie" not in named and (cookies := client.cookies_for(ask.method, url, ask.cookies)):
            fields.append(("Cookie", cookies))
        fields += self._credentials(ask, unsaid="authorization" not in named)
        return Headers(fields)

    def _credentials(self, ask: Ask, *, unsaid: bool) -> list[tuple[str, str]]:
        """What logs in: at the server, unless the caller's fields do it, and at a proxy."""
        found = []
        target = (ask.url.path or "/") + ("" if ask.url.query is None else f"?{ask.url.query}")
        if unsaid and (login := self._login_for(ask)) is not None:
            self._client.check_private(ask.url, login)
            if (value := login.value(ask.method, target, nonce(), _at_hand(ask.body))):
                found.append(("Authorization", value))
            found += login.further(ask.method, ask.url)
        if (proxy := self._client.proxy_login(ask.url)) is not None:
            plain = str(ask.url.with_(user=None, password=None, fragment=None))
            if value := proxy.value(ask.method, plain, nonce(), _at_hand(ask.body)):
                found.append(("Proxy-Authorization", value))
        return found

    def _heard_login(self, ask: Ask, response: AsyncStreamResponse) -> None:
        info = response.headers.get("authentication-info")
        if info is not None and (login := self._login_for(ask)) is not None:
            login.informed(info)

    # -- the trace -------------------------------------------------------------------------

    def _trace_request(self, ask: Ask, headers: Headers) -> None:
        trace = self._client.trace
        target = (ask.url.path or "/") + ("" if ask.url.query is None else f"?{ask.url.query}")
        lines = [f"{ask.method} {target}"]
        trace.client("\r\n".join([*lines, *headers.redacted(), ""]))

    def _trace_answer(self, response: AsyncStreamResponse) -> None:
        first = f"{response.http_version} {response.status} {response.reason}"
        text = "\r\n".join([first, *response.headers.redacted(), "", ""])
        self._client.trace.server(text.encode("utf-8", "surrogateescape"))


def _at_hand(body: AsyncBody | None) -> bytes | None:
    """The content, for a log-in that proves it too; None where it flows."""
    return b"" if body is None else body.data
