"""Header fields: any name, any number of times, in order (RFC 9110 section 5). Grammar.

Names are compared without regard to case. Values from a peer are UTF-8 with what is none of it
surrogate-escaped (PEP 383), so that nothing is lost. What is to be sent is checked where it is
made: CR, LF or NUL would begin another field or another request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import UsageError
from ..wire.text import display

__all__ = ["SECRET", "Headers", "checked_name", "checked_value"]

SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2",
                    "authentication-info", "proxy-authentication-info", "x-api-key", "api-key",
                    "x-auth-token", "x-amz-security-token", "lock-token-secret"})
"""Fields whose values are never shown."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Headers(Mapping[str, str]):
    """The header fields of a message.

    A mapping from name to value, several values of a name joined by a comma; `all` has them one
    by one, and `pairs` has every field in order, as it came.

    Args:
        fields: a mapping, or pairs of name and value.

    Example:
        >>> headers = Headers([("Vary", "Accept"), ("vary", "Cookie"), ("ETag", '"7"')])
        >>> headers["VARY"], headers.all("vary"), headers.get("Age"), list(headers)
        ('Accept, Cookie', ['Accept', 'Cookie'], None, ['vary', 'etag'])
    """

    __slots__ = ("_index", "pairs")

    def __init__(self, fields: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        items = fields.items() if isinstance(fields, Mapping) else fields
        self.pairs: tuple[tuple[str, str], ...] = (
            fields.pairs if isinstance(fields, Headers) else tuple(items))
        self._index: dict[str, list[str]] | None = None

    @classmethod
    def received(cls, raw: Iterable[tuple[bytes, bytes]]) -> Headers:
        """The fields of a message that came over the wire."""
        return cls([(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
                    for name, value in raw])

    def _by_name(self) -> dict[str, list[str]]:
        if self._index is None:
            self._index = {}
            for name, value in self.pairs:
                self._index.setdefault(name.lower(), []).append(value)
        return self._index

    def all(self, name: str) -> list[str]:
        """Every value of *name*, in order."""
        return list(self._by_name().get(name.lower(), ()))

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._by_name()[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name()

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._by_name() == other._by_name()

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        shown = [(name, self.shown(name, value)) for name, value in self.pairs]
        return f"Headers({shown!r})"

    @staticmethod
    def shown(name: str, value: str) -> str:
        """*value* as it may be printed: secrets hidden, control characters escaped."""
        return "***" if name.lower() in SECRET else display(value)

    def encoded(self) -> list[tuple[bytes, bytes]]:
        """The fields as bytes, to be sent."""
        return [(name.encode("ascii"), value.encode("utf-8", "surrogateescape"))
                for name, value in self.pairs]

    def redacted(self) -> list[str]:
        """One line a field, secrets hidden, all else as it is: for a trace, which escapes."""
        return [f"{name}: ***" if name.lower() in SECRET else f"{name}: {value}"
                for name, value in self.pairs]

    def with_(self, *fields: tuple[str, str]) -> Headers:
        """These fields with others added; an added name replaces all of that name.

        Example:
            >>> Headers([("A", "1")]).with_(("a", "2"), ("B", "3")).pairs
            (('a', '2'), ('B', '3'))
        """
        new = {name.lower() for name, _ in fields}
        return Headers([*(pair for pair in self.pairs if pair[0].lower() not in new), *fields])

    def without(self, *names: str) -> Headers:
        """These fields but for some."""
        gone = {name.lower() for name in names}
        return Headers([pair for pair in self.pairs if pair[0].lower() not in gone])

    @classmethod
    def to_send(cls, fields: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> Headers:
        """The fields that a caller gives, each checked; a value of None leaves a field out.

        Raises:
            UsageError: a name is no token, or a value would end the field.

        Example:
            >>> Headers.to_send({"X-Number": 7, "X-None": None}).pairs
            (('X-Number', '7'),)
        """
        if fields is None:
            return _NONE
        items = fields.pairs if isinstance(fields, Headers) else (
            fields.items() if isinstance(fields, Mapping) else fields)
        return cls([(checked_name(name), checked_value(name, value)) for name, value in items
                    if value is not None])


_NONE = Headers()


def checked_name(name: str) -> str:
    """*name*, if a field may have it.

    Raises:
        UsageError: it is no token.
    """
    if not _TOKEN.fullmatch(str(name)):
        raise UsageError(f"the header name {display(str(name))[:60]!r} is not a word",
                         hint="nothing was sent; letters, digits and - make a name")
    return name


def checked_value(name: str, value: object) -> str:
    """*value* as text, if it can stand in a field.

    Raises:
        UsageError: it holds a control character, CR, LF and NUL among them.
    """
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    text = text.strip(" \t")
    if _FORBIDDEN.search(text):
        raise UsageError(f"the header {name}: its value holds CR, LF, NUL or another control "
                         "character", hint="nothing was sent; it would begin another field")
    return text
