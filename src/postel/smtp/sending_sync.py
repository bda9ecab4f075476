# GENERATED from sending_async.py by tools/unasync.py: edit that file, not this one.
"""Letters in turn, each answered for; the next ones on their way before the last are answered.

Three gaits, by what the server offers and by what is known of it (`postel.smtp.learned`):

- *ahead* (PIPELINING and CHUNKING): whole transactions, up to a window of them, in one go.
- *rolling* (PIPELINING): MAIL, RCPT and DATA of the next message leave with the text of the last
  one (RFC 2920 section 3.1), so a message costs one round trip.
- *stepwise*: one command, one answer.

Between two transactions sent ahead stands RSET: if the first one fails at BDAT, its state is
indeterminate (RFC 3030 section 4.2), and without RSET the second one's recipients could get the
first one's sender.

A message is sent again only if the server has said that it did not take it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from ..errors import NetworkError, PostelError, ProtocolError, ReplyError
from ..session.results_sync import Results
from . import wire
from .content import Burl, Outgoing, content_of
from .parcel import Job, Parcel, Post
from .terms import terms
from .transaction_sync import LARGE, MOST_DUE, Transaction
from .types import Letter, Reply, Sent
from .wire import SMTPCommand

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["Dispatch"]

_WINDOW = 64
"""Messages sent ahead of their answers; if the connection breaks, as many are in doubt."""

_AHEAD = 4 << 20
"""Bytes of messages sent ahead."""


class Dispatch(Results[Sent]):
    """A result for each letter, in order; an iterator and a context manager.

    Messages are sent ahead: leaving the loop early does not bring them back.
    """

    def __init__(self, client: Client, letters: Iterable[Letter], *, last: bool) -> None:
        super().__init__()
        self._client = client
        self._post = Post(letters)
        self._last = last
        self._under_way: tuple[Job, Parcel, Transaction] | None = None
        self._goodbye: SMTPCommand | None = None
        self._failed: PostelError | None = None

    def settle(self) -> None:
        """Read what is still due for what was sent; the loop then goes on sending."""
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation("send"):
            self._ahead.extend(self._finish())

    def _more(self) -> Sequence[Sent]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation("send"):
            found: list[Sent] = []
            while not found:
                if self._failed is not None:
                    raise self._failed
                if self._under_way is None and self._post.is_empty:
                    if self._post.failed is not None:
                        raise self._post.failed
                    break
                found = self._step_or_drop()
            if self._under_way is not None:
                client._unfinished = self
            elif self._goodbye is not None and self._post.is_empty:
                self._leave()
            return found

    def only(self) -> Sent:
        """The next result, where there must be one."""
        while not self._ahead:
            self._ahead.extend(self._more())
        return self._ahead.popleft()

    def _let_go(self) -> None:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        self._under_way = None

    def _step_or_drop(self) -> list[Sent]:
        """A step; if it is cut short (cancelled, a file that changed), nothing half sent stays."""
        try:
            return self._step()
        except BaseException:
            self._under_way = None
            self._client._drop()
            raise

    def _step(self) -> list[Sent]:
        """One window, or one message; empty where its answer is still to come."""
        client = self._client
        if self._under_way is None:
            if self._goodbye is not None:
                self._leave()  # it was said too early: something came back
            client._ready()
        offered, learned = client.capabilities, client._learned
        pipelining = "PIPELINING" in offered and learned.pipelining
        chunking = "CHUNKING" in offered
        if pipelining and chunking and self._under_way is None:
            window = self._window(_WINDOW if learned.ahead else 1)
            if not isinstance(window, Job):
                return window
            job: Job | None = window
        else:
            job = None if client._is_full and self._under_way else self._post.next()
        return self._roll(job, pipelining=pipelining, chunking=chunking)

    # -- ahead ---------------------------------------------------------------------------------

    def _window(self, most: int) -> list[Sent] | Job:
        """Send transactions ahead, then read all answers; a job too large for that comes back."""
        client = self._client
        flights: list[tuple[Job, Parcel, Transaction]] = []
        done: list[Sent] = []
        due = size = 0
        while len(flights) < most and not client._is_full:
            job = self._post.next()
            if job is None:
                break
            parcel = self._parcel(job)
            if parcel is None or (isinstance(parcel, Sent) and flights):
                self._post.put_back([job])
                break
            if isinstance(parcel, Sent):
                return [parcel]
            content, asked = parcel.terms.content, len(parcel.terms.rcpts) + 3
            if content.whole is None or content.size > LARGE or asked > MOST_DUE:
                if not flights:
                    return job
            elif due + asked <= MOST_DUE and size + content.size <= _AHEAD:
                due, size = due + asked, size + content.size
                self._launch(job, parcel, flights)
                continue
            self._post.put_back([job])
            break
        if self._last and self._post.is_empty:
            self._goodbye = client._queue(wire.command("QUIT"))
        self._land(flights, done)
        return done

    def _launch(self, job: Job, parcel: Parcel,
                      flights: list[tuple[Job, Parcel, Transaction]]) -> None:
        client = self._client
        transaction = Transaction(client, parcel)
        transaction.ask_all(reset=bool(flights) or client._dirty)
        client._dirty = False
        client._sent_here += 1
        flights.append((job, parcel, transaction))
        if sum(map(len, client._unsent)) > 256 * 1024:
            try:
                client._flush()
            except NetworkError:
                pass  # what the server said before it hung up is still to be read

    def _land(self, flights: list[tuple[Job, Parcel, Transaction]],
                    done: list[Sent]) -> None:
        """Read the answers in order; what comes back unsent is put in front."""
        waiting = deque(flights)
        try:
            while waiting:
                job, parcel, transaction = waiting[0]
                transaction.read_all()
                waiting.popleft()
                if parcel.leaving is not None:
                    self._left(job, parcel, waiting, done)
                    return
                self._landed(job, parcel, done)
        except (NetworkError, ProtocolError) as error:
            self._lost(error, waiting, done)

    def _landed(self, job: Job, parcel: Parcel, done: list[Sent]) -> None:
        """All answers are there."""
        client = self._client
        if parcel.out_of_step and not job.retried and not any(r.positive for r in parcel.finals):
            client._learned.be_careful()
            job.retried, client._dirty = True, True
            self._post.put_back([job])
            return
        result = parcel.sent()
        if result.accepted:
            client._taken_here += 1
        else:
            client._dirty = True  # a refused BDAT leaves the transaction open
        if (sent := self._settled(job, parcel, result)) is not None:
            done.append(sent)

    def _settled(self, job: Job, parcel: Parcel, result: Sent) -> Sent | None:
        """The letter's result; None if recipients are left, who get a transaction of their own."""
        part = parcel.envelope.recipients
        again = parcel.too_many() if result.accepted else ()
        job.settle(part, result.recipients, again)
        if job.left:
            self._post.put_back([job])
            return None
        return job.sent(result.error)

    # -- one by one ----------------------------------------------------------------------------

    def _roll(self, job: Job | None, *, pipelining: bool, chunking: bool) -> list[Sent]:
        """Begin with *job* while the last message's answer is still on its way; finish that."""
        client, done = self._client, []
        parcel = self._parcel(job) if job is not None else None
        if job is None or isinstance(parcel, Sent) or parcel is None:
            if job is not None and parcel is None:
                self._post.put_back([job])
            done = self._finish()
            return [*done, parcel] if isinstance(parcel, Sent) else done
        chunking = chunking or bool(parcel.terms.content.remote)  # BURL needs no DATA either
        if chunking or not pipelining:
            done = self._finish()
            if not client.is_open or self._failed is not None:
                self._post.put_back([job])
                return done
        transaction = Transaction(client, parcel)
        try:
            transaction.begin(pipelining=pipelining, chunking=chunking,
                                    reset=client._dirty)
            client._dirty = False
            if self._under_way is not None:
                done = self._finish()
                if not client.is_open or self._failed is not None:
                    self._post.put_back([job])
                    return done
            self._proceed(job, parcel, transaction, done, chunking=chunking)
        except (NetworkError, ProtocolError) as error:
            if pipelining and not isinstance(error, NetworkError):
                client._learned.be_careful()
            self._lost(error, deque([(job, parcel, transaction)]), done)
        return done

    def _proceed(self, job: Job, parcel: Parcel, transaction: Transaction,
                       done: list[Sent], *, chunking: bool) -> None:
        """The envelope was offered: send the message if anyone takes it."""
        client = self._client
        if transaction.agreed(chunking=chunking):
            client._sent_here += 1
            transaction.push(chunking=chunking)
            self._under_way = job, parcel, transaction
            if self._post.is_empty and not parcel.too_many() and len(job.left) == len(parcel.rcpts):
                done.extend(self._finish(leave=self._last))
        elif parcel.leaving is not None:
            self._left(job, parcel, deque(), done)
        else:
            client._dirty = True
            self._landed(job, parcel, done)

    def _finish(self, *, leave: bool = False) -> list[Sent]:
        """Read the answer to the message that is under way."""
        under_way, self._under_way = self._under_way, None
        done: list[Sent] = []
        if under_way is None:
            return done
        job, parcel, transaction = under_way
        if leave:
            self._goodbye = self._client._queue(wire.command("QUIT"))
        try:
            transaction.read_end()
        except (NetworkError, ProtocolError) as error:
            self._lost(error, deque([under_way]), done)
            return done
        if parcel.leaving is not None:
            self._left(job, parcel, deque(), done)
        else:
            self._landed(job, parcel, done)
        return done

    # -- ends ----------------------------------------------------------------------------------

    def _parcel(self, job: Job) -> Parcel | Sent | None:
        """The next transaction of *job*, or why it cannot be one; None: not on this connection."""
        client = self._client
        limits = client.capabilities.limits
        envelope = job.take(limits.recipients, client._domains_here, limits.domains)
        if not envelope.recipients and job.left:
            client._domains_full = True
            return None
        try:
            message = cast("bytes | Outgoing | Burl", job.letter.message)  # built by the client
            agreed = terms(envelope, content_of(message), client.capabilities,
                           secure=client._is_verified)
        except PostelError as error:
            return job.sent(error)
        client._domains_here.update(
            one.address.rpartition("@")[2].lower() for one in envelope.recipients)
        return Parcel(envelope, agreed, client.lmtp)

    def _left(self, job: Job, parcel: Parcel,
                    waiting: Iterable[tuple[Job, Parcel, Transaction]],
                    done: list[Sent]) -> None:
        """421: the server hangs up. What came after it was not taken.

        Where it has taken messages before, it may have had enough of this connection only: the
        rest goes over a new one. Where it has not, it wants to be left alone.
        """
        client = self._client
        reply, worked = parcel.leaving, client._taken_here > 0
        client._drop()
        again = [one for one, _, _ in waiting]
        if parcel.mail is reply and worked and not job.retried:
            job.retried = True
            again.insert(0, job)
        else:
            if (sent := self._settled(job, parcel, parcel.sent())) is not None:
                done.append(sent)
            if reply is not None and not worked:
                self._failed = client._refusal("send", reply)
        self._post.put_back(again)
        self._goodbye = None

    def _lost(self, error: PostelError,
                    waiting: Iterable[tuple[Job, Parcel, Transaction]],
                    done: list[Sent]) -> None:
        """The connection broke: what was sent to its end is in doubt, the rest was not sent."""
        client = self._client
        client._drop()
        again = []
        for job, parcel, _ in waiting:
            if parcel.complete or job.done:
                job.settle(parcel.envelope.recipients, parcel.sent(error).recipients, ())
                job.left = ()
                done.append(job.sent(error))
            else:
                again.append(job)
        self._post.put_back(again)
        self._failed, self._goodbye = error, None

    def _leave(self) -> None:
        """Read the answer to QUIT, which went with the last message."""
        goodbye, self._goodbye = self._goodbye, None
        try:
            if goodbye is not None and self._client.is_open:
                self._client._event(goodbye, Reply)
        except (NetworkError, ProtocolError, ReplyError):
            pass  # all messages are answered for
        self._client._drop()
