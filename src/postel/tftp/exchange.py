"""One transfer as one end sees it: packets and the clock go in, packets come out.

Conversations and servers own the socket and the clock; they hand in each datagram with its source
(`receive`) and the time when nothing came (`tick`), and send what is in `out`. A transfer
identifier is a port (RFC 1350 section 4): the first valid answer fixes the server's; whoever else
sends is told so with error 5, which harms nothing here. What cannot be read is as good as lost.
Repetitions are counted, so that every transfer ends. A grammar module.
"""

from __future__ import annotations

from ..errors import PostelError, ProtocolError, TimedOut
from ..wire.text import display
from .blocks import Receiver, Sender
from .options import accept
from .refusals import NO_OPTIONS, STRANGER, refusal
from .retransmission import Patience
from .types import PLAIN, Terms
from .wire import Ack, Data, Error, OptionAck, Packet, Request, parse

__all__ = ["Address", "Call", "Exchange", "Service"]

Address = tuple[str, int] | tuple[str, int, int, int]
"""Host and port, and for IPv6 two numbers more: as sockets give it."""

_MOST_STRANGERS = 100
"""Answers to strangers in one transfer: a flood of them must not make a flood of ours."""


class Exchange:
    """What client and server have in common.

    Args:
        mover: the end that this is.
        doing: what it is for, in errors: ``"read boot.img"``.
        patience: when to repeat.

    Attributes:
        out: datagrams to be sent, each with its destination.
        peer: the other end, once it is known.
        terms: what was agreed on.
        failed: why it ended early, if it did.
    """

    def __init__(self, mover: Sender | Receiver, doing: str, patience: Patience) -> None:
        self.mover, self.doing, self.patience = mover, doing, patience
        self.out: list[tuple[bytes, Address]] = []
        self.peer: Address | None = None
        self.terms: Terms = PLAIN
        self.failed: PostelError | None = None
        self._opening: bytes | None = None
        self._target: Address | None = None
        self._due = 0.0
        self._asked: float | None = None
        self._strangers = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to be done."""
        return self.mover.complete or self.failed is not None

    @property
    def due(self) -> float | None:
        """When `tick` is to be called, if nothing comes before; None when nothing is awaited."""
        if self.finished:
            return None
        if self._opening is None and isinstance(self.mover, Sender) and not self.mover.waits:
            return None
        return self._due

    def start(self, *, now: float) -> None:
        """Send what opens the transfer."""
        self.patience.progress(now=now)
        self._asked = now
        if self._opening is not None and self._target is not None:
            self.out.append((self._opening, self._target))
        self._flush()
        self._due = now + self.patience.interval

    def receive(self, packet: bytes, source: Address, *, now: float) -> None:
        """A datagram has come from *source*.

        Raises:
            ReplyError: it says that the transfer is over.
            ConnectionLost: it says that the peer knows nothing of it.
            ProtocolError: it breaks what was agreed on; the peer has been told.
        """
        if self._is_stranger(source):
            if packet[:2] != b"\0\5" and self._strangers < _MOST_STRANGERS:
                self._strangers += 1
                self.out.append((STRANGER.encode(), source))
            return
        try:
            parsed = parse(packet)
        except ProtocolError:
            return
        if isinstance(parsed, Error):
            if not self.finished:
                self.failed = refusal(parsed, self.doing, write=isinstance(self.mover, Sender))
                raise self.failed
            return
        try:
            progress = self._take(parsed, source)
        except ProtocolError as error:
            code = NO_OPTIONS if isinstance(parsed, OptionAck) else 4
            self.give_up(Error(code, error.message), to=source)
            self.failed = ProtocolError(f"{self.doing}: {error.message}",
                                        hint="the server is broken; take another one")
            raise self.failed from None
        self._note(progress, now)

    def tick(self, *, now: float) -> None:
        """Nothing came until `due`: repeat, or give up.

        Raises:
            TimedOut: it has been repeated often enough.
        """
        due = self.due
        if due is None or now < due:
            return
        if not self.patience.again(now=now):
            self.failed = self._timed_out()
            self.give_up(Error(0, "no answer in time"))
            raise self.failed
        self._asked = None  # Karn: nobody can tell which of the two is answered
        if self._opening is not None and self._target is not None:
            self.out.append((self._opening, self._target))
        else:
            self.mover.resend()
        self._flush()
        self._due = now + self.patience.interval

    def feed(self, data: bytes, *, now: float) -> None:
        """*data* is next to be sent."""
        if isinstance(self.mover, Sender):
            waited = self.mover.waits
            self.mover.feed(data)
            self._fed(waited, now)

    def end(self, *, now: float) -> None:
        """All has been fed."""
        if isinstance(self.mover, Sender):
            waited = self.mover.waits
            self.mover.end()
            self._fed(waited, now)

    def give_up(self, error: Error, *, to: Address | None = None) -> None:
        """Tell the peer that this end goes no further."""
        if (peer := to or self.peer) is not None:
            self.out.append((error.encode(), peer))
        if self.failed is None:
            self.failed = ProtocolError(f"{self.doing}: {display(error.text)}")

    # -- what the two ends do differently ----------------------------------------------------

    def _is_stranger(self, source: Address) -> bool:
        return source[:2] != (self.peer or source)[:2]

    def _take(self, packet: Packet, source: Address) -> bool:
        raise NotImplementedError

    def _move(self, packet: Packet) -> bool:
        """DATA or ACK goes to the end that wants it; everything else is not for us."""
        if isinstance(self.mover, Receiver):
            return isinstance(packet, Data) and self.mover.take(packet.block, packet.data)
        return isinstance(packet, Ack) and self.mover.take(packet.block)

    def _timed_out(self) -> TimedOut:
        return TimedOut(
            f"{self.doing}: no answer any more, after {self.patience.repeated} repetitions",
            hint="the other end is gone, or the network loses packets; timeout= waits longer")

    # -- time and packets --------------------------------------------------------------------

    def _note(self, progress: bool, now: float) -> None:
        """Set the clock after a packet, and send what it causes."""
        if progress:
            if self._asked is not None:
                self.patience.sample(now - self._asked)
            self.patience.progress(now=now)
            self._due = now + self.patience.interval
        if progress or self.mover.out:
            self._asked = now if progress and self.mover.out and not self.mover.repeated else None
        self._flush()

    def _fed(self, waited: bool, now: float) -> None:
        """What was fed may have filled the window: from now on an answer is due."""
        if isinstance(self.mover, Sender) and self.mover.waits and not waited:
            self._due = now + self.patience.interval
            self._asked = None if self.mover.repeated else now
            self.patience.progress(now=now)
        self._flush()

    def _flush(self) -> None:
        if self.mover.out and self.peer is not None:
            peer = self.peer
            self.out += [(packet, peer) for packet in self.mover.out]
            self.mover.out.clear()


class Call(Exchange):
    """The client's end: a request, and what the server makes of it.

    Args:
        mover: a `Receiver` to read, a `Sender` to write.
        request: what is asked for.
        server: where requests go.
        patience: when to repeat.
    """

    def __init__(
        self, mover: Sender | Receiver, request: Request, server: Address, patience: Patience
    ) -> None:
        verb = "write" if request.write else "read"
        super().__init__(mover, f"{verb} {display(request.name)}", patience)
        self.request = request
        self._opening, self._target = request.encode(), server

    def _is_stranger(self, source: Address) -> bool:
        if self.peer is None and self._target is not None:
            return source[0] != self._target[0]  # the port is the server's to choose
        return super()._is_stranger(source)

    def _take(self, packet: Packet, source: Address) -> bool:
        if self.peer is not None:
            if isinstance(packet, OptionAck):  # again: our first acknowledgement was lost
                if isinstance(self.mover, Receiver) and not self.mover.total:
                    self.mover.resend()
                return False
            return self._move(packet)
        if isinstance(packet, OptionAck):
            self.terms = accept(self.request.options, packet.options)
        elif not self._is_plain_answer(packet):
            return False
        self.peer, self._opening = source, None
        if self.terms.interval is not None:
            self.patience.fix(self.terms.interval)
        self.mover.agree(self.terms)
        if isinstance(self.mover, Sender):
            self.mover.start()
        elif isinstance(packet, OptionAck):
            self.mover.acknowledge()
        else:
            self._move(packet)
        return True

    def _is_plain_answer(self, packet: Packet) -> bool:
        """Whether a server that knows no options answers so (RFC 2347: it ignores them)."""
        if self.request.write:
            if isinstance(packet, Data):
                raise ProtocolError(f"{packet} came as the answer to a WRQ")
            return packet == Ack(0)
        if isinstance(packet, Ack):
            raise ProtocolError(f"{packet} came as the answer to an RRQ")
        return isinstance(packet, Data) and packet.block == 1

    def _timed_out(self) -> TimedOut:
        if self.peer is not None or self._target is None:
            return super()._timed_out()
        host, port = self._target[:2]
        return TimedOut(
            f"{self.doing}: no answer from {host} port {port}, asked "
            f"{self.patience.repeated + 1} times",
            hint="is a TFTP server running there? firewalls often stop TFTP, as the answer comes "
                 "from another port")


class Service(Exchange):
    """The server's end, from the request on.

    Args:
        mover: a `Sender` for an RRQ, a `Receiver` for a WRQ.
        doing: in errors.
        client: who asked.
        terms: as agreed on.
        told: the options of the OACK; empty for a client that offered none that is known.
        patience: when to repeat.
    """

    def __init__(
        self,
        mover: Sender | Receiver,
        doing: str,
        client: Address,
        *,
        terms: Terms,
        told: dict[str, str],
        patience: Patience,
    ) -> None:
        super().__init__(mover, doing, patience)
        self.peer, self.terms = client, terms
        mover.agree(terms)
        if terms.interval is not None:
            patience.fix(terms.interval)
        if told:
            self._opening, self._target = OptionAck(told).encode(), client
        elif isinstance(mover, Sender):
            mover.start()
        else:
            mover.acknowledge()

    @property
    def moving(self) -> bool:
        """Whether the client has answered: then a repeated request is not for this transfer."""
        return self._opening is None and self.mover.total > 0

    def _take(self, packet: Packet, source: Address) -> bool:
        if self._opening is not None and isinstance(self.mover, Sender):
            if packet != Ack(0):
                return False
            self._opening = None
            self.mover.start()
            return True
        progress = self._move(packet)
        if progress:
            self._opening = None
        return progress
