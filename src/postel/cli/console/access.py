"""Whose mail the console shows, and how it gets there without a question on its screen.

Whatever may ask in the terminal (a password, the passphrase of the keys, a command that calls a
program with a window of its own) is asked by `Access.ask`, while the screen is not the console's.
What was answered is remembered, so that connections made later ask nobody.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ...errors import UsageError
from ...mail.accounts import Account, Accounts, Identity
from ...mail.accounts_file import load_accounts
from ...mail.post_async import AsyncPost, open_post
from ...mail.post_types import Where, parse_where
from ...messages.addresses import parse_addresses
from ...urls import URL
from ..mail_accounts import credentials_for, others
from ..options import location

if TYPE_CHECKING:
    from ...mail.credentials_async import AsyncCredentials
    from ...mail.credentials_sync import Credentials
    from ..options import Settings

__all__ = ["Access", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Mail that can be opened.

    Args:
        name: that a line shows.
        where: it is.
        account: whose it is; None for a URL or a mailbox.
    """

    name: str
    where: Where
    account: Account | None = None


class Access:
    """The mail that there is, and what leads to it.

    Args:
        settings: of the command.
        places: what can be opened, the one to begin with first.
        accounts: all there are.
        via: the server to send by, instead of the account's.
        from_: who writes, instead of the account's owner.
    """

    def __init__(self, settings: Settings, places: list[Place], accounts: Accounts, *,
                 via: URL | None = None, from_: str = "") -> None:
        self.settings, self.places, self.accounts = settings, places, accounts
        self.via, self.from_ = via, from_
        self._asked: set[tuple[str, str]] = set()
        self._credentials: dict[str, Credentials] = {}

    @classmethod
    def of(cls, where: str | None, settings: Settings, *, via: str | None = None,
           from_: str | None = None) -> Access:
        """What WHERE means; with an account, all others are at hand too.

        Raises:
            UsageError: nobody's mail is meant.
            NotFound: there is no such account.
        """
        goal = location(via if "://" in via else f"submission://{via}") if via else None
        given = from_ or os.environ.get("POSTEL_FROM", "")
        place = parse_where(where) if where is not None else None
        if place is not None and place.kind != "account":
            if place.url is not None and place.url.user is None and settings.user is None:
                raise UsageError(f"{place.url}: whose mail?",
                                 hint=f"{place.url.scheme}://USER@{place.url.authority}/, "
                                      "or --user")
            return cls(settings, [Place(_short(place), place)], Accounts(), via=goal, from_=given)
        known = load_accounts()
        if place is None:
            usual = known.usual() or next((one for one in known if _readable(one)), None)
            if usual is None:
                raise UsageError("whose mail?",
                                 hint="postel mail accounts add ANN@EXAMPLE.ORG, or name a URL: "
                                      "postel mail console imaps://ann@mail.example.org/")
            place = Where("account", usual.name)
        first = Place(known[place.account].name, place, known[place.account])
        rest = [Place(one.name, Where("account", one.name), one) for one in known
                if one.name != first.name and _readable(one)]
        return cls(settings, [first, *rest], known, via=goal, from_=given)

    # -- what it takes to log in ---------------------------------------------------------------

    def ask(self, place: Place) -> None:
        """Find the password for a place; this may speak with its user in the terminal."""
        url = self._url(place)
        if url is None:
            return
        self._asked.add((url.host, place.name))
        if place.account is not None:
            self._of(place.account).secret(url)
            return
        found = self.settings.client(url).get("password")
        if callable(found):
            found()

    def _url(self, place: Place) -> URL | None:
        if place.account is not None:
            return place.account.imap or place.account.pop3
        return place.where.url

    def _of(self, account: Account) -> Credentials:
        if account.name not in self._credentials:
            self._credentials[account.name] = credentials_for(
                account, self.settings, self.accounts.keys)
        return self._credentials[account.name]

    async def post(self, place: Place) -> AsyncPost:
        """The post of a place; it is still to be entered."""
        account = place.account
        if account is None:
            more = self.settings.client(place.where.url) if place.where.url is not None else {}
            return await open_post(place.where, **more)
        url = self._url(place)
        given = others(self.settings, url) if url is not None else {}
        known = cast("AsyncCredentials", _Known(self._of(account)))
        return await open_post(place.where, accounts=self.accounts,
                               credentials=lambda *_: known, **given)

    # -- writing -------------------------------------------------------------------------------

    def ask_sending(self, place: Place) -> None:
        """Find the password of the server that sends; this may speak with its user.

        Raises:
            UsageError: there is no such server.
        """
        goal = self.goal(place)
        if self.via is None and place.account is not None:
            self._of(place.account).secret(goal)
            return
        found = self.settings.client(goal).get("password")
        if callable(found):
            found()

    def may_ask_sending(self, place: Place) -> bool:
        """Whether `ask_sending` has anything to find out that is not known yet."""
        goal = self.goal(place)
        if (goal.host, place.name) in self._asked:
            return False
        self._asked.add((goal.host, place.name))
        return True

    def goal(self, place: Place) -> URL:
        """The server that sends.

        Raises:
            UsageError: there is none.
        """
        account = place.account
        found = self.via or (account.smtp if account is not None else None)
        if found is None:
            raise UsageError("send: by which server?",
                             hint="smtp = \"smtps://…\" in the account's table, or start with "
                                  "--via submission://ann@mail.example.org")
        return found

    async def sending(self, place: Place) -> dict[str, Any]:
        """The settings of the client that sends."""
        goal = self.goal(place)
        if self.via is None and place.account is not None:
            found = await asyncio.to_thread(self._of(place.account).settings, goal)
            return {**found, **others(self.settings, goal)}
        return self.settings.client(goal)

    def identities(self, place: Place) -> list[Identity]:
        """Who may write from there, its owner first.

        Raises:
            UsageError: --from is no address.
        """
        account = place.account
        found = [account.identity, *account.identities] if account is not None else []
        if self.from_:
            boxes = list(parse_addresses(self.from_).mailboxes)
            if len(boxes) != 1:
                raise UsageError(f"--from {self.from_}: it is not one address")
            found.insert(0, Identity(boxes[0].address, boxes[0].name))
        url = place.where.url
        if not found and url is not None and "@" in (url.user or ""):
            found.append(Identity(url.user or ""))
        return found


class _Known:
    """Credentials that ask in a thread: a token may have to be fetched anew."""

    def __init__(self, of: Credentials) -> None:
        self._of = of

    async def settings(self, url: URL) -> dict[str, Any]:
        return await asyncio.to_thread(self._of.settings, url)


def _readable(account: Account) -> bool:
    return bool(account.imap or account.pop3 or account.mailbox)


def _short(place: Where) -> str:
    """Whose mail, without what a line has no room for."""
    url = place.url
    return str(place) if url is None else f"{url.user}@{url.host}" if url.user else url.host
