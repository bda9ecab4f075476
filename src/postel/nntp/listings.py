"""What LIST, CAPABILITIES, GROUP and their like say, line by line, as values. Pure.

A line that does not fit is left out where it stands among thousands (one bad line must not hide a
server's other groups), and is an error where it is the whole answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from ..errors import ProtocolError
from ..messages.charsets import decode
from ..messages.words import decode_words
from ..wire.text import display
from .types import Created, Description, DistribPattern, Group, HeaderValue, Listed, Moderator, Stat

__all__ = [
    "parse_active",
    "parse_capabilities",
    "parse_counts",
    "parse_date",
    "parse_descriptions",
    "parse_distrib_pats",
    "parse_group",
    "parse_headers",
    "parse_moderators",
    "parse_names",
    "parse_numbers",
    "parse_stat",
    "parse_times",
    "split",
    "wire_date",
]

_MOST_DIGITS = 20
_MOST_CAPABILITIES = 1_000
_DATE = re.compile(r"\d{14}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799  # of the year 9999
_NONE = (b"(none)", b"(no such field)")  # how old servers say that there is no such field


def split(chunk: bytes) -> list[bytes]:
    """The lines of whole lines, whatever they end in.

    Example:
        >>> split(b"a\\r\\nb\\nc\\r\\n")
        [b'a', b'b', b'c']
    """
    ended = chunk.removesuffix(b"\n").removesuffix(b"\r")
    if not chunk:
        return []
    if ended.count(b"\n") == ended.count(b"\r\n"):
        return ended.split(b"\r\n")
    return [line.removesuffix(b"\r") for line in ended.split(b"\n")]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _number(word: bytes) -> int | None:
    return int(word) if word.isdigit() and len(word) <= _MOST_DIGITS else None


def parse_group(text: str, name: str = "") -> Group:
    """The text of 211: count, first, last, name (RFC 3977 section 6.1.1).

    Args:
        text: of the answer.
        name: of the group, for servers that do not repeat it.

    Raises:
        ProtocolError: there are no numbers.

    Example:
        >>> parse_group("3 10 14 misc.test list follows")
        Group(name='misc.test', count=3, first=10, last=14)
    """
    words = text.encode("utf-8", "surrogateescape").split()
    numbers = [_number(word) for word in words[:3]]
    if len(numbers) < 3 or None in numbers:
        raise ProtocolError(f"GROUP: no numbers: {display(text)}")
    count, first, last = (number or 0 for number in numbers)
    if count == 0 and first == 0 and last == 0:
        first, last = 1, 0  # RFC 3977 section 6.1.1.2: how an empty group may look
    told = name or (_text(words[3]) if len(words) > 3 else "")
    return Group(told, count, first, last)


def parse_stat(text: str) -> Stat:
    """The text of 220 to 223: a number and an id.

    Raises:
        ProtocolError: there is no number.
    """
    words = text.split()
    number = _number(words[0].encode("utf-8", "surrogateescape")) if words else None
    if number is None:
        raise ProtocolError(f"no number of an article: {display(text)}")
    return Stat(number, words[1] if len(words) > 1 else "")


def parse_numbers(lines: Iterable[bytes]) -> Iterator[int]:
    """The lines of LISTGROUP."""
    for line in lines:
        if (number := _number(line.strip())) is not None:
            yield number


def parse_active(lines: Iterable[bytes]) -> Iterator[Listed]:
    """The lines of LIST ACTIVE and NEWGROUPS: name, last, first, status."""
    for line in lines:
        words = line.split()
        if len(words) < 3:
            continue
        last, first = _number(words[1]), _number(words[2])
        if last is not None and first is not None:
            status = _text(words[3]) if len(words) > 3 else "y"
            yield Listed(_text(words[0]), first, last, status)


def parse_counts(lines: Iterable[bytes]) -> Iterator[Listed]:
    """The lines of LIST COUNTS: name, last, first, count, status (RFC 6048 section 2.2)."""
    for line in lines:
        words = line.split()
        numbers = [_number(word) for word in words[1:4]]
        if len(words) < 5 or None in numbers:
            continue
        last, first, count = (number or 0 for number in numbers)
        yield Listed(_text(words[0]), first, last, _text(words[4]), count)


def parse_descriptions(lines: Iterable[bytes]) -> Iterator[Description]:
    """The lines of LIST NEWSGROUPS and LIST DISTRIBUTIONS: a name, white space, a text."""
    for line in lines:
        if line.strip():
            name, *rest = line.strip().split(None, 1)
            yield Description(_text(name), str(decode(rest[0])) if rest else "")


def parse_times(lines: Iterable[bytes]) -> Iterator[Created]:
    """The lines of LIST ACTIVE.TIMES: name, seconds since 1970, maker."""
    for line in lines:
        words = line.split(None, 2)
        seconds = _number(words[1]) if len(words) > 1 else None
        if seconds is not None and seconds <= _LAST_SECOND:
            by = str(decode(words[2])).strip() if len(words) > 2 else ""
            yield Created(_text(words[0]), _EPOCH + timedelta(seconds=seconds), by)


def parse_distrib_pats(lines: Iterable[bytes]) -> Iterator[DistribPattern]:
    """The lines of LIST DISTRIB.PATS: weight, pattern and value between colons."""
    for line in lines:
        weight, _, rest = line.strip().partition(b":")
        pattern, _, value = rest.partition(b":")
        if (number := _number(weight)) is not None and pattern:
            yield DistribPattern(number, _text(pattern), _text(value))


def parse_moderators(lines: Iterable[bytes]) -> Iterator[Moderator]:
    """The lines of LIST MODERATORS: pattern, colon, address (RFC 6048 section 2.4)."""
    for line in lines:
        pattern, colon, address = line.strip().partition(b":")
        if colon and pattern:
            yield Moderator(_text(pattern), _text(address))


def parse_names(lines: Iterable[bytes]) -> Iterator[str]:
    """Lines that are a name each: LIST SUBSCRIPTIONS, LIST HEADERS, NEWNEWS."""
    for line in lines:
        if line.strip():
            yield _text(line.strip())


def parse_headers(lines: Iterable[bytes]) -> Iterator[HeaderValue]:
    """The lines of HDR, XHDR and XPAT: a number or an id, a space, a value."""
    for line in lines:
        which, _, raw = line.partition(b" ")
        if not which:
            continue
        value = b"" if raw.strip().lower() in _NONE else raw
        number = _number(which)
        yield HeaderValue(number or 0, decode_words(str(decode(value))), value)


def parse_capabilities(lines: Iterable[bytes]) -> dict[str, tuple[str, ...]]:
    """The lines of CAPABILITIES: names in upper case, each with its arguments.

    Example:
        >>> parse_capabilities([b"VERSION 2", b"LIST ACTIVE COUNTS"])
        {'VERSION': ('2',), 'LIST': ('ACTIVE', 'COUNTS')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        words = _text(line).split()
        if words and len(found) < _MOST_CAPABILITIES:
            found[words[0].upper()] = (*found.get(words[0].upper(), ()), *words[1:])
    return found


def parse_date(text: str) -> datetime:
    """The text of 111: fourteen digits, in UTC.

    Raises:
        ProtocolError: there is no date.

    Example:
        >>> parse_date("20261121100000").isoformat()
        '2026-11-21T10:00:00+00:00'
    """
    found = _DATE.search(text)
    try:
        if found is not None:
            return datetime.strptime(found[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        pass  # no such day
    raise ProtocolError(f"DATE: no date: {display(text)}")


def wire_date(when: datetime) -> str:
    """A moment as NEWGROUPS and NEWNEWS take it.

    Example:
        >>> wire_date(datetime(2026, 11, 21, 10, tzinfo=UTC))
        '20261121 100000 GMT'
    """
    return when.astimezone(UTC).strftime("%Y%m%d %H%M%S GMT")
