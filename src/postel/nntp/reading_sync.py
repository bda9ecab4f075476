# GENERATED from reading_async.py by tools/unasync.py: edit that file, not this one.
"""What reads many at once: listings, overviews, headers, articles.

Nothing here holds more than a window in memory. A listing is one command whose rows are handed out
as they come. Overviews and headers are asked for range by range, two ranges under way, so that a
loop that is left early has not asked for a whole group. Articles are asked for one by one in a
window that follows round trip and size (`Depth`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConnectionLost, LimitReached, ProtocolError, ReplyError
from ..session.body_sync import Body
from ..session.results_sync import MOST_AHEAD, Results
from ..transport.clock_sync import now
from . import commands
from .depth import Depth
from .listings import split
from .types import Article
from .wire import Ask, Data, Reply

if TYPE_CHECKING:
    from .control_sync import Control

__all__ = ["ArticleBody", "Articles", "Ranges", "Reading", "Rows"]

T = TypeVar("T")

_BATCH = 256 * 1024
"""Bytes of articles gathered before they are handed out."""

_RANGE, _WIDEST = 2_000, 100_000
"""Numbers of one range; ranges grow where most numbers have no article."""

_COMMANDS_AHEAD = 16 * 1024
"""Bytes of commands under way: a server that is busy answering reads none of them."""

_DEPTH_ONE = "some old servers cannot bear several commands at once: depth=1 asks one by one"
_NONE_THERE = (420, 423, 430)
_UNKNOWN = (500, 501, 503)


class Reading(Results[T]):
    """What only reads: a connection that is closed in the middle of it loses nothing."""


class Rows(Reading[T]):
    """The rows of one command's body, as they come.

    Args:
        client: whose connection it is.
        ask: makes the commands to try, one after another while they are unknown to the server.
        parse: lines into values.
        empty: codes that mean that there are none.
    """

    def __init__(self, client: Control, ask: Sequence[Ask],
                 parse: Callable[[Iterable[bytes]], Iterable[T]],
                 empty: tuple[int, ...] = ()) -> None:
        super().__init__()
        self._client = client
        self._ask = ask
        self._parse = parse
        self._empty = empty
        self._command: Ask | None = None
        self._ended = False

    def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None  # what still comes is dropped by the next command

    def _more(self) -> Sequence[T]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation(str(self._ask[0])):
            if self._command is None:
                self._command = self._begin()
            rows: list[T] = []
            while not rows and not self._ended:
                data = client._event(self._command, Data)
                client._progressed()
                self._ended = data.last
                rows = list(self._parse(split(data.chunk)))
            if not self._ended:
                client._unfinished = self
            return rows

    def _begin(self) -> Ask:
        client = self._client
        for command in self._ask:
            reply = client._ask(command)
            if reply.code in command.bodies:
                return command
            if reply.code in self._empty:
                self._ended = True
                return command
            if reply.code not in _UNKNOWN:
                break
        raise client._refused(command, reply)


class Ranges(Reading[T]):
    """Rows about the articles of a range, asked for piece by piece.

    Args:
        client: whose connection it is.
        ask: makes the command for a range, from the verb and the range as text.
        verbs: the commands that do it, the best first.
        parse: lines into values.
        first: the first number.
        last: the last number; None is as far as the group goes.
        name: the id of one article that is asked about instead.
    """

    def __init__(self, client: Control, ask: Callable[[str, str], Ask],
                 verbs: tuple[str, ...], parse: Callable[[Iterable[bytes]], Iterable[T]],
                 first: int, last: int | None, name: str = "") -> None:
        super().__init__()
        self._name = name
        self._client = client
        self._make = ask
        self._verbs = verbs
        self._parse = parse
        self._next = max(first, 0)
        self._last = last
        self._size = _RANGE
        self._count = 0
        self._begun = self._known = self._reading = False
        self._group = client.selected
        self._asked: deque[tuple[Ask, str]] = deque()

    def settle(self) -> None:
        """Read the ranges that were asked for; the loop then goes on asking."""
        while self._asked:
            self._ahead.extend(self._gather())
            if len(self._ahead) > MOST_AHEAD:
                raise LimitReached(f"over {len(self._ahead):,} rows unread while another command "
                                   "was given", hint="finish the loop first")

    def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None

    def _more(self) -> Sequence[T]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation(self._verbs[0]):
            if not self._begun:
                self._begun = True
                self._prepare()
            rows: list[T] = []
            while not rows:
                self._ask_ahead()
                if not self._asked:
                    break
                rows = self._gather()
            if self._asked:
                client._unfinished = self
            return rows

    def _prepare(self) -> None:
        """Before the first command: what is known to be missing is not tried again."""
        known = [verb for verb in self._verbs if verb not in self._client._missing]
        self._verbs = tuple(known) or self._verbs[-1:]

    def _ask_ahead(self) -> None:
        """Two ranges under way; one, as long as it is not known that the verb is."""
        while len(self._asked) < (2 if self._known else 1) and (text := self._piece()):
            if not self._name:
                self._client._same_group(self._group)
            self._queue(text)

    def _piece(self) -> str:
        """The next range, as the command takes it; "" after the last."""
        first, last = self._next, self._last
        if self._name:
            self._next += 1
            return self._name if not first else ""
        end = first + self._size - 1
        if last is None:
            selected = self._client.selected
            if selected is None or end >= selected.last:
                self._last = first - 1  # that was all
                return commands.span(first, None)
        elif first > last:
            return ""
        else:
            end = min(end, last)
        self._next = end + 1
        return commands.span(first, end)

    def _queue(self, text: str) -> None:
        command = self._make(self._verbs[0], text)
        self._asked.append((self._client._queue(command), text))

    def _gather(self) -> list[T]:
        """The next rows of the range that is being read."""
        client = self._client
        command, text = self._asked[0]
        if not self._reading:
            self._reading = self._answered(command, text)
            if not self._reading:
                return []
        data = client._event(command, Data)
        client._progressed()
        rows = list(self._parse(split(data.chunk)))
        self._count += len(rows)
        if data.last:
            self._reading = False
            self._asked.popleft()
            self._widen()
        return rows

    def _widen(self) -> None:
        """Where few numbers have an article, the next range is wider."""
        self._known = True
        if self._count < _RANGE // 4:
            self._size = min(self._size * 4, _WIDEST)
        elif self._count > _RANGE * 2:
            self._size = max(_RANGE, self._size // 4)
        self._count = 0

    def _answered(self, command: Ask, text: str) -> bool:
        """Whether a body follows; takes another verb where this one is not known."""
        client = self._client
        reply = client._reply(command)
        if reply.code in command.bodies:
            return True
        if reply.code == 480:
            client._let_in(command, reply)
            again, self._asked = self._asked, deque()
            for _, text in again:
                self._queue(text)
            return False
        self._asked.popleft()
        if reply.code in _NONE_THERE and not self._name:
            self._widen()
            return False
        if reply.code in _UNKNOWN and len(self._verbs) > 1:
            client._missing.add(self._verbs[0])
            self._verbs = self._verbs[1:]
            self._queue(text)
            return False
        self._asked.clear()
        raise client._refused(command, reply)


class Articles(Reading[Article]):
    """Articles in turn, the next ones asked for before they are needed.

    Args:
        client: whose connection it is.
        part: ``"ARTICLE"``, ``"HEAD"`` or ``"BODY"``.
        which: numbers or ids, taken as they are needed.
        skip: whether those that are not there are left out.
        depth: how many may be under way; None measures it.
        find: tells which numbers from a first to a last have an article, where most have none.
    """

    def __init__(self, client: Control, part: str, which: Iterable[int | str], *,
                 skip: bool, depth: int | None,
                 find: Callable[[None, int, int], Any] | None = None) -> None:
        super().__init__()
        self._client = client
        self._part = part
        self._range = which if isinstance(which, range) else range(0)
        self._find = find
        self._which: Iterator[int | str] = iter(which)
        self._skip = skip
        self._most = depth
        self._group = client.selected
        self._depth: Depth | None = None
        self._noted = 0.0
        self._asked: deque[tuple[int | str, Ask]] = deque()
        self._size_asked = 0
        self._refused: ReplyError | None = None

    def settle(self) -> None:
        """Read what has been asked for already; the loop then goes on asking."""
        size = 0
        while self._asked:
            batch = self._gather()
            size += sum([len(article.data) for article in batch])
            self._ahead.extend(batch)
            if size > self._client.largest:
                raise LimitReached(
                    f"{size:,} bytes of articles unread while another command was given",
                    hint="finish the loop first, or use a second connection",
                )

    def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None

    def _more(self) -> Sequence[Article]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation(self._part):
            if self._depth is None:
                self._depth, self._noted = Depth(client.latency, self._most), now()
                if self._find is not None:
                    self._which = iter(self._find(
                        None, self._range.start, self._range.stop - 1))
            try:
                batch = self._batch(self._depth)
            except ConnectionLost as error:
                if len(self._asked) > 1 and not error.hint:
                    error.hint = _DEPTH_ONE
                    error.add_note(f"hint: {_DEPTH_ONE}")
                raise
            if self._asked:
                client._unfinished = self
            return batch

    def _batch(self, depth: Depth) -> list[Article]:
        """The next articles; empty after the last."""
        while True:
            if self._refused is not None:
                raise self._refused
            self._ask_ahead(depth.now)
            if not self._asked:
                return []
            if batch := self._gather():
                return batch

    def _ask_ahead(self, window: int) -> None:
        """Top the window up, in one packet, once it is half empty."""
        if len(self._asked) > window // 2:
            return
        while len(self._asked) < window and self._size_asked < _COMMANDS_AHEAD:
            which = next(self._which, None)
            if which is None:
                return
            if isinstance(which, int):
                self._client._same_group(self._group)
            command = self._client._queue(commands.article(self._part, which))
            self._asked.append((which, command))
            self._size_asked += len(command.line)

    def _gather(self) -> list[Article]:
        """The next articles, up to half a window or a batch of bytes."""
        batch: list[Article] = []
        size, client = 0, self._client
        for _ in range(max(1, len(self._asked) // 2)):
            which, command = self._asked[0]
            reply = client._reply(command)
            if reply.code not in command.bodies:
                if self._not_there(command, reply):
                    continue
                break
            data = client._body(command)
            self._asked.popleft()
            self._size_asked -= len(command.line)
            batch.append(named(which, reply, data))
            size += len(data)
            if size > _BATCH or client._grammar.is_drained:
                break  # what is here is handed out before the rest is waited for
        if self._depth is not None:
            before, self._noted = self._noted, now()
            self._depth.note(articles=len(batch), size=size, seconds=self._noted - before)
        return batch

    def _not_there(self, command: Ask, reply: Reply) -> bool:
        """Whether to go on after a refusal."""
        client = self._client
        if reply.code == 480:
            client._let_in(command, reply)  # reads the other refusals, too
            for _, asked in self._asked:
                client._queue(asked)
            return True
        self._asked.popleft()
        self._size_asked -= len(command.line)
        if reply.code in (423, 430) and self._skip:
            return True
        self._refused = client._refused(command, reply)
        self._asked.clear()
        return False


def named(which: int | str | None, reply: Reply, data: bytes) -> Article:
    """The article that *reply* announces.

    Raises:
        ProtocolError: it is another than was asked for: answers are out of step.
    """
    words: list[Any] = reply.text.split(None, 2)
    digits = words[0] if words else ""
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 21 else 0
    name = words[1] if len(words) > 1 and words[1].startswith("<") else ""
    if isinstance(which, int):
        if number not in (0, which):
            raise ProtocolError(f"article {which} was asked for, and {number} came",
                                hint="the server's answers are out of step")
        number = which
    elif which is not None:
        number, name = 0, name or commands.message_id(which)
    return Article(number, name, data)


class ArticleBody(Body):
    """One article as it comes, chunk by chunk."""

    def __init__(self, client: Control, command: Ask) -> None:
        super().__init__(str(command))
        self._client = client
        self._command = command
        self._begun = False
        self._last = False

    def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None  # what still comes is dropped by the next command

    def _chunk(self) -> bytes:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation(self.name):
            if not self._begun:
                self._begun = True
                client._expect(self._command, *self._command.bodies)
            while not self._last:
                data = client._event(self._command, Data)
                client._progressed()
                self._last = data.last
                if not data.last:
                    client._unfinished = self
                if data.chunk:
                    return data.chunk
            return b""
