"""What keys do with messages: move, file, flag, delete, find; and undo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import NotFound, NotSupported
from ...mail.post_types import Summary, threads_of
from ...wire.text import display
from .asking import Choose, Line, Pick
from .desk import query_from

if TYPE_CHECKING:
    from ...mail.post_types import FolderView
    from .access import Access, Place
    from .desk import Desk
    from .lines import Lines
    from .view import View

__all__ = ["Acting"]


class Acting:
    """Actions on messages; a part of `Console`."""

    if TYPE_CHECKING:
        access: Access
        place: Place
        desk: Desk
        folder: str
        folders: list[FolderView]
        found: dict[str, Summary]
        marked: set[str]
        by_thread: bool
        limit: int
        searched: str
        do: Callable[..., None]
        tell: Callable[[str], None]
        reload: Callable[..., Awaitable[None]]
        update_rows: Callable[[], None]
        show_folder: Callable[[str], Awaitable[None]]
        open_place: Callable[[Place], Awaitable[None]]
        ask: Any
        begin: Callable[..., None]

        @property
        def lines(self) -> Lines: ...  # noqa: D102
        @property
        def view(self) -> View | None: ...  # noqa: D102

    def chosen(self) -> list[Summary]:
        """What is done next is done to these: the message that is read, those marked, or one.

        Raises:
            NotFound: there is none.
        """
        if self.view is not None:
            return [self.view.one]
        keys = [key for key in self.lines.keys if key in self.marked]
        if not keys and self.lines.key is not None:
            keys = [self.lines.key]
        if not keys:
            raise NotFound("there is no message here")
        return [self.found[key] for key in keys if key in self.found]

    async def seen(self, one: Summary) -> None:
        """A message has been read."""
        if "seen" in one.flags:
            return
        try:
            await self._flagged([one], add="seen")
        except NotSupported:
            pass  # POP3 knows no flags

    async def _flagged(self, some: Sequence[Summary], *, add: str = "", remove: str = "") -> None:
        await self.desk.flag(self.folder, [one.key for one in some],
                             add=[add] if add else [], remove=[remove] if remove else [])
        for one in some:
            if one.key in self.found:
                self.changed(one, (one.flags | ({add} if add else set())) - {remove})
        self.update_rows()

    def changed(self, one: Summary, flags: frozenset[str]) -> None:
        """Note the flags of a message, and how many nobody has read."""
        before = self.found[one.key]
        self.found[one.key] = made = replace(before, flags=flags)
        more = ("seen" in before.flags) - ("seen" in flags)
        self.folders = [
            replace(view, unread=max(0, view.unread + more))
            if view.name == self.folder and view.unread is not None else view
            for view in self.folders]
        if self.view is not None and self.view.one.key == one.key:
            self.view.one = made

    async def _gone(self, some: Sequence[Summary], text: str) -> None:
        """Messages are here no more: the cursor and the reader go on to the next."""
        away = {one.key for one in some}
        view = self.view
        keys = self.lines.keys
        after = [key for key in keys[self.lines.cursor:] if key not in away]
        for key in away:
            self.found.pop(key, None)
        self.marked -= away
        if after:
            self.lines.go(after[0])
        self.update_rows()
        self.tell(text)
        if view is not None:
            if after:
                view.open(self.found[after[0]])
            else:
                view.dismiss(None)
        self.folders = await self.desk.folders()
        self.update_rows()

    # -- flags ---------------------------------------------------------------------------------

    def action_flag(self) -> None:
        """Flag, or take the flag away."""
        self.do(self._toggle("flagged"))

    def action_unread(self) -> None:
        """Mark as unread, or as read."""
        self.do(self._toggle("seen"))

    async def _toggle(self, word: str) -> None:
        some = self.chosen()
        if all(word in one.flags for one in some):
            await self._flagged(some, remove=word)
        else:
            await self._flagged(some, add=word)
        self.tell("")

    # -- filing --------------------------------------------------------------------------------

    async def _folder(self, label: str) -> str | None:
        """Ask for a folder; one that is typed and not there is made."""
        names = {one.name: one.name for one in self.folders
                 if one.holds and one.name != self.folder}
        target: str | None = await self.ask(Choose(label, names, fresh=True))
        if target is None or target in names:
            return target
        answer = await self.ask(
            Pick([f"There is no folder {target}."], {"y": "make it", "n": "never mind"}))
        if answer != "y":
            return None
        await self.desk.make(target)
        return target

    def action_move(self) -> None:
        """Move to a folder."""
        self.begin(self._move())

    async def _move(self) -> None:
        some = self.chosen()
        target = await self._folder(f"Move {_count(some)} to")
        if target is not None:
            await self._filed(some, target)

    async def _filed(self, some: Sequence[Summary], target: str) -> None:
        goal = await self.desk.move(self.folder, some, target)
        await self._gone(some, f"{_count(some)} moved to {display(goal)}   z: undo")

    def action_copy(self) -> None:
        """Copy to a folder."""
        self.begin(self._copy())

    async def _copy(self) -> None:
        some = self.chosen()
        target = await self._folder(f"Copy {_count(some)} to")
        if target is not None:
            goal = await self.desk.copy(self.folder, some, target)
            self.folders = await self.desk.folders()
            self.update_rows()
            self.tell(f"{_count(some)} copied to {display(goal)}")

    def action_archive(self) -> None:
        """Into the archive."""
        self.do(self._archive())

    async def _archive(self) -> None:
        some = self.chosen()
        roles = {one.role: one.name for one in reversed(self.folders) if one.role}
        names = {one.name.lower(): one.name for one in self.folders}
        told = self.place.account.folders if self.place.account is not None else {}
        target = (told.get("archive") or roles.get("archive") or names.get("archive")
                  or roles.get("all"))
        if target is None:
            answer = await self.ask(Pick(
                ["There is no archive yet."], {"y": "make a folder Archive", "n": "never mind"}))
            if answer != "y":
                return
            await self.desk.make("Archive")
            target = "Archive"
        await self._filed(some, target)

    def action_delete(self) -> None:
        """Into the trash; from there, for good."""
        self.do(self._delete())

    async def _delete(self) -> None:
        some = self.chosen()
        trash = await self.desk.trash()
        if (not trash or trash == self.folder) and self.desk.kind != "pop3":
            answer = await self.ask(
                Pick([f"Delete {_count(some)} for good?"], {"y": "delete", "n": "never mind"}))
            if answer != "y":
                return
        where = await self.desk.delete(self.folder, some)
        back = "   z: undo" if self.desk.undo is not None else ""
        text = f"moved to {display(where)}" if where else "deleted"
        await self._gone(some, f"{_count(some)} {text}{back}")

    def action_undo(self) -> None:
        """Take the last move or deletion back."""
        self.do(self._undo())

    async def _undo(self) -> None:
        done = await self.desk.take_back()
        await self.reload()
        self.tell(f"taken back: {done.text}")

    def action_make_folder(self) -> None:
        """Make a folder."""
        self.begin(self._make())

    async def _make(self) -> None:
        name = await self.ask(Line("Make the folder"))
        if name and name.strip():
            await self.desk.make(name.strip())
            self.folders = await self.desk.folders()
            self.update_rows()
            self.tell(f"there is a folder {display(name.strip())} now")

    # -- marking -------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the message, and go on."""
        key = self.lines.key
        if self.view is None and key is not None:
            self.marked ^= {key}
            self.update_rows()
            self.lines.action_step(1)

    def action_mark_thread(self) -> None:
        """Mark the whole conversation."""
        key = self.lines.key
        for thread in threads_of(self.found.values()):
            keys = {one.key for one in thread.keys}
            if key in keys:
                self.marked = self.marked - keys if keys <= self.marked else self.marked | keys
        self.update_rows()

    # -- finding -------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Show only some messages."""
        if self.view is None:
            self.begin(self._search())

    async def _search(self) -> None:
        typed = await self.ask(Line(
            "Search", self.searched,
            'from:ann subject:"to do" since:2026-11 unread -spam larger:2M'))
        if typed is None:
            return
        query_from(typed)  # what cannot be read is told before the list is gone
        self.searched = typed.strip()
        await self.reload(first=True)
        self.tell("")

    def action_clear(self) -> None:
        """All messages again, none of them marked."""
        self.marked.clear()
        self.tell("")
        if self.searched:
            self.searched = ""
            self.do(self.reload(first=True))
        else:
            self.update_rows()

    def action_more(self) -> None:
        """List older ones too."""
        self.limit *= 4
        self.do(self.reload())

    def action_threads(self) -> None:
        """By conversation, or as they came."""
        self.by_thread = not self.by_thread
        self.update_rows()
        self.tell("by conversation" if self.by_thread else "as they came")

    def action_get(self) -> None:
        """Look for new mail now."""
        self.do(self._get())

    async def _get(self) -> None:
        await self.desk.refresh()
        if not self.folder:
            await self.open_place(self.place)
            return
        before = set(self.found)
        await self.reload()
        fresh = len(set(self.found) - before)
        self.tell(f"{fresh} new" if fresh else "nothing new")

    # -- places --------------------------------------------------------------------------------

    def action_accounts(self) -> None:
        """Open another account."""
        if self.view is None:
            self.begin(self._accounts())

    async def _accounts(self) -> None:
        names = {str(number): one.name for number, one in enumerate(self.access.places)}
        picked = await self.ask(Choose("Open the account", names))
        if picked is not None:
            await self.open_place(self.access.places[int(picked)])


def _count(some: Sequence[Summary]) -> str:
    return "1 message" if len(some) == 1 else f"{len(some)} messages"
