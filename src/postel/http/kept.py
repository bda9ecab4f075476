"""What the header of an answer says of a file: size, time, validator, digest, coding. Grammar.

A file is kept as it is on the server. A ``.gz`` that comes with ``Content-Encoding: gzip`` is such
a file (servers guess the coding from the name), and stays packed; a text that a server packs on
the fly, though asked not to, is unpacked, and nothing that counts bytes can be used on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..types import Entry, Kind
from . import ranges
from .dates import parse as parse_date
from .decoders import codings
from .validators import etag, if_range

__all__ = ["file_entry", "length", "packed", "range_fault", "registered", "same_file", "validator"]

_PACKED = {
    "gzip": (".gz", ".tgz", ".svgz", ".vcf.gz", ".bgz"), "x-gzip": (".gz", ".tgz", ".svgz"),
    "compress": (".z",), "x-compress": (".z",), "br": (".br",),
    "zstd": (".zst", ".tzst"), "bzip2": (".bz2",), "x-bzip2": (".bz2",), "xz": (".xz",),
}
_TYPES = ("application/gzip", "application/x-gzip", "application/x-compress", "application/zstd",
          "application/x-bzip2", "application/x-xz", "application/x-tgz")


def packed(path: str, headers: Mapping[str, str]) -> bool:
    """Whether the coding of an answer was applied on the fly, and is to be undone.

    Args:
        path: of the file.
        headers: of the answer.

    Example:
        >>> packed("/a.txt", {"content-encoding": "gzip"})
        True
        >>> packed("/a.tar.gz", {"content-encoding": "gzip"}), packed("/a.txt", {})
        (False, False)
    """
    applied = codings(headers.get("content-encoding", ""))
    if not applied:
        return False
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    name = path.lower().rstrip("/")
    return kind not in _TYPES and not name.endswith(_PACKED.get(applied[-1], ("\0",)))


def length(headers: Mapping[str, str]) -> int | None:
    """What Content-Length says; None where it says no number.

    Example:
        >>> length({"content-length": "12"}), length({})
        (12, None)
    """
    text = headers.get("content-length", "").partition(",")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def registered(name: str) -> str:
    """An algorithm of HTTP's digests by its registered name.

    Example:
        >>> registered("sha-256"), registered("sha")
        ('SHA-256', 'SHA-1')
    """
    return "SHA-1" if name == "sha" else name.upper()


def validator(headers: Mapping[str, str], *, now: datetime) -> str | None:
    """What If-Range would say to go on with this file; None where nothing would be safe."""
    return if_range(headers.get("etag", ""), headers.get("last-modified", ""),
                    headers.get("date", ""), now=now)


def same_file(known: str, headers: Mapping[str, str], *, now: datetime) -> bool:
    """Whether an answer is about the version of a file that *known* stands for.

    Args:
        known: from `validator`.
        headers: of the answer.
        now: for years of two digits.

    Example:
        >>> from datetime import UTC
        >>> same_file('"a"', {"etag": '"a"'}, now=datetime(2026, 1, 1, tzinfo=UTC))
        True
    """
    if tag := etag(known):
        there = etag(headers.get("etag", ""))
        return there is not None and there.same(tag)
    when = parse_date(headers.get("last-modified", ""), now=now)
    return when is not None and when == parse_date(known, now=now)


def range_fault(headers: Mapping[str, str], offset: int, size: int | None) -> str:
    """What is wrong with a 206 that was asked to bring the rest of a file; "" if nothing is.

    Args:
        headers: of the answer.
        offset: that was asked for.
        size: of the whole file, where it is known.

    Example:
        >>> range_fault({"content-range": "bytes 5-9/10"}, 5, 10)
        ''
        >>> range_fault({"content-range": "bytes 0-9/10"}, 5, 10)
        'it begins at byte 0 and not at 5'
    """
    if headers.get("content-type", "").lower().lstrip().startswith("multipart/"):
        return "it comes in several parts"
    found = ranges.content_range(headers.get("content-range", ""))
    if found is None:
        return "it does not say which bytes it brings"
    fault = found.wrong(offset, size=size)
    if fault:
        return fault
    if found.size is not None and found.last != found.size - 1:
        return f"it ends at byte {found.last}, and the file has {found.size}"
    told = length(headers)
    if told is not None and told != found.length:
        return f"it announces {told} bytes, and brings {found.length}"
    return ""


def file_entry(
    name: str, path: str, headers: Mapping[str, str], *, now: datetime, size: int | None = None,
    folder: bool = False,
) -> Entry:
    """What an answer to HEAD or GET says of a file.

    Args:
        name: the entry's.
        path: of the file, for its endings.
        headers: of the answer.
        now: for years of two digits.
        size: of the whole file, where Content-Length is of a part.
        folder: whether it is one.
    """
    modified = parse_date(headers.get("last-modified", ""), now=now)
    facts = {}
    for field, fact in (("content-type", "media"), ("etag", "etag"),
                        ("content-disposition", "disposition")):
        if value := headers.get(field):
            facts[fact] = value
    if folder:
        return Entry(name, Kind.FOLDER, modified=modified, precision=1.0 if modified else None,
                     facts=facts)
    on_the_fly = packed(path, headers)
    if on_the_fly:
        facts["coding"] = headers.get("content-encoding", "")
    elif size is None:
        size = length(headers)
    return Entry(name, Kind.FILE, size=None if on_the_fly else size, modified=modified,
                 precision=1.0 if modified else None, facts=facts,
                 validator=None if on_the_fly else validator(headers, now=now))
