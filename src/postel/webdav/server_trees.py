"""Whole trees as a WebDAV server deletes, copies and moves them (RFC 4918 sections 9.6 to 9.9).

Service code, plain blocking calls: they run in a thread. What fails is noted by path with its
status, and the rest is done; an ancestor of what failed stays, without a status of its own.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ..http.server_exchange import status_of
from ..serving.files import FileStatus, ServedFiles

__all__ = ["CHUNK", "copy_tree", "delete_tree", "walk"]

CHUNK = 1 << 20
"""Bytes that are copied at once."""


def walk(
    files: ServedFiles, path: str, status: FileStatus, depth: int | None
) -> Iterator[tuple[str, FileStatus]]:
    """*path* and what is in it, folders before what they hold.

    Args:
        files: the tree.
        path: where to begin.
        status: of it.
        depth: how many levels below it; None for all.
    """
    pending = [(path, status, depth)]
    while pending:
        here, found, levels = pending.pop()
        yield here, found
        if not found.is_folder or levels == 0:
            continue
        try:
            inside = files.list(here)
        except OSError:
            continue  # gone since, or not to be read
        left = None if levels is None else levels - 1
        pending += [(posixpath.join(here, entry.name), entry, left) for entry in reversed(inside)]


def delete_tree(files: ServedFiles, path: str, status: FileStatus) -> dict[str, int]:
    """Remove *path* and all below it; what could not be, with why."""
    failed: dict[str, int] = {}
    for here, found in reversed(list(walk(files, path, status, None))):
        if any(other.startswith(here.rstrip("/") + "/") for other in failed):
            continue  # it still holds something
        try:
            if not found.is_folder:
                files.remove(here)
            elif here != "/":
                files.remove_folder(here)
        except OSError as error:
            failed[here] = status_of(error)
    return failed


def copy_tree(
    files: ServedFiles, source: str, status: FileStatus, target: str, *, deep: bool
) -> dict[str, int]:
    """Make *target* the same as *source*; what could not be, with why."""
    failed: dict[str, int] = {}
    for here, found in list(walk(files, source, status, None if deep else 0)):
        if any(here.startswith(f"{other}/") for other in failed):
            continue  # its folder could not be made
        there = target + here[len(source.rstrip("/")) :] if here != source else target
        try:
            if found.is_folder:
                files.make_folder(there)
            else:
                _copy_file(files, here, there, found)
        except OSError as error:
            failed[here] = status_of(error)
    return failed


def _copy_file(files: ServedFiles, source: str, target: str, status: FileStatus) -> None:
    with files.open(source) as old, files.create(target) as new:
        while data := old.read(CHUNK):
            new.write(data)
    files.set_modified(target, status.modified)
