r"""Lists of digests, such as ``SHA256SUMS``, as ``sha256sum``, BSD and OpenSSL write them.

    9f86d081…  name            GNU: two spaces, or " *" for binary
    SHA256 (name) = 9f86d081…  BSD
    SHA2-256(name)= 9f86d081…  OpenSSL

A line that begins with a backslash has ``\\`` and ``\n`` in its name escaped. The digest is told by
its length where the line does not say which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UsageError

__all__ = ["Sum", "is_list_of_sums", "parse_sums"]

_LENGTHS = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_NAMES = {"MD5": "MD5", "SHA1": "SHA-1", "SHA256": "SHA-256", "SHA512": "SHA-512",
          "SHA2256": "SHA-256", "SHA2512": "SHA-512"}
_GNU = re.compile(r"(?P<hex>[0-9A-Fa-f]{32,128}) [ *](?P<name>.+)", re.DOTALL)
_TAGGED = re.compile(r"(?P<kind>[A-Za-z0-9/-]+) ?\((?P<name>.+)\) ?= (?P<hex>[0-9A-Fa-f]{32,128})",
                     re.DOTALL)
_LISTS = re.compile(r"(sha|md)[0-9]+sums?(\.txt)?|.*\.(sha(1|256|512)|md5)(sums?)?(\.txt)?",
                    re.IGNORECASE)

LONGEST = 8_192
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of a list.

    Args:
        name: of the file, as it stands there: a path seen from the list's folder.
        algorithm: the digest's registered name.
        digest: in lower-case hexadecimal.
    """

    name: str
    algorithm: str
    digest: str


def is_list_of_sums(name: str) -> bool:
    """Whether a file of this name is a list of digests.

    Example:
        >>> is_list_of_sums("SHA256SUMS"), is_list_of_sums("a.iso.sha256"), is_list_of_sums("a.iso")
        (True, True, False)
    """
    return _LISTS.fullmatch(name) is not None


def parse_sums(lines: Iterable[str]) -> tuple[Sum, ...]:
    """Read a list of digests.

    Args:
        lines: with or without their ends; empty ones, and comments (``#``), are left out.

    Raises:
        UsageError: a line is none of a list.

    Example:
        >>> parse_sums(["d41d8cd98f00b204e9800998ecf8427e  empty.txt"])[0].algorithm
        'MD5'
    """
    found = []
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if text.strip() and not text.startswith("#"):
            found.append(_parsed(text, number))
    return tuple(found)


def _parsed(text: str, number: int) -> Sum:
    escaped = text.startswith("\\")
    match = None
    if len(text) <= LONGEST:
        body = text[1:] if escaped else text
        match = _GNU.fullmatch(body) or _TAGGED.fullmatch(body)
    if match is None:
        raise UsageError(f"line {number} of a list of digests: {text[:60]!r} is none",
                         hint="it is read as sha256sum and its kin write it")
    digest, name = match["hex"].lower(), match["name"]
    if escaped:
        name = re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], name)
    kind = match.groupdict().get("kind")
    said = _NAMES.get(re.sub("[/-]", "", kind).upper()) if kind else _LENGTHS.get(len(digest))
    if said is None or _LENGTHS.get(len(digest)) != said:
        raise UsageError(f"line {number} of a list of digests: {kind or 'a digest'} of "
                         f"{len(digest)} characters is not known",
                         hint=f"these are: {', '.join(_LENGTHS.values())}")
    return Sum(name, said, digest)
