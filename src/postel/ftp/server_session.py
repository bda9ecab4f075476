"""One control connection of the lab's FTP server: requests in, replies out, in order.

Service code. What arrives together is answered in one packet. While a transfer runs, NOOP and STAT
are answered at once, ABOR ends it, and everything else waits its turn, so that bursts of whole
EPSV and RETR pairs work (RFC 959 section 5.4 has servers queue what comes early). The families of
commands (`server_access`, `server_files`, `server_transfers`) are added to this class.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import NetworkError, PostelError, ProtocolError
from ..secrets import HIDDEN
from ..serving.faults import Fault
from ..serving.files import ServedFiles, join, split
from ..serving.server import Server, Users
from ..transport.socket_async import AsyncSocketStream
from ..wire.text import display
from .wire import Request, ServerWire

__all__ = ["QUIRKS", "FTPOptions", "Refused", "Session"]

_FLUSH = 256 * 1024
"""Bytes of answers gathered before they are sent, however many commands wait."""

_SECRETS = ("PASS", "ACCT")

QUIRKS = (
    "226 early", "EPSV closed port", "NOOP 500 during transfer", "REST ignored",
    "code 250 instead of 226", "latin-1 names", "multi-line replies", "no EPSV", "no FEAT",
    "no MLSD", "no REST", "no SIZE", "one listener", "pure-ftpd",
)
"""Habits of other servers that this one can take on."""


@dataclass
class FTPOptions:
    """How the server behaves; may be changed while it runs.

    Args:
        anonymous: whether anyone may log in as ``anonymous`` and read.
        allow_clear: whether passwords and data may come in the clear.
        require_reuse: refuse a data channel that does not resume a TLS session (522).
        require_notify: refuse (426) an upload over TLS that ends without close_notify: it may be
            cut short.
        account: ask for this account after the password (332).
        pasv_address: told in PASV's answer instead of the real address.
        data_wait: seconds to wait for the client's data connection, and for data on it.
        quirks: some of `QUIRKS`.
    """

    anonymous: bool = True
    allow_clear: bool = True
    require_reuse: bool = True
    require_notify: bool = True
    account: str | None = None
    pasv_address: str | None = None
    data_wait: float = 60.0
    quirks: set[str] = field(default_factory=set)


class Refused(PostelError):
    """An answer of 4xx or 5xx; the session goes on."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.reply = code


class Session:
    """What every family of commands stands on.

    Args:
        server: for its TLS, faults and limits.
        stream: the control connection.
        users: who may log in.
        files: what is served.
        options: how to behave.
    """

    def __init__(
        self,
        server: Server,
        stream: AsyncSocketStream,
        users: Users,
        files: ServedFiles,
        options: FTPOptions,
    ) -> None:
        self.server, self.stream, self.users = server, stream, users
        self.files, self.options = files, options
        self.wire = ServerWire("latin-1" if self.has("latin-1 names") else "utf-8")
        self.queue: deque[Request] = deque()
        self.out: list[bytes] = []
        self.pending = 0
        self.sending = asyncio.Lock()
        self.fault: Fault | None = None
        self.ended = False
        self.folder = "/"
        self.address = _prepared(stream)
        self.reset()

    def reset(self) -> None:
        """Nobody is logged in (REIN, AUTH)."""
        self.name = ""
        self.user = ""
        self.knows = False
        self.offset = 0
        self.source: str | None = None
        self.folder = "/"

    def has(self, quirk: str) -> bool:
        """Whether the server has one of `QUIRKS`."""
        return quirk in self.options.quirks

    # -- requests --------------------------------------------------------------------------

    async def run(self) -> None:
        """Greet, then obey until the end."""
        try:
            await self.obey(Request("GREETING", ""))
            while not self.ended:
                request = await self.request()
                if request is None:
                    break
                await self.obey(request)
        except ProtocolError as error:
            self.say(500, display(str(error)))
        await self.flush()

    async def request(self) -> Request | None:
        """The next command; what has been gathered is sent before waiting for it."""
        if self.queue:
            return self.queue.popleft()
        while (request := self.wire.next_request()) is None:
            await self.flush()
            self.server.allow(self.stream, self.server.idle)
            if not (data := await self.stream.receive()):
                return None
            self.wire.feed(data)
        return request

    async def obey(self, request: Request) -> None:
        """Answer one command, unless a fault is due for it."""
        if request.verb != "GREETING":
            self.server.watch("C", _shown(request))
        fault = self.server.faults.due(request.verb)
        if fault is not None and not fault.on_data:
            self.fail(fault)
            return
        self.fault = fault
        try:
            await self.dispatch(request)
        except Refused as refusal:
            self.say(refusal.reply, str(refusal))
        except NetworkError:
            raise
        except OSError as error:
            self.say(*explained(error))
        if self.pending > _FLUSH:
            await self.flush()

    def fail(self, fault: Fault) -> None:
        """Do what *fault* says instead."""
        if fault.reply is not None:
            self.server.watch("S", display(fault.reply.decode("utf-8", "backslashreplace")))
            self.put(fault.reply + b"\r\n")
        if fault.close:
            self.ended = True

    async def dispatch(self, request: Request) -> None:
        """Find who answers."""
        raise NotImplementedError

    # -- replies ---------------------------------------------------------------------------

    def say(self, code: int, *lines: str) -> None:
        """Reply."""
        texts = tuple(self._fitting(line) for line in lines)
        self.server.watch("S", f"{code} {display(' / '.join(texts))}")
        if self.has("multi-line replies") and len(texts) == 1:
            self.put(b"%d-first\r\n%d-\r\n%d is not the last line\r\n %d nor is this\r\n"
                     % (code, code, code + 1, code))
        self.put(self.wire.reply(code, *texts))

    def _fitting(self, text: str) -> str:
        """*text* with what the wire's encoding cannot say as question marks."""
        try:
            text.encode(self.wire.encoding, "surrogateescape")
        except UnicodeEncodeError:
            text = text.encode(self.wire.encoding, "replace").decode(self.wire.encoding)
        return text.replace("\r", "?").replace("\n", "?")

    def put(self, data: bytes) -> None:
        """Gather *data* for the next packet."""
        self.out.append(data)
        self.pending += len(data)

    async def flush(self) -> None:
        """Send what is gathered; one at a time, for a transfer may be speaking too."""
        async with self.sending:
            if self.out:
                data, self.out, self.pending = b"".join(self.out), [], 0
                self.server.allow(self.stream, self.server.idle)
                await self.stream.send(data)

    # -- what handlers ask -----------------------------------------------------------------

    def path(self, text: str) -> str:
        """The absolute path that a client means."""
        return join(split(text, self.folder))

    @property
    def may_write(self) -> bool:
        """Whether this user may change things."""
        return self.user != "anonymous" and self.files.writable

    def must_write(self) -> None:
        """Refuse those who may only read."""
        if not self.may_write:
            raise Refused(550, "you may only read here")

    def quoted(self, path: str) -> str:
        """*path* as 257 has it: quotes doubled (RFC 959 appendix II)."""
        return '"' + path.replace('"', '""') + '"'

    @property
    def is_tls(self) -> bool:
        """Whether the control connection is in TLS now."""
        return self.stream.tls_session is not None or self.stream.peer.tls is not None


def _shown(request: Request) -> str:
    """A request for those who watch: no secret in it."""
    if request.verb in _SECRETS:
        return f"{display(request.verb)} {HIDDEN}"
    return display(f"{request.verb} {request.argument}".rstrip())


def _prepared(stream: AsyncSocketStream) -> str:
    """Read urgent data (ABOR's end, RFC 959 section 4.1.3) in line; return our own address."""
    with contextlib.closing(socket.socket(fileno=os.dup(stream.fileno()))) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        return str(sock.getsockname()[0])


_TEXTS: Mapping[int, tuple[int, str]] = {
    errno.ENOENT: (550, "No such file or folder"),
    errno.EEXIST: (550, "It exists already"),
    errno.EACCES: (550, "Permission denied"),
    errno.EPERM: (550, "Permission denied"),
    errno.EROFS: (550, "Read only"),
    errno.EISDIR: (550, "Not a plain file"),
    errno.ENOTDIR: (550, "Not a folder"),
    errno.ELOOP: (550, "Links are not followed"),
    errno.ENOTEMPTY: (550, "The folder is not empty"),
    errno.ENOSPC: (552, "No space left"),
    errno.EDQUOT: (552, "Quota exceeded"),
    errno.ENAMETOOLONG: (553, "The name is too long"),
    errno.EINVAL: (553, "That name is not possible"),
}


def explained(error: OSError) -> tuple[int, str]:
    """Code and text for a failure of the files; no path of this machine in it."""
    return _TEXTS.get(error.errno or 0, (451, "Local error"))
