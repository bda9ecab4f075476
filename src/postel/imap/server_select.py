"""The IMAP server's commands that open and close folders (RFC 9051 section 6.3.2, RFC 7162).

Service code: SELECT, EXAMINE, CLOSE, UNSELECT.
"""

from __future__ import annotations

from .commands import Arguments, BadCommand
from .server_folders import delimiter, folder, name_of
from .server_login import Done
from .server_session import FLAGS, Session
from .server_view import View, ranges

__all__ = ["close", "select", "unselect"]


async def select(session: Session, words: Arguments) -> Done:
    """SELECT and EXAMINE, with CONDSTORE and QRESYNC (RFC 7162)."""
    read_only = words.request.verb == "EXAMINE" or session.options.read_only
    name = words.mailbox()
    resync = _select_options(session, words)
    was_open = session.view is not None
    session.view = None
    if was_open and (session.is_rev2 or "QRESYNC" in session.enabled):
        session.line("* OK [CLOSED] the folder before is closed")
    found = folder(session, name)
    view = session.view = View(found, read_only)
    session.saved = []
    _describe(session, view)
    if resync is not None and resync[0] == found.uidvalidity:
        _resync(session, view, *resync[1:])
    return (f"{found.name} it is", "READ-ONLY" if read_only else "READ-WRITE")


def _describe(session: Session, view: View) -> None:
    found = view.folder
    session.untagged(b"%d EXISTS" % len(view.uids))
    if not session.is_rev2:
        session.untagged(b"%d RECENT" % len(view.recent))
    flags = [*FLAGS, *found.keywords]
    session.untagged(b"FLAGS (%b)" % " ".join(flags).encode())
    kept = "" if view.read_only else " ".join([*flags, "\\*"])
    session.line(f"* OK [PERMANENTFLAGS ({kept})] {'none' if view.read_only else 'as you like'}")
    unseen = next((number for number, uid in enumerate(view.uids, 1)
                   if (one := view.message(uid)) is not None and "\\Seen" not in one.flags), 0)
    if unseen and not session.is_rev2:
        session.line(f"* OK [UNSEEN {unseen}] the first one")
    session.line(f"* OK [UIDVALIDITY {found.uidvalidity}] these UIDs hold")
    session.line(f"* OK [UIDNEXT {found.uidnext}] the next one")
    if session.can("CONDSTORE"):
        text = "" if session.does("bare highestmodseq") else " the last change"
        session.line(f"* OK [HIGHESTMODSEQ {found.modseq}]{text}")
    if session.can("OBJECTID"):
        session.line(f"* OK [MAILBOXID ({found.mailbox_id})] its name for ever")
    if session.is_rev2:
        session.untagged(b"LIST (%b) %b %b" % (
            " ".join(sorted(found.attributes)).encode(), delimiter(session),
            name_of(session, found.name)))


def _select_options(
    session: Session, words: Arguments
) -> tuple[int, int, list[int] | None, tuple[list[int], list[int]]] | None:
    """CONDSTORE, and QRESYNC with what the client knows: UIDVALIDITY, mod-sequence, UIDs."""
    if words.at_end:
        return None
    words.expect(b" (")
    resync = None
    while True:
        name = words.atom("CONDSTORE or QRESYNC")
        if name == "CONDSTORE" and session.can("CONDSTORE"):
            session.use_condstore()
        elif name == "QRESYNC" and "QRESYNC" in session.enabled and resync is None:
            words.space()
            resync = _known(words)
        else:
            raise BadCommand(f"{words.request.verb}: {name} is not understood, or not enabled")
        if words.take(b")"):
            break
        words.space()
    words.end()
    return resync


def _known(words: Arguments) -> tuple[int, int, list[int] | None, tuple[list[int], list[int]]]:
    words.expect(b"(")
    validity = words.number()
    words.space()
    modseq = words.number((1 << 63) - 1)
    uids, pairs = None, (list[int](), list[int]())
    if words.take(b" "):
        if words.next != b"(":
            uids = _listed(words)
            if words.take(b" "):
                pairs = _pairs(words)
        else:
            pairs = _pairs(words)
    words.expect(b")")
    return validity, modseq, uids, pairs


def _pairs(words: Arguments) -> tuple[list[int], list[int]]:
    words.expect(b"(")
    numbers = _listed(words)
    words.space()
    uids = _listed(words)
    words.expect(b")")
    return numbers, uids


def _listed(words: Arguments) -> list[int]:
    found = words.numbers()
    if found.saved or found.most == 0 or any(0 in one for one in found.ranges):
        raise words.bad("a set of known UIDs, without a star")
    pairs = found.up_to(found.most)
    if sum(last - first + 1 for first, last in pairs) > 1_000_000:
        raise BadCommand("QRESYNC: over a million UIDs")
    return [uid for first, last in pairs for uid in range(first, last + 1)]


def _resync(session: Session, view: View, modseq: int, uids: list[int] | None,
            pairs: tuple[list[int], list[int]]) -> None:
    """What vanished and what changed since the client was here."""
    found = view.folder
    gone = found.gone_since(modseq)
    floor = 0
    for number, uid in zip(*pairs, strict=False):
        if view.number(uid) == number:
            floor = uid  # up to here nothing can have vanished (RFC 7162 section 3.2.5.2)
    if uids is not None:
        known = set(uids)
        gone = [uid for uid in gone if uid in known]
    gone = [uid for uid in gone if uid > floor] if modseq < found.forgotten else gone
    if gone:
        session.untagged(b"VANISHED (EARLIER) " + ranges(gone))
    for uid in view.uids:
        message = view.message(uid)
        if message is not None and message.modseq > modseq:
            session.uid = True
            session.tell_flags(view, message)


async def close(session: Session, words: Arguments) -> Done:
    """CLOSE: what is marked as deleted goes, in silence."""
    words.end()
    view = session.selected
    if not view.read_only:
        session.store.expunge(view.folder, [
            uid for uid in view.uids
            if (one := view.message(uid)) is not None and "\\Deleted" in one.flags])
    session.view = None
    return _closed(session, view)


async def unselect(session: Session, words: Arguments) -> Done:
    """UNSELECT (RFC 3691)."""
    words.end()
    view = session.selected
    session.view = None
    return _closed(session, view)


def _closed(session: Session, view: View) -> Done:
    if "QRESYNC" in session.enabled and not view.read_only:
        return ("closed", f"HIGHESTMODSEQ {view.folder.modseq}")
    return ("closed",)
