# GENERATED from post_async.py by tools/unasync.py: edit that file, not this one.
"""The post: folders and messages of an account, a server or a mailbox on this disk.

    with open_post("ann") as post:
        for one in post.list("INBOX", last=20): print(one.author, one.subject)

What a kind of mail cannot do raises `NotSupported`: POP3 has no folders and no flags.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..errors import NotFound, NotSupported, UsageError
from ..mailboxes.face import Letter
from ..transport import disk_sync as disk
from ..wire.text import display
from .accounts import Account, Accounts
from .accounts_file import load_accounts
from .credentials_sync import Credentials
from .keys import open_keys
from .post_types import FolderView, Summary, Where, parse_where

if TYPE_CHECKING:
    from ..imap.query import Query

__all__ = ["Arrivals", "Post", "Names", "credentials_of", "open_post"]

Names = list[str]
"""Keys of messages; a name of its own, since `Post.list` is another list."""


class Post(ABC):
    """Mail of one account, server or mailbox; a with block.

    Attributes:
        where: it is.
        account: whose it is; None where only a URL was given.
        folder: that was named with it; "" for the inbox.
    """

    def __init__(self, where: Where, account: Account | None = None) -> None:
        self.where, self.account, self.folder = where, account, where.folder

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect and log in, where that is to be done."""

    def close(self) -> None:
        """Say goodbye."""

    # -- reading -------------------------------------------------------------------------------

    @abstractmethod
    def folders(self) -> list[FolderView]:
        """The folders there are, with what is in them."""

    @abstractmethod
    def list(self, folder: str = "", *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """Messages, those that came last at the end.

        Args:
            folder: its name, its role (``"sent"``), or "" for the one that was named, or INBOX.
            query: only those that it asks for.
            last: at most so many, those that came last.
        """

    @abstractmethod
    def read(self, folder: str, key: str) -> bytes:
        """A whole message.

        Args:
            folder: where it is.
            key: of it.

        Raises:
            NotFound: there is none of that key.
        """

    @abstractmethod
    def each(self, folder: str, keys: Sequence[str]) -> Iterator[tuple[str, Letter]]:
        """Many whole messages with their flags and dates, one after the other.

        Args:
            folder: where they are.
            keys: of them.
        """

    @abstractmethod
    def all_keys(self, folder: str) -> Names:
        """The keys of all messages in a folder, those that came last at the end."""

    def keys(self, folder: str, words: Iterable[str]) -> Names:
        """The keys that people mean.

        Args:
            folder: where the messages are.
            words: keys; ``12:15``; several with commas; ``last``, ``last:5``, ``all``.

        Raises:
            NotFound: there is none of that key.
        """
        there = self.all_keys(folder)
        found: dict[str, None] = {}
        for word in words:
            found.update(dict.fromkeys(_meant(word, there)))
        return list(found)

    def arrivals(self, folder: str = "", *, seconds: float | None = None,
                 known: dict[str, int] | None = None) -> Arrivals:
        """What comes from now on: iterate over it.

        Args:
            folder: where to look; ``"*"``: everywhere.
            seconds: the loop ends after so many without news; None waits for ever.
            known: is kept up to date with what has been seen of each folder; given to another
                loop, over another connection, that begins where this one ended.
        """
        raise self._cannot("watch")

    # -- changing ------------------------------------------------------------------------------

    def flag(self, folder: str, keys: Sequence[str], *, add: Iterable[str] = (),
                   remove: Iterable[str] = ()) -> None:
        """Change flags.

        Args:
            folder: where the messages are.
            keys: of them.
            add: words to set, as ``"seen"``.
            remove: words to take away.
        """
        raise self._cannot("flag")

    def copy(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Copy messages into another folder of the same mail.

        Args:
            folder: where they are.
            keys: of them.
            target: where they go.
        """
        raise self._cannot("copy")

    def move(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Move messages into another folder of the same mail.

        Args:
            folder: where they are.
            keys: of them.
            target: where they go.
        """
        raise self._cannot("move")

    def delete(self, folder: str, keys: Sequence[str], *, forever: bool = False) -> str:
        """Put messages into the trash; where there is none, or from it, delete them for good.

        Args:
            folder: where they are.
            keys: of them.
            forever: delete them for good.

        Returns:
            The folder where they are now; "" where they are gone.
        """
        raise self._cannot("delete")

    def put(self, folder: str, letters: Iterable[Letter]) -> Names:
        """Put messages into a folder; their keys, "" where those are not told.

        Args:
            folder: where they go.
            letters: messages with their flags and dates.
        """
        raise self._cannot("import")

    def full_name(self, folder: str) -> str:
        """The name of a folder that is meant by a name or a role."""
        return folder or self.folder or "INBOX"

    def make(self, folder: str) -> None:
        """Make a folder."""
        raise self._cannot("make a folder")

    def _cannot(self, what: str) -> NotSupported:
        hints = {"pop3": "POP3 has neither folders nor flags: use the account's IMAP",
                 "disk": "postel mail mailbox does more with mailboxes on this disk"}
        return NotSupported(f"{what}: not in {self.where}", hint=hints.get(self.where.kind, ""))

    # -- folders -------------------------------------------------------------------------------

    def _named(self, folder: str, names: Mapping[str, str], prefix: str = "") -> str:
        """The folder that is meant by a name or a role.

        Args:
            folder: as a person wrote it.
            names: of all folders, with their roles.
            prefix: what one's own folders' names begin with; people leave it out.
        """
        told = self.account.folders if self.account is not None else {}
        low = folder.lower()
        if folder in names:
            return folder
        if low in told:
            return told[low]
        for name, role in names.items():
            if role and role == low:
                return name
        same = [name for name in names if low in (name.lower(), name.removeprefix(prefix).lower())]
        if len(same) == 1:
            return same[0]
        shown = [name.removeprefix(prefix) for name in names]
        close = get_close_matches(folder, shown, n=1, cutoff=0.5)
        raise NotFound(f"folder {display(folder)}: there is none in {self.where}",
                       hint=f"did you mean {display(close[0])}?" if close else
                       "postel mail folders lists them")


class Arrivals(ABC):
    """Messages as they arrive: iterate over it."""

    def __iter__(self) -> Iterator[Summary]:
        return self

    @abstractmethod
    def __next__(self) -> Summary:
        """The next one."""

    def close(self) -> None:
        """Wait no more."""


def _meant(word: str, there: Sequence[str]) -> list[str]:
    """The keys of one word."""
    if word == "all":
        return list(there)
    if word in there:
        return [word]
    if word == "last":
        return list(there[-1:])
    head, colon, tail = word.partition(":")
    if head == "last" and tail.isdigit() and tail.isascii() and int(tail):
        return list(there[-int(tail):])
    if "," in word:
        return [key for part in word.split(",") if part for key in _meant(part, there)]
    if colon and head.isdigit() and (tail.isdigit() or tail == "*"):
        last = float("inf") if tail == "*" else int(tail)
        found = [key for key in there if key.isdigit() and int(head) <= int(key) <= last]
        if found:
            return found
    raise NotFound(f"message {display(word)}: there is none", hint="postel mail list shows them")


def credentials_of(account: Account, accounts: Accounts) -> Credentials:
    """What an account logs in with: its command, its tokens, its keys; nobody is asked."""
    return Credentials(account, lambda: open_keys(accounts.keys))


def open_post(
    where: str | Where, *, accounts: Accounts | None = None,
    credentials: Callable[[Account, Accounts], Credentials] = credentials_of,
    **settings: Any,
) -> Post:
    """The post of an account, a URL or a mailbox; it is still to be entered.

    Args:
        where: see `parse_where`.
        accounts: in which an account is looked up; None reads the file.
        credentials: makes what an account logs in with.
        **settings: of the client, over the account's own: user, password, tls, timeout …

    Raises:
        NotFound: there is no such account.

    Example:
        >>> with open_post("imap://alice:secret@mail.example.org/INBOX") as post:
        ...     len(post.list()) >= 0
        True
    """
    place = parse_where(where) if isinstance(where, str) else where
    account: Account | None = None
    if place.kind == "account":
        known = accounts if accounts is not None else disk.call(load_accounts)
        account = known[place.account]
        place, given = _of_account(place, account, lambda: credentials(account, known))
        settings = {**given, **settings}
    if place.kind == "imap":
        from .post_imap_sync import IMAPPost

        return IMAPPost(place, account, settings)
    if place.kind == "pop3":
        from .post_pop3_sync import POP3Post

        return POP3Post(place, account, settings)
    from .post_disk_sync import DiskPost

    return DiskPost(place, account)


def _of_account(place: Where, account: Account, make: Callable[[], Credentials],
                      ) -> tuple[Where, dict[str, Any]]:
    """Where an account's mail is, and how to log in."""
    url = account.imap or account.pop3
    if url is None:
        if not account.mailbox:
            raise UsageError(f"account {account.name}: it has no server where mail is read",
                             hint="imap = \"imaps://…\" in its table")
        found = parse_where(account.mailbox)
        return Where("disk", account.name, None, str(Path(found.path).expanduser()),
                     place.folder, found.box), {}
    settings = make().settings(url)
    return Where("imap" if account.imap is not None else "pop3", account.name,
                 url.with_(path="/"), "", place.folder), settings
