"""Maildir and Maildir++ behind the face of all mailboxes. Disk.

Flags are letters in the file's name; lower-case letters are keywords, whose names stand in the
file ``dovecot-keywords`` as Dovecot keeps them, so at most 26 of them. Maildir++ folders are
sub-folders ``.Name.Of.Folder``.

Every byte of a message is kept. (`postel.mailboxes.Maildir` also delivers with LF, as programs
that take mail from the net do.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import NotFound, UsageError
from ..wire.utf7 import decode_utf7
from . import Sync, disk_errors, sync_path
from .face import FLAGS, Box, Letter, Stored, checked_flags
from .maildir import Maildir, MaildirMessage

__all__ = ["MaildirBox", "MaildirLetter"]

_LETTERS = {"D": "draft", "F": "flagged", "P": "forwarded", "R": "answered", "S": "seen",
            "T": "deleted"}
_FLAG = {flag: letter for letter, flag in _LETTERS.items()}
_KEYWORD = re.compile(r"([0-9]{1,2}) ([^\r\n]{1,200})\Z")
_KEYWORDS_FILE = "dovecot-keywords"
_BATCH = 64  # files open or unsynced at a time


@dataclass(frozen=True)
class MaildirLetter(Stored):
    """A message of a `MaildirBox`."""

    file: MaildirMessage

    @property
    def flags(self) -> frozenset[str]:
        """From the letters in the file's name."""
        names: dict[str, str] = self.box.keywords()
        found = {_LETTERS.get(letter) or names.get(letter) for letter in self.file.flags}
        if self.file.path.parent.name == "cur":
            found.add("old")
        return frozenset(flag for flag in found if flag)

    @property
    def date(self) -> datetime | None:
        """The time of the file."""
        with disk_errors(f"reading message {self.key}"):
            return datetime.fromtimestamp(self._stat().st_mtime, UTC)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        with disk_errors(f"reading message {self.key}"):
            return self._stat().st_size

    def _stat(self) -> os.stat_result:
        try:
            return self.file.path.lstat()
        except FileNotFoundError:
            return self.file.box[self.key].path.lstat()

    def read(self) -> bytes:
        """The whole message, found again by its key if a reader has renamed it."""
        return self.file.read()

    def chunks(self) -> Iterator[bytes]:
        """The message in pieces of at most 1 MiB."""
        return self.file.chunks()


class MaildirBox(Box):
    """A Maildir; its Maildir++ folders are `folders`.

    Args:
        path: its folder, made by the first `extend` if it is not there.
        sync: see `Box`.
        separator: see `Maildir`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = MaildirBox(f"{folder}/Mail")
        ...     key = box.append(b"To: b\\r\\n\\r\\nHi.\\r\\n", flags=["seen", "todo"])
        ...     [(sorted(message.flags), message.read()) for message in box]
        [(['old', 'seen', 'todo'], b'To: b\\r\\n\\r\\nHi.\\r\\n')]
    """

    def __init__(self, path: str | os.PathLike[str], *, sync: Sync = "each",
                 separator: str = ":") -> None:
        super().__init__(path, "maildir", sync=sync)
        delivering: Sync = "never" if sync == "never" else "batch"
        self.maildir = Maildir(self.path, eol="keep", sync=delivering, separator=separator)
        self._keywords: dict[str, str] | None = None

    def keywords(self) -> dict[str, str]:
        """The keyword that each lower-case letter means here."""
        if self._keywords is None:
            self._keywords = {}
            try:
                lines = (self.path / _KEYWORDS_FILE).read_bytes()[:10_000]
            except OSError:
                lines = b""
            for line in lines.decode("utf-8", "replace").splitlines():
                match = _KEYWORD.match(line)
                if match and int(match[1]) < 26:
                    self._keywords[chr(ord("a") + int(match[1]))] = match[2]
        return self._keywords

    def __iter__(self) -> Iterator[MaildirLetter]:
        """The messages in the order of their arrival."""
        self._keywords = None
        for message in self.maildir if self.path.exists() else ():
            yield MaildirLetter(message.key, self, message)

    def __len__(self) -> int:
        return len(self.maildir)

    def __getitem__(self, key: str) -> MaildirLetter:
        """The message called *key*."""
        return MaildirLetter(key, self, self.maildir[key])

    def extend(self, letters: Iterable[Letter]) -> list[str]:
        """Add many messages, synced in batches."""
        self.maildir.create()
        keys: list[str] = []
        for number, letter in enumerate(letters, 1):
            info, seen_before = self.info(letter.flags)
            when = letter.date.timestamp() if letter.date else None
            with self.maildir.writing(date=when, flags=info, cur=seen_before,
                                      staged=True) as delivery:
                delivery.write(letter.data)
            keys.append(delivery.key)
            if number % _BATCH == 0:
                self.maildir.flush()
        self.maildir.flush()
        return keys

    def info(self, flags: frozenset[str]) -> tuple[str, bool]:
        """The letters for these flags, and whether the message goes to cur.

        Raises:
            UsageError: there is no room for another keyword.
        """
        letters = [_FLAG[flag] for flag in flags if flag in _FLAG]
        words = sorted(flags - FLAGS)
        if words:
            known = {word: letter for letter, word in self.keywords().items()}
            for word in words:
                if word not in known:
                    known[word] = self._new_keyword(word)
                letters.append(known[word])
        return "".join(sorted(letters)), bool(flags)

    def _new_keyword(self, word: str) -> str:
        """A letter for a keyword that had none; the list is written anew."""
        names = self.keywords()
        free = [chr(n) for n in range(ord("a"), ord("z") + 1) if chr(n) not in names]
        if not free:
            raise UsageError(f"keeping the keyword {word!r} in {self.path}: a Maildir has room for "
                             "26 keywords", hint="an mbox has room for all")
        names[free[0]] = word
        text = "".join(f"{ord(letter) - ord('a')} {names[letter]}\n" for letter in sorted(names))
        self.maildir.create()
        new = self.path / "tmp" / f"{_KEYWORDS_FILE}.{os.getpid()}"
        with disk_errors(f"noting the keyword {word!r} in {self.path}"):
            new.write_bytes(text.encode())
            if self.sync != "never":
                sync_path(new)
            new.replace(self.path / _KEYWORDS_FILE)
        return free[0]

    def set_flags(self, flags: Mapping[str, Iterable[str]]) -> None:
        """Rename the files of these messages; each is changed at once or not at all."""
        wanted = {key: checked_flags(words) for key, words in flags.items()}
        found = self._found(wanted)
        for key, words in wanted.items():
            letters, _ = self.info(words)
            name = f"{key}{self.maildir.separator}2,{letters}"
            with disk_errors(f"changing message {key}"):
                if words:
                    found[key].path.rename(self.path / "cur" / name)
                else:
                    found[key].path.rename(self.path / "new" / key)

    def remove(self, keys: Iterable[str]) -> None:
        """Delete the files of these messages."""
        for message in self._found(keys).values():
            with disk_errors(f"removing message {message.key}"):
                message.path.unlink(missing_ok=True)

    def _found(self, keys: Iterable[str]) -> dict[str, MaildirMessage]:
        there = {message.key: message for message in self.maildir}
        wanted = list(keys)
        for key in wanted:
            if key not in there:
                raise NotFound(f"looking up message {key[:80]!r} in {self.path}: there is none")
        return {key: there[key] for key in wanted}

    def folders(self) -> dict[str, Path]:
        """The Maildir++ folders: ``.Lists.Python`` is ``Lists/Python``."""
        with disk_errors(f"listing {self.path}"):
            found = [entry for entry in self.path.iterdir()
                     if entry.name.startswith(".") and len(entry.name) > 1
                     and not entry.is_symlink() and (entry / "cur").is_dir()]
        return {decode_utf7(entry.name[1:]).replace(".", "/"): entry for entry in sorted(found)}
