"""A list of lines with a cursor, by keys; the terminal's own colours, and none needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from .rows import Row, fitted

__all__ = ["Bar", "Lines"]


class Bar(Widget):
    """A line in reverse from edge to edge.

    Args:
        text: that it shows.
        more: arguments of the widget.
    """

    def __init__(self, text: str = "", **more: Any) -> None:
        super().__init__(**more)
        self._text = text

    def say(self, text: str) -> None:
        """Show another text; it is escaped already."""
        self._text = text
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        style = self.rich_style + Style(reverse=True)
        return Strip([Segment(fitted(f" {self._text}", self.size.width), style)])


class Lines(ScrollView, can_focus=True):
    """Rows, one of which the cursor is on: marked by ``>``, and reversed while it has the keys.

    Args:
        empty: what is said where there are no rows.
        more: arguments of the widget.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "up", show=False),
        Binding("down,j", "step(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False),
        Binding("home", "step(-1000000000)", "first", show=False),
        Binding("end", "step(1000000000)", "last", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class Chosen(Message):
        """Somebody wants the row under the cursor."""

        def __init__(self, lines: Lines, key: str) -> None:
            super().__init__()
            self.lines, self.key = lines, key

        @property
        def control(self) -> Lines:
            """The list it is in."""
            return self.lines

    def __init__(self, *, empty: str = "", **more: Any) -> None:
        super().__init__(**more)
        self._empty = empty
        self._rows: Sequence[Row] = ()
        self.cursor = 0

    @property
    def key(self) -> str | None:
        """What the cursor is on; None where there is nothing."""
        return self._rows[self.cursor].key if self._rows else None

    @property
    def keys(self) -> list[str]:
        """All there are, from above."""
        return [one.key for one in self._rows]

    def say(self, text: str) -> None:
        """What is said where there are no rows."""
        self._empty = text
        self.refresh()

    def show_rows(self, rows: Sequence[Row], at: str | None = None) -> None:
        """Show other rows.

        Args:
            rows: from above.
            at: where the cursor goes; without it, or where it is not there, it stays about where
                it was.
        """
        wanted = at if at is not None else self.key
        self._rows = rows
        found = next((n for n, one in enumerate(rows) if one.key == wanted), None)
        self.cursor = min(self.cursor, max(0, len(rows) - 1)) if found is None else found
        self.virtual_size = Size(self.size.width, len(rows))
        self.refresh()
        self.call_after_refresh(self._see)

    def go(self, key: str) -> None:
        """Put the cursor on a row."""
        for number, one in enumerate(self._rows):
            if one.key == key:
                self.action_step(number - self.cursor)

    def _see(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def action_step(self, by: int) -> None:
        """Move the cursor."""
        self.cursor = max(0, min(len(self._rows) - 1, self.cursor + by))
        self._see()
        self.refresh()

    def action_page(self, by: int) -> None:
        """Move the cursor by a screen."""
        self.action_step(by * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        """Open what the cursor is on."""
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    async def on_click(self, event: events.Click) -> None:
        """A mouse works too; nothing needs one."""
        at = int(event.y + self.scroll_offset.y)
        if at < len(self._rows):
            self.action_step(at - self.cursor)
            if event.chain > 1:
                self.action_choose()

    def on_focus(self) -> None:
        """The cursor shows who has the keys."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor shows who has the keys."""
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Rows are as wide as there is room."""
        self.virtual_size = Size(event.size.width, len(self._rows))
        self._see()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, base = self.size.width, self.rich_style
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            text = f" {self._empty}" if not self._rows and y == 0 else ""
            return Strip([Segment(text, base)]).adjust_cell_length(width, base)
        here = at == self.cursor
        chosen = base + Style(reverse=True) if here and self.has_focus else base
        segments = [Segment(">" if here else " ", chosen)]
        for text, style in self._rows[at].line(width - 1):
            plain = style == "dim" and here and self.has_focus  # dim in reverse cannot be read
            segments.append(Segment(text, chosen + Style.parse("" if plain else style)))
        return Strip(segments).adjust_cell_length(width, chosen)
