"""Metalink: where a file can be had, its size, and its digests, whole and by pieces (RFC 5854).

The name is the server's word, so it is one component or nothing (two browsers and a downloader
learned that late); URLs are parsed here, and those of schemes nobody asked for are left out later.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PostelError, ProtocolError
from ..urls import URL, parse
from ..webdav.elements import parse_xml
from ..webdav.types import Element
from ..wire.names import safe_name

__all__ = ["Metalink", "parse_metalink"]

_SPACE = "{urn:ietf:params:xml:ns:metalink}"
_DIGESTS = {"sha-512": "SHA-512", "sha-256": "SHA-256", "sha-1": "SHA-1", "md5": "MD5"}
LAST = 999_999
"""The priority of a URL that has none (section 4.2.16.1)."""


@dataclass(frozen=True, slots=True)
class Metalink:
    """One file of a Metalink document.

    Args:
        name: what it is called, safe as a name here.
        size: in bytes, where told.
        urls: where it can be had, the best first.
        digests: pairs of a digest's registered name and hexadecimal, the strongest first.
        piece: bytes of a piece; 0 where there are no digests of pieces.
        pieces: the digest of each piece, in hexadecimal.
        piece_digest: the registered name of those.
    """

    name: str
    size: int | None
    urls: tuple[URL, ...]
    digests: tuple[tuple[str, str], ...]
    piece: int = 0
    pieces: tuple[str, ...] = ()
    piece_digest: str = ""


def parse_metalink(data: bytes) -> tuple[Metalink, ...]:
    """Read a Metalink document.

    Raises:
        ProtocolError: it is none.
        TransferError: a name in it is not safe.

    Example:
        >>> parse_metalink(b'<metalink xmlns="urn:ietf:params:xml:ns:metalink">'
        ...                b'<file name="a.iso"><size>5</size>'
        ...                b'<url>https://www.example.org/a.iso</url></file></metalink>')[0].size
        5
    """
    root = parse_xml(data, "a Metalink document")
    if root.name != f"{_SPACE}metalink":
        raise ProtocolError("Metalink: this is another kind of document",
                            hint="version 4 is read (RFC 5854); files of version 3 end in "
                                 ".metalink")
    return tuple(_file(one) for one in root.children if one.name == f"{_SPACE}file")


def _file(one: Element) -> Metalink:
    name = safe_name(one.attributes.get("name", ""))
    sizes = [child.text for child in _all(one, "size")]
    digests = {_DIGESTS[kind]: child.text.strip().lower() for child in _all(one, "hash")
               if (kind := child.attributes.get("type", "").lower()) in _DIGESTS}
    piece, kind, pieces = _pieces(one)
    return Metalink(
        name, _number(sizes[0]) if sizes else None, _urls(one),
        tuple((word, digests[word]) for word in _DIGESTS.values() if word in digests),
        piece, pieces, kind)


def _urls(one: Element) -> tuple[URL, ...]:
    found: list[tuple[int, URL]] = []
    for child in _all(one, "url"):
        try:
            found.append((_number(child.attributes.get("priority", str(LAST))),
                          parse(child.text.strip())))
        except PostelError:
            continue  # one that cannot be read is one mirror less
    return tuple(url for _, url in sorted(found, key=lambda pair: pair[0]))


def _pieces(one: Element) -> tuple[int, str, tuple[str, ...]]:
    """The strongest digests of pieces that there are."""
    sets = {kind: child for child in _all(one, "pieces")
            if (kind := child.attributes.get("type", "").lower()) in _DIGESTS}
    for kind in _DIGESTS:
        if kind in sets:
            found = sets[kind]
            return (_number(found.attributes.get("length", "0")), _DIGESTS[kind],
                    tuple(child.text.strip().lower() for child in _all(found, "hash")))
    return 0, "", ()


def _all(one: Element, name: str) -> list[Element]:
    return [child for child in one.children if child.name == f"{_SPACE}{name}"]


def _number(text: str) -> int:
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ProtocolError(f"Metalink: {text[:20]!r} is no number")
    return int(text)
