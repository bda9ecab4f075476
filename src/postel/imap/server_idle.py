"""The IMAP server's IDLE and NOTIFY: telling what happens as it happens (RFC 2177, 5465).

Service code. A session that idles waits for two things at once: a line of the client's, and news
of the store, which may come from another session, from SMTP, or from a test's own thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from ..errors import ProtocolError, TimedOut
from ..serving.mail_store import Event
from .commands import Arguments, BadCommand
from .fetch_items import Item, read_items
from .server_folders import delimiter, name_of, status_line
from .server_login import Done
from .server_session import No, Session

__all__ = ["Notifying", "idle", "more_or_news", "notify"]

_SELECTED = ("SELECTED", "SELECTED-DELAYED")
_EVENTS = frozenset({"MESSAGENEW", "MESSAGEEXPUNGE", "FLAGCHANGE", "ANNOTATIONCHANGE",
                     "MAILBOXNAME", "SUBSCRIPTIONCHANGE", "MAILBOXMETADATACHANGE",
                     "SERVERMETADATACHANGE"})


@dataclass(frozen=True)
class _Group:
    """For which folders which events are wanted; of new messages, what is fetched at once."""

    which: str
    names: tuple[str, ...]
    events: frozenset[str]
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Notifying:
    """What NOTIFY SET asked for."""

    groups: tuple[_Group, ...]

    def events_for(self, session: Session, name: str) -> frozenset[str]:
        """The events that are wanted of a folder; the first group that names it decides."""
        for group in self.groups:
            if group.which not in _SELECTED and _is_meant(session, group, name):
                return group.events
        return frozenset()


def _is_meant(session: Session, group: _Group, name: str) -> bool:
    sign = session.store.delimiter
    match group.which:
        case "INBOXES":
            return name == "INBOX"
        case "PERSONAL":
            return True
        case "SUBSCRIBED":
            found = session.store.folders.get(name)
            return found is not None and found.subscribed
        case "SUBTREE":
            return any(name == one or name.startswith(one + sign) for one in group.names)
    return name in group.names


async def idle(session: Session, words: Arguments) -> Done:
    """IDLE: until the client says DONE."""
    words.end()
    session.channel.put(b"+ idling\r\n")
    session.server.watch("S", "+ idling")
    before = session.wanted
    session.wanted = lambda event: True
    session.news.clear()
    try:
        line = await _until_line(session)
    finally:
        session.wanted = before
    if line.strip().upper() != b"DONE":
        raise ProtocolError("IDLE ends with DONE alone")
    return ("no longer idle",)


async def _until_line(session: Session) -> bytes:
    channel = session.channel
    limit = session.options.idle_limit
    reading: asyncio.Task[bytes] | None = None
    hearing: asyncio.Task[bool] | None = None
    try:
        while True:
            session.tell_news()
            _tell_notified(session)
            await channel.flush()
            if reading is None:
                reading = asyncio.ensure_future(channel.line())
            hearing = hearing or asyncio.ensure_future(session.news.wait())
            done, _ = await asyncio.wait({reading, hearing}, timeout=limit,
                                         return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise TimedOut("IDLE: the server's patience is at its end")
            if reading in done:
                line, reading = reading.result(), None
                return line
            hearing = None
            session.news.clear()
    finally:
        await _end(reading)
        await _end(hearing)


async def more_or_news(session: Session) -> bool:
    """Wait for bytes, and tell meanwhile what NOTIFY asked for; False at the end."""
    await session.channel.flush()
    reading = asyncio.ensure_future(session.channel.more())
    hearing: asyncio.Task[bool] | None = None
    try:
        while True:
            await _pushed(session)
            hearing = hearing or asyncio.ensure_future(session.news.wait())
            await asyncio.wait({reading, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
            hearing = None
            session.news.clear()
    finally:
        await _end(reading)
        await _end(hearing)


async def _end(task: asyncio.Task[bytes] | asyncio.Task[bool] | None) -> None:
    if task is not None and not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


# -- NOTIFY --------------------------------------------------------------------------------------


async def notify(session: Session, words: Arguments) -> Done:
    """NOTIFY NONE, and NOTIFY SET (RFC 5465)."""
    what = words.atom("SET or NONE")
    if what == "NONE":
        words.end()
        session.notifying, session.wanted, session.of_new = None, None, ()
        return ("nothing will be told",)
    if what != "SET":
        raise BadCommand("NOTIFY: SET or NONE")
    words.space()
    status = words.take(b"STATUS ")
    groups = [_group(words)]
    while words.take(b" "):
        groups.append(_group(words))
    words.end()
    made = Notifying(tuple(groups))
    session.notifying = made
    session.events.clear()
    session.wanted = lambda event: True
    session.of_new = next((one.items for one in groups if one.which in _SELECTED), ())
    if status:
        for name in sorted(session.store.folders):
            found = session.store.folders[name]
            is_open = session.view is not None and session.view.folder is found
            if found.selectable and not is_open and (
                    {"MESSAGENEW", "MESSAGEEXPUNGE"} & made.events_for(session, name)):
                session.untagged(status_line(session, found, _items(session)))
    return ("you will be told",)


def _items(session: Session) -> tuple[str, ...]:
    items = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")
    return (*items, "HIGHESTMODSEQ") if session.condstore else items


def _group(words: Arguments) -> _Group:
    words.expect(b"(")
    which, names = words.atom("which folders"), tuple[str, ...]()
    if which in ("SUBTREE", "MAILBOXES"):
        words.space()
        names = _names(words)
    elif which not in (*_SELECTED, "INBOXES", "PERSONAL", "SUBSCRIBED"):
        raise BadCommand(f"NOTIFY: {which} means no folders")
    words.space()
    if words.take(b"NONE"):
        events, items = frozenset[str](), tuple[Item, ...]()
    else:
        events, items = _events(words)
    words.expect(b")")
    return _Group(which, names, events, items)


def _names(words: Arguments) -> tuple[str, ...]:
    if not words.take(b"("):
        return (words.mailbox(),)
    found = [words.mailbox()]
    while not words.take(b")"):
        words.space()
        found.append(words.mailbox())
    return tuple(found)


def _events(words: Arguments) -> tuple[frozenset[str], tuple[Item, ...]]:
    """Events, and what of new messages is to be fetched at once."""
    words.expect(b"(")
    found, items = set[str](), tuple[Item, ...]()
    while not words.take(b")"):
        if found:
            words.space()
        name = words.atom("an event")
        if name not in _EVENTS:
            raise No(f"no such event: {name}", f"BADEVENT ({' '.join(sorted(_EVENTS))})")
        found.add(name)
        if name == "MESSAGENEW" and words.next == b" ":
            items = _fetched(words) or items
    return frozenset(found), items


def _fetched(words: Arguments) -> tuple[Item, ...]:
    """``MessageNew (UID FLAGS …)``; another event may follow instead."""
    if not words.take(b" ("):
        return ()
    words.back()
    return read_items(words)


async def _pushed(session: Session) -> None:
    """With NOTIFY in force: tell what has happened, between commands."""
    notifying = session.notifying
    if isinstance(notifying, Notifying):
        if any(group.which == "SELECTED" for group in notifying.groups):
            session.tell_news()
        _tell_notified(session)
        await session.channel.flush()


def _tell_notified(session: Session) -> None:
    notifying = session.notifying
    events, session.events = session.events, []
    if not isinstance(notifying, Notifying):
        return
    told = set[str]()
    for event in events:
        wanted = notifying.events_for(session, event.folder)
        if event.kind in ("messages", "flags"):
            if event.folder not in told and _concerns(event, wanted):
                told.add(event.folder)
                _tell_status(session, event.folder)
        else:
            _tell_name(session, event, wanted)


def _concerns(event: Event, wanted: frozenset[str]) -> bool:
    if event.kind == "flags":
        return "FLAGCHANGE" in wanted
    return bool(wanted & {"MESSAGENEW", "MESSAGEEXPUNGE"})


def _tell_status(session: Session, name: str) -> None:
    found = session.store.folders.get(name)
    if found is None or (session.view is not None and session.view.folder is found):
        return
    session.untagged(status_line(session, found, _items(session)))


def _tell_name(session: Session, event: Event, wanted: frozenset[str]) -> None:
    names = {"created": "MAILBOXNAME", "deleted": "MAILBOXNAME", "renamed": "MAILBOXNAME",
             "subscribed": "SUBSCRIPTIONCHANGE"}
    if names.get(event.kind, "") not in wanted:
        return
    found = session.store.folders.get(event.folder)
    attributes = [] if found is not None else ["\\NonExistent"]
    if found is not None and found.subscribed and event.kind == "subscribed":
        attributes.append("\\Subscribed")
    line = b"LIST (%b) %b %b" % (" ".join(attributes).encode(), delimiter(session),
                                 name_of(session, event.folder))
    if event.old:
        line += b' ("OLDNAME" (%b))' % name_of(session, event.old)
    session.untagged(line)
