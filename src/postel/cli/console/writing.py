"""What is written in the console: it is in a file from the first key to the server's yes.

A draft is a template (`postel.messages.template`) in the folder of drafts, with what was attached
from memory in files beside it. It is deleted when the message is sent, and never before.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...mail.accounts import Identity
from ...messages import answers
from ...messages.attachments import file_name, unlike
from ...messages.draft import Message
from ...messages.template import draft_from, template_of

if TYPE_CHECKING:
    from ...messages.parsed import Parsed

__all__ = ["Draft", "begun", "drafts_folder", "edited_by", "editor", "keep", "kept",
           "passed_on", "replied"]

_NOTES = ("Write below the empty line. Attach: FILE adds a file.",)
_ENDING = ".eml.txt"


@dataclass(frozen=True, slots=True)
class Draft:
    """Something that is being written.

    Args:
        path: of its file.
        mark: folder, key and flag of the message that it answers or passes on.
    """

    path: Path
    mark: tuple[str, str, str] | None = None

    @property
    def text(self) -> str:
        """What is written so far."""
        return self.path.read_text("utf-8", "replace")

    def write(self, text: str) -> None:
        """Write it down; a crash leaves the old text or the new one."""
        beside = self.path.with_name(f".{self.path.name}.new")
        _private(beside, text)
        beside.replace(self.path)

    def message(self) -> Message:
        """The message that it is.

        Raises:
            UsageError: it is none yet.
        """
        def read(name: str) -> str:
            return Path(name).read_text("utf-8", "replace")

        made = draft_from(self.text, read=read)
        if not made.from_:
            raise UsageError("From is empty: who writes it?")
        if not (made.to or made.cc or made.bcc):
            raise UsageError("To, Cc and Bcc are empty: who gets it?")
        return made

    def drop(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)
        shutil.rmtree(_files_of(self.path), ignore_errors=True)


def drafts_folder() -> Path:
    """Where drafts are: below XDG_DATA_HOME, or what stands for it."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "postel" / "drafts"


def kept() -> list[Path]:
    """The drafts that are there, the newest last."""
    folder = drafts_folder()
    return sorted(folder.glob(f"*{_ENDING}")) if folder.is_dir() else []


def keep(message: Message, mark: tuple[str, str, str] | None = None) -> Draft:
    """Write a draft into a new file.

    Args:
        message: as it begins.
        mark: folder, key and flag of the message that it answers or passes on.
    """
    folder = drafts_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = f"{datetime.now():%Y%m%d-%H%M%S-%f}"
    path = folder / f"{stamp}{_ENDING}"
    lines = [f"Attach: {name}" for name in _beside(path, message)]
    text = template_of(message, notes=_NOTES)
    if lines:
        head, _, body = text.partition("\n\n")
        text = "\n".join([head, *lines]) + f"\n\n{body}"
    _private(path, text)
    return Draft(path, mark)


def _private(path: Path, text: str) -> None:
    """A file that others cannot read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _files_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_ENDING) + ".files")


def _beside(path: Path, message: Message) -> list[Path]:
    """What is attached from memory, written into files that the template can name."""
    made: list[Path] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    given: Any = [*message.attach, *message.inline]
    for number, one in enumerate(given, 1):
        data = getattr(one, "content", getattr(one, "data", None))
        if not isinstance(data, bytes):
            continue
        folder = _files_of(path)
        folder.mkdir(mode=0o700, exist_ok=True)
        name = unlike(file_name(getattr(one, "name", "") or None, getattr(one, "type", ""), number),
                      taken, counts)
        taken.add(name.lower())
        (folder / name).write_bytes(data)
        made.append(folder / name)
    return made


# -- how it begins -------------------------------------------------------------------------------


def _who(identities: list[Identity], parsed: Parsed | None = None) -> Identity:
    """Who writes: whom the message was written to, or the owner."""
    known = {one.address.lower(): one for one in reversed(identities)}
    for box in (*parsed.to.mailboxes, *parsed.cc.mailboxes) if parsed is not None else ():
        if box.address.lower() in known:
            return known[box.address.lower()]
    return identities[0] if identities else Identity("")


def _text(who: Identity) -> str:
    return f"\n\n-- \n{who.signature.strip()}\n" if who.signature else ""


def _more(who: Identity) -> dict[str, Any]:
    return {"reply_to": [who.reply_to]} if who.reply_to else {}


def begun(identities: list[Identity], *, to: str = "") -> Message:
    """A new message."""
    who = _who(identities)
    return Message(from_=str(who) if who.address else [], to=to or [], text=_text(who),
                   **_more(who))


def replied(parsed: Parsed, identities: list[Identity], *, everyone: bool) -> Message:
    """An answer.

    Args:
        parsed: what is answered.
        identities: who may write.
        everyone: whether all who had it get a copy.
    """
    who = _who(identities, parsed)
    return answers.reply(parsed, from_=str(who) if who.address else [], text=_text(who),
                         everyone=everyone, me=[str(one) for one in identities], **_more(who))


def passed_on(parsed: Parsed, identities: list[Identity]) -> Message:
    """A message passed on, as text with its files; HTML would not show what is typed here."""
    who = _who(identities, parsed)
    made = answers.forward(parsed, from_=str(who) if who.address else [], to=[],
                           text=_text(who), **_more(who))
    return replace(made, html=None, inline=[], attach=[*made.attach, *made.inline])


# -- an editor -----------------------------------------------------------------------------------


def editor() -> list[str]:
    """The editor that its user has chosen; nothing where there is none."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        return shlex.split(chosen)
    except ValueError as error:
        raise UsageError(f"editor {chosen}: {error}", hint="set EDITOR") from None


def edited_by(words: list[str], path: Path) -> None:
    """Let an editor change a file.

    Raises:
        UsageError: there is no such editor, or it failed.
    """
    try:
        done = subprocess.run([*words, str(path)], check=False)  # noqa: S603 - their own
    except OSError as error:
        raise UsageError(f"editor {words[0]}: {error.strerror or error}",
                         hint="set EDITOR; without it the console has a page of its own") from None
    if done.returncode:
        raise UsageError(f"editor {words[0]}: it ended with code {done.returncode}")
