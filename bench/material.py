"""What the servers serve: one big file, trees of small files, a long folder, a mailbox.

Everything is made from the row's sizes without randomness, so two runs move the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FULL", "LONG", "QUICK", "Sizes", "big_file", "long_folder", "mailbox", "message",
           "planned_tree", "small_tree"]

_MIB = 1024 * 1024
_PER_FOLDER = 100
LONG = 1_000_000  # messages behind this number have 7 KB
_LINE = b"The quick brown fox jumps over the lazy dog, and number %06d jumps with it.\r\n"


@dataclass(frozen=True)
class Sizes:
    """How much one run moves.

    Args:
        big: bytes of the big file.
        tree: files in the tree, 100 to a folder.
        many: files of 1 KiB for the row at 20 ms.
        entries: entries of the long folder.
        messages: messages in the mailbox without delay.
        far_messages: messages in the mailbox at 20 ms.
        small: files of 1 KiB that are asked for one by one.
        thousand: files of 1 KiB over SSH.
        mails: messages that are sent without delay.
        rcpts: recipients of one message, and messages at 20 ms.
        pulled: messages of 7 KB in the IMAP mailbox.
        articles: small articles in a group of news.
    """

    big: int
    tree: int
    many: int
    entries: int
    messages: int
    far_messages: int
    small: int
    thousand: int
    mails: int
    rcpts: int
    pulled: int = 12_000
    articles: int = 3_000


FULL = Sizes(1024 * _MIB, 10_000, 200, 100_000, 10_000, 10_000, 5_000, 1_000, 1_000,
             100)
QUICK = Sizes(64 * _MIB, 1_000, 50, 10_000, 1_000, 200, 500, 200, 200, 100, 1_000, 300)


def big_file(path: Path, size: int) -> Path:
    """Write *size* bytes that do not compress (rclone and TLS must not gain by zeros)."""
    block = hashlib.shake_256(b"postel").digest(4 * _MIB)
    with path.open("wb") as out:
        left = size
        while left:
            left -= out.write(block[: min(left, len(block))])
            block = block[1:] + block[:1]  # no two blocks alike: a swapped block is noticed
    return path


def small_tree(root: Path, count: int, *, size: int = 0, flat: bool = False) -> Path:
    """Make *count* files below *root*: all of *size* bytes, or of 100 to 4,000 when it is 0."""
    noise = hashlib.shake_256(b"tree").digest(8192)
    for number in range(count):
        folder = root if flat else root / f"folder-{number // _PER_FOLDER:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        start, length = number % 4096, size or 100 + number * 37 % 3900
        (folder / f"file-{number:06d}.dat").write_bytes(noise[start : start + length])
    return root


def long_folder(root: Path, count: int) -> int:
    """Make *count* files in one folder; returns the sum of their (sparse) sizes."""
    root.mkdir(parents=True)
    for number in range(count):
        with (root / f"entry-{number:06d}.dat").open("wb") as out:
            out.truncate(number)
    return count * (count - 1) // 2


def planned_tree(root: Path, count: int) -> int:
    """Make *count* files below *root*, 100 to a folder; returns the sum of their (sparse) sizes."""
    for number in range(count):
        folder = root / f"folder-{number // _PER_FOLDER:04d}"
        if not number % _PER_FOLDER:
            folder.mkdir(parents=True)
        with (folder / f"file-{number:06d}.dat").open("wb") as out:
            out.truncate(number)
    return count * (count - 1) // 2


def message(number: int) -> bytes:
    """Message *number*: some 1 to 3 KiB with CRLF line ends, and lines that need dot-stuffing.

    From `LONG` on they have 7 KB.
    """
    head = (
        b"Return-Path: <ann@example.org>\r\nFrom: Ann <ann@example.org>\r\n"
        b"To: Bob <bob@example.net>\r\nSubject: Bench %d\r\nX-Bench: %d\r\n"
        b"Date: Mon, 06 Jan 2025 10:00:00 +0000\r\nMessage-ID: <%d@bench.example.org>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
    ) % (number, number, number)
    more = 66 if number > LONG else 0
    lines = [_LINE % (number + line) for line in range(10 + number % 25 + more)]
    return head + b"".join(lines) + b".\r\n..two dots\r\nEnd of %06d.\r\n" % number


def mailbox(root: Path, count: int, *, owner: int, group: int, first: int = 1) -> Path:
    """A Maildir of *count* messages from *first* on, in order, owned by the mail server's user."""
    for name in ("cur", "new", "tmp"):
        (root / name).mkdir(parents=True)
        os.chown(root / name, owner, group)
    os.chown(root, owner, group)
    for number in range(first, first + count):
        data = message(number)
        stored = data.replace(b"\r\n", b"\n")
        name = f"{1_700_000_000 + number}.M1P1.bench,S={len(stored)},W={len(data)}:2,S"
        path = root / "cur" / name
        path.write_bytes(stored)
        os.chown(path, owner, group)
    return root
