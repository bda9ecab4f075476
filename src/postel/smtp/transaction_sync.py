# GENERATED from transaction_async.py by tools/unasync.py: edit that file, not this one.
"""How a transaction is put on the wire, and how its answers are read.

PIPELINING (RFC 2920): MAIL, all RCPT and DATA leave in one packet; with CHUNKING (RFC 3030) the
message goes with them. Answers are paired in order, so whoever asks ahead must read every answer,
whatever the first one says. If all recipients are refused and DATA was let through all the same,
a lone dot ends it (RFC 2920 section 3.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from ..transport import disk_sync as disk
from . import wire
from .content import Opens, Plain, Stuffing, whole_data
from .parcel import Parcel
from .types import Reply
from .wire import SMTPCommand

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["LARGE", "MOST_DUE", "Transaction"]

LARGE = 1 << 20
"""Bytes of a message that is not sent before at least one recipient is accepted."""

MOST_DUE = 400
"""Commands that wait for their answers at once: neither side's buffers may fill while both write
(RFC 2920 section 3.1)."""

_PIECE = 1 << 20
"""Bytes of one BDAT, where a message is read from disk."""

_READ = 256 * 1024
_PACKET = 64 * 1024


class Transaction:
    """Says one parcel to the server of *client*, and reads what comes of it."""

    def __init__(self, client: Client, parcel: Parcel) -> None:
        self._client = client
        self._parcel = parcel
        self._mail: SMTPCommand | None = None
        self._rcpts: list[SMTPCommand] = []
        self._go: SMTPCommand | None = None
        self._chunks: list[SMTPCommand] = []
        self._end: SMTPCommand | None = None
        self._reset: SMTPCommand | None = None

    # -- all of it at once ---------------------------------------------------------------------

    def ask_all(self, *, reset: bool) -> None:
        """Queue MAIL, every RCPT and the message itself: BDAT needs to wait for nothing."""
        if reset:
            self._reset = self._client._queue(wire.command("RSET"))
        self._ask_envelope()
        whole = self._parcel.terms.content.whole
        self._end = self._client._queue(wire.bdat(whole or b"", last=True))
        self._parcel.complete = True

    def read_all(self) -> None:
        """The answers to it."""
        client, parcel = self._client, self._parcel
        if self._reset is not None:
            reply = client._event(self._reset, Reply)
            if reply.code == 421:
                parcel.mail = reply
                return
        self._read_envelope()
        if parcel.leaving is None:
            self.read_end()

    # -- step by step --------------------------------------------------------------------------

    def begin(self, *, pipelining: bool, chunking: bool, reset: bool) -> None:
        """Ask for the sender, the recipients and, without *chunking*, for DATA."""
        client, parcel = self._client, self._parcel
        if reset:
            self._reset = client._queue(wire.command("RSET"))
        if not pipelining:
            self._one_by_one(chunking=chunking)
            return
        self._ask_envelope(MOST_DUE)
        if len(self._rcpts) == len(parcel.terms.rcpts) and not chunking:
            self._go = client._queue(wire.data())

    def agreed(self, *, chunking: bool) -> bool:
        """Read the answers to `begin`; whether the message may follow."""
        client, parcel = self._client, self._parcel
        if self._reset is not None:
            client._event(self._reset, Reply)
            self._reset = None
        self._read_envelope()
        while len(parcel.rcpts) < len(parcel.terms.rcpts) and not parcel.leaving:
            self._read_more_rcpts()
        if not (chunking or parcel.leaving or self._go or parcel.go) and parcel.taken:
            self._go = client._queue(wire.data())
        if self._go is not None and parcel.go is None and not parcel.leaving:
            parcel.go = client._event(self._go, Reply)
        if parcel.taken and (chunking or (parcel.go is not None and parcel.go.kind == 3)):
            return not parcel.leaving
        if parcel.go is not None and parcel.go.kind == 3:
            self._lone_dot()
        return False

    def _lone_dot(self) -> None:
        """Nobody will get it, and yet it may be sent: an empty one."""
        client = self._client
        end = client._queue(wire.end_of_data())
        for _ in range(self._parcel.answers):
            client._event(end, Reply)
        self._parcel.go = None

    def _ask_envelope(self, most: int | None = None) -> None:
        client, terms = self._client, self._parcel.terms
        self._mail = client._queue(terms.mail)
        for command in terms.rcpts[:most]:
            self._rcpts.append(client._queue(command))

    def _read_envelope(self) -> None:
        client, parcel = self._client, self._parcel
        if parcel.mail is None and self._mail is not None:
            parcel.mail = client._event(self._mail, Reply)
        for command in self._rcpts[len(parcel.rcpts):]:
            if parcel.leaving is not None:
                return
            parcel.rcpts.append(client._event(command, Reply))

    def _read_more_rcpts(self) -> None:
        """The next of very many recipients."""
        begun = len(parcel_rcpts := self._parcel.rcpts)
        for command in self._parcel.terms.rcpts[begun : begun + MOST_DUE]:
            self._rcpts.append(self._client._queue(command))
        for command in self._rcpts[begun:]:
            parcel_rcpts.append(self._client._event(command, Reply))
            if self._parcel.leaving is not None:
                return

    def _one_by_one(self, *, chunking: bool) -> None:
        """Without PIPELINING each command waits for the answer to the one before."""
        client, parcel = self._client, self._parcel
        if self._reset is not None:
            client._event(self._reset, Reply)
            self._reset = None
        parcel.mail = client._reply(parcel.terms.mail)
        if not parcel.mail.positive:
            return
        for command in parcel.terms.rcpts:
            self._rcpts.append(command)
            parcel.rcpts.append(client._reply(command))
            if parcel.leaving is not None:
                return
        if parcel.taken and not chunking:
            parcel.go = client._reply(wire.data())

    # -- the message ---------------------------------------------------------------------------

    def push(self, *, chunking: bool) -> None:
        """Send the message; its answer is read later."""
        if remote := self._parcel.terms.content.remote:
            self._parcel.complete = True
            self._end = self._client._queue(wire.burl(remote))
            self._client._flush()
        elif chunking:
            self._push_chunks()
        else:
            self._push_data()

    def _push_data(self) -> None:
        client, content = self._client, self._parcel.terms.content
        data = whole_data(content)
        if data is None:
            stuffing = Stuffing()
            for opened in content.chunks:
                with _Pieces(opened) as pieces:
                    while piece := pieces.read():
                        self._put(stuffing.feed(piece))
            data = stuffing.end()
        elif len(data) > _PACKET:
            for start in range(0, len(data) - _READ, _READ):
                self._put(memoryview(data)[start : start + _READ])
            data = data[max(0, (len(data) - 1) // _READ) * _READ :]
        self._parcel.complete = True
        self._end = client._queue(wire.end_of_data(data))
        client._flush()

    def _push_chunks(self) -> None:
        content = self._parcel.terms.content
        whole = content.whole
        if whole is not None:
            self._chunk(whole, last=True)
            return
        plain, held = Plain(), b""
        for opened in content.chunks:
            with _Pieces(opened) as pieces:
                while piece := pieces.read():
                    held += piece if content.binary else plain.feed(piece)
                    if len(held) >= _PIECE:
                        if not self._chunk(held, last=False):
                            return
                        held = b""
        self._chunk(held + plain.end(), last=True)

    def _chunk(self, data: bytes, *, last: bool) -> bool:
        """One BDAT; whether the server still takes more."""
        client, parcel = self._client, self._parcel
        command = client._queue(wire.bdat(b"", last=last, size=len(data)))
        if last:
            self._end, parcel.complete = command, True
        else:
            self._chunks.append(command)
        for start in range(0, len(data), _READ):
            self._put(memoryview(data)[start : start + _READ])
        if len(self._chunks) - len(parcel.chunks) > 4:
            parcel.chunks.append(client._event(self._chunks[len(parcel.chunks)], Reply))
            return parcel.chunks[-1].positive
        return True

    def _put(self, data: bytes | memoryview) -> None:
        client = self._client
        client._flush()
        if data:
            client._connected().send(data)
            client._progressed()

    def read_end(self) -> None:
        """The answers to the message."""
        client, parcel = self._client, self._parcel
        for command in self._chunks[len(parcel.chunks):]:
            parcel.chunks.append(client._event(command, Reply))
            if parcel.leaving is not None:
                return
        if self._end is None:
            return
        for _ in range(parcel.answers):
            parcel.finals.append(client._event(self._end, Reply))
            if parcel.leaving is not None:
                return


class _Pieces:
    """One chunk of a message, read piece by piece if it is a file."""

    def __init__(self, chunk: bytes | Opens) -> None:
        self._chunk = chunk
        self._file: BinaryIO | None = None
        self._read = False

    def read(self) -> bytes:
        """The next piece; empty at the end."""
        if self._file is not None:
            return disk.call(self._file.read, _READ)
        data = b"" if self._read or not isinstance(self._chunk, bytes) else self._chunk
        self._read = True
        return data

    def __enter__(self) -> _Pieces:
        if not isinstance(self._chunk, bytes):
            self._file = disk.call(self._chunk.open)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file is not None:
            self._file.close()
