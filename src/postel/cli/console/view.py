"""The screen of one message."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from ...errors import NotFound, UsageError
from ...mail.post_types import Summary
from ...messages.attachments import file_name
from ...messages.parsed import Parsed, parse
from ...wire.text import display
from ..mail_parse import save_attachments
from .asking import Choose, Line
from .lines import Bar
from .reading import Shown, shown

if TYPE_CHECKING:
    from .app import Console

__all__ = ["View"]


class View(Screen[None]):
    """One message; keys for what is done with it are those of the list.

    Args:
        one: the message.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,left", "leave", "back", show=False),
        Binding("n,right", "other(1)", "next", show=False),
        Binding("p", "other(-1)", "previous", show=False),
        Binding("j,down", "scroll(1)", show=False), Binding("k,up", "scroll(-1)", show=False),
        Binding("space,pagedown", "screenful(1)", show=False),
        Binding("-,pageup", "screenful(-1)", show=False),
        Binding("home", "scroll(-1000000)", show=False),
        Binding("end", "scroll(1000000)", show=False),
        Binding("h", "headers", "headers", show=False),
        Binding("s", "save", "save attachments", show=False),
        Binding("w", "write", "write to a file", show=False),
    ]

    def __init__(self, one: Summary) -> None:
        super().__init__()
        self.one = one
        self.parsed: Parsed | None = None
        self._everything = False
        self._turn = asyncio.Lock()

    @property
    def console(self) -> Console:
        """The program, by its own type."""
        found: Console = self.app  # type: ignore[assignment]
        return found

    def compose(self) -> ComposeResult:
        """Header, text, and what is attached."""
        yield Bar()
        with VerticalScroll(id="letter", can_focus=True):
            yield Static(id="header")
            yield Static(id="text")
            yield Static(id="attached")
        yield Static(classes="status")

    def on_mount(self) -> None:
        """Fetch it."""
        self.query_one("#letter").focus()
        self.open(self.one)

    def open(self, one: Summary) -> None:
        """Show a message.

        Args:
            one: which.
        """
        self.one, self.parsed = one, None
        self.query_one(Bar).say(display(one.subject) or "(no subject)")
        for name in ("#header", "#text", "#attached"):
            self.query_one(name, Static).update(Content(""))
        self.query_one("#text", Static).update(Content("reading …"))
        self.console.do(self._fetch(one), group="read")

    async def _fetch(self, one: Summary) -> None:
        try:
            async with self._turn:
                if self.one is not one:
                    return  # somebody leafs faster than the network: only the last is fetched
                data = await self.console.desk.read(self.console.folder, one.key)
        except BaseException:
            self.query_one("#text", Static).update(Content(""))
            raise
        parsed = parse(data)
        made = await asyncio.to_thread(shown, parsed, everything=self._everything)
        if self.one is not one:
            return  # another was asked for meanwhile
        self.parsed = parsed
        self._show(made)
        await self.console.seen(one)

    def _show(self, made: Shown) -> None:
        pieces: list[str | tuple[str, str]] = []
        for name, value in made.header:
            pieces += [(f"{name:>8} ", "dim"), f"{value}\n"]
        self.query_one("#header", Static).update(Content.assemble(*pieces))
        lines: list[str | tuple[str, str]] = []
        for line, is_quoted in made.lines:
            lines.append((f"{line}\n", "dim") if is_quoted else f"{line}\n")
        self.query_one("#text", Static).update(Content.assemble(*lines))
        attached = [f"{number}. {one}" for number, one in enumerate(made.attached, 1)]
        text = "\n".join(["Attached (s saves):", *attached]) if attached else ""
        self.query_one("#attached", Static).update(Content(text))
        self.query_one("#letter").scroll_home(animate=False)

    # -- keys ----------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Back to the list."""
        if self.is_current:  # the key may have been pressed twice
            self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one("#letter").scroll_relative(y=by, animate=False)

    def action_screenful(self, by: int) -> None:
        """Scroll by screens."""
        letter = self.query_one("#letter")
        letter.scroll_relative(y=by * max(1, letter.size.height - 2), animate=False)

    def action_other(self, by: int) -> None:
        """The next message of the list."""
        found = self.console.step(by)
        if found is not None:
            self.open(found)

    def action_headers(self) -> None:
        """All header fields, or few."""
        self._everything = not self._everything
        if self.parsed is not None:
            self._show(shown(self.parsed, everything=self._everything))

    def action_save(self) -> None:
        """Save what is attached."""
        self.console.begin(self._save(), group="save")

    async def _save(self) -> None:
        found = self.parsed.attachments if self.parsed is not None else ()
        if self.parsed is None or not found:
            raise NotFound("save: nothing is attached")
        chosen: str | None = "all"
        if len(found) > 1:
            names = {str(number): one.name for number, one in enumerate(found)}
            chosen = await self.console.ask(
                Choose("Save", {"all": "all of them", **names}))
        if chosen is None:
            return
        where = await self.console.ask(
            Line("Save into the folder", str(Path.cwd()), "Names are made safe; nothing is "
                                                         "overwritten."))
        if not where:
            return
        only = None if chosen == "all" else int(chosen)
        saved = await asyncio.to_thread(save_attachments, self.parsed, Path(where).expanduser(),
                                        only)
        self.console.tell("saved: " + ", ".join(str(path) for path in saved.values()))

    def action_write(self) -> None:
        """Write the whole message to a file."""
        self.console.begin(self._write(), group="save")

    async def _write(self) -> None:
        if self.parsed is None:
            return
        name = file_name(f"{self.one.subject[:60] or 'message'}.eml", "message/rfc822", 1)
        where = await self.console.ask(
            Line("Write the message to", str(Path.cwd() / name), "A file that is there is never "
                                                                "overwritten."))
        if where:
            path = Path(where).expanduser()
            await asyncio.to_thread(_write_new, path, bytes(self.parsed))
            self.console.tell(f"written: {path}")


def _write_new(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise UsageError(f"{path.name}: it is there already", hint="give it another name") from None
