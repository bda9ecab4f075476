"""What moving mail is spoken of in: messages that were listed, rules, results. Pure.

A *side* is an account, or a folder of mailboxes on the disk. A folder is a `Path`, its name by
levels, whatever the side's own delimiter and spelling. A message is known by its `uid`: the
side's own lasting name for it in that folder (IMAP: the UID; Maildir: the key; mbox: a digest).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = ["BOTH", "Conflict", "Deletions", "Facts", "FolderResult", "Link", "Listing",
           "Move", "MoveResult", "Note", "Parcel", "Path", "Place", "Problem", "Rules", "SideName",
           "Tally", "Way"]

Path = tuple[str, ...]
SideName = Literal["left", "right"]
BOTH: tuple[SideName, SideName] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Note:
    """A message as a listing shows it.

    Args:
        flags: words of `postel.mailboxes.FLAGS`, and keywords.
        size: in bytes, as the side counts; None where the listing does not tell.
        date: when it was received; None where the listing does not tell.
        same: what names the message in every folder of the side, if the side has such a name
            (RFC 8474 EMAILID, Gmail's X-GM-MSGID, a Maildir's key); else "".
    """

    flags: frozenset[str] = frozenset()
    size: int | None = None
    date: datetime | None = None
    same: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a side.

    Args:
        path: its name, by levels.
        role: "inbox", "sent", "trash" …, or "".
        state: what changes whenever anything in the folder does; "" where nothing tells.
        messages: how many there are; None where it was not told.
    """

    path: Path
    role: str = ""
    state: str = ""
    messages: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a folder.

    Args:
        validity: as long as it stays, a uid means the same message.
        notes: every message by its uid, the oldest first.
        state: with which the next listing costs less; "" if nothing helps.
        mark: what every message that comes later is listed behind; see `AsyncSide.newer`.
        keeps: the flags that the folder can keep; None: any word.
        atoms: whether keywords must be atoms of IMAP.
        shows_all: whether the folder shows the messages of other folders too (Gmail's All Mail):
            of it, only what is nowhere else is taken.
    """

    validity: str
    notes: Mapping[str, Note]
    state: str = ""
    mark: str = ""
    keeps: frozenset[str] | None = None
    shows_all: bool = False
    atoms: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What makes a message the same as another.

    Args:
        message_id: of its header, "" if it has none.
        size: in bytes, with lines ended by CRLF; None if it was not told.
        digest: of its content, however its lines end; "" if it was not read.
    """

    message_id: str = ""
    size: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way.

    Args:
        uid: at the source.
        data: all its bytes, as the source keeps them.
        flags: that it shall have.
        date: when it was received.
    """

    uid: str
    data: bytes = field(repr=False)
    flags: frozenset[str] = frozenset()
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A message that is on both sides, as far as was known at the end of the last run.

    Args:
        left: its uid there.
        right: its uid there.
        flags: that both agreed on.
        facts: of it, as far as they are known.
        same: its `Note.same` on the left and on the right.
    """

    left: str
    right: str
    flags: frozenset[str] = frozenset()
    facts: Facts = Facts()
    same: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Way:
    """What goes from one side to the other.

    Args:
        new: messages that the other lacks.
        flags: changes of flags.
        gone: deletions.
    """

    new: bool = True
    flags: bool = True
    gone: bool = True


NOTHING = Way(new=False, flags=False, gone=False)


@dataclass(frozen=True, slots=True)
class Deletions:
    """How much may be deleted in one run, on each side.

    Args:
        most: messages; None: any number.
        share: of the messages that both sides had; 0.5 is a half. Ten may always go.
        empty: whether a folder, or a side, that is suddenly empty is believed.
    """

    most: int | None = None
    share: float = 0.5
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run does.

    Args:
        right: what goes from the left to the right.
        left: what goes from the right to the left.
        deletions: how much may be deleted.
        largest: bytes of the largest message that is copied; None: any.
        since: the earliest moment a copied message may have been received; None: any.
        keep_edited: whether a message deleted on one side comes back from the other if it was
            flagged or labelled there meanwhile; else it is deleted.
        folders: patterns of folders that are looked at, ``*`` within a level and ``**`` over
            levels, ``!`` before those that are not; none: all.
        names: folders that have another name on the other side: left name to right name.
    """

    right: Way = Way()
    left: Way = Way()
    deletions: Deletions = Deletions()
    largest: int | None = None
    since: datetime | None = None
    keep_edited: bool = True
    folders: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def way(self, to: SideName) -> Way:
        """What goes to that side."""
        return self.right if to == "right" else self.left


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not done, and why.

    Args:
        folder: where, in the words of the left side.
        side: on which side.
        uid: of the message; "" if it is about the folder.
        reason: why.
    """

    folder: str
    side: SideName
    uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both sides changed, and what was done.

    Args:
        folder: where, in the words of the left side.
        side: where the message is kept.
        uid: of it there.
        kept: what was decided, in words.
    """

    folder: str
    side: SideName
    uid: str
    kept: str


@dataclass(slots=True)
class Tally:
    """What became of the messages that a side had: ``found`` is the sum of the five after it.

    Args:
        found: on this side when the run began.
        copied: to the other side.
        present: that were on the other side already.
        skipped: for a rule of yours (size, age, direction), or shown in another folder too.
        failed: to be copied.
        removed: that the other side had deleted, and this one deleted now.
        size: bytes of those that were copied.
        flagged: messages whose flags were changed here.
    """

    found: int = 0
    copied: int = 0
    present: int = 0
    skipped: int = 0
    failed: int = 0
    removed: int = 0
    size: int = 0
    flagged: int = 0

    def add(self, other: Tally) -> None:
        """Count these too."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def adds_up(self) -> bool:
        """Whether every message that was found is accounted for."""
        return self.found == (self.copied + self.present + self.skipped + self.failed
                              + self.removed)


@dataclass(frozen=True, slots=True)
class FolderResult:
    """One folder, after the run.

    Args:
        left: its name there.
        right: its name there.
        from_left: what became of the messages of the left.
        from_right: what became of the messages of the right.
    """

    left: str
    right: str
    from_left: Tally
    from_right: Tally


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that is to be done, or was: for dry runs and for telling.

    Args:
        verb: "copy", "flag", "delete", "make".
        folder: where, in the words of the left side.
        to: on which side something changes.
        uid: of the message, on the side that it comes from or is changed.
        text: more words on it.
    """

    verb: Literal["copy", "flag", "delete", "make"]
    folder: str
    to: SideName
    uid: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class MoveResult:
    """What a run did, or would do.

    Args:
        left: the left side's name.
        right: the right side's name.
        folders: each with its counts.
        moves: what would be done, if it was a dry run.
        problems: what was not done.
        conflicts: what both changed.
        unchanged: folders that an account did not have to list, for nothing had changed in them.
        dry_run: whether nothing was done.
    """

    left: str
    right: str
    folders: tuple[FolderResult, ...] = ()
    moves: tuple[Move, ...] = ()
    problems: tuple[Problem, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unchanged: int = 0
    dry_run: bool = False

    def total(self, side: SideName) -> Tally:
        """The counts of all folders together, of what that side had."""
        made = Tally()
        for folder in self.folders:
            made.add(folder.from_left if side == "left" else folder.from_right)
        return made

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        sums = self.total("left"), self.total("right")
        return any(one.copied or one.removed or one.flagged for one in sums)

    @property
    def ok(self) -> bool:
        """Whether all that was to be done was done."""
        return not self.problems
