# GENERATED from post_pop3_async.py by tools/unasync.py: edit that file, not this one.
"""POP3 behind the one face of mail: one folder, which is only read here.

A message's key is its number; numbers hold as long as nobody else deletes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from ..imap.query_match import Candidate, matches
from ..mailboxes.face import Letter
from ..pop3.client_sync import Client
from ..transport.clock_sync import today
from .accounts import Account
from .post_sync import Post, Names
from .post_types import FolderView, Summary, Where, summary_of

if TYPE_CHECKING:
    from ..imap.query import Query

__all__ = ["POP3Post"]

_WHOLE = frozenset({"BODY", "TEXT"})


class POP3Post(Post):
    """Mail on a POP3 server.

    Attributes:
        client: the connection.
    """

    def __init__(self, where: Where, account: Account | None, settings: dict[str, Any]) -> None:
        super().__init__(where, account)
        self.client = Client(str(where.url) if where.url is None else where.url, **settings)

    def open(self) -> None:
        """Connect and log in."""
        self.client.open()

    def close(self) -> None:
        """Say goodbye."""
        self.client.close()

    def folders(self) -> list[FolderView]:
        """The one there is."""
        told = self.client.stat()
        return [FolderView("INBOX", "inbox", told.messages, None, told.size)]

    def all_keys(self, folder: str) -> Names:
        """The numbers of all messages."""
        self._only(folder)
        return [str(one.number) for one in self.client.list()]

    def list(self, folder: str = "", *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """Messages; only their headers are fetched, unless the query asks for texts."""
        self._only(folder)
        sizes = {one.number: one.size for one in self.client.list()}
        numbers = sorted(sizes)
        if query is None:
            numbers = numbers if last is None else numbers[-last:] if last else []
        found: list[Summary] = []
        whole = query is not None and any(one.key in _WHOLE for one in query.walk())
        many = self.client.retr_many(numbers) if whole else self.client.top_many(numbers)
        now = today()
        with many as messages:
            for one in messages:
                size = sizes[one.number]
                candidate = Candidate(one.data, size=size, uid=one.number, number=one.number)
                if query is None or matches(query, candidate, now=now):
                    found.append(summary_of(str(one.number), one.data, size=size, folder="INBOX"))
        return found if last is None else found[-last:] if last else []

    def read(self, folder: str, key: str) -> bytes:
        """A whole message."""
        self._only(folder)
        return self.client.retr(_number(key))

    def each(self, folder: str, keys: Sequence[str]) -> Iterator[tuple[str, Letter]]:
        """Many whole messages, one after the other."""
        self._only(folder)
        with self.client.retr_many([_number(key) for key in keys]) as messages:
            for one in messages:
                yield str(one.number), Letter(one.data)

    def _only(self, folder: str) -> None:
        name = folder or self.folder or "INBOX"
        if name.upper() != "INBOX":
            raise NotFound(f"folder {name[:80]!a}: POP3 has only the inbox")


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and int(key)):
        raise NotFound(f"message {key[:40]!a}: there is none: in POP3 a message has a number")
    return int(key)
