# A conversation (its twin post_imap_sync.py is generated): the post of an IMAP server.
"""IMAP behind the one face of mail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import NotFound, NotSupported
from ..imap.client_async import AsyncClient
from ..imap.events import Arrived, FolderStatus, News
from ..imap.letters import Letter as Parcel
from ..imap.query import uid as uid_is
from ..imap.sequence import NumberSet
from ..imap.types import Fetched, Folder
from ..mailboxes.face import Letter
from ..messages.parsed import parse
from ..messages.threads import ThreadEntry
from .accounts import Account
from .post_async import AsyncArrivals, AsyncPost, Names
from .post_types import FolderView, Summary, Where, summary_of, to_imap, to_words

if TYPE_CHECKING:
    from ..imap.idling_async import AsyncWatch
    from ..imap.query import Query

__all__ = ["AsyncIMAPPost"]

_ITEMS = ("uid", "flags", "internal_date", "size", "envelope",
          "BODY.PEEK[HEADER.FIELDS (REFERENCES AUTO-SUBMITTED PRECEDENCE FEEDBACK-ID)]")


class AsyncIMAPPost(AsyncPost):
    """Mail on an IMAP server.

    Attributes:
        client: the connection; it may be used for what the face does not offer.
    """

    def __init__(self, where: Where, account: Account | None, settings: dict[str, Any]) -> None:
        super().__init__(where, account)
        self.client = AsyncClient(str(where.url) if where.url is None else where.url, **settings)
        self._known: list[Folder] | None = None
        self._prefix: tuple[str, str] | None = None
        self._writable = False

    async def open(self) -> None:
        """Connect and log in."""
        await self.client.open()

    async def aclose(self) -> None:
        """Say goodbye."""
        await self.client.aclose()

    # -- folders -------------------------------------------------------------------------------

    async def folders(self) -> list[FolderView]:
        """The folders there are, with what is in them."""
        self._known = await self.client.list(status=True)
        return [_view(one) for one in self._known]

    async def full_name(self, folder: str = "") -> str:
        """The full name of a folder that is meant by its name, or by its role.

        Raises:
            NotFound: there is none.
        """
        name = folder or self.folder or "INBOX"
        if name.upper() == "INBOX":
            return "INBOX"
        if self._known is None:
            self._known = await self.client.list()
        names = {one.name: one.role for one in self._known if one.is_selectable}
        prefix, apart = await self._below()
        for tried in (name, name.replace("/", apart), prefix + name.replace("/", apart)):
            if tried in names:
                return tried  # in a URL levels are apart by "/"
        return self._named(name, names, prefix)

    async def _below(self) -> tuple[str, str]:
        """What the names of one's own folders begin with, and what parts their levels."""
        if self._prefix is None:
            known = self._known or []
            apart = next((one.delimiter for one in known if one.delimiter), "/")
            try:
                personal = (await self.client.namespaces()).personal
                self._prefix = (personal[0].prefix, personal[0].delimiter or apart) if personal \
                    else ("", apart)
            except NotSupported:
                inbox = f"INBOX{apart}"  # as Cyrus and Courier have it
                others = [one.name for one in known if one.name.upper() != "INBOX"]
                below = bool(others) and all(one.startswith(inbox) for one in others)
                self._prefix = inbox if below else "", apart
        return self._prefix

    async def make(self, folder: str) -> None:
        """Make a folder, where the server wants one's own to be."""
        if self._known is None:
            self._known = await self.client.list()
        prefix, apart = await self._below()
        name = folder.replace("/", apart)
        await self.client.create(name if name.startswith(prefix) else prefix + name)
        self._known = None

    async def _select(self, folder: str, *, writable: bool = False) -> str:
        name = await self.full_name(folder)
        here = self.client.selected
        if here is None or here.name != name or (writable and not self._writable):
            await self.client.select(name, readonly=not writable)
            self._writable = writable
        return name

    # -- reading -------------------------------------------------------------------------------

    async def list(self, folder: str = "", *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """Messages, those that came last at the end."""
        name = await self._select(folder)
        uids: NumberSet | str = "1:*"
        if query is not None:
            uids = NumberSet(await self.client.search(query))
        elif last is not None:
            uids = await self.client.all_uids()
        if isinstance(uids, NumberSet):
            chosen = sorted(uids)
            uids = NumberSet(chosen if last is None else chosen[-last:] if last else ())
            if not uids:
                return []
        elif not (self.client.selected and self.client.selected.exists):
            return []
        found = [_summary(one, name) async for one in self.client.fetch(uids, *_ITEMS)]
        return sorted(found, key=lambda one: int(one.key))

    async def all_keys(self, folder: str) -> Names:
        """The UIDs of all messages in a folder."""
        await self._select(folder)
        return [str(uid) for uid in sorted(await self.client.all_uids())]

    async def read(self, folder: str, key: str) -> bytes:
        """A whole message."""
        await self._select(folder)
        async with self.client.open_message(_uid(key)) as body:
            return b"".join([bytes(chunk) async for chunk in body])

    async def each(self, folder: str, keys: Sequence[str]) -> AsyncIterator[tuple[str, Letter]]:
        """Many whole messages with their flags and dates, one after the other."""
        await self._select(folder)
        uids = NumberSet(_uid(key) for key in keys)
        async with self.client.fetch_many_bodies(uids) as bodies:
            async for uid, meta, chunks in bodies:
                data = await chunks.read()
                yield str(uid), Letter(data, to_words(meta.flags), "", meta.internal_date)

    def arrivals(self, folder: str = "", *, seconds: float | None = None,
                 known: dict[str, int] | None = None) -> AsyncArrivals:
        """What comes from now on."""
        return _AsyncNews(self, folder, seconds, {} if known is None else known)

    # -- changing ------------------------------------------------------------------------------

    async def flag(self, folder: str, keys: Sequence[str], *, add: Iterable[str] = (),
                   remove: Iterable[str] = ()) -> None:
        """Change flags."""
        await self._select(folder, writable=True)
        await self.client.store(_uids(keys), add=to_imap(add), remove=to_imap(remove))

    async def copy(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Copy messages into another folder."""
        goal = await self.full_name(target)
        await self._select(folder)
        await self.client.copy(_uids(keys), goal)

    async def move(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Move messages into another folder."""
        goal = await self.full_name(target)
        await self._select(folder, writable=True)
        await self.client.move(_uids(keys), goal)

    async def delete(self, folder: str, keys: Sequence[str], *, forever: bool = False) -> str:
        """Put messages into the trash, or delete them for good."""
        name = await self.full_name(folder)
        trash = ""
        if not forever:
            try:
                trash = await self.full_name("trash")
            except NotFound:
                pass  # a server without one: deleting is for good
        await self._select(folder, writable=True)
        if trash and trash != name:
            await self.client.move(_uids(keys), trash)
            return trash
        await self.client.delete_messages(_uids(keys))
        return ""

    async def put(self, folder: str, letters: Iterable[Letter]) -> Names:
        """Put messages into a folder."""
        name = await self.full_name(folder)
        parcels = (Parcel(_with_crlf(one.data), tuple(to_imap(sorted(one.flags))), one.date)
                   for one in letters)
        return ["" if put.uid is None else str(put.uid)
                async for put in self.client.append_many(name, parcels)]


class _AsyncNews(AsyncArrivals):
    """Messages as they arrive in one folder (IDLE), or in all (NOTIFY)."""

    def __init__(self, post: AsyncIMAPPost, folder: str, seconds: float | None,
                 known: dict[str, int]) -> None:
        self._post, self._folder, self._seconds = post, folder, seconds
        self._next = known
        self._ready: list[Summary] = []
        self._watch: AsyncWatch | None = None
        self._begun = False

    async def __anext__(self) -> Summary:
        if not self._begun:
            await self._begin()
        while not self._ready:
            watch = self._watch
            if watch is None:
                raise StopAsyncIteration
            try:
                event = await watch.__anext__()
            except StopAsyncIteration:
                await self.aclose()
                raise
            await self._look(event)
        return self._ready.pop(0)

    async def _begin(self) -> None:
        post, self._begun = self._post, True
        if self._folder == "*":
            for one in await post.client.list(status=["UIDNEXT"]):
                if one.status is not None and one.status.uidnext is not None:
                    await self._missed(one.name, one.status.uidnext)
            watch = post.client.notify(self._seconds)
        else:
            name = await post._select(self._folder)
            selected = post.client.selected
            told = selected.uidnext if selected is not None else None
            if told is None:
                told = max(await post.client.all_uids(), default=0) + 1
            await self._missed(name, told)
            watch = post.client.idle(self._seconds)
        await watch.__aenter__()
        self._watch = watch

    async def _missed(self, folder: str, told: int) -> None:
        """What came while nobody looked; *told* is the UID that the next message will get."""
        if self._next.setdefault(folder, told) < told:
            await self._fetch(folder)
        self._next[folder] = told  # also where the UIDs are new ones, and smaller

    async def _look(self, event: News) -> None:
        """What has come, where the event says so."""
        here = self._post.client.selected
        if isinstance(event, FolderStatus):
            known = self._next.get(event.folder, 1)
            told = event.status.uidnext
            if event.status.messages != 0 and (told is None or told > known):
                await self._fetch(event.folder)
        elif isinstance(event, Arrived) and here is not None:
            await self._fetch(here.name)

    async def _fetch(self, folder: str) -> None:
        since = self._next.get(folder, 1)
        found = await self._post.list(folder, query=uid_is(f"{since}:*"))
        fresh = [one for one in found if int(one.key) >= since]  # "n:*" always has the last one
        if fresh:
            self._next[folder] = int(fresh[-1].key) + 1
        self._ready += fresh

    async def aclose(self) -> None:
        """Wait no more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.__aexit__(None, None, None)


def _with_crlf(data: bytes) -> bytes:
    """As IMAP wants messages; on the disk they rest with LF."""
    if b"\n" not in data.replace(b"\r\n", b""):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _uid(key: str) -> int:
    if not (key.isascii() and key.isdigit() and int(key)):
        raise NotFound(f"message {key[:40]!a}: there is none: in IMAP it has a number, its UID")
    return int(key)


def _uids(keys: Sequence[str]) -> NumberSet:
    return NumberSet(_uid(key) for key in keys)


def _view(one: Folder) -> FolderView:
    told = one.status
    return FolderView(one.name, one.role, told.messages if told else None,
                      told.unseen if told else None, told.size if told else None,
                      one.is_selectable)


def _summary(one: Fetched, folder: str) -> Summary:
    """From the envelope; from the header where the server could make none of it."""
    flags = to_words(one.flags)
    fields = next(iter(one.bodies.values()), b"")
    sent = one.envelope
    if sent is None:
        return summary_of(str(one.uid), fields or b"\r\n", flags=flags, size=one.size,
                          arrived=one.internal_date, folder=folder)
    references, automated = tuple[str, ...](), False
    if fields.strip():
        entry = ThreadEntry.of(0, parse(fields))
        references, automated = entry.references, entry.automated
    if not references and sent.in_reply_to:
        references = (sent.in_reply_to.strip("<>"),)
    return Summary(str(one.uid), sent.date, one.internal_date, sent.from_, sent.to, sent.cc,
                   sent.subject, flags, one.size, sent.message_id.strip("<>"), references,
                   automated, folder)
