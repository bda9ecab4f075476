# A conversation (its twin feeding_sync.py is generated): articles on their way to a server.
"""POST for people, IHAVE and streaming for servers (RFC 3977 section 6.3, RFC 4644).

Streaming knows no waiting: CHECK asks about many, TAKETHIS sends at once, and answers come in
order. Articles are taken from the caller as they are needed, up to a window in bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from ..errors import AuthenticationError, NotSupported, ProtocolError
from ..messages.parsed import Parsed
from ..session.results_async import AsyncResults
from ..transport.clock_async import today
from ..transport.entropy import token
from ..wire.dots import stuffed
from . import commands
from .listing_async import AsyncListing
from .posting import Draft, Outgoing, outgoing, transit
from .types import Offered
from .wire import Ask, Reply

__all__ = ["AsyncFeeding", "AsyncOffers"]

_MOST_WAITING, _BYTES_WAITING = 200, 1 << 20
_UNKNOWN = (500, 501, 503)

Article = bytes | Parsed


class AsyncFeeding(AsyncListing):
    """Posting and feeding."""

    async def post(self, article: Article | Draft, *, groups: str | Iterable[str] = (),
                   timeout: float | None = None) -> str:
        """Post an article; return its message-id.

        It always has a message-id of ours or yours, so that a post whose answer was lost may be
        repeated: a server takes no article twice.

        Args:
            article: a `postel.Message`, or bytes with header and body.
            groups: where to; by default what its Newsgroups field says.
            timeout: seconds for the whole of it.

        Raises:
            Forbidden: no posting here.
            ReplyError: the server does not like the article; it says why.
            UsageError: From, Newsgroups or Subject is missing; nothing was sent.

        Example:
            >>> from postel import Message
            >>> from postel.nntp import AsyncClient
            >>> note = Message(from_="Ann <ann@example.org>", subject="Hello", text="Hi all")
            >>> async with AsyncClient("news.example.org") as news:
            ...     name = await news.post(note, groups="misc.test")
            ...     (await news.article(name)).message.subject
            'Hello'
        """
        ready = outgoing(article, groups=groups, now=today(), unique=token())
        async with self._operation("POST", timeout):
            self._check_private("POST")
            command = commands.post()
            await self._expect(command, 340)
            reply = await self._send_article(command, ready)
            if reply.code != 240:
                raise self._refused(command, reply)
            return ready.message_id

    async def ihave(self, article: Article, message_id: str = "", *,
                    timeout: float | None = None) -> Offered:
        """Offer an article to a server that may have it already (RFC 3977 section 6.3.2).

        Args:
            article: with all its fields, Path among them.
            message_id: under which it is offered, where that is not the article's own.
            timeout: seconds for the whole of it.

        Returns:
            Whether it was taken, and whether it may be offered again.
        """
        ready = transit(article, message_id)
        command = commands.ihave(ready.message_id)
        async with self._operation(str(command), timeout):
            self._check_private("IHAVE")
            reply = await self._ask(command)
            if reply.code == 335:
                reply = await self._send_article(command, ready)
            if reply.code not in (235, 435, 436, 437):
                raise self._refused(command, reply)
            return Offered(ready.message_id, reply.code == 235, reply.code == 436, reply.text)

    async def mode_stream(self, *, timeout: float | None = None) -> None:
        """Ask whether CHECK and TAKETHIS may be used (RFC 4644); once is enough.

        Raises:
            NotSupported: they may not.
        """
        async with self._operation("MODE STREAM", timeout):
            command = commands.mode_stream()
            reply = await self._ask(command)
            if reply.code != 203:
                raise self._refused(command, reply, NotSupported)

    def check(self, ids: Iterable[str]) -> AsyncOffers:
        """Ask which articles the server wants; iterate over the answers, in order."""
        return AsyncOffers(self, ((commands.message_id(name), None) for name in ids))

    def takethis(self, articles: Iterable[Article]) -> AsyncOffers:
        """Send articles without asking; iterate over what became of each, in order.

        Example:
            >>> from postel.nntp import AsyncClient
            >>> article = (b"Path: x\\r\\nFrom: a@b.example\\r\\nNewsgroups: misc.test\\r\\n"
            ...            b"Subject: Hi\\r\\nMessage-ID: <t1@b.example>\\r\\n"
            ...            b"Date: Sat, 21 Nov 2026 10:00:00 +0000\\r\\n\\r\\nHi\\r\\n")
            >>> async with AsyncClient("news.example.org", reader=False) as news:
            ...     await news.mode_stream()
            ...     [(one.message_id, one.accepted) async for one in news.takethis([article])]
            [('<t1@b.example>', True)]
        """
        pairs = ((ready.message_id, ready) for ready in map(transit, articles))
        return AsyncOffers(self, pairs)

    async def feed(self, articles: Iterable[Article]) -> list[Offered]:
        """Offer articles by the best means there is; return what became of each.

        By streaming, each is asked about before it is sent; without, by IHAVE.
        """
        try:
            await self.mode_stream()
        except NotSupported:
            return [await self.ihave(article) for article in articles]
        done: list[Offered] = []
        batch: list[Outgoing] = []
        for ready in map(transit, articles):
            batch.append(ready)
            if len(batch) >= _MOST_WAITING or sum(len(x.data) for x in batch) > _BYTES_WAITING:
                done += await self._offer(batch)
                batch = []
        return done + await self._offer(batch)

    async def _offer(self, batch: list[Outgoing]) -> list[Offered]:
        found = {}
        async for answer in self.check([ready.message_id for ready in batch]):
            found[answer.message_id] = answer
        wanted = [ready for ready in batch if found[ready.message_id].accepted]
        async for answer in AsyncOffers(self, [(x.message_id, x) for x in wanted]):
            found[answer.message_id] = answer
        return [found[ready.message_id] for ready in batch]

    async def _send_article(self, command: Ask, ready: Outgoing) -> Reply:
        self._queue_article(ready)
        return await self._reply(command)

    def _queue_article(self, ready: Outgoing) -> None:
        self._queue_raw(self._grammar.raw(stuffed(ready.data)), f"({len(ready.data)} bytes)")

    def _check_private(self, verb: str) -> None:
        """What one writes goes over a network encrypted, or when that was asked for.

        Raises:
            AuthenticationError: it would go in the clear.
        """
        if not self._is_private():
            raise AuthenticationError(
                f"{verb} to {self.url.host}: it would be sent in the clear",
                hint='the server offers no TLS here; security="plain" sends it all the same',
            )


class AsyncOffers(AsyncResults[Offered]):
    """Answers to CHECK and TAKETHIS, in order; an iterator and a context manager."""

    def __init__(self, client: AsyncFeeding,
                 offers: Iterable[tuple[str, Outgoing | None]]) -> None:
        super().__init__()
        self._client = client
        self._offers: Iterator[tuple[str, Outgoing | None]] = iter(offers)
        self._asked: deque[tuple[str, int, Ask]] = deque()
        self._waiting = 0

    async def settle(self) -> None:
        """Read the answers to what was sent; the loop then goes on."""
        while self._asked:
            self._ahead.append(await self._answer())

    async def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None

    async def _more(self) -> Sequence[Offered]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        async with client._operation("CHECK or TAKETHIS"):
            client._check_private("TAKETHIS")
            if len(self._asked) <= _MOST_WAITING // 2 and self._waiting <= _BYTES_WAITING // 2:
                self._send_ahead()
            await client._flush()
            answers = [await self._answer() for _ in range((len(self._asked) + 1) // 2)]
            if self._asked:
                client._unfinished = self
            return answers

    def _send_ahead(self) -> None:
        while len(self._asked) < _MOST_WAITING and self._waiting < _BYTES_WAITING:
            name, ready = next(self._offers, ("", None))
            if not name:
                return
            if ready is None:
                command = self._client._queue(commands.check(name))
            else:
                command = self._client._queue(commands.takethis(name))
                self._client._queue_article(ready)
            size = 0 if ready is None else len(ready.data)
            self._asked.append((name, size, command))
            self._waiting += size

    async def _answer(self) -> Offered:
        client = self._client
        name, size, command = self._asked.popleft()
        self._waiting -= size
        reply = await client._reply(command)
        client._progressed()
        if reply.code not in (238, 239, 431, 438, 439):
            raise client._refused(command, reply)
        told = reply.text.split(None, 1)[0] if reply.text.strip() else ""
        if told.startswith("<") and told != name:
            raise ProtocolError(f"{command}: the answer is about {told}",
                                hint="the server's answers are out of step")
        return Offered(name, reply.code in (238, 239), reply.code == 431, reply.text)
