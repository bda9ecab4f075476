"""Values with parameters: Content-Type, Content-Disposition (RFC 2045, 2183, 2231). Grammar: pure.

Read as they are written in earnest: with comments, without quotes or with only one, with raw 8-bit
text, with encoded words where RFC 2231 should be, in pieces in any order, and with things missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from . import charsets
from .words import decode_words, one_line

__all__ = ["parse_parameters"]

_PARAMETER = re.compile(
    r';\s*([^=;\s"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|([^;]*))', re.DOTALL)
_NAMED = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:\*\d*\*?)?=")
_HEAD = re.compile(r"[^;]*")
_BARE = re.compile(r'([^=;\s"/]+)\s*=')
_PIECES = re.compile(r"([^*]+)\*(?:(\d{1,6})(\*?))?\Z")
_PAIR = re.compile(r'\\([\\"])')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[()]|\\.|[^"()\\]+|.', re.DOTALL)

Pieces = dict[str, dict[int, tuple[str, bool]]]


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    r"""The word that *value* begins with, in lower case, and its parameters by lower-case name.

    Args:
        value: a field's text, unfolded, as it came.

    Example:
        >>> parse_parameters("Attachment; size=3; filename*=utf-8''na%C3%AFve.txt")
        ('attachment', {'size': '3', 'filename': 'naïve.txt'})
        >>> parse_parameters("message/external-body; URL*1=\"lemon\"; URL*0=\"ftp://\"")[1]
        {'url': 'ftp://lemon'}
    """
    if "(" in value:
        value = _without_comments(value)
    head = _HEAD.match(value)
    first = head[0] if head else ""
    rest = value[len(first) :]
    if "=" in first and (bare := _BARE.search(first)):  # text/plain charset=utf-8
        first, rest = first[: bare.start()], f";{first[bare.start():]}{rest}"
    plain: dict[str, str] = {}
    pieces: Pieces = {}
    for name, quoted, bare_value in _found(rest):
        text = _PAIR.sub(r"\1", quoted) if quoted else bare_value
        name = name.lower()
        if "*" in name and (split := _PIECES.match(name)):
            extended = split[2] is None or bool(split[3])
            pieces.setdefault(split[1], {}).setdefault(int(split[2] or 0), (text, extended))
        elif name not in plain:
            plain[name] = decode_words(text) if "=?" in text else text
    for name, parts in pieces.items():
        plain[name] = _joined(parts)
    return "".join(first.split()).lower(), plain


def _found(rest: str) -> Iterator[tuple[str, str, str]]:
    """Names with values, quoted or not; also those that lack the semicolon between them."""
    for name, quoted, bare in _PARAMETER.findall(rest):
        words = bare.split() if "=" in bare else ()
        if len(words) < 2:
            yield name, quoted, bare.strip()
            continue
        value: list[str] = []
        for word in words:
            if _NAMED.match(word):
                yield name, "", " ".join(value).strip('"')
                name, _, word = word.partition("=")
                value = []
            value.append(word)
        yield name, "", " ".join(value).strip('"')


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """A parameter that came in pieces; the first may name the charset (RFC 2231 section 4)."""
    ordered = [parts[number] for number in sorted(parts)]
    charset = ""
    text, extended = ordered[0]
    if extended and text.count("'") >= 2:
        charset, _, text = text.split("'", 2)
        ordered[0] = (text, True)
    if not any(extended for _, extended in ordered):
        whole = "".join(text for text, _ in ordered)
        return decode_words(whole) if "=?" in whole else whole
    data = b"".join(
        unquote_to_bytes(raw) if extended else raw
        for raw, extended in ((charsets.as_read(text), extended)
                              for text, extended in ordered))
    return one_line(charsets.decode(data, charset or None))


def _without_comments(value: str) -> str:
    """*value* without what stands in parentheses outside of quotes."""
    kept: list[str] = []
    depth = 0
    for piece in _TOKEN.findall(value):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(piece)
    return value if depth else "".join(kept)  # without an end it was none
