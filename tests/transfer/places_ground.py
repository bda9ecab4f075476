"""Every kind of place that trees are moved between, in the lab and here, for tests of any pair."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postel.lab import Lab
from postel.serving.files import MemoryFiles
from postel.testing.outside import ServedOutside

SERVED = {"ftp": "ftp", "ftps": "ftp", "sftp": "sftp", "http": "http", "dav": "webdav"}
"""Which service of the lab speaks a scheme."""

SCHEME = {"dav": "webdav"}
"""What the lab calls a scheme."""

_numbers = itertools.count()


@dataclass
class Spot:
    """A new, empty folder, as the engine names it, and a way past the protocol.

    Args:
        url: of the folder.
        put: stores a file there.
        remove: removes one.
        tree: what is there.
        options: of its client.
        files: what serves it, where it is in the lab.
        top: its path there.
    """

    url: str
    put: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    tree: Callable[[], dict[str, bytes]]
    options: dict[str, Any] = field(default_factory=dict)
    files: MemoryFiles | None = None
    top: str = ""


def spot(here: Lab, scheme: str, tmp_path: Path) -> Spot:
    """A new folder of *scheme*."""
    top = f"tree-{next(_numbers)}"
    if scheme == "file":
        return on_disk(tmp_path / top)
    if scheme == "memory":
        return in_memory(top)
    return in_lab(here, scheme, top)


def in_lab(here: Lab, scheme: str, top: str) -> Spot:
    files = getattr(here, SERVED[scheme]).files
    outside = ServedOutside(files)
    outside.folder(f"/{top}")
    anyone = scheme == "http"
    url = here.url(SCHEME.get(scheme, scheme), **({} if anyone else {"user": "alice"}))

    def tree() -> dict[str, bytes]:
        return {path[len(top) + 2 :]: data for path, data in files.tree().items()
                if path.startswith(f"/{top}/")}

    def put(path: str, data: bytes) -> None:
        outside.put(f"/{top}/{path}", data)
        files.set_modified(f"/{top}/{path}", later())

    return Spot(f"{url}{top}/", put, lambda path: files.remove(f"/{top}/{path}"), tree,
                {} if anyone else {"password": "secret"}, files, f"/{top}")


def on_disk(root: Path) -> Spot:
    root.mkdir()

    def put(path: str, data: bytes) -> None:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        os.utime(place, (when := later(), when))

    def tree() -> dict[str, bytes]:
        return {path.relative_to(root).as_posix(): path.read_bytes()
                for path in root.rglob("*") if path.is_file()}

    return Spot(str(root), put, lambda path: (root / path).unlink(), tree)


def in_memory(top: str) -> Spot:
    import fsspec

    system = fsspec.filesystem("memory")
    system.makedirs(f"/{top}", exist_ok=True)

    def put(path: str, data: bytes) -> None:
        system.makedirs(f"/{top}/{path}".rpartition("/")[0], exist_ok=True)
        system.pipe_file(f"/{top}/{path}", data)

    def tree() -> dict[str, bytes]:
        return {path[len(top) + 2 :]: system.cat_file(path) for path in system.find(f"/{top}")}

    return Spot(f"memory://{top}/", put, lambda path: system.rm_file(f"/{top}/{path}"), tree)


_clock = itertools.count(int(time.time()) - 10_000_000, 70)


def later() -> int:
    """A time of its own for each file, more than a minute after the last."""
    return next(_clock)
