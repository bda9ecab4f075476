"""Digests that travel with a file (RFC 9530; before it RFC 3230, and Content-MD5). Grammar.

    Repr-Digest: sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:
    Content-Digest: …                 of the bytes of this message, which may be a part of the file
    Digest: SHA-256=d435Qo+nKZ+…      RFC 3230: as Repr-Digest, without the colons
    Content-MD5: …                    RFC 1864: of this message

Repr-Digest and Digest are of the whole file as the server would send it with its Content-Encoding,
so a resumed download can be checked when it is complete.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .fields import Headers, items, values

__all__ = ["ALGORITHMS", "WANTED", "Digest", "best", "md5", "old", "parse", "wanted", "written"]

ALGORITHMS: Mapping[str, str] = {
    "sha-512": "sha512", "sha-256": "sha256", "sha": "sha1", "sha-1": "sha1", "md5": "md5"}
"""From the registered names to those of `hashlib`, the strongest first. MD5 and SHA-1 still tell a
broken transfer (RFC 9530 section 5 warns of them only against an attacker)."""

WANTED = "sha-256=10, sha-512=5"
"""What Want-Repr-Digest asks for: SHA-256 is what servers have at hand."""

_MEMBER = re.compile(
    r"([a-z*][a-z0-9_\-.*]*)[ \t]*=[ \t]*:([A-Za-z0-9+/=]*):(?:[ \t]*;.*)?", re.DOTALL)
_WANT = re.compile(r"([a-z*][a-z0-9_\-.*]*)[ \t]*=[ \t]*([0-9]{1,2})(?:[ \t]*;.*)?", re.DOTALL)


@dataclass(frozen=True)
class Digest:
    """One digest to check against.

    Args:
        name: of the algorithm, as in `ALGORITHMS`.
        value: its bytes.
        whole: of the whole file, and not only of the bytes of this message.

    Example:
        >>> found = best([("Content-MD5", "kAFQmDzST7DWlj99KOF/cg==")])
        >>> found.name, found.fits(b"abc")
        ('md5', True)
    """

    name: str
    value: bytes
    whole: bool

    def hasher(self) -> hashlib._Hash:
        """A fresh hash object of `hashlib` to feed with the bytes."""
        return hashlib.new(ALGORITHMS[self.name], usedforsecurity=False)

    def fits(self, data: bytes) -> bool:
        """Whether *data* has this digest."""
        hasher = self.hasher()
        hasher.update(data)
        return hasher.digest() == self.value


def parse(fields: Iterable[str]) -> dict[str, bytes]:
    """A Content-Digest or Repr-Digest field: a dictionary of byte sequences (RFC 9651 section 3.2).

    Unknown algorithms are kept; members that are no byte sequence are left out. As in every
    dictionary the last of equal members counts.

    Example:
        >>> parse(["md5=:kAFQmDzST7DWlj99KOF/cg==:"])["md5"].hex()
        '900150983cd24fb0d6963f7d28e17f72'
    """
    found: dict[str, bytes] = {}
    for item in items(fields):
        if (match := _MEMBER.fullmatch(item)) and (data := _bytes(match[2])) is not None:
            found[match[1]] = data
    return found


def old(fields: Iterable[str]) -> dict[str, bytes]:
    """The field Digest of RFC 3230; names in lower case, unknown ones left out.

    Example:
        >>> list(old(["SHA-256=abc, MD5=kAFQmDzST7DWlj99KOF/cg==, unixsum=30637"]))
        ['md5']
    """
    found: dict[str, bytes] = {}
    for item in items(fields):
        name, _, said = item.partition("=")
        name, data = name.strip(" \t").lower(), _bytes(said.strip(" \t"))
        if data is not None and _fits(name, data):
            found.setdefault(name, data)
    return found


def md5(text: str) -> bytes | None:
    """Content-MD5 (RFC 1864); None where it is none."""
    data = _bytes(text.strip(" \t"))
    return data if _fits("md5", data) else None


def best(headers: Headers, *, whole: bool | None = None) -> Digest | None:
    """The strongest digest a response gives; None where it gives none that is known.

    Args:
        headers: of the response.
        whole: True for those of the whole file alone (when it came in parts), False for those of
            this message alone (for a part); None for any, when one message brought it all.

    Example:
        >>> best([("Digest", "sha-256=wrong"), ("ETag", "x")]) is None
        True
    """
    headers = list(headers)
    found: list[Digest] = []
    if whole is not False:
        for members in (parse(values(headers, "repr-digest")), old(values(headers, "digest"))):
            found += _known(members, True)
    if whole is not True:
        found += _known(parse(values(headers, "content-digest")), False)
        for text in values(headers, "content-md5"):
            if (data := md5(text)) is not None:
                found.append(Digest("md5", data, False))
    return min(found, key=lambda one: _ORDER.index(one.name), default=None)


_ORDER = list(ALGORITHMS)


def _known(members: Mapping[str, bytes], whole: bool) -> list[Digest]:
    return [Digest(name, data, whole) for name, data in members.items() if _fits(name, data)]


def _fits(name: str, data: bytes | None) -> bool:
    """Whether *data* is as long as a digest of this algorithm must be."""
    return data is not None and name in ALGORITHMS and len(data) == hashlib.new(
        ALGORITHMS[name], usedforsecurity=False).digest_size


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def written(digests: Mapping[str, bytes]) -> str:
    """The value of a Content-Digest or Repr-Digest field.

    Example:
        >>> written({"md5": b"123"})
        'md5=:MTIz:'
    """
    return ", ".join(
        f"{name}=:{base64.b64encode(data).decode()}:" for name, data in digests.items())


def wanted(fields: Iterable[str]) -> list[str]:
    """The algorithms a Want-Repr-Digest or Want-Content-Digest field asks for, the dearest first.

    Those with preference 0 are not acceptable, and are left out (RFC 9530 section 4).

    Example:
        >>> wanted(["sha-256=3, sha-512=10, md5=0"])
        ['sha-512', 'sha-256']
    """
    found: dict[str, int] = {}
    for item in items(fields):
        if (match := _WANT.fullmatch(item)) and int(match[2]) <= 10:
            found[match[1]] = int(match[2])
    return sorted((name for name in found if found[name]), key=lambda name: -found[name])
