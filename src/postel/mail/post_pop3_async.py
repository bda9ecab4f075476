# A conversation (its twin post_pop3_sync.py is generated): the post of a POP3 server.
"""POP3 behind the one face of mail: one folder, which is only read here.

A message's key is its number; numbers hold as long as nobody else deletes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from ..imap.query_match import Candidate, matches
from ..mailboxes.face import Letter
from ..pop3.client_async import AsyncClient
from ..transport.clock_async import today
from .accounts import Account
from .post_async import AsyncPost, Names
from .post_types import FolderView, Summary, Where, summary_of

if TYPE_CHECKING:
    from ..imap.query import Query

__all__ = ["AsyncPOP3Post"]

_WHOLE = frozenset({"BODY", "TEXT"})


class AsyncPOP3Post(AsyncPost):
    """Mail on a POP3 server.

    Attributes:
        client: the connection.
    """

    def __init__(self, where: Where, account: Account | None, settings: dict[str, Any]) -> None:
        super().__init__(where, account)
        self.client = AsyncClient(str(where.url) if where.url is None else where.url, **settings)

    async def open(self) -> None:
        """Connect and log in."""
        await self.client.open()

    async def aclose(self) -> None:
        """Say goodbye."""
        await self.client.aclose()

    async def folders(self) -> list[FolderView]:
        """The one there is."""
        told = await self.client.stat()
        return [FolderView("INBOX", "inbox", told.messages, None, told.size)]

    async def all_keys(self, folder: str) -> Names:
        """The numbers of all messages."""
        self._only(folder)
        return [str(one.number) for one in await self.client.list()]

    async def list(self, folder: str = "", *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """Messages; only their headers are fetched, unless the query asks for texts."""
        self._only(folder)
        sizes = {one.number: one.size for one in await self.client.list()}
        numbers = sorted(sizes)
        if query is None:
            numbers = numbers if last is None else numbers[-last:] if last else []
        found: list[Summary] = []
        whole = query is not None and any(one.key in _WHOLE for one in query.walk())
        many = self.client.retr_many(numbers) if whole else self.client.top_many(numbers)
        now = today()
        async with many as messages:
            async for one in messages:
                size = sizes[one.number]
                candidate = Candidate(one.data, size=size, uid=one.number, number=one.number)
                if query is None or matches(query, candidate, now=now):
                    found.append(summary_of(str(one.number), one.data, size=size, folder="INBOX"))
        return found if last is None else found[-last:] if last else []

    async def read(self, folder: str, key: str) -> bytes:
        """A whole message."""
        self._only(folder)
        return await self.client.retr(_number(key))

    async def each(self, folder: str, keys: Sequence[str]) -> AsyncIterator[tuple[str, Letter]]:
        """Many whole messages, one after the other."""
        self._only(folder)
        async with self.client.retr_many([_number(key) for key in keys]) as messages:
            async for one in messages:
                yield str(one.number), Letter(one.data)

    def _only(self, folder: str) -> None:
        name = folder or self.folder or "INBOX"
        if name.upper() != "INBOX":
            raise NotFound(f"folder {name[:80]!a}: POP3 has only the inbox")


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and int(key)):
        raise NotFound(f"message {key[:40]!a}: there is none: in POP3 a message has a number")
    return int(key)
