# A conversation (its twin idling_sync.py is generated): waiting for news.
"""IDLE and NOTIFY as iterators of news (RFC 2177, RFC 5465); polling where there is neither.

Servers end an IDLE that lasts too long, most after half an hour, some after five minutes, so it is
renewed in time. Another command may be given between two news: IDLE is ended for it, and begins
anew with the next wait. What comes meanwhile is not lost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Self

from ..errors import NotSupported, ProtocolError, TimedOut
from ..timing import Deadline
from ..transport.clock_async import now, sleep
from . import asking
from .asking import compose
from .events import FolderStatus, News, news
from .refusals import refusal
from .selecting_async import AsyncSelecting
from .wire import Command, Continue, Reply

if TYPE_CHECKING:
    from .types import Status

__all__ = ["AsyncCounting", "AsyncIdle", "AsyncIdling", "AsyncNotify", "AsyncPolling", "AsyncWatch"]

RENEW = 24 * 60.0
"""Seconds after which IDLE is renewed: RFC 2177 has 29 minutes, and NATs are less patient."""

_EVENTS = ("MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange",
           "MailboxMetadataChange", "ServerMetadataChange", "AnnotationChange")
_STATES = ("MESSAGES", "UIDNEXT", "UNSEEN", "HIGHESTMODSEQ", "UIDVALIDITY")


class AsyncWatch(ABC):
    """News as they come: a with block to iterate in.

    Args:
        client: logged in.
        seconds: the loop ends after so many without news; None waits for ever.
        renew: seconds after which the server is told that we are still there.
    """

    def __init__(self, client: AsyncSelecting, seconds: float | None, renew: float) -> None:
        self._client = client
        self._seconds = seconds
        self._renew = renew
        self._ahead: deque[News] = deque()
        self._left = False

    @abstractmethod
    async def _begin(self) -> None:
        """See to it that the server tells news."""

    @abstractmethod
    async def _wait(self, until: Deadline) -> None:
        """Wait for something to come, or for *until*."""

    async def _end(self) -> None:
        """No news any more."""

    async def settle(self) -> None:
        """Another command is to be given."""

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._left = True
        if self._client._unfinished is self:
            self._client._unfinished = None
        if self._client.is_open:
            await self._end()

    def __aiter__(self) -> AsyncIterator[News]:
        return self

    async def __anext__(self) -> News:
        limit = Deadline.after(self._seconds, now=now())
        while not self._left:
            self._collect()
            if self._ahead:
                return self._ahead.popleft()
            if limit.expired(now=now()):
                break
            await self._wait(limit)
        raise StopAsyncIteration

    def _collect(self) -> None:
        """News that the client has heard of, whatever it was doing."""
        client = self._client
        while client._news:
            event = news(client._news.popleft(), utf8=client._speaks_utf8)
            if event is not None:
                self._ahead.append(event)


class AsyncIdle(AsyncWatch):
    """News of the open folder by IDLE."""

    def __init__(self, client: AsyncSelecting, seconds: float | None, renew: float) -> None:
        super().__init__(client, seconds, renew)
        self._command: Command | None = None
        self._until = Deadline.after(renew, now=now())

    async def _begin(self) -> None:
        client = self._client
        async with client._operation("IDLE"):
            command = self._command = client._queue(Command(b"IDLE", waits=True))
            client._unfinished = self  # also if this wait is cancelled: DONE is due
            event = await client._next(command)
            if not isinstance(event, Continue):
                client._unfinished = self._command = None
            if isinstance(event, Reply):
                raise refusal("IDLE", event, NotSupported)
            if not isinstance(event, Continue):
                raise ProtocolError("IDLE: neither + nor a refusal")
            self._until = Deadline.after(self._renew, now=now())

    async def settle(self) -> None:
        """End the IDLE, so that another command may be given."""
        await self._done()

    async def _end(self) -> None:
        async with self._client._operation("IDLE"):
            await self._done()

    async def _renewed(self) -> None:
        """End the IDLE, which the next wait begins anew; a dead peer shows itself here."""
        self._client._unfinished = None
        async with self._client._operation("IDLE"):
            if self._command is not None:
                await self._done()
            else:
                await self._client._run(compose(b"NOOP"))
                self._until = Deadline.after(self._renew, now=now())

    async def _done(self) -> None:
        command, self._command = self._command, None
        if command is not None:
            client = self._client
            client._queue_raw(b"DONE\r\n", "DONE")
            try:
                while isinstance(reply := await client._next(command), Continue):
                    pass  # of an IDLE that was given up before it began
            finally:
                client._abandon([command])
            if isinstance(reply, Reply) and reply.kind != "OK":
                raise refusal("IDLE", reply)

    async def _wait(self, until: Deadline) -> None:
        client = self._client
        if self._command is None and "IDLE" in client.capabilities:
            await self._begin()
        soonest = until.sooner(self._until)
        left = soonest.remaining(now=now())
        client._unfinished = None  # this very wait is no other command
        try:
            async with client._operation("IDLE", left if left is not None else self._renew):
                ended = await self._listen()
        finally:
            client._unfinished = self if self._command is not None else None
        if ended is not None:
            self._command = None
            client._unfinished = None
            if ended.kind != "OK":
                raise refusal("IDLE", ended)
        elif not client._news and self._until.expired(now=now()):
            await self._renewed()

    async def _listen(self) -> Reply | None:
        """Read until there is news or time is up; the answer, if the server ends the IDLE."""
        client = self._client
        try:
            while not client._news:
                pair = client._one()
                if pair is None:
                    await client._fill()
                    continue
                answered, event = pair
                if answered is self._command and isinstance(event, Reply) and event.tagged:
                    client._abandon([answered] if answered is not None else [])
                    return event
                client._dropped(answered, event)
        except TimedOut:
            pass  # of our own making
        return None


class AsyncPolling(AsyncWatch):
    """News of the open folder by asking now and then: where there is no IDLE."""

    async def _begin(self) -> None:
        """Nothing to agree on."""

    async def _wait(self, until: Deadline) -> None:
        left = until.remaining(now=now())
        await sleep(self._renew if left is None else min(self._renew, left))
        client = self._client
        async with client._operation("NOOP"):
            await client._run(compose(b"NOOP"))


class AsyncNotify(AsyncIdle):
    """News of many folders by NOTIFY, and of the open one, which Dovecot pushes in IDLE alone."""

    def __init__(self, client: AsyncSelecting, seconds: float | None, renew: float,
                 command: Command) -> None:
        super().__init__(client, seconds, renew)
        self._asked = command
        self._notified = False

    async def _begin(self) -> None:
        client = self._client
        if not self._notified:
            async with client._operation("NOTIFY"):
                await client._run(self._asked, NotSupported)
            self._notified = True
        if "IDLE" in client.capabilities:
            await super()._begin()

    async def _end(self) -> None:
        await super()._end()
        async with self._client._operation("NOTIFY"):
            await self._client._run(compose(b"NOTIFY NONE"))


class AsyncCounting(AsyncWatch):
    """News of many folders by counting them now and then: where there is no NOTIFY."""

    def __init__(self, client: AsyncSelecting, seconds: float | None, renew: float) -> None:
        super().__init__(client, seconds, renew)
        self._known: dict[str, Status] = {}

    async def _begin(self) -> None:
        self._known = await self._counts()

    async def _counts(self) -> dict[str, Status]:
        folders = await self._client.list(status=_STATES)
        return {one.name: one.status for one in folders if one.status is not None}

    async def _wait(self, until: Deadline) -> None:
        left = until.remaining(now=now())
        await sleep(self._renew if left is None else min(self._renew, left))
        found = await self._counts()
        for name, status in found.items():
            if self._known.get(name) != status:
                self._ahead.append(FolderStatus(name, status))
        self._known = found


class AsyncIdling(AsyncSelecting):
    """Waiting for news."""

    def idle(self, seconds: float | None = None, *, renew: float = RENEW,
             poll: float = 60.0) -> AsyncWatch:
        """News of the open folder, as they come: a with block to iterate in.

        Args:
            seconds: the loop ends after so many without news; None waits for ever.
            renew: seconds after which IDLE is begun anew; some servers want 300.
            poll: seconds between two questions, where the server has no IDLE.

        Returns:
            An iterator of `postel.imap.events`: `Arrived`, `Expunged`, `Vanished`, `Fetched`
            (flags have changed), `Notice`.

        Raises:
            ConnectionLost: the server said goodbye, or is gone.

        Example:
            >>> from postel.imap import AsyncClient
            >>> async with AsyncClient("mail.example.org", user="alice", password="secret") as box:
            ...     _ = await box.select("INBOX")
            ...     async with box.idle(seconds=0.1) as watch:
            ...         found = [event async for event in watch]
            >>> found
            []
        """
        self._open_folder("idle")
        if "IDLE" in self.capabilities:
            return AsyncIdle(self, seconds, renew)
        return AsyncPolling(self, seconds, poll)

    def notify(self, seconds: float | None = None, *, folders: str = "personal",
               events: Iterable[str] = _EVENTS[:3], renew: float = RENEW,
               poll: float = 60.0) -> AsyncWatch:
        """News of many folders on one connection (RFC 5465): a with block to iterate in.

        Args:
            seconds: the loop ends after so many without news; None waits for ever.
            folders: ``"personal"``, ``"subscribed"`` or ``"inboxes"``.
            events: names of RFC 5465 section 5.
            renew: seconds after which the server is told that we are still there.
            poll: seconds between two counts of all folders, where the server has no NOTIFY.

        Returns:
            An iterator as `idle` returns it, with `FolderStatus` for folders that are not open.
        """
        if "NOTIFY" not in self.capabilities:
            return AsyncCounting(self, seconds, poll)
        names = [asking.word(name, "event") for name in events]
        listed = b"(" + b" ".join(names) + b")"
        which = asking.word(folders, "folders")
        parts = b"(" + which + b" " + listed + b")"
        if self._selected is not None:
            parts = b"(selected " + listed + b") " + parts
        return AsyncNotify(self, seconds, renew, compose(b"NOTIFY SET ", parts))
