# GENERATED from post_imap_async.py by tools/unasync.py: edit that file, not this one.
"""IMAP behind the one face of mail."""

from __future__ import annotations

from collections.abc import Iterator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import NotFound, NotSupported
from ..imap.client_sync import Client
from ..imap.events import Arrived, FolderStatus, News
from ..imap.letters import Letter as Parcel
from ..imap.query import uid as uid_is
from ..imap.sequence import NumberSet
from ..imap.types import Fetched, Folder
from ..mailboxes.face import Letter
from ..messages.parsed import parse
from ..messages.threads import ThreadEntry
from .accounts import Account
from .post_sync import Arrivals, Post, Names
from .post_types import FolderView, Summary, Where, summary_of, to_imap, to_words

if TYPE_CHECKING:
    from ..imap.idling_sync import Watch
    from ..imap.query import Query

__all__ = ["IMAPPost"]

_ITEMS = ("uid", "flags", "internal_date", "size", "envelope",
          "BODY.PEEK[HEADER.FIELDS (REFERENCES AUTO-SUBMITTED PRECEDENCE FEEDBACK-ID)]")


class IMAPPost(Post):
    """Mail on an IMAP server.

    Attributes:
        client: the connection; it may be used for what the face does not offer.
    """

    def __init__(self, where: Where, account: Account | None, settings: dict[str, Any]) -> None:
        super().__init__(where, account)
        self.client = Client(str(where.url) if where.url is None else where.url, **settings)
        self._known: list[Folder] | None = None
        self._prefix: tuple[str, str] | None = None
        self._writable = False

    def open(self) -> None:
        """Connect and log in."""
        self.client.open()

    def close(self) -> None:
        """Say goodbye."""
        self.client.close()

    # -- folders -------------------------------------------------------------------------------

    def folders(self) -> list[FolderView]:
        """The folders there are, with what is in them."""
        self._known = self.client.list(status=True)
        return [_view(one) for one in self._known]

    def full_name(self, folder: str = "") -> str:
        """The full name of a folder that is meant by its name, or by its role.

        Raises:
            NotFound: there is none.
        """
        name = folder or self.folder or "INBOX"
        if name.upper() == "INBOX":
            return "INBOX"
        if self._known is None:
            self._known = self.client.list()
        names = {one.name: one.role for one in self._known if one.is_selectable}
        prefix, apart = self._below()
        for tried in (name, name.replace("/", apart), prefix + name.replace("/", apart)):
            if tried in names:
                return tried  # in a URL levels are apart by "/"
        return self._named(name, names, prefix)

    def _below(self) -> tuple[str, str]:
        """What the names of one's own folders begin with, and what parts their levels."""
        if self._prefix is None:
            known = self._known or []
            apart = next((one.delimiter for one in known if one.delimiter), "/")
            try:
                personal = (self.client.namespaces()).personal
                self._prefix = (personal[0].prefix, personal[0].delimiter or apart) if personal \
                    else ("", apart)
            except NotSupported:
                inbox = f"INBOX{apart}"  # as Cyrus and Courier have it
                others = [one.name for one in known if one.name.upper() != "INBOX"]
                below = bool(others) and all(one.startswith(inbox) for one in others)
                self._prefix = inbox if below else "", apart
        return self._prefix

    def make(self, folder: str) -> None:
        """Make a folder, where the server wants one's own to be."""
        if self._known is None:
            self._known = self.client.list()
        prefix, apart = self._below()
        name = folder.replace("/", apart)
        self.client.create(name if name.startswith(prefix) else prefix + name)
        self._known = None

    def _select(self, folder: str, *, writable: bool = False) -> str:
        name = self.full_name(folder)
        here = self.client.selected
        if here is None or here.name != name or (writable and not self._writable):
            self.client.select(name, readonly=not writable)
            self._writable = writable
        return name

    # -- reading -------------------------------------------------------------------------------

    def list(self, folder: str = "", *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """Messages, those that came last at the end."""
        name = self._select(folder)
        uids: NumberSet | str = "1:*"
        if query is not None:
            uids = NumberSet(self.client.search(query))
        elif last is not None:
            uids = self.client.all_uids()
        if isinstance(uids, NumberSet):
            chosen = sorted(uids)
            uids = NumberSet(chosen if last is None else chosen[-last:] if last else ())
            if not uids:
                return []
        elif not (self.client.selected and self.client.selected.exists):
            return []
        found = [_summary(one, name) for one in self.client.fetch(uids, *_ITEMS)]
        return sorted(found, key=lambda one: int(one.key))

    def all_keys(self, folder: str) -> Names:
        """The UIDs of all messages in a folder."""
        self._select(folder)
        return [str(uid) for uid in sorted(self.client.all_uids())]

    def read(self, folder: str, key: str) -> bytes:
        """A whole message."""
        self._select(folder)
        with self.client.open_message(_uid(key)) as body:
            return b"".join([bytes(chunk) for chunk in body])

    def each(self, folder: str, keys: Sequence[str]) -> Iterator[tuple[str, Letter]]:
        """Many whole messages with their flags and dates, one after the other."""
        self._select(folder)
        uids = NumberSet(_uid(key) for key in keys)
        with self.client.fetch_many_bodies(uids) as bodies:
            for uid, meta, chunks in bodies:
                data = chunks.read()
                yield str(uid), Letter(data, to_words(meta.flags), "", meta.internal_date)

    def arrivals(self, folder: str = "", *, seconds: float | None = None,
                 known: dict[str, int] | None = None) -> Arrivals:
        """What comes from now on."""
        return _News(self, folder, seconds, {} if known is None else known)

    # -- changing ------------------------------------------------------------------------------

    def flag(self, folder: str, keys: Sequence[str], *, add: Iterable[str] = (),
                   remove: Iterable[str] = ()) -> None:
        """Change flags."""
        self._select(folder, writable=True)
        self.client.store(_uids(keys), add=to_imap(add), remove=to_imap(remove))

    def copy(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Copy messages into another folder."""
        goal = self.full_name(target)
        self._select(folder)
        self.client.copy(_uids(keys), goal)

    def move(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Move messages into another folder."""
        goal = self.full_name(target)
        self._select(folder, writable=True)
        self.client.move(_uids(keys), goal)

    def delete(self, folder: str, keys: Sequence[str], *, forever: bool = False) -> str:
        """Put messages into the trash, or delete them for good."""
        name = self.full_name(folder)
        trash = ""
        if not forever:
            try:
                trash = self.full_name("trash")
            except NotFound:
                pass  # a server without one: deleting is for good
        self._select(folder, writable=True)
        if trash and trash != name:
            self.client.move(_uids(keys), trash)
            return trash
        self.client.delete_messages(_uids(keys))
        return ""

    def put(self, folder: str, letters: Iterable[Letter]) -> Names:
        """Put messages into a folder."""
        name = self.full_name(folder)
        parcels = (Parcel(_with_crlf(one.data), tuple(to_imap(sorted(one.flags))), one.date)
                   for one in letters)
        return ["" if put.uid is None else str(put.uid)
                for put in self.client.append_many(name, parcels)]


class _News(Arrivals):
    """Messages as they arrive in one folder (IDLE), or in all (NOTIFY)."""

    def __init__(self, post: IMAPPost, folder: str, seconds: float | None,
                 known: dict[str, int]) -> None:
        self._post, self._folder, self._seconds = post, folder, seconds
        self._next = known
        self._ready: list[Summary] = []
        self._watch: Watch | None = None
        self._begun = False

    def __next__(self) -> Summary:
        if not self._begun:
            self._begin()
        while not self._ready:
            watch = self._watch
            if watch is None:
                raise StopIteration
            try:
                event = watch.__next__()
            except StopIteration:
                self.close()
                raise
            self._look(event)
        return self._ready.pop(0)

    def _begin(self) -> None:
        post, self._begun = self._post, True
        if self._folder == "*":
            for one in post.client.list(status=["UIDNEXT"]):
                if one.status is not None and one.status.uidnext is not None:
                    self._missed(one.name, one.status.uidnext)
            watch = post.client.notify(self._seconds)
        else:
            name = post._select(self._folder)
            selected = post.client.selected
            told = selected.uidnext if selected is not None else None
            if told is None:
                told = max(post.client.all_uids(), default=0) + 1
            self._missed(name, told)
            watch = post.client.idle(self._seconds)
        watch.__enter__()
        self._watch = watch

    def _missed(self, folder: str, told: int) -> None:
        """What came while nobody looked; *told* is the UID that the next message will get."""
        if self._next.setdefault(folder, told) < told:
            self._fetch(folder)
        self._next[folder] = told  # also where the UIDs are new ones, and smaller

    def _look(self, event: News) -> None:
        """What has come, where the event says so."""
        here = self._post.client.selected
        if isinstance(event, FolderStatus):
            known = self._next.get(event.folder, 1)
            told = event.status.uidnext
            if event.status.messages != 0 and (told is None or told > known):
                self._fetch(event.folder)
        elif isinstance(event, Arrived) and here is not None:
            self._fetch(here.name)

    def _fetch(self, folder: str) -> None:
        since = self._next.get(folder, 1)
        found = self._post.list(folder, query=uid_is(f"{since}:*"))
        fresh = [one for one in found if int(one.key) >= since]  # "n:*" always has the last one
        if fresh:
            self._next[folder] = int(fresh[-1].key) + 1
        self._ready += fresh

    def close(self) -> None:
        """Wait no more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.__exit__(None, None, None)


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
