"""The console itself: folders at the left, messages at the right, a line that tells what happens.

Nothing here waits for a network: what does is a worker, and one after the other has the post
(`Desk`). Texts of peers are never markup: they are `Content` or segments, escaped before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import aclosing
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from ...errors import NetworkError, NotSupported, PostelError
from ...mail.post_types import FolderView, Summary
from ...wire.text import display
from .access import Access, Place
from .acting import Acting
from .composing import Composing
from .desk import Desk, query_from
from .lines import Bar, Lines
from .pages import Editor, Page, help_text
from .rows import folder_rows, message_rows
from .view import View

__all__ = ["Console"]

T = TypeVar("T")
_FIRST = 200
"""Messages that are listed at once; + lists more."""
_STILL = "a message is being sent: q again leaves nevertheless, and keeps its text"
_LONGEST_PAUSE = 300.0
_GOODBYE = 2.0
"""Seconds that saying goodbye to a server may take."""
_COUNTS_EVERY = 120.0
"""Seconds between two looks at how many messages other folders have."""


class Console(Acting, Composing, App[int]):
    """The program.

    Args:
        access: what leads to the mail.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help"), Binding("q", "leave", "leave"),
        Binding("ctrl+c,ctrl+q", "stop", "leave", priority=True), Binding("E", "error", "error"),
        Binding("tab", "other_pane", "panes", priority=False),
        Binding("r", "reply(False)", "reply"), Binding("R", "reply(True)", "reply to all"),
        Binding("f", "forward", "forward"), Binding("c", "compose", "new message"),
        Binding("m", "move", "move"), Binding("C", "copy", "copy"),
        Binding("e", "archive", "archive"), Binding("d,delete", "delete", "delete"),
        Binding("F", "flag", "flag"), Binding("u", "unread", "unread"),
        Binding("z", "undo", "undo"), Binding("space", "mark", "mark"),
        Binding("X", "mark_thread", "mark all of it"), Binding("slash", "search", "search"),
        Binding("escape", "clear", "all messages"), Binding("plus", "more", "older ones"),
        Binding("t", "threads", "conversations"), Binding("g", "get", "get mail"),
        Binding("A", "accounts", "accounts"), Binding("D", "drafts", "drafts"),
        Binding("N", "make_folder", "make a folder"),
    ]

    def __init__(self, access: Access) -> None:
        super().__init__(ansi_color=True)
        self.access = access
        self.place: Place = access.places[0]
        self.desk = Desk(access, self.place)
        self.folder = ""
        self.folders: list[FolderView] = []
        self.found: dict[str, Summary] = {}
        self.marked: set[str] = set()
        self.by_thread, self.limit, self.searched = True, _FIRST, ""
        self.last_error: PostelError | None = None
        self._said, self._busy = "", 0
        self.awaiting = False
        self._known: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        """Folders, messages, a line above and one below."""
        yield Bar(id="bar")
        with Horizontal():
            yield Lines(id="folders")
            yield Lines(id="messages")
        yield Static(classes="status", id="status")

    def on_mount(self) -> None:
        """Open the mail."""
        self.lines.focus()
        self.set_interval(_COUNTS_EVERY, self._count)
        self.do(self._open(), group="open")

    # -- parts ---------------------------------------------------------------------------------

    @property
    def lines(self) -> Lines:
        """The messages."""
        return self.screen_stack[0].query_one("#messages", Lines)

    @property
    def pane(self) -> Lines:
        """The folders."""
        return self.screen_stack[0].query_one("#folders", Lines)

    @property
    def view(self) -> View | None:
        """The message that is read."""
        return self.screen if isinstance(self.screen, View) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is typed before a question or a page is there is no command."""
        quiet = self.awaiting and not isinstance(self.screen, ModalScreen)
        return action in ("stop", "help", "error") if quiet else True

    def begin(self, work: Awaitable[None], *, group: str = "work") -> None:
        """Do what asks its user something; what is typed until it asks is for the answer."""
        async def whole() -> None:
            try:
                await work
            finally:
                self.awaiting = False

        self.awaiting = True
        self.do(whole(), group=group)

    async def ask(self, question: Screen[T], *, more: bool = False) -> T | None:
        """The answer to a question.

        Args:
            question: it is a screen.
            more: whether another follows at once; what is typed between them is no command.
        """
        self._busy -= 1
        self._bar()
        try:
            return await self.push_screen_wait(question)
        finally:
            self._busy += 1
            self.awaiting = more

    def do(self, work: Awaitable[None], *, group: str = "work") -> None:
        """Let something be done beside the interface; what fails is told in the line below."""
        self.run_worker(self._guarded(work), group=group, exclusive=group == "watch")

    async def _guarded(self, work: Awaitable[None]) -> None:
        self._busy += 1
        self._bar()
        try:
            await work
        except PostelError as error:
            self.fail(error)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self.fail(PostelError(f"{where}{error.strerror or error}"))
        finally:
            self._busy -= 1
            self._bar()

    # -- what is told --------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Say something in the line below."""
        self._said = text
        self._status()

    def fail(self, error: PostelError) -> None:
        """Tell an error, with its hint; E shows all of it."""
        self.last_error = error
        hint = f" ({error.hint})" if error.hint else ""
        self.tell(f"! {error}{hint}   E: more")

    def _status(self) -> None:
        keys = ("n p: next   r: reply   f: forward   m: move   e: archive   d: delete   ?: keys"
                if self.view else
                "Enter: read   r: reply   c: write   m: move   e: archive   d: delete   ?: keys")
        text = Content(f" {display(self._said) or keys}")
        for screen in self.screen_stack:
            for one in screen.query(".status").results(Static):
                if not isinstance(screen, Page | Editor):
                    one.update(text)

    def _bar(self) -> None:
        try:
            bar = self.screen_stack[0].query_one("#bar", Bar)
        except (NoMatches, IndexError):
            return  # we are leaving
        view = next((one for one in self.folders if one.name == self.folder), None)
        counts = ""
        if view is not None and view.messages is not None:
            fresh = f"{view.unread} new of " if view.unread else ""
            counts = f"{fresh}{view.messages}"
        search = f"   / {self.searched}" if self.searched else ""
        marked = f"   {len(self.marked)} marked" if self.marked else ""
        busy = "   …" if self._busy else ""
        bar.say(display(f"Postel   {self.place.name}   {self.folder}   {counts}"
                        f"{search}{marked}{busy}"))

    # -- opening and listing -------------------------------------------------------------------

    async def _open(self) -> None:
        self.lines.say("opening …")
        try:
            self.folder = await self.desk.first()
            self.folders = await self.desk.folders()
        except BaseException:
            self.lines.say("nothing could be opened: g tries again, A opens another account")
            raise
        if self.folder not in [one.name for one in self.folders] and self.folders:
            self.folder = next((one.name for one in self.folders if one.holds), "")
        await self.show_folder(self.folder)

    async def show_folder(self, folder: str) -> None:
        """List another folder."""
        if folder != self.folder:
            self.limit, self.searched = _FIRST, ""
        self.folder, self.found = folder, {}
        self.marked.clear()
        self.lines.cursor = 0
        self.lines.say("reading …")
        self._rows()
        await self.reload(first=True)
        self.do(self._watch(folder), group="watch")

    async def reload(self, *, first: bool = False) -> None:
        """List the folder anew.

        Args:
            first: the cursor goes to the first message that nobody has read, or to the last.
        """
        folder, query = self.folder, query_from(self.searched)
        try:
            found = await self.desk.list(folder, query=query, last=self.limit)
            self.folders = await self.desk.folders()
        finally:
            self.lines.say("no message is like that: Esc shows all" if self.searched
                           else "no messages")
        if folder != self.folder:
            return  # another was opened meanwhile
        self.found = {one.key: one for one in found}
        self.marked &= set(self.found)
        self._rows()
        if first and found:
            fresh = [key for key in self.lines.keys if "seen" not in self.found[key].flags]
            self.lines.go(fresh[0] if fresh else self.lines.keys[-1])

    def _rows(self, at: str | None = None) -> None:
        role = next((one.role for one in self.folders if one.name == self.folder), "")
        self.lines.show_rows(message_rows(
            list(self.found.values()), threads=self.by_thread, marked=self.marked,
            now=datetime.now().astimezone(), outgoing=role in ("sent", "drafts")), at)
        pane = self.pane
        away = None if pane.has_focus and pane.key is not None else self.folder
        pane.show_rows(folder_rows(self.folders, self.folder), away)
        self._bar()
        self._status()

    def update_rows(self) -> None:
        """Show what is known now."""
        self._rows()

    def _count(self) -> None:
        if self.desk.kind == "imap" and not self._busy:
            self.do(self._counted(), group="count")

    async def _counted(self) -> None:
        self.folders = await self.desk.folders()
        self._rows()

    async def _watch(self, folder: str) -> None:
        """List the folder anew as mail arrives; a connection that breaks is made anew."""
        self._busy -= 1  # this one is always there
        self._bar()
        pause = 1.0
        try:
            while True:
                try:
                    async with aclosing(self.desk.arrivals(folder, self._known)) as news:
                        async for one in news:
                            pause = 1.0
                            self.tell(f"new: {one.author}: {one.subject}")
                            await self.reload()
                except NotSupported:
                    return  # POP3: g looks
                except (NetworkError, OSError):
                    pass  # the list itself tells what is wrong with the network
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            self._busy += 1

    async def _leave_place(self, place: Place) -> None:
        self.workers.cancel_group(self, "watch")
        await self.desk.aclose()
        self.place, self.desk = place, Desk(self.access, place)
        self.folder, self.folders, self.searched, self._known = "", [], "", {}
        self.found = {}
        self._rows()
        await self._open()

    async def open_place(self, place: Place) -> None:
        """Open another account; where a password is to be asked for, the terminal is free."""
        await self.outside(lambda: self.access.ask(place))
        await self._leave_place(place)

    async def outside(self, work: Any) -> None:
        """Do something that may speak with its user in the terminal itself."""
        try:
            with self.suspend():
                await asyncio.to_thread(work)
        except SuspendNotSupported:  # there is no terminal: a test, or a browser
            await asyncio.to_thread(work)

    # -- keys of the lists ---------------------------------------------------------------------

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        """Open a folder or a message."""
        if event.lines.id == "folders":
            self.do(self.show_folder(event.key), group="open")
            self.lines.focus()
        elif event.key in self.found:
            self._said = ""
            self.push_screen(View(self.found[event.key]), lambda _: self._rows())
            self.call_after_refresh(self._status)

    def step(self, by: int) -> Summary | None:
        """Go on in the list; the message that the cursor is on then."""
        before = self.lines.key
        self.lines.action_step(by)
        key = self.lines.key
        if key is None or key == before:
            self.tell("that was the last one" if by > 0 else "that was the first one")
            return None
        self.tell("")
        return self.found[key]

    def action_other_pane(self) -> None:
        """Between folders and messages."""
        if self.view is None:
            (self.lines if self.pane.has_focus else self.pane).focus()

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(Page("Keys", help_text()))

    def action_error(self) -> None:
        """The last error in full."""
        error = self.last_error
        if error is None:
            self.tell("nothing went wrong")
            return
        rows = [f"{type(error).__name__}: {error}", "", *(
            f"{name}: {value}" for name, value in (
                ("hint", error.hint), ("command", error.command), ("where", error.url),
                ("code", error.code), ("answer", getattr(error, "text", ""))) if value)]
        rows += [f"tried {one}" for one in getattr(error, "attempts", ())]
        self.push_screen(Page("The last error", "\n".join(rows)))

    def action_leave(self) -> None:
        """Leave; not in the middle of sending."""
        if self.sending and self._said != _STILL:
            self.tell(_STILL)
            return
        self.do(self._left(), group="leave")

    async def _left(self) -> None:
        self.workers.cancel_group(self, "watch")
        self.exit(0)

    async def action_stop(self) -> None:
        """Leave from anywhere; what is being written is kept."""
        if isinstance(self.screen, Editor):
            await self.screen.settled()
        self.keep_open_text()
        self.do(self._left(), group="leave")

    async def on_unmount(self) -> None:
        """Say goodbye to the server."""
        try:
            await asyncio.wait_for(self.desk.aclose(), _GOODBYE)
        except TimeoutError:
            pass  # the network is gone, and we are leaving
