"""What a mirror of news has already: the memory that makes it complete and free of copies. Disk.

A group's articles are numbered by its server, upwards; a mirror goes on behind the highest number
it has dealt with. One row per article goes through two states, each on the disk before the step
that follows it:

    arriving(...)     crash before it: nothing is published; fetched again
    box.flush()       crash after `arriving`: `recover` asks the mailbox which are in
    record(...)       crash after it: known, and never fetched again

A server that is rebuilt numbers anew. Then the numbers mean nothing, and the ids say what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..mailboxes import Mailbox
from ..mailboxes.database import Database

__all__ = ["Arrived", "NewsState"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """An article on its way into a mailbox.

    Args:
        number: at its server.
        message_id: with its angle brackets.
        where: its key in the mailbox.
    """

    number: int
    message_id: str
    where: str


class NewsState(Database):
    """Which articles of which groups are in which mailboxes.

    Args:
        path: the file; made, with its folder, if absent.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, NewsState(f"{folder}/news.db") as state:
        ...     group = state.group("news.example.org", "misc.test", "maildir:/news/test")
        ...     state.record(group, [Arrived(7, "<a@b>", "key")], upto=9)
        ...     state.highest(group), state.known(group, ["<a@b>", "<c@d>"])
        (9, {'<a@b>'})
    """

    schema = """
    CREATE TABLE IF NOT EXISTS news_groups (
        id INTEGER PRIMARY KEY,
        server TEXT NOT NULL,
        name TEXT NOT NULL,
        place TEXT NOT NULL,
        highest INTEGER NOT NULL DEFAULT 0,
        UNIQUE (server, name, place)
    );
    CREATE TABLE IF NOT EXISTS news_articles (
        newsgroup INTEGER NOT NULL REFERENCES news_groups (id),
        message_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('arriving', 'kept')),
        place TEXT NOT NULL,
        PRIMARY KEY (newsgroup, message_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS news_arriving ON news_articles (newsgroup, state)
        WHERE state = 'arriving';
    CREATE INDEX IF NOT EXISTS news_numbers ON news_articles (newsgroup, number)
    """

    def group(self, server: str, name: str, place: str) -> int:
        """The number under which a group's articles are noted; made if it is new."""
        key = (server.lower().removesuffix("."), name, place)
        with self._change():
            self._db.execute("INSERT OR IGNORE INTO news_groups (server, name, place) "
                             "VALUES (?, ?, ?)", key)
            return int(self._db.execute("SELECT id FROM news_groups WHERE (server, name, place) "
                                        "= (?, ?, ?)", key).fetchone()[0])

    def highest(self, group: int) -> int:
        """The number up to which all has been dealt with; 0 at first."""
        with self._telling("reading"):
            return int(self._db.execute("SELECT highest FROM news_groups WHERE id = ?",
                                        (group,)).fetchone()[0])

    def newest(self, group: int) -> Arrived | None:
        """The article with the highest number that is here."""
        with self._telling("reading"):
            row = self._db.execute(
                "SELECT number, message_id, place FROM news_articles WHERE newsgroup = ? "
                "AND state = 'kept' ORDER BY number DESC LIMIT 1", (group,)).fetchone()
        return None if row is None else Arrived(*row)

    def known(self, group: int, ids: Iterable[str]) -> set[str]:
        """Which of these articles are here."""
        found = set[str]()
        names = list(ids)
        with self._telling("reading"):
            for at in range(0, len(names), 500):
                some = names[at : at + 500]
                marks = ",".join("?" * len(some))
                found.update(row[0] for row in self._db.execute(
                    "SELECT message_id FROM news_articles WHERE newsgroup = ? "  # noqa: S608
                    f"AND state = 'kept' AND message_id IN ({marks})", (group, *some)))
        return found

    def arriving(self, group: int, articles: Sequence[Arrived]) -> None:
        """These are about to be published."""
        self._put(group, articles, "arriving", None)

    def record(self, group: int, articles: Sequence[Arrived], upto: int | None = None) -> None:
        """These are published; everything up to the number *upto* has been dealt with."""
        self._put(group, articles, "kept", upto)

    def renumbered(self, group: int) -> None:
        """The server counts anew: old numbers are forgotten, ids are kept."""
        with self._change():
            self._db.execute("UPDATE news_articles SET number = 0 WHERE newsgroup = ?", (group,))
            self._db.execute("UPDATE news_groups SET highest = 0 WHERE id = ?", (group,))

    def recover(self, group: int, box: Mailbox) -> int:
        """Settle what a run that died left; return how many articles had arrived after all."""
        with self._telling("reading"):
            rows = self._db.execute("SELECT message_id, place FROM news_articles WHERE "
                                    "newsgroup = ? AND state = 'arriving'", (group,)).fetchall()
        if not rows:
            return 0
        there = box.present([place for _, place in rows])
        with self._change():
            for name, place in rows:
                key = (group, name)
                if place in there:
                    self._db.execute("UPDATE news_articles SET state = 'kept' WHERE "
                                     "(newsgroup, message_id) = (?, ?)", key)
                else:
                    self._db.execute("DELETE FROM news_articles WHERE "
                                     "(newsgroup, message_id) = (?, ?)", key)
        return len(there)

    def _put(self, group: int, articles: Sequence[Arrived], state: str,
             upto: int | None) -> None:
        with self._change():
            self._db.executemany(
                "INSERT OR REPLACE INTO news_articles (newsgroup, message_id, number, state, "
                "place) VALUES (?, ?, ?, ?, ?)",
                [(group, one.message_id, one.number, state, one.where) for one in articles])
            if upto is not None:
                self._db.execute("UPDATE news_groups SET highest = ? WHERE id = ?", (upto, group))
