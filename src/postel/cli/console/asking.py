"""Small questions at the bottom of the screen: a line, a choice of many, a choice by a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...wire.text import display
from .lines import Lines
from .rows import Row, text_row

__all__ = ["Choose", "Line", "Pick"]

_CANCEL = Binding("escape", "cancel", "never mind", show=False)


class Line(ModalScreen[str | None]):
    """Asks for a line.

    Args:
        label: before it.
        value: what it begins with.
        hint: below it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [_CANCEL]

    def __init__(self, label: str, value: str = "", hint: str = "") -> None:
        super().__init__()
        self._label, self._value, self._hint = label, value, hint

    def compose(self) -> ComposeResult:
        """The line."""
        with Vertical(id="asked"):
            yield Static(Content(f"{self._label}   Enter: do it   Esc: never mind"),
                         classes="label")
            yield Input(self._value, compact=True, select_on_focus=False)
            if self._hint:
                yield Static(Content(self._hint), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """It is answered."""
        if self.is_current:  # the key may have been pressed twice
            self.dismiss(event.value)

    def action_cancel(self) -> None:
        """It is not."""
        if self.is_current:  # the key may have been pressed twice
            self.dismiss(None)


class Choose(ModalScreen[str | None]):
    """Asks for one of many: typing narrows them down, Tab completes.

    Args:
        label: above them.
        choices: keys with what is shown of them.
        fresh: whether something else may be typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        _CANCEL,
        Binding("tab", "complete", "complete", show=False, priority=True),
        Binding("up", "step(-1)", "up", show=False, priority=True),
        Binding("down", "step(1)", "down", show=False, priority=True),
    ]

    def __init__(self, label: str, choices: Mapping[str, str], *, fresh: bool = False) -> None:
        super().__init__()
        self._label, self._choices, self._fresh = label, choices, fresh

    def compose(self) -> ComposeResult:
        """The choices below a line that narrows them down."""
        with Vertical(id="asked"):
            yield Static(Content(f"{self._label}   Tab: complete   Enter: take it   "
                                 "Esc: never mind"), classes="label")
            yield Input(compact=True)
            yield Lines(empty="none of that name", id="choices")

    def on_mount(self) -> None:
        """All of them, to begin with."""
        self.query_one(Lines).can_focus = False
        self._narrow("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow them down."""
        self._narrow(event.value)

    def _narrow(self, typed: str) -> None:
        low = typed.lower()
        found = [(not shown.lower().startswith(low), number, key, shown)
                 for number, (key, shown) in enumerate(self._choices.items())
                 if low in shown.lower()]
        rows: list[Row] = [text_row(key, shown) for _, _, key, shown in sorted(found)]
        lines = self.query_one(Lines)
        lines.cursor = 0
        lines.show_rows(rows, rows[0].key if rows else None)

    def _then(self, work: Callable[[], None]) -> None:
        """Do something after the keys before it: they wait in the queue of the line."""
        self.query_one(Input).call_later(lambda: self.call_later(work))

    def action_step(self, by: int) -> None:
        """Another of them."""
        self._then(lambda: self.query_one(Lines).action_step(by))

    def action_complete(self) -> None:
        """Type the rest of the one under the cursor."""
        self._then(self._complete)

    def _complete(self) -> None:
        key = self.query_one(Lines).key
        if key is not None:
            box = self.query_one(Input)
            box.value = display(self._choices[key])
            box.cursor_position = len(box.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """It is chosen."""
        key = self.query_one(Lines).key
        typed = event.value.strip()
        if key is None and self._fresh and typed:
            if self.is_current:  # the key may have been pressed twice
                self.dismiss(typed)
        elif key is not None and self.is_current:
            self.dismiss(key)

    def action_cancel(self) -> None:
        """None of them."""
        if self.is_current:  # the key may have been pressed twice
            self.dismiss(None)


class Pick(ModalScreen[str]):
    """Asks for one key.

    Args:
        lines: what is said.
        keys: what each key does; Esc is the last of them.
    """

    def __init__(self, lines: Sequence[str], keys: Mapping[str, str]) -> None:
        super().__init__()
        self._lines, self._keys = lines, keys

    def compose(self) -> ComposeResult:
        """The question, and its keys."""
        with Vertical(id="asked"):
            yield Static(Content("\n".join(display(one) for one in self._lines)), classes="said")
            yield Static(Content("   ".join(f"{key}: {text}" for key, text in self._keys.items())),
                         classes="label")

    def on_key(self, event: events.Key) -> None:
        """It is answered."""
        event.stop()
        if not self.is_current:
            return  # the key was pressed twice
        if event.key == "escape":
            self.dismiss(list(self._keys)[-1])
        elif event.character in self._keys:
            self.dismiss(event.character)
