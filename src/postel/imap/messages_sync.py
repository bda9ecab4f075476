# GENERATED from messages_async.py by tools/unasync.py: edit that file, not this one.
"""Fetch, store, copy, move, expunge. Messages are named by UID, which no deletion shifts.

Where a server has no MOVE, a message is copied, marked as deleted and expunged, by its UID: what
another program has marked stays. Where UID EXPUNGE (UIDPLUS) is missing too, EXPUNGE would take
away all that is marked, ours or not: so it is only given if nothing else is marked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..errors import NotSupported, UsageError
from ..transport import disk_sync as disk
from ..transport.target import Target
from . import asking, responses
from .asking import Uids, compose
from .bodies_sync import Bodies
from .control_sync import Told
from .fetched import fetched
from .fetching_sync import Fetches, MessageBody
from .items import USUAL, wanted
from .quirks import pieces
from .refusals import refusal
from .selecting_sync import Selecting
from .sequence import NumberSet
from .types import Copied, Fetched, Folder
from .wire import Command, Reply, Untagged

__all__ = ["Messages", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store has done.

    Args:
        modified: messages that somebody had changed since `unchanged_since`: they are as they were.
        fetched: what the server told of the others: their flags, unless it was to be silent.
    """

    modified: NumberSet = field(default_factory=NumberSet)
    fetched: tuple[Fetched, ...] = ()


class Messages(Selecting):
    """Messages of the open folder."""

    # -- reading ---------------------------------------------------------------------------

    def fetch(self, uids: Uids, *items: str, changed_since: int | None = None,
              vanished: bool = False) -> Fetches:
        """What the server has of messages; iterate over the result.

        Args:
            uids: one UID, several, or a set as ``"1:*"``.
            items: as ``"flags"``, ``"envelope"``, ``"structure"``, ``"size"``,
                ``"internal_date"``, ``"modseq"``, ``"email_id"``, ``"thread_id"``,
                ``"labels"``, ``"preview"``, ``"save_date"``, ``"body"``, ``"header"``, or as
                IMAP writes them: ``"BODY.PEEK[1]<0.1000>"``; without any, the usual. What the
                server does not have at all is left out.
            changed_since: only those with a change after this modseq (CONDSTORE).
            vanished: also tell of those that are gone since (QRESYNC); they become news.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     _ = box.select("INBOX", readonly=True)
            ...     subjects = [one.envelope.subject for one in box.fetch("1:*")]
            >>> "message 1" in subjects
            True
        """
        self._open_folder("fetch")
        modifiers = b""
        if changed_since is not None:
            tail = b" VANISHED" if vanished and "QRESYNC" in self._enabled else b""
            modifiers = b" (CHANGEDSINCE %d%s)" % (changed_since, tail)
        return Fetches(self, asking.uid_set(uids), wanted(items or USUAL, self.capabilities),
                            modifiers)

    def open_message(self, uid: int, section: str = "", *, binary: bool = False,
                     start: int = 0, count: int | None = None) -> MessageBody:
        """A message of any size, or a part of it, as it comes: a with block of chunks.

        Args:
            uid: of the message.
            section: "" for all of it, or as ``"HEADER"``, ``"1.2"``, ``"1.MIME"``.
            binary: decoded by the server, where it can (RFC 3516): no base64 over the wire.
            start: bytes to leave out at the beginning.
            count: bytes to read at most.

        Raises:
            NotFound: there is no such message, or no such part (with the first chunk).
            NotSupported: the server has no BINARY, or does not know the part's encoding.
        """
        self._open_folder("open_message")
        if binary:
            self._needs("BINARY")
        kind = "BINARY.PEEK" if binary else "BODY.PEEK"
        part = f"<{start}.{count or 4_294_967_295}>" if start or count is not None else ""
        return MessageBody(self, uid, f"{kind}[{section}]{part}", f"message {uid}")

    def download(self, uid: int, to: BinaryIO | Path | str, section: str = "", *,
                       binary: bool = False) -> int:
        """Write a message of any size, or a part of it, to a file; return its size.

        Args:
            uid: of the message.
            to: an open binary file, or the path of a file that appears once it is whole.
            section: as in `open_message`.
            binary: as in `open_message`.
        """
        if not isinstance(to, Path | str):
            return self._write(uid, to, section, binary)
        target = disk.call(Target.at, to)
        try:
            target.restart()
            size = self._write(uid, target.file, section, binary)
            disk.call(target.commit)
        except BaseException:
            target.discard()
            raise
        return size

    def _write(self, uid: int, file: BinaryIO, section: str, binary: bool) -> int:
        with self.open_message(uid, section, binary=binary) as body:
            for chunk in body:
                disk.write(file, chunk)
        return body.size

    def fetch_many_bodies(self, uids: Uids, *items: str, section: str = "") -> Bodies:
        """Many messages in a row, the next ones asked for before they are needed.

        Args:
            uids: of the messages, or a set as ``"1:*"``.
            items: what else to bring of each; flags and internal date if nothing is said.
            section: what to bring of the content: "" for all of it, ``"HEADER"`` …

        Returns:
            An iterator of ``uid, meta, chunks``; `chunks.data` has a short message whole, a loop
            over `chunks` reads any. Its `missing` tells, at the end, which never came.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     _ = box.select("INBOX", readonly=True)
            ...     for uid, meta, chunks in box.fetch_many_bodies("1:*"):
            ...         message = chunks.read()
            >>> message[:5] != b""
            True
        """
        self._open_folder("fetch_many_bodies")
        chosen = items or ("flags", "internal_date")
        return Bodies(self, asking.uid_set(uids),
                           wanted((*chosen, f"BODY.PEEK[{section}]"), self.capabilities))

    # -- flags -----------------------------------------------------------------------------

    def store(
        self, uids: Uids, *, add: Iterable[str] | str = (), remove: Iterable[str] | str = (),
        replace: Iterable[str] | str | None = None, unchanged_since: int | None = None,
        silent: bool = True, timeout: float | None = None,
    ) -> Stored:
        """Change the flags of messages.

        Args:
            uids: of the messages.
            add: flags to set, as ``"\\\\Seen"``.
            remove: flags to take away.
            replace: the flags to have instead of all others.
            unchanged_since: leave alone what has changed after this modseq (CONDSTORE).
            silent: whether the server need not repeat the flags.
            timeout: seconds for the whole of it.

        Raises:
            NotSupported: *unchanged_since*, and the server keeps no modseqs.
            Forbidden: the folder is read-only, or you have no right to.
        """
        changes = [(b"", replace)] if replace is not None else []
        changes += [(sign, flags) for sign, flags in ((b"+", add), (b"-", remove)) if flags]
        return self._store(uids, b"FLAGS", changes, unchanged_since, silent, timeout)

    def label(self, uids: Uids, *, add: Iterable[str] | str = (),
                    remove: Iterable[str] | str = ()) -> Stored:
        """Change Gmail's labels of messages (X-GM-EXT-1).

        Raises:
            NotSupported: the server is not Gmail.
        """
        self._needs("X-GM-EXT-1")
        changes = [(sign, labels) for sign, labels in ((b"+", add), (b"-", remove)) if labels]
        return self._store(uids, b"X-GM-LABELS", changes, None, True, None)

    def _store(
        self, uids: Uids, what: bytes, changes: list[tuple[bytes, Iterable[str] | str]],
        unchanged_since: int | None, silent: bool, timeout: float | None,
    ) -> Stored:
        with self._operation("UID STORE", timeout):
            self._open_folder("store")
            condition = b""
            if unchanged_since is not None:
                self._needs("CONDSTORE", "QRESYNC")
                condition = b" (UNCHANGEDSINCE %d)" % unchanged_since
            quiet = b".SILENT" if silent else b""
            commands = [
                compose(b"UID STORE ", piece, condition, b" ", sign, what, quiet, b" ",
                        *self._marks(what, flags), takes=["FETCH", "UIDFETCH"])
                for piece in self._pieces(uids) for sign, flags in changes]
            modified, told = NumberSet(), list[Fetched]()
            for reply, data in self._run_storing(commands):
                modified |= responses.modified(reply)
                told += [fetched(one) for one in data if isinstance(one, Untagged)]
            return Stored(modified, tuple(told))

    def _marks(self, what: bytes, flags: Iterable[str] | str) -> list[asking.Part]:
        """Flags are atoms; Gmail's labels are names of folders."""
        if what == b"FLAGS":
            return [asking.flag_list(flags)]
        names = [flags] if isinstance(flags, str) else list(flags)
        words: list[asking.Part] = [b"("]
        for name in names:
            words += [asking.flag_list([name])[1:-1] if name.startswith("\\")
                      else self._name(name), b" "]
        return [*words[:-1], b")"] if len(words) > 1 else [b"()"]

    def _run_storing(
        self, commands: list[Command]
    ) -> list[tuple[Reply, list[Told]]]:
        """In one packet; a NO that only tells of modified messages is no refusal."""
        queued = [self._queue(command) for command in commands]
        answers = self._gather_all(queued)
        for command, (reply, _) in zip(queued, answers, strict=True):
            if reply.kind != "OK" and reply.code != "MODIFIED":
                raise refusal(str(command), reply)
        return answers

    def _pieces(self, uids: Uids) -> list[bytes]:
        """A set in parts that the server takes."""
        chosen = asking.uid_set(uids)
        if isinstance(chosen, str):
            return [chosen.encode("ascii")]
        return [piece.encode("ascii")
                for piece in pieces(chosen, self.greeting, self.capabilities)]

    # -- copy, move, expunge ---------------------------------------------------------------

    def copy(self, uids: Uids, folder: str | Folder, *,
                   timeout: float | None = None) -> Copied:
        """Copy messages into another folder.

        Returns:
            Where they are now, as far as the server tells (UIDPLUS).

        Raises:
            NotFound: there is no such folder.
        """
        with self._operation(f"UID COPY to {folder}", timeout):
            self._open_folder("copy")
            return self._transfer(b"UID COPY ", uids, folder)

    def _transfer(self, verb: bytes, uids: Uids, folder: str | Folder) -> Copied:
        found = Copied()
        for piece in self._pieces(uids):
            reply, data = self._run(compose(
                verb, piece, b" ", self._name(folder), takes=["COPYUID"]))
            told = [one for one in (*data, reply)
                    if isinstance(one, Reply) and one.code == "COPYUID"]
            for one in told:
                found = _both(found, responses.copied(one))
        return found

    def move(self, uids: Uids, folder: str | Folder, *,
                   timeout: float | None = None) -> Copied:
        """Move messages into another folder (RFC 6851).

        Without MOVE they are copied, marked as deleted, and expunged by UID. If the connection
        breaks in between, they are in both folders, never in none. Without UIDPLUS they are
        expunged only if nothing else is marked as deleted; else they stay, marked, and `alerts`
        tells so. (What another program marks in that very moment goes, too: such servers have no
        way to prevent it.)

        Returns:
            Where they are now, as far as the server tells.
        """
        with self._operation(f"UID MOVE to {folder}", timeout):
            self._open_folder("move")
            if "MOVE" in self.capabilities:
                return self._transfer(b"UID MOVE ", uids, folder)
            chosen = asking.uid_set(uids)
            if isinstance(chosen, str):
                chosen = NumberSet([one.uid for one in self.fetch(chosen, "uid")])
            if not chosen:
                return Copied()
            found = self._transfer(b"UID COPY ", chosen, folder)
            self.store(chosen, add="\\Deleted")
            try:
                self.expunge(chosen)
            except NotSupported as error:
                self.alerts.append(str(error))
            return found

    def expunge(self, uids: Uids | None = None, *, timeout: float | None = None) -> None:
        """Delete for good what is marked as deleted.

        Args:
            uids: only of these messages; None takes all of the folder.
            timeout: seconds for the whole of it.

        Raises:
            NotSupported: the server cannot expunge single messages, and others are marked, too.
        """
        with self._operation("EXPUNGE", timeout):
            self._open_folder("expunge")
            if uids is None:
                self._run(compose(b"EXPUNGE"))
            elif "UIDPLUS" in self.capabilities:
                for piece in self._pieces(uids):
                    self._run(compose(b"UID EXPUNGE ", piece))
            else:
                self._expunge_alone(asking.uid_set(uids))

    def _expunge_alone(self, uids: NumberSet | str) -> None:
        """EXPUNGE where it takes nothing along."""
        if isinstance(uids, str):
            raise UsageError("expunge: without UIDPLUS it takes UIDs, no open range")
        _, data = self._run(compose(b"UID SEARCH DELETED", takes=["SEARCH", "ESEARCH"]))
        marked = NumberSet(uid for one in data if isinstance(one, Untagged)
                           for uid in responses.found(one).numbers)
        if others := marked - uids:
            raise NotSupported(
                f"expunge: {len(uids)} messages stay, marked as deleted: the server can only "
                f"expunge all, and {len(others)} others are marked too",
                hint="expunge() without UIDs takes them all")
        self._run(compose(b"EXPUNGE"))

    def delete_messages(self, uids: Uids) -> None:
        """Mark messages as deleted, and expunge them: them alone."""
        with self._operation("delete messages"):
            self.store(uids, add="\\Deleted")
            self.expunge(uids)


def _both(one: Copied, more: Copied) -> Copied:
    if one.uidvalidity is None:
        return more
    return Copied(more.uidvalidity or one.uidvalidity,
                  {**(one.mapping or {}), **(more.mapping or {})})


