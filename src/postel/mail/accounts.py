"""Mail accounts, as one TOML file describes them. Grammar: text in, values out.

    default = "ann"

    [accounts.ann]
    address = "ann@example.org"
    name = "Ann Example"
    imap = "imaps://ann@mail.example.org/"
    smtp = "smtps://ann@mail.example.org/"
    password_command = "pass show mail/ann"

    [accounts.ann.folders]
    sent = "Sent Items"

A key that is unknown is an error that tells its line and what may have been meant. Passwords are
never in it: they are in the keyring or the file of keys, or a command tells them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from ..errors import NotFound, UsageError
from ..messages.addresses import Address
from ..secrets import Secret
from ..urls import URL
from ..wire.text import display
from .accounts_toml import places
from .oauth import App
from .providers import Authority, authority_of

__all__ = ["ROLES", "Account", "Accounts", "Command", "Identity", "OAuthSettings", "parse_accounts"]

ROLES = ("inbox", "sent", "drafts", "trash", "junk", "archive", "all", "flagged")
"""Folders that have a role (RFC 6154); the file may say which folder has it."""

Command = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who one is when one writes.

    Args:
        address: of the sender.
        name: shown beside it.
        reply_to: where answers go; "" where they go to the address.
        signature: below what one writes.
    """

    address: str
    name: str = ""
    reply_to: str = ""
    signature: str = ""

    def __str__(self) -> str:
        return str(Address(self.name, self.address))


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """How to get tokens.

    Args:
        provider: ``"google"``, ``"microsoft"`` …, or a name of your own with the URLs below.
        client_id: what the provider calls this program.
        client_secret: where the provider wants one.
        client_secret_command: a command that tells it.
        authorize: the page where a person says yes.
        token: where tokens come from.
        device: where device codes come from.
        scopes: what to ask for, instead of the provider's own.
        mechanism: how servers are told the token: ``"XOAUTH2"``, which all large ones take, or
            ``"OAUTHBEARER"``, which some others take alone.
    """

    provider: str
    client_id: str
    client_secret: Secret | None = None
    client_secret_command: Command | None = None
    authorize: str = ""
    token: str = ""
    device: str = ""
    scopes: tuple[str, ...] = ()
    mechanism: str = "XOAUTH2"

    def app(self, secret: Secret | None = None) -> App:
        """Who asks, and whom.

        Raises:
            UsageError: the provider is not known, and there are no URLs.
        """
        known = authority_of(self.provider)
        if self.token:
            known = Authority(self.provider, self.authorize, self.token, self.device)
        if known is None:
            raise UsageError(f"oauth: the provider {self.provider!a} is not known",
                             hint="name its URLs: authorize, token, device")
        return App(known, self.client_id, secret or self.client_secret, self.scopes)


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Args:
        name: what it is called on this machine.
        address: of its mail.
        full_name: of its owner.
        imap: where mail is read.
        pop3: where mail is fetched.
        smtp: where mail is handed in.
        mailbox: mail on this disk instead: ``maildir:PATH`` or ``mbox:PATH``.
        password_command: a command whose first line of output is the password.
        oauth: how to get tokens instead of it.
        folders: names of folders by role, where the server does not tell them.
        identities: others that one writes as.
        reply_to: where answers go.
        signature: below what one writes.
        save_sent: whether a copy of what was sent is filed; None: unless the provider does it.
        ca: a file of authorities to trust.
        proxy: the way there.
        timeout: seconds for each step.

    Example:
        >>> found = parse_accounts('''[accounts.ann]
        ... address = "ann@example.org"
        ... imap = "imaps://mail.example.org"
        ... ''')
        >>> str(found["ann"].imap), str(found["ann"].identity)
        ('imaps://ann%40example.org@mail.example.org', 'ann@example.org')
    """

    name: str
    address: str
    full_name: str = ""
    imap: URL | None = None
    pop3: URL | None = None
    smtp: URL | None = None
    mailbox: str = ""
    password_command: Command | None = None
    oauth: OAuthSettings | None = None
    folders: Mapping[str, str] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()
    reply_to: str = ""
    signature: str = ""
    save_sent: bool | None = None
    ca: str = ""
    proxy: str = ""
    timeout: float | None = None

    @property
    def identity(self) -> Identity:
        """Who its owner is, unless another identity is chosen."""
        return Identity(self.address, self.full_name, self.reply_to, self.signature)

    def identity_for(self, address: str) -> Identity | None:
        """The identity of that address; None where it is somebody else's."""
        everyone = (self.identity, *self.identities)
        return next((one for one in everyone if one.address.lower() == address.lower()), None)

    def url(self, kind: Literal["imap", "pop3", "smtp"]) -> URL | None:
        """Its server of that kind."""
        found: URL | None = getattr(self, kind)
        return found


@dataclass(frozen=True, slots=True)
class Accounts:
    """All that one file says.

    Args:
        accounts: by name.
        default: the name of the one that is meant where none is named; "" where there is none.
        keys: where passwords and tokens are kept: ``"auto"``, ``"keyring"``, ``"file"``.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    default: str = ""
    keys: Literal["auto", "keyring", "file"] = "auto"

    def __iter__(self) -> Iterator[Account]:
        return iter(self.accounts.values())

    def __len__(self) -> int:
        return len(self.accounts)

    def __getitem__(self, name: str) -> Account:
        """The account called *name*, or whose address that is.

        Raises:
            NotFound: there is none.
        """
        if (found := self.get(name)) is not None:
            return found
        close = get_close_matches(name, self.accounts, n=1)
        hint = f"did you mean {close[0]}?" if close else (
            f"there are {', '.join(self.accounts)}" if self.accounts else
            "add one: postel mail accounts add ADDRESS")
        raise NotFound(f"account {display(name)}: there is none of that name", hint=hint)

    def get(self, name: str) -> Account | None:
        """The account called *name*, or whose address that is; None where there is none."""
        if name in self.accounts:
            return self.accounts[name]
        return next((one for one in self if one.address.lower() == name.lower()), None)

    def usual(self) -> Account | None:
        """The one that is meant where none is named."""
        if self.default:
            return self.accounts[self.default]
        return next(iter(self)) if len(self) == 1 else None


def parse_accounts(text: str, where: str = "accounts.toml") -> Accounts:
    """Read a file of accounts.

    Args:
        text: of the file.
        where: its name, for errors.

    Raises:
        UsageError: it is no TOML, or says what it should not; with line and suggestion.

    Example:
        >>> try:
        ...     parse_accounts('[accounts.ann]\\naddress = "ann@example.org"\\nimpa = "x"\\n')
        ... except UsageError as error:
        ...     print(error, error.hint, sep="\\n")
        accounts.toml, line 3: impa: there is no such key
        did you mean imap?
    """
    from .accounts_reading import Reader

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{where}: it is no TOML: {str(error) or 'too deep'}",
                         hint="https://toml.io tells how it is written") from None
    return Reader(document, places(text), where).accounts()
