"""The IMAP server's commands that bring, copy, move and remove messages.

Service code: APPEND with MULTIAPPEND, CATENATE and BINARY, REPLACE, COPY, MOVE, EXPUNGE (RFC 9051
sections 6.3.12 and 6.4, RFC 3502, 4315, 4469, 6851, 8508).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from ..errors import NoSpace
from ..serving.mail_store import Folder
from .commands import Arguments, BadCommand
from .fetch_items import Partial, read_section
from .rendering import section
from .sequence import NumberSet
from .server_folders import folder
from .server_login import Done
from .server_session import No, Session
from .server_view import View
from .wire_server import nstring

__all__ = ["append", "copy", "expunge", "move", "replace"]


@dataclass(frozen=True)
class _Parcel:
    """One message of an APPEND."""

    data: bytes
    flags: tuple[str, ...]
    date: datetime | None


async def append(session: Session, words: Arguments) -> Done:
    """APPEND; with MULTIAPPEND all messages or none."""
    name = words.mailbox()
    parcels = list[_Parcel]()
    while words.take(b" ") and not words.at_end:
        parcels.append(_parcel(session, words))
        if len(parcels) > 1 and not session.can("MULTIAPPEND"):
            raise BadCommand("APPEND: MULTIAPPEND is not offered")
    words.end()
    if not parcels:
        raise words.bad("a message")
    target = folder(session, name, create="TRYCREATE")
    uids = _put(session, target, parcels)
    return _appended(session, target, uids)


def _parcel(session: Session, words: Arguments) -> _Parcel:
    flags, date = list[str](), None
    if words.next == b"(":
        flags = words.flags()
        words.space()
    if words.next == b'"':
        date = words.moment()
        words.space()
    if words.take(b"UTF8 ("):  # RFC 9755 section 4
        if "UTF8=ACCEPT" not in session.enabled:
            raise BadCommand("APPEND: UTF8 without ENABLE UTF8=ACCEPT")
        data = _message(session, words)
        words.expect(b")")
    elif session.can("CATENATE") and words.take(b"CATENATE ("):
        data = _catenated(session, words)
    else:
        data = _message(session, words)
    return _Parcel(data, tuple(flags), date)


def _message(session: Session, words: Arguments) -> bytes:
    if words.next != b"{":
        raise words.bad("a message as a literal")
    data = words.string("a message")
    if b"\0" in data and not words.binary:
        raise No("a NUL in a message, and no literal8", "CANNOT")
    if words.binary and not (session.can("BINARY") or session.is_rev2
                             or "UTF8=ACCEPT" in session.enabled):
        raise BadCommand("APPEND: a literal8, and BINARY is not offered")
    if not data:
        raise No("a message of no bytes", "CANNOT")
    return data


def _catenated(session: Session, words: Arguments) -> bytes:
    """A message of texts and of parts of messages that are here (RFC 4469)."""
    parts, size = list[bytes](), 0
    while True:
        kind = words.atom("TEXT or URL")
        words.space()
        if kind == "TEXT":
            parts.append(_message(session, words))
        elif kind == "URL":
            parts.append(_by_url(session, words.text("a URL")))
        else:
            raise BadCommand(f"APPEND: there is no {kind} in CATENATE")
        size += len(parts[-1])
        if size > session.options.profile.append_limit:
            raise No("a message that is too large", "TOOBIG")
        if words.take(b")"):
            return b"".join(parts)
        words.space()


_URL = re.compile(r"(?:/(?P<folder>[^;]+?)(?:;UIDVALIDITY=(?P<validity>\d{1,10}))?)?/?;UID="
                  r"(?P<uid>\d{1,10})(?:/;SECTION=(?P<section>[^;]+?))?"
                  r"(?:/;PARTIAL=(?P<origin>\d{1,10})(?:\.(?P<length>\d{1,10}))?)?",
                  re.IGNORECASE)


def _by_url(session: Session, url: str) -> bytes:
    """What a relative URL means (RFC 5092 section 7); without a folder, in the one that is open."""
    found = _URL.fullmatch(url)
    bad = No("a URL that leads to nothing here", f"BADURL {nstring(url.encode()).decode()}"
             if '"' not in url and "\\" not in url and url.isascii() else "BADURL")
    if found is None:
        raise bad
    if found["folder"] is None:
        place: Folder | None = session.view.folder if session.view is not None else None
    else:
        place = session.store.folders.get(session.store.named(unquote(found["folder"])))
    if place is None or (found["validity"] and int(found["validity"]) != place.uidvalidity):
        raise bad
    message = place.messages.get(int(found["uid"]))
    if message is None:
        raise bad
    partial = (Partial(int(found["origin"]), int(found["length"] or 1 << 31))
               if found["origin"] else None)
    try:
        wanted = read_section(unquote(found["section"] or "").encode())
    except BadCommand:
        raise bad from None
    data = section(message.parsed, wanted, partial)
    if data is None:
        raise bad
    return data


def _put(session: Session, target: Folder, parcels: list[_Parcel]) -> list[int]:
    store = session.store
    size = sum(len(one.data) for one in parcels)
    if store.quota is not None and store.used + size > store.quota:
        raise NoSpace("put messages there: the quota is used up")
    return [store.append(target.name, one.data, flags=one.flags, date=one.date).uid
            for one in parcels]


def _appended(session: Session, target: Folder, uids: list[int]) -> Done:
    if not session.can("UIDPLUS") and not session.is_rev2:
        return ("taken",)
    return ("taken", f"APPENDUID {target.uidvalidity} {NumberSet(uids)}")


async def replace(session: Session, words: Arguments) -> Done:
    """REPLACE and UID REPLACE (RFC 8508): a new message for an old one, in one step."""
    view = session.selected
    uid = _one(session, view, words)
    words.space()
    name = words.mailbox()
    words.space()
    parcel = _parcel(session, words)
    words.end()
    if view.read_only:
        raise No("the folder is open for reading alone", "READ-ONLY")
    target = folder(session, name, create="TRYCREATE")
    uids = _put(session, target, [parcel])
    session.line(f"* OK [APPENDUID {target.uidvalidity} {uids[0]}] replaced")
    session.store.expunge(view.folder, [uid])
    return ("replaced",)


def _one(session: Session, view: View, words: Arguments) -> int:
    found = view.pick(words.numbers(), session.saved, uid=session.uid)
    if len(found) != 1 or view.message(found[0]) is None:
        raise No("there is no such message", "NONEXISTENT")
    return found[0]


# -- COPY and MOVE -------------------------------------------------------------------------------


async def copy(session: Session, words: Arguments) -> Done:
    """COPY and UID COPY."""
    view, uids, target = _sent(session, words)
    _room(session, view, uids)
    pairs = session.store.copy(view.folder, uids, target)
    return _copied(session, target, pairs)


async def move(session: Session, words: Arguments) -> Done:
    """MOVE and UID MOVE."""
    view, uids, target = _sent(session, words)
    if view.read_only:
        raise No("the folder is open for reading alone", "READ-ONLY")
    pairs = session.store.move(view.folder, uids, target)
    code = _code(target, pairs)
    if code and (session.can("UIDPLUS") or session.is_rev2):
        bare = session.does("copyuid bare")
        session.line(f"* [{code}]" if bare else f"* OK [{code}] moved")
    session.tell_gone(view)
    return ("moved", *_modseq(session, view))


def _modseq(session: Session, view: View) -> tuple[str, ...]:
    return (f"HIGHESTMODSEQ {view.folder.modseq}",) if "QRESYNC" in session.enabled else ()


def _sent(session: Session, words: Arguments) -> tuple[View, list[int], Folder]:
    view = session.selected
    numbers = words.numbers()
    words.space()
    name = words.mailbox()
    words.end()
    if not session.uid and view.beyond(numbers):
        raise BadCommand(f"{words.request.verb}: there is no such message")
    target = folder(session, name, create="TRYCREATE")
    uids = [uid for uid in view.pick(numbers, session.saved, uid=session.uid)
            if view.message(uid) is not None]
    return view, uids, target


def _room(session: Session, view: View, uids: list[int]) -> None:
    store = session.store
    if store.quota is not None:
        size = sum(one.size for uid in uids if (one := view.message(uid)) is not None)
        if store.used + size > store.quota:
            raise NoSpace("copy messages: the quota is used up")


def _code(target: Folder, pairs: list[tuple[int, int]]) -> str:
    """COPYUID: both sets in the same order (RFC 4315 section 3)."""
    if not pairs:
        return ""
    old = ",".join(_runs([one for one, _ in pairs]))
    new = ",".join(_runs([one for _, one in pairs]))
    return f"COPYUID {target.uidvalidity} {old} {new}"


def _runs(numbers: list[int]) -> list[str]:
    made, start, last = list[str](), numbers[0], numbers[0]
    for one in [*numbers[1:], -1]:
        if one != last + 1:
            made.append(str(start) if start == last else f"{start}:{last}")
            start = one
        last = one
    return made


def _copied(session: Session, target: Folder, pairs: list[tuple[int, int]]) -> Done:
    code = _code(target, pairs)
    if not code or not (session.can("UIDPLUS") or session.is_rev2):
        return ("copied",)
    if session.does("copyuid bare"):
        session.line(f"* [{code}]")
        return ("copied",)
    return ("copied", code)


async def expunge(session: Session, words: Arguments) -> Done:
    """EXPUNGE, and UID EXPUNGE of some (RFC 4315)."""
    view = session.selected
    uids = list(view.uids)
    if session.uid:
        uids = view.pick(words.numbers(), session.saved, uid=True)
    words.end()
    if view.read_only:
        raise No("the folder is open for reading alone", "READ-ONLY")
    gone = session.store.expunge(view.folder, [
        uid for uid in uids
        if (one := view.message(uid)) is not None and "\\Deleted" in one.flags])
    session.tell_gone(view)
    return ("expunged", *_modseq(session, view)) if gone else ("nothing to expunge",)


