"""Index pages: what a web server lists of a folder, whichever server it is. Grammar.

    HTML        Apache (plain, fancy, table), nginx, lighttpd, Caddy, Python and their likes
    JSON        nginx (``autoindex_format json``), Caddy (for those who accept JSON)
    XML         nginx (``autoindex_format xml``), S3's ListBucket

All of it comes from a peer: a name is taken only from a reference that leads to exactly one thing
in the folder (`hrefs`), and a size that was written for people proves nothing (``size-unit`` in
an entry's facts makes its `exact_size` None): some round it, rclone shows 0 for all files. JSON and
XML are for programs; their sizes count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import LimitReached, NotSupported, ProtocolError, UsageError
from ..types import Entry, Kind
from ..urls import URL, quote
from . import index_pages as pages
from . import index_xml
from .dates import parse as parse_date
from .hrefs import reference
from .validators import etag

__all__ = ["LARGEST", "MOST", "Index", "index"]

LARGEST = 67_108_864
"""Bytes of an index page."""
MOST = 1_000_000
"""Entries of a folder."""
_ROUNDED = {"size-unit": "as shown"}


@dataclass(frozen=True)
class Index:
    """What a page lists.

    Args:
        entries: in the page's order, each name once.
        kind: ``"html"``, ``"json"``, ``"xml"`` or ``"s3"``.
        more: what asks S3 for the next part; "" where this is all.
    """

    entries: tuple[Entry, ...]
    kind: str
    more: str = ""


def index(base: URL, type: str, body: bytes, *, now: datetime, prefix: str = "") -> Index:
    """Read an index page.

    Args:
        base: the folder that was asked for.
        type: the page's content type.
        body: the page.
        now: for years of two digits.
        prefix: what S3 was asked for: the path of the folder in its bucket, decoded.

    Raises:
        NotSupported: it is no index.
        ProtocolError: it begins as one and cannot be read.
        LimitReached: it is larger than is read.

    Example:
        >>> from ..urls import parse
        >>> page = b'<title>Index of /</title><a href="../">../</a><a href="a.txt">a.txt</a> 12'
        >>> [one.name for one in index(parse("http://h/"), "text/html", page, now=None).entries]
        ['a.txt']
    """
    if len(body) > LARGEST:
        raise LimitReached(f"list {base}: an index of over {LARGEST:,} bytes")
    text = body.decode("utf-8-sig", "surrogateescape")
    media = type.partition(";")[0].strip().lower()
    start = text[:200].lstrip()
    if media.endswith("json") or (not media and start.startswith("[")):
        return Index(_unique(_json(base, text, now)), "json")
    if media.endswith("/xml") and not start[:15].lower().startswith("<!doctype html"):
        return _xml(base, body, prefix)
    if media in ("text/html", "application/xhtml+xml", ""):
        return Index(_html(base, text), "html")
    raise _no_index(base, f"it is {media[:60]!a}")


def _no_index(base: URL, why: str) -> NotSupported:
    return NotSupported(f"list {base}: the server shows no index of it: {why}",
                        hint="it may list no folders, or have a page of its own there; "
                             "name the files yourself, or use WebDAV if the server has it")


def _unique(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each name once: the mention that says most (an icon may be a link of its own)."""
    found: dict[str, Entry] = {}
    for one in entries:
        before = found.get(one.name)
        if before is None or (before.modified is None and before.size is None):
            found[one.name] = one
        if len(found) > MOST:
            raise LimitReached(f"an index of over {MOST:,} entries")
    return tuple(found.values())


# -- HTML -------------------------------------------------------------------------------------


def _html(base: URL, text: str) -> tuple[Entry, ...]:
    found = _unique(_linked(base, text))
    if not found and not pages.looks_like_index(text):
        raise _no_index(base, "a page without a link to anything in it")
    return found


def _linked(base: URL, text: str) -> Iterable[Entry]:
    for link in pages.links(text):
        at = reference(base, link.href)
        if at is None or not at.name:
            continue
        said = pages.said(link)
        yield Entry(
            at.name,
            Kind.FOLDER if at.folder else Kind.FILE,
            size=None if at.folder else said.size,
            modified=said.modified,
            precision=said.precision,
            facts={} if said.size is None or at.folder else _ROUNDED,
        )


# -- JSON -------------------------------------------------------------------------------------


def _json(base: URL, text: str, now: datetime) -> Iterable[Entry]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError(f"list {base}: JSON that cannot be read") from None
    if not isinstance(rows, list):
        raise _no_index(base, "JSON that lists nothing")
    for row in rows:
        if isinstance(row, dict) and (entry := _row(base, row, now)):
            yield entry


def _row(base: URL, row: dict[str, Any], now: datetime) -> Entry | None:
    name, url = row.get("name"), row.get("url")
    if isinstance(url, str):  # Caddy's
        there = reference(base, url)
        at = there.name if there is not None else ""
    else:
        at = _named(base, name)
    if not at:
        return None
    folder = row.get("type") == "directory" or row.get("is_dir") is True
    other = row.get("type") == "other"
    kind = Kind.FOLDER if folder else Kind.OTHER if other else Kind.FILE
    modified, precision = _when(row, now)
    size = row.get("size")
    whole = isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63
    return Entry(at, kind, size=int(str(size)) if whole and not folder else None, modified=modified,
                 precision=precision)


def _named(base: URL, name: object) -> str:
    """A name told as such: it goes the way of all references, so that one rule holds."""
    if not isinstance(name, str):
        return ""
    try:
        at = reference(base, "./" + quote(name.removesuffix("/")))
    except UsageError:  # CR, LF, NUL, or what is no text
        return ""
    return at.name if at is not None else ""


def _when(row: dict[str, Any], now: datetime) -> tuple[datetime | None, float | None]:
    if isinstance(text := row.get("mod_time"), str):
        when = pages.instant(text)
        return when, None if when is None else 1e-6 if "." in text else 1.0
    if isinstance(text := row.get("mtime"), str):
        when = parse_date(text, now=now)
        return when, 1.0 if when else None
    return None, None


# -- XML --------------------------------------------------------------------------------------


def _xml(base: URL, body: bytes, prefix: str) -> Index:
    root, rows = index_xml.rows(body, f"list {base}")
    if root == "list":
        return Index(_unique(_nginx(base, rows)), "xml")
    if root == "ListBucketResult":
        said = {one.name: one.text for one in rows}
        more = said.get("NextContinuationToken", "") if said.get("IsTruncated") == "true" else ""
        return Index(_unique(_bucket(base, rows, prefix)), "s3", more)
    raise _no_index(base, f"XML of {root[:60]!a}")


def _nginx(base: URL, rows: Iterable[index_xml.Row]) -> Iterable[Entry]:
    for row in rows:
        name = _named(base, row.text)
        if not name:
            continue
        folder = row.name == "directory"
        modified = pages.instant(row.attributes.get("mtime", ""))
        kind = {"directory": Kind.FOLDER, "file": Kind.FILE}.get(row.name, Kind.OTHER)
        yield Entry(name, kind,
                    size=None if folder else _number(row.attributes.get("size", "")),
                    modified=modified, precision=1.0 if modified else None)


def _bucket(base: URL, rows: Iterable[index_xml.Row], prefix: str) -> Iterable[Entry]:
    """S3's keys as files and folders: a slash in a key is one, whether S3 cut there or we do."""
    for row in rows:
        key = row.fields.get("Prefix" if row.name == "CommonPrefixes" else "Key", "")
        if row.name not in ("CommonPrefixes", "Contents") or not key.startswith(prefix):
            continue
        first, slash, _ = key[len(prefix):].partition("/")
        name = _named(base, first)
        if not name:
            continue
        if slash:
            yield Entry(name, Kind.FOLDER)
            continue
        modified = pages.instant(row.fields.get("LastModified", ""))
        tag = etag(row.fields.get("ETag", ""))
        yield Entry(name, Kind.FILE, size=_number(row.fields.get("Size", "")), modified=modified,
                    precision=1.0 if modified else None,
                    validator=str(tag) if tag is not None and not tag.weak else None)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
