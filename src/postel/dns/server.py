"""The lab's name server: a table of records, over datagrams and TCP, with faults on demand.

Service code, on dnspython's codec. It is a resolver and an authority in one: it answers for every
name in its table and for its zones, follows CNAMEs, and says that it has validated what the lab
declares as signed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterable
from typing import Any

from ..errors import ProtocolError, UsageError
from ..serving.faults import Fault, Faults
from ..serving.server import Server, Watcher
from ..transport.datagrams import listen_datagrams
from ..transport.ready_async import hang_up, wait_ready
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import listen
from .wire import PAYLOAD, codec, message_of, name_of, reverse

__all__ = ["DNSServer", "Records"]

_TRIES = 20
_CHAIN = 8


class Records:
    """What the server knows.

    Attributes:
        zones: names below these that are not in the table do not exist; others are refused.
        signed: zones whose answers are said to be validated.
        bogus: zones whose signatures do not verify: SERVFAIL, unless CD is set.

    Example:
        >>> records = Records()
        >>> records.add("example.org", "MX", "10 mail.example.org")
        >>> records.add("example.org", "TXT", "v=spf1 mx -all")
        >>> records.texts("Example.ORG", "MX")
        ['10 mail.example.org.']
    """

    def __init__(self) -> None:
        self.zones: set[str] = set()
        self.signed: set[str] = set()
        self.bogus: set[str] = set()
        self.ttl = 60
        self._table: dict[str, dict[str, list[str]]] = {}

    def add(self, name: str, kind: str, *texts: str) -> None:
        """Know more records.

        Args:
            name: whose; for ``PTR`` an address.
            kind: ``"A"``, ``"MX"`` …
            texts: in the words of zone files; a TXT is the text itself, cut into strings here.

        Raises:
            UsageError: a text is no such record.
        """
        name = name_of(reverse(name) if kind == "PTR" else name).lower()
        written = [_written(kind, text) for text in texts]
        self._table.setdefault(name, {}).setdefault(kind, []).extend(written)

    def remove(self, name: str, kind: str | None = None) -> None:
        """Forget the records of *name*, or those of one kind."""
        if kind is None:
            self._table.pop(name.lower(), None)
        else:
            self._table.get(name.lower(), {}).pop(kind, None)

    def texts(self, name: str, kind: str) -> list[str]:
        """The records of *name*."""
        return list(self._table.get(name.lower(), {}).get(kind, ()))

    def exists(self, name: str) -> bool:
        """Whether anything is known of *name*, or below it."""
        return name in self._table or any(one.endswith(f".{name}") for one in self._table)

    def serves(self, name: str) -> bool:
        """Whether *name* is ours to answer for."""
        return self.exists(name) or within(name, self.zones)


def within(name: str, zones: Iterable[str]) -> bool:
    """Whether *name* is one of *zones*, or below one."""
    return any(name == zone or name.endswith(f".{zone}") for zone in zones)


def _written(kind: str, text: str) -> str:
    """*text* as zone files have it, with absolute names."""
    dns = codec()
    if kind == "TXT":
        data = text.encode("utf-8", "surrogateescape")
        parts = [data[at : at + 255] for at in range(0, len(data), 255)] or [b""]
        return " ".join('"' + "".join(_escaped(one) for one in part) + '"' for part in parts)
    try:
        record = dns.rdata.from_text("IN", kind, text, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise UsageError(f"{kind} {text[:100]!a}: {error}") from None
    return str(record.to_text())


def _escaped(byte: int) -> str:
    plain = 32 <= byte < 127 and byte not in b'"\\'
    return chr(byte) if plain else f"\\{byte:03d}"


class DNSServer(Server):
    """Answers from its records.

    Faults go by the kind asked for: ``faults.on("MX", b"SERVFAIL")``; other replies are
    ``b"REFUSED"``, ``b"TRUNCATED"`` (datagrams only), ``b"FORGED"`` (another number), ``b"NOISE"``,
    and ``None``, which is silence.
    """

    name = "dns"

    def __init__(
        self,
        records: Records,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        super().__init__(host=host, port=port, faults=faults, watcher=watcher)
        self.records = records
        self.questions: list[tuple[str, str]] = []
        self._datagrams: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None

    async def start(self) -> None:
        """Listen, for datagrams and for TCP at the same port."""
        for _ in range(_TRIES):
            sock = listen(self.host, self.port)
            port = sock.getsockname()[1]
            try:
                udp = listen_datagrams(self.host, port)
            except OSError:
                sock.close()  # another has that port for datagrams
                continue
            self.port = port
            self._listener = asyncio.create_task(self._accept(sock), name="dns listener")
            self._socket = udp
            self._datagrams = asyncio.create_task(self._listen(udp), name="dns datagrams")
            return
        raise UsageError("the lab's name server found no port for both UDP and TCP")

    async def stop(self) -> None:
        """Close everything."""
        if self._datagrams is not None:
            self._datagrams.cancel()
            await asyncio.gather(self._datagrams, return_exceptions=True)
            self._datagrams = None
        if self._socket is not None:
            self._socket.close()  # a task that was cancelled before it began has not
        await super().stop()

    async def _listen(self, sock: socket.socket) -> None:
        with contextlib.closing(sock):
            try:
                while True:
                    await wait_ready(sock.fileno(), write=False, seconds=None)
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        while True:
                            data, client = sock.recvfrom(65_535)
                            for answer in self.answers(data, datagram=True):
                                sock.sendto(answer, client)
            finally:
                hang_up(sock)

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Serve one connection: messages with their length before them."""
        buffer = b""
        while data := await stream.receive():
            buffer += data
            while len(buffer) >= (end := 2 + int.from_bytes(buffer[:2], "big")) > 1:
                for answer in self.answers(buffer[2:end], datagram=False):
                    await stream.send(len(answer).to_bytes(2, "big") + answer)
                buffer = buffer[end:]
            self.allow(stream, self.idle)

    def answers(self, data: bytes, *, datagram: bool) -> list[bytes]:
        """What to send back for one message; what is no question gets nothing."""
        dns = codec()
        try:
            query = message_of(data)
        except ProtocolError:
            return []
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return []
        one = query.question[0]
        name = one.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(one.rdtype)
        self.questions.append((name, kind))
        self.watch("C", f"{kind} {name}")
        fault = self.faults.due(kind)
        response = self._answer(query, name, kind, fault)
        if fault is not None and fault.reply in (None, b"NOISE"):
            return [] if fault.reply is None else [b"\0" * 11]
        self.watch("S", dns.rcode.to_text(response.rcode()) + "".join(
            f"; {line}" for answer in response.answer for line in answer.to_text().splitlines()))
        wire = _sized(response, query, datagram, fault)
        if fault is not None and fault.reply == b"FORGED":
            return [bytes([wire[0] ^ 0xFF]) + wire[1:], wire]
        return [wire]

    def _answer(self, query: Any, name: str, kind: str, fault: Fault | None) -> Any:
        dns = codec()
        response = dns.message.make_response(query, recursion_available=True)
        checked = not query.flags & dns.flags.CD
        if fault is not None and fault.reply in (b"SERVFAIL", b"REFUSED"):
            response.set_rcode(dns.rcode.from_text(fault.reply.decode()))
        elif checked and within(name, self.records.bogus):
            response.set_rcode(dns.rcode.SERVFAIL)
        elif not self.records.serves(name):
            response.set_rcode(dns.rcode.REFUSED)
        else:
            last = self._fill(response, name, kind)
            if query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO:
                proved = within(name, self.records.signed) and within(last, self.records.signed)
                response.flags |= dns.flags.AD if proved else 0
        return response

    def _fill(self, response: Any, name: str, kind: str) -> str:
        """Put the records into *response*, through CNAMEs; return the last name."""
        dns = codec()
        for _ in range(_CHAIN):
            found, cname = self.records.texts(name, kind), self.records.texts(name, "CNAME")
            if found or not cname or kind == "CNAME":
                break
            response.answer.append(dns.rrset.from_text(f"{name}.", self.records.ttl, "IN", "CNAME",
                                                       *cname))
            name = re.sub(r"\.$", "", cname[0]).lower()
        if found:
            response.answer.append(dns.rrset.from_text(f"{name}.", self.records.ttl, "IN", kind,
                                                       *found))
        elif not self.records.exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return name


def _sized(response: Any, query: Any, datagram: bool, fault: Fault | None) -> bytes:
    """The response in bytes; truncated where a datagram must not be so long."""
    dns = codec()
    try:
        wire: bytes = response.to_wire(max_size=65_535)
    except dns.exception.DNSException:  # more than fits into any message
        response.answer.clear()
        response.set_rcode(dns.rcode.SERVFAIL)
        wire = response.to_wire()
    room = max(512, query.payload if query.edns >= 0 else 512)
    forced = fault is not None and fault.reply == b"TRUNCATED"
    if datagram and (forced or len(wire) > min(room, PAYLOAD)):
        response.answer.clear()
        response.flags |= dns.flags.TC
        wire = response.to_wire()
    return wire
