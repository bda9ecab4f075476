r"""Babyl, the files of Emacs' Rmail: messages between Control-Underscore and form feed. Disk.

    BABYL OPTIONS: -*- rmail -*-
    Version: 5
    Labels: todo
    ^_^L
    1, answered,, todo,
    <the header>
    *** EOOH ***
    <the header as Rmail shows it>

    <the body>
    ^_

The first figure says whether the header was reformatted for the reader: with 0 it stands only
behind the line of stars. A message that holds Control-Underscore, form feed and a line end in a row
cannot be kept in this format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from ..errors import NotSupported, UsageError
from .face import Letter
from .fields import body_at
from .file_box import FileBox, Frame
from .regions import Region, regions

__all__ = ["Babyl"]

START = b"\x1f\x0c\n"
EOOH = b"*** EOOH ***\n"
HEADER = b"BABYL OPTIONS: -*- rmail -*-\nVersion: 5\nLabels:\nNote: Mail kept by Postel\n\x1f"
_ATTRIBUTES = {"answered": "answered", "deleted": "deleted", "forwarded": "forwarded",
               "filed": "filed", "edited": "edited", "resent": "resent"}
_SAFE = "!#$&'()*+-./:;<=>?@[\\]^_`{|}~"
_EMPTY = re.compile(rb"(?m)^\r?\n")


def _found(data: bytes, at: int) -> tuple[int, int] | None:
    at = data.find(START, at)
    return None if at < 0 else (at, at + len(START))


class Babyl(FileBox):
    """A Babyl file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = Babyl(f"{folder}/RMAIL", "babyl")
        ...     key = box.append(b"To: b\\n\\nHello.\\n", flags=["seen", "todo"])
        ...     [(sorted(message.flags), message.read()) for message in box]
        [(['seen', 'todo'], b'To: b\\n\\nHello.\\n')]
    """

    key_shift = 2

    def scan(self, read: Callable[[int, int], bytes]) -> Iterator[Region]:
        """What follows each form feed, up to the Control-Underscore."""
        self._check(read(0, 1024))
        found = regions(read, 0, _found)
        next(found, None)  # the options
        return (_without_end(region, read) for region in found)

    def _check(self, head: bytes) -> None:
        if head and not head.startswith(b"BABYL OPTIONS:"):
            raise UsageError(f"opening {self.path}: it is no Babyl file, 'BABYL OPTIONS:' is not "
                             "its beginning")

    def frame(self, head: bytes, length: int, tail: bytes) -> Frame:
        """The line of attributes, and the header before the stars."""
        line = head.find(b"\n") + 1 or len(head)
        stars = head.find(EOOH, line)
        if stars < 0:
            return Frame(line, max(line, length), {}, head)
        begin = stars + len(EOOH)
        if head[:1] == b"0" or stars == line:
            return Frame(begin, max(begin, length), {}, head)
        shown = _EMPTY.search(head, begin)
        begin = shown.end() if shown else length
        prefix = head[line:stars]
        if shown and body_at(prefix, 0) < 0:
            prefix += b"\n"
        return Frame(begin, max(begin, length), {}, head, prefix)

    def flags_of(self, frame: Frame) -> frozenset[str]:
        """From the line of attributes."""
        line = frame.head.split(b"\n", 1)[0].decode("utf-8", "replace")
        words = [unquote(word.strip()) for word in line.split(",")[1:1_000]]
        made = {word for word in words if word and word.isprintable()}
        return frozenset(made - {"unseen"} if "unseen" in made else made | {"seen"})

    def encoded(self, letter: Letter, opening: bytes = b"") -> bytes:
        """The message with its header twice, as Rmail has it."""
        data = letter.data
        if START in data or data.endswith((b"\x1f", b"\x1f\n", b"\x1f\x0c")):
            raise NotSupported(f"delivering to {self.path}: the message holds what ends a message "
                               "in Babyl (Control-Underscore, form feed)", hint="use mboxrd")
        line = self._line(letter.flags)
        body = body_at(data, 0)
        head = data if body < 0 else data[:body]
        if EOOH in head or not head.endswith(b"\n") or body_at(head, 0) in (1, 2):
            return b"\x0c\n0," + line + EOOH + data + b"\x1f"
        return b"\x0c\n1," + line + head + EOOH + head + data[len(head):] + b"\x1f"

    def _line(self, flags: frozenset[str]) -> bytes:
        attributes = [] if "seen" in flags else ["unseen"]
        attributes += sorted(flags & _ATTRIBUTES.keys())
        labels = sorted(flags - _ATTRIBUTES.keys() - {"seen"})
        text = "".join(f" {word}," for word in attributes) + ","
        text += "".join(f" {quote(word, safe=_SAFE)}," for word in labels)
        return text.encode() + b"\n"

    def gap(self, tail: bytes, size: int) -> bytes:
        """The options, where there is no file; a Control-Underscore where the end has none."""
        if not size:
            return HEADER
        return b"" if tail.endswith(b"\x1f") else b"\x1f"

    def outer(self, region: Region) -> tuple[int, int]:
        """From the form feed to the Control-Underscore."""
        return region.start - 2, region.end + 1


def _without_end(region: Region, read: Callable[[int, int], bytes]) -> Region:
    """The last region also holds the file's end; some programs write a line end after it."""
    start, end, data = region
    tail = read(max(start, end - 2), 2) if data is None else data[-2:]
    cut = 2 if tail.endswith(b"\x1f\n") else 1 if tail.endswith(b"\x1f") else 0
    return Region(start, end - cut, None if data is None else data[: len(data) - cut])
