"""What both sides had when they last agreed, and what is being done: one SQLite file a pair. Disk.

A message that is copied goes through these steps, each on the disk before the next:

    begin(...)     intents: which messages go where, their digests, and what the target's folder
                   looked like before; crash: nothing was done, or some of it was
      append       crash: as many were taken as the next run finds
    end(...)       links in place of the intents; crash after it: done, and never done again

The next run looks for each intent: by the key that was reserved for it (Maildir), or among the
messages that are new in the target since, by content. What is there gets its link; what is not is
copied again. Flags and deletions need no intent: done twice they are done once.

Runs of one pair exclude each other by a lock that dies with its process.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as File

from ..errors import NotSupported, TryLater
from ..mailboxes.database import BUSY_SECONDS, Database
from .moving_names import path_of, shown
from .moving_types import Facts, Link, Listing, Note, Path, SideName

__all__ = ["Intent", "MovingStore"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS moving_sides (left TEXT NOT NULL, right TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS moving_folders (
    id INTEGER PRIMARY KEY, left TEXT NOT NULL UNIQUE, right TEXT NOT NULL UNIQUE,
    left_validity TEXT, right_validity TEXT);
CREATE TABLE IF NOT EXISTS moving_links (
    folder INTEGER NOT NULL, left TEXT NOT NULL, right TEXT NOT NULL, flags TEXT NOT NULL,
    message_id TEXT NOT NULL, size INTEGER, digest TEXT NOT NULL,
    same_left TEXT NOT NULL, same_right TEXT NOT NULL,
    PRIMARY KEY (folder, left)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS moving_rights ON moving_links (folder, right);
CREATE INDEX IF NOT EXISTS moving_same_left ON moving_links (same_left);
CREATE INDEX IF NOT EXISTS moving_same_right ON moving_links (same_right);
CREATE TABLE IF NOT EXISTS moving_known (
    folder INTEGER NOT NULL, side TEXT NOT NULL, validity TEXT NOT NULL, state TEXT NOT NULL,
    mark TEXT NOT NULL, keeps TEXT NOT NULL, notes BLOB NOT NULL, PRIMARY KEY (folder, side));
CREATE TABLE IF NOT EXISTS moving_facts (
    folder INTEGER NOT NULL, side TEXT NOT NULL, uid TEXT NOT NULL, message_id TEXT NOT NULL,
    size INTEGER, digest TEXT NOT NULL, PRIMARY KEY (folder, side, uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moving_intents (
    id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, goal TEXT NOT NULL, uid TEXT NOT NULL,
    key TEXT NOT NULL, flags TEXT NOT NULL, message_id TEXT NOT NULL, size INTEGER,
    digest TEXT NOT NULL, same TEXT NOT NULL, mark TEXT NOT NULL, validity TEXT NOT NULL);
"""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Intent:
    """A message that is about to be put into a folder.

    Args:
        uid: at its source.
        flags: that it gets.
        facts: of it.
        same: its `Note.same` at the source.
        key: its uid at the target, where that is known before; else "".
        mark: of the target's listing before.
        validity: of the target's folder.
    """

    uid: str
    flags: frozenset[str]
    facts: Facts
    same: str = ""
    key: str = ""
    mark: str = ""
    validity: str = ""


class MovingStore(Database):
    """The file of one pair of sides. Conversations call it from a thread, never from two at once.

    Args:
        path: made readable by its owner only, with its folder, if absent; None keeps it in memory.
        left: the name of the left side.
        right: the name of the right side.
        scratch: whether changes are forgotten, as a dry run wants it.

    Raises:
        NotSupported: a later version of Postel has written it, or it is about another pair.
        TryLater: another process has kept it locked for 30 seconds.
        TransferError: it is damaged, or no SQLite file.
        Forbidden, NoSpace: the disk refuses.
    """

    schema = _SCHEMA

    def __init__(self, path: str | File | None, left: str = "", right: str = "", *,
                 scratch: bool = False) -> None:
        self._lock: sqlite3.Connection | None = None
        if path is not None and not scratch:
            super().__init__(path)
        else:
            self._in_memory(path)
        try:
            self._check_sides(left, right)
        except BaseException:
            self._db.close()
            raise

    def _in_memory(self, path: str | File | None) -> None:
        """What the file at *path* has, if there is one, to be forgotten at the end."""
        self.path = File(":memory:")
        with self._telling("opening"):
            self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            try:
                if path is not None and File(path).exists():
                    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as there:
                        there.backup(self._db)
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self.unlock()
        super().close()

    def lock(self) -> None:
        """Let no other run begin until `unlock`, or the end of this process.

        Raises:
            TryLater: one is under way.
        """
        if self.path == File(":memory:"):
            return
        beside = self.path.with_name(self.path.name + ".run")
        lock = sqlite3.connect(beside, timeout=0.0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lock.close()
            raise TryLater(f"moving mail with {self.path}: another run is at it",
                           hint="wait for it, or end it") from error
        self._lock = lock

    def unlock(self) -> None:
        """End what `lock` began."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- folders -----------------------------------------------------------------------------

    def folders(self) -> dict[int, tuple[Path, Path]]:
        """The folders that were paired, by number."""
        with self._telling("reading"):
            rows = self._db.execute("SELECT id, left, right FROM moving_folders").fetchall()
        return {number: (path_of(left), path_of(right)) for number, left, right in rows}

    def folder(self, left: Path, right: Path) -> int:
        """The number of a pair; made where it is new."""
        with self._change():
            row = self._db.execute("SELECT id FROM moving_folders WHERE left = ? AND right = ?",
                                   (shown(left), shown(right))).fetchone()
            if row is None:
                # Who gives a folder another half begins anew with it; nothing is deleted for that.
                for (old,) in self._db.execute(
                        "SELECT id FROM moving_folders WHERE left = ? OR right = ?",
                        (shown(left), shown(right))).fetchall():
                    self._drop(old)
                row = self._db.execute(
                    "INSERT INTO moving_folders (left, right) VALUES (?, ?) RETURNING id",
                    (shown(left), shown(right))).fetchone()
        return int(row[0])

    def forget(self, folder: int) -> None:
        """A pair that is on neither side any more."""
        with self._change():
            self._drop(folder)

    def _drop(self, folder: int) -> None:
        for table in ("links", "known", "facts", "intents"):
            self._db.execute(f"DELETE FROM moving_{table} WHERE folder = ?",  # noqa: S608 - literals
                             (folder,))
        self._db.execute("DELETE FROM moving_folders WHERE id = ?", (folder,))

    def validity(self, folder: int) -> tuple[str | None, str | None]:
        """Under which validities the links of a folder hold."""
        with self._telling("reading"):
            row = self._db.execute("SELECT left_validity, right_validity FROM moving_folders "
                                   "WHERE id = ?", (folder,)).fetchone()
        return row[0], row[1]

    def rebase(self, folder: int, left: str, right: str, links: Iterable[Link],
               facts: Mapping[SideName, Mapping[str, Facts]] | None = None) -> None:
        """All links anew, under these validities; what was known of messages beside them."""
        with self._change():
            self._db.execute("UPDATE moving_folders SET left_validity = ?, right_validity = ? "
                             "WHERE id = ?", (left, right, folder))
            for table in ("links", "facts", "intents"):
                self._db.execute(f"DELETE FROM moving_{table} WHERE folder = ?",  # noqa: S608 - literals
                                 (folder,))
            self._put_links(folder, links)
            for side, some in (facts or {}).items():
                self._put_facts(folder, side, some)

    # -- links -------------------------------------------------------------------------------

    def links(self, folder: int) -> list[Link]:
        """The messages that both sides have."""
        with self._telling("reading"):
            rows = self._db.execute(
                "SELECT left, right, flags, message_id, size, digest, same_left, same_right "
                "FROM moving_links WHERE folder = ?", (folder,)).fetchall()
        return [Link(left, right, _flags(flags), Facts(message_id, size, digest), (one, other))
                for left, right, flags, message_id, size, digest, one, other in rows]

    def change(self, folder: int, links: Iterable[Link] = (),
               forgotten: Iterable[Link] = ()) -> None:
        """Note these links, and forget those."""
        with self._change():
            self._db.executemany("DELETE FROM moving_links WHERE folder = ? AND left = ?",
                                 [(folder, one.left) for one in forgotten])
            self._put_links(folder, links)

    def twins(self, side: SideName, names: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Where on the other side messages are, in any folder, that *side* calls the same.

        Args:
            side: whose names these are.
            names: see `Note.same`.

        Returns:
            The folder's number and the uid on the other side, by name.
        """
        other = "right" if side == "left" else "left"
        wanted = [name for name in dict.fromkeys(names) if name]
        found: dict[str, tuple[int, str]] = {}
        with self._telling("reading"):
            for begin in range(0, len(wanted), _AT_ONCE):
                some = wanted[begin : begin + _AT_ONCE]
                marks = ", ".join("?" for _ in some)
                query = (f"SELECT same_{side}, folder, {other} FROM moving_links "  # noqa: S608 - names
                         f"WHERE same_{side} IN ({marks}) ORDER BY folder")
                for name, folder, uid in self._db.execute(query, some):
                    found.setdefault(name, (int(folder), str(uid)))
        return found

    def _put_links(self, folder: int, links: Iterable[Link]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO moving_links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(folder, one.left, one.right, "\n".join(sorted(one.flags)), one.facts.message_id,
              one.facts.size, one.facts.digest, *one.same) for one in links])

    # -- what was seen -----------------------------------------------------------------------

    def known(self, folder: int, side: SideName) -> Listing | None:
        """What a folder held when it was last listed."""
        with self._telling("reading"):
            row = self._db.execute(
                "SELECT validity, state, mark, keeps, notes FROM moving_known WHERE "
                "folder = ? AND side = ?", (folder, side)).fetchone()
        if row is None:
            return None
        validity, state, mark, keeps, packed = row
        try:
            said = json.loads(zlib.decompress(packed))
        except (ValueError, zlib.error):
            return None
        sets = [frozenset(words) for words in said["flags"]]
        notes = {uid: Note(sets[flags], size, datetime.fromisoformat(date) if date else None, same)
                 for uid, flags, size, date, same in said["notes"]}
        words = json.loads(keeps)
        return Listing(validity, notes, state, mark, None if words is None else frozenset(words),
                       bool(said["shows_all"]), bool(said["atoms"]))

    def see(self, folder: int, side: SideName, listing: Listing) -> None:
        """Note what a folder holds."""
        numbers: dict[frozenset[str], int] = {}
        notes = [(uid, numbers.setdefault(note.flags, len(numbers)), note.size,
                  note.date.isoformat() if note.date else None, note.same)
                 for uid, note in listing.notes.items()]
        text = json.dumps({"flags": [sorted(one) for one in numbers], "notes": notes,
                           "shows_all": listing.shows_all, "atoms": listing.atoms},
                          separators=(",", ":"))
        keeps = json.dumps(None if listing.keeps is None else sorted(listing.keeps))
        with self._change():
            self._db.execute(
                "INSERT OR REPLACE INTO moving_known VALUES (?, ?, ?, ?, ?, ?, ?)",
                (folder, side, listing.validity, listing.state, listing.mark, keeps,
                 zlib.compress(text.encode(), 1)))

    def facts(self, folder: int, side: SideName) -> dict[str, Facts]:
        """What was learned of messages that have no link."""
        with self._telling("reading"):
            rows = self._db.execute("SELECT uid, message_id, size, digest FROM moving_facts "
                                    "WHERE folder = ? AND side = ?", (folder, side)).fetchall()
        return {uid: Facts(message_id, size, digest) for uid, message_id, size, digest in rows}

    def learn(self, folder: int, side: SideName, facts: Mapping[str, Facts]) -> None:
        """Note what was learned of messages that have no link."""
        with self._change():
            self._put_facts(folder, side, facts)

    def _put_facts(self, folder: int, side: SideName, facts: Mapping[str, Facts]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO moving_facts VALUES (?, ?, ?, ?, ?, ?)",
            [(folder, side, uid, one.message_id, one.size, one.digest)
             for uid, one in facts.items()])

    # -- the journal -------------------------------------------------------------------------

    def begin(self, folder: int, to: SideName, intents: Sequence[Intent]) -> None:
        """These messages are about to be put into the folder on the side *to*."""
        with self._change():
            self._db.executemany(
                "INSERT INTO moving_intents (folder, goal, uid, key, flags, message_id, size, "
                "digest, same, mark, validity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(folder, to, one.uid, one.key, "\n".join(sorted(one.flags)),
                  one.facts.message_id, one.facts.size, one.facts.digest, one.same, one.mark,
                  one.validity) for one in intents])

    def end(self, folder: int, to: SideName, links: Iterable[Link]) -> None:
        """They are there, those with links; the others are not."""
        with self._change():
            self._put_links(folder, links)
            self._db.execute("DELETE FROM moving_intents WHERE folder = ? AND goal = ?",
                             (folder, to))

    def intents(self, folder: int, to: SideName) -> list[Intent]:
        """What a run that died had begun and not ended."""
        with self._telling("reading"):
            rows = self._db.execute(
                "SELECT uid, flags, message_id, size, digest, same, key, mark, validity "
                "FROM moving_intents WHERE folder = ? AND goal = ? ORDER BY id",
                (folder, to)).fetchall()
        return [Intent(uid, _flags(flags), Facts(message_id, size, digest), same, key, mark,
                       validity)
                for uid, flags, message_id, size, digest, same, key, mark, validity in rows]

    # -- private -----------------------------------------------------------------------------

    def _check_sides(self, left: str, right: str) -> None:
        """A file is about one pair."""
        with self._change():
            row = self._db.execute("SELECT left, right FROM moving_sides").fetchone()
            if row is None:
                self._db.execute("INSERT INTO moving_sides VALUES (?, ?)", (left, right))
            elif tuple(row) != (left, right):
                raise NotSupported(
                    f"opening {self.path}: it is about {row[0]} and {row[1]}, not {left} and "
                    f"{right}", hint="use another file for another pair")


def _flags(text: str) -> frozenset[str]:
    return frozenset(text.split("\n")) if text else frozenset()
