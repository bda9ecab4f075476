"""One connection to a mail server: requests in, replies out, faults on the way.

Service code. Commands that arrive together are answered in one packet (RFC 2920 section 3.2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import ProtocolError, TimedOut
from ..secrets import HIDDEN
from ..transport.socket_async import AsyncSocketStream
from .server_faults import Rule
from .wire_server import Request, ServerWire, reply

if TYPE_CHECKING:
    from .server import SMTPServer

__all__ = ["Channel", "Ended", "shown"]


class Ended(Exception):
    """The session is over."""


class Channel:
    """Reads requests, gathers replies, carries out what the faults say.

    Args:
        server: whose session this is.
        stream: the connection.
    """

    def __init__(self, server: SMTPServer, stream: AsyncSocketStream) -> None:
        self.server, self.stream = server, stream
        self.wire = ServerWire()
        self.injects = False
        self._out: list[bytes] = []

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.stream.peer.tls is not None

    async def request(self) -> Request | None:
        """The next command; what has been gathered is sent before waiting for it."""
        while (request := self.wire.next_request()) is None:
            if not await self.more():
                return None
        return request

    async def line(self) -> bytes:
        """An answer within AUTH."""
        while (line := self.wire.next_line()) is None:
            if not await self.more():
                raise ProtocolError("SMTP: the client left within AUTH")
        return line

    async def more(self) -> bool:
        """Wait for bytes; False at the end."""
        await self.flush()
        self.server.allow(self.stream, self.server.idle)
        try:
            data = await self.stream.receive()
        except TimedOut:
            self.say(421, "4.4.2", "you were silent for too long")
            self.server.allow(self.stream, 1.0)
            await self.flush()
            raise
        self.wire.feed(data)
        return bool(data)

    def say(self, code: int, status: str, *lines: str) -> None:
        """Put one reply into the next packet."""
        self.server.watch("S", f"{code} {' / '.join(lines)}")
        if "ENHANCEDSTATUSCODES" in self.server.options.without:
            status = ""
        self._out.append(reply(code, *lines, status=status))

    def put(self, data: bytes) -> None:
        """Put bytes as they are into the next packet."""
        self._out.append(data)

    async def flush(self) -> None:
        """Send what was gathered."""
        if self._out:
            data, self._out = b"".join(self._out), []
            await self.stream.send(data)

    async def end(self) -> None:
        """Send what was gathered, and be done."""
        await self.flush()
        raise Ended

    # -- faults ----------------------------------------------------------------------------

    async def met(self, step: str, argument: str = "") -> bool:
        """Whether a fault took the place of what is due at *step*; it is carried out."""
        rule = self.server.faults.met(step, argument)
        self.injects = rule is not None and rule.act == "inject"
        if rule is not None and not self.injects:
            await self.carry_out(rule)
            return True
        fault = self.server.faults.plain(step)
        if fault is None:
            return False
        if fault.reply is not None:
            self.put(fault.reply + b"\r\n")
        if fault.close:
            await self.end()
        return True

    async def carry_out(self, rule: Rule) -> None:
        """Do what a rule says instead of what is right."""
        self.server.watch("*", f"as scripted: {rule.act} at {rule.step}")
        if rule.act == "silence":
            await self.flush()
            while await self.more():
                self.wire.discard()
            raise Ended
        if rule.act != "reply":
            await self.end()
        code, status, text = rule.reply
        self.say(code, status, text)
        if code == 421:  # the server leaves (RFC 5321 section 3.8)
            await self.end()


_SECRET = re.compile(r"AUTH +(\S+) +\S", re.IGNORECASE)


def shown(request: Request) -> str:
    """A request for those who watch: no secret in it."""
    text = f"{request.verb} {request.argument}".rstrip()
    found = _SECRET.match(text)
    return f"AUTH {found[1]} {HIDDEN}" if found else text
