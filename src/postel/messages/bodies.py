"""Which parts of a message are its text, which its HTML, and which are attached. Grammar: pure.

The rules are those of RFC 8621 section 4.1.4: alternatives give one text and one HTML, what stands
beside texts is shown in order, and the rest is attached. Written without recursion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .part import Part

__all__ = ["Bodies", "sort_parts"]

_SHOWN = ("text/plain", "text/html")


@dataclass(slots=True)
class Bodies:
    """The parts of a message by what they are for."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    """A multipart that is being gone through."""

    parts: tuple[Part, ...]
    kind: str
    alternative: bool
    text: bool
    html: bool
    at: int = 0
    text_before: int = -1
    html_before: int = -1


def sort_parts(root: Part) -> Bodies:
    """Sort the parts of a message.

    Args:
        root: of the message.

    Example:
        >>> from postel.messages import parse
        >>> bodies = sort_parts(parse(b"Content-Type: text/html\\n\\n<p>x").root)
        >>> len(bodies.text), len(bodies.html), len(bodies.attachments)
        (1, 1, 0)
    """
    made = Bodies()
    stack = [_Level((root,), "mixed", False, True, True)]
    while stack:
        level = stack[-1]
        if level.at >= len(level.parts):
            _leave(stack.pop(), made)
            continue
        part = level.parts[level.at]
        first = level.at == 0
        level.at += 1
        if part.is_multipart:
            kind = part.content_type.partition("/")[2]
            inner = _Level(part.children, kind, level.alternative or kind == "alternative",
                           level.text, level.html)
            if kind == "alternative":
                inner.text_before = len(made.text) if level.text else -1
                inner.html_before = len(made.html) if level.html else -1
            stack.append(inner)
        else:
            _leaf(part, level, first, made)
    return made


def _leaf(part: Part, level: _Level, first: bool, made: Bodies) -> None:
    """A part that holds no others."""
    kind = part.content_type
    media = kind.startswith(("image/", "audio/", "video/"))
    inline = part.disposition != "attachment" and (kind in _SHOWN or media) and (
        first or (level.kind != "related" and (media or part.filename is None)))
    if not inline:
        made.attachments.append(part)
    elif level.kind == "alternative":
        if kind == "text/plain" and level.text:
            made.text.append(part)
        elif kind == "text/html" and level.html:
            made.html.append(part)
        else:
            made.attachments.append(part)
    else:
        if level.alternative:  # one form of several: it decides which list it belongs to
            level.html = level.html and kind != "text/plain"
            level.text = level.text and kind != "text/html"
        if level.text:
            made.text.append(part)
        if level.html:
            made.html.append(part)
        if media and not (level.text and level.html):
            made.attachments.append(part)


def _leave(level: _Level, made: Bodies) -> None:
    """Behind an alternative that had only one of the two forms, this stands for both."""
    if level.kind == "alternative" and level.text_before >= 0 and level.html_before >= 0:
        texts, htmls = made.text[level.text_before :], made.html[level.html_before :]
        if not texts:
            made.text += htmls
        elif not htmls:
            made.html += texts
