"""Two listings of one folder held against each other: what differs, and why. Pure.

Names are matched as they are written; where that fails, in one form of Unicode (a disk of macOS
hands out names decomposed), and where the target folds case, without regard to it. Two names of
the source that the target would take for one are a problem of both: neither is copied, as the
second would replace the first.

Times are compared within a window: the coarser of what both ends keep. Where an end keeps no times,
or takes none, what the last run noted decides (`Known`): the source is what was copied then, and
the target is what was left there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..errors import Conflict, NotSupported, PostelError, TransferError
from ..types import Entry, Features, Kind
from ..wire.names import is_unfinished, joined, safe_name
from .filters import Filter
from .names import escaped, unescaped
from .types import Action, Compare, Delete, Do, Links, Mark, Problem, Rules

__all__ = ["Comparer", "End", "Found", "Known", "Pair"]

Known = Callable[[str], tuple[Mark, Mark] | None]
"""What the last run noted of a path: its mark on the source, and on the target."""

_NEVER = frozenset("/\r\n\0")
"""What no name may hold, wherever it goes."""


@dataclass(frozen=True)
class End:
    """One of two trees, as far as comparing needs to know it.

    Args:
        features: what its scheme can do.
        local: whether it is a disk of this machine, where names are names of files.
    """

    features: Features
    local: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A file or folder that both trees have.

    Args:
        path: on the source.
        to: on the target.
        ours: its entry on the source.
        theirs: its entry on the target, or None.
    """

    path: str
    to: str
    ours: Entry
    theirs: Entry | None


@dataclass
class Found:
    """What came of comparing one folder.

    Args:
        actions: what is to be done here.
        problems: what takes no part.
        folders: to be compared next.
        undecided: files of one size, whose digests decide.
        surplus: what the target alone has: paths and entries.
        blocked: what stands in the way of another kind: paths and entries.
        same: files that are alike.
        files: files of the source that take part.
    """

    actions: list[Action] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    folders: list[Pair] = field(default_factory=list)
    undecided: list[Pair] = field(default_factory=list)
    surplus: list[tuple[str, Entry]] = field(default_factory=list)
    blocked: list[tuple[str, Entry]] = field(default_factory=list)
    same: int = 0
    files: int = 0


class Comparer:
    """Compares folders by the rules of a run.

    Args:
        rules: of the run.
        source: the tree that is copied.
        target: the tree that is made like it.
        known: what the last run noted.
    """

    def __init__(
        self, rules: Rules, source: End, target: End, wanted: Filter,
        known: Known = lambda path: None,
    ) -> None:
        self.rules, self.source, self.target = rules, source, target
        self.wanted, self.known = wanted, known

    def folder(
        self, path: str, to: str, ours: Sequence[Entry], theirs: Sequence[Entry]
    ) -> Found:
        """Compare the entries of one folder.

        Args:
            path: of the folder on the source, seen from the top; "" is the top.
            to: the same on the target.
            ours: what the source has there.
            theirs: what the target has there.
        """
        found = Found()
        there = _Names(theirs, self.target)
        taken = set()
        for entry in self._usable(path, ours, found):
            name = self._named(joined(path, entry.name), entry.name, found)
            if name is None:
                continue
            old = there.take(name)
            pair = Pair(joined(path, entry.name), joined(to, old.name if old else name), entry, old)
            taken.add(pair.to)
            self._compare(pair, found)
        for entry in there.left():
            whole = joined(to, entry.name)
            if whole not in taken and _is_whole(entry.name) and self._takes(whole, entry):
                found.surplus.append((whole, entry))
        return found

    # -- names -----------------------------------------------------------------------------

    def _usable(self, path: str, ours: Sequence[Entry], found: Found) -> Iterable[Entry]:
        """The entries that take part and do not collide on the target."""
        entries = [one for one in ours if _is_whole(one.name)]
        groups: dict[str, int] = {}
        for one in entries:
            key = _key(one.name, self.target)
            groups[key] = groups.get(key, 0) + 1
        for one in entries:
            whole = joined(path, one.name)
            if not self._takes(whole, one):
                continue
            if groups[_key(one.name, self.target)] > 1:
                found.problems.append(Problem(
                    whole, "another name of the source is the same name on the target", True,
                    Conflict(f"copy {whole!r}: another name of its folder is the same name on the "
                             "target", hint="rename one of them at the source")))
                continue
            yield one

    def _takes(self, path: str, entry: Entry) -> bool:
        return self.wanted.takes(path, folder=entry.is_folder, size=entry.exact_size,
                                 modified=_utc(entry.modified))

    def _named(self, path: str, name: str, found: Found) -> str | None:
        """What *name* is called on the target; None where it cannot be."""
        if self.rules.escape:
            plain = unescaped(name) if self.source.local else name
            name = escaped(plain) if self.target.local else plain
        try:
            if self.target.local:
                safe_name(name)
            elif set(name) & _NEVER or name in ("", ".", ".."):
                raise TransferError(f"name {name!r}: it is no name of a file")
        except PostelError as error:
            found.problems.append(Problem(path, error.args[0], True, error))
            return None
        return name

    # -- one pair --------------------------------------------------------------------------

    def _compare(self, pair: Pair, found: Found) -> None:
        entry, old = pair.ours, pair.theirs
        if entry.is_link and self.rules.links is not Links.COPY:
            if self.rules.links is Links.FOLLOW:
                found.problems.append(Problem(pair.path, "a link that leads nowhere in the tree"))
        elif entry.is_folder:
            self._folder(pair, found)
        elif entry.is_file or entry.is_link:
            if old is not None and old.is_folder:
                self._in_the_way(pair, old, found)
            elif entry.is_link:
                self._link(pair, found)
            else:
                self._file(pair, found)
        else:
            found.problems.append(Problem(pair.path, "it is neither file, folder nor link"))

    def _folder(self, pair: Pair, found: Found) -> None:
        old = pair.theirs
        if old is None:
            found.actions.append(self._action(Do.FOLDER, pair, "not there"))
        elif not old.is_folder:
            if not self._in_the_way(pair, old, found):
                return
            found.actions.append(self._action(Do.FOLDER, pair, f"a {old.kind.value} is there"))
        found.folders.append(pair)

    def _in_the_way(self, pair: Pair, old: Entry, found: Found) -> bool:
        """Another kind of thing has the name: it goes if things may be deleted."""
        if self.rules.delete is Delete.NO:
            reason = f"the target has a {old.kind.value} of that name"
            found.problems.append(Problem(pair.path, reason, True, Conflict(
                f"copy {pair.path!r}: {reason}", hint="move it away, or allow deleting")))
            return False
        found.blocked.append((pair.to, old))
        if not pair.ours.is_folder:
            found.files += 1
            do = Do.LINK if pair.ours.is_link else Do.NEW
            found.actions.append(self._action(do, pair, f"a {old.kind.value} is there", fresh=True))
        return True

    def _link(self, pair: Pair, found: Found) -> None:
        if not self.target.features.symlinks:
            found.problems.append(Problem(
                pair.path, "the target has no links", error=NotSupported(
                    f"link {pair.path!r}: the target has no links",
                    hint="follow them (links=follow), or leave them out (links=skip)")))
        elif pair.ours.target is None:
            found.problems.append(Problem(pair.path, "nothing tells where the link points"))
        elif pair.theirs is None or pair.theirs.target != pair.ours.target:
            reason = "not there" if pair.theirs is None else "points elsewhere"
            found.actions.append(self._action(Do.LINK, pair, reason))
        else:
            found.same += 1

    def _file(self, pair: Pair, found: Found) -> None:
        found.files += 1
        entry, old = pair.ours, pair.theirs
        if old is None:
            found.actions.append(self._action(Do.NEW, pair, "not there"))
            return
        if not old.is_file:
            found.actions.append(self._action(Do.CHANGED, pair, f"a {old.kind.value} is there"))
            return
        if self.rules.compare is Compare.MISSING:
            found.same += 1
            return
        ours, theirs = entry.exact_size, old.exact_size
        if ours is not None and theirs is not None and ours != theirs:
            self._differs(pair, f"{theirs:,} bytes, {ours:,} at the source", found)
        elif self.rules.compare is Compare.DIGEST:
            found.undecided.append(pair)
        elif self.rules.compare is Compare.SIZE:
            self._same(pair, found)
        else:
            self._by_time(pair, found)

    def _same(self, pair: Pair, found: Found) -> None:
        """The bytes are alike; permissions may still differ."""
        ours, theirs = pair.ours.mode, pair.theirs.mode if pair.theirs is not None else None
        if (self.rules.modes and self.target.features.set_mode
                and None not in (ours, theirs) and ours != theirs):
            found.actions.append(self._action(Do.TIMES, pair, "other permissions"))
        else:
            found.same += 1

    def _by_time(self, pair: Pair, found: Found) -> None:
        noted = self.known(pair.path)
        ours, theirs = Mark.of(pair.ours), Mark.of(pair.theirs or pair.ours)
        window = self._window(pair)
        if noted is not None and noted[1].suits(theirs, _own(self.target, pair.theirs)):
            if noted[0].suits(ours):  # the same listing tells the same time
                self._same(pair, found)
            else:
                self._differs(pair, "changed at the source since it was copied", found)
            return
        if ours.modified is None or theirs.modified is None or not self._keeps_times():
            self._same(pair, found)  # nothing but the size tells; `Compare.DIGEST` would
        elif abs(ours.modified - theirs.modified) <= window:
            self._same(pair, found)
        else:
            later = "older" if theirs.modified < ours.modified else "newer"
            self._differs(pair, f"{later} than the source by "
                                f"{_span(abs(ours.modified - theirs.modified))}", found)

    def _keeps_times(self) -> bool:
        """Whether the target's times are those that were given to it."""
        return self.target.features.set_modified and self.rules.times

    def _differs(self, pair: Pair, reason: str, found: Found) -> None:
        ours, theirs = _utc(pair.ours.modified), _utc((pair.theirs or pair.ours).modified)
        if (self.rules.compare is Compare.NEWER and ours and theirs
                and (theirs - ours).total_seconds() > self._window(pair)):
            found.same += 1
            return
        found.actions.append(self._action(Do.CHANGED, pair, reason))

    def _window(self, pair: Pair) -> float:
        """Seconds that the times of a pair may differ."""
        if self.rules.window is not None:
            return self.rules.window
        precisions = [self.source.features.precision, self.target.features.precision,
                      pair.ours.precision, pair.theirs.precision if pair.theirs else None]
        return max([one for one in precisions if one is not None], default=1.0)

    def digests(self, pair: Pair, equal: bool, found: Found) -> None:
        """Decide about a pair by its digests."""
        theirs = pair.theirs
        if not equal:
            self._differs(pair, "another digest", found)
        elif theirs is not None and self._keeps_times() and not Mark.of(pair.ours).suits(
                Mark(Kind.FILE, None, Mark.of(theirs).modified), self._window(pair)):
            found.actions.append(self._action(Do.TIMES, pair, "the same bytes of another time"))
        else:
            self._same(pair, found)

    def _action(self, do: Do, pair: Pair, reason: str, *, fresh: bool = False) -> Action:
        size = (pair.ours.exact_size or 0) if do in (Do.NEW, Do.CHANGED) else 0
        old = Mark.of(pair.theirs) if pair.theirs is not None and not fresh else None
        mode = pair.ours.mode if self.rules.modes and not pair.ours.is_link else None
        return Action(do, pair.path, reason, size, Mark.of(pair.ours), old,
                      pair.to if pair.to != pair.path else "", mode)


def _own(end: End, entry: Entry | None) -> float:
    """Seconds within which two times of one file at one end are the same."""
    told = entry.precision if entry is not None else None
    return max(end.features.precision or 0.0, told or 0.0)


class _Names:
    """The names of a folder of the target, found as the target would find them."""

    def __init__(self, entries: Iterable[Entry], end: End) -> None:
        self._end = end
        self._by_name = {one.name: one for one in entries}
        self._by_key: dict[str, str] = {}
        for name in self._by_name:
            key = _key(name, end)
            if key != name or not name.isascii() or end.features.folds_case:
                self._by_key.setdefault(key, name)

    def take(self, name: str) -> Entry | None:
        """The entry that *name* means there."""
        if name not in self._by_name:
            name = self._by_key.get(_key(name, self._end), "")
        return self._by_name.pop(name, None)

    def left(self) -> list[Entry]:
        """What nobody asked for."""
        return list(self._by_name.values())


def _key(name: str, end: End) -> str:
    if name.isascii():
        return name.lower() if end.features.folds_case else name
    name = unicodedata.normalize("NFC", name)
    return name.casefold() if end.features.folds_case else name


def _is_whole(name: str) -> bool:
    """Whether this is no unfinished transfer."""
    return not is_unfinished(name)


def _utc(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def _span(seconds: float) -> str:
    """How long, in the unit a person would use."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.3g} s"
