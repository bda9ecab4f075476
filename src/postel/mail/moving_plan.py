"""What is to be done in a folder that two sides have: a merge of three. Pure.

What was known at the end of the last run (the links) is held against what both sides list now:

    link          left      right        what is done
    ──────────    ──────    ──────       ───────────────────────────────────────────────────────
    yes           there     there        flags: what one side changed since goes to the other
    yes           there     gone         delete it left; or, edited since, copy it again
    yes           gone      there        delete it right; or, edited since, copy it again
    yes           gone      gone         forget the link
    no            there     –            copy it to the right, unless it is there without a link
    no            –         there        copy it to the left, likewise

A flag is there or not, so both sides cannot change one in different ways: no conflict is left.
A uid means nothing once the folder's validity is another one: all links of the folder are
forgotten, nothing is deleted, and `match` finds the pairs again. It pairs what has no link by
content: the digest, or what the server itself calls the same message; the Message-ID only
chooses whose digest is worth reading, for different messages bear the same one. Of equal
messages it pairs as many as both sides have, so that none loses its place.

Deletions come last, after every copy of the run, and `guarded` says which of them are not to be
believed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .moving_flags import is_atom
from .moving_types import BOTH, Deletions, Facts, Link, Listing, Note, Rules, SideName

__all__ = ["FolderPlan", "candidates", "flips", "guarded", "keepable", "match",
           "merge_flags", "plan", "recognise", "shown_elsewhere"]

FREELY = 10
"""Messages that may be deleted in one run whatever share of all they are."""

UNEDITED = frozenset({"seen", "answered", "forwarded", "deleted", "old"})
"""Flags that a program sets as one reads; who sets another one wants to keep the message."""


@dataclass(slots=True)
class FolderPlan:
    """What is to be done in one folder.

    Args:
        copies: uids that go to that side.
        flags: by uid on that side, what to add and what to take away.
        deletions: uids on that side whose message the other one deleted.
        links: as they shall be, for those that stay.
        forgotten: links that are of no use any more.
        revived: uids that were deleted on that side, and come back there for they were edited.
        skipped: uids of that side that are not copied to the other one, for a rule.
    """

    copies: dict[SideName, list[str]] = field(default_factory=lambda: {"left": [], "right": []})
    flags: dict[SideName, dict[str, tuple[frozenset[str], frozenset[str]]]] = field(
        default_factory=lambda: {"left": {}, "right": {}})
    deletions: dict[SideName, list[Link]] = field(
        default_factory=lambda: {"left": [], "right": []})
    links: list[Link] = field(default_factory=list)
    forgotten: list[Link] = field(default_factory=list)
    revived: dict[SideName, list[str]] = field(default_factory=lambda: {"left": [], "right": []})
    skipped: dict[SideName, list[str]] = field(default_factory=lambda: {"left": [], "right": []})

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.forgotten or self.links or any(
            self.copies[side] or self.flags[side] or self.deletions[side] for side in BOTH))


def flips(listing: Listing, validity: str | None) -> bool:
    """Whether uids that were noted mean nothing any more.

    Example:
        >>> [flips(Listing("8", {}), noted) for noted in ("8", "7", None)]
        [False, True, False]
    """
    return validity is not None and listing.validity != validity


def merge_flags(
    left: frozenset[str], right: frozenset[str], base: frozenset[str], *,
    to_left: bool = True, to_right: bool = True,
) -> tuple[frozenset[str], frozenset[str]]:
    """The flags that the left and the right shall have.

    Args:
        left: that it has.
        right: that it has.
        base: that both had.
        to_left: whether changes of the right go to the left.
        to_right: whether changes of the left go to the right.

    Example:
        >>> one = merge_flags(frozenset({"seen"}), frozenset({"flagged"}), frozenset({"flagged"}))
        >>> one == (frozenset({"seen"}), frozenset({"seen"}))
        True
    """
    left_new = left | (right - base) if to_left else left
    left_new -= base - right if to_left else frozenset()
    right_new = right | (left - base) if to_right else right
    right_new -= base - left if to_right else frozenset()
    return left_new, right_new


def plan(left: Listing, right: Listing, links: Iterable[Link], rules: Rules) -> FolderPlan:
    """What is to be done, given links whose uids still mean what they meant.

    What is new is all to be copied; who calls runs `match` on it first.
    """
    made = FolderPlan()
    linked_left, linked_right = set(), set()
    sides = left, right
    for link in links:
        linked_left.add(link.left)
        linked_right.add(link.right)
        ours, theirs = left.notes.get(link.left), right.notes.get(link.right)
        if ours is not None and theirs is not None:
            _settle_flags(made, link, ours, theirs, rules, sides)
        elif ours is None and theirs is None:
            made.forgotten.append(link)
        elif ours is not None:
            _one_gone(made, link, "left", ours.flags, rules, sides)
        elif theirs is not None:
            _one_gone(made, link, "right", theirs.flags, rules, sides)
    for side, listing, linked in (("left", left, linked_left), ("right", right, linked_right)):
        to: SideName = "right" if side == "left" else "left"
        new = [uid for uid in listing.notes if uid not in linked]
        if rules.way(to).new:
            made.copies[to] += new
        else:
            made.skipped[_other(to)] += new
    return made


def _other(side: SideName) -> SideName:
    return "right" if side == "left" else "left"


def keepable(flags: frozenset[str], *listings: Listing) -> frozenset[str]:
    """Those flags that all these folders can keep; the others are nobody else's business.

    Example:
        >>> here, there = Listing("1", {}, keeps=frozenset({"seen"})), Listing("1", {}, atoms=True)
        >>> sorted(keepable(frozenset({"seen", "todo"}), here))
        ['seen']
        >>> sorted(keepable(frozenset({"seen", "To do"}), there))
        ['seen']
    """
    for one in listings:
        if one.keeps is not None:
            flags = flags & one.keeps
        if one.atoms:
            flags = frozenset(flag for flag in flags if is_atom(flag))
    return flags


def _settle_flags(made: FolderPlan, link: Link, ours: Note, theirs: Note, rules: Rules,
                  sides: tuple[Listing, Listing]) -> None:
    """What one side changed goes to the other."""
    if ours.flags == theirs.flags == link.flags:
        return
    had, have, base = (keepable(flags, *sides)
                       for flags in (ours.flags, theirs.flags, link.flags))
    left, right = merge_flags(had, have, base, to_left=rules.left.flags,
                              to_right=rules.right.flags)
    if left != had:
        made.flags["left"][link.left] = (left - had, had - left)
    if right != have:
        made.flags["right"][link.right] = (right - have, have - right)
    # What goes one way alone is compared with what its source has now.
    agreed = left if rules.right.flags else right if rules.left.flags else base
    if agreed != link.flags:
        made.links.append(Link(link.left, link.right, agreed, link.facts, link.same))


def _one_gone(made: FolderPlan, link: Link, there: SideName, flags: frozenset[str], rules: Rules,
              sides: tuple[Listing, Listing]) -> None:
    """It is only on the side *there*."""
    gone = _other(there)
    if not rules.way(there).gone:
        return  # the link stays, so that it is not copied again
    uid = link.left if there == "left" else link.right
    edited = keepable(flags, *sides) - link.flags - UNEDITED
    if edited and rules.keep_edited and rules.way(gone).new:
        made.forgotten.append(link)
        made.revived[gone].append(uid)  # it has no link any more, so it is copied as a new one
        made.copies[gone].append(uid)
    else:
        made.deletions[there].append(link)


def candidates(
    left: Mapping[str, Facts], right: Mapping[str, Facts]
) -> tuple[list[str], list[str]]:
    """Of messages without a link, those whose content is worth reading, to compare it.

    Example:
        >>> candidates({"1": Facts("a@b"), "2": Facts("c@d")}, {"9": Facts("c@d", digest="f")})
        (['2'], [])
    """
    ids_left = {one.message_id for one in left.values()}
    ids_right = {one.message_id for one in right.values()}
    shared = ids_left & ids_right
    return ([uid for uid, one in left.items() if one.message_id in shared and not one.digest],
            [uid for uid, one in right.items() if one.message_id in shared and not one.digest])


def match(
    left: Mapping[str, Facts], right: Mapping[str, Facts]
) -> list[tuple[str, str]]:
    """Pairs of messages that are the same: by Message-ID and digest, each in at most one pair.

    Example:
        >>> ours = {"1": Facts("a@b", 9, "f00"), "2": Facts("a@b", 9, "f00")}
        >>> match(ours, {"7": Facts("a@b", 9, "f00"), "8": Facts("a@b", 9, "bad")})
        [('1', '7')]
    """
    waiting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for uid, one in right.items():
        if one.digest:
            waiting[one.message_id, one.digest].append(uid)
    for found in waiting.values():
        found.reverse()
    pairs = []
    for uid, one in left.items():
        same = waiting.get((one.message_id, one.digest)) if one.digest else None
        if same:
            pairs.append((uid, same.pop()))
    return pairs


def shown_elsewhere(
    listing: Listing, others: Iterable[Listing]
) -> set[str]:
    """The uids of a folder that shows all mail whose messages have another folder as well.

    Example:
        >>> everything = Listing("1", {"1": Note(same="x"), "2": Note(same="y")}, shows_all=True)
        >>> shown_elsewhere(everything, [Listing("1", {"5": Note(same="y")})])
        {'2'}
    """
    places = {note.same for other in others for note in other.notes.values() if note.same}
    return {uid for uid, note in listing.notes.items() if note.same in places}


def guarded(
    plans: Sequence[FolderPlan], listings: Sequence[Mapping[SideName, Listing]],
    linked: Sequence[int], side: SideName, rules: Deletions,
) -> dict[int, str]:
    """Which folders' deletions on *side* are not to be believed, and why.

    Args:
        plans: of the folders.
        listings: of the folders, in the same order.
        linked: how many messages both sides had in each folder.
        side: on which it would be deleted.
        rules: how much may be deleted.

    Returns:
        The number of a folder with the reason.

    Example:
        >>> plan = FolderPlan()
        >>> plan.deletions["right"] = [Link(str(n), str(n)) for n in range(30)]
        >>> there = Listing("1", {str(n): Note() for n in range(30)})
        >>> guarded([plan], [{"left": Listing("1", {}), "right": there}], [30], "right",
        ...         Deletions())
        {0: 'the left side is suddenly empty'}
    """
    source = _other(side)
    doomed = [len(one.deletions[side]) for one in plans]
    if not any(doomed):
        return {}
    there = [index for index, count in enumerate(doomed) if count]
    if not rules.empty and sum(linked) > 1 and not any(one[source].notes for one in listings):
        return dict.fromkeys(there, f"the {source} side is suddenly empty")
    total = sum(doomed)
    allowed = max(FREELY, rules.share * sum(linked))
    if rules.most is not None and total > rules.most:
        return dict.fromkeys(there, f"{total} messages are gone on the {source} side, and at most "
                                    f"{rules.most} may be deleted")
    if total > allowed and rules.most is None:
        return dict.fromkeys(there, f"{total} of {sum(linked)} messages are gone on the {source} "
                                    "side, which is more than may be deleted at once")
    if rules.empty:
        return {}
    return {index: f"the folder is suddenly empty on the {source} side" for index in there
            if linked[index] > FREELY and not listings[index][source].notes}


def recognise(
    wanted: Sequence[Facts], found: Mapping[str, Facts], *, done: bool = False
) -> tuple[dict[int, str], list[str]]:
    """Which of the messages that came into a folder are those that were put there.

    Args:
        wanted: what was put there, or was about to be.
        found: what is new in the folder since.
        done: whether all were put there for certain: then a server that changes what it is given
            does not hide them.

    Returns:
        The uid of each that is certain, by its number; and uids whose content decides the rest.

    Example:
        >>> put = [Facts("a@b", 9, "f00"), Facts("c@d", 9, "bad")]
        >>> recognise(put, {"7": Facts("a@b", 9), "8": Facts("x@y", 9)})
        ({0: '7'}, [])
        >>> recognise(put, {"7": Facts("a@b", 9), "8": Facts("a@b", 9), "9": Facts("c@d", 8)})
        ({}, ['7', '8', '9'])
    """
    by_digest: dict[tuple[str, str], list[str]] = defaultdict(list)
    by_id: dict[str, list[str]] = defaultdict(list)
    for uid, one in found.items():
        if one.digest:
            by_digest[one.message_id, one.digest].append(uid)
        else:
            by_id[one.message_id].append(uid)
    certain: dict[int, str] = {}
    left: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(wanted):
        same = by_digest[one.message_id, one.digest]
        if same:
            certain[number] = same.pop(0)
        else:
            left[one.message_id].append(number)
    unsure: list[str] = []
    for name, numbers in left.items():
        there = by_id[name]
        sizes = [wanted[number].size for number in numbers]
        as_large = [found[uid].size for uid in there] == sizes
        if name and len(there) == len(numbers) and (done or as_large):
            certain.update(zip(numbers, there, strict=True))
        else:
            unsure += there
    return certain, unsure
