# GENERATED from digests_async.py by tools/unasync.py: edit that file, not this one.
"""Digests of two ends: computed by whoever can, read where nobody does."""

from __future__ import annotations

import hashlib

from ..errors import NotSupported, ReplyError
from ..session.files_sync import Files
from ..transport.digests import HASHES

__all__ = ["digest_of", "reread", "same_bytes"]

_WEAK = "CRC32"
"""A checksum finds damage, but not whether two files are one: it is never taken here."""


def same_bytes(
    ours: Files, path: str, theirs: Files, to: str
) -> bool:
    """Whether *path* of one end and *to* of another hold the same bytes.

    Raises:
        NotFound: one of them is gone.
    """
    name = _common(ours.features.digests, theirs.features.digests)
    return digest_of(ours, path, name) == digest_of(theirs, to, name)


def _common(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """The digest to take: one that both compute, else one that either does, else SHA-256."""
    for having in (set(ours) & set(theirs), set(ours) | set(theirs)):
        for name in HASHES:
            if name in having and name != _WEAK:
                return name
    return "SHA-256"


def digest_of(files: Files, path: str, name: str = "SHA-256") -> str:
    """The digest *name* of a file, in hex: by the server, or by reading it.

    Raises:
        NotFound: there is no such file.
    """
    if name in files.features.digests:
        try:
            return (files.digest(path, name))[1].lower()
        except (NotSupported, ReplyError):
            pass  # it said so and cannot: read it
    return reread(files, path, name)


def reread(files: Files, path: str, name: str = "SHA-256") -> str:
    """The digest *name* of what a read gives now, whatever the peer says of it."""
    digest = hashlib.new(HASHES[name], usedforsecurity=False)
    with files.read(path) as reading:
        for chunk in reading:
            digest.update(chunk)
    return digest.hexdigest()
