"""Files that stand in the middle of a text: uuencoded, or in yEnc. Grammar: pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from .codecs import uuencode, yenc
from .defects import Defect
from .part import Part

__all__ = ["Embedded", "find_embedded", "without_embedded"]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file found in a text.

    Args:
        filename: as written there.
        content: its bytes.
        kind: ``uuencode`` or ``yenc``.
        start: where it begins in the part's content.
        end: where the text goes on.
        defects: what was wrong with it.
        number: which piece of the file it is, from 1; 0 if it is whole.
        total: of how many; 0 where that is not told.
    """

    filename: str
    content: bytes = field(repr=False)
    kind: str
    start: int
    end: int
    defects: tuple[Defect, ...] = ()
    number: int = 0
    total: int = 0


def find_embedded(part: Part) -> list[Embedded]:
    """The files in the text of *part*, in order.

    Example:
        >>> from postel.messages import parse
        >>> root = parse(b"Subject: x\\n\\nSee:\\nbegin 644 a.txt\\n#8V%T\\n`\\nend\\n").root
        >>> [(one.filename, one.content, one.kind) for one in find_embedded(root)]
        [('a.txt', b'cat', 'uuencode')]
    """
    if not part.content_type.startswith("text/") or part.content_type == "text/html":
        return []
    data = part.content
    found: list[Embedded] = []
    if b"begin " in data or b"begin-base64 " in data:
        found += [Embedded(one.name, one.data, "uuencode", one.start, one.end,
                           _defects(part, one.start, one.defects))
                  for one in uuencode.find(data)]
    if b"=ybegin " in data:
        taken = [(one.start, one.end) for one in found]
        found += [Embedded(one.name, one.data, "yenc", one.start, one.end,
                           _defects(part, one.start, one.defects), one.part, one.total)
                  for one in yenc.find(data)
                  if not any(start <= one.start < end for start, end in taken[:100])]
        found.sort(key=lambda one: one.start)
    return found


def _defects(part: Part, start: int, texts: tuple[str, ...]) -> tuple[Defect, ...]:
    at = part.body if part.encoding in ("base64", "quoted-printable") else part.body + start
    return tuple(Defect(at, text) for text in texts)


def without_embedded(data: bytes, found: list[Embedded]) -> bytes:
    """*data* without the files in it."""
    kept, at = [], 0
    for one in found:
        kept.append(data[at : max(at, one.start)])
        at = max(at, one.end)
    kept.append(data[at:])
    return b"".join(kept)
