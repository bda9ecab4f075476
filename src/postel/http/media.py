"""Media types: what Content-Type says (RFC 9110 section 8.3, read as the WHATWG does). Grammar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .fields import is_token, quoted

__all__ = ["MediaType", "parse"]

_BLANK = " \t\r\n"
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)(\\?)("|\Z)', re.DOTALL)
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 8192
_MOST_PARAMETERS = 64
_TEXTS = ("application/javascript", "application/x-www-form-urlencoded", "application/graphql",
          "application/x-ndjson", "application/toml", "application/yaml", "application/sql")


@dataclass(frozen=True)
class MediaType:
    """One media type.

    Args:
        type: the part before the slash, in lower case.
        subtype: the part after it, in lower case.
        params: names in lower case.

    Example:
        >>> kind = parse('Text/HTML; Charset="utf-8"')
        >>> print(kind, kind.charset, kind.is_text)
        text/html;charset=utf-8 utf-8 True
    """

    type: str
    subtype: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.essence + "".join(
            f";{name}={quoted(value)}"
            for name, value in self.params.items())

    @property
    def essence(self) -> str:
        """Type and subtype alone."""
        return f"{self.type}/{self.subtype}"

    @property
    def charset(self) -> str | None:
        """The parameter of that name, in lower case."""
        said = self.params.get("charset")
        return said.lower() if said else None

    @property
    def is_json(self) -> bool:
        """Whether it is JSON, by its name or its ``+json`` (RFC 6839)."""
        return self.subtype.endswith("+json") or self.essence in ("application/json", "text/json")

    @property
    def is_xml(self) -> bool:
        """Whether it is XML (RFC 7303)."""
        return self.subtype.endswith("+xml") or self.essence in ("application/xml", "text/xml")

    @property
    def is_text(self) -> bool:
        """Whether a person can read it as it is."""
        return self.type == "text" or self.is_json or self.is_xml or self.essence in _TEXTS


def parse(text: str) -> MediaType | None:
    """Read a Content-Type; None where it is none.

    Args:
        text: the field's value.

    Example:
        >>> parse("application/problem+json").is_json, parse("html")
        (True, None)
    """
    text = text.strip(_BLANK)[:_LONGEST]
    essence, _, rest = text.partition(";")
    type, slash, subtype = essence.partition("/")
    subtype = subtype.rstrip(_BLANK)
    if not slash or not is_token(type) or not is_token(subtype):
        return None
    return MediaType(type.lower(), subtype.lower(), _params(rest))


def _params(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and len(found) < _MOST_PARAMETERS:
        end = min((place for mark in ";=" if (place := text.find(mark, at)) >= 0),
                  default=len(text))
        name, at = text[at:end].lstrip(_BLANK).lower(), end + 1
        if text[end:end + 1] != "=":
            continue
        value: str | None
        if match := _STRING.match(text, at):
            value = _PAIR.sub(r"\1", match[1]) + match[2]
            at = match.end()
        else:
            value = None
        end = end if (end := text.find(";", at)) >= 0 else len(text)
        if value is None and not (value := text[at:end].rstrip(_BLANK)):
            at = end + 1
            continue
        at = end + 1
        if is_token(name) and _VALUE.fullmatch(value):
            found.setdefault(name, value)
    return found
