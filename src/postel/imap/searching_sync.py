# GENERATED from searching_async.py by tools/unasync.py: edit that file, not this one.
"""Find messages. Where a server cannot sort or thread, what it takes is fetched and done here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..errors import NotSupported, ReplyError, UsageError
from ..transport.clock_sync import today
from . import asking, responses
from .asking import compose
from .fetching_sync import Fetches
from .items import wanted
from .ordering import FIELDS, SORT_ITEMS, sort_keys, sorted_by, threaded
from .query import Query
from .query_text import query as query_of
from .query_words import charset_for, search_words
from .selecting_sync import Selecting
from .sequence import NumberSet
from .types import Found, Thread
from .wire import Command, Untagged

__all__ = ["Searching"]

_Parts: TypeAlias = Sequence[asking.Part]
_MOST_CHARSETS = 3


class Searching(Selecting):
    """Finding messages in the open folder."""

    def search(self, query: str | Query = "ALL", *values: object,
                     timeout: float | None = None) -> list[int]:
        """The UIDs of the messages that *query* describes, in rising order.

        Args:
            query: made of `postel.imap.query`, or a text with ``?`` for each of *values*:
                ``"FROM ? SINCE ?", "ann", date(2026, 11, 1)``. No value can be taken for a word
                of the query.
            values: for the ``?``.
            timeout: seconds for the whole of it.

        Raises:
            UsageError: it is no query.
            NotSupported: the server cannot be asked that.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     _ = box.select("INBOX")
            ...     found = box.search("SUBJECT ? NOT DELETED", "message")
            >>> len(found) > 0
            True
        """
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("UID SEARCH", timeout):
            self._open_folder("search")
            found = self._search(asked, ("ALL",) if "ESEARCH" in self.capabilities else ())
            return sorted({uid for one in found for uid in one.numbers})

    def search_counts(self, query: str | Query, *values: object,
                            timeout: float | None = None) -> Found:
        """How many messages *query* describes, and the first and last of them (ESEARCH).

        Without ESEARCH they are all listed, and counted here.
        """
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("UID SEARCH", timeout):
            self._open_folder("search")
            if "ESEARCH" in self.capabilities:
                found = self._search(asked, ("MIN", "MAX", "COUNT"))
                if found and found[0].count is not None:
                    return found[0]
            uids = sorted({uid for one in self._search(asked, ()) for uid in one.numbers})
            return Found(tuple(uids), True, len(uids), uids[0] if uids else None,
                         uids[-1] if uids else None)

    def search_page(self, first: int, last: int, query: str | Query = "ALL",
                          *values: object) -> list[int]:
        """A page of what `search` finds: the *first* to the *last*, counted from 1.

        Negative numbers count from the end: ``-100, -1`` are the newest hundred. Where the server
        cannot (PARTIAL, RFC 9394; CONTEXT=SEARCH, RFC 5267), the page is cut here.
        """
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("UID SEARCH"):
            self._open_folder("search")
            if min(first, last) * max(first, last) < 1:
                raise UsageError("search_page: first and last count from 1, or both from -1")
            able = self.capabilities
            if "PARTIAL" in able or ("CONTEXT=SEARCH" in able and first > 0):
                found = self._search(asked, (f"PARTIAL {first}:{last}",))
                return sorted({uid for one in found for uid in one.numbers})
            uids = self.search(asked)
            low, high = min(first, last), max(first, last)
            return uids[low - 1 : high] if low > 0 else uids[low : high + 1 or None]

    def search_save(self, query: str | Query, *values: object) -> None:
        """Keep what is found on the server, as ``"$"`` for the commands that follow (RFC 5182).

        Raises:
            NotSupported: the server cannot.
        """
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("UID SEARCH"):
            self._open_folder("search")
            self._needs("SEARCHRES")
            self._search(asked, ("SAVE",))

    def search_folders(self, query: str | Query, *values: object,
                             scope: str = "personal") -> dict[str, NumberSet]:
        """Search many folders at once (MULTISEARCH, RFC 7377).

        Args:
            query: as for `search`.
            values: for the ``?``.
            scope: ``"personal"``, ``"subscribed"``, ``"inboxes"``, ``"selected"``.

        Returns:
            UIDs by folder.

        Raises:
            NotSupported: the server does not know it; list the folders and search each.
        """
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("ESEARCH"):
            self._needs("MULTISEARCH")
            words = self._words(asked, None)
            _, data = self._run(compose(
                b"ESEARCH IN (" + asking.word(scope, "scope") + b") RETURN (ALL) ", *words,
                takes=["ESEARCH"]))
            found: dict[str, NumberSet] = {}
            for one in data:
                if isinstance(one, Untagged):
                    told = responses.found(one)
                    name = self._decoded(told.folder)
                    found[name] = found.get(name, NumberSet()) | NumberSet(told.numbers)
            return found

    def _decoded(self, name: str) -> str:
        told = Untagged("LIST", None, [[], None, name.encode("utf-8", "surrogateescape")])
        return responses.folder(told, utf8=self._speaks_utf8).name

    def _words(self, asked: Query, charset: str | None) -> _Parts:
        return search_words(asked, self.capabilities, utf8=self._speaks_utf8,
                            rev2="IMAP4REV2" in self._enabled, charset=charset, now=today())

    def _search(self, asked: Query, returns: Sequence[str]) -> list[Found]:
        """UID SEARCH; a charset that the server does not know is replaced by another."""
        options = f"RETURN ({' '.join(returns)}) ".encode() if returns else b""

        def made(words: _Parts) -> Command:
            return compose(b"UID SEARCH ", options, *words, takes=["SEARCH", "ESEARCH"])

        return self._ask_in_charsets(asked, made)

    def _ask_in_charsets(
        self, asked: Query, made: Callable[[_Parts], Command], *, always: bool = False
    ) -> list[Found]:
        refused = list[str]()
        while True:
            charset = charset_for(asked, utf8=self._speaks_utf8, refused=refused)
            command = made(self._words(asked, (charset or "UTF-8") if always else charset))
            try:
                _, data = self._run(command)
            except ReplyError as error:
                if not _is_charset(error) or not charset or len(refused) > _MOST_CHARSETS:
                    raise
                refused.append(charset)
                continue
            return [responses.found(one) for one in data
                    if isinstance(one, Untagged) and one.name in ("SEARCH", "SORT", "ESEARCH")]

    # -- order -----------------------------------------------------------------------------

    def sort(self, keys: str | Sequence[str], query: str | Query = "ALL", *values: object,
                   timeout: float | None = None) -> list[int]:
        """UIDs in order (RFC 5256); where the server cannot sort, it is done here.

        Args:
            keys: as ``"-date"``, ``"from -size"``: arrival, cc, date, from, size, subject, to.
            query: which messages, as for `search`.
            values: for the ``?``.
            timeout: seconds for the whole of it.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     _ = box.select("INBOX")
            ...     newest_first = box.sort("-date")
            >>> len(newest_first) > 0
            True
        """
        chosen = sort_keys(keys)
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("UID SORT", timeout):
            self._open_folder("sort")
            display = any(name.startswith("DISPLAY") for name, _ in chosen)
            if "SORT=DISPLAY" in self.capabilities or (
                    "SORT" in self.capabilities and not display):
                words = " ".join(f"{'REVERSE ' if turned else ''}{name}"
                                 for name, turned in chosen).encode()
                return self._sort(asked, words)
            uids = self.search(asked)
            if not uids:
                return []
            fetches = Fetches(self, NumberSet(uids), wanted(SORT_ITEMS, self.capabilities))
            return sorted_by([one for one in fetches], chosen)

    def _sort(self, asked: Query, keys: bytes) -> list[int]:
        def made(words: _Parts) -> Command:
            return compose(b"UID SORT (", keys, b") ", *_after_charset(words),
                           takes=["SORT", "ESEARCH"])

        found = self._ask_in_charsets(asked, made, always=True)
        return [uid for one in found for uid in one.numbers]

    def thread(self, query: str | Query = "ALL", *values: object,
                     algorithm: str = "REFERENCES", local: bool = False,
                     timeout: float | None = None) -> tuple[Thread, ...]:
        """Conversations (RFC 5256); where the server has none, they are found here.

        Args:
            query: which messages, as for `search`.
            values: for the ``?``.
            algorithm: ``"REFERENCES"``, ``"REFS"`` or ``"ORDEREDSUBJECT"``.
            local: find them here in any case, with more care than RFC 5256 has for subjects.
            timeout: seconds for the whole of it.
        """
        asked = query_of(query, *values) if isinstance(query, str) else query
        with self._operation("UID THREAD", timeout):
            self._open_folder("thread")
            name = asking.word(algorithm.upper(), "algorithm")
            if f"THREAD={algorithm.upper()}" in self.capabilities and not local:
                words = _after_charset(self._words(asked, "UTF-8"))
                _, data = self._run(compose(b"UID THREAD ", name, b" ", *words,
                                                  takes=["THREAD"]))
                return tuple(thread for one in data if isinstance(one, Untagged)
                             for thread in responses.thread(one))
            uids = self.search(asked)
            if not uids:
                return ()
            fetches = Fetches(self, NumberSet(uids), wanted([FIELDS], self.capabilities))
            return threaded([one for one in fetches],
                            by_subject=algorithm.upper() != "REFS")


def _after_charset(words: _Parts) -> _Parts:
    """SORT and THREAD name the charset always, without the word before it."""
    first = words[0]
    if isinstance(first, bytes):
        return [first.removeprefix(b"CHARSET "), *words[1:]]
    return words


def _is_charset(error: ReplyError) -> bool:
    return isinstance(error, NotSupported) and "BADCHARSET" in str(error)


