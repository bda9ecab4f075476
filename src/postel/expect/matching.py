"""Patterns looked for in a stream as it comes: several at once, in time linear in what comes.

A grammar module. A literal is found by the C library's search, from where it could begin at the
earliest given what was searched before. A regular expression is searched for again only in what is
new and in a bounded look-back before it. Of several, the one that is complete first counts, as if
the bytes had come one at a time; of two that end together, the one that was named first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..errors import UsageError
from ..wire.text import display

__all__ = ["END", "LOOK_BACK", "End", "Match", "Pattern", "Search", "What", "patterns_of", "shown"]

LOOK_BACK = 4096
"""Bytes before what is new in which a regular expression may begin."""

_TAIL = 200


class End:
    """The end of the stream, as something to expect."""

    def __repr__(self) -> str:
        return "END"


END: Final = End()
"""Expected by name: ``s.expect(prompt="$ ", over=END)``."""

What = str | bytes | re.Pattern[str] | re.Pattern[bytes] | End | Sequence[
    str | bytes | re.Pattern[str] | re.Pattern[bytes] | End]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing to look for.

    Args:
        name: how a match calls it.
        literal: the bytes; or None, then it is *regex*.
        regex: the expression, on bytes; None for a literal and for the end.
    """

    name: str
    literal: bytes | None = None
    regex: re.Pattern[bytes] | None = None

    @property
    def is_end(self) -> bool:
        """Whether it is the end of the stream."""
        return self.literal is None and self.regex is None

    def __str__(self) -> str:
        if self.literal is not None:
            return repr(self.literal)[1:]
        return f"/{display(self.regex.pattern.decode('latin-1'))}/" if self.regex else "the end"


@dataclass(frozen=True, slots=True)
class Match:
    """What was found.

    Args:
        name: of the pattern.
        before: everything from the last match to this one.
        after: what matched; `pexpect` calls it so.
        groups: of a regular expression, by number; those that took no part are None.
        named: of a regular expression, by name.

    Example:
        >>> match = Match("login", b"Welcome", b"login: ")
        >>> match.name, match.text
        ('login', 'Welcome')
    """

    name: str
    before: bytes
    after: bytes
    groups: tuple[bytes | None, ...] = ()
    named: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """`before` as text."""
        return self.before.decode("utf-8", "replace")


def patterns_of(named: Mapping[str, What]) -> list[Pattern]:
    """Patterns from what a caller names; a list of several has one name.

    Raises:
        UsageError: there are none, one is empty, or is nothing to be looked for.
    """
    found = [_pattern(name, one) for name, what in named.items()
             for one in (what if isinstance(what, (list, tuple)) else (what,))]
    if not found:
        raise UsageError("expect: there is nothing to expect",
                         hint='name it: expect(login="login: ")')
    return found


def _pattern(name: str, what: object) -> Pattern:
    if isinstance(what, End):
        return Pattern(name)
    if isinstance(what, str):
        what = what.encode()
    if isinstance(what, (bytes, bytearray)):
        if not what:
            raise UsageError(f"expect {name}: an empty text is found everywhere")
        return Pattern(name, bytes(what))
    if isinstance(what, re.Pattern):
        source, flags = what.pattern, what.flags & ~re.UNICODE
        if isinstance(source, str):
            source = source.encode()
        try:
            return Pattern(name, regex=re.compile(source, flags))
        except re.error as error:  # \\N{…} and other things that bytes have not
            raise UsageError(f"expect {name}: {error}",
                             hint="write it for bytes: re.compile(rb'…')") from None
    raise UsageError(f"expect {name}: {type(what).__name__} is no pattern",
                     hint="text, bytes, a compiled regular expression, END, or a list of these")


@dataclass
class Search:
    """One search in a buffer that grows.

    Args:
        patterns: what is looked for.
        look_back: bytes before what is new in which an expression may begin.

    Example:
        >>> search, buffer = Search(patterns_of({"a": "$ ", "b": "denied"})), bytearray()
        >>> buffer += b"Access de"; search.find(buffer)
        >>> buffer += b"nied.\\n$ "; search.find(buffer).name
        'b'
    """

    patterns: list[Pattern]
    look_back: int = LOOK_BACK
    _seen: int = 0

    def find(self, buffer: bytearray) -> Match | None:
        """The match that is complete first, of what has not been searched; or None."""
        if self._seen == len(buffer) and self._seen:
            return None
        best: tuple[int, int] | None = None
        found: tuple[Pattern, re.Match[bytes] | None] | None = None
        for pattern in self.patterns:
            hit = self._hit(pattern, buffer, None if best is None else best[1])
            if hit is not None and (best is None or hit[1] < best[1]):
                best, found = (hit[0], hit[1]), (pattern, hit[2])
        self._seen = len(buffer)
        if best is None or found is None:
            return None
        pattern, match = found
        return Match(
            pattern.name, bytes(buffer[:best[0]]), bytes(buffer[best[0]:best[1]]),
            () if match is None else match.groups(), {} if match is None else match.groupdict())

    def _hit(self, pattern: Pattern, buffer: bytearray, before: int | None
             ) -> tuple[int, int, re.Match[bytes] | None] | None:
        if pattern.literal is not None:
            size = len(pattern.literal)
            end = len(buffer) if before is None else before - 1
            at = buffer.find(pattern.literal, max(0, self._seen - size + 1), end)
            return None if at < 0 else (at, at + size, None)
        if pattern.regex is None:
            return None
        match = pattern.regex.search(buffer, max(0, self._seen - self.look_back))
        if match is None or match.end() == 0:
            return None
        return match.start(), match.end(), match

    def ended(self, buffer: bytearray) -> Match | None:
        """The stream has ended: the match that this is, if it is expected."""
        for pattern in self.patterns:
            if pattern.is_end:
                return Match(pattern.name, bytes(buffer), b"")
        return None

    def hint(self, buffer: bytearray) -> str:
        """What came that is nearly what was expected."""
        tail = bytes(buffer[-2 * LOOK_BACK:])
        for pattern in self.patterns:
            literal = pattern.literal
            if literal is None:
                continue
            if literal.lower() in tail.lower():
                return f"{pattern.name}: it came in other capital letters"
            if b"".join(literal.split()) in b"".join(tail.split()):
                return f"{pattern.name}: it came with other blanks or line ends"
            if len(literal) > 3 and tail.endswith(literal[:-1]):
                return f"{pattern.name}: it came but for its last byte"
        return "" if tail else "nothing came at all"


def shown(data: bytes | bytearray, most: int = _TAIL) -> str:
    """The end of *data*, safe to print.

    Example:
        >>> shown(b"a\\x1b[1mb\\r\\n")
        "'a\\\\x1b[1mb\\\\r\\\\n'"
    """
    tail = bytes(data[-most:]).decode("utf-8", "surrogateescape")
    return f"'{display(tail)}'"
