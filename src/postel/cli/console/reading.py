"""A message as it is read: its header, its text, what is attached. Pure.

Every line goes through `display`: no terminal obeys it, and no markup is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...wire.text import display
from ..render import size

if TYPE_CHECKING:
    from ...messages.parsed import Parsed

__all__ = ["Shown", "shown"]

_FIELDS = ("from", "sender", "reply-to", "to", "cc", "bcc", "date", "subject")
_LONGEST = 400_000
"""Characters of a text that are shown: more is for a file."""
_LONGEST_LINE = 4_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A message on the screen.

    Args:
        header: names and values.
        lines: the text, each with whether it is quoted.
        attached: a line for each attachment.
    """

    header: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, bool], ...]
    attached: tuple[str, ...]


def shown(message: Parsed, *, everything: bool = False) -> Shown:
    """What of a message is shown.

    Args:
        message: that was read.
        everything: all header fields, not those alone that people look for.

    Example:
        >>> from postel.messages import parse
        >>> shown(parse(b"Subject: Hi\\r\\n\\r\\n[b]Hi[/b]\\x1b[2J\\r\\n")).lines
        (('[b]Hi[/b]\\\\x1b[2J', False),)
    """
    header = tuple((display(field.name or "?"), display(field.value)[:_LONGEST_LINE])
                   for field in message.headers
                   if everything or (field.name or "").lower() in _FIELDS)
    text = message.text
    rest = len(text) - _LONGEST
    found = text[:_LONGEST].rstrip().split("\n")
    lines = [(display(line.expandtabs())[:_LONGEST_LINE], line.startswith(">"))
             for line in found]
    if rest > 0:
        lines.append((f"… and {rest} characters more: w writes the message to a file", False))
    attached = tuple(f"{display(one.name)}  {display(one.content_type)}, {size(len(one.content))}"
                     for one in message.attachments)
    return Shown(header, tuple(lines), attached)
