"""What is attached to a message, under names that are safe to save. Grammar: pure.

A name that a message gives is never a path: its folders are cut off, control characters and what
turns the reading order round are taken out, names of devices and trailing dots are changed, long
ones are cut before their ending, and no two of a message are alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ..errors import TransferError
from ..wire.names import safe_name

__all__ = ["Attached", "Contents", "file_name", "unlike"]

_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]")
_RESERVED = re.compile(r'[<>:"|?*]')
_BYTES = 200
_ENDINGS = {
    "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv",
    "text/vcard": ".vcf", "text/x-vcard": ".vcf", "image/jpeg": ".jpg", "image/png": ".png",
    "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg", "image/tiff": ".tif",
    "application/pdf": ".pdf", "application/zip": ".zip", "application/gzip": ".gz",
    "application/json": ".json", "application/xml": ".xml", "text/xml": ".xml",
    "application/pgp-signature": ".asc", "application/pgp-keys": ".asc",
    "application/pgp-encrypted": ".asc", "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m",
    "application/ms-tnef": ".dat", "application/msword": ".doc", "application/rtf": ".rtf",
    "audio/mpeg": ".mp3", "audio/wav": ".wav", "video/mp4": ".mp4", "message/rfc822": ".eml",
    "message/global": ".eml", "message/delivery-status": ".txt", "text/rfc822-headers": ".txt",
}


class Contents(Protocol):
    """What can give its bytes: a `Part`, or a file found in a text."""

    @property
    def content(self) -> bytes:
        """The bytes, decoded."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Something that is attached to a message.

    Args:
        name: to save it under: one component, safe on every system, unlike the others'.
        filename: as the message has it; None if it has none.
        content_type: in lower case.
        source: what gives the bytes.
        content_id: by which HTML refers to it, or "".
        inline: whether it is meant to be seen within the text.
    """

    name: str
    filename: str | None
    content_type: str
    source: Contents
    content_id: str = ""
    inline: bool = False

    @property
    def content(self) -> bytes:
        """Its bytes, decoded now."""
        return self.source.content


def file_name(given: str | None, content_type: str, number: int) -> str:
    r"""A name that is safe for what a message calls *given*.

    Args:
        given: any text, or None.
        content_type: which decides the ending where there is no name.
        number: the attachment's, for a name of its own.

    Example:
        >>> file_name("..\\..\\con.txt", "text/plain", 1), file_name(None, "image/png", 2)
        ('_con.txt', 'attachment-2.png')
        >>> file_name("invoice\u202efdp.exe", "application/pdf", 1)
        'invoicefdp.exe'
    """
    name = _UNWANTED.sub("", given or "")
    name = name.replace("\\", "/").rstrip("/ .").rpartition("/")[2]
    name = _RESERVED.sub("_", name).strip(" ")
    if name.startswith("."):
        name = f"_{name}"
    name = _shortened(name.rstrip(". "))
    if not name:
        return f"attachment-{number}{_ENDINGS.get(content_type, '.bin')}"
    try:
        return safe_name(name, windows=True)
    except TransferError:
        name = f"_{name}"  # con, lpt1: devices elsewhere
    try:
        return safe_name(name, windows=True)
    except TransferError:
        return f"attachment-{number}.bin"


def _shortened(name: str) -> str:
    if len(name.encode("utf-8")) <= _BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 20:
        stem, dot, ending = name, "", ""
    room = _BYTES - len(f"{dot}{ending}".encode())
    return stem.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip(". ") + dot + ending


def unlike(name: str, taken: Iterable[str], counts: dict[str, int]) -> str:
    """*name*, or one with a number that none of *taken* equals, also where case counts for nothing.

    Args:
        name: a safe one.
        taken: names in lower case; best a set.
        counts: the numbers last used; kept by the caller.

    Example:
        >>> unlike("a.txt", {"a.txt"}, {})
        'a (2).txt'
    """
    if name.lower() not in taken:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    number = counts.get(name.lower(), 1)
    while True:
        number += 1
        other = f"{stem} ({number}){dot}{ending}"
        if other.lower() not in taken:
            counts[name.lower()] = number
            return other
