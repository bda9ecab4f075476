"""The lab's post office: every message that its servers take, and the mailboxes that POP3 serves.

Nothing leaves it. What is addressed to a user of the lab (``alice@lab.test``, ``alice+tag@…``) is
put into that user's mailbox; everything, whoever it is for, is kept in `PostOffice.messages`.
Waiting for a message takes no polling: whoever waits is woken by the message itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ..errors import TimedOut, UsageError
from ..serving.mail import ServedMailbox
from ..serving.mail_inbox import InboxBox
from ..serving.mail_labels import LabelStore
from ..serving.mail_store import Keeper, MailStore
from ..smtp.caught import Caught
from ..smtp.envelope import Mailbox, MailFrom, RcptTo, Refused
from ..wire.text import display
from .bounces import Verdict, bounce, received

__all__ = ["PostOffice"]

MOST_KEPT = 10_000
"""Messages that are kept in memory; the oldest is forgotten first."""

FOLDERS = (("Archive", ("\\Archive",)), ("Drafts", ("\\Drafts",)), ("Junk", ("\\Junk",)),
           ("Sent", ("\\Sent",)), ("Trash", ("\\Trash",)))
"""What every user has besides INBOX."""

_TOLD = 5
"""Messages that the error of a wait in vain speaks of."""

Text = str | re.Pattern[str]
Wanted = Callable[[Caught], bool]


@dataclass
class _Waiter:
    wanted: Wanted
    tell: Callable[[Caught], None]


class PostOffice:
    """What the lab's mail servers have taken.

    Attributes:
        domain: whose users have mailboxes.
        stores: the mail of each user, in folders; IMAP serves it.
        boxes: the mailboxes by user, which are their INBOX; POP3 serves them.

    Example:
        >>> from postel import lab
        >>> with lab.start("smtp") as here:
        ...     here.mail.messages
        ()
    """

    def __init__(self, users: Iterable[str], domain: str = "lab.test") -> None:
        self.domain = domain
        self.stores: dict[str, MailStore] = {name: MailStore(name, folders=FOLDERS)
                                             for name in users}
        self.boxes: dict[str, ServedMailbox] = {
            name: InboxBox(store) for name, store in self.stores.items()}
        self._kept: deque[Caught] = deque(maxlen=MOST_KEPT)
        self._count = 0
        self._waiters: list[_Waiter] = []
        self._verdicts: dict[str, Verdict] = {}
        self._lock = threading.Lock()

    def arrange(
        self, folders: Iterable[tuple[str, tuple[str, ...]]], delimiter: str = "/", *,
        labels: bool = False,
    ) -> None:
        """Give every user these folders, empty; what mail there was is forgotten.

        Args:
            folders: names and special uses of those besides INBOX.
            delimiter: between the levels of names.
            labels: they are labels of one set of messages, as Gmail's.
        """
        kind = LabelStore if labels else MailStore
        for user in list(self.stores):
            self.keep(user, kind(user, delimiter=delimiter, folders=folders))

    def keep(self, user: str, store: MailStore | Keeper) -> MailStore:
        """Let *store* be the mail of *user*, for those who log in from now on.

        Args:
            user: whose mail; one of the lab's users.
            store: all of it, or where it is kept: `postel.serving.mail_sqlite.SQLiteKeeper`,
                `postel.serving.mail_maildir.MaildirKeeper`.
        """
        if not isinstance(store, MailStore):
            store = MailStore(user, folders=FOLDERS, keeper=store)
        self.stores[user] = store
        self.boxes[user] = InboxBox(store)
        return store

    # -- what came -------------------------------------------------------------------------

    @property
    def messages(self) -> tuple[Caught, ...]:
        """Every message so far, in order."""
        with self._lock:
            return tuple(self._kept)

    def clear(self) -> None:
        """Forget the messages; those in mailboxes stay."""
        with self._lock:
            self._kept.clear()

    def wait_for(
        self,
        *,
        to: str | None = None,
        sender: str | None = None,
        subject: Text | None = None,
        text: Text | None = None,
        after: Caught | int | None = None,
        timeout: float = 10.0,
    ) -> Caught:
        """The first message that fits, be it there already or yet to come.

        Args:
            to: one of the envelope's recipients; case does not matter.
            sender: the envelope's sender.
            subject: what the subject holds, in any case, or a pattern that is found in it.
            text: the same for the text.
            after: only messages after this one, or after this number.
            timeout: seconds.

        Raises:
            TimedOut: none has come; the error tells what came instead.
        """
        event, found = threading.Event(), list[Caught]()

        def tell(caught: Caught) -> None:
            found.append(caught)
            event.set()

        wanted = _wanted(to, sender, subject, text, after)
        with self._waiting(wanted, tell):
            if not event.wait(timeout):
                raise self._in_vain(to, sender, subject, text, timeout)
        return found[0]

    async def wait_for_async(
        self,
        *,
        to: str | None = None,
        sender: str | None = None,
        subject: Text | None = None,
        text: Text | None = None,
        after: Caught | int | None = None,
        timeout: float = 10.0,
    ) -> Caught:
        """`wait_for`, for asyncio: other tasks go on meanwhile."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Caught] = loop.create_future()

        def settle(caught: Caught) -> None:
            if not found.done():
                found.set_result(caught)

        def tell(caught: Caught) -> None:
            with contextlib.suppress(RuntimeError):  # that loop has been closed meanwhile
                loop.call_soon_threadsafe(settle, caught)

        wanted = _wanted(to, sender, subject, text, after)
        with self._waiting(wanted, tell):
            try:
                return await asyncio.wait_for(found, timeout)
            except TimeoutError:
                raise self._in_vain(to, sender, subject, text, timeout) from None

    @contextlib.contextmanager
    def _waiting(self, wanted: Wanted, tell: Callable[[Caught], None]) -> Iterator[None]:
        """Be told of the first message that is *wanted*, past or to come."""
        waiter = _Waiter(wanted, tell)
        with self._lock:
            kept = tuple(self._kept)
            self._waiters.append(waiter)
        try:
            past = next((caught for caught in kept if wanted(caught)), None)
            if past is not None:
                tell(past)
            yield
        finally:
            with self._lock:
                self._waiters.remove(waiter)

    def _in_vain(
        self, to: str | None, sender: str | None, subject: Text | None, text: Text | None,
        timeout: float,
    ) -> TimedOut:
        said = [f"{name} {display(value if isinstance(value, str) else value.pattern)}"
                for name, value in (("to", to), ("from", sender), ("subject", subject),
                                    ("text", text)) if value is not None]
        last = self.messages[-_TOLD:]
        came = "; ".join(display(f"{one.number}: {one.sender or '<>'} to "
                                 f"{', '.join(one.recipients)}: {one.subject}") for one in last)
        return TimedOut(
            f"wait for a message {', '.join(said) or 'at all'}: none in {timeout:g} seconds",
            hint=f"what came last: {came}" if came else "nothing has come at all")

    # -- what is done with it --------------------------------------------------------------

    def take(self, caught: Caught, *, trace: bool = True) -> int:
        """Keep a message, file it, wake who waits for it; return its number.

        Args:
            caught: the message.
            trace: put Return-Path and Received before it in mailboxes.
        """
        with self._lock:
            self._count += 1
            caught = replace(caught, number=self._count)
            self._kept.append(caught)
            waiters = tuple(self._waiters)
        if not caught.is_binary:  # lines cannot carry it: it stays in `messages` alone
            self._file(caught, trace)
        for waiter in waiters:
            if waiter.wanted(caught):
                waiter.tell(caught)
        self._report(caught)
        return caught.number

    def _file(self, caught: Caught, trace: bool) -> None:
        filed = set()
        for rcpt in caught.rcpts:
            user = self.user_of(rcpt.recipient)
            if user and user not in filed and self._verdict(rcpt) is None:
                filed.add(user)
                head = received(caught, rcpt, self.domain) if trace else b""
                self.boxes[user].add(head + caught.data)

    def admit(self, address: Mailbox, *, relay: bool) -> None:
        """Refuse recipients as a real server would: unknown users, and others' domains.

        Args:
            address: the recipient.
            relay: others' domains are taken too, as from someone who has logged in.

        Raises:
            Refused: it is not taken.
        """
        ours = self._is_ours(address)
        if not ours and not relay:
            raise Refused(554, "5.7.1", f"nothing is relayed to {address.domain}")
        if ours and not self.user_of(address) and address.user.lower() != "postmaster":
            raise Refused(550, "5.1.1", f"there is no {address.user} here")

    def user_of(self, address: Mailbox) -> str:
        """Whose mailbox an address leads to; "" for nobody's."""
        if not self._is_ours(address):
            return ""
        name = address.user.lower().partition("+")[0]
        return name if name in self.boxes else ""

    def _is_ours(self, address: Mailbox) -> bool:
        """Whether it is in the lab's domain, or in ``lab.test``, which every lab answers to."""
        domain = f".{address.domain.lower().rstrip('.')}"
        return domain == "." or domain.endswith((f".{self.domain}", ".lab.test"))

    def bounce(
        self, address: str, status: str = "5.1.1", text: str = "no such user", *,
        action: str = "failed",
    ) -> None:
        """From now on, what is for *address* is taken, and a report goes to its sender.

        Args:
            address: a recipient.
            status: the enhanced status code (RFC 3463) that the report names.
            text: what it says.
            action: ``"failed"``, ``"delayed"``, ``"delivered"`` or ``"relayed"`` (RFC 3464).

        Raises:
            UsageError: there is no such action.
        """
        if action not in ("failed", "delayed", "delivered", "relayed"):
            raise UsageError(f"a report says failed, delayed, delivered or relayed: {action!r}")
        self._verdicts[address.lower()] = Verdict(action, status, text)

    def _verdict(self, rcpt: RcptTo) -> Verdict | None:
        found = self._verdicts.get(str(rcpt.recipient).lower())
        return found if found is not None and found.action in ("failed", "delayed") else None

    def _report(self, caught: Caught) -> None:
        """Tell the sender what became of it, as far as that was asked for (RFC 3461 section 5)."""
        if not caught.sender:
            return  # never a report about a report
        said: list[tuple[RcptTo, Verdict]] = []
        for rcpt in caught.rcpts:
            verdict = self._verdicts.get(str(rcpt.recipient).lower())
            if verdict is None and "SUCCESS" in rcpt.notify:
                verdict = Verdict("delivered", "2.1.5", "caught by the lab")
            if verdict is not None and verdict.wanted(rcpt.notify):
                said.append((rcpt, verdict))
        if said:
            data = bounce(caught, said, self.domain)
            back = RcptTo(caught.mail.sender)
            self.take(Caught(data, MailFrom(Mailbox()), (back,), "lab", _later(caught.at)))


def _later(at: datetime) -> datetime:
    return datetime.now(at.tzinfo)


def _wanted(
    to: str | None, sender: str | None, subject: Text | None, text: Text | None,
    after: Caught | int | None,
) -> Wanted:
    number = after.number if isinstance(after, Caught) else after or 0

    def wanted(caught: Caught) -> bool:
        return (caught.number > number
                and (to is None or to.lower() in (one.lower() for one in caught.recipients))
                and (sender is None or sender.lower() == caught.sender.lower())
                and (subject is None or _holds(caught.subject, subject))
                and (text is None or _holds(caught.text, text)))

    return wanted


def _holds(text: str, wanted: Text) -> bool:
    if isinstance(wanted, str):
        return wanted.casefold() in text.casefold()
    return wanted.search(text) is not None
