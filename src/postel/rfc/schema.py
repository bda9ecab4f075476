"""The tables of the mirror's database: one file beside the texts. Disk code.

The texts themselves are plain files beside it; the database has what the index says, the errata,
and for each section where it stands in its file, with a full-text index that keeps no text of its
own (FTS5, contentless). All of it can be made again from the files.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from ..errors import PostelError

__all__ = ["VERSION", "connect", "read_only"]

VERSION = 1
_WAIT = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (number INTEGER PRIMARY KEY, record TEXT);
CREATE TABLE IF NOT EXISTS series (name TEXT PRIMARY KEY, numbers TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS errata (
    rfc INTEGER NOT NULL, number INTEGER NOT NULL, entry TEXT NOT NULL,
    PRIMARY KEY (rfc, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS texts (
    number INTEGER PRIMARY KEY, size INTEGER NOT NULL, stamp INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sections (
    id INTEGER PRIMARY KEY, rfc INTEGER NOT NULL, number TEXT NOT NULL, title TEXT NOT NULL,
    start INTEGER NOT NULL, stop INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS sections_of ON sections (rfc);
CREATE VIRTUAL TABLE IF NOT EXISTS names USING fts5 (
    title, short, words, tokenize = 'unicode61', prefix = '3');
CREATE VIRTUAL TABLE IF NOT EXISTS bodies USING fts5 (
    heading, body, content = '', tokenize = 'porter unicode61');
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, and make it where it is not there.

    Raises:
        PostelError: it cannot be opened, or is of another version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise _broken(path, error) from None
    try:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        version = base.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise PostelError(f"{path}: it was made by another version of Postel",
                              hint="remove it: postel rfc --update makes it again from the texts")
        if version == 0:
            base.executescript(_TABLES)
            base.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.Error as error:
        base.close()
        raise _broken(path, error) from None
    except PostelError:
        base.close()
        raise
    return base


def read_only(path: Path) -> sqlite3.Connection | None:
    """Open the database to read, also where nothing may be written; None where there is none."""
    if not path.exists():
        return None
    for options in ("mode=ro", "mode=ro&immutable=1"):
        with contextlib.suppress(sqlite3.Error):
            base = sqlite3.connect(f"{path.resolve().as_uri()}?{options}", uri=True, timeout=_WAIT,
                                   isolation_level=None, check_same_thread=False)
            try:
                if base.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                    return base
            except sqlite3.Error:
                base.close()
                raise
            base.close()
    return None


def _broken(path: Path, error: Exception) -> PostelError:
    return PostelError(f"{path}: the database cannot be used: {error}",
                       hint="remove it: postel rfc --update makes it again from the texts")
