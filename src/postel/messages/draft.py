"""A message as its author thinks of it: to whom, about what, with which files.

Grammar. Everything is checked when the draft is made, so that what is wrong is said where it was
written; `Message.build` then turns it into the bytes that are sent. Clock and chance are arguments:
the same draft, moment and token make the same message, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..wire.text import display
from .encode_addresses import Boxes, boxes
from .encode_words import checked
from .invite import Event

if TYPE_CHECKING:
    from .build import Built
    from .source import Files

__all__ = ["Message", "Protect"]

Protect = Callable[[bytes], bytes]
"""Signs or encrypts: given the MIME entity that is to be protected, with its ``Content-*`` fields
and CRLF, it returns the entity that stands in its place (RFC 1847, 3156, 8551)."""

_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,900}>\Z")
_NAME = re.compile(r"[!-9;-~]{1,200}\Z")
_OWN = {"from": "from_", "to": "to", "cc": "cc", "bcc": "bcc", "reply-to": "reply_to",
        "sender": "sender", "subject": "subject", "date": "date", "message-id": "message_id",
        "in-reply-to": "in_reply_to", "references": "references"}


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message to be sent.

    Addresses are texts (``"Ann <ann@example.org>"``, several with commas), pairs of name and
    address, or lists of these, in any language. Files are paths, `Source`, `Attachment`, or pairs
    of a name and bytes. HTML shows an inline file as ``cid:`` and its name.

    Args:
        from_: whose message it is.
        to: to whom.
        cc: who gets a copy.
        bcc: who gets one unseen: they are in the envelope, and nowhere in what is sent.
        reply_to: where answers shall go.
        sender: who sends it for `from_`; needed where that is several, by default the first.
        subject: what it is about.
        text: the body as plain text.
        html: the body as HTML; with both, the reader chooses.
        attach: files that go with it.
        inline: files that the HTML shows.
        invite: an event that its readers can accept.
        headers: further fields, by name or as pairs.
        message_id: by default made of `unique` and the domain of `from_`.
        in_reply_to: the message that it answers.
        references: the messages before it, oldest first.
        date: when it was written; by default when it is built.
        protect: signs or encrypts.

    Example:
        >>> from datetime import datetime, timezone
        >>> note = Message(from_="Ann <ann@example.org>", to="bob@example.org",
        ...                subject="Grüße", text="Hello Bob")
        >>> built = note.build(now=datetime(2026, 11, 21, 10, tzinfo=timezone.utc),
        ...                    unique="4kJ8sPq2Xw7m")
        >>> print(bytes(built).decode().replace(chr(13), ""))
        Date: Sat, 21 Nov 2026 10:00:00 +0000
        From: Ann <ann@example.org>
        To: bob@example.org
        Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
        Message-ID: <4kJ8sPq2Xw7m@example.org>
        MIME-Version: 1.0
        Content-Type: text/plain; charset=us-ascii
        Content-Transfer-Encoding: 7bit
        <BLANKLINE>
        Hello Bob
        <BLANKLINE>
    """

    from_: Boxes = None
    to: Boxes = None
    cc: Boxes = None
    bcc: Boxes = None
    reply_to: Boxes = None
    sender: Boxes = None
    subject: str = ""
    text: str | None = None
    html: str | None = None
    attach: Sequence[object] = ()
    inline: Sequence[object] = ()
    invite: Event | None = None
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default=())
    message_id: str = ""
    in_reply_to: str = ""
    references: str | Iterable[str] = ()
    date: datetime | None = None
    protect: Protect | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("from_", "to", "cc", "bcc", "reply_to", "sender"):
            put(self, name, boxes(getattr(self, name), name))
        if len(self.sender) > 1:
            raise UsageError("sender: that is one")
        checked(self.subject, "subject")
        for name in ("attach", "inline"):
            given = getattr(self, name)
            if not isinstance(given, list | tuple):
                raise UsageError(f"{name}: a list is wanted, and this is "
                                 f"{type(given).__name__}", hint=f'{name}=["report.pdf"]')
            put(self, name, tuple(given))
        put(self, "headers", _headers(self.headers))
        put(self, "message_id", _id(self.message_id, "message_id"))
        put(self, "in_reply_to", _id(self.in_reply_to, "in_reply_to"))
        several = self.references
        several = checked(several, "references").split() if isinstance(several, str) else several
        put(self, "references", tuple(_id(one, "references") for one in several))
        if self.date is not None and self.date.tzinfo is None:
            raise UsageError("date: a moment without its time zone",
                             hint="datetime.now().astimezone()")

    def build(self, *, now: datetime, unique: str, files: Files | None = None,
              eight_bit: bool = False, utf8: bool = False) -> Built:
        """The message as it is sent.

        Args:
            now: the moment, with its time zone, which readers will see.
            unique: a token of chance, other for each message: 12 to 60 letters and digits.
            files: makes a `Source` of a path; without it paths are refused.
            eight_bit: texts may hold bytes above 127, where the server offers 8BITMIME.
            utf8: headers may be in UTF-8, where the server offers SMTPUTF8.

        Raises:
            UsageError: something is missing, or cannot be sent.
        """
        from .build import build

        return build(self, now=now, unique=unique, files=files, eight_bit=eight_bit, utf8=utf8)


def _headers(given: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = given.items() if isinstance(given, Mapping) else given
    found = []
    for name, value in pairs:
        if not isinstance(name, str) or not _NAME.match(name):
            raise UsageError(f"headers '{display(str(name)[:200])}': this is no name of a field")
        lower = name.lower()
        if lower in _OWN:
            raise UsageError(f"headers: {name} has an argument of its own, {_OWN[lower]}")
        if lower == "mime-version" or lower.startswith("content-"):
            raise UsageError(f"headers: {name} is written by the message itself",
                             hint="Attachment(type=…) says what a file is")
        found.append((name, checked(value, f"headers {name}")))
    return tuple(found)


def _id(text: str, what: str) -> str:
    """A message id in its brackets."""
    if not text:
        return ""
    one = checked(text, what).strip()
    one = one if one.startswith("<") else f"<{one}>"
    if not _ID.match(one) or not one.isascii():
        raise UsageError(f"{what} '{display(text[:200])}': this is no message id",
                         hint="<letters-and-digits@example.org>")
    return one
