# GENERATED from moving_folder_async.py by tools/unasync.py: edit that file, not this one.
"""One folder of two sides, once it is known what is to be done: copy, change flags, delete.

The steps of a run go through all folders one after the other, so that nothing is deleted in one
before it was copied in another. What is on the disk when is told in `postel.mail.moving_store`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..errors import Changed, LimitReached, NotFound, PostelError, ReplyError, UsageError
from ..transport import disk_sync as disk
from ..types import Progress
from .moving_digest import facts_of
from .moving_names import shown
from .moving_plan import keepable
from .moving_sides_sync import DiskSide
from .moving_store import Intent
from .moving_types import BOTH, Conflict, Facts, Link, Move, Note, Parcel, Problem, SideName
from .moving_view_sync import View

__all__ = ["Folder"]

_BATCH = 500, 8 << 20
"""Messages, and bytes, that are put into a folder together."""

_REFUSED = (ReplyError, LimitReached, UsageError)
"""Errors after which the connection lives: one message is not taken, others are."""


class Folder(View):
    """One folder of a run; its arguments are those of `View`."""

    # -- copying -----------------------------------------------------------------------------

    def make(self) -> None:
        """The folder on the side that lacks it."""
        for side in BOTH:
            if self.there[side] or not self.run.rules.way(side).new:
                continue
            self.run.moves.append(Move("make", self.name, side, text=shown(self.paths[side])))
            if self.run.dry:
                continue
            there = self.run.side(side)
            try:
                there.make(self.paths[side])
                self.listings[side] = there.look(self.paths[side], None)
            except _REFUSED as error:
                self.fail(side, "", error)
                continue
            self.there[side] = True
            self.check_validity()

    def copy(self, to: SideName) -> None:
        """What is new, to that side."""
        source, uids = _other(to), self.plan.copies[to]
        if self.plan.forgotten and not self.run.dry:
            disk.call(self.run.store.change, self.number, (), self.plan.forgotten)
            gone = set(self.plan.forgotten)
            self.links = [one for one in self.links if one not in gone]
            self.plan.forgotten = []
        self.run.conflicts += [
            Conflict(self.name, source, uid, f"it was deleted on the {to}, and comes back there")
            for uid in self.plan.revived[to]]
        if self.run.dry:
            self.run.moves += [Move("copy", self.name, to, uid) for uid in uids]
            self.tally[source].copied += len(uids)
        elif not self.there[to]:
            self.tally[source].failed += len(uids)
            self.run.failed += len(uids)
        elif uids:
            tally = self.tally[source]
            before = tally.copied + tally.failed
            try:
                self._copy_all(to, self._copy_known(to, uids))
            except Changed as error:
                self.give_up(to, error)
                tally.failed += len(uids) - (tally.copied + tally.failed - before)

    def _copy_known(self, to: SideName, uids: Sequence[str]) -> list[str]:
        """Copy on the target what it has in another folder; return what it has not."""
        source, left = _other(to), []
        notes = self.listings[source].notes
        there = disk.call(self.run.store.twins, source,
                                [notes[uid].same for uid in uids])
        for uid in uids:
            where = there.get(notes[uid].same)
            if where is None or not self._duplicate(to, uid, notes[uid], where):
                left.append(uid)
        return left

    def _duplicate(self, to: SideName, uid: str, note: Note,
                         where: tuple[int, str]) -> bool:
        """Whether the target could make it of what it has."""
        folders = disk.call(self.run.store.folders)
        there = folders[where[0]][0 if to == "left" else 1]
        side = self.run.side(to)
        key = (side.keys(self.paths[to], 1))[0]
        intent = self._intent(to, uid, note, self._facts_of_link(to, where), key)
        disk.call(self.run.store.begin, self.number, to, [intent])
        try:
            made = side.duplicate(there, where[1], self.paths[to], key, intent.flags)
        except Changed:
            raise
        except _REFUSED:
            made = None
        links = [self.link(to, intent, made)] if made else []
        if made == "":
            links = self._look_again(to, [intent], done=True)
        disk.call(self.run.store.end, self.number, to, links)
        self.links += links
        self.tally[_other(to)].copied += len(links)
        return bool(links)

    def _facts_of_link(self, to: SideName, where: tuple[int, str]) -> Facts:
        for one in disk.call(self.run.store.links, where[0]):
            if where[1] == (one.left if to == "left" else one.right):
                return one.facts
        return Facts()

    def _intent(self, to: SideName, uid: str, note: Note, facts: Facts, key: str) -> Intent:
        target, source = self.listings[to], self.listings[_other(to)]
        flags = keepable(note.flags, target, source)
        return Intent(uid, flags, facts, note.same, key, target.mark, target.validity)

    def _copy_all(self, to: SideName, uids: Sequence[str]) -> None:
        source = _other(to)
        batch: list[Parcel] = []
        size = got = 0
        parcels = self.run.side(source).parcels(self.paths[source], uids)
        for parcel in parcels:
            batch.append(parcel)
            size += len(parcel.data)
            got += 1
            if len(batch) >= _BATCH[0] or size >= _BATCH[1]:
                self._put(to, batch)
                batch, size = [], 0
        if batch:
            self._put(to, batch)
        self.tally[source].skipped += len(uids) - got  # deleted while this ran

    def _put(self, to: SideName, parcels: Sequence[Parcel]) -> None:
        """A batch of messages, with its intents before and its links after."""
        side, notes = self.run.side(to), self.listings[_other(to)].notes
        keys = side.keys(self.paths[to], len(parcels))
        intents = [self._intent(to, one.uid, notes[one.uid], facts_of(one.data), key)
                   for one, key in zip(parcels, keys, strict=True)]
        ready = [replace(one, flags=intent.flags, date=one.date or notes[one.uid].date)
                 for one, intent in zip(parcels, intents, strict=True)]
        disk.call(self.run.store.begin, self.number, to, intents)
        try:
            uids = side.append(self.paths[to], ready, keys)
        except Changed:
            raise
        except _REFUSED as error:
            links = self._look_again(to, intents)
            self._settle(to, links, parcels)
            self._put_rest(to, links, parcels, error)
            return
        links = [self.link(to, one, uid) for one, uid in zip(intents, uids, strict=True) if uid]
        untold = [one for one, uid in zip(intents, uids, strict=True) if not uid]
        if untold:
            self.links += links
            links += self._look_again(to, untold, done=True)
        self._settle(to, links, parcels)
        if untold:
            self._tell_lost(to, links, untold)

    def _settle(self, to: SideName, links: Sequence[Link],
                      parcels: Sequence[Parcel]) -> None:
        disk.call(self.run.store.end, self.number, to, links)
        known = {id(one) for one in self.links}
        self.links += [one for one in links if id(one) not in known]
        tally = self.tally[_other(to)]
        there = {one.left if to == "right" else one.right for one in links}
        tally.copied += len(links)
        tally.size += sum(len(one.data) for one in parcels if one.uid in there)
        if self.run.tell is not None:
            self.run.tell(Progress(self.name, tally.copied,
                                   tally.copied + len(self.plan.copies[to]), 0.0))

    def _put_rest(self, to: SideName, links: Sequence[Link], parcels: Sequence[Parcel],
                        error: PostelError) -> None:
        """The target refused something of a batch: each by itself, to find out what."""
        there = {one.left if to == "right" else one.right for one in links}
        rest = [one for one in parcels if one.uid not in there]
        if len(parcels) == 1 and rest:
            self.fail(to, rest[0].uid, error)
            self.tally[_other(to)].failed += 1
            return
        for one in rest:
            self._put(to, [one])

    def _tell_lost(self, to: SideName, links: Sequence[Link],
                         untold: Sequence[Intent]) -> None:
        """The target took messages, and does not show them."""
        there = {one.left if to == "right" else one.right for one in links}
        for intent in untold:
            if intent.uid not in there:
                self.tally[_other(to)].failed += 1
                self.fail(to, intent.uid, NotFound("it was taken, and is not in the folder"))

    def _look_again(self, to: SideName, intents: Sequence[Intent], *,
                          done: bool = False) -> list[Link]:
        before = self.listings[to]
        self.listings[to] = self.run.side(to).newest(self.paths[to], before.mark)
        try:
            return self.recognised(to, intents, done=done)
        finally:
            self.listings[to] = replace(before, mark=self.listings[to].mark)

    # -- flags and deletions -----------------------------------------------------------------

    def flag(self) -> None:
        """Changes of flags, to both sides."""
        failed = self.broken
        for side in BOTH:
            changes = self.plan.flags[side]
            self.run.moves += [Move("flag", self.name, side, uid, _change(*change))
                               for uid, change in changes.items() if self.run.dry]
            self.tally[side].flagged += len(changes)
            if not changes or self.run.dry or self.broken:
                continue
            try:
                self.run.side(side).store(self.paths[side], changes)
            except _REFUSED as error:
                failed = True
                self.tally[side].flagged -= len(changes)
                self.fail(side, "", error, copied=False)
        if self.plan.links and not failed and not self.run.dry:
            disk.call(self.run.store.change, self.number, self.plan.links)

    def delete(self, side: SideName, held: str) -> None:
        """What the other side deleted, unless something speaks against it."""
        links = self.plan.deletions[side]
        if not links:
            return
        uids = [_uid(one, side) for one in links]
        held = held or ("its uids have changed meanwhile" if self.broken else "")
        if held:
            self.tally[side].skipped += len(uids)
            self.run.problems.append(Problem(
                self.name, side, "", f"{len(uids)} messages are not deleted: {held}"))
            return
        if self.run.dry:
            self.run.moves += [Move("delete", self.name, side, uid) for uid in uids]
        else:
            try:
                links = self._still_gone(side, links)
                links = self._as_known(side, links)
                uids = [_uid(one, side) for one in links]
                if uids:
                    self.run.side(side).expunge(self.paths[side], uids)
            except _REFUSED as error:
                self.tally[side].skipped += len(links)
                self.fail(side, "", error, copied=False)
                return
            disk.call(self.run.store.change, self.number, (), links)
        self.tally[side].removed += len(uids)

    def _still_gone(self, side: SideName, links: list[Link]) -> list[Link]:
        """Those that the other side has not after all: a listing of a disk may miss a file.

        POSIX promises nothing of a name that is changed while the folder is read, and mail
        programs rename a message whenever its flags change.
        """
        source = _other(side)
        other = self.run.side(source)
        if not isinstance(other, DiskSide):
            return links
        there = (other.look(self.paths[source], None)).notes
        self.tally[side].skipped += sum(_uid(one, source) in there for one in links)
        return [one for one in links if _uid(one, source) not in there]

    def _as_known(self, side: SideName, links: list[Link]) -> list[Link]:
        """Those whose uid still means what it meant: servers have given UIDs anew in silence."""
        told = [one for one in links if one.facts.message_id]
        found = self.run.side(side).facts(self.paths[side],
                                                [_uid(one, side) for one in told])
        others = {one for one in told if (there := found.get(_uid(one, side))) is not None
                  and there.message_id != one.facts.message_id}
        for one in others:
            self.tally[side].skipped += 1
            self.run.problems.append(Problem(
                self.name, side, _uid(one, side), "it is not deleted: its UID is another message's "
                "now, though UIDVALIDITY is what it was"))
        if others:
            disk.call(self.run.store.change, self.number, (), others)
        return [one for one in links if one not in others]


def _uid(link: Link, side: SideName) -> str:
    return link.left if side == "left" else link.right


def _other(side: SideName) -> SideName:
    return "right" if side == "left" else "left"


def _change(add: Iterable[str], remove: Iterable[str]) -> str:
    return " ".join([f"+{word}" for word in sorted(add)] + [f"-{word}" for word in sorted(remove)])
