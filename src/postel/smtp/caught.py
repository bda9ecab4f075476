"""A message as a server has it: the envelope, the bytes, who brought it. Pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from .envelope import MailFrom, RcptTo

if TYPE_CHECKING:
    from ..messages import Attached, Parsed

__all__ = ["Caught"]

_LINK = re.compile(r"""https?://[^\s<>"')\]]{1,2000}""", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w.,#-])\d{4,8}(?![\w-])")


@dataclass(frozen=True)
class Caught:
    """One message that a server has taken.

    Args:
        data: the bytes as they were sent, without the dots of the wire.
        mail: what MAIL said.
        rcpts: what each accepted RCPT said.
        server: ``"smtp"``, ``"submission"`` or ``"lmtp"``.
        at: when the last byte came.
        helo: what the client called itself.
        user: as whom it had logged in; "" for nobody.
        tls: the TLS version, or None in the clear.
        peer: the client's address.
        number: counts the messages of one lab, from 1.
    """

    data: bytes = field(repr=False)
    mail: MailFrom
    rcpts: tuple[RcptTo, ...]
    server: str
    at: datetime
    helo: str = ""
    user: str = ""
    tls: str | None = None
    peer: str = ""
    number: int = 0

    @property
    def sender(self) -> str:
        """The envelope's sender; "" for a bounce."""
        return str(self.mail.sender)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope's recipients, as given."""
        return tuple(str(rcpt.recipient) for rcpt in self.rcpts)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)

    @property
    def is_binary(self) -> bool:
        """Whether it holds a CR or LF that is no line end: no mailbox of lines can keep it."""
        pairs = self.data.count(b"\r\n")
        return not pairs == self.data.count(b"\n") == self.data.count(b"\r")

    @cached_property
    def parsed(self) -> Parsed:
        """The message read: headers, texts, attachments."""
        from ..messages import parse

        return parse(self.data)

    @property
    def subject(self) -> str:
        """The decoded subject; "" where there is none."""
        return self.parsed.subject

    @property
    def text(self) -> str:
        """The text, of HTML too; "" where there is none."""
        return self.parsed.text

    @property
    def html(self) -> str | None:
        """The text as HTML, or None."""
        return self.parsed.html

    @property
    def attachments(self) -> tuple[Attached, ...]:
        """The files that came with it."""
        return self.parsed.attachments

    @property
    def links(self) -> tuple[str, ...]:
        """The web addresses in it, in order, each once: what one is asked to click."""
        found = _LINK.findall(self.text)
        found += map(html.unescape, _LINK.findall(self.html or ""))
        return tuple(dict.fromkeys(link.rstrip(".,;:!?") for link in found))

    @property
    def codes(self) -> tuple[str, ...]:
        """The numbers of four to eight digits in its text: what one is asked to type."""
        return tuple(dict.fromkeys(_CODE.findall(_LINK.sub(" ", self.text))))
