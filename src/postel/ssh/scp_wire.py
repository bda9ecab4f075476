"""The old protocol of scp(1), which is rcp(1)'s: lines that announce files and folders.

A grammar module: bytes in, records out. The protocol has no specification; its texts are the
programs. The side that sends says a record, the other answers with one byte: 0 goes on, 1 and 2
are followed by a line that says what is wrong. After a file's record come exactly as many bytes as
it said, and a byte of status.

The server chooses the names (CVE-2018-20685, CVE-2019-6111): a name here is one component, and
whether it is the one that was asked for is decided by `expected`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from ..errors import (
    Conflict,
    Forbidden,
    NoSpace,
    NotFound,
    ProtocolError,
    ReplyError,
    TransferError,
    UsageError,
)
from ..wire.names import safe_name
from ..wire.text import display

__all__ = ["END", "LONGEST_LINE", "OK", "Complaint", "FileRecord", "FolderRecord", "Record",
           "Times", "Up", "announce_file", "announce_folder", "announce_times", "command",
           "complaint", "expected", "parse"]

OK = b"\0"
END = b"E\n"
LONGEST_LINE = 8192
"""Bytes of one line: names have at most 255, messages some more."""

_FILE = re.compile(rb"C([0-7]{3,6}) ([0-9]{1,19}) (.+)", re.DOTALL)
_FOLDER = re.compile(rb"D([0-7]{3,6}) [0-9]{1,19} (.+)", re.DOTALL)
_TIMES = re.compile(rb"T([0-9]{1,11}) [0-9]{1,6} ([0-9]{1,11}) [0-9]{1,6}")
_MOST = 1 << 62


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file comes: its permission bits, its size and its name."""

    mode: int
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class FolderRecord:
    """A folder begins."""

    mode: int
    name: str


@dataclass(frozen=True, slots=True)
class Times:
    """Times of what comes next: last change and last access, in seconds since 1970."""

    modified: int
    accessed: int


@dataclass(frozen=True, slots=True)
class Up:
    """The folder ends."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something went wrong over there; *fatal* if nothing more will come."""

    text: str
    fatal: bool


Record = FileRecord | FolderRecord | Times | Up | Complaint


def parse(line: bytes) -> Record:
    r"""The record of one line, without its line end.

    Raises:
        ProtocolError: it is none.
        TransferError: its name could be a path.

    Example:
        >>> parse(b"C0644 5 a.txt"), parse(b"E")
        (FileRecord(mode=420, size=5, name='a.txt'), Up())
        >>> parse(b"C0644 5 ../.bashrc")
        Traceback (most recent call last):
        ...
        postel.errors.TransferError: name '../.bashrc': it holds a slash
    """
    if line[:1] in (b"\1", b"\2"):
        text = line[1:].decode("utf-8", "surrogateescape").strip().removeprefix("scp: ")
        return Complaint(display(text), line[:1] == b"\2")
    if line == b"E":
        return Up()
    if match := _FILE.fullmatch(line):
        size = int(match[2])
        if size > _MOST:
            raise ProtocolError(f"scp: a file of {size} bytes")
        return FileRecord(int(match[1], 8) & 0o777, size, _name(match[3]))
    if match := _FOLDER.fullmatch(line):
        return FolderRecord(int(match[1], 8) & 0o777, _name(match[2]))
    if match := _TIMES.fullmatch(line):
        return Times(int(match[1]), int(match[2]))
    raise ProtocolError(
        f"scp: the server says {display(line[:80].decode('utf-8', 'surrogateescape'))!r}",
        hint="a shell's start-up file over there prints something, or there is no scp")


def _name(raw: bytes) -> str:
    return safe_name(raw.decode("utf-8", "surrogateescape"))


def expected(name: str, asked: str) -> str:
    """*name*, if it is what was asked for.

    Args:
        name: as the server calls it.
        asked: the path that was asked for.

    Raises:
        TransferError: it is another.

    Example:
        >>> expected("a.txt", "/pub/a.txt")
        'a.txt'
        >>> expected("authorized_keys", "/pub/a.txt")
        Traceback (most recent call last):
        ...
        postel.errors.TransferError: scp /pub/a.txt: the server sends 'authorized_keys' instead
    """
    wanted = asked.rstrip("/").rpartition("/")[2]
    if name != wanted and wanted not in ("", ".", ".."):
        raise TransferError(
            f"scp {display(asked)}: the server sends {display(name)!r} instead",
            hint="the server may be hostile; nothing was written under that name")
    return name


def announce_file(mode: int, size: int, name: str) -> bytes:
    r"""The line before a file.

    Example:
        >>> announce_file(0o644, 5, "a.txt")
        b'C0644 5 a.txt\n'
    """
    return b"C%04o %d %s\n" % (mode & 0o777, size, _raw(name))


def announce_folder(mode: int, name: str) -> bytes:
    """The line before what a folder holds."""
    return b"D%04o 0 %s\n" % (mode & 0o777, _raw(name))


def announce_times(modified: float) -> bytes:
    """The line before something whose times are to be kept."""
    return b"T%d 0 %d 0\n" % (max(0, modified), max(0, modified))


def _raw(name: str) -> bytes:
    if not name or name in (".", "..") or set(name) & {"/", "\n", "\r", "\0"}:
        raise UsageError(f"scp cannot send a file called '{display(name)}'",
                         hint="rename it; the protocol has no way to write a line end")
    return name.encode("utf-8", "surrogateescape")


def command(words: str, path: str) -> str:
    """What to run at the other end: its shell sees *path* as one word.

    Raises:
        UsageError: the path holds a line end or a NUL.

    Example:
        >>> command("-f", "/a b; rm -rf ~")
        "scp -f -- '/a b; rm -rf ~'"
    """
    if set(path) & {"\n", "\r", "\0"}:
        raise UsageError(f"path '{display(path)}': it holds a line end or a NUL")
    return f"scp {words} -- {shlex.quote(path or '.')}"


def complaint(said: Complaint, doing: str) -> ReplyError:
    """The error for what the other side says."""
    text, lower = said.text, said.text.lower()
    kind: type[ReplyError] = ReplyError
    for words, found in (("no such file", NotFound), ("permission denied", Forbidden),
                         ("read-only", Forbidden), ("no space", NoSpace), ("quota", NoSpace),
                         ("is a directory", Conflict), ("not a directory", Conflict),
                         ("not a regular file", Conflict)):
        if words in lower:
            kind = found
            break
    return kind(f"{doing}: {text}", text=text)
