# GENERATED from idling_async.py by tools/unasync.py: edit that file, not this one.
"""IDLE and NOTIFY as iterators of news (RFC 2177, RFC 5465); polling where there is neither.

Servers end an IDLE that lasts too long, most after half an hour, some after five minutes, so it is
renewed in time. Another command may be given between two news: IDLE is ended for it, and begins
anew with the next wait. What comes meanwhile is not lost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Iterable
from typing import TYPE_CHECKING, Self

from ..errors import NotSupported, ProtocolError, TimedOut
from ..timing import Deadline
from ..transport.clock_sync import now, sleep
from . import asking
from .asking import compose
from .events import FolderStatus, News, news
from .refusals import refusal
from .selecting_sync import Selecting
from .wire import Command, Continue, Reply

if TYPE_CHECKING:
    from .types import Status

__all__ = ["Counting", "Idle", "Idling", "Notify", "Polling", "Watch"]

RENEW = 24 * 60.0
"""Seconds after which IDLE is renewed: RFC 2177 has 29 minutes, and NATs are less patient."""

_EVENTS = ("MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange",
           "MailboxMetadataChange", "ServerMetadataChange", "AnnotationChange")
_STATES = ("MESSAGES", "UIDNEXT", "UNSEEN", "HIGHESTMODSEQ", "UIDVALIDITY")


class Watch(ABC):
    """News as they come: a with block to iterate in.

    Args:
        client: logged in.
        seconds: the loop ends after so many without news; None waits for ever.
        renew: seconds after which the server is told that we are still there.
    """

    def __init__(self, client: Selecting, seconds: float | None, renew: float) -> None:
        self._client = client
        self._seconds = seconds
        self._renew = renew
        self._ahead: deque[News] = deque()
        self._left = False

    @abstractmethod
    def _begin(self) -> None:
        """See to it that the server tells news."""

    @abstractmethod
    def _wait(self, until: Deadline) -> None:
        """Wait for something to come, or for *until*."""

    def _end(self) -> None:
        """No news any more."""

    def settle(self) -> None:
        """Another command is to be given."""

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self._left = True
        if self._client._unfinished is self:
            self._client._unfinished = None
        if self._client.is_open:
            self._end()

    def __iter__(self) -> Iterator[News]:
        return self

    def __next__(self) -> News:
        limit = Deadline.after(self._seconds, now=now())
        while not self._left:
            self._collect()
            if self._ahead:
                return self._ahead.popleft()
            if limit.expired(now=now()):
                break
            self._wait(limit)
        raise StopIteration

    def _collect(self) -> None:
        """News that the client has heard of, whatever it was doing."""
        client = self._client
        while client._news:
            event = news(client._news.popleft(), utf8=client._speaks_utf8)
            if event is not None:
                self._ahead.append(event)


class Idle(Watch):
    """News of the open folder by IDLE."""

    def __init__(self, client: Selecting, seconds: float | None, renew: float) -> None:
        super().__init__(client, seconds, renew)
        self._command: Command | None = None
        self._until = Deadline.after(renew, now=now())

    def _begin(self) -> None:
        client = self._client
        with client._operation("IDLE"):
            command = self._command = client._queue(Command(b"IDLE", waits=True))
            client._unfinished = self  # also if this wait is cancelled: DONE is due
            event = client._next(command)
            if not isinstance(event, Continue):
                client._unfinished = self._command = None
            if isinstance(event, Reply):
                raise refusal("IDLE", event, NotSupported)
            if not isinstance(event, Continue):
                raise ProtocolError("IDLE: neither + nor a refusal")
            self._until = Deadline.after(self._renew, now=now())

    def settle(self) -> None:
        """End the IDLE, so that another command may be given."""
        self._done()

    def _end(self) -> None:
        with self._client._operation("IDLE"):
            self._done()

    def _renewed(self) -> None:
        """End the IDLE, which the next wait begins anew; a dead peer shows itself here."""
        self._client._unfinished = None
        with self._client._operation("IDLE"):
            if self._command is not None:
                self._done()
            else:
                self._client._run(compose(b"NOOP"))
                self._until = Deadline.after(self._renew, now=now())

    def _done(self) -> None:
        command, self._command = self._command, None
        if command is not None:
            client = self._client
            client._queue_raw(b"DONE\r\n", "DONE")
            try:
                while isinstance(reply := client._next(command), Continue):
                    pass  # of an IDLE that was given up before it began
            finally:
                client._abandon([command])
            if isinstance(reply, Reply) and reply.kind != "OK":
                raise refusal("IDLE", reply)

    def _wait(self, until: Deadline) -> None:
        client = self._client
        if self._command is None and "IDLE" in client.capabilities:
            self._begin()
        soonest = until.sooner(self._until)
        left = soonest.remaining(now=now())
        client._unfinished = None  # this very wait is no other command
        try:
            with client._operation("IDLE", left if left is not None else self._renew):
                ended = self._listen()
        finally:
            client._unfinished = self if self._command is not None else None
        if ended is not None:
            self._command = None
            client._unfinished = None
            if ended.kind != "OK":
                raise refusal("IDLE", ended)
        elif not client._news and self._until.expired(now=now()):
            self._renewed()

    def _listen(self) -> Reply | None:
        """Read until there is news or time is up; the answer, if the server ends the IDLE."""
        client = self._client
        try:
            while not client._news:
                pair = client._one()
                if pair is None:
                    client._fill()
                    continue
                answered, event = pair
                if answered is self._command and isinstance(event, Reply) and event.tagged:
                    client._abandon([answered] if answered is not None else [])
                    return event
                client._dropped(answered, event)
        except TimedOut:
            pass  # of our own making
        return None


class Polling(Watch):
    """News of the open folder by asking now and then: where there is no IDLE."""

    def _begin(self) -> None:
        """Nothing to agree on."""

    def _wait(self, until: Deadline) -> None:
        left = until.remaining(now=now())
        sleep(self._renew if left is None else min(self._renew, left))
        client = self._client
        with client._operation("NOOP"):
            client._run(compose(b"NOOP"))


class Notify(Idle):
    """News of many folders by NOTIFY, and of the open one, which Dovecot pushes in IDLE alone."""

    def __init__(self, client: Selecting, seconds: float | None, renew: float,
                 command: Command) -> None:
        super().__init__(client, seconds, renew)
        self._asked = command
        self._notified = False

    def _begin(self) -> None:
        client = self._client
        if not self._notified:
            with client._operation("NOTIFY"):
                client._run(self._asked, NotSupported)
            self._notified = True
        if "IDLE" in client.capabilities:
            super()._begin()

    def _end(self) -> None:
        super()._end()
        with self._client._operation("NOTIFY"):
            self._client._run(compose(b"NOTIFY NONE"))


class Counting(Watch):
    """News of many folders by counting them now and then: where there is no NOTIFY."""

    def __init__(self, client: Selecting, seconds: float | None, renew: float) -> None:
        super().__init__(client, seconds, renew)
        self._known: dict[str, Status] = {}

    def _begin(self) -> None:
        self._known = self._counts()

    def _counts(self) -> dict[str, Status]:
        folders = self._client.list(status=_STATES)
        return {one.name: one.status for one in folders if one.status is not None}

    def _wait(self, until: Deadline) -> None:
        left = until.remaining(now=now())
        sleep(self._renew if left is None else min(self._renew, left))
        found = self._counts()
        for name, status in found.items():
            if self._known.get(name) != status:
                self._ahead.append(FolderStatus(name, status))
        self._known = found


class Idling(Selecting):
    """Waiting for news."""

    def idle(self, seconds: float | None = None, *, renew: float = RENEW,
             poll: float = 60.0) -> Watch:
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
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     _ = box.select("INBOX")
            ...     with box.idle(seconds=0.1) as watch:
            ...         found = [event for event in watch]
            >>> found
            []
        """
        self._open_folder("idle")
        if "IDLE" in self.capabilities:
            return Idle(self, seconds, renew)
        return Polling(self, seconds, poll)

    def notify(self, seconds: float | None = None, *, folders: str = "personal",
               events: Iterable[str] = _EVENTS[:3], renew: float = RENEW,
               poll: float = 60.0) -> Watch:
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
            return Counting(self, seconds, poll)
        names = [asking.word(name, "event") for name in events]
        listed = b"(" + b" ".join(names) + b")"
        which = asking.word(folders, "folders")
        parts = b"(" + which + b" " + listed + b")"
        if self._selected is not None:
            parts = b"(selected " + listed + b") " + parts
        return Notify(self, seconds, renew, compose(b"NOTIFY SET ", parts))
