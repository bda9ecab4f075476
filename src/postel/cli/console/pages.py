"""Pages that are only read, and the page to write on where no editor is chosen."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from ...wire.text import display
from .lines import Bar

__all__ = ["HELP", "Editor", "Page", "help_text"]

_PATIENCE = 5.0
"""Seconds that keys may take into the text."""

HELP: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Everywhere", (
        ("?", "this page"), ("E", "the last error in full"), ("q", "back, or leave"),
        ("Ctrl+C", "leave, from anywhere; no text is lost"))),
    ("The lists", (
        ("j k, Up Down", "next, previous"), ("PgUp PgDn", "a screen"),
        ("Home End", "first, last"), ("Tab", "between folders and messages"),
        ("Enter", "open the folder or the message"), ("Space", "mark; what you do next is done "
         "to all that are marked"), ("X", "mark the whole conversation"))),
    ("Messages", (
        ("r", "reply"), ("R", "reply to all"), ("f", "forward"), ("c", "write a new one"),
        ("m", "move to a folder"), ("C", "copy to a folder"), ("e", "archive"),
        ("d", "delete: into the trash"), ("F", "flag, or take the flag away"),
        ("u", "mark as unread, or as read"), ("z", "undo the last move or deletion"))),
    ("Reading", (
        ("n p", "next, previous message"), ("Space -", "a screen down, up"),
        ("h", "all header fields, or few"), ("s", "save an attachment, or all"),
        ("w", "write the whole message to a file"))),
    ("Finding", (
        ("/", 'search: from:ann subject:"to do" since:2026-11 unread -spam'),
        ("Esc", "all messages again"), ("+", "older messages too"),
        ("t", "by conversation, or as they came"), ("g", "get new mail now"))),
    ("Places", (
        ("A", "another account"), ("D", "drafts that are kept on this machine"),
        ("N", "make a folder"))),
    ("Marks", (
        ("N", "new"), ("R f d", "replied to, passed on, draft"), ("F D", "flagged, deleted"),
        ("x", "marked by you"))),
)
"""All keys."""


def help_text() -> str:
    """The keys as a page."""
    lines: list[str] = []
    for title, keys in HELP:
        lines += [title, *(f"  {key:14}{text}" for key, text in keys), ""]
    return "\n".join(lines)


class Page(ModalScreen[None]):
    """A text to read.

    Args:
        title: above it.
        text: with its lines.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,enter", "leave", "back", show=False),
        Binding("j", "scroll(1)", show=False), Binding("k", "scroll(-1)", show=False),
        Binding("space", "scroll(20)", show=False), Binding("-", "scroll(-20)", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """The text."""
        yield Bar(display(self._title))
        with VerticalScroll(id="page"):
            yield Static(Content("\n".join(display(one) for one in self._text.split("\n"))))
        yield Static(Content(" q: back   j k Space -: scroll"), classes="status")

    def on_mount(self) -> None:
        """Keys scroll it."""
        self.query_one("#page").focus()

    def action_scroll(self, by: int) -> None:
        """Scroll."""
        self.query_one("#page").scroll_relative(y=by, animate=False)

    def action_leave(self) -> None:
        """Back."""
        if self.is_current:  # the key may have been pressed twice
            self.dismiss(None)


class Editor(ModalScreen[str | None]):
    """A page to write on.

    Args:
        text: to begin with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "done", "done", show=False, priority=True),
        Binding("escape", "done", "done", show=False, priority=True),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """The page."""
        yield Bar("Write: the text stands below the empty line")
        yield TextArea(self._text, soft_wrap=True, show_line_numbers=False, tab_behavior="indent",
                       compact=True, highlight_cursor_line=False)
        yield Static(Content(" Ctrl+S or Esc: done, then send or keep it"), classes="status")

    def on_mount(self) -> None:
        """Begin where something is missing: at To, or at the text."""
        area = self.query_one(TextArea)
        lines = self._text.split("\n")
        empty = next((n for n, one in enumerate(lines) if one.rstrip() == "To:"), None)
        if empty is not None:
            lines[empty] = "To: "
            area.text = "\n".join(lines)
            area.move_cursor((empty, 4))
        else:
            body = next((n for n, one in enumerate(lines) if not one), len(lines) - 1)
            area.move_cursor((min(body + 1, len(lines) - 1), 0))
        area.focus()

    @property
    def text(self) -> str:
        """What is written so far."""
        return self.query_one(TextArea).text

    async def settled(self) -> None:
        """Until all keys that were pressed are in the text: they wait in a queue of its own."""
        done = asyncio.Event()
        self.query_one(TextArea).call_later(done.set)
        try:
            await asyncio.wait_for(done.wait(), _PATIENCE)
        except TimeoutError:
            pass

    async def action_done(self) -> None:
        """It is written."""
        await self.settled()
        if self.is_current:  # the key may have been pressed twice
            self.dismiss(self.text)
