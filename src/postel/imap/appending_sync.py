# GENERATED from appending_async.py by tools/unasync.py: edit that file, not this one.
"""Append messages: one or thousands, from memory, files or iterators, each with its UID told.

A message goes as a literal. With LITERAL+ (or LITERAL-, for short ones) it follows its command at
once, and the next command follows it: any number of messages cost one round trip. Without either
each waits for the server's word; neither is ever guessed. With MULTIAPPEND several go in one
command, all or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..errors import ProtocolError, ReplyError
from ..session.results_sync import Results
from ..transport import disk_sync as disk
from . import asking, responses
from .asking import compose
from .command import Coming
from .letters import CHUNK, Content, Letter, Source, source_of
from .refusals import refusal, too_much
from .selecting_sync import Selecting
from .types import Appended, Folder
from .wire import Command, Continue, Reply

__all__ = ["Appending", "Appends"]

_BATCH, _BATCH_BYTES = 100, 8 << 20


class Appending(Selecting):
    """Messages into folders."""

    def append(
        self, folder: str | Folder, message: Content, *, flags: Iterable[str] = (),
        date: datetime | None = None, timeout: float | None = None,
    ) -> Appended:
        """Put a message into a folder, which need not be open.

        Args:
            folder: its name, or as `list` gave it.
            message: its bytes with CRLF at the ends of lines, an open binary file, a path, or
                an iterable of chunks; files are sent as they are read.
            flags: to set, as ``"\\\\Seen"``.
            date: when it came; the server's own time if None.
            timeout: seconds for the whole of it.

        Returns:
            Where it is now; its UID where the server tells (UIDPLUS).

        Raises:
            NotFound: there is no such folder.
            LimitReached: the server takes no message of that size; nothing was sent.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     put = box.append("INBOX", b"Subject: Hello\\r\\n\\r\\nHi\\r\\n",
            ...                            flags=["\\\\Seen"])
            >>> put.uid is None or put.uid > 0
            True
        """
        with self._operation(f"APPEND {folder}", timeout):
            source = _opened(message)
            try:
                letter = Letter(message, tuple(flags), date)
                return self._append_one(folder, letter, source)
            finally:
                source.close()

    def append_many(self, folder: str | Folder,
                    messages: Iterable[Letter | Content]) -> Appends:
        """Put many messages into a folder, many in each round trip.

        Args:
            folder: its name, or as `list` gave it.
            messages: each a `Letter` (content, flags, date) or the content alone.

        Returns:
            An iterator of `Appended`, one for each message, in order; iterate, or nothing is
            done. If one is refused, those before it have been handed out, and it raises.

        Example:
            >>> from postel.imap import Client
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     letters = [b"Subject: %d\\r\\n\\r\\n" % number for number in range(3)]
            ...     len([put.uid for put in box.append_many("INBOX", letters)])
            3
        """
        return Appends(self, folder, messages)

    def replace_message(
        self, uid: int, folder: str | Folder, message: Content, *, flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> Appended:
        """Put a message into a folder instead of another (RFC 8508): drafts.

        Without REPLACE the new one is appended before the old one is deleted, so that at no
        time there is none.

        Args:
            uid: of the message to be replaced, in the open folder.
            folder: where the new one goes.
            message: as for `append`.
            flags: of the new one.
            date: of the new one.
        """
        with self._operation(f"REPLACE {uid}"):
            self._open_folder("replace")
            source = _opened(message)
            letter = Letter(message, tuple(flags), date)
            try:
                if "REPLACE" in self.capabilities:
                    return self._append_one(folder, letter, source, uid)
                put = self._append_one(folder, letter, source)
            finally:
                source.close()
            self._remove_replaced(uid)
            return put

    def _remove_replaced(self, uid: int) -> None:
        """Delete what was replaced; a client does it its own way."""
        self._run(compose(b"UID STORE %d +FLAGS.SILENT (\\Deleted)" % uid,
                                takes=["FETCH"]))
        if "UIDPLUS" in self.capabilities:
            self._run(compose(b"UID EXPUNGE %d" % uid))

    def catenate(
        self, folder: str | Folder, parts: Iterable[str | bytes], *, flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> Appended:
        """Put a message together from texts and URLs of parts that the server has (RFC 4469).

        Args:
            folder: where it goes.
            parts: bytes are text, a str is the URL of a part (RFC 5092).
            flags: to set.
            date: when it came.

        Raises:
            NotSupported: the server does not know it.
        """
        with self._operation(f"APPEND {folder}"):
            self._needs("CATENATE")
            words: list[asking.Part] = []
            for part in parts:
                if isinstance(part, str):
                    words += [b"URL ", asking.text(part, "URL"), b" "]
                else:
                    words += [b"TEXT ", (part,), b" "]
            reply, _ = self._run(compose(
                b"APPEND ", self._name(folder), b" ", *_noted(tuple(flags), date), b"CATENATE (",
                *words[:-1], b")"))
            return responses.appended(reply)

    # -- how -------------------------------------------------------------------------------

    def _append_one(self, folder: str | Folder, letter: Letter, source: Source,
                          replaced: int | None = None) -> Appended:
        results, refused = self._append_batch(folder, [(letter, source)], replaced)
        if refused is not None:
            raise refused
        return results[0]

    def _append_batch(
        self, folder: str | Folder, batch: Sequence[tuple[Letter, Source]],
        replaced: int | None = None,
    ) -> tuple[list[Appended], ReplyError | None]:
        """Several messages: in one command with MULTIAPPEND, else in a row.

        Returns:
            Where those are that came before a refusal, and the refusal.
        """
        limit = self.capabilities.number("APPENDLIMIT")
        for _, source in batch:
            if limit is not None and source.size > limit:
                raise too_much(f"APPEND {folder}", source.size, limit)
        several = len(batch) > 1 and "MULTIAPPEND" in self.capabilities
        groups = [batch] if several else [[one] for one in batch]
        sent = list[Command]()
        results, refused = list[Appended](), None
        for group in groups:
            sent.append(self._queue(self._appending(folder, group, replaced)))
            try:
                early = self._bring(sent[-1], [source for _, source in group])
            except BaseException:
                self._abandon(sent)
                if self._grammar.awaited(sent[-1]) is not None:
                    self._drop()  # the server waits for a literal that never comes
                raise
            if early is not None:
                break
        waited = sent[:-1] if early is not None else sent
        ends = [reply for reply, _ in self._gather_all(waited)]
        for reply, group in zip([*ends, *([early] if early else [])], groups, strict=False):
            if reply.kind == "OK" and refused is None:
                results += _each(responses.appended(reply), len(group))
            elif refused is None:
                refused = refusal(f"APPEND {folder}", reply)
        return results, refused

    def _appending(self, folder: str | Folder, group: Sequence[tuple[Letter, Source]],
                   replaced: int | None) -> Command:
        verb = b"APPEND " if replaced is None else b"UID REPLACE %d " % replaced
        parts: list[asking.Part] = [verb, self._name(folder)]
        for letter, source in group:
            binary = "BINARY" in self.capabilities and b"\0" in source.data
            parts += [b" ", *_noted(letter.flags, letter.date)]
            if "UTF8=ACCEPT" in self._enabled and not _has_ascii_head(source.data):
                parts += [b"UTF8 (", (Coming(source.size, binary=True),), b")"]
            else:
                parts.append((Coming(source.size, binary),))
        return compose(*parts, takes=["APPENDUID"])

    def _bring(self, command: Command, sources: Sequence[Source]) -> Reply | None:
        """Send the literals of *command*; its end, if the server refuses before that."""
        for source in sources:
            coming = self._grammar.awaited(command)
            if coming is None or not self._grammar.goes_ahead(coming.size):
                refused = self._step(command)
                if refused is not None:
                    return refused
            self._send_source(source)
            self._unsent.append(self._grammar.proceed())
        return None

    def _step(self, command: Command) -> Reply | None:
        """Wait for the server's ``+``; its refusal, if that comes instead."""
        while True:
            event = self._next(command)
            if isinstance(event, Continue):
                return None
            if isinstance(event, Reply) and event.tagged:
                if event.kind == "OK":
                    raise ProtocolError(f"{command}: the server says yes before the message came")
                return event

    def _send_source(self, source: Source) -> None:
        """The bytes of a message; what is cut off in the middle ends the connection."""
        if source.file is None:
            self._unsent.append(source.data)
            if source.size > CHUNK:
                self._flush()
                self._progressed()
            return
        left = source.size
        try:
            source.again()
            while left:
                chunk = source.file.read(min(CHUNK, left))
                if not chunk:
                    raise ProtocolError("APPEND: the file became shorter while it was sent")
                left -= len(chunk)
                self._unsent.append(chunk)
                self._flush()
                self._progressed()
        except BaseException:
            self._drop()  # the server waits for the rest of a literal
            raise


class Appends(Results[Appended]):
    """Where each message of many is now; an iterator and a context manager."""

    def __init__(self, client: Appending, folder: str | Folder,
                 messages: Iterable[Letter | Content]) -> None:
        super().__init__()
        self._client = client
        self._folder = folder
        self._messages = iter(messages)
        self._refused: ReplyError | None = None

    def settle(self) -> None:
        """Nothing is under way between batches."""

    def _more(self) -> Sequence[Appended]:
        if self._refused is not None:
            raise self._refused
        batch = list[tuple[Letter, Source]]()
        client, size = self._client, 0
        with client._operation(f"APPEND {self._folder}"):
            try:
                for one in self._messages:
                    letter = one if isinstance(one, Letter) else Letter(one)
                    source = _opened(letter.content)
                    batch.append((letter, source))
                    size += source.size
                    if len(batch) >= _BATCH or size >= _BATCH_BYTES:
                        break
                if not batch:
                    return ()
                return self._put(batch)
            finally:
                for _, source in batch:
                    source.close()

    def _put(self, batch: Sequence[tuple[Letter, Source]]) -> Sequence[Appended]:
        """A batch; what was taken before a refusal is handed out first."""
        client = self._client
        done, refused = client._append_batch(self._folder, batch)
        if refused is not None and len(batch) > 1 and "MULTIAPPEND" in client.capabilities:
            done, refused = [], None  # all or none: one by one, the others get in
            for one in batch:
                more, refused = client._append_batch(self._folder, [one])
                done += more
                if refused is not None:
                    break
        self._refused = refused
        if not done and refused is not None:
            raise refused
        return done


def _opened(content: Content) -> Source:
    """A message that can be sent; bytes need no thread."""
    if isinstance(content, bytes):
        return source_of(content)
    return disk.call(source_of, content)


def _noted(flags: tuple[str, ...], date: datetime | None) -> list[asking.Part]:
    parts: list[asking.Part] = []
    if flags:
        parts += [asking.flag_list(flags), b" "]
    if date is not None:
        parts += [asking.date_time(date), b" "]
    return parts


def _each(told: Appended, count: int) -> list[Appended]:
    """One answer for several messages, as one for each."""
    if len(told.uids) != count:
        return [told] if count == 1 else [Appended(told.uidvalidity)] * count
    return [Appended(told.uidvalidity, uid, (uid,)) for uid in told.uids]


def _has_ascii_head(data: bytes) -> bool:
    end = data.find(b"\r\n\r\n")
    return data[: end if end >= 0 else len(data)].isascii()


