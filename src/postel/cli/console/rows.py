"""How folders and messages look on a line; what a peer wrote is escaped here. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len, set_cell_size

from ...mail.post_types import FolderView, Summary, threads_of
from ...wire.text import display

__all__ = ["Row", "fitted", "folder_rows", "marks", "message_rows", "text_row", "when"]

Pieces = list[tuple[str, str]]
"""Texts with their styles."""

_DEEPEST = 6
_ROLES = {"inbox": "Inbox", "flagged": "Flagged", "drafts": "Drafts", "sent": "Sent",
          "archive": "Archive", "all": "All mail", "junk": "Junk", "trash": "Trash"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list.

    Args:
        key: what it stands for.
        line: what it shows in so many columns.
    """

    key: str
    line: Callable[[int], Pieces]


def fitted(text: str, room: int) -> str:
    """A text in exactly so many columns; what is left out is told by an ellipsis.

    Example:
        >>> fitted("Grüße", 7), fitted("日本語", 5)
        ('Grüße  ', '日本…')
    """
    if room < 1:
        return ""
    if cell_len(text) <= room:
        return set_cell_size(text, room)
    return set_cell_size(f"{set_cell_size(text, room - 1).rstrip()}…", room)


def text_row(key: str, text: str, style: str = "") -> Row:
    """A line of one text."""
    shown = display(text)
    return Row(key, lambda width: [(fitted(shown, width), style)])


def folder_rows(found: Iterable[FolderView], here: str) -> list[Row]:
    """Folders: those with a role by its word, with how many messages nobody has read."""
    return [_folder(one, one.name == here) for one in found if one.holds]


def _folder(one: FolderView, here: bool) -> Row:
    plain = one.name.rsplit("/", 1)[-1].rsplit(".", 1)[-1].lower()
    word = _ROLES.get(one.role, "")
    usual = word if word and (plain == one.role or one.role == "inbox") else one.name
    name = display(usual)
    unread = str(one.unread) if one.unread else ""

    def line(width: int) -> Pieces:
        room = width - len(unread) - 1
        style = "bold" if here or one.unread else ""
        return [(fitted(name, room), style), (f"{unread} " if unread else " ", "bold")]

    return Row(one.name, line)


def marks(one: Summary) -> str:
    """Three letters: N new; R answered, f passed on, d draft; F flagged, D deleted."""
    flags = one.flags
    return "".join((
        " " if "seen" in flags else "N",
        "R" if "answered" in flags else "f" if "forwarded" in flags
        else "d" if "draft" in flags else " ",
        "D" if "deleted" in flags else "F" if "flagged" in flags else " "))


def when(one: Summary, now: datetime) -> str:
    """The time of today, the day of this year, or the month of another."""
    moment = one.moment
    if moment is None:
        return ""
    try:
        moment = moment.astimezone()
    except (OverflowError, ValueError, OSError):  # a year that no clock has
        return str(moment.year)
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    return f"{moment.day:>2} {moment:%b}" if moment.year == now.year else f"{moment:%b %Y}"


def message_rows(found: Sequence[Summary], *, threads: bool, marked: Iterable[str],
                 now: datetime, outgoing: bool = False) -> list[Row]:
    """Messages as conversations, or as they came.

    Args:
        found: the messages.
        threads: whether conversations are shown.
        marked: keys of those that are marked.
        now: in the zone of this machine.
        outgoing: whether the reader is named, not the author: in Sent and Drafts.
    """
    chosen = set(marked)
    rows = []
    if not threads:
        return [_message(one, 0, one.key in chosen, when(one, now), outgoing)
                for one in found]
    for thread in threads_of(found):
        for row in thread.rows:
            if row.entry is None:
                continue
            one = row.entry.key
            rows.append(_message(one, row.depth, one.key in chosen, when(one, now), outgoing))
    return rows


def _message(one: Summary, depth: int, chosen: bool, moment: str, outgoing: bool) -> Row:
    indent = "  " * max(0, min(depth, _DEEPEST) - 1)
    subject = display(one.subject) or "(no subject)"
    if depth:
        subject = f"{indent}└ {subject}"
    who = display(_reader(one) if outgoing else one.author)
    new = "bold" if "seen" not in one.flags else ""

    def line(width: int) -> Pieces:
        author = max(10, min(22, width // 3 - 2))
        room = width - author - 5 - 1 - 9
        return [("x" if chosen else " ", "bold"), (f"{marks(one)} ", new),
                (fitted(who, author), new), (" ", ""), (fitted(subject, room), new),
                (f"{moment:>8} ", "dim")]

    return Row(one.key, line)


def _reader(one: Summary) -> str:
    for box in one.to or one.cc:
        return f"To: {box.name or getattr(box, 'address', '')}"
    return "To: nobody"
