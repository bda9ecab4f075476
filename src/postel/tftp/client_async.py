# A conversation (its twin client_sync.py is generated): the TFTP client.
"""The TFTP client: `get` and `put`, and the verbs of file clients as far as TFTP has them.

There is no connection: entering the client looks the host up, and each transfer has a socket of its
own, so several may run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Self, get_args

from ..errors import NotSupported, UsageError
from ..session.files_async import Watch
from ..session.site_async import AsyncFileSite
from ..session.transfer_async import download_into
from ..session.trees_async import Report
from ..timing import Deadline
from ..transport import disk_async as disk
from ..transport.clock_async import now
from ..transport.datagram_async import addresses_of
from ..transport.datagrams import payload_room
from ..transport.names import Address
from ..transport.target import Target, on_disk
from ..transport.trace import Trace, trace_for
from ..types import Peer, Progress, ServerInfo
from ..urls import URL, parse
from ..wire.names import safe_name
from .adapter_async import AsyncAdapter
from .location import tftp_path
from .options import offer
from .transfers_async import AsyncReader, AsyncWriter, text_of
from .types import BLOCK_SIZES, PORT, WINDOWS, Mode

__all__ = ["AsyncClient"]

Tell = Callable[[Progress], object] | None

WINDOW_BYTES = 65_536
"""Bytes under way at once where nobody says otherwise: receivers' buffers hold that much."""

MOST_WINDOW = 16
"""Blocks under way at once: what machines that start have buffers for."""


class AsyncClient(AsyncFileSite):
    """A host that speaks TFTP.

    Args:
        target: host name, or a URL; its ``;mode=`` is taken on.
        port: instead of 69.
        mode: ``"octet"``, or ``"netascii"`` for text with lines as the other system writes them.
        block_size: bytes of a block; None takes what goes in one piece through most networks,
            and more within this machine; 512 asks for nothing.
        window: blocks under way at once (RFC 7440); None takes up to 16; 1 asks for nothing.
        retransmit: whole seconds between the server's repetitions; None lets both ends adapt.
        tries: repetitions without an answer before it is given up.
        timeout: seconds without progress before it is given up.
        source_address: local address to send from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        trace: a `Trace`, an open text file or a path that the dialogue goes to, packet by packet.

    Raises:
        UsageError: a number is out of its range.

    Example:
        >>> async with AsyncClient("tftp.example.org") as site:
        ...     await site.download("pub/hello.txt", "hello.txt")
        20
    """

    def __init__(
        self,
        target: str | URL,
        *,
        port: int | None = None,
        mode: Mode | None = None,
        block_size: int | None = None,
        window: int | None = None,
        retransmit: int | None = None,
        tries: int = 8,
        timeout: float | None = 60.0,
        source_address: str | None = None,
        family: int = 0,
        trace: Trace | str | None = None,
    ) -> None:
        self.url = _url(target, port)
        self.mode: Mode = mode or tftp_path(self.url)[1] or "octet"
        if self.mode not in get_args(Mode):
            raise UsageError(f"mode {mode!r} is not known", hint="octet or netascii")
        _check("block_size", block_size, BLOCK_SIZES)
        _check("window", window, WINDOWS)
        _check("retransmit", retransmit, range(1, 256))
        self.block_size, self.window, self.retransmit = block_size, window, retransmit
        self.tries, self.timeout = tries, timeout
        self.source_address, self.family = source_address, family
        self.trace = trace_for(trace)
        self.greeting = ""
        self.capabilities: frozenset[str] = frozenset()
        self._traces_all = trace is not None
        self._latency = 0.0
        self._addresses: list[Address] = []

    # -- connect, as far as UDP has it -------------------------------------------------------

    async def open(self) -> None:
        """Look the host up; the first transfer tells whether a server is there.

        Raises:
            ResolveError: it has no address.
        """
        deadline = Deadline.after(self.timeout, now=now())
        self._addresses = await addresses_of(
            self.url.host, self.url.port or PORT, family=self.family, deadline=deadline)

    async def aclose(self) -> None:
        """Forget the addresses; may be called twice."""
        self._addresses = []

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def another(self) -> AsyncClient:
        """A second client with the same settings, not open."""
        return type(self)(
            self.url, mode=self.mode, block_size=self.block_size, window=self.window,
            retransmit=self.retransmit, tries=self.tries, timeout=self.timeout,
            source_address=self.source_address, family=self.family, trace=self.trace)

    @property
    def is_open(self) -> bool:
        """Whether the host has been looked up."""
        return bool(self._addresses)

    @property
    def addresses(self) -> list[Address]:
        """Where requests go, in the order to try them.

        Raises:
            UsageError: the client is not open.
        """
        if not self._addresses:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block, or call open()")
        return self._addresses

    @property
    def peer(self) -> Peer:
        """The host, and the address that is asked first."""
        address = self.addresses[0].sockaddr
        return Peer(self.url.host, str(address[0]), int(address[1]))

    @property
    def server(self) -> ServerInfo:
        """Nothing: no server of TFTP says what it is."""
        return ServerInfo("")

    @property
    def latency(self) -> float:
        """Seconds of a round trip, as the last transfer measured it; 0 before the first."""
        return self._latency

    async def noop(self) -> None:
        """Nothing: TFTP has no such request."""

    # -- the words of TFTP -------------------------------------------------------------------

    def get(self, name: str, *, mode: Mode | None = None) -> AsyncReader:
        """Read a file (RRQ): a with block, and an iterator of chunks.

        Args:
            name: as the server knows it; most want it relative to their folder.
            mode: instead of the client's.

        Raises:
            NotFound: there is no such file.
            Incomplete: fewer bytes came than were announced.
            TimedOut: no answer, asked several times.

        Example:
            >>> async with AsyncClient("tftp.example.org") as site:
            ...     async with site.get("pub/hello.txt") as reading:
            ...         b"".join([chunk async for chunk in reading])
            b'Hello from the lab.\\n'
        """
        return AsyncReader(self, name, mode or self.mode)

    def put(self, name: str, *, size: int | None = None, mode: Mode | None = None) -> AsyncWriter:
        """Write a file (WRQ): a with block, and `send`.

        Args:
            name: as the server is to know it; many servers take only names that exist.
            size: in bytes, told to the server so that it can refuse what has no room.
            mode: instead of the client's.

        Raises:
            Forbidden: nobody may write there.
            NoSpace: the server has no room for it.
            TimedOut: no answer, asked several times.

        Example:
            >>> async with AsyncClient("tftp.example.org") as site:
            ...     async with site.put("incoming/notes.txt") as sink:
            ...         await sink.send(b"remember")
        """
        return AsyncWriter(self, name, mode or self.mode, size)

    def offer_to_read(self, address: Address) -> Mapping[str, str]:
        """The options of an RRQ to *address*."""
        return self._offer(address, 0)

    def offer_to_write(self, address: Address, size: int | None) -> Mapping[str, str]:
        """The options of a WRQ to *address*."""
        return self._offer(address, size)

    def _offer(self, address: Address, size: int | None) -> Mapping[str, str]:
        block = self.block_size or min(BLOCK_SIZES[-1], payload_room(address) - 4)
        window = self.window or max(1, min(MOST_WINDOW, WINDOW_BYTES // block))
        if self.block_size == 512 and self.window == 1 and self.retransmit is None:
            return {}  # RFC 1350 and nothing else was asked for
        return offer(block_size=block, window=window, size=size, interval=self.retransmit)

    # -- the verbs of files ------------------------------------------------------------------

    @property
    def files(self) -> AsyncAdapter:
        """The adapter: the verbs that all file schemes share, as far as TFTP has them."""
        return AsyncAdapter(self)

    def path_in(self, url: URL) -> str:
        """The file that *url* names; its ``;mode=`` is taken on."""
        name, mode = tftp_path(url)
        self.mode = mode or self.mode
        return name

    async def download(
        self,
        path: str,
        target: Path | str,
        *,
        resume: bool = True,
        verify: bool = False,
        progress: Tell = None,
    ) -> int:
        """Fetch a file into *target*: a file, or a folder to put it in.

        It is written beside its name, synced, and renamed when it is whole.

        Args:
            path: the file's name on the server.
            target: the local path.
            resume: has no effect: TFTP sends whole files only.
            verify: not possible: no server of TFTP computes digests.
            progress: called with a `Progress` now and then.

        Returns:
            The file's size in bytes.

        Raises:
            NotFound: there is no such file.
            Incomplete: fewer bytes came than were announced; *target* is untouched.
        """
        if verify:
            await self.files.digest(path)
        target = Path(target)
        if target.is_dir():
            target = target / safe_name(path.rstrip("/").rpartition("/")[2])
        with on_disk(target), Target.at(target) as place:
            try:
                size = await download_into(self.files, path, place, entry=None, resume=False,
                                           progress=progress)
                await disk.call(place.commit)
            except BaseException:
                place.discard()  # no later run could go on with it
                raise
        return size

    async def upload(
        self,
        source: Path | str | BinaryIO,
        path: str,
        *,
        inplace: bool = True,
        resume: bool = False,
        progress: Tell = None,
    ) -> int:
        """Store a local file, or an open binary one, at *path*.

        TFTP renames nothing, so it goes to its final name at once.

        Args:
            source: the local path, or the open file.
            path: the name there; one that ends in "/" is a folder.
            inplace: has no effect: there is no other way.
            resume: has no effect: TFTP takes whole files only.
            progress: called with a `Progress` now and then.

        Returns:
            How many bytes were sent and acknowledged.
        """
        if isinstance(source, str | Path):
            source = Path(source)
            path += source.name if path.endswith("/") or not path else ""
            with source.open("rb") as file:
                return await self._upload(file, path, source.stat().st_size, progress)
        if path.endswith("/") or not path:
            raise UsageError(f"upload to {path}: an open file needs a name there")
        return await self._upload(source, path, None, progress)

    async def _upload(self, file: BinaryIO, path: str, size: int | None, progress: Tell) -> int:
        watch = Watch(path, size, progress)
        async with self.put(path, size=size) as sink:
            sent = await sink.send_file(file, watch)
        watch.tell()
        return sent

    async def upload_tree(
        self,
        source: Path | str,
        path: str,
        *,
        connections: int = 4,
        progress: Tell = None,
        inplace: bool = False,
    ) -> Report:
        """Not possible: TFTP makes no folders.

        Raises:
            NotSupported: always.
        """
        raise NotSupported(f"upload {source} to {path}: TFTP makes no folders",
                           hint="upload the files one by one to names the server has")

    # -- what the transfers tell -------------------------------------------------------------

    def said(self, packet: bytes) -> None:
        """*packet* is being sent."""
        if self._traces_all or packet[1:2] not in b"\3\4":
            self.trace.client(text_of(packet))

    def heard(self, packet: bytes) -> None:
        """*packet* has come."""
        if self._traces_all or packet[1:2] not in b"\3\4":
            self.trace.server(f"{text_of(packet)}\r\n".encode("utf-8", "surrogateescape"))

    def note_latency(self, seconds: float) -> None:
        """A transfer has measured a round trip."""
        self._latency = seconds or self._latency


def _url(target: str | URL, port: int | None) -> URL:
    if isinstance(target, str) and target.count(":") > 1 and "/" not in target:
        target = target if target.startswith("[") else f"[{target}]"  # a bare IPv6 address
    url = target if isinstance(target, URL) else parse(target, default_scheme="tftp")
    if url.scheme != "tftp":
        raise UsageError(f"{url}: a URL of {url.scheme}, but this client speaks tftp",
                         hint="use tftp://, or the host name alone")
    if url.user is not None:
        raise UsageError(f"{url}: TFTP knows no users", hint="leave the user out")
    return url if port is None else url.with_(port=port)


def _check(name: str, value: int | None, known: range) -> None:
    if value is not None and value not in known:
        raise UsageError(f"{name}={value}: it goes from {known[0]} to {known[-1]:,}")
