# GENERATED from selecting_async.py by tools/unasync.py: edit that file, not this one.
"""IMAP's folders. Each list and count costs one turn, or two where a server lacks LIST-STATUS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ..errors import NotFound, NotSupported, ReplyError, UsageError
from . import asking, responses, roles
from .asking import compose
from .control_sync import Told
from .fetched import selected
from .login_sync import Login
from .sequence import NumberSet
from .state import State
from .types import Folder, Selected, Status, Vanished
from .wire import Command, Reply, Untagged

__all__ = ["Selecting"]

_Folders: TypeAlias = list[Folder]
_Names: TypeAlias = tuple[asking.Part, asking.Part, asking.Part]

_SELECTING = ("FLAGS", "EXISTS", "RECENT", "LIST", "VANISHED", "FETCH", "UNSEEN", "UIDNEXT",
              "UIDVALIDITY", "PERMANENTFLAGS", "HIGHESTMODSEQ", "NOMODSEQ", "MAILBOXID",
              "UIDNOTSTICKY", "CLOSED")
_EXTRA = {"HIGHESTMODSEQ": "CONDSTORE", "SIZE": "STATUS=SIZE", "MAILBOXID": "OBJECTID",
          "APPENDLIMIT": "APPENDLIMIT", "DELETED": "IMAP4REV2", "DELETED-STORAGE": "QUOTASET"}
"""What STATUS tells only where the server has the extension."""

_USUAL = ("MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY")


class Selecting(Login):
    """Folders of an account."""

    def _reset(self) -> None:
        super()._reset()
        self._selected: Selected | None = None

    @property
    def selected(self) -> Selected | None:
        """The folder that is open, with what has been told of it since; None for none."""
        return self._selected

    def _name(self, folder: str | Folder) -> asking.Part:
        return asking.mailbox(folder, utf8=self._speaks_utf8)

    def _note(self, event: Untagged) -> None:
        """News change what is known of the open folder."""
        here = self._selected
        if here is None:
            return
        if event.name == "EXISTS":
            self._selected = replace(here, exists=event.number or 0)
        elif event.name == "EXPUNGE":
            self._selected = replace(here, exists=max(0, here.exists - 1))
        elif event.name == "VANISHED":
            gone: Vanished = responses.vanished(event)
            if not gone.earlier:
                self._selected = replace(here, exists=max(0, here.exists - len(gone.uids)))

    # -- list ------------------------------------------------------------------------------

    def list(
        self, pattern: str = "*", *, subscribed: bool = False, status: Iterable[str] | bool = (),
        reference: str = "", timeout: float | None = None,
    ) -> _Folders:
        """The folders there are, in the server's order, each with its role.

        Args:
            pattern: of names; ``*`` stands for anything, ``%`` for anything within one level.
            subscribed: only those that are subscribed to.
            status: what to count as well, as ``["MESSAGES", "UNSEEN"]``; True for the usual.
            reference: a name that the pattern is relative to.
            timeout: seconds for the whole of it.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     [folder.name for folder in box.list() if folder.role == "inbox"]
            ['INBOX']
        """
        with self._operation("LIST", timeout):
            wanted = self._countable(_USUAL if status is True else tuple(status or ()))
            names = self._patterns(reference, pattern)
            try:
                found = self._list_extended(names, subscribed, wanted)
            except ReplyError:
                found = None  # Proton Bridge and others offer more than they understand
            extended = bool(found)
            if not found:  # strato/OX: LIST … RETURN of one name finds nothing
                verb = b"LSUB " if subscribed else b"LIST "
                _, data = self._run(compose(verb, *names, takes=["LIST", "LSUB"]))
                found = self._folders(data)
            if extended and pattern in ("*", "%") and not (reference or subscribed) and all(
                    one.role != "inbox" for one in found):
                _, data = self._run(compose(b'LIST "" INBOX', takes=["LIST"]))
                found = [*self._folders(data), *found]  # strato/OX again
            if wanted and any(one.status is None for one in found):
                found = self._count(found, wanted)
            return _with_roles(found)

    def _patterns(self, reference: str, pattern: str) -> _Names:
        utf8 = self._speaks_utf8
        return (asking.pattern(reference, utf8=utf8), b" ", asking.pattern(pattern, utf8=utf8))

    def _countable(self, names: Sequence[str]) -> tuple[bytes, ...]:
        """Those of *names* that the server can tell."""
        able = self.capabilities
        known = [name.upper() for name in names]
        return tuple(asking.word(name, "status") for name in known
                     if name not in _EXTRA or _EXTRA[name] in able
                     or (name == "HIGHESTMODSEQ" and "QRESYNC" in able))

    def _list_extended(
        self, names: _Names, subscribed: bool,
        wanted: tuple[bytes, ...],
    ) -> _Folders | None:
        """By LIST-EXTENDED (RFC 5258), with the counts of LIST-STATUS (RFC 5819)."""
        able = self.capabilities
        if "LIST-EXTENDED" not in able and not (wanted and "LIST-STATUS" in able):
            return None
        returns = []
        if "LIST-EXTENDED" in able:
            returns += [b"SUBSCRIBED", b"CHILDREN"]
        if "SPECIAL-USE" in able:
            returns.append(b"SPECIAL-USE")
        if wanted and "LIST-STATUS" in able:
            returns.append(b"STATUS (" + b" ".join(wanted) + b")")
        select = b"(SUBSCRIBED) " if subscribed and "LIST-EXTENDED" in able else b""
        if subscribed and not select:
            return None
        _, data = self._run(compose(
            b"LIST ", select, *names, b" RETURN (" + b" ".join(returns) + b")",
            takes=["LIST", "STATUS"]))
        return self._folders(data)

    def _folders(self, data: Iterable[Told]) -> _Folders:
        """Folders, with the counts that came beside them."""
        found: dict[bytes, Folder] = {}
        counts: dict[bytes, Status] = {}
        for one in data:
            if not isinstance(one, Untagged):
                continue
            if one.name == "STATUS":
                name, status = responses.status(one)
                counts[_key(name)] = status
            else:
                folder = responses.folder(one, utf8=self._speaks_utf8)
                if folder.raw or folder.attributes:
                    found[_key(folder.raw)] = folder
        return [replace(folder, status=counts[name]) if name in counts else folder
                for name, folder in found.items()]

    def _count(self, folders: _Folders, wanted: tuple[bytes, ...]) -> _Folders:
        """STATUS of each, all in one packet; what cannot be counted stays without."""
        asked = [self._queue(self._status_of(folder, wanted))
                 for folder in folders if folder.is_selectable and folder.status is None]
        counts: dict[bytes, Status] = {}
        for _, data in self._gather_all(asked):
            for one in data:
                if isinstance(one, Untagged):
                    name, status = responses.status(one)
                    counts[_key(name)] = status
        return [folder if folder.status is not None
                else replace(folder, status=counts.get(_key(folder.raw))) for folder in folders]

    def _status_of(self, folder: str | Folder, wanted: tuple[bytes, ...]) -> Command:
        return compose(b"STATUS ", self._name(folder), b" (" + b" ".join(wanted) + b")",
                       takes=["STATUS"])

    def status(self, folder: str | Folder, items: Iterable[str] = (), *,
                     timeout: float | None = None) -> Status:
        """Counts of a folder that need not be open (RFC 9051 section 6.3.11).

        Args:
            folder: its name, or as `list` gave it.
            items: as ``["MESSAGES", "SIZE"]``; without them all that the server can tell cheaply.
            timeout: seconds for the whole of it.

        Raises:
            NotFound: there is none of that name.
        """
        with self._operation("STATUS", timeout):
            chosen = tuple(items) or (*_USUAL, "HIGHESTMODSEQ")  # MAILBOXID: see NOTES.md
            _, data = self._run(self._status_of(folder, self._countable(chosen)))
            told = [responses.status(one)[1] for one in data if isinstance(one, Untagged)]
            if not told:
                raise NotFound(f"STATUS {folder}: the server said OK and told nothing",
                               hint="the folder may not exist")
            return told[-1]

    # -- open and close --------------------------------------------------------------------

    def select(
        self, folder: str | Folder = "INBOX", *, readonly: bool = False,
        since: State | None = None, timeout: float | None = None,
    ) -> Selected:
        """Open a folder.

        Args:
            folder: its name, or as `list` gave it.
            readonly: change nothing, not even Recent (EXAMINE).
            since: what was known of it before; with QRESYNC the result then has what changed
                (`changes` does the same on every server).
            timeout: seconds for the whole of it.

        Raises:
            NotFound: there is none of that name.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     (box.select("INBOX")).exists >= 0
            True
        """
        with self._operation(f"SELECT {folder}", timeout):
            if since is not None and "QRESYNC" in self.capabilities:
                self.enable("QRESYNC")
            command = self._selecting(folder, readonly, since)
            self._selected = None
            reply, data = self._run(command)
            return self._opened(folder, reply, data)

    def _selecting(self, folder: str | Folder, readonly: bool, since: State | None) -> Command:
        """SELECT with what the extensions that are switched on let it ask for."""
        verb = b"EXAMINE " if readonly else b"SELECT "
        extra = b""
        if since is not None and since.uidvalidity and since.highestmodseq and (
                "QRESYNC" in self._enabled):
            # with the known UIDs behind it, nothing would be told of new messages
            extra = f" (QRESYNC ({since.uidvalidity} {since.highestmodseq}))".encode()
        elif "CONDSTORE" in self.capabilities and "CONDSTORE" not in self._enabled:
            extra = b" (CONDSTORE)"
        return compose(verb, self._name(folder), extra, takes=_SELECTING)

    def _opened(self, folder: str | Folder, reply: Reply, data: Sequence[Told]) -> Selected:
        if any(isinstance(one, Reply) and one.code == "CLOSED" for one in data):
            at = max(place for place, one in enumerate(data)
                     if isinstance(one, Reply) and one.code == "CLOSED")
            data = data[at + 1:]  # what came before is about the folder that was open
        raw = folder.raw if isinstance(folder, Folder) else b""
        self._news.clear()
        self._selected = selected(str(folder), raw, [*data, reply])
        return self._selected

    def unselect(self) -> None:
        """Close the folder; nothing is expunged (RFC 3691)."""
        with self._operation("UNSELECT"):
            if self._selected is None:
                return
            if "UNSELECT" in self.capabilities:
                self._run(compose(b"UNSELECT"))
            else:  # what opens nothing closes what was open (RFC 9051 section 6.3.2)
                self._gather(self._queue(compose(b'EXAMINE ""')))
            self._selected = None

    def close_folder(self) -> None:
        """Close the folder and expunge what is marked as deleted (CLOSE)."""
        with self._operation("CLOSE"):
            self._run(compose(b"CLOSE"))
            self._selected = None

    def _open_folder(self, doing: str) -> Selected:
        if self._selected is None:
            raise UsageError(f"{doing}: no folder is open", hint="select one first")
        return self._selected

    # -- make, rename, delete --------------------------------------------------------------

    def create(self, folder: str, *, role: str = "") -> str:
        """Make a folder; those above it are made, too.

        Args:
            folder: its name.
            role: what it shall be for, where the server can note it (RFC 6154): ``"sent"``.

        Returns:
            its MAILBOXID (RFC 8474), or "".

        Raises:
            AlreadyExists: there is one of that name.
        """
        with self._operation(f"CREATE {folder}"):
            use = b""
            if role and "CREATE-SPECIAL-USE" in self.capabilities:
                use = b" (USE (\\" + asking.word(role.capitalize(), "role") + b"))"
            reply, _ = self._run(compose(b"CREATE ", self._name(folder), use))
            if reply.code != "MAILBOXID" or not reply.values:
                return ""
            value = reply.values[0]
            first = value[0] if isinstance(value, list) and value else value
            return first if isinstance(first, str) else ""

    def delete(self, folder: str | Folder) -> None:
        """Delete a folder with all its messages.

        Raises:
            NotFound: there is none of that name.
        """
        with self._operation(f"DELETE {folder}"):
            self._run(compose(b"DELETE ", self._name(folder)))

    def rename(self, folder: str | Folder, new: str) -> None:
        """Rename a folder, and with it those below it.

        Raises:
            NotFound: there is none of that name.
            AlreadyExists: the new name is taken.
        """
        with self._operation(f"RENAME {folder}"):
            self._run(compose(b"RENAME ", self._name(folder), b" ", self._name(new)))

    def subscribe(self, folder: str | Folder) -> None:
        """Add a folder to those that are shown."""
        with self._operation(f"SUBSCRIBE {folder}"):
            self._run(compose(b"SUBSCRIBE ", self._name(folder)))

    def unsubscribe(self, folder: str | Folder) -> None:
        """Take a folder from those that are shown."""
        with self._operation(f"UNSUBSCRIBE {folder}"):
            self._run(compose(b"UNSUBSCRIBE ", self._name(folder)))

    def all_uids(self, *, timeout: float | None = None) -> NumberSet:
        """The UIDs of all messages in the open folder, as few bytes as the server can say it in."""
        with self._operation("UID SEARCH", timeout):
            self._open_folder("UID SEARCH")
            _, data = self._run(self._listing_uids(), NotSupported)
            return self._listed_uids(data)

    def _listing_uids(self) -> Command:
        if "ESEARCH" in self.capabilities:
            return compose(b"UID SEARCH RETURN (ALL) ALL", takes=["ESEARCH", "SEARCH"])
        return compose(b"UID SEARCH ALL", takes=["SEARCH"])

    def _listed_uids(self, data: Iterable[Told]) -> NumberSet:
        return NumberSet(uid for one in data if isinstance(one, Untagged)
                         for uid in responses.found(one).numbers)


def _key(name: bytes) -> bytes:
    return b"INBOX" if name.upper() == b"INBOX" else name


def _with_roles(folders: _Folders) -> _Folders:
    """Roles by attribute, and by name for those that no attribute names."""
    known = roles.roles_of((one.name, one.delimiter, one.attributes) for one in folders)
    return [replace(one, role=known.get(one.name, one.role)) if known.get(one.name, one.role)
            != one.role else one for one in folders]
