"""The IMAP server's FETCH and STORE (RFC 9051 section 6.4.5, RFC 7162, 3516, 8474, 8514, 8970).

Service code.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import PostelError
from ..serving.mail_store import Message
from . import rendering
from .commands import Arguments, BadCommand
from .fetch_items import Item, Modifiers, read_items, read_modifiers
from .server_labels import labels_of, number_of, set_labels
from .server_login import Done
from .server_quirks import fetched
from .server_session import No, Session
from .server_view import View, part_of, ranges
from .wire_server import literal, nstring

__all__ = ["answer", "fetch", "store"]

_NEEDS = {"MODSEQ": "CONDSTORE", "EMAILID": "OBJECTID", "THREADID": "OBJECTID",
          "SAVEDATE": "SAVEDATE", "PREVIEW": "PREVIEW", "X-GM-MSGID": "X-GM-EXT-1",
          "X-GM-THRID": "X-GM-EXT-1", "X-GM-LABELS": "X-GM-EXT-1"}


async def fetch(session: Session, words: Arguments) -> Done:
    """FETCH and UID FETCH."""
    view = session.selected
    numbers = words.numbers()
    words.space()
    items = read_items(words, uid=session.uid)
    wanted = read_modifiers(words)
    since = wanted.since
    _check(session, items, wanted)
    if not session.uid and view.beyond(numbers):
        raise BadCommand("FETCH: there is no such message")
    if since is not None and not any(item.name == "MODSEQ" for item in items):
        items = (*items, Item("MODSEQ"))
    uids = view.pick(numbers, session.saved, uid=session.uid)
    if wanted.vanished and since is not None:
        _tell_vanished(session, view, numbers.up_to(view.folder.uidnext - 1), since)
    if wanted.partial is not None:
        uids = part_of(uids, wanted.partial)
    for uid in uids:
        message = view.message(uid)
        if message is None or (since is not None and message.modseq <= since):
            continue
        answer(session, view, message, items)
        if session.channel.is_full:
            await session.channel.flush()
    return ("that is all",)


def _check(session: Session, items: tuple[Item, ...], wanted: Modifiers) -> None:
    for item in items:
        needs = _NEEDS.get(item.name, "")
        if needs and not session.can(needs):
            raise BadCommand(f"FETCH: there is no {item.name} to fetch")
        if item.name.startswith("BINARY") and not (session.can("BINARY") or
                                                   session.can("IMAP4rev2")):
            raise BadCommand("FETCH: BINARY is not offered")
        if item.name == "MODSEQ":
            session.use_condstore()
    if wanted.partial is not None and not session.can("PARTIAL"):
        raise BadCommand("FETCH: PARTIAL is not offered")
    if wanted.since is not None:
        if not session.can("CONDSTORE"):
            raise BadCommand("FETCH: CHANGEDSINCE is not offered")
        session.use_condstore()
    if wanted.vanished and "QRESYNC" not in session.enabled:
        raise BadCommand("UID FETCH: VANISHED without ENABLE QRESYNC")


def _tell_vanished(
    session: Session, view: View, asked: tuple[tuple[int, int], ...], since: int
) -> None:
    gone = [uid for uid in view.folder.gone_since(since)
            if any(first <= uid <= last for first, last in asked)]
    if gone:
        session.untagged(b"VANISHED (EARLIER) " + ranges(gone))


def answer(session: Session, view: View, message: Message, items: tuple[Item, ...]) -> None:
    """One FETCH response."""
    marks = any(item.reads for item in items) and not view.read_only
    if marks and "\\Seen" not in message.flags:
        session.store.set_flags(view.folder, message.uid, message.flags | {"\\Seen"})
    else:
        marks = False
    if marks and not any(item.name == "FLAGS" for item in items):
        items = (Item("FLAGS"), *items)
    words = list[bytes]()
    for item in items:
        try:
            if item.name in _SIMPLE:
                name = item.name.encode()
                words.append(name + b" " + _SIMPLE[item.name](session, view, message))
            else:
                words.append(_bracketed(session, message, item))
        except _Omitted:
            continue
    view.told(message)
    if marks and session.condstore and not any(item.name == "MODSEQ" for item in items):
        words.append(b"MODSEQ (%d)" % message.modseq)
    session.untagged(fetched(session, view.number(message.uid), b" ".join(words)))


class _Omitted(Exception):
    """This item is left out."""


def _bracketed(session: Session, message: Message, item: Item) -> bytes:
    name = item.name[:-1] + item.section.written().decode("utf-8", "replace") + "]"
    if item.name == "BODY[]":
        data = rendering.section(message.parsed, item.section, item.partial)
        if session.does("missing content") and not item.section.text:
            data = None
        origin = f"<{item.partial.origin}>" if item.partial else ""
        return f"{name}{origin} ".encode() + rendering.as_literal(data)
    try:
        data = rendering.binary(message.parsed, item.section)
    except ValueError as error:
        raise No(f"the transfer encoding {error} is not known", "UNKNOWN-CTE") from None
    if item.name == "BINARY.SIZE[]":
        return f"{name} {len(data or b'')}".encode()
    if data is None:
        return name.encode() + b" NIL"
    if item.partial:
        data = data[item.partial.origin : item.partial.origin + item.partial.length]
        name += f"<{item.partial.origin}>"
    return name.encode() + b" " + literal(data, binary=b"\0" in data)


def _rfc822(session: Session, view: View, message: Message) -> bytes:
    if session.does("no rfc822"):
        raise _Omitted
    return literal(message.data)


def _envelope(session: Session, view: View, message: Message) -> bytes:
    return rendering.envelope(message.parsed)


def _size(session: Session, view: View, message: Message) -> bytes:
    if session.does("negative sizes"):
        return b"-1"
    if session.does("scientific sizes") and message.size > 999:
        return f"{message.size:.4e}".encode()
    return b"%d" % message.size


def _head(session: Session, view: View, message: Message) -> bytes:
    return literal(message.data[: message.parsed.root.body])


_SIMPLE: dict[str, Callable[[Session, View, Message], bytes]] = {
    "UID": lambda session, view, message: b"%d" % message.uid,
    "FLAGS": lambda session, view, message: b"(%b)" % " ".join(view.flags(message)).encode(),
    "INTERNALDATE": lambda session, view, message: rendering.internal_date(message.date),
    "RFC822.SIZE": _size,
    "RFC822.HEADER": _head,
    "RFC822.TEXT": lambda session, view, message: literal(message.parsed.root.encoded),
    "RFC822": _rfc822,
    "ENVELOPE": _envelope,
    "BODY": lambda session, view, message: rendering.structure(message.parsed, extended=False),
    "BODYSTRUCTURE": lambda session, view, message: rendering.structure(message.parsed),
    "MODSEQ": lambda session, view, message: b"(%d)" % message.modseq,
    "EMAILID": lambda session, view, message: f"({message.email_id})".encode(),
    "THREADID": lambda session, view, message: f"({session.store.thread_id(message)})".encode(),
    "SAVEDATE": lambda session, view, message: rendering.internal_date(message.saved),
    "PREVIEW": lambda session, view, message: nstring(rendering.preview(message.parsed)),
    "X-GM-MSGID": lambda session, view, message: number_of(message.email_id),
    "X-GM-THRID": lambda session, view, message: number_of(session.store.thread_id(message)),
    "X-GM-LABELS": labels_of,
}


# -- STORE ---------------------------------------------------------------------------------------


async def store(session: Session, words: Arguments) -> Done:
    """STORE and UID STORE, with UNCHANGEDSINCE (RFC 7162)."""
    view = session.selected
    numbers = words.numbers()
    words.space()
    unchanged = _unchanged(session, words)
    sign = b"+" if words.take(b"+") else b"-" if words.take(b"-") else b""
    labels = session.can("X-GM-EXT-1") and words.take(b"X-GM-LABELS")
    if not labels:
        words.expect(b"FLAGS")
    silent = words.take(b".SILENT")
    words.space()
    if labels:
        names = set_labels(words)
    else:
        given = frozenset(words.flags())
    words.end()
    if view.read_only:
        raise No("the folder is open for reading alone", "READ-ONLY")
    if not session.uid and view.beyond(numbers):
        raise BadCommand("STORE: there is no such message")
    uids = view.pick(numbers, session.saved, uid=session.uid)
    if labels:
        _store_labels(session, view, uids, sign, names, silent)
        return ("stored",)
    return _store(session, view, uids, sign, given, silent=silent, unchanged=unchanged)


def _unchanged(session: Session, words: Arguments) -> int | None:
    if not words.take(b"(UNCHANGEDSINCE "):
        return None
    if not session.can("CONDSTORE"):
        raise BadCommand("STORE: UNCHANGEDSINCE is not offered")
    found = words.number((1 << 63) - 1)
    words.expect(b") ")
    session.use_condstore()
    return found


def _store(session: Session, view: View, uids: list[int], sign: bytes, given: frozenset[str],
           *, silent: bool, unchanged: int | None) -> Done:
    failed = list[int]()
    missing = False
    for uid in uids:
        message = view.message(uid)
        if message is None:
            missing = True
            continue
        if unchanged is not None and message.modseq > unchanged:
            failed.append(uid)
            continue
        flags = (message.flags | given if sign == b"+" else
                 message.flags - _matching(message.flags, given) if sign == b"-" else given)
        changed = session.store.set_flags(view.folder, uid, _joined(message.flags, flags))
        if not silent:
            session.tell_flags(view, message)
        elif changed and session.condstore:
            session.tell_flags(view, message, flags=False)
        else:
            view.told(message)
    if failed:
        shown = failed if session.uid else [view.number(uid) for uid in failed]
        return ("some had changed", f"MODIFIED {ranges(shown).decode()}")
    if missing and not session.uid:
        raise No("some of them are gone", "EXPUNGEISSUED")
    return ("stored",)


def _matching(flags: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    """Flags know no case."""
    names = {one.lower() for one in given}
    return frozenset(one for one in flags if one.lower() in names)


def _joined(before: frozenset[str], after: frozenset[str]) -> frozenset[str]:
    """A keyword is kept as it was first written."""
    known = {one.lower(): one for one in before}
    return frozenset(known.get(one.lower(), one) for one in after)


def _store_labels(session: Session, view: View, uids: list[int], sign: bytes,
                  names: list[str], silent: bool) -> None:
    from .server_labels import apply_labels

    for uid in uids:
        message = view.message(uid)
        if message is None:
            continue
        try:
            apply_labels(session, view, message, sign, names)
        except PostelError as error:
            raise No(str(error)) from None
        if not silent and view.message(uid) is not None:
            session.untagged(b"%d FETCH (UID %d X-GM-LABELS %b)" % (
                view.number(uid), uid, labels_of(session, view, message)))
