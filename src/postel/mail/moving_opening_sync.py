# GENERATED from moving_opening_async.py by tools/unasync.py: edit that file, not this one.
"""Opening the sides of moving mail: an account or mailboxes on this disk, by what names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from ..errors import UsageError
from ..transport import disk_sync as disk
from ..urls import URL
from .moving_boxes import BoxTree
from .moving_maildir import MaildirTree
from .moving_sides_sync import DiskSide, PopSide, Side
from .moving_types import SideName
from .post_types import Where, parse_where

__all__ = ["Ends"]


class Ends:
    """Two sides, open inside a with block.

    Args:
        left: a side, or a text that names one.
        right: the other one.
        left_options: keywords of the left side's client.
        right_options: keywords of the right side's client.

    Raises:
        UsageError: a text names no side.
        NetworkError, AuthenticationError: an account cannot be reached or entered.
    """

    left: Side
    right: Side

    def __init__(
        self, left: str | Side, right: str | Side,
        left_options: Mapping[str, Any] | None = None,
        right_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._given = (left, left_options or {}), (right, right_options or {})
        self._opened: list[Side] = []

    def __enter__(self) -> Self:
        (left, ours), (right, theirs) = self._given
        try:
            self.left = self._open(left, ours)
            self.right = self._open(right, theirs)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def _open(self, end: str | Side, options: Mapping[str, Any]) -> Side:
        if not isinstance(end, str):
            return end
        side = _side(parse_where(end), options)
        self._opened.append(side)
        return side

    def folder(self, name: SideName) -> str:
        """The folder that the text names on that side; "" for all of them."""
        end = self._given[0][0] if name == "left" else self._given[1][0]
        return parse_where(end).folder if isinstance(end, str) else ""


def _side(place: Where, options: Mapping[str, Any]) -> Side:
    if place.kind == "disk":
        return DiskSide(disk.call(_tree, place.path, place.box))
    url = place.url
    if url is None:
        # What logs in by OAuth speaks HTTP: it is loaded only for those who have accounts.
        from .accounts_file import load_accounts
        from .post_sync import credentials_of

        known = disk.call(load_accounts)
        account = known[place.account]
        url = account.imap or account.pop3
        if url is None:
            raise UsageError(f"account {account.name}: it has no server where mail is read",
                             hint="name its mailbox: maildir:PATH")
        options = {**(credentials_of(account, known).settings(url)), **options}
    if url.scheme in ("pop3", "pop3s"):
        from ..pop3.client_sync import Client as Pop

        pop = Pop(url, **options)
        pop.open()
        return PopSide(pop, _account(url, pop.user))
    from ..imap.client_sync import Client as Imap
    from .moving_imap_sync import ImapSide

    imap = Imap(url, **options)
    imap.open()
    return ImapSide(imap, _account(url, imap.user))


def _tree(path: str, box: str) -> MaildirTree | BoxTree:
    expanded = str(Path(path).expanduser()) + ("/" if path.endswith("/") else "")
    if box == "maildir" or (not box and not Path(expanded).is_file()):
        return MaildirTree(expanded)
    return BoxTree(expanded)


def _account(url: URL, user: str | None) -> str:
    """The account's name, the same however it is secured or entered."""
    kind = url.scheme.removesuffix("s")
    return str(URL(kind, user, None, url.host, url.port if url.port not in (143, 993, 110, 995)
                   else None))
