"""The grammar of IMAP's values, as servers send them: text and literals in, Python values out.

A response is not a line. Any string in it may be a literal, whose bytes follow the line that
announces it, and whose bytes may look like anything (RFC 9051 section 4.3). So a response comes
here as the pieces it was read in: text, literal, text, literal, text. Who takes lines for
responses finds tagged answers inside of messages.

An atom or a number becomes a `str`, a quoted string or literal `bytes`, NIL becomes None, a
parenthesised list a `list`. What is odd but clear is taken as meant: a parenthesis too many
(Domino), a list that the response's end closes, a quoted string that ends nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from ..errors import ProtocolError

__all__ = ["DEEPEST", "Value", "parse", "quoted"]

Value: TypeAlias = "str | bytes | list[Value] | None"
"""What a response is made of."""

DEEPEST = 1_000
"""Lists within lists: a message nested deeper than that is an attack on its readers."""

_TOKEN = re.compile(
    rb'[()]'
    rb'|"[^"\\]*(?:\\.[^"\\]*)*"'
    rb"|(?i:BODY|BINARY)[.A-Za-z]*\[[^\]]*\](?:<\d+>)?"  # a section's name has spaces and lists
    rb"|~?\{\d{1,20}\+?\}$"  # before atoms: the ~ of a literal8 is none
    rb'|[^ ()"{]+'
    rb"|[^ ]",
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_QUOTE, _OPEN, _CLOSE = b'"()'


def parse(pieces: Sequence[bytes]) -> list[Value]:
    """The values of one response.

    Args:
        pieces: text, literal, text, …, as `postel.imap.wire` reads them; text without its line
            end, but with the ``{n}`` that announces the literal after it.

    Returns:
        The values, in order.

    Raises:
        ProtocolError: lists are nested deeper than `DEEPEST`.

    Example:
        >>> parse([b'LIST (\\\\HasNoChildren) "/" {5}', b"Notes", b" NIL"])
        ['LIST', ['\\\\HasNoChildren'], b'/', b'Notes', None]
    """
    top: list[Value] = []
    here, above, literals = top, list[list[Value]](), iter(pieces[1::2])
    append, find = top.append, _TOKEN.findall
    for text in pieces[::2]:
        for token in find(text):
            first = token[0]
            if first == _QUOTE:
                append(_unquoted(token) if b"\\" in token or token[-1] != _QUOTE or len(token) == 1
                       else token[1:-1])
            elif first == _OPEN:
                inner: list[Value] = []
                append(inner)
                above.append(here)
                here, append = inner, inner.append
                if len(above) > DEEPEST:
                    raise ProtocolError(f"a response with over {DEEPEST} lists in one another")
            elif first == _CLOSE:
                if above:
                    here = above.pop()
                    append = here.append
            elif token[-1:] == b"}" and b"{" in token[:2]:
                append(next(literals, b""))
            elif token == b"NIL" or token == b"nil":
                append(None)
            else:
                append(token.decode("utf-8", "surrogateescape"))
    return top


def quoted(text: bytes) -> bytes | None:
    """*text* as a quoted string, or None when only a literal can carry it.

    Example:
        >>> quoted(b'say "hi"'), quoted(b"two\\r\\nlines"), quoted("ü".encode())
        (b'"say \\\\"hi\\\\""', None, None)
    """
    if len(text) > 1_000 or not text.isascii() or b"\r" in text or b"\n" in text or b"\0" in text:
        return None
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _unquoted(token: bytes) -> bytes:
    """A string with escapes, or a lone quote that begins nothing."""
    if len(token) == 1 or token[-1] != _QUOTE:
        return b""
    return _ESCAPED.sub(rb"\1", token[1:-1])
