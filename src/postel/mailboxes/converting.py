"""One kind of mailbox turned into another, whole or not at all. Disk.

The new mailbox is written under another name beside its place, synced, and renamed when it is
complete; whoever dies on the way leaves nothing that looks like a mailbox. Messages go over one by
one, so that a mailbox of any size needs little memory.

Every byte of every message comes over. Kinds differ in what else they keep: flags (all but eml),
the time of arrival (all but Babyl), the envelope's sender (mbox and MMDF); what gets lost is told.
A message that the new kind cannot hold is told as well, and never lost in silence.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import AlreadyExists, NotSupported, UsageError
from . import disk_errors, sync_path
from .face import Box, Kind, Letter, Stored
from .file_box import FileBox
from .kinds import open as opened

__all__ = ["Converted", "Skipped", "convert"]


@dataclass(frozen=True)
class Skipped:
    """A message that the new kind cannot hold.

    Args:
        key: its name in the old mailbox.
        reason: why.
    """

    key: str
    reason: str


@dataclass(frozen=True)
class Converted:
    """What `convert` did.

    Args:
        box: the new mailbox.
        messages: how many it has got.
        size: their bytes.
        skipped: those it has not.
        flags_lost: how many messages had flags that the new kind does not keep.
    """

    box: Box
    messages: int
    size: int
    skipped: tuple[Skipped, ...]
    flags_lost: int


def convert(
    source: Box | str | os.PathLike[str],
    target: str | os.PathLike[str],
    kind: Kind,
    *,
    progress: Callable[[int], object] | None = None,
) -> Converted:
    """Make a mailbox of another kind with the messages of this one; the old one stays.

    Args:
        source: a mailbox, or where it is.
        target: where the new one shall be; there must be nothing yet.
        kind: of the new one.
        progress: told how many messages have gone over.

    Raises:
        AlreadyExists: there is something at *target*.
        UsageError: *source* is no mailbox, or *kind* is none that is written.
        NotFound, Forbidden, NoSpace, TransferError: the disk refuses; there is no new mailbox.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     old = opened(f"{folder}/inbox", "mboxrd")
        ...     key = old.append(b"To: b\\n\\nHi.\\n", flags=["seen"])
        ...     done = convert(f"{folder}/inbox", f"{folder}/Mail", "maildir")
        ...     done.messages, done.box.kind, [message.read() for message in done.box]
        (1, 'maildir', [b'To: b\\n\\nHi.\\n'])
    """
    box = source if isinstance(source, Box) else opened(source)
    goal = Path(target)
    if goal.exists() or goal.is_symlink():
        raise AlreadyExists(f"converting to {goal}: there is something already",
                            hint="choose a new name, or append to it")
    if kind == "takeout":
        raise UsageError("converting to takeout: that kind is only read", hint="mboxrd")
    partial = goal.with_name(f"{goal.name}.postel-part-{os.getpid()}")
    work = _Work(box, opened(partial, kind), progress)
    try:
        work.run()
        with disk_errors(f"converting to {goal}"):
            partial.rename(goal)
            sync_path(goal.parent)
    except BaseException:
        _remove(partial)
        raise
    return Converted(opened(goal, kind), work.messages, work.size, tuple(work.skipped),
                     work.flags_lost)


class _Work:
    """A conversion and its figures."""

    def __init__(self, source: Box, target: Box, progress: Callable[[int], object] | None) -> None:
        self.source, self.target, self.progress = source, target, progress
        self.messages = self.size = self.flags_lost = 0
        self.skipped: list[Skipped] = []

    def run(self) -> None:
        """All messages, in one go."""
        target = self.target
        target.extend(self._letters())
        if not target.path.exists():  # there was no message
            with disk_errors(f"converting to {target.path}"):
                if isinstance(target, FileBox):
                    target.path.touch(mode=0o600)
                else:
                    target.path.mkdir(mode=0o700)

    def _letters(self) -> Iterator[Letter]:
        for message in self.source:
            letter = self._fitting(message)
            if letter is None:
                continue
            self.messages += 1
            self.size += len(letter.data)
            if self.progress and self.messages % 100 == 0:
                self.progress(self.messages)
            yield letter
        if self.progress:
            self.progress(self.messages)

    def _fitting(self, message: Stored) -> Letter | None:
        """The message as the target can hold it; None where it cannot."""
        letter = message.letter()
        if not self.target.keeps_flags and letter.flags - {"old"}:
            self.flags_lost += 1
        try:
            if isinstance(self.target, FileBox):
                self.target.encoded(letter)
        except NotSupported as error:
            self.skipped.append(Skipped(message.key, str(error)))
            return None
        return letter


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
