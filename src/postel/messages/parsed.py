"""A message as it was received: read on demand, kept byte for byte. Grammar: pure.

`parse` takes a message as it is and does nothing yet. Its fields are found when the first one is
asked for, its structure when a part is, and a body is decoded when its content is: who sorts a
mailbox by date pays for dates. Whatever the bytes are, nothing raises; what is odd is in `defects`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from . import charsets
from .addresses import AddressList
from .attachments import Attached, file_name, unlike
from .bodies import Bodies, sort_parts
from .defects import Defect
from .headers import Headers
from .part import Part
from .structure import head_end, scan

__all__ = ["Parsed", "parse"]


def parse(raw: bytes | bytearray | memoryview) -> Parsed:
    """A view of the message *raw*.

    Args:
        raw: any bytes; with CRLF, LF or CR, with or without an mbox "From " line before it.

    Example:
        >>> message = parse(b"From: Ann <ann@x.example>\\r\\nSubject: Hi\\r\\n\\r\\nHello\\r\\n")
        >>> message.subject, message.from_[0].address, message.text
        ('Hi', 'ann@x.example', 'Hello\\n')
    """
    return Parsed(raw if type(raw) is bytes else bytes(raw))


class Parsed:
    """A message that was read.

    Args:
        raw: the message; ``bytes(message)`` gives it back as it came.

    Attributes:
        raw: the message.
    """

    __slots__ = ("_bodies", "_defects", "_headers", "_root", "_view", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._view: bytes | None = None
        self._headers: Headers | None = None
        self._root: Part | None = None
        self._bodies: Bodies | None = None
        self._defects: tuple[Defect, ...] | None = None

    def __bytes__(self) -> bytes:
        return self.raw

    def _read(self) -> bytes:
        """The message with line ends that hold an LF; the offsets stay the same."""
        if self._view is None:
            raw = self.raw
            bare = b"\r" in raw and b"\n" not in raw  # as old Macintoshes wrote
            self._view = raw.replace(b"\r", b"\n") if bare else raw
        return self._view

    # the header

    @property
    def headers(self) -> Headers:
        """The fields."""
        if self._headers is None:
            if self._root is not None:
                self._headers = self._root.headers
            else:
                view = self._read()
                self._headers = Headers(view, 0, head_end(view, 0, {})[0])
        return self._headers

    @property
    def subject(self) -> str:
        """The subject, decoded; "" if there is none."""
        return self.headers.get("subject") or ""

    @property
    def from_(self) -> AddressList:
        """Who wrote it."""
        return self.headers.addresses("from")

    @property
    def sender(self) -> AddressList:
        """Who sent it for them."""
        return self.headers.addresses("sender")

    @property
    def reply_to(self) -> AddressList:
        """Where answers go."""
        return self.headers.addresses("reply-to")

    @property
    def to(self) -> AddressList:
        """Whom it is to."""
        return self.headers.addresses("to")

    @property
    def cc(self) -> AddressList:
        """Who has a copy."""
        return self.headers.addresses("cc")

    @property
    def bcc(self) -> AddressList:
        """Who has a copy that the others do not know of."""
        return self.headers.addresses("bcc")

    @property
    def date(self) -> datetime | None:
        """When it was written, with a zone; None if that is not told."""
        return self.headers.date("date")

    @property
    def message_id(self) -> str:
        """Its identifier, without angle brackets; "" if it has none."""
        found = self.headers.ids("message-id")
        return found[0] if found else self.headers.text("message-id").strip("<> ")

    @property
    def references(self) -> tuple[str, ...]:
        """The messages of its thread before it, the first one first."""
        return self.headers.ids("references")

    @property
    def in_reply_to(self) -> tuple[str, ...]:
        """What it answers."""
        return self.headers.ids("in-reply-to")

    # the parts

    @property
    def root(self) -> Part:
        """The part that is the whole message."""
        if self._root is None:
            view = self._read()
            self._root = Part(self.raw, view, scan(view))
        return self._root

    def walk(self) -> Iterator[Part]:
        """All parts, in the order of the bytes."""
        return self.root.walk()

    def _sorted(self) -> Bodies:
        if self._bodies is None:
            self._bodies = sort_parts(self.root)
        return self._bodies

    @property
    def text_parts(self) -> tuple[Part, ...]:
        """The parts to show as text, in order (RFC 8621 section 4.1.4)."""
        return tuple(self._sorted().text)

    @property
    def html_parts(self) -> tuple[Part, ...]:
        """The parts to show as HTML, in order; plain texts and pictures among them."""
        return tuple(self._sorted().html)

    @property
    def attached_parts(self) -> tuple[Part, ...]:
        """The parts that are attached."""
        return tuple(self._sorted().attachments)

    @property
    def text(self) -> str:
        """Its text as a person reads it; HTML becomes text where there is no other.

        Files within the text (uuencode, yEnc) are not part of it.
        """
        from .embedded import find_embedded, without_embedded

        texts = []
        for part in self._sorted().text:
            if found := find_embedded(part):
                left = without_embedded(part.content, found)
                texts.append(str(charsets.decode(left, part.charset)).replace("\r\n", "\n"))
            else:
                texts.append(part.text)
        if len(texts) == 1:
            return texts[0]
        return "\n".join(text for text in texts if text)

    @property
    def html(self) -> str | None:
        """Its HTML; None if it has none. Clean it before it is shown."""
        found = [str(part.decoded) for part in self._sorted().html
                 if part.content_type == "text/html"]
        return "\n".join(found) if found else None

    @property
    def attachments(self) -> tuple[Attached, ...]:
        """What is attached, also within its text, each under a name that is safe to save."""
        from .embedded import find_embedded

        bodies = self._sorted()
        made: list[Attached] = []
        taken: set[str] = set()
        counts: dict[str, int] = {}
        known = {id(part) for part in bodies.attachments}
        media = [part for part in bodies.text
                 if not part.content_type.startswith("text/") and id(part) not in known]
        for part in [*bodies.attachments, *media]:
            name = part.filename
            if name is None and part.content_type.startswith("message/") and part.children:
                subject = part.children[0].headers.get("subject")
                name = f"{subject[:80]}.eml" if subject else None
            safe = unlike(file_name(name, part.content_type, len(made) + 1), taken, counts)
            taken.add(safe.lower())
            made.append(Attached(safe, part.filename, part.content_type, part, part.content_id,
                                   part.disposition != "attachment"))
        for part in bodies.text:
            for one in find_embedded(part):
                kind = "application/octet-stream"
                safe = unlike(file_name(one.filename, kind, len(made) + 1), taken, counts)
                taken.add(safe.lower())
                made.append(Attached(safe, one.filename, kind, one))
        return tuple(made)

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Everything that is wrong with it; all of it is read and decoded for that."""
        if self._defects is None:
            found: list[Defect] = []
            if self._read() is not self.raw:
                found.append(Defect(0, "its lines end in bare CR"))
            for part in self.walk():
                found += part.defects
            for name in ("from", "sender", "reply-to", "to", "cc", "bcc"):
                found += [Defect(0, f"{name}: {text}")
                          for text in self.headers.addresses(name).defects]
            if "date" not in self.headers:
                found.append(Defect(0, "it has no date"))
            elif self.date is None:
                found.append(Defect(0, "its date is none"))
            if "from" not in self.headers:
                found.append(Defect(0, "it says not from whom it is"))
            self._defects = tuple(found)
        return self._defects

    def __repr__(self) -> str:
        return f"<Parsed {self.subject[:60]!r}, {len(self.raw)} bytes>"
