"""One transaction: what was said, what was answered, and what that means for each recipient. Pure.

Only three yeses in a row (MAIL, RCPT, the message) make an accepted recipient. A message whose
end was sent and never answered is "unknown": the server may have taken it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from ..errors import PostelError
from .terms import Terms
from .types import Envelope, Letter, Rcpt, Recipient, Reply, Sent
from .wire import SMTPCommand

__all__ = ["Job", "Parcel", "Post"]


@dataclass
class Parcel:
    """A transaction on its way.

    Args:
        envelope: the recipients of this transaction: all of the letter's, or a part.
        terms: what is said to this server.
        lmtp: whether each accepted recipient has its own last answer.
        commands: what is due an answer, in order, apart from MAIL and RCPT.
        mail: MAIL's answer.
        rcpts: the answers to RCPT, as far as they came.
        go: DATA's answer.
        chunks: the answers to all BDAT but the last.
        finals: the answers to the message.
        complete: whether the end of the message was handed to the network.
    """

    envelope: Envelope
    terms: Terms
    lmtp: bool = False
    commands: deque[SMTPCommand] = field(default_factory=deque)
    mail: Reply | None = None
    rcpts: list[Reply] = field(default_factory=list)
    go: Reply | None = None
    chunks: list[Reply] = field(default_factory=list)
    finals: list[Reply] = field(default_factory=list)
    complete: bool = False

    @property
    def taken(self) -> int:
        """How many recipients have been accepted so far."""
        if self.mail is None or not self.mail.positive:
            return 0
        return sum(reply.positive for reply in self.rcpts)

    @property
    def answers(self) -> int:
        """How many answers the end of the message has."""
        return max(1, sum(reply.positive for reply in self.rcpts)) if self.lmtp else 1

    @property
    def last_reply(self) -> Reply | None:
        """The newest answer."""
        found = [self.mail, *self.rcpts, self.go, *self.chunks, *self.finals]
        return next((reply for reply in reversed(found) if reply is not None), None)

    @property
    def leaving(self) -> Reply | None:
        """The 421 with which the server took its leave, if it did."""
        reply = self.last_reply
        return reply if reply is not None and reply.code == 421 else None

    @property
    def out_of_step(self) -> bool:
        """Whether the server lost a command that was sent ahead of its answers.

        MAIL was accepted and yet every RCPT is out of sequence, or RCPT was and DATA is; Exim
        calls it by its name.
        """
        if self.mail is not None and "synchroni" in self.mail.text.lower():
            return self.mail.permanent
        if self.mail is None or not self.mail.positive or not self.rcpts:
            return False
        if all(reply.code == 503 for reply in self.rcpts):
            return True
        end = self.go or next(iter([*self.chunks, *self.finals]), None)
        return self.taken > 0 and end is not None and end.code == 503

    def too_many(self) -> tuple[Rcpt, ...]:
        """Those refused only because there were too many before them.

        They get a transaction of their own (RFC 5321 section 4.5.3.1.10).
        """
        if not self.taken:
            return ()
        return tuple(one for one, reply in zip(self.envelope.recipients, self.rcpts, strict=False)
                     if _is_too_many(reply))

    def sent(self, error: PostelError | None = None) -> Sent:
        """What became of it.

        Args:
            error: what ended the connection, if it ended.
        """
        closing = self.leaving
        finals = deque(self.finals)
        found = [self._one(i, one.address, finals, closing)
                 for i, one in enumerate(self.envelope.recipients)]
        settled = all(one.reply is not None for one in found)
        return Sent(self.envelope.sender, tuple(found), None if settled else error)

    def _one(self, i: int, address: str, finals: deque[Reply], closing: Reply | None) -> Recipient:
        """The first no on its way, or the last yes."""
        rcpt = self.rcpts[i] if i < len(self.rcpts) else None
        for reply, verb in ((self.mail, "MAIL"), (rcpt, "RCPT"), (self.go, "DATA")):
            if reply is not None and not reply.positive:
                return Recipient(address, "refused", reply, verb)
        final = (finals.popleft() if self.lmtp else finals[0]) if finals else None
        wrong = next((reply for reply in self.chunks if not reply.positive), None)
        if wrong is not None and (final is None or not final.positive):
            return Recipient(address, "refused", wrong, "BDAT")
        if final is None:
            if closing is not None:
                return Recipient(address, "refused", closing, "")
            return Recipient(address, "unknown" if self.complete else "refused")
        if wrong is not None or self.mail is None or rcpt is None:
            return Recipient(address, "unknown", final, "message")  # a yes that contradicts a no
        return Recipient(address, "accepted" if final.positive else "refused", final, "message")


def _is_too_many(reply: Reply) -> bool:
    if reply.code not in (452, 552):
        return False
    status = reply.status
    return (status is not None and (status.subject, status.detail) == (5, 3)) or (
        "too many" in reply.text.lower())


@dataclass
class Job:
    """A letter, or what is left of it to send.

    Args:
        letter: the whole.
        left: recipients that are still to be tried.
        done: results that are certain.
        retried: whether it was put back once already.
    """

    letter: Letter
    left: tuple[Rcpt, ...]
    done: dict[int, Recipient] = field(default_factory=dict)
    retried: bool = False

    @classmethod
    def of(cls, letter: Letter) -> Job:
        """All of it is left."""
        return cls(letter, letter.envelope.recipients)

    def take(self, most: int | None, domains: set[str], most_domains: int | None) -> Envelope:
        """The envelope of the next transaction, as large as the limits allow (RFC 9422).

        Args:
            most: recipients of one transaction.
            domains: those that this connection has seen.
            most_domains: how many it may see. If that leaves nobody, the envelope is empty.
        """
        known, part = set(domains), []
        for one in self.left[: most or len(self.left)]:
            known.add(one.address.rpartition("@")[2].lower())
            if most_domains is not None and len(known) > most_domains:
                break
            part.append(one)
        return replace(self.letter.envelope, recipients=tuple(part))

    def settle(self, part: Sequence[Rcpt], results: Sequence[Recipient],
               again: Iterable[Rcpt]) -> None:
        """Note what became of *part*; those in *again* stay to be sent."""
        back = tuple(again)
        for one, result in zip(part, results, strict=True):
            if not any(one is other for other in back):
                self.done[id(one)] = result
        self.left = back + self.left[len(part):]

    def sent(self, error: PostelError | None = None) -> Sent:
        """The result for the whole letter."""
        envelope = self.letter.envelope
        return Sent(envelope.sender, tuple(
            self.done.get(id(one)) or Recipient(one.address, "refused")
            for one in envelope.recipients), error)


class Post:
    """Letters still to send, in order; those that come back go in front.

    If the caller's iterator fails, that is told when all before it have been sent: `failed`.
    """

    def __init__(self, letters: Iterable[Letter]) -> None:
        self._letters = iter(letters)
        self._jobs: deque[Job] = deque()
        self.failed: Exception | None = None

    def next(self) -> Job | None:
        """The next one, or None."""
        return self._jobs.popleft() if self._peeked() else None

    def put_back(self, jobs: Iterable[Job]) -> None:
        """In front, in their order."""
        self._jobs.extendleft(reversed(list(jobs)))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left."""
        return not self._peeked()

    def _peeked(self) -> bool:
        if not self._jobs and self.failed is None:
            try:
                self._jobs.extend(Job.of(letter) for letter in islice(self._letters, 1))
            except Exception as error:
                self.failed = error
        return bool(self._jobs)
