# A conversation (its twin moving_imap_sync.py is generated): an IMAP account as a side.
"""An IMAP account as one side of moving mail.

A folder that has not changed costs nothing: one LIST-STATUS tells the counters of all folders
(UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ), and what was listed before still holds. What has changed is
asked for by `changes`, which uses QRESYNC or CONDSTORE where they are. Messages are fetched in
windows and appended in windows, so that a round trip is paid for megabytes, not for messages.

Gmail shows a message in a folder for each of its labels, and in All Mail. There X-GM-MSGID names
it everywhere; All Mail stands for what has no other label; and a message that is deleted from its
last label goes to the Trash, from where Gmail removes it a month later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace

from ..errors import AlreadyExists, Changed, NotSupported, ReplyError, UsageError
from ..imap.client_async import AsyncClient
from ..imap.letters import Letter
from ..imap.sequence import NumberSet
from ..imap.state import State
from ..imap.types import Fetched, Folder, Selected, Status
from .moving_digest import facts_of, message_id, with_crlf
from .moving_flags import from_imap, kept_by, to_imap
from .moving_names import imap_level, shown
from .moving_types import Facts, Listing, Note, Parcel, Path, Place

__all__ = ["AsyncImapSide"]

Changes = Mapping[str, tuple[frozenset[str], frozenset[str]]]
_COUNTS = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "HIGHESTMODSEQ")
_ID = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
_VIEWS = frozenset({"flagged", "important"})
"""Gmail's folders that are no label, but a view of other folders."""

_NO_LABEL = frozenset({"\\important", "\\starred", "\\flagged"})


class AsyncImapSide:
    """An IMAP account.

    Args:
        client: logged in; nobody else uses it meanwhile.
        name: of the account.
    """

    writable = True

    def __init__(self, client: AsyncClient, name: str) -> None:
        self.client = client
        self.name = name
        self.untouched = False
        self._folders: dict[Path, Folder] = {}
        self._prefix, self._delimiter = "", "/"
        self._open: tuple[Path, str] | None = None
        self._validities: dict[Path, str] = {}
        self._notes: dict[Path, Mapping[str, Note]] = {}

    @property
    def _gmail(self) -> bool:
        return "X-GM-EXT-1" in self.client.capabilities

    # -- folders -----------------------------------------------------------------------------

    async def folders(self) -> list[Place]:
        """The folders of the account's owner; other people's and shared ones are left alone."""
        foreign = await self._namespaces()
        places = []
        self._folders = {}
        for folder in await self.client.list(status=_COUNTS):
            if not folder.is_selectable or folder.name.startswith(foreign):
                continue
            if self._gmail and folder.role in _VIEWS:
                continue
            path = self._path(folder)
            if all(path) and path not in self._folders:
                self._folders[path] = folder
                places.append(Place(path, folder.role))
        return places

    async def _namespaces(self) -> tuple[str, ...]:
        """Note the prefix of one's own folders; return those of others' (RFC 2342)."""
        if "NAMESPACE" not in self.client.capabilities:
            return ()
        try:
            told = await self.client.namespaces()
        except (ReplyError, NotSupported):
            return ()
        if told.personal:
            self._delimiter = told.personal[0].delimiter or self._delimiter
            # "INBOX." is a prefix of names; "" or "INBOX" alone is none.
            prefix = told.personal[0].prefix
            self._prefix = prefix if prefix.endswith(self._delimiter) else ""
        return tuple(one.prefix for one in (*told.others, *told.shared) if one.prefix)

    def _path(self, folder: Folder) -> Path:
        if folder.name.upper() == "INBOX":
            return ("INBOX",)
        name = folder.name
        if self._prefix and name.startswith(self._prefix):
            name = name[len(self._prefix):]
        path = tuple(name.split(folder.delimiter)) if folder.delimiter else (name,)
        self._delimiter = folder.delimiter or self._delimiter
        return ("INBOX", *path[1:]) if path[0].upper() == "INBOX" else path

    def named(self, path: Path) -> Path:
        """What the server can keep of a name."""
        return tuple(imap_level(level, self._delimiter) for level in path)

    async def make(self, path: Path) -> None:
        """A new folder, subscribed to."""
        name = self._prefix + self._delimiter.join(path) if path != ("INBOX",) else "INBOX"
        try:
            await self.client.create(name)
        except AlreadyExists:
            pass
        self._folders[path] = Folder(name, self._delimiter)
        try:
            await self.client.subscribe(name)
        except ReplyError:
            pass  # some know no subscriptions; the folder is there

    def _folder(self, path: Path) -> Folder:
        if path not in self._folders:
            raise UsageError(f"{self.name}: no folder {shown(path)} was listed")
        return self._folders[path]

    # -- listing -----------------------------------------------------------------------------

    async def look(self, path: Path, known: Listing | None) -> Listing:
        """What is in a folder: nothing is asked if its counters say that all is as it was."""
        folder = self._folder(path)
        state = _state(known)
        if known is not None and state is not None:
            if _unchanged(state, folder.status):
                self._seen(path, known)
                return known
            made = await self._changed(path, known, state)
            if made is not None:
                return made
        selected = await self._select(path, None)
        notes = await self._fetch_notes("1:*") if selected.exists else {}
        return self._made(path, selected, notes, _after(selected, notes))

    async def _changed(self, path: Path, known: Listing, state: State) -> Listing | None:
        """What was known, with what has changed since; None if it is worth nothing any more."""
        changes = await self.client.changes(self._folder(path), state, readonly=self.untouched)
        selected = self.client.selected
        if changes.reset or selected is None:
            self._open = None
            return None
        self._open = (path, str(selected.uidvalidity))
        notes = dict(known.notes)
        for uid in changes.vanished:
            notes.pop(str(uid), None)
        for uid, flags in changes.flags.items():
            notes[str(uid)] = replace(notes.get(str(uid), Note()), flags=from_imap(flags))
        new = NumberSet(uid for uid in changes.added if str(uid) not in notes)
        if new:
            notes |= await self._fetch_notes(new)
        return self._made(path, selected, notes, changes.state)

    async def newest(self, path: Path, mark: str) -> Listing:
        """The messages from *mark* on."""
        selected = await self._select(path, None)
        notes = await self._fetch_notes(f"{mark or 1}:*") if selected.exists else {}
        # "5:*" is also the last message where it has a smaller UID (RFC 9051 section 6.4.9).
        notes = {uid: note for uid, note in notes.items() if self.newer(uid, mark)}
        return self._made(path, selected, notes, None)

    async def _fetch_notes(self, uids: str | NumberSet) -> dict[str, Note]:
        found = [(one.uid, Note(from_imap(one.flags), same=one.email_id))
                 async for one in self.client.fetch(uids, "flags", "email_id")
                 if one.uid and "FLAGS" in one.items]
        return {str(uid): note for uid, note in sorted(found, key=lambda pair: pair[0])}

    def _made(self, path: Path, selected: Selected, notes: Mapping[str, Note],
              state: State | None) -> Listing:
        listing = Listing(
            str(selected.uidvalidity or ""), notes, state.to_json() if state else "",
            str(selected.uidnext or _next(notes)), kept_by(selected.permanent_flags),
            shows_all=self._gmail and self._folder(path).role == "all", atoms=True)
        if not selected.uids_stay:
            raise NotSupported(f"listing {shown(path)}: its UIDs are good for one session only",
                               hint="leave it out: --folder '!NAME'")
        self._seen(path, listing)
        return listing

    def _seen(self, path: Path, listing: Listing) -> None:
        self._validities[path] = listing.validity
        self._notes[path] = listing.notes

    async def _select(self, path: Path, validity: str | None) -> Selected:
        """Open a folder, unless it is open; *validity* is what uids were listed under."""
        here = self.client.selected
        if validity is not None and self._open == (path, validity) and here is not None:
            return here
        selected = await self.client.select(self._folder(path), readonly=self.untouched)
        now = str(selected.uidvalidity or "")
        self._open = (path, now)
        if validity is not None and validity != now:
            raise Changed(f"opening {shown(path)}: its UIDVALIDITY is {now} now and was "
                          f"{validity}", hint="the next run finds the messages again")
        return selected

    # -- messages ----------------------------------------------------------------------------

    async def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        """Sizes and dates."""
        await self._select(path, self._validities[path])
        return {str(one.uid): Note(size=one.size, date=one.internal_date)
                async for one in self.client.fetch(_numbers(uids), "size", "internal_date")}

    async def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """Message-IDs and sizes."""
        await self._select(path, self._validities[path])
        return {str(one.uid): Facts(_named(one), one.size)
                async for one in self.client.fetch(_numbers(uids), "size", _ID) if one.uid}

    async def digests(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """Digests, for which the messages are fetched."""
        return {one.uid: facts_of(one.data) async for one in self.parcels(path, uids)}

    async def parcels(self, path: Path, uids: Sequence[str]) -> AsyncIterator[Parcel]:
        """Whole messages, in windows."""
        await self._select(path, self._validities[path])
        bodies = self.client.fetch_many_bodies(_numbers(uids), "internal_date")
        async for uid, meta, chunks in bodies:
            data = chunks.data if chunks.data is not None else await chunks.read()
            yield Parcel(str(uid), data, date=meta.internal_date)

    async def keys(self, path: Path, number: int) -> list[str]:
        """The server chooses."""
        return [""] * number

    async def append(self, path: Path, parcels: Sequence[Parcel],
                     keys: Sequence[str]) -> list[str]:
        """Put messages in; with UIDPLUS their UIDs are told."""
        letters = [Letter(with_crlf(one.data), to_imap(one.flags), one.date) for one in parcels]
        made = []
        async for one in self.client.append_many(self._folder(path), letters):
            same = str(one.uidvalidity or "") == self._validities.get(path, "")
            made.append(str(one.uid) if one.uid and same else "")
        return made + [""] * (len(parcels) - len(made))

    async def store(self, path: Path, changes: Changes) -> None:
        """Change flags, those with the same change together."""
        await self._select(path, self._validities[path])
        groups: dict[tuple[frozenset[str], frozenset[str]], list[str]] = defaultdict(list)
        for uid, change in changes.items():
            groups[change].append(uid)
        for (add, remove), uids in groups.items():
            await self.client.store(_numbers(uids), add=to_imap(add), remove=to_imap(remove))

    async def expunge(self, path: Path, uids: Sequence[str]) -> None:
        """Delete messages; see the head of this file for Gmail."""
        await self._select(path, self._validities[path])
        numbers = _numbers(uids)
        folder = self._folder(path)
        if self._gmail and folder.role not in ("trash", "junk"):
            last = NumberSet(sorted([
                one.uid async for one in self.client.fetch(numbers, "labels")
                if not frozenset(label.lower() for label in one.labels) - _NO_LABEL]))
            trash = next((one for one in self._folders.values() if one.role == "trash"), None)
            if last and trash is not None:
                await self.client.move(last, trash)
                numbers = numbers - last
            if folder.role == "all":
                return  # it has another label by now, so it is not gone after all
        if numbers:
            await self.client.delete_messages(numbers)

    async def duplicate(self, source: Path, uid: str, target: Path, key: str,
                        flags: frozenset[str]) -> str | None:
        """The same message also in another folder, if the server tells which UID it has there."""
        if "UIDPLUS" not in self.client.capabilities or source not in self._validities:
            return None
        await self._select(source, self._validities[source])
        copied = await self.client.copy(_numbers([uid]), self._folder(target))
        made = (copied.mapping or {}).get(int(uid))
        if made is None or str(copied.uidvalidity) != self._validities.get(target):
            return None if made is None else ""
        note = self._notes[source].get(uid)
        if note is None or note.flags != flags:
            await self._select(target, self._validities[target])
            await self.client.store(made, replace=to_imap(flags))
        return str(made)

    def newer(self, uid: str, mark: str) -> bool:
        """Whether a message came after a listing with this UIDNEXT."""
        return int(uid) >= int(mark or 0)

    async def aclose(self) -> None:
        """Log out."""
        await self.client.aclose()


def _numbers(uids: Iterable[str]) -> NumberSet:
    return NumberSet(sorted(int(uid) for uid in uids))


def _next(notes: Mapping[str, Note]) -> int:
    return max(map(int, notes), default=0) + 1


def _named(one: Fetched) -> str:
    """The Message-ID that was fetched, by whatever name the server gives the section."""
    return next((message_id(data) for data in one.bodies.values()), "")


def _state(known: Listing | None) -> State | None:
    if known is None or not known.state:
        return None
    try:
        return State.from_json(known.state)
    except UsageError:
        return None


def _unchanged(state: State, status: Status | None) -> bool:
    """Whether a folder's counters say that nothing in it has changed."""
    return (status is not None and status.highestmodseq is not None
            and status.highestmodseq == state.highestmodseq
            and (status.uidvalidity, status.uidnext) == (state.uidvalidity, state.uidnext)
            and status.messages == state.exists)


def _after(selected: Selected, notes: Mapping[str, Note]) -> State:
    """What `changes` is to be asked with the next time."""
    uids = NumberSet(sorted(int(uid) for uid in notes))
    flags: dict[str, NumberSet] = {}
    if selected.highestmodseq is None:
        flags = State.grouped((int(uid), to_imap(note.flags)) for uid, note in notes.items())
    return State(selected.uidvalidity, selected.uidnext, selected.highestmodseq, len(notes), uids,
                 flags, selected.mailbox_id)
