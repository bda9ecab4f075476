"""Where the parts of a message begin and end: one pass over its bytes. Grammar: pure.

The pass looks at line ends that two hyphens follow, and at header sections; every boundary that is
open stands in a table, so that each such line is looked up once however deep the nesting. Nothing
is copied, nothing recurses, nothing is decoded: twenty thousand levels cost as much as twenty
thousand parts side by side.

Tolerated, and told: a boundary that is missing, empty, never used or never closed, a header section
without its empty line, lines in it that are no fields, and text behind a boundary on its line.
"""

from __future__ import annotations

import re

from .charsets import as_read
from .headers import Headers
from .parameters import parse_parameters

__all__ = ["Node", "head_end", "scan"]

_STOP = re.compile(rb"\n(?:(\r?\n)|--)")
_AFTER = re.compile(rb"(--)?(?![0-9A-Za-z'()+_,./:=?-])")
"""What may follow a boundary on its line: nothing that could be more of another boundary."""
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_FIELDS = re.compile(rb"(?:[!-9;-~]++[ \t]*+:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)*+")
_NESTED = ("message/rfc822", "message/global", "message/news")
_PLAIN = ("", "7bit", "8bit", "binary")


class Node:
    """A part as the pass found it: four offsets, and what is in it.

    Attributes:
        start: of its header section.
        head: where that ends.
        body: where its body begins.
        end: where it ends, without the line end before a boundary.
        children: parts of a multipart, or the message in a message/rfc822.
        defects: offsets with what is wrong there.
        headers: of the part.
        type: its content type, lower case, as it acts.
        parameters: of the content type.
        encoding: its transfer encoding, lower case.
        closed: where the part's own last boundary ends; -1 if there is none.
        first: where the part's first boundary begins.
    """

    __slots__ = ("body", "children", "closed", "defects", "encoding", "end", "first", "head",
                 "headers", "parameters", "start", "type")

    def __init__(self, start: int, head: int, body: int, headers: Headers) -> None:
        self.start, self.head, self.body, self.end = start, head, body, -1
        self.headers = headers
        self.children: list[Node] = []
        self.defects: list[tuple[int, str]] = []
        self.type, self.encoding = "text/plain", ""
        self.parameters: dict[str, str] = {}
        self.closed = self.first = -1


def head_end(raw: bytes, start: int, known: dict[bytes, list[int]]) -> tuple[int, int, str]:
    """Where the header section from *start* ends, where the body begins, and what was wrong.

    Args:
        raw: the message.
        start: where the section begins.
        known: the boundaries that would end it.
    """
    if raw.startswith((b"\n", b"\r\n"), start):
        return start, raw.index(b"\n", start) + 1, ""
    if known and raw.startswith(b"--", start) and _match(raw, start + 2, known) is not None:
        return start, start, ""
    at, what = start, ""
    while True:
        stop = _STOP.search(raw, at)
        if stop is None:
            head = body = len(raw)
            break
        if stop[1] is not None:
            head, body = stop.start() + 1, stop.end()
            break
        if known and _match(raw, stop.end(), known) is not None:
            head = body = stop.start() + 1
            what = "a part's header has no empty line after it"
            break
        at = stop.end()
    return _checked(raw, start, head, body, what)


def _checked(raw: bytes, start: int, head: int, body: int, what: str) -> tuple[int, int, str]:
    """The same, but the body begins at the first line that is no field, if no field follows."""
    fields = _FIELDS.match(raw, start, head)
    good = at = fields.end() if fields else start
    while at < head:
        next_line = raw.find(b"\n", at, head) + 1 or head
        if raw[at] in b" \t":
            good = next_line if good == at and at > start else good
        elif _FIELD.match(raw, at, next_line) or (
                at == start and raw.startswith((b"From ", b">From "), at)):
            good = next_line
        elif raw.startswith(b"--", at):
            break  # a boundary, surely
        at = next_line
    if good == head:
        return head, body, what
    if raw.count(b"\n", good, head) == 0 and not raw[good:head].strip():
        return head, body, what
    return good, good, "the empty line between header and body is missing"


def _match(raw: bytes, at: int, known: dict[bytes, list[int]]) -> tuple[bytes, int, bool] | None:
    """The boundary that the line behind the hyphens names, its end, and whether it is the last."""
    stop = raw.find(b"\n", at)
    stop = len(raw) if stop < 0 else stop
    line = raw[at:stop].rstrip(b" \t\r")
    if line in known:
        return line, stop, False
    if line.endswith(b"--") and line[:-2] in known:
        return line[:-2], stop, True
    innermost = next(reversed(known))
    if line.startswith(innermost) and (after := _AFTER.match(line, len(innermost))):
        return innermost, stop, after[1] is not None  # RFC 2046 section 5.1.1: the rest is ignored
    return None


class _Scanner:
    """The pass."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.known: dict[bytes, list[int]] = {}  # boundary: where in the stack
        self.stack: list[tuple[Node, bytes | None]] = []

    def begin(self, start: int, default: str = "text/plain") -> Node:
        """A part begins: read its header; it goes on the stack if it can hold others."""
        raw = self.raw
        head, body, what = head_end(raw, start, self.known)
        headers = Headers(raw, start, head)
        node = Node(start, head, body, headers)
        if what:
            node.defects.append((start, what))
        typed = headers.text("content-type")
        if typed:
            kind, node.parameters = parse_parameters(typed)
            main, _, sub = kind.partition("/")
            if main and sub:
                node.type = kind
            else:
                node.defects.append((start, "its content type is none"))
        else:
            node.type = default
        encoding = headers.text("content-transfer-encoding")
        if encoding:
            node.encoding = parse_parameters(encoding)[0].strip("\"'")
        return node

    def open(self, node: Node) -> int:
        """Note what *node* can hold; where to go on."""
        while True:
            boundary: bytes | None = None
            if node.type.startswith("multipart/"):
                boundary = self.boundary(node)
                if boundary is None:
                    self.stack.append((node, None))
                    return node.body
            self.stack.append((node, boundary))
            if boundary is not None:
                self.known.setdefault(boundary, []).append(len(self.stack) - 1)
                return node.body
            if node.type not in _NESTED or node.encoding not in _PLAIN:
                return node.body
            inner = self.begin(node.body)
            node.children.append(inner)
            node = inner

    def boundary(self, node: Node) -> bytes | None:
        """The boundary that a multipart declares."""
        text = node.parameters.get("boundary", "").rstrip()
        if not text:
            node.defects.append((node.start, "a multipart names no boundary"))
            return None
        return as_read(text)

    def run(self) -> Node:
        """The whole message."""
        raw = self.raw
        root = self.begin(0)
        at = self.open(root)
        while self.known:
            here = self.next_line(at)
            if here < 0:
                break
            found = _match(raw, here + 2, self.known)
            if found is None:
                at = here + 2
                continue
            at = self.meet(here, *found)
        self.pop(0, len(raw), closed=False)
        return root

    def next_line(self, at: int) -> int:
        """The next line from *at* that begins with two hyphens."""
        raw = self.raw
        if raw.startswith(b"--", at) and (at == 0 or raw[at - 1] == 10):
            return at
        return raw.find(b"\n--", max(0, at - 1)) + 1 or -1

    def meet(self, here: int, boundary: bytes, stop: int, last: bool) -> int:
        """A boundary at *here*, its line ending at *stop*; where to go on."""
        raw = self.raw
        level = self.known[boundary][-1]
        node = self.stack[level][0]
        before = here - 1 if here > 0 else 0
        if before > 0 and raw[before - 1] == 13:
            before -= 1
        self.pop(level + 1, max(before, 0), closed=True)
        if node.first < 0:
            node.first = here
        after = min(stop + 1, len(raw))
        if last:
            node.closed = after
            self.forget(level, boundary)
            return stop
        kind = "message/rfc822" if node.type == "multipart/digest" else "text/plain"
        child = self.begin(after, kind)
        node.children.append(child)
        return self.open(child)

    def forget(self, level: int, boundary: bytes) -> None:
        """A multipart is over; what follows in it is its epilogue."""
        places = self.known[boundary]
        places.pop()  # the level is its last
        if not places:
            del self.known[boundary]
        self.stack[level] = (self.stack[level][0], None)

    def pop(self, level: int, end: int, *, closed: bool) -> None:
        """Everything from *level* of the stack on ends at *end*."""
        while len(self.stack) > level:
            node, boundary = self.stack.pop()
            node.end = max(end, node.body)
            if boundary is not None:
                places = self.known[boundary]
                places.pop()
                if not places:
                    del self.known[boundary]
                what = ("a multipart has no last boundary" if node.children or not closed
                        else "a multipart's boundary is never used")
                node.defects.append((node.start, what))


def scan(raw: bytes) -> Node:
    """The structure of *raw*; never raises.

    Example:
        >>> root = scan(b"Content-Type: multipart/mixed; boundary=x\\n\\n--x\\n\\nhi\\n--x--\\n")
        >>> [(part.body, part.end) for part in root.children]
        [(48, 50)]
    """
    return _Scanner(raw).run()
