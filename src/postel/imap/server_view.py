"""A folder as one session sees it: numbers for UIDs, and what the client has yet to be told.

Service code. Message numbers belong to the session: nothing is taken out of them but where the
client is told so, and it is not told during commands that use numbers (RFC 9051 section 7.5.1).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from ..serving.mail_store import Folder, Message
from .commands import Numbers
from .sequence import NumberSet

__all__ = ["View", "part_of", "ranges"]


@dataclass
class View:
    """The folder that is open.

    Attributes:
        folder: it.
        read_only: it was opened by EXAMINE.
        uids: of the messages the client knows of, in order: the first is number 1.
        recent: those among them that no session saw before.
        seen: the mod-sequence up to which the client knows everything.
        keywords: those that the client has heard of.
    """

    folder: Folder
    read_only: bool = False
    uids: list[int] = field(default_factory=list)
    recent: set[int] = field(default_factory=set)
    seen: int = 0
    keywords: set[str] = field(default_factory=set)
    _told: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.uids = sorted(dict.fromkeys(self.folder.messages))
        self.seen = self.folder.modseq
        self.keywords = set(self.folder.keywords)
        self.note_recent(self.uids)

    def note_recent(self, uids: list[int]) -> None:
        """Some are new to all sessions; with EXAMINE they stay so."""
        start = self.folder.recent_from
        self.recent.update(uid for uid in uids if uid >= start)
        if not self.read_only:
            self.folder.recent_from = self.folder.uidnext

    def number(self, uid: int) -> int:
        """The number of a message; 0 if the client does not know it."""
        place = bisect_left(self.uids, uid)
        return place + 1 if place < len(self.uids) and self.uids[place] == uid else 0

    def message(self, uid: int) -> Message | None:
        """A message, unless it is gone."""
        return self.folder.messages.get(uid)

    def flags(self, message: Message) -> list[str]:
        """Its flags, with \\\\Recent."""
        return sorted((*message.flags, *(("\\Recent",) if message.uid in self.recent else ())))

    def pick(self, numbers: Numbers, saved: list[int], *, uid: bool) -> list[int]:
        """The UIDs of a set of numbers, or of UIDs."""
        if numbers.saved:
            known = set(self.uids)
            return [one for one in saved if one in known]
        largest = (self.uids[-1] if self.uids else 0) if uid else len(self.uids)
        found = list[int]()
        reached = 0
        for first, last in numbers.up_to(largest):
            if uid:
                start = max(bisect_left(self.uids, first), reached)
                end = bisect_right(self.uids, last)
            else:
                start, end = max(first - 1, reached), last
            found += self.uids[start:end]
            reached = max(reached, end)
        return found

    def beyond(self, numbers: Numbers) -> bool:
        """Whether a set of numbers names one that there is not."""
        if not self.uids:  # a star means nothing then, and does no harm
            return not numbers.saved and not all(0 in one for one in numbers.ranges)
        return numbers.most > len(self.uids)

    def has_new_keywords(self, messages: list[Message]) -> bool:
        """Whether some have keywords that the client has not heard of; it has, from now on."""
        found = {one for message in messages for one in message.flags if not one.startswith("\\")}
        if found <= self.keywords:
            return False
        self.keywords |= found
        return True

    def told(self, message: Message) -> None:
        """The client knows what this message is like now."""
        self._told[message.uid] = message.modseq

    # -- what is new -----------------------------------------------------------------------

    @property
    def is_stale(self) -> bool:
        """Whether there is anything to tell."""
        return self.folder.modseq != self.seen or len(self.uids) != len(self.folder.messages)

    def take_gone(self) -> list[tuple[int, int]]:
        """Numbers and UIDs of what is gone, in order; the client knows from now on.

        Each number is what it is when those before it are gone.
        """
        messages = self.folder.messages
        places = [place for place, uid in enumerate(self.uids) if uid not in messages]
        found = [(place + 1 - before, self.uids[place]) for before, place in enumerate(places)]
        if found:
            gone = {uid for _, uid in found}
            self.uids = [uid for uid in self.uids if uid not in gone]
            self.recent -= gone
            for uid in gone:
                self._told.pop(uid, None)
        return found

    def take_new(self) -> list[int]:
        """UIDs of messages that came."""
        last = self.uids[-1] if self.uids else 0
        if self.folder.uidnext - 1 <= last:
            return []
        new = sorted(uid for uid in list(self.folder.messages) if uid > last)
        self.uids += new
        self.note_recent(new)
        return new

    def take_changed(self, new: list[int]) -> list[Message]:
        """Messages that have other flags than the client knows."""
        if self.folder.modseq == self.seen:
            return []
        fresh, told = set(new), self._told
        found = [message for message in list(self.folder.messages.values())
                 if message.modseq > self.seen and message.uid not in fresh
                 and told.get(message.uid) != message.modseq and self.number(message.uid)]
        self.seen = self.folder.modseq
        return sorted(found, key=lambda message: message.uid)


def part_of(found: list[int], bounds: tuple[int, int]) -> list[int]:
    """Some of them, counted from 1, or from the end below zero (RFC 9394)."""
    low, high = bounds
    if low > 0:
        return found[low - 1 : high]
    return found[max(0, len(found) + low) : max(0, len(found) + high + 1)]


def ranges(uids: list[int]) -> bytes:
    """UIDs as a set."""
    return str(NumberSet(uids)).encode()
