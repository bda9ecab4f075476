"""What HTTP's fields are made of: tokens, quoted strings, lists (RFC 9110 section 5.6). Grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["LONGEST_FIELD", "Headers", "directives", "is_token", "items", "pieces", "quoted",
           "unquoted", "value", "values"]

LONGEST_FIELD = 65_536
"""Characters of one field that are read."""

Headers = Iterable[tuple[str, str]]
"""Names and values of fields, in order, as they came."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_BREAKS = {mark: re.compile(rf'(?:[^{mark}"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))*', re.DOTALL)
           for mark in (",", ";")}


def is_token(text: str) -> bool:
    """Whether *text* is one word of a field (RFC 9110 section 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def pieces(text: str, mark: str) -> Iterator[str]:
    """The parts between *mark* (a comma or semicolon), without those in quotes, stripped.

    Example:
        >>> list(pieces('a; b="x;y"; c', ";"))
        ['a', 'b="x;y"', 'c']
    """
    text, at = text[:LONGEST_FIELD], 0
    while at <= len(text):
        match = _BREAKS[mark].match(text, at)
        end = match.end() if match else at
        yield text[at:end].strip(" \t")
        at = end + 1


def items(fields: Iterable[str]) -> list[str]:
    """The elements of a list that one or several fields hold; empty ones are none.

    Example:
        >>> items(["a, , b", "c"])
        ['a', 'b', 'c']
    """
    return [item for text in fields for item in pieces(text, ",") if item]


def unquoted(text: str) -> str:
    """A token as it is, a quoted string without its quotes and backslashes."""
    if text.startswith('"'):
        text = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
        return _PAIR.sub(r"\1", text)
    return text


def quoted(text: str) -> str:
    """*text* as a token where it is one, else as a quoted string.

    Example:
        >>> print(quoted("a"), quoted('a "b"'))
        a "a \\"b\\""
    """
    return text if is_token(text) else '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def directives(fields: Iterable[str]) -> dict[str, str | None]:
    """A list of words with or without a value, as Cache-Control has it; the first of equals counts.

    Example:
        >>> directives(["max-age=60, Private", 'no-cache="set-cookie"'])
        {'max-age': '60', 'private': None, 'no-cache': 'set-cookie'}
    """
    found: dict[str, str | None] = {}
    for item in items(fields):
        name, equals, said = item.partition("=")
        found.setdefault(name.strip(" \t").lower(),
                         unquoted(said.strip(" \t")) if equals else None)
    return found


def values(headers: Headers, name: str) -> list[str]:
    """The values of all fields of one name, which is given in lower case."""
    return [text for key, text in headers if key.lower() == name]


def value(headers: Headers, name: str) -> str:
    """The value of a field that stands once; the first if it does not, "" if there is none."""
    found = values(headers, name)
    return found[0].strip(" \t") if found else ""
