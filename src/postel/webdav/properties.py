"""A resource's properties as the entry of a folder (RFC 4918 section 15; RFC 4331). Grammar.

Besides WebDAV's own, those that servers agreed on: Nextcloud's and ownCloud's checksums, Apache's
``executable``. A time without a zone cannot occur: all are dates of HTTP, or RFC 3339.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ..errors import ProtocolError
from ..http.dates import parse as parse_date
from ..http.hrefs import reference
from ..http.validators import etag
from ..types import Entry, Kind
from ..urls import URL
from ..wire.facts import PackedFacts
from ..wire.text import display
from .types import Quota, Resource

__all__ = ["LISTED", "QUOTA", "checksums", "entry", "quota"]

CHECKSUMS = "{http://owncloud.org/ns}checksums"
EXECUTABLE = "{http://apache.org/dav/props/}executable"

LISTED = ("resourcetype", "getcontentlength", "getlastmodified", "getetag", "creationdate",
          CHECKSUMS)
"""What a listing asks for."""

QUOTA = ("quota-available-bytes", "quota-used-bytes")

_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)",
                  re.ASCII | re.IGNORECASE)
_CHECKSUM = re.compile(r"([A-Za-z0-9]{2,16}):([0-9A-Fa-f]{8,128})")


def entry(base: URL, resource: Resource, *, now: datetime) -> Entry | None:
    """The entry that *resource* is of the folder *base*, whose own entry has the name "".

    Args:
        base: the folder that was asked for; only the host of a href is compared.
        resource: from a multistatus.
        now: for years of two digits.

    Returns:
        None where it is no entry of that folder, or does not exist.

    Example:
        >>> from ..urls import parse
        >>> from .types import Element
        >>> size = {"{DAV:}getcontentlength": Element("{DAV:}getcontentlength", "12")}
        >>> found = entry(parse("http://h/pub/"), Resource("/pub/a%20b", found=size),
        ...               now=datetime(2026, 1, 1, tzinfo=UTC))
        >>> found.name, found.size
        ('a b', 12)
    """
    at = reference(base, resource.href, strict=False)
    if at is None or (resource.status is not None and resource.status >= 400
                      and not resource.found):
        return None
    return described(at.name, resource, now=now, slashed=at.folder)


def described(name: str, resource: Resource, *, now: datetime, slashed: bool = False) -> Entry:
    """The entry *name*, of what *resource* tells.

    Args:
        name: what it is to be called.
        resource: from a multistatus.
        now: for years of two digits.
        slashed: whether its href ended in a slash; counts where its type is not told.
    """
    kind = resource.found.get("{DAV:}resourcetype")
    folder = slashed if kind is None else kind.child("{DAV:}collection") is not None
    modified = _time(resource.text("{DAV:}getlastmodified"), now)
    validator = None if folder else _strong(resource.text("{DAV:}getetag"))
    return Entry(
        name,
        Kind.FOLDER if folder else Kind.FILE,
        size=None if folder else _number(resource.text("{DAV:}getcontentlength")),
        modified=modified,
        precision=1.0 if modified else None,
        facts=_facts(resource, now, validator),
        validator=validator,
    )


def _facts(resource: Resource, now: datetime, validator: str | None) -> Mapping[str, str]:
    facts: dict[str, str] = {}
    tag = resource.text("{DAV:}getetag")
    if created := _time(resource.text("{DAV:}creationdate"), now):
        facts["create"] = created.isoformat()
    if executable := resource.text(EXECUTABLE):
        facts["executable"] = executable
    return PackedFacts(facts | checksums(resource), validator if tag == validator else tag or None)


def checksums(resource: Resource) -> dict[str, str]:
    """The digests that Nextcloud and ownCloud keep: hexadecimal, by lower-case name.

    Example:
        >>> from .types import Element
        >>> inner = Element("{http://owncloud.org/ns}checksum", "SHA1:DA39A3EE MD5:D41D8CD9")
        >>> checksums(Resource("/a", found={CHECKSUMS: Element(CHECKSUMS, children=(inner,))}))
        {'sha1': 'da39a3ee', 'md5': 'd41d8cd9'}
    """
    holder = resource.found.get(CHECKSUMS)
    if holder is None:
        return {}
    text = " ".join([holder.text, *(one.text for one in holder.children)])[:4096]
    return {name.lower(): value.lower() for name, value in _CHECKSUM.findall(text)}


def quota(resource: Resource) -> Quota:
    """How much room there is; Nextcloud's negative numbers (unlimited, unknown) are none.

    Example:
        >>> quota(Resource("/"))
        Quota(available=None, used=None)
    """
    return Quota(_number(resource.text("{DAV:}quota-available-bytes")),
                 _number(resource.text("{DAV:}quota-used-bytes")))


def _strong(text: str | None) -> str | None:
    """A strong tag as it is written in headers; some servers leave the quotes out here."""
    if not text:
        return None
    found = etag(text) or etag(f'"{text}"')
    return None if found is None or found.weak else str(found)


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None


def _time(text: str | None, now: datetime) -> datetime | None:
    if not text:
        return None
    if _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return parse_date(text, now=now)


def refuse_strange(base: URL, resource: Resource, what: str) -> ProtocolError:
    """The error for a server that answers about something else than was asked.

    Args:
        base: what was asked about.
        resource: what the answer is about.
        what: was attempted.
    """
    return ProtocolError(f"{what}: the server answered about {display(resource.href[:200])!r}",
                         hint=f"only {base.path or '/'} was asked for")
