# GENERATED from moving_view_async.py by tools/unasync.py: edit that file, not this one.
"""One folder of two sides: list it, recover what was begun, find what belongs together, plan.

What is on the disk when is told in `postel.mail.moving_store`, what is done in
`postel.mail.moving_plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..errors import PostelError, ReplyError
from ..transport import disk_sync as disk
from ..types import Progress
from .moving_names import FolderPair, shown
from .moving_plan import FolderPlan, candidates, flips, match, plan, recognise
from .moving_sides_sync import Side
from .moving_store import Intent, MovingStore
from .moving_types import (
    BOTH,
    Conflict,
    Facts,
    Link,
    Listing,
    Move,
    Note,
    Path,
    Problem,
    Rules,
    SideName,
    Tally,
)

__all__ = ["View", "Run"]

_NOWHERE = Listing("", {})


@dataclass
class Run:
    """What all folders of a run share.

    Args:
        left: a side.
        right: the other side.
        store: what was known before.
        rules: what is to be done.
        dry: whether nothing is done.
        tell: told how far it is.
    """

    left: Side
    right: Side
    store: MovingStore
    rules: Rules
    dry: bool = False
    tell: Callable[[Progress], object] | None = None
    problems: list[Problem] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    failed: int = 0
    unchanged: int = 0

    def side(self, name: SideName) -> Side:
        """The side of that name."""
        return self.left if name == "left" else self.right


class View:
    """One folder of a run, as it is and as it was.

    Args:
        run: that it is part of.
        pair: what it is called.
        number: in the store.
    """

    def __init__(self, run: Run, pair: FolderPair, number: int) -> None:
        self.run = run
        self.number = number
        self.name = shown(pair.left)
        self.paths: dict[SideName, Path] = {"left": pair.left, "right": pair.right}
        self.there: dict[SideName, bool] = {"left": pair.has_left, "right": pair.has_right}
        self.listings: dict[SideName, Listing] = {"left": _NOWHERE, "right": _NOWHERE}
        self.links: list[Link] = []
        self.plan = FolderPlan()
        self.tally: dict[SideName, Tally] = {"left": Tally(), "right": Tally()}
        self.broken = False

    # -- looking -----------------------------------------------------------------------------

    def look(self) -> None:
        """List both sides, unless nothing has changed."""
        same = 0
        for side in BOTH:
            if not self.there[side]:
                continue
            known = disk.call(self.run.store.known, self.number, side)
            try:
                listing = self.run.side(side).look(self.paths[side], known)
            except ReplyError as error:
                self.give_up(side, error)
                return
            self.listings[side] = listing
            if known is not None and listing.notes is known.notes:
                same += 1
            elif listing.state:
                disk.call(self.run.store.see, self.number, side, listing)
        self.run.unchanged += same > 0

    def hide(self, side: SideName, uids: set[str]) -> None:
        """Leave these messages out: they are shown in other folders as well."""
        listing = self.listings[side]
        notes = {uid: note for uid, note in listing.notes.items() if uid not in uids}
        self.tally[side].found += len(uids)
        self.tally[side].skipped += len(uids)
        self.listings[side] = replace(listing, notes=notes)

    def give_up(self, side: SideName, error: PostelError) -> None:
        """Leave the folder alone in this run: uids mean others now, or a side cannot read it."""
        self.broken = True
        self.fail(side, "", error)

    def prepare(self) -> None:
        """Find out what is to be done."""
        self.links = disk.call(self.run.store.links, self.number)
        try:
            self.check_validity()
            for to in BOTH:
                self._recover(to)
            self._match()
        except ReplyError as error:
            self.give_up("left", error)
            self.listings = {"left": _NOWHERE, "right": _NOWHERE}
            self.links = []
        self.plan = plan(self.listings["left"], self.listings["right"], self.links,
                         self.run.rules)
        for side in BOTH:
            self.tally[side].found += len(self.listings[side].notes)
            self.tally[side].skipped += len(self.plan.skipped[side])
            self.tally[side].present += self._both_have(side)
        self._count_kept()
        self._choose("right")
        self._choose("left")

    def _count_kept(self) -> None:
        """Messages that the other side deleted, and that stay by the rules."""
        left, right = self.listings["left"].notes, self.listings["right"].notes
        settled = {*self.plan.deletions["left"], *self.plan.deletions["right"],
                   *self.plan.forgotten}
        for one in self.links:
            if one not in settled:
                self.tally["left"].skipped += one.left in left and one.right not in right
                self.tally["right"].skipped += one.right in right and one.left not in left

    def _both_have(self, side: SideName) -> int:
        left, right = self.listings["left"].notes, self.listings["right"].notes
        return sum(one.left in left and one.right in right for one in self.links)

    def check_validity(self) -> None:
        """Forget links whose uids mean nothing any more, but for those that can be found again."""
        noted = disk.call(self.run.store.validity, self.number)
        now = tuple(self.listings[side].validity or before
                    for side, before in zip(BOTH, noted, strict=True))
        if now == noted:
            return
        flipped = [side for side, before in zip(BOTH, noted, strict=True)
                   if self.there[side] and flips(self.listings[side], before)]
        facts: dict[SideName, dict[str, Facts]] = {"left": {}, "right": {}}
        if flipped:
            self.links, facts = _carried(self.links, self.listings, flipped)
        disk.call(self.run.store.rebase, self.number, now[0] or "", now[1] or "",
                        self.links, facts if flipped else None)

    def _recover(self, to: SideName) -> None:
        """What a run that died had begun: done as far as it is there."""
        intents = disk.call(self.run.store.intents, self.number, to)
        if intents:
            links = self.recognised(to, intents)
            disk.call(self.run.store.end, self.number, to, links)
            self.links += links

    def recognised(self, to: SideName, intents: Sequence[Intent], *,
                          done: bool = False) -> list[Link]:
        """Links for those of *intents* that are in the folder by now."""
        listing, side = self.listings[to], self.run.side(to)
        linked = {one.left if to == "left" else one.right for one in self.links}
        source = {one.right if to == "left" else one.left for one in self.links}
        links = [self.link(to, one, one.key) for one in intents
                 if one.key in listing.notes and one.key not in linked and one.uid not in source]
        open_ = [one for one in intents if not one.key and one.validity == listing.validity
                 and one.uid not in source]
        new = [uid for uid in listing.notes if uid not in linked
               and any(side.newer(uid, one.mark) for one in open_[:1])]
        if not new:
            return links
        found = side.facts(self.paths[to], new)
        wanted = [one.facts for one in open_]
        certain, unsure = recognise(wanted, found, done=done)
        if unsure:
            found |= side.digests(self.paths[to], unsure)
            certain, _ = recognise(wanted, found, done=done)
        return links + [self.link(to, open_[number], uid) for number, uid in certain.items()]

    def link(self, to: SideName, intent: Intent, uid: str) -> Link:
        """The link of a message that was put there as *uid*."""
        note = self.listings[to].notes.get(uid)
        there, here = note.same if note else uid, intent.same
        if to == "right":
            return Link(intent.uid, uid, intent.flags, intent.facts, (here, there))
        return Link(uid, intent.uid, intent.flags, intent.facts, (there, here))

    # -- what is new -------------------------------------------------------------------------

    def _match(self) -> None:
        """Pair messages that are on both sides already, however they came there."""
        new = {side: self._unlinked(side) for side in BOTH}
        if not new["left"] or not new["right"]:
            return
        facts = {side: self._facts(side, new[side]) for side in BOTH}
        asked = candidates(facts["left"], facts["right"])
        for side, uids in zip(BOTH, asked, strict=True):
            if uids:
                read = self.run.side(side).digests(self.paths[side], uids)
                facts[side] |= read
            disk.call(self.run.store.learn, self.number, side, facts[side])
        left, right = (self.listings[side].notes for side in BOTH)
        links = [Link(one, other, left[one].flags & right[other].flags, facts["left"][one],
                      (left[one].same, right[other].same))
                 for one, other in match(facts["left"], facts["right"])]
        disk.call(self.run.store.change, self.number, links)
        self.links += links

    def _unlinked(self, side: SideName) -> list[str]:
        linked = {one.left if side == "left" else one.right for one in self.links}
        return [uid for uid in self.listings[side].notes if uid not in linked]

    def _facts(self, side: SideName, uids: Sequence[str]) -> dict[str, Facts]:
        known = disk.call(self.run.store.facts, self.number, side)
        found = {uid: known[uid] for uid in uids if uid in known}
        missing = [uid for uid in uids if uid not in found]
        if missing:
            found |= self.run.side(side).facts(self.paths[side], missing)
        return {uid: found[uid] for uid in uids if uid in found}

    def fail(self, side: SideName, uid: str, error: PostelError, *, copied: bool = True) -> None:
        """Note what was not done."""
        self.run.problems.append(Problem(self.name, side, uid, str(error)))
        self.run.failed += copied

    def _choose(self, to: SideName) -> None:
        """Of what would be copied, leave out what the rules do not want."""
        rules, source = self.run.rules, _other(to)
        uids = self.plan.copies[to]
        if not uids or (rules.largest is None and rules.since is None):
            return
        notes = {uid: self.listings[source].notes[uid] for uid in uids}
        vague = [uid for uid, note in notes.items()
                 if (rules.largest is not None and note.size is None)
                 or (rules.since is not None and note.date is None)]
        if vague:
            told = self.run.side(source).details(self.paths[source], vague)
            for uid, note in told.items():
                notes[uid] = replace(notes[uid], size=note.size or notes[uid].size,
                                     date=note.date or notes[uid].date)
        self.plan.copies[to] = [uid for uid in uids if _wanted(notes[uid], rules)]
        self.tally[source].skipped += len(uids) - len(self.plan.copies[to])


def _other(side: SideName) -> SideName:
    return "right" if side == "left" else "left"


def _wanted(note: Note, rules: Rules) -> bool:
    if rules.largest is not None and note.size is not None and note.size > rules.largest:
        return False
    return rules.since is None or note.date is None or note.date >= rules.since


def _carried(
    links: Sequence[Link], listings: dict[SideName, Listing], flipped: Sequence[SideName]
) -> tuple[list[Link], dict[SideName, dict[str, Facts]]]:
    """Links under new uids, where a side names messages for ever; what is known of the others."""
    found: dict[SideName, dict[str, str]] = {"left": {}, "right": {}}
    for side in flipped:
        for uid, note in listings[side].notes.items():
            if note.same:
                found[side][note.same] = uid
    kept: list[Link] = []
    facts: dict[SideName, dict[str, Facts]] = {"left": {}, "right": {}}
    for link in links:
        left = found["left"].get(link.same[0]) if "left" in flipped else link.left
        right = found["right"].get(link.same[1]) if "right" in flipped else link.right
        if left is not None and right is not None:
            kept.append(Link(left, right, link.flags, link.facts, link.same))
        elif "left" not in flipped and link.facts.digest:
            facts["left"][link.left] = link.facts
        elif "right" not in flipped and link.facts.digest:
            facts["right"][link.right] = link.facts
    return kept, facts
