"""Articles in one SQLite file, with the fields that listings and threads are made of. Disk.

Table ``articles``: key, message_id, subject, author, date (seconds since 1970 UTC, or NULL),
references_ (ids with a space between), size, data. Other programs may read it at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import NotFound
from ..mailboxes.database import Database
from ..messages.parsed import Parsed

__all__ = ["SQLiteBox", "SQLiteMessage"]

_PIECE = 1 << 20


@dataclass(frozen=True)
class SQLiteMessage:
    """One article of a `SQLiteBox`."""

    key: str
    box: SQLiteBox = field(repr=False, compare=False)

    def read(self) -> bytes:
        """The whole article.

        Raises:
            NotFound: it has been removed.
        """
        return self.box.data(self.key)

    def chunks(self) -> Iterator[bytes]:
        """The article in pieces of at most 1 MiB."""
        data = self.read()
        yield from (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))


class _Delivery:
    def __init__(self, key: str) -> None:
        self.key = key
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


class SQLiteBox(Database):
    """A mailbox in a SQLite file; what `Maildir` and `Mbox` can do for a mirror, it can.

    Args:
        path: the file; made, with its folder, if absent.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, SQLiteBox(f"{folder}/n.db") as box:
        ...     key = box.append(b"Subject: Hi\\r\\nMessage-ID: <a@b>\\r\\n\\r\\nHello\\r\\n")
        ...     len(box), box.present([key, "other"]) == {key}
        (1, True)
    """

    schema = """
    CREATE TABLE IF NOT EXISTS articles (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        author TEXT NOT NULL,
        date REAL,
        references_ TEXT NOT NULL,
        size INTEGER NOT NULL,
        data BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS articles_ids ON articles (message_id);
    CREATE INDEX IF NOT EXISTS articles_dates ON articles (date)
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._staged: list[_Delivery] = []
        row = self._db.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'articles'").fetchone()
        self._last = int(row[0]) if row else 0

    def append(self, data: bytes | Iterable[bytes], *, sender: str = "",
               date: float | None = None) -> str:
        """Put one article in; return its key. Sender and date of arrival are not kept."""
        with self.writing(sender=sender, date=date, staged=False) as delivery:
            for piece in (data,) if isinstance(data, bytes) else data:
                delivery.write(piece)
        return delivery.key

    @contextmanager
    def writing(self, *, sender: str = "", date: float | None = None,
                staged: bool | None = None) -> Iterator[_Delivery]:
        """Put one article in by writing it; an error inside the block takes it back."""
        self._last += 1
        delivery = _Delivery(str(self._last))
        yield delivery
        self._staged.append(delivery)
        if not staged:
            self.flush()

    def flush(self) -> None:
        """Publish all that is staged, in one transaction."""
        with self._change():
            self._db.executemany(
                "INSERT INTO articles (key, message_id, subject, author, date, references_, "
                "size, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(int(one.key), bytes(one.data)) for one in self._staged])
        self._staged.clear()

    def discard(self) -> None:
        """Forget all that is staged."""
        self._staged.clear()

    def present(self, keys: Iterable[str]) -> set[str]:
        """Which of *keys* are in."""
        with self._telling("reading"):
            return {key for key in keys if key.isdigit() and self._db.execute(
                "SELECT 1 FROM articles WHERE key = ?", (int(key),)).fetchone()}

    def data(self, key: str) -> bytes:
        """The article called *key*.

        Raises:
            NotFound: there is none.
        """
        with self._telling("reading"):
            row = self._db.execute("SELECT data FROM articles WHERE key = ?",
                                   (int(key) if key.isdigit() else -1,)).fetchone()
        if row is None:
            raise NotFound(f"reading article {key}: it is not in {self.path}")
        return bytes(row[0])

    def __iter__(self) -> Iterator[SQLiteMessage]:
        """The articles, as they came."""
        with self._telling("reading"):
            keys = [str(row[0]) for row in self._db.execute(
                "SELECT key FROM articles ORDER BY key")]
        return iter([SQLiteMessage(key, self) for key in keys])

    def __len__(self) -> int:
        with self._telling("reading"):
            return int(self._db.execute("SELECT count(*) FROM articles").fetchone()[0])


def _row(key: int, data: bytes) -> tuple[int, str, str, str, float | None, str, int, bytes]:
    article = Parsed(data)
    when = article.date
    try:
        date = None if when is None else when.timestamp()
    except (OverflowError, ValueError, OSError):
        date = None  # a year that no clock has
    author = ", ".join(str(one) for one in article.from_)
    return (key, _clean(article.message_id), _clean(article.subject), _clean(author), date,
            _clean(" ".join(article.references)), len(data), data)


def _clean(text: str) -> str:
    """Text that SQLite takes: no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")
