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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Literal

from ..errors import NotFound, PostelError, UsageError
from ..messages.addresses import Address
from ..secrets import Secret
from ..urls import URL, parse
from ..wire.text import display
from .accounts_toml import Place, line_of, places
from .discovery_types import split_address
from .oauth import App
from .providers import Authority, authority_of

__all__ = ["ROLES", "Account", "Accounts", "Identity", "OAuthSettings", "parse_accounts"]

ROLES = ("inbox", "sent", "drafts", "trash", "junk", "archive", "all", "flagged")
"""Folders that have a role (RFC 6154); the file may say which folder has it."""

Command = str | tuple[str, ...]

_SCHEMES = {"imap": ("imap", "imaps"), "pop3": ("pop3", "pop3s"),
            "smtp": ("submission", "smtps", "smtp")}


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
    """

    provider: str
    client_id: str
    client_secret: Secret | None = None
    client_secret_command: Command | None = None
    authorize: str = ""
    token: str = ""
    device: str = ""
    scopes: tuple[str, ...] = ()

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
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{where}: it is no TOML: {str(error) or 'too deep'}",
                         hint="https://toml.io tells how it is written") from None
    return _Reader(document, places(text), where).accounts()


class _Reader:
    """Makes values of tables, and says where something is wrong."""

    def __init__(self, document: dict[str, Any], found: list[Place], where: str) -> None:
        self._document, self._places, self._where = document, found, where

    def wrong(self, path: tuple[str | int, ...], what: str, hint: str = "") -> UsageError:
        line = line_of(self._places, path)
        name = path[-1] if path else ""
        return UsageError(f"{self._where}, line {line}: {display(str(name))}: {what}", hint=hint)

    def known(self, table: Any, path: tuple[str | int, ...], keys: tuple[str, ...]) -> None:
        """Raise unless *table* is one, with no other keys."""
        if not isinstance(table, dict):
            raise self.wrong(path, "it must be a table", f"[{'.'.join(map(str, path))}]")
        for name in table:
            if name in ("password", "user") and "imap" in keys:
                raise self.wrong((*path, name), _NOT_HERE[name][0], _NOT_HERE[name][1])
            if name not in keys:
                close = get_close_matches(name, keys, n=1)
                raise self.wrong((*path, name), "there is no such key",
                                 f"did you mean {close[0]}?" if close else
                                 f"there are {', '.join(keys)}")

    def text(self, table: Mapping[str, Any], name: str, path: tuple[str | int, ...]) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            raise self.wrong((*path, name), "it must be a text", f'{name} = "…"')
        return value

    def accounts(self) -> Accounts:
        self.known(self._document, (), ("accounts", "default", "keys"))
        tables = self._document.get("accounts", {})
        if not isinstance(tables, dict):
            raise self.wrong(("accounts",), "it must be a table", "[accounts.NAME]")
        made = {name: self.account(name, table) for name, table in tables.items()}
        default = self.text(self._document, "default", ())
        if default and default not in made:
            close = get_close_matches(default, made, n=1)
            raise self.wrong(("default",), f"there is no account {display(default)}",
                             f"did you mean {close[0]}?" if close else "")
        keys = self.text(self._document, "keys", ()) or "auto"
        if keys not in ("auto", "keyring", "file"):
            raise self.wrong(("keys",), f"{display(keys)} is no place for keys",
                             'one of "auto", "keyring", "file"')
        return Accounts(made, default, keys)  # type: ignore[arg-type]

    def account(self, name: str, table: Any) -> Account:
        path = ("accounts", name)
        self.known(table, path, _KEYS)
        if not name or any(char in name for char in ":/@ \t") or not name.isprintable():
            raise self.wrong(path, "an account's name has no blank, colon, slash or @")
        address = self.address(table, "address", path)
        given: dict[str, Any] = {key: self.text(table, key, path) for key in _TEXTS}
        given |= {kind: self.server(table, kind, path, address)
                  for kind in _SCHEMES if kind in table}
        made = Account(
            name, address, full_name=self.text(table, "name", path),
            folders=self.folders(table, path), password_command=self.command(
                table, "password_command", path),
            oauth=self.oauth(table, path), identities=self.identities(table, path),
            save_sent=self.flag(table, "save_sent", path), timeout=self.seconds(table, path),
            **given)
        if not (made.imap or made.pop3 or made.mailbox or made.smtp):
            raise self.wrong(path, "it names no server",
                             'imap = "imaps://mail.example.org/", or: postel mail accounts add')
        if made.oauth and made.password_command:
            raise self.wrong((*path, "password_command"), "and oauth: which of them?")
        return made

    def address(self, table: Mapping[str, Any], name: str, path: tuple[str | int, ...]) -> str:
        text = self.text(table, name, path)
        if not text:
            raise self.wrong(path, f"it has no {name}", f'{name} = "ann@example.org"')
        made: str = self.of((*path, name), lambda: split_address(text)[0])
        return made

    def of(self, path: tuple[str | int, ...], make: Callable[[], Any]) -> Any:
        """What *make* makes; its error with the line."""
        try:
            return make()
        except PostelError as error:
            raise self.wrong(path, str(error), error.hint) from None

    def server(self, table: Mapping[str, Any], kind: str, path: tuple[str | int, ...],
               address: str) -> URL:
        text, here = self.text(table, kind, path), (*path, kind)
        url: URL = self.of(here, lambda: parse(text))
        if url.scheme not in _SCHEMES[kind]:
            schemes = _SCHEMES[kind]
            raise self.wrong(here, f"{url.scheme} is not spoken there",
                             f"one of {', '.join(schemes)}")
        if url.password is not None:
            raise self.wrong(here, "a password does not belong into this file",
                             "postel mail accounts login keeps it; or password_command")
        return url if url.user is not None else url.with_(user=address)

    def folders(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> dict[str, str]:
        found = table.get("folders", {})
        self.known(found, (*path, "folders"), ROLES)
        return {role: self.text(found, role, (*path, "folders")) for role in found}

    def command(self, table: Mapping[str, Any], name: str,
                path: tuple[str | int, ...]) -> Command | None:
        value = table.get(name)
        if value is None or (isinstance(value, str) and value):
            return value
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise self.wrong((*path, name), "it must be a command",
                         f'{name} = "pass show mail", or ["pass", "show", "mail"]')

    def flag(self, table: Mapping[str, Any], name: str,
             path: tuple[str | int, ...]) -> bool | None:
        value = table.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong((*path, name), "it must be true or false")

    def seconds(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> float | None:
        value = table.get("timeout")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self.wrong((*path, "timeout"), "it must be seconds", "timeout = 60")
        return float(value)

    def identities(self, table: Mapping[str, Any],
                   path: tuple[str | int, ...]) -> tuple[Identity, ...]:
        found, here = table.get("identities", []), (*path, "identities")
        if not isinstance(found, list):
            raise self.wrong(here, "it must be a list of tables", f"[[{'.'.join(map(str, here))}]]")
        made = []
        for number, one in enumerate(found):
            place = (*here, number)
            self.known(one, place, tuple(each.name for each in fields(Identity)))
            made.append(Identity(self.address(one, "address", place),
                                 *(self.text(one, key, place)
                                   for key in ("name", "reply_to", "signature"))))
        return tuple(made)

    def oauth(self, table: Mapping[str, Any],
              path: tuple[str | int, ...]) -> OAuthSettings | None:
        found, here = table.get("oauth"), (*path, "oauth")
        if found is None:
            return None
        self.known(found, here, tuple(each.name for each in fields(OAuthSettings)))
        words = {name: self.text(found, name, here)
                 for name in ("provider", "client_id", "authorize", "token", "device")}
        secret = self.text(found, "client_secret", here)
        scopes = found.get("scopes", [])
        if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
            raise self.wrong((*here, "scopes"), "it must be a list of texts")
        made = OAuthSettings(**words, client_secret=Secret(secret) if secret else None,
                             client_secret_command=self.command(
                                 found, "client_secret_command", here),
                             scopes=tuple(scopes))
        self.of(here, made.app)
        return made


_KEYS = ("address", "name", "imap", "pop3", "smtp", "mailbox", "password_command", "oauth",
         "folders", "identities", "reply_to", "signature", "save_sent", "ca", "proxy", "timeout")
_TEXTS = ("reply_to", "signature", "mailbox", "ca", "proxy")
_NOT_HERE = {
    "password": ("a password does not belong into this file",
                 "postel mail accounts login keeps it; or password_command"),
    "user": ("it belongs into the URL", 'imap = "imaps://USER@mail.example.org/"'),
}
