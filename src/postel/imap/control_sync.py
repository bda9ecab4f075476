# GENERATED from control_async.py by tools/unasync.py: edit that file, not this one.
"""What every IMAP command stands on: pairing, literals, news, refusals, throttling, compression.

Answers are paired with commands by tag, and several commands may be under way: what answers one
that is not waited for yet is kept until it is. What answers none is news about the mailbox: it
changes what is known of the selected folder, and is kept for who asks for it (`idle`, `news`).

A command that was only refused because it came too soon is given again, after the wait that the
server asks for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from ..errors import ConnectionLost, ProtocolError, ReplyError, TryLater
from ..session.patience_sync import pause
from ..session.policy import Ports
from ..session.session_sync import Session
from ..transport.sockets import READ
from ..types import ServerInfo
from ..wire.text import display
from . import responses, wire
from .capabilities import Capabilities
from .deflate import Deflated
from .refusals import is_throttled, refusal
from .types import Progress
from .wire import Command, Continue, Data, Event, Reply, Untagged

__all__ = ["Control", "Told"]

Told: TypeAlias = Untagged | Reply
"""What a server says on the way to a command's end."""

_MOST_NEWS = 100_000
"""Untagged data that nobody asked for, kept until somebody does; the oldest goes first."""

_MOST_AHEAD = 64 << 20
"""Bytes kept for commands whose turn has not come; servers answer in order, nearly all."""

_STREAMED = 256 * 1024
"""Bytes from which a body is handed on as it comes, where its reader takes it in chunks."""

_PATIENCE = 5
"""Tries of a command that is throttled."""


class Control(Session[Command, Event]):
    """Commands and their answers."""

    protocol = "IMAP"
    scheme = "imap"
    ports = Ports(clear=143, tls=993)

    watch_progress: Callable[[Progress], object] | None = None
    """Told how far a long command has come, by servers that say it (INPROGRESS, RFC 9585)."""

    largest = wire.LARGEST_LITERAL
    """Bytes of one string that is held in memory; streams have no such limit."""

    def _new_wire(self) -> wire.Wire:
        self._greeted = self._preauth = False
        self._reset()
        made = wire.Wire(largest=self.largest)
        made.streams_from = _STREAMED
        return made

    def _reset(self) -> None:
        """Forget all that the server told."""
        self._capabilities: Capabilities | None = None
        self._enabled: frozenset[str] = frozenset()
        self._inbox: dict[Command, deque[Event]] = {}
        self._ahead = 0
        self._news: deque[Event] = deque(maxlen=_MOST_NEWS)
        self._deflated: Deflated | None = None
        self._leaving = False
        self.alerts: list[str] = []

    # -- pairing ---------------------------------------------------------------------------

    def _queue(self, command: Command) -> Command:
        self._inbox[command] = deque()
        return super()._queue(command)

    def _next(self, command: Command) -> Event:
        """The next event that answers *command*; what answers others is kept for them."""
        kept = self._inbox.get(command)
        if kept:
            event = kept.popleft()
            self._ahead -= len(event.chunk) if isinstance(event, Data) else 0
            return self._given(command, event)
        while True:
            while (pair := self._one()) is None:
                self._fill()
            answered, event = pair
            if answered is command:
                return self._given(command, event)
            self._dropped(answered, event)

    def _one(self) -> tuple[Command | None, Event] | None:
        """The next event, whomever it answers; None when more bytes are needed."""
        while (pair := self._wire.next_event()) is not None:
            event = pair[1]
            if isinstance(event, Continue) and self._grammar.waits_for_plus():
                self._unsent.append(self._grammar.proceed())
                continue
            if isinstance(event, Reply):
                self._heard(event)
            break
        return pair

    @property
    def _grammar(self) -> wire.Wire:
        """The wire, by its own type."""
        if not isinstance(self._wire, wire.Wire):
            raise ProtocolError("IMAP: not the grammar of IMAP")
        return self._wire

    def _given(self, command: Command, event: Event) -> Event:
        if isinstance(event, Reply) and event.tagged:
            self._inbox.pop(command, None)
        return event

    def _dropped(self, command: Command | None, event: Event) -> None:
        if command is None:
            self._take_news(event)
            return
        kept = self._inbox.get(command)
        if kept is None:
            return
        kept.append(event)
        if isinstance(event, Data):
            self._ahead += len(event.chunk)
            if self._ahead > _MOST_AHEAD:
                raise ProtocolError("the server answers in another order than it was asked, with "
                                    f"over {_MOST_AHEAD >> 20} MiB before their turn")

    def _heard(self, reply: Reply) -> None:
        """What every status response may bring, whoever it answers."""
        if reply.tagged and (more := self._grammar.release()):
            self._unsent.append(more)  # what was held back behind a literal
        if reply.code == "CAPABILITY":
            self._told(reply.values)
        elif reply.code == "INPROGRESS" and self.watch_progress is not None:
            told = responses.progress(reply)
            if told is not None:
                self.watch_progress(told)
        elif reply.code == "ALERT" and len(self.alerts) < 1_000:
            self.alerts.append(display(reply.text))
        if reply.kind == "BYE" and not self._leaving and not reply.tagged and self._greeted:
            error = ConnectionLost(
                f"{self.url.host}: the server said goodbye: {display(reply.text) or 'BYE'}",
                hint="it is going down, or the connection was idle for too long: connect again")
            raise error

    def _told(self, words: Iterable[object]) -> None:
        told = Capabilities(word for word in words if isinstance(word, str))
        if "IMAP4REV2" in self._enabled or ("IMAP4REV2" in told and "IMAP4REV1" not in told):
            told = told.with_rev2()
        self._capabilities = told
        self._grammar.ahead = -1 if "LITERAL+" in told else 4096 if "LITERAL-" in told else 0

    def _take_news(self, event: Event) -> None:
        """Something that answers no command."""
        if isinstance(event, Untagged):
            if event.name == "CAPABILITY":
                self._told(event.values)
                return
            self._note(event)
        self._news.append(event)

    def _note(self, event: Untagged) -> None:
        """What news mean for what is known of the selected folder."""

    def _abandon(self, commands: Iterable[Command]) -> None:
        """Nobody waits for these any more: their answers are dropped when they come."""
        for command in commands:
            for event in self._inbox.pop(command, ()):
                self._ahead -= len(event.chunk) if isinstance(event, Data) else 0

    # -- whole commands --------------------------------------------------------------------

    def _run(
        self, command: Command, otherwise: type[ReplyError] | None = None
    ) -> tuple[Reply, list[Told]]:
        """Give *command*; return its end and its data. Throttled, it is given again.

        Raises:
            ReplyError: the answer is NO or BAD.
        """
        for tries in range(1, _PATIENCE + 1):
            reply, data = self._gather(self._queue(command))
            if reply.kind == "OK":
                break
            error = refusal(str(command), reply, otherwise)
            if tries == _PATIENCE or not is_throttled(reply) or not isinstance(error, TryLater):
                raise error
            pause(error, tries)
            self._progressed()
        return reply, data

    def _gather(self, command: Command) -> tuple[Reply, list[Told]]:
        """The rest of what answers *command*, which has been queued."""
        data = list[Told]()
        try:
            while True:
                event = self._next(command)
                if isinstance(event, Reply) and event.tagged:
                    return event, data
                if isinstance(event, Continue | Data):
                    raise ProtocolError(f"{command}: {type(event).__name__} where data was due")
                data.append(event)
        finally:
            self._abandon([command])

    def _run_all(self, commands: Iterable[Command]) -> list[tuple[Reply, list[Told]]]:
        """Give several commands in one packet; the end and the data of each.

        Raises:
            ReplyError: the first refusal, after all have been answered.
        """
        queued = [self._queue(command) for command in commands]
        answers = self._gather_all(queued)
        for command, (reply, _) in zip(queued, answers, strict=True):
            if reply.kind != "OK":
                raise refusal(str(command), reply)
        return answers

    def _gather_all(self, queued: Sequence[Command]) -> list[tuple[Reply, list[Told]]]:
        """The ends and the data of commands that have been queued, whatever they are."""
        answers = list[tuple[Reply, list[Told]]]()
        try:
            for command in queued:
                answers.append(self._gather(command))
        finally:
            self._abandon(queued)
        return answers

    # -- bytes -----------------------------------------------------------------------------

    def _fill(self) -> None:
        """As everywhere, but compressed where that was agreed; each arrival is progress."""
        deflated = self._deflated
        if deflated is None:
            super()._fill()
            self._progressed()
            return
        self._flush()
        while not (piece := deflated.more()):
            data = self._connected().receive(READ)
            if not data:
                raise ConnectionLost(f"{self.url.host}: the server closed the connection")
            deflated.feed(data)
        self._progressed()
        self.trace.server(piece)
        self._wire.feed(piece)

    def _flush(self) -> None:
        if self._deflated is not None and self._unsent:
            self._unsent = [self._deflated.pack(b"".join(self._unsent))]
        super()._flush()

    # -- what is known ---------------------------------------------------------------------

    @property
    def server(self) -> ServerInfo:
        """What the server says it is: its greeting."""
        return ServerInfo(self.greeting)

    @property
    def capabilities(self) -> Capabilities:
        """What the server told last; empty before it did."""
        return self._capabilities or Capabilities()

    @property
    def _speaks_utf8(self) -> bool:
        """Whether names and strings are UTF-8 (RFC 9755, RFC 9051), not modified UTF-7."""
        return not self._enabled.isdisjoint({"UTF8=ACCEPT", "IMAP4REV2"})
