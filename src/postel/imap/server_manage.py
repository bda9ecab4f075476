"""The IMAP server's commands that change the tree of folders, and NAMESPACE.

Service code: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE (RFC 9051 section 6.3).
"""

from __future__ import annotations

from ..errors import PostelError
from .commands import Arguments, BadCommand
from .server_folders import delimiter, folder
from .server_login import Done
from .server_session import No, Session
from .wire_server import mailbox

__all__ = ["create", "delete", "namespace", "rename", "subscribe", "unsubscribe"]

_USES = {"\\ALL": "\\All", "\\ARCHIVE": "\\Archive", "\\DRAFTS": "\\Drafts",
         "\\FLAGGED": "\\Flagged", "\\JUNK": "\\Junk", "\\SENT": "\\Sent", "\\TRASH": "\\Trash",
         "\\IMPORTANT": "\\Important"}


async def create(session: Session, words: Arguments) -> Done:
    """CREATE, with special uses (RFC 6154)."""
    name = words.mailbox()
    uses = _uses(session, words)
    words.end()
    prefix = session.options.profile.prefix
    if prefix and not session.store.named(name).startswith(prefix):
        raise No(f"folders are below {prefix}", "CANNOT")
    if session.does("no inbox children") and (
            session.store.named(name).startswith("INBOX" + session.store.delimiter)):
        raise No("there are no folders in INBOX", "CANNOT")
    if name == "INBOX":
        raise No("INBOX is always there", "ALREADYEXISTS")
    taken = {use for one in session.store.folders.values() for use in one.attributes}
    if taken & set(uses):
        raise No("another folder has this use", "USEATTR")
    made = session.store.create(name, uses)
    if not session.options.profile.labels:
        session.store.subscribe(made.name, False)  # that is the client's to say
    return ("made", f"MAILBOXID ({made.mailbox_id})") if session.can("OBJECTID") else ("made",)


def _uses(session: Session, words: Arguments) -> list[str]:
    if words.at_end:
        return []
    if not session.can("CREATE-SPECIAL-USE"):
        raise BadCommand("CREATE: nothing may follow the name")
    words.expect(b" (USE (")
    found = list[str]()
    while not words.take(b")"):
        if found:
            words.space()
        words.expect(b"\\")
        name = _USES.get("\\" + words.atom("a use"))
        if name is None:
            raise No("no such use", "USEATTR")
        found.append(name)
    words.expect(b")")
    return found


async def delete(session: Session, words: Arguments) -> Done:
    """DELETE."""
    name = words.mailbox()
    words.end()
    store = session.store
    found = store.folders.get(store.named(name))
    if found is None:
        raise No(f"there is no folder {name[:200]}", "NONEXISTENT")
    if session.options.profile.labels and found.name.startswith("[Gmail]"):
        raise No("system labels stay", "CANNOT")
    if session.view is not None and session.view.folder is found:
        session.view = None
    store.delete(found.name)
    return ("gone",)


async def rename(session: Session, words: Arguments) -> Done:
    """RENAME."""
    old = words.mailbox()
    words.space()
    new = words.mailbox()
    words.end()
    session.store.rename(old, new)
    return ("renamed",)


async def subscribe(session: Session, words: Arguments) -> Done:
    """SUBSCRIBE."""
    return _subscribe(session, words, True)


async def unsubscribe(session: Session, words: Arguments) -> Done:
    """UNSUBSCRIBE."""
    return _subscribe(session, words, False)


def _subscribe(session: Session, words: Arguments, wanted: bool) -> Done:
    name = words.mailbox()
    words.end()
    try:
        session.store.subscribe(folder(session, name).name, wanted)
    except PostelError:
        if wanted:
            raise
    return ("noted",)


async def namespace(session: Session, words: Arguments) -> Done:
    """NAMESPACE (RFC 2342)."""
    words.end()
    if session.does("namespace bad"):
        raise BadCommand("User is authenticated but not connected.")
    prefix = mailbox(session.options.profile.prefix) if session.options.profile.prefix else b'""'
    if not prefix.startswith(b'"'):
        prefix = b'"' + prefix + b'"'
    session.untagged(b"NAMESPACE ((%b %b)) NIL NIL" % (prefix, delimiter(session)))
    return ("that is all",)
