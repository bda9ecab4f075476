"""Three-digit replies: FTP, SMTP and NNTP (RFC 959 section 4.2, RFC 5321 section 4.2).

``250 done`` is a whole reply; ``250-first`` opens one of several lines, which ends at a line that
begins with the same code and a space. Lines between may begin with anything, digits too
(RFC 959). Only the first digit decides what a client does; the rest is for the error's text.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ProtocolError
from .lines import LineBuffer
from .text import display

__all__ = ["MOST_LINES", "Reply", "ReplyReader"]

MOST_LINES = 100_000
"""Lines of one reply. FTP's STAT may carry a whole listing over the control connection."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Args:
        code: 100 to 599.
        lines: its texts, without code and separator in the first and last line.

    Example:
        >>> reply = Reply(550, ("No such file",))
        >>> reply.kind, str(reply)
        (5, '550 No such file')
    """

    code: int
    lines: tuple[str, ...]

    @property
    def kind(self) -> int:
        """The first digit: 1 begun, 2 done, 3 go on, 4 not now, 5 no."""
        return self.code // 100

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    def __str__(self) -> str:
        return f"{self.code} {display(' / '.join(line.strip() for line in self.lines))}"


class ReplyReader:
    """Gathers lines into replies.

    Args:
        encoding: of the texts; bytes that do not fit are surrogate-escaped, so names survive.

    Example:
        >>> lines, replies = LineBuffer(), ReplyReader()
        >>> lines.feed(b"211-Features:\\r\\n MDTM\\r\\n211 End\\r\\n")
        >>> replies.pull(lines)
        Reply(code=211, lines=('Features:', ' MDTM', 'End'))
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding
        self._code = b""
        self._lines: list[str] = []

    @property
    def midway(self) -> bool:
        """Whether a reply of several lines has begun and not ended."""
        return bool(self._code)

    def pull(self, lines: LineBuffer, most: int | None = None) -> Reply | None:
        """The next whole reply, or None when more bytes are needed.

        Args:
            lines: where they come from.
            most: the cap on the lines of one reply; None means `MOST_LINES`.

        Raises:
            ProtocolError: that is no reply, or it has more than *most* lines.
        """
        while (line := lines.line()) is not None:
            if (reply := self._add(line, most or MOST_LINES)) is not None:
                return reply
        return None

    def _add(self, line: bytes, most: int) -> Reply | None:
        text = line.decode(self.encoding, "surrogateescape")
        if not self._code:
            code = _code(line)
            if line[3:4] != b"-":
                return Reply(code, (text[4:],))
            self._code = line[:3]
            self._lines = [text[4:]]
            return None
        if line[:3] == self._code and line[3:4] in (b" ", b""):
            reply = Reply(int(self._code), (*self._lines, text[4:]))
            self._code, self._lines = b"", []
            return reply
        if len(self._lines) >= most:
            raise ProtocolError(f"a reply of over {most} lines")
        self._lines.append(text[4:] if line[:4] == self._code + b"-" else text)
        return None


def _code(line: bytes) -> int:
    """The reply code at the head of *line*."""
    head = line[:3]
    if len(head) == 3 and head.isdigit() and b"100" <= head <= b"599" and line[3:4] in b" -":
        return int(head)
    raise ProtocolError(f"not a reply: {display(line[:80].decode('utf-8', 'backslashreplace'))}")
