"""The IMAP server's commands that tell of folders: LIST and its kin, STATUS.

Service code (RFC 9051 section 6.3, RFC 5258, 5819, 6154, 8438, 8440, 9590).
"""

from __future__ import annotations

import re

from ..serving.mail_store import Folder
from .commands import Arguments, BadCommand
from .list_options import Listing, matches, read_listing, read_status_items
from .rendering import as_literal
from .server_login import Done
from .server_quirks import searched
from .server_session import No, Session
from .wire_server import mailbox, nstring

__all__ = ["delimiter", "folder", "name_of", "status_line"]

_USES = frozenset({"\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk",
                   "\\Sent", "\\Trash"})


def folder(session: Session, name: str, *, create: str = "") -> Folder:
    """The folder of this name, which can hold messages."""
    found = session.store.folders.get(session.store.named(name))
    if found is None or not found.selectable:
        raise No(f"there is no folder {name[:200]}", create or "NONEXISTENT")
    session.store.refresh(found)
    return found


def name_of(session: Session, name: str) -> bytes:
    """A folder's name as it goes over the wire."""
    if session.does("literal names"):
        return as_literal(mailbox(name, utf8=session.utf8).strip(b'"'))
    return mailbox(name, utf8=session.utf8)


# -- LIST ----------------------------------------------------------------------------------------


async def list_(session: Session, words: Arguments) -> Done:
    """LIST, with selection, patterns and RETURN (RFC 5258)."""
    wanted = read_listing(words, session.can)
    if session.does("special-use bad") and "SPECIAL-USE" in wanted.select:
        raise BadCommand("LIST: SPECIAL-USE is not understood")
    if wanted.returns and session.does("rev2 list") and "IMAP4REV2" in session.enabled:
        raise BadCommand("LIST: RETURN is not understood")
    if wanted.patterns == ("",) and not wanted.select:
        session.untagged(b'LIST (\\Noselect) %b ""' % delimiter(session))
        return ("that is all",)
    await _list(session, wanted, b"LIST")
    return ("that is all",)


async def lsub(session: Session, words: Arguments) -> Done:
    """LSUB."""
    wanted = read_listing(words, lambda name: False)
    await _list(session, Listing(wanted.reference, wanted.patterns,
                                 frozenset({"SUBSCRIBED", "RECURSIVEMATCH"})), b"LSUB")
    return ("that is all",)


async def xlist(session: Session, words: Arguments) -> Done:
    """XLIST, as Gmail had it before SPECIAL-USE."""
    wanted = read_listing(words, lambda name: False)
    await _list(session, wanted, b"XLIST")
    return ("that is all",)


def delimiter(session: Session) -> bytes:
    """What is between the levels of names, in quotes."""
    return b'"' + session.store.delimiter.encode() + b'"'


async def _list(session: Session, wanted: Listing, word: bytes) -> None:
    store, sign = session.store, session.store.delimiter
    patterns = [_pattern(wanted.reference + one, sign) for one in wanted.patterns]
    for name in sorted(store.folders, key=lambda one: (one != "INBOX", one.lower(), one)):
        found = store.folders.get(name)
        if found is None or not any(matches(one, name, sign) for one in patterns):
            continue
        if session.does("list return empty") and name == "INBOX" and wanted.returns:
            continue
        info = _child_info(session, name, wanted)
        if word == b"LSUB" and not any("%" in one for one in wanted.patterns):
            info = []
        if not _is_selected(found, wanted) and not info:
            continue
        attributes = _attributes(session, found, wanted, word)
        line = b"%b (%b) %b %b" % (word, " ".join(attributes).encode(), delimiter(session),
                                   name_of(session, name))
        if info and word == b"LIST":
            line += b' ("CHILDINFO" (%b))' % " ".join(f'"{one}"' for one in info).encode()
        session.untagged(line)
        if found.selectable:
            _returned(session, found, wanted)
        if session.channel.is_full:
            await session.channel.flush()


def _pattern(text: str, sign: str) -> str:
    """INBOX in capitals, also at the beginning; no two wildcards where one will do."""
    head, mark, rest = text.partition(sign)
    if head.upper() == "INBOX":
        text = f"INBOX{mark}{rest}"
    return re.sub(r"[*%]*\*[*%]*", "*", re.sub(r"%+", "%", text))


def _is_selected(found: Folder, wanted: Listing) -> bool:
    if "SUBSCRIBED" in wanted.select and not found.subscribed:
        return False
    return "SPECIAL-USE" not in wanted.select or bool(found.attributes & _USES)


def _child_info(session: Session, name: str, wanted: Listing) -> list[str]:
    """What below it is selected, where that was asked for (RFC 5258 section 4)."""
    if "RECURSIVEMATCH" not in wanted.select:
        return []
    below = [one for one in session.store.folders.values()
             if one.name.startswith(name + session.store.delimiter)]
    kinds = (("SUBSCRIBED", any(one.subscribed for one in below)),
             ("SPECIAL-USE", any(one.attributes & _USES for one in below)))
    return [kind for kind, there in kinds if there and kind in wanted.select]


def _attributes(session: Session, found: Folder, wanted: Listing, word: bytes) -> list[str]:
    shown = sorted(found.attributes - _USES)
    uses = sorted(found.attributes & _USES)
    if session.can("SPECIAL-USE") or word == b"XLIST":
        shown += uses
    if word == b"XLIST":
        shown = ["\\AllMail" if one == "\\All" else "\\Spam" if one == "\\Junk" else
                 "\\Starred" if one == "\\Flagged" else one for one in shown]
        if found.name == "INBOX":
            shown.append("\\Inbox")
    if session.can("CHILDREN") or "CHILDREN" in wanted.returns:
        below = found.name + session.store.delimiter
        has = any(one.startswith(below) for one in session.store.folders)
        shown.append("\\HasChildren" if has else "\\HasNoChildren")
    if found.subscribed and ({"SUBSCRIBED"} & (wanted.returns | wanted.select)) and word == b"LIST":
        shown.append("\\Subscribed")
    if word == b"LSUB" and not found.subscribed:
        shown = ["\\Noselect"]
    return shown


def _returned(session: Session, found: Folder, wanted: Listing) -> None:
    if wanted.status:
        session.untagged(status_line(session, found, wanted.status))
    if "MYRIGHTS" in wanted.returns:
        from .server_extras import rights

        session.untagged(b"MYRIGHTS %b %b" % (name_of(session, found.name),
                                              rights(session, found).encode()))
    if wanted.metadata:
        entries = b" ".join(nstring(entry.encode()) + b" " + nstring(found.metadata.get(entry))
                            for entry in wanted.metadata)
        session.untagged(b"METADATA %b (%b)" % (name_of(session, found.name), entries))


# -- STATUS --------------------------------------------------------------------------------------


async def status(session: Session, words: Arguments) -> Done:
    """STATUS."""
    name = words.mailbox()
    words.space()
    items = read_status_items(words, session.can)
    words.end()
    if "HIGHESTMODSEQ" in items:
        session.use_condstore()
    session.untagged(status_line(session, folder(session, name), items))
    return ("that is all",)


def status_line(session: Session, found: Folder, items: tuple[str, ...]) -> bytes:
    """The answer to STATUS."""
    messages = list(found.messages.values())
    values: dict[str, object] = {
        "MESSAGES": len(messages), "UIDNEXT": found.uidnext, "UIDVALIDITY": found.uidvalidity,
        "RECENT": sum(1 for one in messages if one.uid >= found.recent_from),
        "HIGHESTMODSEQ": found.modseq, "MAILBOXID": f"({found.mailbox_id})",
        "APPENDLIMIT": session.options.profile.append_limit}
    if "UNSEEN" in items:
        values["UNSEEN"] = sum(1 for one in messages if "\\Seen" not in one.flags)
    if "SIZE" in items:
        values["SIZE"] = sum(one.size for one in messages)
    if "DELETED" in items or "DELETED-STORAGE" in items:
        deleted = [one for one in messages if "\\Deleted" in one.flags]
        values["DELETED"] = len(deleted)
        values["DELETED-STORAGE"] = sum(one.size for one in deleted)
    text = " ".join(f"{item} {values[item]}" for item in items)
    return searched(session, b"STATUS %b (%b)" % (name_of(session, found.name), text.encode()),
                    "status space")
