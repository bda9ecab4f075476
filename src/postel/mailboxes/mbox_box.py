"""The family of mbox, with Takeout and MMDF: messages after "From " lines or between marks. Disk.

    mboxrd     lines of ">"s and "From " get one ">" more; reading takes it away: nothing is lost
    mboxo      lines that begin with "From " get a ">", and reading leaves it there
    mboxcl     as mboxrd, and Content-Length says how long the body is
    mboxcl2    Content-Length alone; bodies are as they were
    takeout    the mboxrd of Google Takeout; its labels become flags; only read
    mmdf       each message between lines of four Control-A; after the first comes a "From " line

A Content-Length is believed where it leads to the next "From " line or to the end of the file, and
in the two kinds that are written with it; elsewhere a stranger may have put it there.

An mbox line always ends. A message whose last line does not is noted by a Content-Length that is
one less than what is there, in every kind, and comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from ..errors import NotSupported, UsageError
from .face import Letter
from .fields import LONGEST_HEAD, body_at, field_of, flags_of, leading, write_leading
from .file_box import FileBox, Frame
from .mbox_text import Quoter, blank_end, envelope, from_line, missing_end
from .regions import Region, regions

__all__ = ["MMDF", "MboxFile", "content_end", "takeout_flags"]

MARK = b"\x01\x01\x01\x01\n"
_QUOTE = re.compile(rb"^(?=>*From )", re.MULTILINE)
_QUOTE_OLD = re.compile(rb"^(?=From )", re.MULTILINE)
_UNQUOTE = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_LANDS = re.compile(rb"(?:\r?\n){0,2}(?=From |\Z)")
_MOZILLA = re.compile(
    rb"\nFrom - (?:\r?\n|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\r?\n)")
_DIGITS = re.compile(rb"[0-9]{1,15}\Z")
_LABELS = {"starred": "flagged", "draft": "draft", "drafts": "draft", "trash": "deleted",
           "bin": "deleted", "opened": "", "unread": ""}


def _found(data: bytes, at: int) -> tuple[int, int] | None:
    """The next "From " line after an empty one; Netscape and its children wrote none."""
    at = data.find(b"\nFrom ", at)
    while at >= 0:
        if data[at - 1 : at] == b"\n" or data[at - 2 : at] == b"\n\r" or (
                data.startswith(b"- ", at + 6) and _MOZILLA.match(data, at)):
            return at + 1, at + 1
        at = data.find(b"\nFrom ", at + 1)
    return None


def content_end(read: Callable[[int, int], bytes], start: int) -> int | None:
    """Where the message at *start* ends by its Content-Length; None where that leads nowhere.

    Args:
        read: gives so many bytes from an offset.
        start: of its "From " line.

    Example:
        >>> text = b"From a\\nContent-Length: 8\\n\\n\\nFrom x\\n\\nFrom b\\n\\n"
        >>> content_end(lambda at, count: text[at:at + count], 0)
        35
    """
    head = read(start, LONGEST_HEAD)
    begin = head.find(b"\n") + 1
    length, body = field_of(head, b"Content-Length", begin), body_at(head, begin)
    if not length or not _DIGITS.match(length) or body < 0:
        return None
    end = start + body + int(length)
    after = read(end, 12)
    match = _LANDS.match(after)
    # What begins a line ends one: the byte before must be a line end, here or within the body.
    if match is None or not (match.end() or read(end - 1, 1) == b"\n"):
        return None
    return end + match.end()


class MboxFile(FileBox):
    """An mbox of any variant, or a Takeout.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = MboxFile(f"{folder}/inbox", "mboxcl2")
        ...     key = box.append(b"To: b\\n\\nFrom me.\\n", date=datetime(1970, 1, 1, tzinfo=UTC))
        ...     print(box.path.read_text(), end="")
        From MAILER-DAEMON Thu Jan  1 00:00:00 1970
        Content-Length: 9
        To: b
        <BLANKLINE>
        From me.
        <BLANKLINE>
    """

    @property
    def read_only(self) -> bool:  # type: ignore[override]
        """A Takeout is what was taken out."""
        return self.kind == "takeout"

    @property
    def _counted(self) -> bool:
        return self.kind in ("mboxcl", "mboxcl2")

    def scan(self, read: Callable[[int, int], bytes]) -> Iterator[Region]:
        """Where the messages are, each from its "From " line on."""
        head = read(0, 1024)
        self._check(head)
        begin = len(head) - len(head.lstrip(b"\r\n"))
        if not head[begin:]:
            return iter(())
        return regions(read, begin, _found,
                       (lambda start: content_end(read, start)) if self._counted else None)

    def _check(self, head: bytes) -> None:
        if head.strip(b"\r\n") and not head.lstrip(b"\r\n").startswith(b"From "):
            raise UsageError(f"opening {self.path}: it is no mbox, 'From ' is not its beginning")

    def frame(self, head: bytes, length: int, tail: bytes) -> Frame:
        """The "From " line and the mailbox's fields, and the empty line at the end."""
        begin, fields = leading(head, head.find(b"\n") + 1 or len(head))
        stop = max(begin, length - blank_end(tail[-3:]))
        return Frame(begin, _unended(head, begin, stop, fields), fields, head)

    def flags_of(self, frame: Frame) -> frozenset[str]:
        """From the mailbox's fields; without them, from the message's own."""
        if self.kind == "takeout":
            return takeout_flags(field_of(frame.head, b"X-Gmail-Labels", frame.begin) or b"")
        return _flags(frame)

    def sender_of(self, frame: Frame) -> str:
        """From the "From " line."""
        return "" if frame.head.startswith(b"From MAILER-DAEMON ") else envelope(_line(frame))[0]

    def date_of(self, frame: Frame) -> datetime | None:
        """From the "From " line."""
        return envelope(_line(frame))[1]

    def opening(self, frame: Frame) -> bytes:
        """The "From " line as it is."""
        return frame.head[: frame.head.find(b"\n") + 1]

    def encoded(self, letter: Letter, opening: bytes = b"") -> bytes:
        """The message after its "From " line, quoted as the kind has it, and an empty line."""
        data = text = letter.data
        if self.kind in ("mboxrd", "mboxcl") and b"From " in data:
            text = _QUOTE.sub(b">", data)
        elif self.kind == "mboxo" and b"From " in data:
            text = _QUOTE_OLD.sub(b">", data)
        return b"".join([*_around(letter, text, opening, counted=self._counted), b"\n"])

    def gap(self, tail: bytes, size: int) -> bytes:
        """Line ends up to an empty line."""
        return missing_end(tail)

    def decoded(self, data: bytes) -> bytes:
        """Without the quoting."""
        if b"From " in data and self.kind in ("mboxrd", "mboxcl", "takeout"):
            return _UNQUOTE.sub(b"", data)
        return data

    def decoder(self) -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
        """Without the quoting, by chunk."""
        if self.kind in ("mboxo", "mboxcl2"):
            return super().decoder()
        quoter = Quoter("mboxrd", undo=True)
        return quoter.feed, quoter.end


class MMDF(FileBox):
    """An MMDF file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = MMDF(f"{folder}/inbox", "mmdf")
        ...     key = box.append(b"To: b\\n\\nFrom me.\\n", date=datetime(1970, 1, 1, tzinfo=UTC))
        ...     print(box.path.read_bytes()[:20], [message.read() for message in box])
        b'\\x01\\x01\\x01\\x01\\nFrom MAILER-DAE' [b'To: b\\n\\nFrom me.\\n']
    """

    key_shift = len(MARK)

    def scan(self, read: Callable[[int, int], bytes]) -> Iterator[Region]:
        """What lies between two marks and is not empty."""
        self._check(read(0, 1024))
        found = regions(read, 0, _marked)
        return (region for region in found if region.end > region.start)

    def _check(self, head: bytes) -> None:
        if head and not head.startswith(MARK):
            raise UsageError(f"opening {self.path}: it is no MMDF file, four Control-A are not "
                             "its beginning")

    def frame(self, head: bytes, length: int, tail: bytes) -> Frame:
        """The "From " line, if there is one, and the mailbox's fields."""
        at = head.find(b"\n") + 1 or len(head) if head.startswith(b"From ") else 0
        begin, fields = leading(head, at)
        return Frame(begin, _unended(head, begin, max(begin, length), fields), fields, head)

    def flags_of(self, frame: Frame) -> frozenset[str]:
        """From the mailbox's fields; without them, from the message's own."""
        return _flags(frame)

    def sender_of(self, frame: Frame) -> str:
        """From the "From " line."""
        if not frame.head.startswith(b"From ") or frame.head.startswith(b"From MAILER-DAEMON "):
            return ""
        return envelope(_line(frame))[0]

    def date_of(self, frame: Frame) -> datetime | None:
        """From the "From " line."""
        return envelope(_line(frame))[1] if frame.head.startswith(b"From ") else None

    def opening(self, frame: Frame) -> bytes:
        """The "From " line as it is."""
        return frame.head[: frame.head.find(b"\n") + 1] if frame.head.startswith(b"From ") else b""

    def encoded(self, letter: Letter, opening: bytes = b"") -> bytes:
        """The message between its marks."""
        if (b"\n" + letter.data).find(b"\n" + MARK) >= 0 or letter.data.endswith(MARK[:-1]):
            raise NotSupported(f"delivering to {self.path}: the message holds a line of four "
                               "Control-A, which ends a message in MMDF", hint="use mboxrd")
        return MARK + b"".join(_around(letter, letter.data, opening, counted=False)) + MARK

    def gap(self, tail: bytes, size: int) -> bytes:
        """A line end, where the last line has none."""
        return b"" if not tail or tail.endswith(b"\n") else b"\n"

    def outer(self, region: Region) -> tuple[int, int]:
        """With the marks around it; one that begins the next message as well stays."""
        end = region.end + len(MARK)
        own = self.bytes_at(end, len(MARK)) in (b"", MARK)
        return region.start - len(MARK), end if own else region.end


def _marked(data: bytes, at: int) -> tuple[int, int] | None:
    while (at := data.find(MARK, at)) >= 0:
        if at == 0 or data[at - 1] == 10:
            return at, at + len(MARK)
        at += 1
    return None


def _around(letter: Letter, text: bytes, opening: bytes, *, counted: bool) -> list[bytes]:
    """First line, the mailbox's fields, the message, and the line end it may lack."""
    unended = bool(text) and not text.endswith(b"\n")
    length = None
    if counted or unended:
        body = body_at(text, 0)
        length = len(text) - body if body >= 0 else 0
    fields = write_leading(text, letter.flags, length)
    when = int((letter.date or datetime.now(UTC)).timestamp())
    first = opening or _first_line(letter.sender, when)
    return [first, fields, text, b"\n"] if unended else [first, fields, text]


_first_line = lru_cache(maxsize=256)(from_line)


def _unended(head: bytes, begin: int, stop: int, fields: dict[bytes, bytes]) -> int:
    """Where the message stops, if its last line end is not its own."""
    length = fields.get(b"Content-Length", b"")
    if _DIGITS.match(length) and (body := body_at(head, begin)) >= 0:
        return stop - 1 if body + int(length) == stop - 1 else stop
    return stop


def _line(frame: Frame) -> bytes:
    return frame.head[:1024].split(b"\n", 1)[0].rstrip(b"\r")


def _flags(frame: Frame) -> frozenset[str]:
    fields = dict(frame.fields)
    if not fields.keys() & {b"Status", b"X-Status", b"X-Keywords"}:
        for name in (b"Status", b"X-Status", b"X-Keywords"):
            fields[name] = field_of(frame.head, name, frame.begin) or b""
    return flags_of(fields)


def takeout_flags(labels: bytes) -> frozenset[str]:
    """The flags that the labels of Google's Takeout mean; other labels are keywords.

    Example:
        >>> sorted(takeout_flags(b"Inbox,Starred,=?UTF-8?Q?B=C3=BCro?="))
        ['B\xfcro', 'Inbox', 'flagged', 'old', 'seen']
    """
    text = _words(labels)
    names = [name.strip().strip('"') for name in text.split(",")]
    made = {_LABELS.get(name.lower(), name) for name in names[:1_000]} - {""}
    if "unread" not in {name.lower() for name in names}:
        made.add("seen")
    return frozenset(made | {"old"})


def _words(raw: bytes) -> str:
    from ..messages.words import decode_words

    return decode_words(raw.decode("utf-8", "replace"))


