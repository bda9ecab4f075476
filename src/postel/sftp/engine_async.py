# A conversation (its twin engine_sync.py is generated): what everything of SFTP stands on.
"""One connection, many requests under way: they are sent together and answered in any order.

Whoever asks queues requests; the next wait sends them in one packet. Each reply finds its request
by number and is handed to whoever asked for it, so a file that is read, one that is written and a
folder that is listed may be under way at the same time. What nobody waits for any more is closed
when its answer comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..errors import (
    AlreadyExists,
    AuthenticationError,
    Conflict,
    ConnectionLost,
    NoSpace,
    NotFound,
    ProtocolError,
    ReplyError,
)
from ..secrets import Secret
from ..session.policy import Mode, Ports
from ..session.session_async import AsyncSession
from ..ssh.launch import Remembered
from ..ssh.link_async import open_link
from ..ssh.types import SSHOptions
from ..timing import Deadline
from ..transport.clock_async import Later, now
from ..transport.connector_async import AsyncConnector
from ..transport.stream_async import AsyncStream
from ..transport.trace import Trace
from ..types import ServerInfo
from ..urls import URL, parse
from . import packets, requests
from .refusals import FAILURE, NO_SUCH_FILE, OK, refusal
from .types import Limits
from .wire import (
    Attrs,
    Data,
    Extension,
    Handle,
    Names,
    Reply,
    Request,
    SFTPWire,
    Status,
    Version,
    data_head,
)

__all__ = ["HANDLES", "WINDOW", "AsyncEngine"]

WINDOW = 2 << 20
"""Bytes of data asked for or sent, and not answered: the window of OpenSSH's channels. More would
only wait in somebody's memory, and floods servers that answer slowly."""

BLOCK = 32_768
"""Bytes of a READ or WRITE where the server does not tell what it stands (draft section 3)."""

_MOST_BLOCK = 261_120
"""Of those that tell: as much as OpenSSH says. asyncssh's 4 MiB would be one packet a window."""

HANDLES = 1000
"""Files open at once where many are moved; each costs the server a descriptor."""

_FEW_HANDLES = 64
"""The same where the server does not say how many it stands."""

_FLUSH = 65_536
"""Bytes that are queued before they are sent without a wait."""


class AsyncEngine(AsyncSession[Any, Any]):
    """A connection that speaks SFTP version 3.

    Args:
        target: host name, or URL: ``sftp://user@host/path``; an alias of ssh's configuration too.
        port: instead of the configuration's, or 22.
        user: instead of the configuration's, or one's own name.
        password: a string, a `Secret`, or a function that is called when it is needed.
        ssh: how the SSH connection is made: keys, known hosts, jump hosts.
        timeout: seconds for each operation; while data flows, for each step of progress.
        proxy: URL of a SOCKS5 or HTTP proxy; None asks the environment; "none" goes direct.
        source_address: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        trace: a `Trace`, an open text file or a path that the dialogue goes to, a line a packet.
        connector: opens the connection to the SSH server.
        opener: opens the stream that SFTP is spoken on, instead of SSH.
        durable: whether what is written is synced to the server's disk, where it offers that.
    """

    protocol: ClassVar[str] = "SFTP"
    scheme = "sftp"
    ports = Ports(22, 22)
    _wire: SFTPWire

    def __init__(
        self,
        target: str | URL,
        *,
        port: int | None = None,
        user: str | None = None,
        password: str | Secret | Callable[[], str | Secret] | None = None,
        ssh: SSHOptions | None = None,
        timeout: float | None = 60.0,
        proxy: str | None = None,
        source_address: str | None = None,
        family: int = 0,
        trace: Trace | str | None = None,
        connector: AsyncConnector | None = None,
        opener: Callable[[Deadline], Later[AsyncStream]] | None = None,
        durable: bool = True,
    ) -> None:
        super().__init__(
            _as_sftp(target), port=port, user=user, password=password, timeout=timeout,
            proxy=proxy, source_address=source_address, family=family, trace=trace,
            connector=connector)
        if callable(self._password) and not isinstance(self._password, Remembered):
            self._password = Remembered(self._password)  # asked once, for all connections
        self.ssh, self.durable = ssh or SSHOptions(), durable
        self.careful = False
        self._opener = opener
        self._source, self._family = source_address, family
        self._own_connector = connector
        self.folder = _folder_of(self.url)

    def _forget(self) -> None:
        super()._forget()
        self.extensions: Mapping[str, str] = {}
        self.limits = Limits()
        self.home = ""
        self._trip = 0.0
        self._unsent_size = 0
        self.in_flight = 0
        self.handles = 0
        self._orphans: deque[bytes] = deque()

    def _new_wire(self) -> SFTPWire:
        return SFTPWire()

    # -- connecting ------------------------------------------------------------------------

    async def _connect(self) -> Mode:
        self._forget()
        if self._opener is not None:
            self._stream = await self._opener(self._deadline)
        else:
            self._stream = await open_link(
                self.url.host, port=self.url.port, user=self.user, password=self._password,
                options=self.ssh, deadline=self._deadline, connector=self._connector)
        self._stream.deadline = self._deadline
        return Mode(self.url.port or self.ports.clear, "plain")

    async def _greet(self) -> None:
        """INIT; then what the server stands, and where it puts us, in one packet."""
        try:
            version = await self._answer(self._queue(requests.init()))
        except AuthenticationError:
            if isinstance(self._password, Remembered):
                self._password.forget()
            raise
        if not isinstance(version, Version) or version.number != 3:
            raise ProtocolError(f"SFTP: version 3 was asked for, the server speaks {version}")
        self.extensions = version.extensions
        self.greeting = f"SFTP {version.number}"
        peer = self._connected().peer
        self.trace.note(f"connected to {peer.host} port {peer.port}")
        began = now()
        where = self._queue(requests.by_path(packets.REALPATH, "."))
        limits = self._queue(requests.limits()) if self.offers("limits@openssh.com") else None
        found = await self._answer(where)
        self._trip = now() - began
        if isinstance(found, Names) and found.names:
            self.home = found.names[0].name.decode("utf-8", "surrogateescape")
        if limits is not None and isinstance(told := await self._answer(limits), Extension):
            self.limits = requests.limits_of(told.data)

    async def _log_in(self) -> None:
        """SSH did."""

    async def _say_goodbye(self) -> None:
        """SFTP has no word for it: the stream ends."""
        await self._flush()

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of the extensions that the server offers."""
        return frozenset(self.extensions)

    @property
    def server(self) -> ServerInfo:
        """What the SSH server says it is."""
        return ServerInfo(self.greeting, getattr(self._stream, "software", ""))

    @property
    def latency(self) -> float:
        """Seconds of a round trip, measured when it connected; 0 when not connected."""
        return self._trip if self._stream is not None else 0.0

    def offers(self, name: str) -> bool:
        """Whether the server has an extension."""
        return name in self.extensions

    def be_careful(self) -> None:
        """Something odd came from the server: one request at a time from here on."""
        self.careful = True

    # -- what fits -------------------------------------------------------------------------

    @property
    def read_block(self) -> int:
        """Bytes of a READ."""
        return min(self.limits.read or BLOCK, _MOST_BLOCK)

    @property
    def write_block(self) -> int:
        """Bytes of a WRITE."""
        return min(self.limits.write or BLOCK, _MOST_BLOCK)

    @property
    def most_handles(self) -> int:
        """Files that may be open at once."""
        told = self.limits.handles
        return max(1, min(HANDLES, told - 4)) if told else _FEW_HANDLES

    # -- requests and replies --------------------------------------------------------------

    def _queue(self, command: Request) -> Request:
        """Put a request in the next packet."""
        data = self._wire.send(command)
        self._unsent.append(data)
        self._unsent_size += len(data)
        self.trace.client(f"{command.id} {command}")
        return command

    async def _send_data(self, request: Request, data: memoryview, room: int = 0) -> None:
        """Send a WRITE with its *data*; with *room*, that much before it is free for its head."""
        self._wire.number(request)
        head = data_head(request)
        self.trace.client(f"{request.id} {request}")
        self.in_flight += request.length
        if request.length <= _FLUSH // 2:
            self._unsent += (head, bytes(data[room:]))
            self._unsent_size += len(head) + request.length
            if self._unsent_size > _FLUSH:
                await self._flush()
            return
        await self._flush()
        if room >= len(head):
            data[room - len(head) : room] = head
            await self._connected().send(data[room - len(head) :])
        else:
            await self._connected().send(head)
            await self._connected().send(data[room:])

    async def _flush(self) -> None:
        """Send all that is queued in one packet."""
        while self._orphans:
            self._let_go(self._orphans.popleft())
        self._unsent_size = 0
        await super()._flush()

    async def _fill(self) -> None:
        """Send what is queued, wait for more, and hand each reply to whoever asked."""
        await self._flush()
        stream = self._connected()
        wire = self._wire
        count = await stream.receive_into(wire.room())
        if not count:
            raise ConnectionLost(
                f"{self.url.host}: the server ended SFTP "
                f"(after {stream.received:,} bytes in, {stream.sent:,} out)")
        wire.filled(count)
        while (pair := wire.next_event()) is not None:
            request, reply = pair
            self.trace.server(_told(request, reply))
            if request.then is not None:
                request.then(request, reply)
            else:
                request.reply = reply

    async def _answer(self, request: Request) -> Reply:
        """The reply to *request*."""
        wire = self._wire
        while request.reply is None:
            if wire is not self._wire:
                raise ConnectionLost(f"{request}: the connection it was sent on is gone")
            await self._fill()
        return request.reply

    async def _done(self, request: Request) -> None:
        """Queue *request*, whose answer must be that it went well."""
        reply = await self._answer(self._queue(request))
        if not isinstance(reply, Status) or reply.code != OK:
            raise await self._why(request, reply)

    async def _attributes(self, request: Request) -> Attrs:
        reply = await self._answer(self._queue(request))
        if not isinstance(reply, Attrs):
            raise await self._why(request, reply)
        return reply

    def _let_go(self, handle: bytes) -> Request:
        """Close a file or folder; nobody waits for the answer."""
        request = self._queue(requests.by_handle(packets.CLOSE, handle))
        request.then = self._closed
        return request

    def _closed(self, request: Request, reply: Reply) -> None:
        self.handles -= 1

    # -- why not ---------------------------------------------------------------------------

    def _refusal(self, request: Request, reply: Reply) -> ReplyError:
        """The error of a request that was refused, by what the server says."""
        if not isinstance(reply, Status):
            raise ProtocolError(f"{request}: answered by {type(reply).__name__}")
        return refusal(str(request), reply)

    async def _why(self, request: Request, reply: Reply, path: str = "",
                   other: str = "") -> ReplyError:
        """The error of a request that was refused; a bare FAILURE is looked into.

        Args:
            request: what was asked.
            reply: what was answered.
            path: of the file.
            other: its new name.
        """
        error = self._refusal(request, reply)
        if error.code != FAILURE or type(error) is not ReplyError or not path:
            return error
        kind, hint = await self._look_into(request.kind, request.name, path, other)
        if kind is None:
            return error
        return kind(error.message, text=error.text, code=error.code, hint=hint,
                    command=error.command)

    async def _look_into(
        self, verb: int, name: str, path: str, other: str
    ) -> tuple[type[ReplyError] | None, str]:
        """What a look at the server says about a failure, where that is cheap."""
        found = await self._kind_of(path)
        if verb == packets.MKDIR and found is not None:
            return AlreadyExists, f"{path} is there already"
        if verb in (packets.REMOVE, packets.RMDIR):
            if found is None:
                return NotFound, "it is gone already"
            if verb == packets.REMOVE and found:
                return Conflict, "it is a folder: remove it as one"
            return Conflict, ("remove what is in it first" if found
                              else "it is no folder: remove it as a file")
        if verb == packets.RENAME or name == "posix-rename":
            if found is None:
                return NotFound, f"there is no {path}"
            if await self._kind_of(other) is not None:
                return AlreadyExists, f"{other} is there already: remove it, or take another name"
        if verb == packets.OPEN and found:
            return Conflict, "it is a folder"
        if verb in (packets.OPEN, packets.WRITE, packets.MKDIR) and await self._is_full(path):
            return NoSpace, "the server's disk is full, or your quota there"
        return None, ""

    async def _kind_of(self, path: str) -> bool | None:
        """Whether *path* is a folder; None where there is nothing."""
        reply = await self._answer(self._queue(requests.by_path(packets.LSTAT, path)))
        if isinstance(reply, Status):
            return None if reply.code == NO_SUCH_FILE else False
        return isinstance(reply, Attrs) and (reply.attributes.permissions or 0) >> 12 == 4

    async def _is_full(self, path: str) -> bool:
        if not self.offers("statvfs@openssh.com"):
            return False
        above = path.rstrip("/").rpartition("/")[0] or ("/" if path.startswith("/") else ".")
        reply = await self._answer(self._queue(requests.statvfs(above)))
        return isinstance(reply, Extension) and requests.statvfs_of(reply.data).room == 0

    def _at(self, path: str) -> str:
        """Where *path* is: relative ones begin at the URL's folder, or at home."""
        if self.folder and not path.startswith("/"):
            return f"{self.folder}/{path}" if path else self.folder
        return path

    def _settings(self) -> dict[str, Any]:
        return {"port": self.url.port, "user": self.user, "password": self._password,
                "ssh": self.ssh, "timeout": self.timeout, "proxy": self._proxy,
                "source_address": self._source, "family": self._family,
                "connector": self._own_connector, "opener": self._opener,
                "durable": self.durable}


def _as_sftp(target: str | URL) -> str | URL:
    """*target*; what scp:// names is reached by SFTP, as scp(1) itself does since OpenSSH 9.0."""
    if isinstance(target, str) and target[:4].lower() == "scp:":
        target = parse(target)
    if isinstance(target, URL) and target.scheme == "scp":
        return target.with_(scheme="sftp")
    return target


def _folder_of(url: URL) -> str:
    """The folder that relative paths begin at: the URL's, if it names one."""
    path = _path_of(url)
    return path.rstrip("/") if path.endswith("/") and path.strip("/") else ""


def _path_of(url: URL) -> str:
    """The path of *url*: absolute, or from home on after ``/~/``."""
    path = "/".join(("", *url.segments)) if url.path else ""
    if path == "/~":
        return ""
    return path.removeprefix("/~/") if path.startswith("/~/") else path


def _told(request: Request, reply: Reply) -> bytes:
    """A reply as one line of a trace."""
    if isinstance(reply, Data):
        text = f"DATA {len(reply.view)}"
    elif isinstance(reply, Status):
        text = f"STATUS {reply.code} {reply.text}"
    elif isinstance(reply, Handle):
        text = f"HANDLE {reply.handle.hex()}"
    elif isinstance(reply, Names):
        text = f"NAME {len(reply.names)}"
    elif isinstance(reply, Version):
        text = f"VERSION {reply.number} {' '.join(reply.extensions)}"
    elif isinstance(reply, Attrs):
        text = f"ATTRS {reply.attributes.size} {reply.attributes.permissions or 0:o}"
    else:
        text = "EXTENDED_REPLY"
    return f"{request.id} {text}\r\n".encode("utf-8", "surrogateescape")
