# GENERATED from fetching_async.py by tools/unasync.py: edit that file, not this one.
"""Fetch what is new, once: the order of steps that makes "leave on server" safe.

What was fetched is remembered by UIDL in a `State`; each change is on the disk before the step
that follows it, so a crash at any point loses nothing and fetches nothing twice (the order is told
at the head of store.py). Small messages come in windows, huge ones are written as they come.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NotSupported
from ..mailboxes import Mailbox
from ..transport import disk_sync as disk
from ..transport.clock_sync import now, today
from ..types import Progress
from .store import State, digest_key
from .types import Fetched

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["Fetch", "Take"]

Take = Callable[[str, bytes], object]
"""What takes a message instead of a mailbox: its UIDL and its bytes."""

_HUGE = 8 << 20
"""Bytes from which on a message is written as it comes."""

_BATCH = 200, 16 << 20
"""Messages, and bytes, that are made durable together."""


@dataclass
class _New:
    """A message to be fetched."""

    number: int
    uidl: str
    size: int
    repeated: bool


class Fetch:
    """One run of `fetch_new`.

    Args:
        client: logged in.
        state: what was fetched before.
        into: a mailbox, or a function.
        progress: told after each message; its unit is messages.
    """

    def __init__(
        self,
        client: Client,
        state: State,
        into: Mailbox | Take,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        self._client = client
        self._state = state
        self._box: Mailbox | None = None if callable(into) else into
        self._take: Take | None = into if callable(into) else None
        self._progress = progress
        self._began = now()
        self._total = 0
        self._staged: list[tuple[str, int, str, str]] = []
        self._bytes = 0
        self.fetched: list[Fetched] = []
        self.listed: list[str] = []

    def run(self, delete_after: float | None) -> list[Fetched]:
        """Fetch, then delete what may go; return what was fetched."""
        disk.call(self._recover)
        new = self._what_is_new()
        self._total = len(new)
        try:
            self._fetch_small([m for m in new if m.size < _HUGE])
            for message in new:
                if message.size >= _HUGE:
                    self._fetch_huge(message)
            self._settle()
        except BaseException:
            if self._box is not None:
                self._box.discard()
            raise
        self._delete(delete_after)
        disk.call(self._forget)
        return self.fetched

    def _recover(self) -> None:
        if self._box is not None:
            self._state.recover(self._box)
        self._state.undelete()

    def _what_is_new(self) -> Sequence[_New]:
        """The messages that are not known, by UIDL; all of them where there is none."""
        client = self._client
        sizes = {item.number: item.size for item in client.list()}
        try:
            names = {item.number: item.uidl for item in client.uidl()}
        except NotSupported:
            names = {}
        self.listed = list(names.values())
        times = Counter(self.listed)
        known = disk.call(self._state.seen, self.listed)
        new = []
        for number, size in sizes.items():
            uidl = names.get(number, "")
            repeated = not uidl or times[uidl] > 1
            if repeated or uidl not in known:
                new.append(_New(number, uidl, size, repeated))
        return new

    def _fetch_small(self, new: Sequence[_New]) -> None:
        by_number = {message.number: message for message in new}
        for number, data in self._client.retr_many(by_number):
            self._file(by_number[number], data)

    def _file(self, message: _New, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        if self._is_known(message, digest):
            return
        key = digest_key(digest) if message.repeated else message.uidl
        if self._box is None:
            self._hand_over(key, data)
            where = ""
        else:
            with self._box.writing(staged=True) as delivery:
                delivery.write(data)
            where = delivery.key
        self._stage(key, len(data), digest, where)

    def _fetch_huge(self, message: _New) -> None:
        if self._box is None:
            for _, data in self._client.retr_many([message.number]):
                self._file(message, data)
            return
        hasher, size = hashlib.sha256(), 0
        with self._box.writing(staged=True) as delivery:
            with self._client.retr_stream(message.number) as body:
                for chunk in body:
                    hasher.update(chunk)
                    size += len(chunk)
                    delivery.write(chunk)
        digest = hasher.hexdigest()
        key = digest_key(digest) if message.repeated else message.uidl
        self._stage(key, size, digest, delivery.key)

    def _hand_over(self, key: str, data: bytes) -> None:
        if self._take is not None:
            self._take(key, data)

    def _is_known(self, message: _New, digest: str) -> bool:
        """Whether this content is here already, under a name the server no longer uses."""
        key = digest_key(digest)
        if message.repeated:
            known = bool(disk.call(self._state.seen, [key]))
        else:
            known = disk.call(self._was_seen, digest)
        if known:
            size = message.size
            disk.call(self._record, [(message.uidl or key, size, digest, "")])
            self.fetched.append(Fetched(message.uidl or key, size, "", duplicate=True))
            self._tell()
        return known

    def _was_seen(self, digest: str) -> bool:
        return self._state.digest_seen(digest, present=self.listed)

    def _stage(self, uidl: str, size: int, digest: str, where: str) -> None:
        self._staged.append((uidl, size, digest, where))
        self._bytes += size
        if len(self._staged) >= _BATCH[0] or self._bytes >= _BATCH[1] or self._take is not None:
            self._settle()

    def _settle(self) -> None:
        """Make what is staged durable, and note it: before, so a crash between is noticed."""
        if not self._staged:
            return
        disk.call(self._publish, tuple(self._staged))
        for uidl, size, _, where in self._staged:
            self.fetched.append(Fetched(uidl, size, where))
        self._staged.clear()
        self._bytes = 0
        self._tell()

    def _publish(self, staged: Sequence[tuple[str, int, str, str]]) -> None:
        at = today().timestamp()
        if self._box is not None:
            with self._state.batch():
                for uidl, size, digest, where in staged:
                    self._state.arriving(uidl, size=size, digest=digest, at=at, where=where)
            self._box.flush()
        self._record(staged)

    def _record(self, staged: Sequence[tuple[str, int, str, str]]) -> None:
        at = today().timestamp()
        with self._state.batch():
            for uidl, size, digest, where in staged:
                self._state.record(uidl, size=size, digest=digest, at=at, where=where)

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(Progress("mail", len(self.fetched), self._total,
                                    now() - self._began))

    def _delete(self, after_days: float | None) -> None:
        """Delete what is known and old enough; QUIT makes it so, and only its answer is proof."""
        state, client = self._state, self._client
        due = disk.call(self._due, after_days)
        if not due:
            return
        numbers = {item.uidl: item.number for item in client.uidl()}
        disk.call(state.mark_deleting, due)
        marked = [number for number in client.dele_many(self._present(due, numbers))]
        try:
            client.quit()
        except BaseException:
            disk.call(state.undelete)
            raise
        gone = [uidl for uidl in due if numbers.get(uidl) in marked]
        disk.call(state.confirm_deleted, gone)

    def _present(self, due: Sequence[str], numbers: dict[str, int]) -> Iterator[int]:
        return (numbers[uidl] for uidl in due if uidl in numbers)

    def _due(self, after_days: float | None) -> list[str]:
        return self._state.to_delete(self.listed, now=today().timestamp(), after_days=after_days)

    def _forget(self) -> None:
        self._state.forget(self._state.known().difference(self.listed, self._by_digest()))

    def _by_digest(self) -> set[str]:
        """Names that stand for content are no names of the server: they stay."""
        return {uidl for uidl in self._state.known() if uidl.startswith(digest_key(""))}
