"""The text of mbox files: "From " lines, their quoting, and where messages begin (RFC 4155).

Pure: bytes in, bytes out. The theory is told in `postel.mailboxes.mbox`.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Literal

__all__ = [
    "Quoter",
    "StartFinder",
    "Variant",
    "blank_end",
    "delivery_key",
    "envelope",
    "from_line",
    "missing_end",
]

Variant = Literal["mboxrd", "mboxo"]

_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DATE = re.compile(rb"(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?: [A-Z+-][A-Z0-9]*)? (\d{4})\s*\Z")
_PARTIAL = re.compile(rb"(?:>?From|>?Fro|>?Fr|>?F|>)\Z")
_QUOTE = {
    "mboxrd": re.compile(rb"^(?=>*From )", re.MULTILINE),
    "mboxo": re.compile(rb"^(?=From )", re.MULTILINE),
}
_UNQUOTE = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_KEY = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.(\w+)")
_NEVER = re.compile(rb"(?!)")  # mboxo cannot be unquoted


class Quoter:
    """Adds (or removes) the ">" before "From " by chunk.

    A ">" may be added anywhere in a line's leading run of them, so what must be held back is
    never more than the beginning of ">From ", however long the run.

    Args:
        variant: mboxrd or mboxo.
        undo: remove instead of add; does nothing for mboxo.

    Example:
        >>> quote = Quoter("mboxrd")
        >>> quote.feed(b"Fr"), quote.feed(b"om me\\n>From you\\n"), quote.end()
        (b'', b'>From me\\n>>From you\\n', b'')
        >>> Quoter("mboxrd", undo=True).feed(b">From me\\n>>From you\\n")
        b'From me\\n>From you\\n'
    """

    def __init__(self, variant: Variant, *, undo: bool = False) -> None:
        self._put = b"" if undo else b">"
        self._pattern = _QUOTE[variant]
        if undo:
            self._pattern = _UNQUOTE if variant == "mboxrd" else _NEVER
        self._held = b""
        self._leading = True  # the line so far is empty or all ">"

    def feed(self, data: bytes) -> bytes:
        """*data* rewritten, up to what may be the beginning of ">From "."""
        data = self._held + data
        partial = _PARTIAL.search(data, max(0, len(data) - 5))
        cut = partial.start() if partial else len(data)
        self._held, data = data[cut:], data[:cut]
        out = self._rewritten(data) if b"From " in data else data
        line = data[data.rfind(b"\n") + 1 :]
        self._leading = (self._leading or b"\n" in data) and not line.strip(b">")
        return out

    def end(self) -> bytes:
        """What was held back."""
        held, self._held = self._held, b""
        return held

    def _rewritten(self, data: bytes) -> bytes:
        if self._leading:
            return self._pattern.sub(self._put, data)
        return self._pattern.sub(self._put, b"." + data)[1:]  # no line begins here


class StartFinder:
    """Finds the "From " lines that follow an empty line, by chunk.

    Args:
        begin: offset of the first chunk; a "From " there counts as well.

    Example:
        >>> StartFinder(0).feed(b"From a\\n\\nHi\\nFrom here\\n\\nFrom b\\n\\n")
        [0, 22]
    """

    def __init__(self, begin: int) -> None:
        self._data = b"\n\n"
        self._base = begin - 2
        self._last = begin - 2

    def feed(self, chunk: bytes) -> list[int]:
        """Offsets found with the help of *chunk*."""
        data, base, found = self._data + chunk, self._base, []
        at = data.find(b"\nFrom ")
        while at >= 0:
            after_blank = data[at - 1 : at] == b"\n" or data[at - 2 : at] == b"\n\r"
            if after_blank and base + at > self._last:
                self._last = base + at
                found.append(base + at + 1)
            at = data.find(b"\nFrom ", at + 1)
        keep = max(0, len(data) - 7)  # "\n\r\nFrom " less its last byte would be found here again
        self._data, self._base = data[keep:], base + keep
        return found


def from_line(sender: str, moment: float) -> bytes:
    """The line before a message.

    Args:
        sender: from a peer: blanks and control characters, which would end it, are left out.
        moment: seconds since 1970 UTC.

    Example:
        >>> from_line("a@example.org\\nFrom x", 0)
        b'From a@example.orgFromx Thu Jan  1 00:00:00 1970\\n'
    """
    name = re.sub(rb"[\x00-\x20\x7f]", b"", sender.encode("utf-8", "surrogateescape"))[:254]
    when = time.asctime(time.gmtime(moment)).encode()
    return b"From " + (name or b"MAILER-DAEMON") + b" " + when + b"\n"


def envelope(line: bytes) -> tuple[str, datetime | None]:
    """Sender and date of a "From " line; the date is taken to be UTC, None where unreadable.

    Example:
        >>> envelope(b"From a@example.org Thu Jan  1 00:00:00 1970")[1].year
        1970
    """
    words = line.split(b" ", 2)
    sender = words[1].decode("utf-8", "replace").strip() if len(words) > 1 else ""
    match = _DATE.search(line)
    if match is None or match[1].title() not in _MONTHS:
        return sender, None
    month = _MONTHS.index(match[1].title()) + 1
    day, hour, minute, second, year = (int(match[n]) for n in range(2, 7))
    try:
        return sender, datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return sender, None


def missing_end(tail: bytes) -> bytes:
    """The line ends a file lacks before another message may follow its last bytes, *tail*.

    Example:
        >>> missing_end(b"torn"), missing_end(b"end\\n"), missing_end(b"end\\n\\n")
        (b'\\n\\n', b'\\n', b'')
    """
    if not tail or tail.endswith((b"\n\n", b"\n\r\n")):
        return b""
    return b"\n" if tail.endswith(b"\n") else b"\n\n"


def blank_end(tail: bytes) -> int:
    """The length of the empty line at the end of a message with its last three bytes *tail*.

    Example:
        >>> blank_end(b"x\\n\\n"), blank_end(b"\\n\\r\\n"), blank_end(b"xx\\n")
        (1, 2, 0)
    """
    if tail.endswith(b"\n\r\n"):
        return 2
    return 1 if tail.endswith(b"\n\n") else 0


def delivery_key(key: str) -> tuple[int, int, str]:
    """Offset, number and digest of a delivered message's key; the digest is "" in any other text.

    Example:
        >>> delivery_key("120.0.9f86"), delivery_key("120")
        ((120, 0, '9f86'), (0, 0, ''))
    """
    match = _KEY.fullmatch(key)
    return (int(match[1]), int(match[2]), match[3]) if match else (0, 0, "")
