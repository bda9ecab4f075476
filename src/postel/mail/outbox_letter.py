"""A message as the outbox keeps it: its bytes, what its headers say, and its last moment. Pure."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import NoSpace, NotSupported, PostelError, UsageError
from ..messages import parse
from ..smtp.content import Content, Opens, Outgoing, content_of
from ..smtp.types import Notify, Rcpt, Sent
from .letters import addressed
from .outbox_types import Outcome, Wishes

__all__ = ["Kept", "Posted", "failure", "outcomes", "posted"]

@dataclass(frozen=True)
class Posted:
    """What is put into the outbox.

    Args:
        data: the bytes, lines ended by CRLF; without Bcc.
        sender: of the envelope.
        recipients: to whom, and what is asked for each.
        subject: for people.
        message_id: without its brackets; "" if there is none.
    """

    data: bytes
    sender: str
    recipients: Mapping[str, Wishes]
    subject: str
    message_id: str


def posted(message: bytes | Outgoing, sender: str | None,
           recipients: Sequence[str | Rcpt] | str | None, notify: tuple[Notify, ...]) -> Posted:
    """Read *message*, files and all; where sender or recipients are not given, it names them.

    Raises:
        UsageError: nobody sends it, or nobody gets it.
    """
    what, who, whom = addressed(message, sender, recipients)
    if (convert := getattr(what, "seven_bit", None)) is not None:
        what = convert()  # whatever the server will offer then
    data = b"".join(_read(chunk) for chunk in content_of(what).chunks)
    read = parse(data)
    rcpts = [one if isinstance(one, Rcpt) else Rcpt(one) for one in whom]
    wishes = {one.address: Wishes(one.notify or notify, one.orcpt) for one in rcpts}
    return Posted(data, who, wishes, read.subject, read.message_id)


def _read(chunk: bytes | Opens) -> bytes:
    if not isinstance(chunk, Opens):
        return chunk
    with chunk.open() as file:
        return file.read()


@dataclass(frozen=True)
class Kept:
    """A kept message on its way out: just before its bytes are read, *ending* is called.

    A client reads a message that is opened like a file only after the server has accepted a
    recipient, and sends the last of it at once. So *ending* is the last moment at which it is
    certain that the server has not taken the message: what it notes on the disk is what makes
    a crash after it "unknown", and one before it harmless.
    """

    data: bytes
    content: Content
    ending: Callable[[], None]

    @classmethod
    def of(cls, data: bytes, ending: Callable[[], None]) -> Kept:
        """The message *data*."""
        return cls(data, content_of(data), ending)

    @property
    def size(self) -> int:
        """In bytes."""
        return self.content.size

    @property
    def needs_utf8(self) -> bool:
        """Whether a header holds UTF-8 as it is."""
        return self.content.utf8

    @property
    def needs_8bit(self) -> bool:
        """Whether it holds bytes above 127."""
        return self.content.eight_bit

    @property
    def needs_binary(self) -> bool:
        """Whether it may hold anything, in lines of any length."""
        return self.content.binary

    def chunks(self) -> Iterator[Opens]:
        """The message in one piece, opened when it is wanted."""
        yield self

    def open(self) -> BinaryIO:
        """Note that the end begins, and give the bytes."""
        self.ending()
        return io.BytesIO(self.data)


def outcomes(sent: Sent) -> list[Outcome]:
    """What a try has come to, as the outbox notes it."""
    found = []
    for one in sent.recipients:
        if one.state == "accepted":
            found.append(Outcome(one.address, "sent", str(one.reply or "")))
        elif one.state == "unknown":
            said = str(sent.error) if sent.error else "the answer never came"
            found.append(Outcome(one.address, "unknown", said))
        elif one.reply is not None:
            found.append(Outcome(one.address, "queued" if one.reply.temporary else "refused",
                                 str(one.reply)))
        else:
            found.append(failure(one.address, sent.error))
    return found


def failure(address: str, error: PostelError | None) -> Outcome:
    """A recipient that was not reached: again later, unless it would be the same then."""
    if error is None:
        return Outcome(address, "queued", "not reached")
    text = f"{error}; {error.hint}" if error.hint else str(error)
    return Outcome(address, "refused" if is_lasting(error) else "queued", text)


def is_lasting(error: PostelError) -> bool:
    """Whether the next try would meet the same: the message is at fault, not the way."""
    return isinstance(error, UsageError | NotSupported | NoSpace)
