"""A store of mail in a Maildir++: as Dovecot and Courier lay it out, and other programs read it.

Disk code. INBOX is the Maildir itself, other folders are Maildirs beside ``cur`` whose names begin
with a dot. UIDs, keywords and history stand in a journal of each folder, ``postel-uids``: a line of
JSON for each change, written anew when the store is opened. A message that another program has
delivered gets its UID when the folder is opened; one that another has removed is gone.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..mailboxes import disk_errors, sync_path
from ..mailboxes.maildir import Maildir, MaildirMessage
from ..wire.utf7 import decode_utf7, encode_utf7
from .mail import crlf
from .mail_folder import Folder, Message

if TYPE_CHECKING:
    from .mail_store import MailStore

__all__ = ["MaildirKeeper"]

_JOURNAL = "postel-uids"
_LETTERS = {"\\Draft": "D", "\\Flagged": "F", "$Forwarded": "P", "\\Answered": "R", "\\Seen": "S",
            "\\Deleted": "T"}
_FLAGS = {letter: flag for flag, letter in _LETTERS.items()}
_ESCAPES = {".": "&AC4-", "/": "&AC8-"}
"""What no part of a folder's name may hold on the disk, in the base64 of modified UTF-7."""


class MaildirKeeper:
    """Keeps a store in a Maildir.

    Args:
        path: of the Maildir; made if it is not there.
        writable: False changes nothing on the disk: UIDs are given anew each time.

    Example:
        >>> import tempfile
        >>> from postel.serving.mail_store import MailStore
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = MailStore("alice", keeper=MaildirKeeper(folder))
        ...     message = store.append("INBOX", b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        ...     made = store.create("Work/2026")
        ...     again = MailStore("alice", keeper=MaildirKeeper(folder))
        ...     print(again["INBOX"].messages[1].data == message.data, sorted(again.folders))
        True ['INBOX', 'Work', 'Work/2026']
    """

    def __init__(self, path: str | Path, *, writable: bool = True) -> None:
        self.path, self.writable = Path(path), writable
        self.sign = "/"
        self._boxes: dict[str, Maildir] = {}
        self._keys: dict[str, dict[int, MaildirMessage]] = {}
        self._stamps: dict[str, tuple[int, int]] = {}

    # -- where -----------------------------------------------------------------------------

    def _place(self, name: str) -> Path:
        """The folder's own; its name cannot lead out of the Maildir."""
        if name == "INBOX":
            return self.path
        return self.path / ("." + ".".join(_encoded(part) for part in name.split(self.sign)))

    def _name(self, folder: str) -> str:
        return self.sign.join(_decoded(part) for part in folder[1:].split("."))

    def _box(self, folder: Folder) -> Maildir:
        found = self._boxes.get(folder.mailbox_id)
        if found is None:
            found = self._boxes[folder.mailbox_id] = self._open(folder.name)
            self._keys.setdefault(folder.mailbox_id, {})
        return found

    def _open(self, name: str) -> Maildir:
        box = Maildir(self._place(name))
        return box.create() if self.writable else box

    # -- reading ---------------------------------------------------------------------------

    def load(self, store: MailStore) -> None:
        """Fill *store* with what is there."""
        self.sign = store.delimiter
        self._open("INBOX")
        names = ["INBOX"]
        with disk_errors(f"listing {self.path}"):
            names += sorted(self._name(one.name) for one in self.path.iterdir()
                            if one.name.startswith(".") and (one / "cur").is_dir()
                            and not one.is_symlink())
        for name in names:
            folder = self._read(name, store)
            store.restore(folder)
            self.refresh(folder)
            self._compact(folder)

    def _read(self, name: str, store: MailStore) -> Folder:
        folder = Folder(name, store.fresh_validity(), f"F{secrets.token_hex(8)}")
        path, known = self._place(name) / _JOURNAL, dict[int, dict[str, Any]]()
        with contextlib.suppress(FileNotFoundError), disk_errors(f"reading {path}"):
            for line in path.read_text("utf-8").splitlines():
                try:
                    _replay(folder, known, json.loads(line))
                except (ValueError, KeyError, TypeError):
                    break  # the end of a line that was cut by a crash
        listing = {one.key: one for one in self._open(name)}
        keys = self._keys[folder.mailbox_id] = {}
        for uid, entry in sorted(known.items()):
            file = listing.get(entry["key"])
            if file is not None:
                keys[uid] = file
                folder.messages[uid] = self._message(folder, uid, entry, file)
        return folder

    def _message(
        self, folder: Folder, uid: int, entry: dict[str, Any], file: MaildirMessage
    ) -> Message:
        letters = frozenset(_FLAGS[one] for one in file.flags if one in _FLAGS)
        return Message(uid, None, flags=letters | frozenset(entry.get("words", ())),
                       date=datetime.fromisoformat(entry["date"]),
                       saved=datetime.fromisoformat(entry["saved"]), email_id=entry["id"],
                       modseq=entry["modseq"], size=entry["size"],
                       load=self._loader(folder.mailbox_id, uid))

    def _loader(self, folder: str, uid: int) -> Callable[[], bytes]:
        def load() -> bytes:
            file = self._keys.get(folder, {}).get(uid)
            return crlf(file.read()) if file is not None else b""

        return load

    def refresh(self, folder: Folder) -> bool:
        """Take note of what other programs have done; whether there was anything."""
        box = self._box(folder)
        with disk_errors(f"opening {box.path}"):
            stamp = ((box.path / "new").stat().st_mtime_ns, (box.path / "cur").stat().st_mtime_ns)
        if self._stamps.get(folder.mailbox_id) == stamp:
            return False
        keys = self._keys[folder.mailbox_id]
        listing = {one.key: one for one in box}
        changed = self._missed(folder, keys, listing)
        known = {file.key for file in keys.values()}
        for file in listing.values():
            if file.key not in known:
                self._found(folder, file)
                changed = True
        self._stamps[folder.mailbox_id] = stamp
        return changed

    def _missed(self, folder: Folder, keys: dict[int, MaildirMessage],
                listing: dict[str, MaildirMessage]) -> bool:
        """Files that are gone, or were renamed for their flags."""
        gone = [uid for uid, file in keys.items() if file.key not in listing]
        changed = False
        for uid, file in keys.items():
            now = listing.get(file.key)
            message = folder.messages.get(uid)
            if now is None or message is None or now.path == file.path:
                continue
            keys[uid] = now
            words = frozenset(one for one in message.flags if one not in _LETTERS)
            flags = words | {_FLAGS[one] for one in now.flags if one in _FLAGS}
            if flags != message.flags:
                folder.modseq += 1
                message.flags, message.modseq, changed = flags, folder.modseq, True
        if gone:
            folder.modseq += 1
            for uid in gone:
                del keys[uid]
                folder.messages.pop(uid, None)
                folder.vanished.append((folder.modseq, uid))
            self._note(folder, {"-": gone, "modseq": folder.modseq})
        return changed or bool(gone)

    def _found(self, folder: Folder, file: MaildirMessage) -> None:
        """A message that another program has delivered."""
        data = crlf(file.read())
        with disk_errors(f"opening {file.path}"):
            date = datetime.fromtimestamp(file.path.stat().st_mtime, UTC).replace(microsecond=0)
        folder.modseq += 1
        uid, folder.uidnext = folder.uidnext, folder.uidnext + 1
        entry = {"+": uid, "key": file.key, "id": f"M{secrets.token_hex(8)}", "size": len(data),
                 "date": date.isoformat(), "saved": date.isoformat(), "modseq": folder.modseq}
        self._keys[folder.mailbox_id][uid] = file
        folder.messages[uid] = self._message(folder, uid, entry, file)
        self._note(folder, entry)

    # -- writing ---------------------------------------------------------------------------

    def _note(self, folder: Folder, entry: dict[str, Any]) -> None:
        """One more line of the journal."""
        if not self.writable:
            return
        path = self._place(folder.name) / _JOURNAL
        with disk_errors(f"writing {path}"):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND
                             | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(json.dumps(entry).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def _compact(self, folder: Folder) -> None:
        """The journal as short as it can be."""
        if not self.writable:
            return
        path = self._place(folder.name) / _JOURNAL
        keys = self._keys[folder.mailbox_id]
        lines = [_head(folder)]
        if folder.vanished:
            lines.append({"gone": folder.vanished})
        lines += [_entry(one, keys[uid].key) for uid, one in folder.messages.items()]
        new = path.with_name(_JOURNAL + ".new")
        with disk_errors(f"writing {path}"):
            new.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
            sync_path(new)
            new.replace(path)

    def added(self, folder: Folder, message: Message, data: bytes) -> None:
        """A message came."""
        box = self._box(folder)
        letters = "".join(sorted(_LETTERS[one] for one in message.flags if one in _LETTERS))
        key = box.append(data, flags=letters, date=message.date.timestamp())
        place = box.path / ("cur" if letters else "new")
        name = f"{key}:2,{letters}" if letters else key
        self._keys[folder.mailbox_id][message.uid] = MaildirMessage(key, letters, place / name, box)
        self._note(folder, _entry(message, key))
        message.forget_data(self._loader(folder.mailbox_id, message.uid))

    def flagged(self, folder: Folder, messages: Iterable[Message]) -> None:
        """Flags changed: the file is renamed."""
        box, keys = self._box(folder), self._keys[folder.mailbox_id]
        for message in messages:
            file = keys.get(message.uid)
            if file is None:
                continue
            letters = "".join(sorted(_LETTERS[one] for one in message.flags if one in _LETTERS))
            target = box.path / "cur" / f"{file.key}:2,{letters}"
            if target != file.path:
                with (disk_errors(f"renaming message {file.key}"),
                      contextlib.suppress(FileNotFoundError)):
                    file.path.rename(target)
                keys[message.uid] = MaildirMessage(file.key, letters, target, box)
            self._note(folder, _entry(message, file.key))

    def removed(self, folder: Folder, uids: Iterable[int]) -> None:
        """Messages are gone."""
        uids, keys = list(uids), self._keys[folder.mailbox_id]
        self._note(folder, {"-": uids, "modseq": folder.modseq})
        for uid in uids:
            file = keys.pop(uid, None)
            if file is not None:
                with disk_errors(f"removing message {file.key}"):
                    file.path.unlink(missing_ok=True)

    def changed(self, folder: Folder, old: str = "") -> None:
        """A folder was made, renamed, or annotated."""
        if old:
            self._boxes.pop(folder.mailbox_id, None)
            source, target = self._place(old), self._place(folder.name)
            with disk_errors(f"renaming {source}"):
                source.rename(target)
            box = self._box(folder)
            self._keys[folder.mailbox_id] = {
                uid: MaildirMessage(one.key, one.flags, box.path / one.path.parent.name
                                    / one.path.name, box)
                for uid, one in self._keys[folder.mailbox_id].items()}
        self._box(folder)
        self._note(folder, _head(folder))

    def dropped(self, folder: Folder) -> None:
        """A folder is gone; INBOX is emptied."""
        path = self._place(folder.name)
        self._boxes.pop(folder.mailbox_id, None)
        self._keys[folder.mailbox_id] = {}
        with disk_errors(f"removing {path}"):
            if folder.name != "INBOX":
                shutil.rmtree(path)
                return
            for name in ("cur", "new"):
                for file in (path / name).iterdir():
                    file.unlink(missing_ok=True)
            (path / _JOURNAL).unlink(missing_ok=True)


def _head(folder: Folder) -> dict[str, Any]:
    return {"uidvalidity": folder.uidvalidity, "mailbox": folder.mailbox_id,
            "uidnext": folder.uidnext, "modseq": folder.modseq, "forgotten": folder.forgotten,
            "subscribed": folder.subscribed, "attributes": sorted(folder.attributes),
            "acl": folder.acl, "metadata": {key: base64.b64encode(value).decode()
                                            for key, value in folder.metadata.items()}}


def _entry(message: Message, key: str) -> dict[str, Any]:
    words = sorted(one for one in message.flags if one not in _LETTERS)
    return {"+": message.uid, "key": key, "id": message.email_id, "size": message.size,
            "date": message.date.isoformat(), "saved": message.saved.isoformat(),
            "modseq": message.modseq, "words": words}


def _replay(folder: Folder, known: dict[int, dict[str, Any]], line: dict[str, Any]) -> None:
    """One line of a journal."""
    if "+" in line:
        known[line["+"]] = line
        folder.uidnext = max(folder.uidnext, line["+"] + 1)
    elif "-" in line:
        for uid in line["-"]:
            known.pop(uid, None)
            folder.vanished.append((line["modseq"], uid))
    elif "gone" in line:
        folder.vanished = [(modseq, uid) for modseq, uid in line["gone"]]
    else:
        folder.uidvalidity, folder.mailbox_id = line["uidvalidity"], line["mailbox"]
        folder.uidnext = max(folder.uidnext, line["uidnext"])
        folder.forgotten, folder.subscribed = line["forgotten"], line["subscribed"]
        folder.attributes, folder.acl = set(line["attributes"]), dict(line["acl"])
        folder.metadata = {key: base64.b64decode(value) for key, value in line["metadata"].items()}
    folder.modseq = max(folder.modseq, line.get("modseq", 1))


def _encoded(part: str) -> str:
    name = encode_utf7(part)
    for sign, escape in _ESCAPES.items():
        name = name.replace(sign, escape)
    return name


def _decoded(part: str) -> str:
    signs = {escape: sign for sign, escape in _ESCAPES.items()}
    return "".join(signs.get(piece) or decode_utf7(piece)
                   for piece in re.split("(&AC4-|&AC8-)", part))
