# A conversation (its twin moving_opening_sync.py is generated): from a text to an open side.
"""Opening the sides of moving mail: an account or mailboxes on this disk, by what names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from ..errors import UsageError
from ..transport import disk_async as disk
from ..urls import URL
from .moving_boxes import BoxTree
from .moving_maildir import MaildirTree
from .moving_sides_async import AsyncDiskSide, AsyncPopSide, AsyncSide
from .moving_types import SideName
from .post_types import Where, parse_where

__all__ = ["AsyncEnds"]


class AsyncEnds:
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

    left: AsyncSide
    right: AsyncSide

    def __init__(
        self, left: str | AsyncSide, right: str | AsyncSide,
        left_options: Mapping[str, Any] | None = None,
        right_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._given = (left, left_options or {}), (right, right_options or {})
        self._opened: list[AsyncSide] = []

    async def __aenter__(self) -> Self:
        (left, ours), (right, theirs) = self._given
        try:
            self.left = await self._open(left, ours)
            self.right = await self._open(right, theirs)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _close(self) -> None:
        while self._opened:
            await self._opened.pop().aclose()

    async def _open(self, end: str | AsyncSide, options: Mapping[str, Any]) -> AsyncSide:
        if not isinstance(end, str):
            return end
        side = await _side(parse_where(end), options)
        self._opened.append(side)
        return side

    def folder(self, name: SideName) -> str:
        """The folder that the text names on that side; "" for all of them."""
        end = self._given[0][0] if name == "left" else self._given[1][0]
        return parse_where(end).folder if isinstance(end, str) else ""


async def _side(place: Where, options: Mapping[str, Any]) -> AsyncSide:
    if place.kind == "disk":
        return AsyncDiskSide(await disk.call(_tree, place.path, place.box))
    url = place.url
    if url is None:
        # What logs in by OAuth speaks HTTP: it is loaded only for those who have accounts.
        from .accounts_file import load_accounts
        from .post_async import credentials_of

        known = await disk.call(load_accounts)
        account = known[place.account]
        url = account.imap or account.pop3
        if url is None:
            raise UsageError(f"account {account.name}: it has no server where mail is read",
                             hint="name its mailbox: maildir:PATH")
        options = {**(await credentials_of(account, known).settings(url)), **options}
    if url.scheme in ("pop3", "pop3s"):
        from ..pop3.client_async import AsyncClient as AsyncPop

        pop = AsyncPop(url, **options)
        await pop.open()
        return AsyncPopSide(pop, _account(url, pop.user))
    from ..imap.client_async import AsyncClient as AsyncImap
    from .moving_imap_async import AsyncImapSide

    imap = AsyncImap(url, **options)
    await imap.open()
    return AsyncImapSide(imap, _account(url, imap.user))


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
