"""The IMAP server's X-GM-EXT-1: Gmail's labels and numbers.

Service code (https://developers.google.com/gmail/imap/imap-extensions).
"""

from __future__ import annotations

import zlib

from ..serving.mail_labels import ALL, LabelStore
from ..serving.mail_store import Message
from .commands import Arguments, BadCommand
from .server_session import No, Session
from .server_view import View
from .wire_server import mailbox

__all__ = ["apply_labels", "labels_of", "number_of", "set_labels"]

_SYSTEM = {"INBOX": "\\Inbox", "[Gmail]/Sent Mail": "\\Sent", "[Gmail]/Drafts": "\\Draft",
           "[Gmail]/Important": "\\Important", "[Gmail]/Starred": "\\Starred",
           "[Gmail]/Trash": "\\Trash", "[Gmail]/Spam": "\\Spam"}
_FOLDERS = {label.upper(): name for name, label in _SYSTEM.items()}


def number_of(identifier: str) -> bytes:
    """An object's id as the 64-bit number that Gmail gives."""
    try:
        return b"%d" % int(identifier[1:], 16)
    except ValueError:
        return b"%d" % zlib.crc32(identifier.encode())


def label_names(session: Session, message: Message) -> list[str]:
    """The folders that are a message's labels."""
    store = session.store
    if not isinstance(store, LabelStore):
        return []
    return sorted(name for name in store.places(message.email_id) if name != ALL)


def labels_of(session: Session, view: View, message: Message) -> bytes:
    """A message's labels but the folder it is seen in."""
    if session.does("nil labels"):
        return b"NIL"
    words = []
    for name in label_names(session, message):
        if name == view.folder.name:
            continue
        system = _SYSTEM.get(name)
        words.append(b'"' + system.replace("\\", "\\\\").encode() + b'"' if system
                     else mailbox(name, utf8=session.utf8))
    return b"(" + b" ".join(words) + b")"


def set_labels(words: Arguments) -> list[str]:
    """What STORE X-GM-LABELS names, in parentheses or alone."""
    if not words.take(b"("):
        return [_label(words)]
    found = list[str]()
    while not words.take(b")"):
        if found:
            words.space()
        found.append(_label(words))
    return found


def _label(words: Arguments) -> str:
    if words.take(b"\\"):
        name = _FOLDERS.get("\\" + words.atom("a label"))
        if name is None:
            raise BadCommand("STORE: no such system label")
        return name
    name = words.mailbox()
    return _FOLDERS.get(name.upper(), name)


def apply_labels(
    session: Session, view: View, message: Message, sign: bytes, names: list[str]
) -> None:
    """Add, take away, or set labels: the message appears in folders and leaves them."""
    store = session.store
    if not isinstance(store, LabelStore):
        raise No("no labels here")
    there = store.places(message.email_id)
    for name in names:
        if sign != b"-" and name not in there:
            if not store.has(name):
                store.create(name)
            store.copy(view.folder, [message.uid], store[name])
    gone = (names if sign == b"-" else [] if sign == b"+" else
            [name for name in there if name not in names and name not in (ALL, view.folder.name)])
    for name in gone:
        if name in there:
            store.expunge(store[name], [there[name]])


