"""The mail of one place as the console works on it: one thing after the other, and undone again.

A connection that breaks is made anew. What only reads is then tried once more; what changes is
not, since nobody knows how far it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ... import mailboxes
from ...errors import Changed, NetworkError, NotFound, PostelError
from ...mail.post_sending_async import Outcome, send_from
from ...mailboxes.face import Letter
from ...wire.text import display

if TYPE_CHECKING:
    from ...imap.query import Query
    from ...mail.post_async import AsyncPost
    from ...mail.post_types import FolderView, Summary
    from ...messages.draft import Message
    from .access import Access, Place

__all__ = ["Desk", "Undo", "in_order", "query_from"]

T = TypeVar("T")
Keys = list[str]
"""Names of messages; a name of its own, since `Desk.list` is another list."""
Letters = list[Letter]

_ROLES = ("inbox", "flagged", "drafts", "sent", "archive", "all", "junk", "trash")
_LARGEST_KEPT = 64 << 20
"""Bytes of messages that are kept to undo a deletion for good."""
_LOOK_BACK = 50
"""More messages than were moved in which these are looked for again."""


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take back what was done last.

    Args:
        text: what was done, for a line.
        folder: where the messages were.
        target: where they are now; "" where they are gone.
        gone: the messages.
        letters: the messages whole, where they are gone.
    """

    text: str
    folder: str
    target: str = ""
    gone: tuple[Summary, ...] = ()
    letters: tuple[Letter, ...] = ()


def in_order(found: Iterable[FolderView]) -> list[FolderView]:
    """Folders as people look for them: by role, then by name."""
    def place(one: FolderView) -> tuple[int, str]:
        return (_ROLES.index(one.role) if one.role in _ROLES else len(_ROLES), one.name.lower())

    return sorted(found, key=place)


def query_from(text: str) -> Query | None:
    """What was typed into the search field; None for nothing.

    Raises:
        UsageError: it cannot be read.
    """
    from ...imap.query_plain import plain

    return plain(text, today=date.today()) if text.strip() else None


class Desk:
    """The mail of one place.

    Args:
        access: what leads there.
        place: which.

    Attributes:
        undo: how to take back what was done last; None where that cannot be.
    """

    def __init__(self, access: Access, place: Place) -> None:
        self.access, self.place = access, place
        self.undo: Undo | None = None
        self._post: AsyncPost | None = None
        self._lock = asyncio.Lock()
        self._epoch = 0  # of the connection: counts how often one was made
        self._listed_in: dict[str, int] = {}
        self._validity: dict[str, int] = {}
        self._listed: dict[str, list[str]] = {}
        self._current: dict[str, list[str]] = {}

    async def aclose(self) -> None:
        """Leave."""
        post, self._post = self._post, None
        if post is not None:
            try:
                await post.aclose()
            except (PostelError, OSError):
                pass  # we are leaving anyway

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[AsyncPost]:
        """The post, for one thing at a time; one whose connection broke is left."""
        async with self._lock:
            if self._post is None:
                post = await self.access.post(self.place)
                await post.open()
                self._post, self._epoch = post, self._epoch + 1
            try:
                yield self._post
            except (NetworkError, asyncio.CancelledError):
                await self.aclose()
                raise

    async def _reading(self, work: Callable[[AsyncPost], Awaitable[T]]) -> T:
        """Do what can be done twice."""
        broken = self._post is None
        try:
            async with self._turn() as post:
                return await work(post)
        except NetworkError:
            if broken:  # it was not even opened
                raise
        async with self._turn() as post:
            return await work(post)

    # -- reading -------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """``"imap"``, ``"pop3"`` or ``"disk"``; "" before it is opened."""
        return self._post.where.kind if self._post is not None else ""

    async def folders(self) -> list[FolderView]:
        """The folders, the inbox first."""
        return in_order(await self._reading(lambda post: post.folders()))

    async def first(self) -> str:
        """The folder to begin with."""
        return await self._reading(lambda post: post.full_name(""))

    async def list(self, folder: str, *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """The messages of a folder; their keys are good from now on."""
        async def work(post: AsyncPost) -> list[Summary]:
            found = await post.list(folder, query=query, last=last)
            if post.where.kind == "disk":
                self._current[folder] = self._listed[folder] = await post.all_keys(folder)
            elif (told := _validity(post)) is not None:
                self._validity[folder] = told
            self._listed_in[folder] = self._epoch
            return found

        return await self._reading(work)

    async def refresh(self) -> None:
        """Look anew: POP3 shows what came only to those who come anew."""
        if self.kind == "pop3":
            async with self._lock:
                await self.aclose()

    async def read(self, folder: str, key: str) -> bytes:
        """A whole message."""
        async def work(post: AsyncPost) -> bytes:
            [now] = await self._keys(post, folder, [key])
            return await post.read(folder, now)

        return await self._reading(work)

    async def _keys(self, post: AsyncPost, folder: str, keys: Sequence[str]) -> Keys:
        """What messages are called now that were called so when they were listed.

        Raises:
            Changed: they may be others now.
        """
        hint = "g lists it anew"
        same = self._listed_in.get(folder) == self._epoch
        if post.where.kind == "pop3" and not same:
            raise Changed("the connection broke, and numbers may mean other messages now",
                          hint=hint)
        if post.where.kind == "imap" and not same and folder in self._validity:
            told = (await post.client.status(folder, ["UIDVALIDITY"]))  # type: ignore[attr-defined]
            if told.uidvalidity != self._validity[folder]:
                raise Changed("the server has numbered its messages anew", hint=hint)
            self._listed_in[folder] = self._epoch
        if post.where.kind != "disk" or not await asyncio.to_thread(_one_file, post, folder):
            return list(keys)
        there, known = await post.all_keys(folder), self._current.get(folder, [])
        if there[:len(known)] != known:
            raise Changed("the mailbox has been changed by somebody else", hint=hint)
        now = dict(zip(self._listed[folder], known, strict=True))
        if not all(key in now for key in keys):
            raise NotFound("the message is gone", hint=hint)
        return [now[key] for key in keys]

    async def _renamed(self, post: AsyncPost, folder: str, gone: Iterable[str] = ()) -> None:
        """In a mailbox that is one file, names of messages are others after a change."""
        if post.where.kind == "disk" and folder in self._listed:
            there, left = set(gone), self._listed[folder]
            self._listed[folder] = kept = [key for key in left if key not in there]
            self._current[folder] = (await post.all_keys(folder))[:len(kept)]

    # -- changing ------------------------------------------------------------------------------

    async def flag(self, folder: str, keys: Sequence[str], *, add: Iterable[str] = (),
                   remove: Iterable[str] = ()) -> None:
        """Change flags."""
        async with self._turn() as post:
            await post.flag(folder, await self._keys(post, folder, keys), add=add, remove=remove)
            await self._renamed(post, folder)

    async def move(self, folder: str, some: Sequence[Summary], target: str) -> str:
        """Move messages; the folder where they are now."""
        async with self._turn() as post:
            keys = await self._keys(post, folder, [one.key for one in some])
            goal = await post.full_name(target)
            if goal == folder:
                raise Changed(f"move to {display(goal)}: they are there already")
            await post.move(folder, keys, goal)
            await self._renamed(post, folder, [one.key for one in some])
            self.undo = Undo(f"move to {display(goal)}", folder, goal, tuple(some))
            return goal

    async def copy(self, folder: str, some: Sequence[Summary], target: str) -> str:
        """Copy messages; the folder where the copies are."""
        async with self._turn() as post:
            goal = await post.full_name(target)
            await post.copy(folder, await self._keys(post, folder, [one.key for one in some]),
                            goal)
            return goal

    async def delete(self, folder: str, some: Sequence[Summary]) -> str:
        """Put messages into the trash; from there, or without one, delete them for good.

        Returns:
            The folder where they are now; "" where they are gone.
        """
        trash = await self.trash()
        if trash and trash != folder:
            await self.move(folder, some, trash)
            self.undo = Undo("delete", folder, trash, tuple(some))
            return trash
        async with self._turn() as post:
            keys = await self._keys(post, folder, [one.key for one in some])
            kept: Letters = []
            if sum(one.size or 0 for one in some) <= _LARGEST_KEPT and post.where.kind != "pop3":
                kept = [letter async for _, letter in post.each(folder, keys)]
            await post.delete(folder, keys, forever=True)
            await self._renamed(post, folder, [one.key for one in some])
            self.undo = Undo("delete", folder, "", tuple(some), tuple(kept)) if kept else None
        return ""

    async def trash(self) -> str:
        """The folder where what is deleted goes; "" where there is none."""
        async def work(post: AsyncPost) -> str:
            if post.where.kind == "disk":
                names = [one.name for one in await post.folders()]
                return next((one for one in names if one.lower() in ("trash", ".trash")), "")
            if post.where.kind == "pop3":
                return ""
            try:
                return await post.full_name("trash")
            except NotFound:
                return ""

        return await self._reading(work)

    async def take_back(self) -> Undo:
        """Undo what was done last.

        Raises:
            NotFound: there is nothing, or the messages are not where they were put.
        """
        last, self.undo = self.undo, None
        if last is None:
            raise NotFound("undo: there is nothing that can be taken back")
        async with self._turn() as post:
            if not last.target:
                await post.put(last.folder, last.letters)
                return last
            there = await post.list(last.target, last=len(last.gone) + _LOOK_BACK)
            wanted = [_face(one) for one in last.gone]
            keys = [one.key for one in reversed(there) if _taken(wanted, _face(one))]
            if not keys:
                raise NotFound(f"undo: the messages are no more in {display(last.target)}")
            await post.move(last.target, keys[::-1], last.folder)
        return last

    async def make(self, folder: str) -> None:
        """Make a folder."""
        async with self._turn() as post:
            await post.make(folder)

    # -- sending -------------------------------------------------------------------------------

    async def send(self, draft: Message, mark: tuple[str, str, str] | None) -> Outcome:
        """Send what was written, file a copy, and mark what it answers.

        Args:
            draft: to send.
            mark: folder, key and flag of the message that it answers or passes on.
        """
        settings = await self.access.sending(self.place)
        goal = self.access.goal(self.place)
        async with self._turn() as post:
            marked = None
            if mark is not None and post.where.kind != "pop3":
                folder, key, flag = mark
                try:
                    marked = (folder, await self._keys(post, folder, [key]), flag)
                except PostelError:
                    pass  # the answer goes out also where the message is gone
            done = await send_from(post, draft, via=goal, settings=settings, mark=marked)
            if marked is not None:
                await self._renamed(post, marked[0])
            return done

    # -- what arrives --------------------------------------------------------------------------

    async def arrivals(self, folder: str, known: dict[str, int]) -> AsyncGenerator[Summary]:
        """What comes into a folder from now on, over a connection of its own."""
        post = await self.access.post(self.place)
        async with post:
            news = post.arrivals(folder, known=known)
            try:
                async for one in news:
                    yield one
            finally:
                await news.aclose()


def _validity(post: Any) -> int | None:
    """The UIDVALIDITY of the open folder (RFC 9051 section 2.3.1.1)."""
    selected = getattr(getattr(post, "client", None), "selected", None)
    found: int | None = getattr(selected, "uidvalidity", None)
    return found


def _one_file(post: AsyncPost, folder: str) -> bool:
    """Whether messages are called by their place in a file."""
    path = Path(post.where.path).expanduser()
    name = "" if folder in ("", ".") or folder.upper() == "INBOX" else folder
    for found, box in mailboxes.tree(path):
        if found == name:
            return box.kind not in ("maildir", "mh", "eml")
    return True


def _face(one: Summary) -> tuple[object, ...]:
    """What a message is known by in another folder."""
    return (one.message_id,) if one.message_id else (one.subject, one.date, one.size)


def _taken(wanted: list[tuple[object, ...]], face: tuple[object, ...]) -> bool:
    if face in wanted:
        wanted.remove(face)
        return True
    return False
