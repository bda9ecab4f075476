# GENERATED from moving_async.py by tools/unasync.py: edit that file, not this one.
"""Moving mail: between IMAP, POP3, Maildir and mbox, once or again and again, without loss.

    migrate("imaps://ann@old.example.org", "imaps://ann@new.example.org")
    sync("imaps://ann@mail.example.org", "maildir:Mail")

`migrate` copies what the target lacks, and begins where a run before it ended. `sync` makes both
sides alike, whichever of them changed. `copy` is `migrate` without a memory. What is done in which
case is told in `postel.mail.moving_plan`, what a crash leaves in `postel.mail.moving_store`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path as File
from typing import Any

from ..errors import UsageError
from ..transport import disk_sync as disk
from ..types import Progress
from .moving_folder_sync import Folder
from .moving_names import FolderPair, chosen, pair_folders, shown
from .moving_opening_sync import Ends
from .moving_places import state_file
from .moving_plan import guarded, shown_elsewhere
from .moving_sides_sync import Side
from .moving_store import MovingStore
from .moving_types import (
    BOTH,
    FolderResult,
    MoveResult,
    Path,
    Place,
    Problem,
    Rules,
    SideName,
    Way,
)
from .moving_view_sync import Run

__all__ = ["Mover", "copy", "migrate", "sync"]

End = str | Side
"""A side, or where it is: an account, ``imaps://ann@host/``, ``pop3s://…``, ``maildir:PATH``,
``mbox:PATH``. An account or a URL may name one folder: ``ann/Work``, ``imaps://ann@host/Work``."""

Tell = Callable[[Progress], object]
_STILL = Way(new=False, flags=False, gone=False)


def sync(
    left: End, right: End, *, rules: Rules | None = None, state: str | File | None = None,
    dry_run: bool = False, tell: Tell | None = None,
    left_options: Mapping[str, Any] | None = None, right_options: Mapping[str, Any] | None = None,
) -> MoveResult:
    """Make two sides alike, whichever of them changed since the last run.

    Args:
        left: a side; see `End`.
        right: the other one.
        rules: what goes which way, and what does not.
        state: the file that remembers what both had; None: one in your data folder.
        dry_run: only find out what would be done.
        tell: told how far it is, in messages of a folder.
        left_options: keywords of the left side's client: password, tls, timeout …
        right_options: the same of the right side.

    Raises:
        TryLater: another run of this pair is at work.
        NetworkError, AuthenticationError: a side cannot be reached, or is lost on the way; the
            next run goes on.

    Example:
        >>> done = sync("imaps://alice:secret@mail.example.org/", "maildir:Mail")
        >>> done.total("left").copied, done.ok
        (3, True)
    """
    with Ends(left, right, left_options, right_options) as ends:
        return _run(ends, rules or Rules(), state, dry_run, tell)


def migrate(
    source: End, target: End, *, rules: Rules | None = None,
    state: str | File | None = None, dry_run: bool = False, delete: bool = False,
    tell: Tell | None = None, source_options: Mapping[str, Any] | None = None,
    target_options: Mapping[str, Any] | None = None,
) -> MoveResult:
    """Bring a side's mail to another one; a second run brings what came meanwhile.

    Args:
        source: a side; nothing is changed there.
        target: where the mail goes. What it has already, by content, is not copied again.
        rules: folders, sizes, dates; the ways are set by this function.
        state: see `sync`.
        dry_run: only find out what would be done.
        delete: delete from the target what was brought there before and is gone at the source.
        tell: see `sync`.
        source_options: keywords of the source's client.
        target_options: keywords of the target's client.

    Raises:
        As `sync`.

    Example:
        >>> done = migrate("imaps://alice:secret@mail.example.org/", "mbox:backup/")
        >>> done.total("left").copied
        3
    """
    ways = replace(rules or Rules(), left=_STILL, right=Way(gone=delete))
    with Ends(source, target, source_options, target_options) as ends:
        return _run(ends, ways, state, dry_run, tell)


def copy(
    source: End, target: End, *, rules: Rules | None = None, dry_run: bool = False,
    tell: Tell | None = None, source_options: Mapping[str, Any] | None = None,
    target_options: Mapping[str, Any] | None = None,
) -> MoveResult:
    """Bring a side's mail to another one, and remember nothing of it.

    What the target has is found out by content each time, which costs more than `migrate`.

    Args:
        source: see `migrate`.
        target: see `migrate`.
        rules: see `migrate`.
        dry_run: see `migrate`.
        tell: see `migrate`.
        source_options: see `migrate`.
        target_options: see `migrate`.

    Example:
        >>> for times in range(2):
        ...     done = copy("imaps://alice:secret@mail.example.org/", "maildir:Copy")
        ...     print(done.total("left").copied, done.total("left").present)
        3 0
        0 3
    """
    ways = replace(rules or Rules(), left=_STILL, right=Way(gone=False))
    with Ends(source, target, source_options, target_options) as ends:
        with disk.call(MovingStore, None, ends.left.name, ends.right.name) as store:
            return Mover(ends.left, ends.right, store, _named(ends, ways),
                                    tell=tell).run(dry_run=dry_run)


def _run(ends: Ends, rules: Rules, state: str | File | None, dry_run: bool,
               tell: Tell | None) -> MoveResult:
    left, right = ends.left.name, ends.right.name
    if left == right:
        raise UsageError(f"moving mail from {left} to itself", hint="name another side")
    path = state_file(left, right) if state is None else state
    with disk.call(MovingStore, path, left, right, scratch=dry_run) as store:
        return Mover(ends.left, ends.right, store, _named(ends, rules), tell=tell).run(
            dry_run=dry_run)


def _named(ends: Ends, rules: Rules) -> Rules:
    """The rules, with the one folder that a text names."""
    left, right = ends.folder("left"), ends.folder("right")
    if not left and not right:
        return rules
    left = left or "INBOX"
    return replace(rules, folders=rules.folders or (left, f"{left}/**"),
                   names={left: right or left, **rules.names})


class Mover:
    """Runs between two open sides.

    Args:
        left: a side.
        right: the other one.
        store: what both had.
        rules: what is to be done.
        tell: told how far it is.
    """

    def __init__(self, left: Side, right: Side, store: MovingStore, rules: Rules, *,
                 tell: Tell | None = None) -> None:
        self.left, self.right = left, right
        self.store = store
        self.rules = rules
        self.tell = tell

    def run(self, *, dry_run: bool = False) -> MoveResult:
        """Do what is to be done; return what that was."""
        for side, way in ((self.left, self.rules.left), (self.right, self.rules.right)):
            if not side.writable and way != _STILL:
                raise UsageError(f"{side.name}: it is only read",
                                 hint="migrate from it; it cannot be a target or synced")
            side.untouched = dry_run or way == _STILL
        run = Run(self.left, self.right, self.store, self.rules, dry_run, self.tell)
        disk.call(self.store.lock)
        try:
            folders = self._folders(run)
            self._look(run, folders)
            folders = [one for one in folders if not one.broken]
            for folder in folders:
                folder.prepare()
            self._work(run, folders)
        finally:
            disk.call(self.store.unlock)
        results = tuple(FolderResult(shown(one.paths["left"]), shown(one.paths["right"]),
                                     one.tally["left"], one.tally["right"]) for one in folders)
        return MoveResult(self.left.name, self.right.name, results, tuple(run.moves),
                          tuple(run.problems), tuple(run.conflicts), run.unchanged, dry_run)

    def _folders(self, run: Run) -> list[Folder]:
        """The folders of this run."""
        left, right = self.left.folders(), self.right.folders()
        known = disk.call(self.store.folders)
        pairs = pair_folders(left, right, known=known.values(), names=self.rules.names,
                             patterns=self.rules.folders, to_left=self.rules.left.new,
                             to_right=self.rules.right.new, named_left=self.left.named,
                             named_right=self.right.named)
        self._forget(left, right, known)
        folders = []
        for pair in pairs:
            number = disk.call(self.store.folder, pair.left, pair.right)
            gone = self._vanished(pair, disk.call(self.store.validity, number))
            if gone:
                run.problems.append(Problem(
                    shown(pair.left), gone, "", "the folder is gone there; its messages stay "
                    "on the other side until it is deleted there too"))
                continue
            folders.append(Folder(run, pair, number))
        return folders

    def _forget(self, left: Iterable[Place], right: Iterable[Place],
                      known: Mapping[int, tuple[Path, Path]]) -> None:
        """Pairs of which neither side has anything any more."""
        lefts, rights = {one.path for one in left}, {one.path for one in right}
        for number, (one, other) in known.items():
            if one not in lefts and other not in rights and chosen(one, self.rules.folders):
                disk.call(self.store.forget, number)

    def _vanished(self, pair: FolderPair,
                  noted: tuple[str | None, str | None]) -> SideName | None:
        """The side on which a folder was deleted that was there, where deletions count."""
        if noted[0] and not pair.has_left and self.rules.right.gone:
            return "left"
        if noted[1] and not pair.has_right and self.rules.left.gone:
            return "right"
        return None

    def _look(self, run: Run, folders: list[Folder]) -> None:
        for folder in folders:
            folder.look()
        for side in BOTH:
            listings = [one.listings[side] for one in folders]
            for folder, listing in zip(folders, listings, strict=True):
                if listing.shows_all:
                    others = [one for one in listings if one is not listing]
                    folder.hide(side, shown_elsewhere(listing, others))

    def _work(self, run: Run, folders: list[Folder]) -> None:
        for folder in folders:
            folder.make()
            folder.copy("right")
            folder.copy("left")
        for folder in folders:
            folder.flag()
        for side in BOTH:
            held = guarded([one.plan for one in folders], [one.listings for one in folders],
                           [len(one.links) for one in folders], side, self.rules.deletions)
            for index, folder in enumerate(folders):
                why = held.get(index, "")
                if run.failed and not why:
                    why = f"{run.failed} messages could not be copied, and may be these"
                folder.delete(side, why)
