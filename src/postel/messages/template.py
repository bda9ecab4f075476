r"""Messages as people type them: some header lines, an empty line, the text. Grammar: pure.

    From: Ann <ann@example.org>
    To: ${who}
    Subject: Your report for $month
    Attach: report.pdf

    Hello,

Lines are read first and places filled in after that, so what is filled in can hold anything and
never becomes a line of the header. ``Attach:`` and ``Inline:`` name files, ``Html:`` a file with
the text as HTML; they may come more than once where that makes sense. Lines that begin with ``#``
above the text are notes to the author.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import UsageError
from ..wire.text import display
from .draft import Message

__all__ = ["draft_from", "template_of"]

LARGEST = 16 << 20
"""Characters of a template."""

_ADDRESSES = {"from": "from_", "to": "to", "cc": "cc", "bcc": "bcc", "reply-to": "reply_to",
              "sender": "sender"}
_TEXTS = {"subject": "subject", "in-reply-to": "in_reply_to", "references": "references",
          "message-id": "message_id"}
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)\Z", re.DOTALL)


class _Places(string.Template):
    idpattern = r"(?a:[A-Za-z_][A-Za-z0-9_.-]*)"


def draft_from(text: str, values: Mapping[str, str] | None = None, *,
               read: Callable[[str], str] | None = None, **more: Any) -> Message:
    r"""The draft that a template describes.

    Args:
        text: the template.
        values: what stands for ``$name`` and ``${name}``; ``$$`` is a dollar sign. Without it,
            dollar signs are what they are.
        read: reads the file that ``Html:`` names; None refuses it.
        more: arguments of `Message` that are added, or go before what the template says.

    Raises:
        UsageError: it is no template, a place has no value, or the message cannot be.

    Example:
        >>> draft = draft_from("From: ann@example.org\nTo: $to\nSubject: Hi\n\nHello $name!\n",
        ...                    {"to": "bob@example.org", "name": "Bob"})
        >>> draft.text, str(draft.to[0])
        ('Hello Bob!\n', 'bob@example.org')
    """
    if len(text) > LARGEST:
        raise UsageError(f"template: it is longer than {LARGEST} characters")
    head, body = _divided(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    found: dict[str, Any] = {}
    headers: list[tuple[str, str]] = []
    for name, value in head:
        filled = _filled(value, values)
        lower = name.lower()
        if not filled.strip():
            continue
        if lower in _ADDRESSES:
            found[_ADDRESSES[lower]] = [*found.get(_ADDRESSES[lower], []), filled]
        elif lower in _TEXTS:
            found[_TEXTS[lower]] = filled
        elif lower in ("attach", "inline"):
            found[lower] = [*found.get(lower, []), filled]
        elif lower == "html":
            found["html"] = _filled(_read(filled, read), values)
        else:
            headers.append((name, filled))
    shown = _filled(body, values)
    if shown.strip() or "html" not in found:
        found["text"] = shown
    if headers:
        found["headers"] = headers
    for name, given in more.items():
        both = name in ("attach", "inline", "headers")
        if given or given == "":
            found[name] = [*found.get(name, []), *given] if both else given
    return Message(**found)


def _read(name: str, read: Callable[[str], str] | None) -> str:
    if read is None:
        raise UsageError(f"template: Html: {display(name)}: files cannot be read here")
    return read(name)


def _divided(text: str) -> tuple[list[tuple[str, str]], str]:
    """The header lines, unfolded, and the text."""
    head: list[tuple[str, str]] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not line.strip():
            return head, "\n".join(lines[number + 1 :])
        if line.startswith("#"):
            continue
        if line[0] in " \t" and head:
            name, value = head[-1]
            head[-1] = (name, f"{value} {line.strip()}")
            continue
        found = _FIELD.match(line)
        if found is None:
            raise UsageError(
                f"template line {number + 1} '{display(line[:80])}': this is no header",
                hint="To: …, Subject: …, then an empty line, then the text")
        head.append((found[1], found[2].strip()))
    return head, ""


def _filled(text: str, values: Mapping[str, str] | None) -> str:
    if values is None:
        return text
    try:
        return _Places(text).substitute(values)
    except KeyError as error:
        raise UsageError(f"template: there is no value for ${error.args[0]}",
                         hint=f"--set {error.args[0]}=…") from None
    except ValueError:
        raise UsageError("template: a dollar sign that names nothing",
                         hint="$name, ${name}, or $$ for the sign itself") from None


def template_of(draft: Message, *, notes: Iterable[str] = ()) -> str:
    """A draft as a template, to be opened in an editor.

    What a template cannot hold (files in memory, HTML) is left out: the caller keeps it.

    Args:
        draft: such as an answer.
        notes: for the author, above.

    Example:
        >>> print(template_of(Message(from_="a@example.org", subject="Hi", text="Hello")))
        From: a@example.org
        To:
        Subject: Hi
        <BLANKLINE>
        Hello
    """
    lines = [f"# {note}" for note in notes]
    for name, key in _ADDRESSES.items():
        value = ", ".join(_shown(box) for box in getattr(draft, key))
        if value or name == "to":
            lines.append(f"{name.title()}: {value}")
    lines.append(f"Subject: {draft.subject}")
    if draft.in_reply_to:
        lines.append(f"In-Reply-To: {draft.in_reply_to}")
    if draft.references:
        lines.append(f"References: {' '.join(draft.references)}")
    headers: Any = draft.headers
    lines += [f"{name}: {value}" for name, value in headers
              if name.lower() not in ("attach", "inline", "html")]  # of a stranger's message
    return "\n".join([*lines, "", draft.text or ""])


def _shown(box: Any) -> str:
    if not box.name:
        return str(box.address)
    escaped = box.name.replace("\\", "\\\\").replace('"', '\\"')
    quote = '"' if re.search(r'[()<>\[\]:;@\\,"]', box.name) else ""
    return f"{quote}{escaped if quote else box.name}{quote} <{box.address}>"
