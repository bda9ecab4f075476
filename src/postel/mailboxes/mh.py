"""MH: a folder of numbered files, and ``.mh_sequences`` that says what is unseen. Disk.

A sequence is a name for a set of messages. ``unseen`` holds what has not been read; ``replied`` and
``flagged`` are what programs agree on; every other flag is a sequence of its own name, or where the
format forbids that name, of "hex" and its bytes in hexadecimal figures. ``cur`` is the message that
was last looked at, and none of ours.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import Sync, disk_errors, sync_path
from .face import checked_flags
from .mbox_lock import FileLock
from .numbered import FolderBox

__all__ = ["MH"]

SEQUENCES = ".mh_sequences"
LONGEST = 8 << 20  # bytes of the sequences that are read
_NUMBER = re.compile(r"[1-9][0-9]{0,17}\Z")
_RANGE = re.compile(r"([1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?\Z")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}\Z")
_HEX = re.compile(r"hex((?:[0-9a-f]{2})+)\Z")
_NAMES = {"answered": "replied"}
_FLAGS = {name: flag for flag, name in _NAMES.items()}
_RESERVED = {"all", "cur", "first", "last", "new", "next", "prev", "unseen", "replied"}


class MH(FolderBox):
    """An MH folder.

    Args:
        path: the folder, made by the first `extend` if it is not there.
        sync: see `Box`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = MH(folder)
        ...     keys = [box.append(b"To: b\\n\\n"), box.append(b"", flags=["seen", "answered"])]
        ...     print((Path(folder) / ".mh_sequences").read_text(), end="")
        ...     [(message.key, sorted(message.flags)) for message in box]
        replied: 2
        unseen: 1
        [('1', []), ('2', ['answered', 'seen'])]
    """

    def __init__(self, path: str | os.PathLike[str], *, sync: Sync = "each") -> None:
        super().__init__(path, "mh", sync=sync)

    def names(self) -> list[str]:
        """The files with numbers for names."""
        found = [entry.name for entry in self._entries()
                 if _NUMBER.match(entry.name) and entry.is_file(follow_symlinks=False)]
        return sorted(found, key=int)

    def fresh(self, names: list[str]) -> Iterator[str]:
        """The numbers above all that are there."""
        number = int(names[-1]) if names else 0
        while True:
            number += 1
            yield str(number)

    def folders(self) -> dict[str, Path]:
        """The folders inside."""
        return {entry.name: Path(entry.path) for entry in sorted(self._entries(), key=_name)
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")}

    def flags_by_name(self) -> Mapping[str, frozenset[str]]:
        """From the sequences."""
        names = self.names()
        found: dict[str, set[str]] = {name: {"seen"} for name in names}
        for sequence, ranges in self._sequences().items():
            flag = _flag_of(sequence)
            if flag is None:
                continue
            for name in _members(ranges, names, found):
                if flag == "unseen":
                    found[name].discard("seen")
                else:
                    found[name].add(flag)
        return {name: frozenset(flags) for name, flags in found.items()}

    def set_flags(self, flags: Mapping[str, Iterable[str]]) -> None:
        """Write the sequences anew."""
        wanted = {key: checked_flags(words) for key, words in flags.items()}
        self.existing(wanted)
        self.note(wanted)

    def note(self, flags: Mapping[str, frozenset[str]]) -> None:
        """Put messages into the sequences of their flags, and out of all others but ``cur``."""
        if not flags:
            return
        with self._locked():
            names = self.names()
            there = dict.fromkeys(names)
            kept: dict[str, set[str]] = {}
            other: dict[str, str] = {}
            for sequence, ranges in self._sequences().items():
                if _flag_of(sequence) is None:
                    other[sequence] = ranges
                else:
                    kept[sequence] = set(_members(ranges, names, there)) - flags.keys()
            for name in flags.keys() & there.keys():
                for flag in flags[name] - {"seen"} | (set() if "seen" in flags[name] else {"\0"}):
                    kept.setdefault(_sequence_of(flag), set()).add(name)
            lines = other | {sequence: _ranges(members) for sequence, members in kept.items()}
            self._write("".join(f"{one}: {lines[one]}\n" for one in sorted(lines) if lines[one]))

    def _sequences(self) -> dict[str, str]:
        try:
            with (self.path / SEQUENCES).open("rb") as file:
                text = file.read(LONGEST).decode("utf-8", "replace")
        except OSError:
            return {}
        found = {}
        for line in text.splitlines():
            name, colon, ranges = line.partition(":")
            if colon and name.strip():
                found[name.strip()] = ranges.strip()
        return found

    def _write(self, text: str) -> None:
        new = self.path / f".,{SEQUENCES}-{os.getpid()}"
        with disk_errors(f"noting flags in {self.path}"):
            new.write_bytes(text.encode())
            if self.sync != "never":
                sync_path(new)
            new.replace(self.path / SEQUENCES)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock that nmh and the standard library take: fcntl and a dot-lock on the file."""
        with FileLock(self.path / SEQUENCES).hold(create=True):
            yield


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _flag_of(sequence: str) -> str | None:
    """The flag that a sequence stands for; None for those that are none."""
    if match := _HEX.match(sequence):
        try:
            return bytes.fromhex(match[1]).decode()
        except UnicodeDecodeError:
            return sequence
    if sequence == "cur" or not _PLAIN.match(sequence):
        return None
    return _FLAGS.get(sequence, sequence)


def _sequence_of(flag: str) -> str:
    """The sequence for a flag; NUL stands for unseen."""
    if flag == "\0":
        return "unseen"
    if flag in _NAMES:
        return _NAMES[flag]
    if _PLAIN.match(flag) and flag not in _RESERVED and not _HEX.match(flag):
        return flag
    return "hex" + flag.encode("utf-8", "replace").hex()


def _members(ranges: str, names: list[str], there: Mapping[str, object]) -> Iterator[str]:
    """The messages of a sequence, as far as they are there; overlapping ranges cost no more."""
    numbers = [int(name) for name in names]
    depth = [0] * (len(names) + 1)
    for word in ranges.split():
        if match := _RANGE.match(word):
            first, last = int(match[1]), int(match[2] or match[1])
            begin, end = bisect_left(numbers, first), bisect_right(numbers, last)
            if begin < end:
                depth[begin] += 1
                depth[end] -= 1
    inside = 0
    for name, change in zip(names, depth, strict=False):
        inside += change
        if inside and name in there:
            yield name


def _ranges(members: Iterable[str]) -> str:
    """Numbers as ``1-3 5``."""
    made: list[list[int]] = []
    for number in sorted(int(name) for name in members):
        if made and made[-1][1] == number - 1:
            made[-1][1] = number
        else:
            made.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in made)
