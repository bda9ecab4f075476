# A conversation (its twin control_sync.py is generated): commands and answers of NNTP.
"""What everything else of the client stands on: an answer for each command, and what 480 wants.

A 400 is a goodbye whoever it was meant for (RFC 3977 section 3.2.1). A 480 wants a log-in, after
which the command is sent once more.
"""

from __future__ import annotations

from typing import Any

from ..errors import ConnectionLost, LimitReached, ProtocolError, ReplyError, UsageError
from ..session.policy import Ports
from ..session.session_async import AsyncSession
from ..transport.sockets import READ
from ..urls import URL
from . import commands, wire
from .location import server_of
from .refusals import refusal
from .types import Capabilities, Group
from .wire import Ask, Data, Reply

__all__ = ["AsyncControl"]


class AsyncControl(AsyncSession[Ask, wire.Event]):
    """A connection to a news server: commands and answers.

    Args:
        target: host name, or a URL: ``nntp://``, ``nntps://``, ``news://``.
        reader: say MODE READER where the server wants to hear it; False to feed articles.
        compress: ask for COMPRESS DEFLATE after the log-in, where the server offers it.
        settings: the keywords of every client.
    """

    protocol = "NNTP"
    scheme = "nntp"
    ports = Ports(clear=119, tls=563)

    largest = 256 * 1024 * 1024
    """Bytes of an article or a listing held in memory; streams and iterators have no such limit."""

    def __init__(self, target: str | URL, *, reader: bool = True, compress: bool = False,
                 **settings: Any) -> None:
        self.reader, self._wants_compression = reader, compress
        super().__init__(server_of(target), **settings)

    def _new_wire(self) -> wire.Wire:
        self._capabilities: Capabilities | None = None
        self._missing: set[str] = set()
        self._format: tuple[str, ...] | None = None
        self._is_reader = False
        self._log_ins = 0
        self.selected: Group | None = None
        """The group that numbers are of; None before `group`."""
        self.posting = False
        """Whether the server's greeting allows posting."""
        return wire.Wire()

    @property
    def _grammar(self) -> wire.Wire:
        grammar = self._wire
        if not isinstance(grammar, wire.Wire):
            raise ProtocolError("NNTP: another grammar")
        return grammar

    # -- replies ---------------------------------------------------------------------------

    async def _reply(self, command: Ask) -> Reply:
        """The next answer to *command*.

        Raises:
            ConnectionLost: it is 400: the server says goodbye (RFC 3977 section 3.2.1).
        """
        reply = await self._event(command, Reply)
        if reply.code == 400 and command is not wire.GREETING:
            raise _gone(self.url.host, reply)
        return reply

    async def _fill(self) -> None:
        """As every session; but what was compressed is told to the trace as it reads."""
        if not self._grammar.is_compressed:
            await super()._fill()
            return
        await self._flush()
        data = await self._connected().receive(READ)
        if not data:
            raise ConnectionLost(f"{self.url.host}: the server closed the connection")
        self.trace.note(f"{len(data)} compressed bytes")
        self._wire.feed(data)

    async def _ask(self, command: Ask) -> Reply:
        """Send *command*; log in where the server asks for that, and send it again."""
        reply = await self._reply(self._queue(command))
        if reply.code == 480:
            await self._let_in(command, reply)
            reply = await self._reply(self._queue(command))
        return reply

    async def _let_in(self, command: Ask, reply: Reply) -> None:
        """Answer 480 with a log-in; twice on one connection is enough.

        Raises:
            AuthenticationError: there is nobody to log in as, or it was done already.
        """
        if self.user is None or self._log_ins > 1:
            raise refusal(command, reply)
        await self._log_in()

    async def _expect(self, command: Ask, *codes: int) -> Reply:
        """The answer to *command*, which must have one of these codes."""
        reply = await self._ask(command)
        if reply.code not in codes:
            raise refusal(command, reply)
        return reply

    async def _body(self, command: Ask) -> bytes:
        """The rest of *command*'s answer, in memory."""
        chunks, size = [], 0
        while True:
            data = await self._event(command, Data)
            self._progressed()
            chunks.append(data.chunk)
            size += len(data.chunk)
            if data.last:
                return b"".join(chunks)
            if size > self.largest:
                raise LimitReached(
                    f"{command}: more than {self.largest:,} bytes",
                    hint="streams and iterators take articles and listings of any size",
                )

    def _dropped(self, command: Ask | None, event: wire.Event) -> None:
        """A second greeting is let be; a goodbye is the end, whoever it was meant for."""
        if isinstance(event, Reply) and event.code not in (200, 201) and (
                command is None or event.code == 400):
            raise _gone(self.url.host, event)

    def _same_group(self, group: Group | None) -> None:
        """Numbers that are asked for must be those of *group*.

        Raises:
            UsageError: another group was selected since.
        """
        if group is None or self.selected is None or group.name != self.selected.name:
            was, now = (one.name if one else "none" for one in (group, self.selected))
            raise UsageError(
                f"articles by number: the group was {was} and is {now}",
                hint="select the group with group(name) before, and no other within the loop; "
                "or use a second connection",
            )

    def _refused(self, command: Ask, reply: Reply,
                 otherwise: type[ReplyError] | None = None) -> ReplyError:
        return refusal(command, reply, otherwise)

    async def _say_goodbye(self) -> None:
        await self._reply(self._queue(commands.quit_()))


def _gone(host: str, reply: Reply) -> ConnectionLost:
    return ConnectionLost(f"{host}: the server closed the connection: {reply}",
                          code=reply.code, hint="connect again; idle connections are closed "
                          "after some minutes")
