# GENERATED from transfers_async.py by tools/unasync.py: edit that file, not this one.
"""One transfer: a socket of its own, the exchange that says what to send, and the clock.

A server that refuses the options is asked again without them (RFC 2347); a host with several
addresses is asked at the next one when one is dead or silent. TFTP has no way to keep a server
waiting: whoever takes chunks slowly, or gives them slowly, runs into the server's patience.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO

from ..errors import (
    Attempt,
    ConnectError,
    Incomplete,
    NetworkError,
    NotSupported,
    PostelError,
    ProtocolError,
    TimedOut,
    UsageError,
    located,
)
from ..session.files_sync import Reading, Sink, Watch
from ..transport.clock_sync import now
from ..transport.datagram_sync import Datagrams
from ..transport.names import Address
from ..wire.text import display
from . import netascii
from .blocks import Receiver, Sender
from .exchange import Call
from .refusals import NO_OPTIONS
from .retransmission import Patience
from .types import Mode, Terms
from .wire import LONGEST_REQUEST, Error, Request, parse

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["Reader", "Transfer", "Writer"]

_TOGETHER = 65_536
"""Bytes that are gathered before they are handed on: blocks are small, and each step up costs."""

_IMPATIENT = 2
"""Repetitions at an address of which there is another one to try."""


class Transfer:
    """The client's end of one transfer.

    Args:
        site: the client.
        mover: makes the end that this is: `Receiver` or `Sender`.
        name: of the file.
        mode: how its bytes travel.
        offer: the options for an address.
    """

    def __init__(
        self,
        site: Client,
        mover: Callable[[], Receiver | Sender],
        name: str,
        mode: Mode,
        offer: Callable[[Address], Mapping[str, str]],
    ) -> None:
        self._site, self._make, self._name, self._mode, self._offer = site, mover, name, mode, offer
        self._write = mover is not Receiver
        self._datagrams: Datagrams | None = None
        self._call: Call | None = None

    @property
    def call(self) -> Call:
        """What has been said so far.

        Raises:
            UsageError: nothing has.
        """
        if self._call is None:
            raise UsageError(f"{self._name}: the transfer has not begun",
                             hint="use it in a with block")
        return self._call

    @property
    def terms(self) -> Terms:
        """What both ends have agreed on."""
        return self.call.terms

    def open(self) -> None:
        """Ask, and wait for the server's answer."""
        addresses = self._site.addresses
        attempts: list[Attempt] = []
        for address in addresses:
            last = address is addresses[-1]
            try:
                return self._ask(address, last)
            except (ConnectError, TimedOut) as error:
                if last and not attempts:
                    raise
                attempts += getattr(error, "attempts", ())
                problem = error
        raise ConnectError(f"{self._name}: {problem.message}", attempts=attempts,
                           hint=problem.hint)

    def _ask(self, address: Address, last: bool) -> None:
        options = self._offer(address)
        try:
            self._begin(address, options, last)
        except NotSupported as error:
            if error.code != NO_OPTIONS or not options:
                raise
            self._site.trace.note("the server refuses options: asked again without them")
            self._begin(address, {}, last)

    def _begin(self, address: Address, options: Mapping[str, str], last: bool) -> None:
        site = self._site
        request = Request(self._name, self._write, self._mode, options)
        patience = Patience(tries=site.tries if last else _IMPATIENT, limit=site.timeout)
        self._call = call = Call(self._make(), request, address.sockaddr, patience)
        self._datagrams = Datagrams(address, site.source_address)
        call.start(now=now())
        try:
            while call.peer is None:
                self.step()
        except BaseException:
            self.close()
            raise
        self._datagrams.peer = call.peer
        # one byte more than a block has, so that what is too long is seen
        self._datagrams.largest = max(call.terms.block_size + 5, LONGEST_REQUEST)

    def step(self, *, wait: bool = True) -> None:
        """Send what is due, and take what comes; *wait* for it unless nothing is awaited."""
        call, datagrams = self.call, self._datagrams
        if datagrams is None:
            raise UsageError(f"{call.doing}: the transfer is over")
        self._post(datagrams)
        due = call.due
        if call.finished or (due is None and wait):
            return
        seconds = max(0.0, due - now()) if wait and due is not None else 0.0
        packets = datagrams.receive(seconds, 1 if call.terms.window == 1 else 64)
        moment = now()
        try:
            for packet, source in packets:
                self._site.heard(packet)
                call.receive(packet, source, now=moment)
            call.tick(now=moment)
        finally:
            if call.out:
                self._post(datagrams)

    def _post(self, datagrams: Datagrams) -> None:
        out = self.call.out
        for packet, to in out:
            self._site.said(packet)
            datagrams.send(packet, to)
        out.clear()

    def give_up(self, why: str) -> None:
        """Tell the server, if it still waits, and close."""
        if self._datagrams is not None and self._call is not None and not self._call.finished:
            self._call.give_up(Error(0, why))
            try:
                self._post(self._datagrams)
            except NetworkError:
                pass  # it need not hear it
        self.close()

    def close(self) -> None:
        """Close the socket; may be called twice."""
        if self._datagrams is not None:
            if self._call is not None:
                self._site.note_latency(self._call.patience.round_trip)
            self._datagrams.close()
            self._datagrams = None


class Reader(Reading):
    """A file on its way here; `terms` tells what was agreed on once the block is entered."""

    def __init__(self, site: Client, name: str, mode: Mode) -> None:
        super().__init__(f"read {display(name)}")
        self._site, self._mode = site, mode
        self._transfer = Transfer(site, Receiver, name, mode, site.offer_to_read)
        self._decoder = netascii.Decoder() if mode == "netascii" else None
        self._begun = False
        self._url, self._taken = str(site.url), 0

    @property
    def terms(self) -> Terms:
        """What both ends have agreed on."""
        return self._transfer.terms

    def begin(self) -> None:
        """Ask for the file; entering the block does it."""
        if self._begun:
            return
        self._begun = True
        with located(self._url):
            self._transfer.open()
        if self._decoder is None and self.expected is None:
            self.expected = self._transfer.terms.size or None  # 0: some tell it of what they
            # cannot measure, and an empty file is known by its first block

    def _chunk(self) -> bytes:
        self.begin()
        transfer, call = self._transfer, self._transfer.call
        mover = call.mover
        if not isinstance(mover, Receiver):
            return b""
        with located(self._url):
            while True:
                while not call.finished and mover.total - self._taken < _TOGETHER:
                    transfer.step()
                    self._check(mover.total)
                self._taken = mover.total
                data = b"".join(mover.take_chunks())
                if self._decoder is not None:
                    data = self._decoder.feed(data)
                    if call.finished and not data:
                        data = self._decoder.end()
                if data:
                    return data
                if call.finished:
                    self._whole(mover.total)
                    return b""

    def _check(self, total: int) -> None:
        """More than was announced: it is another file than it was, and may have no end."""
        if self._decoder is None and self.expected is not None and total > self.expected:
            self._transfer.give_up("more than announced")
            raise Incomplete(f"{self.name}: the server announced {self.expected:,} bytes and "
                             f"sends more", hint="the file grows while it is read; try again")

    def _whole(self, total: int) -> None:
        self._transfer.step()  # the last acknowledgement leaves
        self._transfer.close()
        if self._decoder is None and self.expected is not None and total < self.expected:
            raise Incomplete(f"{self.name}: {total:,} bytes came, {self.expected:,} were announced",
                             hint="the file changed while it was read, or the server cut it")

    def save(self, file: BinaryIO, watch: Watch) -> int:
        """Write all of it to *file*; return how many bytes there were."""
        self.begin()
        if watch.total is None:
            watch.total = self.expected
        return super().save(file, watch)

    def _let_go(self) -> None:
        self._transfer.give_up("the reader has enough")

    def __enter__(self) -> Reader:
        self.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
        self._transfer.give_up("the reader has enough")


class Writer(Sink):
    """A file on its way to the server; leaving the block waits for the last acknowledgement."""

    def __init__(self, site: Client, name: str, mode: Mode, size: int | None) -> None:
        self._site, self._mode = site, mode
        self._size = None if mode == "netascii" else size
        self._transfer = Transfer(site, Sender, name, mode, self._offer)

    def _offer(self, address: Address) -> Mapping[str, str]:
        return self._site.offer_to_write(address, self._size)

    @property
    def terms(self) -> Terms:
        """What both ends have agreed on."""
        return self._transfer.terms

    def begin(self) -> None:
        """Ask the server to take the file."""
        with located(str(self._site.url)):
            self._transfer.open()

    def send(self, data: bytes) -> None:
        """Append *data*; it leaves as the server acknowledges what came before."""
        if self._mode == "netascii":
            data = netascii.encode(data)
        view = memoryview(data)
        call = self._transfer.call
        with located(str(self._site.url)):
            while view:
                self._check(call)
                room = call.mover.wants if isinstance(call.mover, Sender) else 0
                if room:
                    call.feed(bytes(view[:room]), now=now())
                    view = view[room:]
                self._transfer.step(wait=bool(view))

    def finish(self) -> None:
        """Send the last block, and wait until the server has it."""
        call = self._transfer.call
        with located(str(self._site.url)):
            try:
                self._check(call)
                call.end(now=now())
                while not call.finished:
                    self._transfer.step()
            except TimedOut as error:
                error.add_note("the last acknowledgement did not come: the server may have the "
                               "whole file or not")
                raise
            finally:
                self._transfer.close()

    def _check(self, call: Call) -> None:
        """A transfer that has failed takes nothing more."""
        if call.failed is not None:
            raise call.failed

    def abandon(self) -> None:
        """Tell the server that no more will come; what it does with the rest is its affair."""
        self._transfer.give_up("the writer has given up")


def size_of(site: Client, name: str) -> int | None:
    """How many bytes the server says *name* has; None where it does not say.

    It is asked to send the file, and told after its answer not to go on.
    """
    transfer = Transfer(site, Receiver, name, "octet", lambda _: {"tsize": "0"})
    try:
        with located(str(site.url)):
            transfer.open()
        call = transfer.call
        if call.mover.complete:
            transfer.step()
            return call.mover.total
        return call.terms.size
    finally:
        transfer.give_up("only its size was asked for")


def text_of(packet: bytes) -> str:
    """A packet for the trace."""
    try:
        return str(parse(packet))
    except (ProtocolError, PostelError):
        return f"{len(packet)} bytes that are no packet: {packet[:16].hex(' ')}"
