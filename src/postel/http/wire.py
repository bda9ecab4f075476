"""HTTP/1.1 as a client reads it: answers out of bytes (RFC 9112). Grammar.

An `Answers` is fed what came over one connection and gives, for each request in turn, the head of
its answer and then its body, piece by piece. What tells where a body ends is the part that
programs have disagreed about, with one's body read as another's answer; so it is strict there:

- Content-Length is digits, and the same however often it comes (section 6.3, rule 5);
- Transfer-Encoding beats it (rule 3), ends with "chunked" or goes on to the end of the
  connection, and a connection that sent both is not used again (section 6.1);
- chunk sizes are hexadecimal digits, at most sixteen, and each chunk ends with CRLF (7.1);
- no space stands before a colon, and no CR, LF or NUL within a value (5.1, RFC 9110 section 5.5);
- HEAD, 204 and 304 have no body whatever their fields say (rules 1 and 2).

Liberal where nothing can go wrong: LF alone ends a line of the header (2.2), folded lines are
joined by a space (5.2), the reason may be missing, an empty line may come before the status line.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from ..errors import Incomplete, LimitReached, ProtocolError
from ..wire.text import display

__all__ = ["LONGEST_HEAD", "LONGEST_LINE", "MOST_FIELDS", "MOST_INTERIM", "Answers", "Head",
           "request_head"]

LONGEST_HEAD = 262_144
"""Bytes of one answer's header, and of the trailers after its body."""

MOST_FIELDS = 1_000
"""Fields of one header."""

MOST_INTERIM = 100
"""Interim answers (1xx) before the one that counts."""

LONGEST_LINE = 4_096
"""Bytes of the line before a chunk, its extensions included."""

_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/([0-9])\.([0-9]) ([1-9][0-9]{2})(?: ([^\r\0]*))?")
_FIELDS = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*(?:\r\n|\Z))*")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD = re.compile(rb"[\r\0]")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n\0]*)?")
_FOLD = re.compile(rb"\r?\n[ \t]+")

Pair = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """The header of an answer.

    Args:
        status: such as 200.
        reason: the server's words.
        version: ``(1, 1)``.
        fields: names and values as they came, without the blanks around them.
        length: of the body; None where chunks or the end of the connection tell.
        chunked: whether it comes in chunks.
        kept: whether the connection can be used again after the body.
    """

    status: int
    reason: bytes
    version: tuple[int, int]
    fields: tuple[Pair, ...]
    length: int | None
    chunked: bool
    kept: bool


class Answers:
    """Reads the answers on one connection; requests are told by `expect`, in order.

    Example:
        >>> answers = Answers()
        >>> answers.expect("GET")
        >>> answers.feed(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
        >>> answers.head().status, answers.body(), answers.body()
        (200, b'hello', b'')
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._due: deque[str] = deque()
        self._interim = 0
        self._left: int | None = 0
        self._chunked = False
        self._between = False
        self._in_body = False
        self._trailers = False
        self.kept = True
        self.ended = False
        self.began = False

    def expect(self, method: str) -> None:
        """A request was sent, whose answer is due after those before it."""
        self._due.append(method)

    def feed(self, data: bytes) -> None:
        """Take what came; ``b""`` says that the connection has ended."""
        if not data:
            self.ended = True
        elif self._at >= len(self._buffer):
            self._buffer, self._at = data, 0
        else:
            self._buffer, self._at = self._buffer[self._at:] + data, 0

    @property
    def held(self) -> int:
        """Bytes that came and have not been read."""
        return len(self._buffer) - self._at

    @property
    def in_body(self) -> bool:
        """Whether a header has been read, and the end of its body has not."""
        return self._in_body

    @property
    def open_ended(self) -> bool:
        """Whether only the end of the connection tells where the body ends."""
        return self._in_body and self._left is None and not self._chunked

    @property
    def left(self) -> int | None:
        """Bytes of the body that are still to come and need no looking at; None: unknown."""
        return None if self._chunked or not self._in_body else self._left

    # -- the header ------------------------------------------------------------------------

    def peek(self) -> int:
        """The status of what came, if a header of it is whole; else 0. Nothing is taken."""
        at, status = self._at, 0
        while status < 200 and (found := _END.search(self._buffer, at)):
            line = _STATUS.match(self._buffer, at)
            status, at = int(line[3]) if line else 599, found.end()
        return status

    def head(self) -> Head | None:
        """The header of the next answer; None while it has not all come.

        Raises:
            ProtocolError: it breaks the rules.
            LimitReached: it is too long.
        """
        while True:
            block = self._block()
            if block is None:
                return None
            head = _parsed(block, self._due[0])
            if head.status >= 200:
                break
            if head.status == 101:
                raise ProtocolError("it switches to another protocol, which nobody asked for")
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise ProtocolError(f"over {MOST_INTERIM} interim answers (1xx), and no other")
        self._due.popleft()
        self._interim, self.began = 0, False
        self._in_body, self._left, self._chunked = True, head.length, head.chunked
        self._between = self._trailers = False
        self.kept = head.kept
        return head

    def _block(self) -> bytes | None:
        """Status line and fields, without the empty line that ends them."""
        buffer, at = self._buffer, self._at
        while buffer.startswith((b"\r\n", b"\n"), at) and not self.began:
            at += 1 if buffer[at] == 10 else 2  # section 2.2: an empty line before it
        self._at = at
        if at < len(buffer):
            if not self.began and buffer[at:] == b"\r":
                return None
            self.began = True
            if not b"HTTP/".startswith(buffer[at:at + 5]):
                raise ProtocolError(f"the answer is not HTTP/1: {_shown(buffer[at:at + 60])}",
                                    hint="is it a web server? TLS and clear text have own ports")
        found = _END.search(buffer, at)
        if (found.start() if found else len(buffer)) - at > LONGEST_HEAD:
            raise LimitReached(f"the answer's header is longer than {LONGEST_HEAD:,} bytes")
        if found is None:
            return None
        self._at = found.end()
        return buffer[at:found.start()].removesuffix(b"\r")

    # -- the body --------------------------------------------------------------------------

    def body(self) -> bytes | None:
        """The next piece of the body; ``b""`` at its end, None while more has to come.

        Raises:
            ProtocolError: its chunks break the rules.
            Incomplete: the connection ended before the body did.
        """
        if not self._in_body:
            return b""
        if self._chunked:
            return self._chunk()
        if self._left is None:
            data = self._take(self.held)
            if not data and self.ended:
                self._finish()
                return b""
            return data or None
        if not self._left:
            self._finish()
            return b""
        if data := self._take(self._left):
            self._left -= len(data)
            return data
        if self.ended:
            raise Incomplete(f"the body ends {self._left:,} bytes before its announced length")
        return None

    def took(self, count: int) -> None:
        """*count* bytes of the body were read past this object, straight from the stream."""
        if self._left is not None:
            self._left -= count

    def _take(self, most: int) -> bytes:
        at, size = self._at, len(self._buffer)
        if at == 0 and size <= most:
            data, self._buffer = self._buffer, b""
            return data
        data = self._buffer[at:at + most]
        self._at = at + len(data)
        return data

    def _chunk(self) -> bytes | None:
        while True:
            if self._left:
                if data := self._take(self._left):
                    self._left -= len(data)
                    self._between = not self._left
                    return data
                return self._starved()
            if self._trailers:
                return self._past_trailers()
            line = self._line()
            if line is None:
                return self._starved()
            if self._between:
                if line:
                    raise ProtocolError("a chunk is longer than it says")
                self._between = False
                continue
            found = _SIZE.fullmatch(line)
            if found is None:
                raise ProtocolError(f"the size of a chunk is {_shown(line[:40])}")
            self._left = int(found[1], 16)
            self._trailers = not self._left

    def _line(self) -> bytes | None:
        """The next line of the framing; these end with CRLF, strictly."""
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            if self.held > LONGEST_LINE:
                raise ProtocolError("the line before a chunk has no end")
            return None
        line = self._buffer[self._at:end]
        if not line.endswith(b"\r") or len(line) > LONGEST_LINE:
            raise ProtocolError("the line before a chunk does not end with CRLF, or is too long")
        self._at = end + 1
        return line[:-1]

    def _past_trailers(self) -> bytes | None:
        """Trailers are read and dropped (RFC 9110 section 6.5.1: merging them is not safe)."""
        buffer, at = self._buffer, self._at
        if buffer.startswith(b"\r\n", at):
            self._at = at + 2
        elif (end := buffer.find(b"\r\n\r\n", at)) >= 0:
            self._at = end + 4
        elif len(buffer) - at > LONGEST_HEAD:
            raise LimitReached(f"the trailers are longer than {LONGEST_HEAD:,} bytes")
        else:
            return self._starved()
        self._finish()
        return b""

    def _starved(self) -> bytes | None:
        """More has to come, which it cannot after the end."""
        if self.ended:
            raise Incomplete("the connection ended before the last chunk of the body")
        return None

    def _finish(self) -> None:
        self._in_body = False
        if self.held and not self._due:
            self.kept = False  # more than was asked for: whose answer would it be?


def _parsed(block: bytes, method: str) -> Head:
    line, _, rest = block.partition(b"\n")
    found = _STATUS.fullmatch(line.removesuffix(b"\r"))
    if found is None:
        raise ProtocolError(f"the status line is {_shown(line[:80])}",
                            hint="is it a web server that speaks HTTP/1.1?")
    version = found[1][0] - 48, found[2][0] - 48
    if version[0] != 1:
        raise ProtocolError(f"the answer is of HTTP/{version[0]}.{version[1]}, not HTTP/1.1")
    status = int(found[3])
    fields = _fields(rest)
    length, chunked, kept = _framing(method, status, version, fields)
    return Head(status, (found[4] or b"").strip(), version, fields, length, chunked, kept)


def _fields(block: bytes) -> tuple[Pair, ...]:
    if not _FIELDS.fullmatch(block):
        block = _mended(block)
    pairs = []
    for line in block.split(b"\r\n"):
        if line:
            name, _, value = line.partition(b":")
            pairs.append((name, value.strip(b" \t")))
    if len(pairs) > MOST_FIELDS:
        raise LimitReached(f"the answer has more than {MOST_FIELDS} fields")
    return tuple(pairs)


def _mended(block: bytes) -> bytes:
    """The fields with folded lines joined and LF made CRLF; what cannot be mended is refused."""
    if block.startswith((b" ", b"\t")):
        raise ProtocolError("the first field begins with a blank")
    lines = _FOLD.sub(b" ", block).split(b"\n")
    for number, line in enumerate(lines):
        line = line.removesuffix(b"\r")
        lines[number] = line
        name, colon, value = line.partition(b":")
        if line and (not colon or not _NAME.fullmatch(name) or _BAD.search(value)):
            raise ProtocolError(f"a field of the answer is {_shown(line[:60])}")
    return b"\r\n".join(lines)


def _framing(
    method: str, status: int, version: tuple[int, int], fields: tuple[Pair, ...]
) -> tuple[int | None, bool, bool]:
    """Length, whether chunked, and whether the connection goes on (RFC 9112 sections 6.3, 9.3)."""
    lengths: list[bytes] = []
    codings: list[bytes] = []
    options: list[bytes] = []
    for name, value in fields:
        if len(name) in (10, 14, 17):
            name = name.lower()
            if name == b"content-length":
                lengths += value.split(b",")
            elif name == b"transfer-encoding":
                codings += value.lower().split(b",")
            elif name == b"connection":
                options += value.lower().split(b",")
    words = [word.strip(b" \t") for word in options]
    kept = b"close" not in words and (version >= (1, 1) or b"keep-alive" in words)
    if method == "HEAD" or status in (204, 304) or status < 200:
        return 0, False, kept and status != 101
    if codings:
        return _coded([word.strip(b" \t") for word in codings if word.strip()], version,
                      kept and not lengths)
    if lengths:
        return _length(lengths), False, kept
    return None, False, False


def _coded(
    codings: list[bytes], version: tuple[int, int], kept: bool
) -> tuple[int | None, bool, bool]:
    if version < (1, 1) or codings.count(b"chunked") > 1:
        raise ProtocolError("Transfer-Encoding where it may not be: the body's end is not certain")
    if codings == [b"chunked"]:
        return None, True, kept
    if codings == [b"identity"]:  # of RFC 2616, and gone since
        return None, False, False
    raise ProtocolError(f"the body comes in a coding that was not asked for: "
                        f"{_shown(b', '.join(codings)[:60])}")


def _length(values: list[bytes]) -> int:
    found = {value.strip(b" \t") for value in values}
    [value] = found if len(found) == 1 else [b""]
    if not value.isdigit() or len(value) > 18:
        raise ProtocolError(f"the answer's Content-Length is {_shown(b', '.join(values)[:60])}")
    return int(value)


def _shown(data: bytes) -> str:
    return repr(display(data.decode("utf-8", "surrogateescape")))


def request_head(method: bytes, target: bytes, fields: list[Pair]) -> bytes:
    """The bytes of a request before its body; what it holds has been checked.

    Example:
        >>> request_head(b"GET", b"/", [(b"Host", b"a")])
        b'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
    """
    lines = [b"%b %b HTTP/1.1" % (method, target)]
    lines += [b"%b: %b" % pair for pair in fields]
    lines += (b"", b"")
    return b"\r\n".join(lines)
