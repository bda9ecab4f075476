# GENERATED from changes_async.py by tools/unasync.py: edit that file, not this one.
"""Changes of a folder since a `State`, however much the server helps (RFC 7162).

With QRESYNC one packet tells everything: the folder is opened with what is known of it, and what
comes back is what has changed. With CONDSTORE the folder's mod-sequence tells whether anything
did, and only what changed is listed; what is gone is found by comparing UIDs. With neither, all
flags are listed and compared. The result is the same, and so is the state for the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..errors import ReplyError
from .asking import compose
from .control_sync import Told
from .fetched import fetched
from .messages_sync import Messages
from .refusals import refusal
from .sequence import NumberSet
from .state import Changes, State
from .types import Fetched, Folder, Selected
from .wire import Reply, Untagged

__all__ = ["Changing"]

_FETCH = ("FETCH", "UIDFETCH", "VANISHED")


class Changing(Messages):
    """What has happened in a folder."""

    def changes(
        self, folder: str | Folder, since: State | None = None, *, readonly: bool = False,
        timeout: float | None = None,
    ) -> Changes:
        """Open a folder; tell what has happened there since *since*.

        Args:
            folder: its name, or as `list` gave it.
            since: the `state` of the last `Changes`; None counts all there is as new.
            readonly: open it with EXAMINE.
            timeout: seconds for the whole of it.

        Returns:
            New UIDs, those gone, flags of those changed, and the state for the next time. Where
            `reset` is true the UIDs of before mean nothing any more.

        Raises:
            NotFound: there is none of that name.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     first = box.changes("INBOX")
            ...     again = box.changes("INBOX", first.state)
            >>> len(first.added) > 0, bool(again)
            (True, False)
        """
        with self._operation(f"changes of {folder}", timeout):
            usable = since if since is not None and since.uidvalidity else None
            selected = self._reopen(folder, usable, readonly)
            if usable is None or selected.uidvalidity != usable.uidvalidity:
                return self._all_anew(selected, reset=since is not None)
            if selected.highestmodseq is None or usable.highestmodseq is None:
                return self._compared(selected, usable)
            if "QRESYNC" in self._enabled and selected.highestmodseq:
                return self._resynced(selected, usable, selected.changed)
            return self._by_modseq(selected, usable)

    def _reopen(self, folder: str | Folder, since: State | None,
                      readonly: bool) -> Selected:
        """Open it, in one packet with ENABLE QRESYNC where that is still to be done."""
        if "QRESYNC" not in self.capabilities or "QRESYNC" in self._enabled or (
                "ENABLE" not in self.capabilities):
            return self.select(folder, readonly=readonly, since=since)
        enabling = self._queue(self._enabling("QRESYNC"))
        self._enabled |= {"QRESYNC", "CONDSTORE"}  # what follows is read with it switched on
        command = self._queue(self._selecting(folder, readonly, since))
        self._selected = None
        reply: Reply | None = None
        try:
            (reply, data), (answer, told) = self._gather_all([enabling, command])
        finally:
            if reply is None or reply.kind != "OK":
                self._enabled -= {"QRESYNC", "CONDSTORE"}
        if reply.kind != "OK":
            raise refusal(str(enabling), reply)
        self._switched_on(data)
        if answer.kind != "OK":
            raise refusal(str(command), answer)
        return self._opened(folder, answer, told)

    # -- each way --------------------------------------------------------------------------

    def _all_anew(self, selected: Selected, *, reset: bool) -> Changes:
        """Nothing is known: all there is, is new."""
        keeps = selected.highestmodseq is not None
        if not selected.exists:
            return Changes(NumberSet(), NumberSet(), {}, _state(selected, NumberSet(), {}), reset)
        if keeps:
            uids = self.all_uids()
            return Changes(uids, NumberSet(), {}, _state(selected, uids, {}), reset)
        found = self._flags()
        uids = NumberSet(found)
        state = _state(selected, uids, State.grouped(found.items()))
        return Changes(uids, NumberSet(), {}, state, reset)

    def _resynced(self, selected: Selected, since: State,
                  told: Iterable[Fetched]) -> Changes:
        """From what QRESYNC brought with the folder."""
        changed = {one.uid: _kept(one.flags) for one in told if one.uid}
        came = NumberSet(changed)
        gone = selected.vanished & since.uids
        added = came - since.uids
        flags = {uid: changed[uid] for uid in came & (since.uids - gone)}
        uids = (since.uids - gone) | added
        return Changes(added, gone, flags, _state(selected, uids, {}))

    def _by_modseq(self, selected: Selected, since: State) -> Changes:
        """CONDSTORE: what changed is listed; what is gone is missed."""
        if (selected.highestmodseq == since.highestmodseq and selected.exists == since.exists
                and selected.uidnext == since.uidnext):
            return Changes(NumberSet(), NumberSet(), {}, _state(selected, since.uids, {}))
        if not selected.exists:
            return Changes(NumberSet(), since.uids, {}, _state(selected, NumberSet(), {}))
        modseq = since.highestmodseq or 1
        (_, data), (_, listed) = self._run_all([
            compose(b"UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE %d)" % modseq, takes=_FETCH),
            self._listing_uids()])
        changed = {one.uid: _kept(one.flags) for one in _messages(data)}
        uids = self._listed_uids(listed)
        added, gone = uids - since.uids, since.uids - uids
        flags = {uid: marks for uid, marks in changed.items()
                 if uid in since.uids and uid in uids}
        return Changes(added, gone, flags, _state(selected, uids, {}))

    def _compared(self, selected: Selected, since: State) -> Changes:
        """No help at all: every flag is listed, and compared."""
        found = self._flags() if selected.exists else {}
        uids = NumberSet(found)
        added, gone = uids - since.uids, since.uids - uids
        before: dict[int, set[str]] = {}
        for name, marked in since.flags.items():
            for uid in marked:
                before.setdefault(uid, set()).add(name)
        known = since.uids
        flags = {uid: marks for uid, marks in found.items()
                 if uid in known and marks != before.get(uid, set())}
        return Changes(added, gone, flags,
                       _state(selected, uids, State.grouped(found.items())))

    def _flags(self) -> dict[int, frozenset[str]]:
        """The flags of all messages, by UID."""
        _, data = self._run(compose(b"UID FETCH 1:* (UID FLAGS)", takes=_FETCH))
        return {one.uid: _kept(one.flags) for one in _messages(data)}

    def refresh(self, state: State) -> Changes:
        """What `changes` tells, of the folder that is open and stays so.

        Args:
            state: of the last `Changes` of this folder.

        Raises:
            UsageError: no folder is open.
        """
        with self._operation("changes"):
            here = self._open_folder("changes")
            self._run(compose(b"NOOP"))
            now = replace(self._selected or here, changed=(), vanished=NumberSet())
            if now.highestmodseq is None or state.highestmodseq is None:
                return self._compared(now, state)
            try:
                counts = self.status(here.name, ["HIGHESTMODSEQ", "UIDNEXT"])
            except ReplyError:
                return self._compared(now, state)
            now = replace(now, highestmodseq=counts.highestmodseq or now.highestmodseq,
                          uidnext=counts.uidnext or now.uidnext)
            return self._by_modseq(now, state)


def _messages(data: Iterable[Told]) -> Iterable[Fetched]:
    for one in data:
        if isinstance(one, Untagged) and one.name in ("FETCH", "UIDFETCH"):
            message = fetched(one)
            if message.uid and "FLAGS" in message.items:
                yield message


def _kept(flags: frozenset[str]) -> frozenset[str]:
    """Recent is of a session, not of a message."""
    return flags - {"\\Recent"} if "\\Recent" in flags else flags


def _state(selected: Selected, uids: NumberSet, flags: Mapping[str, NumberSet]) -> State:
    return State(selected.uidvalidity, selected.uidnext, selected.highestmodseq, len(uids), uids,
                 flags, selected.mailbox_id)
