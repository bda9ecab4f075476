"""The grammar of IMAP, the server's half: commands in, with their literals (RFC 9051, 7888). Pure.

A command is lines and literals in turn. A synchronising literal is a question: nothing more comes
until the server has said ``+`` or has refused the command. A non-synchronising one (``{n+}``) comes
at once, wanted or not; where it is not wanted it is read and thrown away, or the connection ends:
never are its bytes taken for commands. Every length has a cap that is known before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import ProtocolError
from ..secrets import HIDDEN
from ..wire.base import refuse_leftover
from ..wire.lines import LineBuffer
from ..wire.text import display
from . import names, tokens

__all__ = ["LARGEST_COMMAND", "LONGEST_LINE", "Announced", "Request", "ServerWire", "astring",
           "literal", "mailbox", "nstring", "shown"]

LONGEST_LINE = 65_536
"""Bytes of a command between two literals (RFC 9051 section 4 leaves it open; Dovecot: 64 KiB)."""

LARGEST_COMMAND = 256 << 20
"""Bytes of all literals of one command; MULTIAPPEND brings many messages in one."""

_MOST_LITERALS = 10_000
_ANNOUNCED = re.compile(rb"(~?)\{(\d{1,20})([+-]?)\}\Z")
_HEAD = re.compile(rb"([^\x00-\x20(){%*\"\\+\x7f-\xff]{1,200}) "
                   rb"((?i:UID )?[A-Za-z0-9.=-]{1,60})(?: |\Z)")
_TAG = re.compile(rb"[^\x00-\x20(){%*\"\\+\x7f-\xff]{1,200}(?= |\Z)")
_ATOM = re.compile(rb"[^\x00-\x20(){%*\"\\\]\x7f-\xff]{1,1000}\Z")


@dataclass(frozen=True, slots=True)
class Request:
    """One command, whole.

    Args:
        tag: "" where there was none that could be read.
        verb: in capitals; ``"UID FETCH"`` is one.
        pieces: its arguments: text, literal, text, literal, … text; a literal's announcement is
            not in the text.
        binary: for each literal, whether it came as literal8 (RFC 3516), which may hold NULs.
    """

    tag: str
    verb: str
    pieces: tuple[bytes, ...]
    binary: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Announced:
    """A literal is about to come; `ServerWire.accept` or `ServerWire.refuse` it.

    Args:
        tag: of the command.
        verb: of the command.
        size: in bytes.
        waits: the client waits for a word; otherwise the bytes come whatever is said.
        total: bytes of the command's literals with this one.
        binary: whether it is a literal8.
    """

    tag: str
    verb: str
    size: int
    waits: bool
    total: int
    binary: bool


@dataclass
class _Reading:
    """A command on its way in."""

    tag: str = ""
    verb: str = ""
    pieces: list[bytes] = field(default_factory=list)
    binary: list[bool] = field(default_factory=list)
    total: int = 0
    left: int = -1
    literal: list[bytes] = field(default_factory=list)
    refused: bool = False


class ServerWire:
    """One connection's commands.

    Attributes:
        longest: bytes of a line.

    Example:
        >>> wire = ServerWire()
        >>> wire.feed(b"a1 LOGIN ann {6}\\r\\n")
        >>> wire.next_event()
        Announced(tag='a1', verb='LOGIN', size=6, waits=True, total=6, binary=False)
        >>> wire.accept(); wire.feed(b"secret\\r\\n")
        >>> wire.next_event()
        Request(tag='a1', verb='LOGIN', pieces=(b'ann ', b'secret', b''), binary=(False,))
    """

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self.longest = longest
        self._lines = LineBuffer(longest)
        self._now = _Reading()
        self._asked: Announced | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        self._lines.feed(data)

    @property
    def has_more(self) -> bool:
        """Whether bytes are waiting to be read."""
        return len(self._lines) > 0

    def end_of_clear_text(self) -> None:
        """TLS or compression starts now: nothing may have come before it that was not read."""
        refuse_leftover(self._lines.take(), "IMAP")

    def leftover(self) -> bytes:
        """What has been fed and not read; it is taken away."""
        return self._lines.take()

    def next_line(self) -> bytes | None:
        """A line that is no command: an answer within AUTHENTICATE, or IDLE's DONE."""
        return self._lines.line()

    def next_event(self) -> Request | Announced | None:
        """The next command, or a literal to decide about; None when more bytes are needed.

        Raises:
            ProtocolError: a line or a command is longer than its cap.
        """
        if self._asked is not None:
            return None
        while True:
            if self._now.left >= 0 and not self._literal():
                return None
            line = self._lines.line()
            if line is None:
                return None
            event = self._line(line)
            if event is not None:
                return event

    def accept(self) -> None:
        """The announced literal is welcome."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._now.left, self._now.literal = asked.size, []

    def refuse(self) -> None:
        """It is not; the command has been answered. What comes of it is thrown away."""
        asked, self._asked = self._asked, None
        if asked is None or asked.waits:
            self._now = _Reading()
            return
        self._now.refused = True
        self._now.left, self._now.literal = asked.size, []

    def _literal(self) -> bool:
        """Whether the literal that is being read is whole now."""
        now = self._now
        data = self._lines.take()
        chunk = data[: now.left]
        if len(data) > len(chunk):
            self._lines.give_back(data[len(chunk) :])
        now.left -= len(chunk)
        if not now.refused:
            now.literal.append(chunk)
        if now.left:
            return False
        now.pieces.append(b"".join(now.literal))
        now.left, now.literal = -1, []
        return True

    def _line(self, line: bytes) -> Request | Announced | None:
        now = self._now
        found = _ANNOUNCED.search(line) if line[-1:] == b"}" else None
        if not now.pieces:
            line = self._head(line)
        now.pieces.append(_without(line, found))
        if found is None:
            self._now = _Reading()
            if now.refused:
                return None
            return Request(now.tag, now.verb, tuple(now.pieces), tuple(now.binary))
        return self._announced(found)

    def _announced(self, found: re.Match[bytes]) -> Announced | None:
        now = self._now
        size = int(found[2])
        now.total += size
        now.binary.append(found[1] == b"~")
        if len(now.binary) > _MOST_LITERALS:
            raise ProtocolError(f"a command with over {_MOST_LITERALS} literals")
        asked = Announced(now.tag, now.verb, size, found[3] != b"+", now.total, now.binary[-1])
        if now.refused and not asked.waits:
            now.left = size
            return None
        if now.refused:
            self._now = _Reading()
            return None
        self._asked = asked
        return asked

    def _head(self, line: bytes) -> bytes:
        """Tag and verb go to their places; what is left are arguments."""
        now = self._now
        head = _HEAD.match(line)
        if head is None:
            tag = _TAG.match(line)
            now.tag = tag[0].decode("ascii") if tag else ""
            return b""
        now.tag, now.verb = head[1].decode("ascii"), head[2].decode("ascii").upper()
        if now.verb == "UID":
            now.verb = ""
        return line[head.end() :]


def _without(line: bytes, found: re.Match[bytes] | None) -> bytes:
    """*line* without the announcement at its end."""
    if found is None:
        return line
    size = found.end() - found.start()
    return line[:-size] if len(line) >= size else b""


_SECRETS = ("LOGIN", "AUTHENTICATE")


def shown(request: Request) -> str:
    """A command for those who watch: no secret in it, no message.

    Example:
        >>> shown(Request("a1", "LOGIN", (b"ann secret",)))
        'a1 LOGIN ann ***'
        >>> shown(Request("a2", "APPEND", (b"INBOX ", b"Subject: x", b""), (False,)))
        'a2 APPEND INBOX {10}'
    """
    if request.verb in _SECRETS:
        word = request.pieces[0].split(b" ")[0][:80].decode("ascii", "replace")
        return display(f"{request.tag} {request.verb} {word} {HIDDEN}")
    words = [piece.decode("utf-8", "replace") if place % 2 == 0 else f"{{{len(piece)}}}"
             for place, piece in enumerate(request.pieces[:20])]
    return display(f"{request.tag} {request.verb} {''.join(words)[:1000]}".rstrip())


# -- writing ------------------------------------------------------------------------------------


def literal(data: bytes, *, binary: bool = False) -> bytes:
    """*data* as a literal; what holds NULs as a literal8, if that was asked for.

    Example:
        >>> literal(b"hi"), literal(b"\\0", binary=True)
        (b'{2}\\r\\nhi', b'~{1}\\r\\n\\x00')
    """
    return b"%b{%d}\r\n%b" % (b"~" if binary else b"", len(data), data)


def nstring(data: bytes | None) -> bytes:
    """*data* as a string: quoted where that can carry it, else a literal; None as NIL.

    Example:
        >>> nstring(None), nstring(b"a b"), nstring(b"x\\n")
        (b'NIL', b'"a b"', b'{2}\\r\\nx\\n')
    """
    if data is None:
        return b"NIL"
    return tokens.quoted(data) or literal(data)


def astring(data: bytes) -> bytes:
    """*data* as an atom if it can be one, else as a string.

    Example:
        >>> astring(b"INBOX"), astring(b"two words"), astring(b"NIL")
        (b'INBOX', b'"two words"', b'"NIL"')
    """
    return data if _ATOM.match(data) and data.upper() != b"NIL" else nstring(data)


def mailbox(name: str, *, utf8: bool = False) -> bytes:
    """A folder's name: in modified UTF-7, or with *utf8* as it is (RFC 9051 section 5.1).

    Example:
        >>> mailbox("Entwürfe"), mailbox("Entwürfe", utf8=True) == '"Entwürfe"'.encode()
        (b'Entw&APw-rfe', True)
    """
    if not utf8:
        return astring(names.encode(name).encode("ascii", "replace"))
    raw = name.encode("utf-8", "replace")
    if raw.isascii():
        return astring(raw)
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def joined(words: Iterable[bytes]) -> bytes:
    """A parenthesised list."""
    return b"(" + b" ".join(words) + b")"
