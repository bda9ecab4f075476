"""The tree that the FTP servers serve: made from a fixed seed, so that every run sees the same."""

from __future__ import annotations

import os
import random
from pathlib import Path

from .ground import give

__all__ = ["BIG_SIZE", "EPOCH", "ODD_NAMES", "make_tree"]

EPOCH = 1_704_164_645  # 2024-01-02 03:04:05 UTC: old enough for LIST to print the year
BIG_SIZE = 20 * 1024 * 1024
FILES = 50
LARGEST = 300_000
ODD_NAMES = (
    ".hidden",
    "-dash.txt",
    "[brackets].txt",
    "apostrophe's.txt",
    "per%20cent.txt",
    'quo"te.txt',
    "semi;colon=.txt",
    "star*.txt",
    "two  spaces.txt",
    "with space.txt",
    "ünïcödé.txt",
    "日本語.txt",
)


def make_tree(root: Path) -> None:
    """Fill the new folder `root`: a readme, 50 files, odd names, four levels, 20 MiB, `upload`."""
    root.mkdir()
    noise = random.Random(959)
    _write(root / "readme.txt", b"Postel's interop tests.\r\n")
    _write(root / "text" / "lf.txt", b"".join(b"line %d\n" % n for n in range(500)))
    _write(root / "text" / "crlf.txt", b"".join(b"line %d\r\n" % n for n in range(500)))
    for n in range(FILES):
        size = n**3 * LARGEST // (FILES - 1) ** 3  # many small ones, a few large ones
        _write(root / "files" / f"file-{n:02}.bin", noise.randbytes(size), EPOCH + 61 * n)
    for name in ODD_NAMES:
        _write(root / "odd" / name, name.encode())
    folder = root / "deep"
    for level in ("one", "two", "three", "four"):
        folder = folder / level
        _write(folder / f"{level}.txt", level.encode())
    (root / "deep" / "empty").mkdir()
    _write(root / "big.bin", noise.randbytes(BIG_SIZE))
    (root / "upload").mkdir()
    _open_up(root)
    give(root / "upload")


def _write(path: Path, data: bytes, mtime: int = EPOCH) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))


def _open_up(root: Path) -> None:
    """Let everybody read, whatever the umask of this run is."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            (Path(folder) / name).chmod(0o644)
