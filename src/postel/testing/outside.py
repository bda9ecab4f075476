"""Ways past the client to the files of a server that is examined, and what a scheme offers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from ..serving.files import ServedFiles, split
from ..types import Features

__all__ = ["FolderOutside", "NotOffered", "Outside", "ServedOutside", "offered"]


class NotOffered(Exception):
    """A check needs what the scheme declares not to offer."""


def offered(features: Features, verbs: Iterable[str]) -> frozenset[str]:
    """What checks may need, as far as a scheme offers it: verbs, and names of features.

    Args:
        features: what the adapter declares.
        verbs: what the scheme's record declares.

    Example:
        >>> sorted(offered(Features(precision=None, digests=()), ["read"]))[:3]
        ['atomic_rename', 'read', 'resume_read']
    """
    found = set(verbs) - {"set", "digest", "copy"}  # these the features tell better
    switches = {
        "sizes": features.exact_sizes, "times": features.precision is not None,
        "resume_read": features.resume_read, "resume_write": features.resume_write,
        "set_modified": features.set_modified, "set_mode": features.set_mode,
        "atomic_rename": features.atomic_rename, "symlinks": features.symlinks,
        "digests": bool(features.digests), "copy": features.copy,
    }
    found.update(name for name, on in switches.items() if on)
    return frozenset(found)


class Outside(Protocol):
    """Files of the server, past the client; paths are those that the client uses."""

    def put(self, path: str, data: bytes) -> None:
        """A file, with the folders above it."""

    def folder(self, path: str) -> None:
        """A folder, with those above it."""

    def get(self, path: str) -> bytes | None:
        """What a file holds; None if there is none."""


class FolderOutside:
    """Files of a server that serves a folder of this machine.

    Args:
        root: the folder that the server shows as *prefix*.
        prefix: what the client's paths begin with.
    """

    def __init__(self, root: Path, prefix: str = "/") -> None:
        self.root, self.prefix = root, prefix

    def put(self, path: str, data: bytes) -> None:
        """A file, with the folders above it."""
        place = self._place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def folder(self, path: str) -> None:
        """A folder, with those above it."""
        self._place(path).mkdir(parents=True, exist_ok=True)

    def get(self, path: str) -> bytes | None:
        """What a file holds; None if there is none."""
        place = self._place(path)
        return place.read_bytes() if place.is_file() else None

    def _place(self, path: str) -> Path:
        return self.root / path.removeprefix(self.prefix).lstrip("/")


class ServedOutside:
    """Files of one of the lab's servers.

    Args:
        files: the tree that it serves.
    """

    def __init__(self, files: ServedFiles) -> None:
        self.files = files

    def put(self, path: str, data: bytes) -> None:
        """A file, with the folders above it."""
        parts = split(path)
        self.folder("/" + "/".join(parts[:-1]))
        with self.files.create(path) as file:
            file.write(data)

    def folder(self, path: str) -> None:
        """A folder, with those above it."""
        parts = split(path)
        for depth in range(1, len(parts) + 1):
            try:
                self.files.make_folder("/" + "/".join(parts[:depth]))
            except FileExistsError:
                pass

    def get(self, path: str) -> bytes | None:
        """What a file holds; None if there is none."""
        try:
            with self.files.open(path) as file:
                return file.read()
        except OSError:
            return None
