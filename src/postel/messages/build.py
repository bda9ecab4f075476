"""Drafts as bytes: the header, the tree of parts, the envelope. Grammar: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .dates import format_date
from .encode_addresses import Box, written
from .encode_words import unstructured
from .entity import Entity, Way, file, joined, multipart, readable
from .fold import field
from .source import Attachment, Encoded, Files, attachment

if TYPE_CHECKING:
    from .draft import Message

__all__ = ["Built", "build"]

REFERENCES = 20
"""Message ids that References names at most: the first, and the last ones (RFC 5537)."""

_TOKEN = re.compile(r"[A-Za-z0-9]{12,60}\Z")
_CID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}\Z")


@dataclass(frozen=True)
class Built:
    """A message as it is sent, with its envelope.

    Args:
        pieces: its bytes, and the files that are read when it is sent.
        sender: who gets the bounces.
        recipients: all of To, Cc and Bcc, each once.
        message_id: with its brackets.
        needs_utf8: whether it can only go to servers that offer SMTPUTF8.
        needs_8bit: whether a body holds bytes above 127.
        bcc: the Bcc field, which is not among the pieces.
    """

    pieces: tuple[bytes | Encoded, ...]
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    needs_utf8: bool
    needs_8bit: bool
    bcc: bytes = b""
    _again: Callable[[], Built] | None = None

    @property
    def size(self) -> int:
        """Of the whole message, in bytes."""
        return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in self.pieces)

    def chunks(self) -> Iterator[bytes | Encoded]:
        """The bytes in order; what is not in memory has `open` and `chunks`."""
        return iter(self.pieces)

    def __bytes__(self) -> bytes:
        """All of it; sources are opened and read."""
        return b"".join([piece if isinstance(piece, bytes) else b"".join(piece.chunks())
                         for piece in self.pieces])

    def seven_bit(self) -> Built:
        """The same message for a server without 8BITMIME."""
        return self._again() if self.needs_8bit and self._again is not None else self

    def for_sent(self) -> Built:
        """The copy that its author keeps: with Bcc."""
        first, *rest = self.pieces
        if not self.bcc or not isinstance(first, bytes):
            return self
        return Built((self.bcc + first, *rest), self.sender, self.recipients, self.message_id,
                     self.needs_utf8, self.needs_8bit)


def build(draft: Message, *, now: datetime, unique: str, files: Files | None, eight_bit: bool,
          utf8: bool, seven_bit: bool = False) -> Built:
    """The draft as it is sent; `Message.build` says what the arguments mean."""
    if not _TOKEN.match(unique):
        raise UsageError("unique: 12 to 60 letters and digits, others for each message",
                         hint="secrets.token_hex(12)")
    if now.tzinfo is None:
        raise UsageError("now: a moment without its time zone",
                         hint="datetime.now().astimezone()")
    if not draft.from_:
        raise UsageError("from_: whose message is it?")
    fixed = draft.protect is not None
    way = Way(unique, eight_bit, seven_bit or fixed, utf8, fixed)
    everyone = [*draft.from_, *draft.sender, *draft.reply_to, *draft.to, *draft.cc, *draft.bcc]
    needs_utf8 = utf8 or not all(box.address.isascii() for box in everyone)
    domain = str(draft.from_[0].domain)
    body = _body(draft, way, "example.invalid" if domain.startswith("[") else domain, files)
    if draft.protect is not None:
        body = _protected(body, draft.protect)
    message_id = draft.message_id or f"<{unique}@{domain}>"
    head = b"".join(_head(draft, now, message_id, way))
    pieces = joined((head, *body.pieces))
    sender = (draft.sender or draft.from_)[0].address
    recipients = dict.fromkeys(box.address for box in (*draft.to, *draft.cc, *draft.bcc))

    def again() -> Built:
        return build(draft, now=now, unique=unique, files=files, eight_bit=False, utf8=utf8,
                     seven_bit=True)

    return Built(pieces, sender, tuple(recipients), message_id, needs_utf8 or not head.isascii(),
                 body.eight_bit, field("Bcc", written(draft.bcc)) if draft.bcc else b"", again)


def _head(draft: Message, now: datetime, message_id: str, way: Way) -> Iterator[bytes]:
    """The fields of the header, in their usual order."""
    def addresses(name: str, given: Iterable[Box]) -> Iterator[bytes]:
        if words := written(given, utf8=way.utf8):
            yield field(name, words)

    yield field("Date", [format_date(draft.date or now)])
    yield from addresses("From", draft.from_)
    if draft.sender or len(draft.from_) > 1:  # RFC 5322 section 3.6.2
        yield from addresses("Sender", draft.sender or draft.from_[:1])
    yield from addresses("Reply-To", draft.reply_to)
    yield from addresses("To", draft.to)
    if not draft.to and not draft.cc:
        yield b"To: undisclosed-recipients:;\r\n"
    yield from addresses("Cc", draft.cc)
    if draft.subject:
        yield field("Subject", unstructured(draft.subject, 66, utf8=way.utf8))
    yield field("Message-ID", [message_id])
    if draft.in_reply_to:
        yield field("In-Reply-To", [draft.in_reply_to])
    ids = list(dict.fromkeys(draft.references))
    if ids:
        yield field("References", ids if len(ids) <= REFERENCES else
                    [ids[0], *ids[1 - REFERENCES :]])
    pairs: Any = draft.headers  # the draft has made them pairs
    for name, value in pairs:
        yield field(name, unstructured(value, 73 - min(len(name), 40), utf8=way.utf8))
    yield b"MIME-Version: 1.0\r\n"


def _body(draft: Message, way: Way, domain: str, files: Files | None) -> Entity:
    """The tree: files around (alternatives of text and (HTML with what it shows))."""
    shown: list[Entity] = []
    if draft.text is not None or (draft.html is None and draft.invite is None):
        shown.append(readable(draft.text or "", "plain", way))
    inline = [attachment(one, files, "inline") for one in draft.inline]
    if draft.html is not None:
        shown.append(_html(draft.html, inline, way, domain))
    elif inline:
        raise UsageError("inline: there is no HTML that shows it", hint="html=…, or attach=…")
    attached = [file(attachment(one, files, "attach"), way, disposition="attachment")
                for one in draft.attach]
    if draft.invite is not None:
        text = draft.invite.ics()
        shown.append(readable(text, "calendar", way, f"method={draft.invite.method}"))
        attached.append(file(  # some readers look for the file only (RFC 6047 appendix A)
            Attachment(text.encode(), "invite.ics", "application/ics"), way,
            disposition="attachment"))
    body = shown[0] if len(shown) == 1 else multipart("alternative", shown, way, 2)
    return multipart("mixed", [body, *attached], way, 1) if attached else body


def _html(html: str, inline: Sequence[Attachment], way: Way, domain: str) -> Entity:
    """The HTML, with what it shows by ``cid:`` (RFC 2387, 2392)."""
    parts = []
    for number, one in enumerate(inline, 1):
        if one.cid and not _CID.match(one.cid):
            raise UsageError(f"inline: cid '{one.cid!r}' can be letters, digits and .-_@")
        cid = one.cid or f"{number}.{way.token}@{domain}"
        name = one.name.replace("\\", "/").rpartition("/")[2]
        if not one.cid and name:
            html = re.sub(rf"\bcid:{re.escape(name)}(?=[\"'\s)>&]|\Z)", f"cid:{cid}", html)
        parts.append(file(one, way, disposition="inline", cid=cid))
    body = readable(html, "html", way)
    if not parts:
        return body
    return multipart("related", [body, *parts], way, 3, 'type="text/html"')


def _protected(body: Entity, protect: Any) -> Entity:
    """What a signer or encrypter makes of it; files are read for this."""
    whole = b"".join([piece if isinstance(piece, bytes) else b"".join(piece.chunks())
                      for piece in body.pieces])
    made = protect(whole)
    head, blank, rest = made.partition(b"\r\n\r\n")
    if not blank or not re.match(rb"content-type:", head, re.IGNORECASE) or (
            re.search(rb"(?:\A|\n)(?!content-|[ \t])", head, re.IGNORECASE)):
        raise UsageError("protect: what it returns is no MIME entity",
                         hint="Content-* fields, an empty line, the body; lines end in CRLF")
    return Entity(head + b"\r\n", (rest,), not rest.isascii())
