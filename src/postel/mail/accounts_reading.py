"""The file of accounts, table by table: each mistake is told with its line. Grammar: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from ..errors import PostelError, UsageError
from ..secrets import Secret
from ..urls import URL, parse
from ..wire.text import display
from .accounts import ROLES, Account, Accounts, Command, Identity, OAuthSettings
from .accounts_toml import Place, line_of
from .discovery_types import split_address

__all__ = ["Reader"]

_SCHEMES = {"imap": ("imap", "imaps"), "pop3": ("pop3", "pop3s"),
            "smtp": ("submission", "smtps", "smtp")}


class Reader:
    """Makes values of tables, and says where something is wrong.

    Args:
        document: as `tomllib` read it.
        found: where everything in it stands.
        where: the file's name, for errors.
    """

    def __init__(self, document: dict[str, Any], found: list[Place], where: str) -> None:
        self._document, self._places, self._where = document, found, where

    def _wrong(self, path: tuple[str | int, ...], what: str, hint: str = "") -> UsageError:
        line = line_of(self._places, path)
        name = path[-1] if path else ""
        return UsageError(f"{self._where}, line {line}: {display(str(name))}: {what}", hint=hint)

    def _known(self, table: Any, path: tuple[str | int, ...], keys: tuple[str, ...]) -> None:
        """Raise unless *table* is one, with no other keys."""
        if not isinstance(table, dict):
            raise self._wrong(path, "it must be a table", f"[{'.'.join(map(str, path))}]")
        for name in table:
            if name in ("password", "user") and "imap" in keys:
                raise self._wrong((*path, name), _NOT_HERE[name][0], _NOT_HERE[name][1])
            if name not in keys:
                close = get_close_matches(name, keys, n=1)
                raise self._wrong((*path, name), "there is no such key",
                                 f"did you mean {close[0]}?" if close else
                                 f"there are {', '.join(keys)}")

    def _text(self, table: Mapping[str, Any], name: str, path: tuple[str | int, ...]) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            raise self._wrong((*path, name), "it must be a text", f'{name} = "…"')
        return value

    def accounts(self) -> Accounts:
        """All of the file.

        Raises:
            UsageError: it says what it should not; with line and suggestion.
        """
        self._known(self._document, (), ("accounts", "default", "keys"))
        tables = self._document.get("accounts", {})
        if not isinstance(tables, dict):
            raise self._wrong(("accounts",), "it must be a table", "[accounts.NAME]")
        made = {name: self._account(name, table) for name, table in tables.items()}
        default = self._text(self._document, "default", ())
        if default and default not in made:
            close = get_close_matches(default, made, n=1)
            raise self._wrong(("default",), f"there is no account {display(default)}",
                             f"did you mean {close[0]}?" if close else "")
        keys = self._text(self._document, "keys", ()) or "auto"
        if keys not in ("auto", "keyring", "file"):
            raise self._wrong(("keys",), f"{display(keys)} is no place for keys",
                             'one of "auto", "keyring", "file"')
        return Accounts(made, default, keys)  # type: ignore[arg-type]

    def _account(self, name: str, table: Any) -> Account:
        path = ("accounts", name)
        self._known(table, path, _KEYS)
        if not name or any(char in name for char in ":/@ \t") or not name.isprintable():
            raise self._wrong(path, "an account's name has no blank, colon, slash or @")
        address = self._address(table, "address", path)
        given: dict[str, Any] = {key: self._text(table, key, path) for key in _TEXTS}
        given |= {kind: self._server(table, kind, path, address)
                  for kind in _SCHEMES if kind in table}
        made = Account(
            name, address, full_name=self._text(table, "name", path),
            folders=self._folders(table, path), password_command=self._command(
                table, "password_command", path),
            oauth=self._oauth(table, path), identities=self._identities(table, path),
            save_sent=self._flag(table, "save_sent", path), timeout=self._seconds(table, path),
            **given)
        if not (made.imap or made.pop3 or made.mailbox or made.smtp):
            raise self._wrong(path, "it names no server",
                             'imap = "imaps://mail.example.org/", or: postel mail accounts add')
        if made.oauth and made.password_command:
            raise self._wrong((*path, "password_command"), "and oauth: which of them?")
        return made

    def _address(self, table: Mapping[str, Any], name: str, path: tuple[str | int, ...]) -> str:
        text = self._text(table, name, path)
        if not text:
            raise self._wrong(path, f"it has no {name}", f'{name} = "ann@example.org"')
        made: str = self._of((*path, name), lambda: split_address(text)[0])
        return made

    def _of(self, path: tuple[str | int, ...], make: Callable[[], Any]) -> Any:
        """What *make* makes; its error with the line."""
        try:
            return make()
        except PostelError as error:
            raise self._wrong(path, str(error), error.hint) from None

    def _server(self, table: Mapping[str, Any], kind: str, path: tuple[str | int, ...],
               address: str) -> URL:
        text, here = self._text(table, kind, path), (*path, kind)
        url: URL = self._of(here, lambda: parse(text))
        if url.scheme not in _SCHEMES[kind]:
            schemes = _SCHEMES[kind]
            raise self._wrong(here, f"{url.scheme} is not spoken there",
                             f"one of {', '.join(schemes)}")
        if url.password is not None:
            raise self._wrong(here, "a password does not belong into this file",
                             "postel mail accounts login keeps it; or password_command")
        return url if url.user is not None else url.with_(user=address)

    def _folders(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> dict[str, str]:
        found = table.get("folders", {})
        self._known(found, (*path, "folders"), ROLES)
        return {role: self._text(found, role, (*path, "folders")) for role in found}

    def _command(self, table: Mapping[str, Any], name: str,
                path: tuple[str | int, ...]) -> Command | None:
        value = table.get(name)
        if value is None or (isinstance(value, str) and value):
            return value
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise self._wrong((*path, name), "it must be a command",
                         f'{name} = "pass show mail", or ["pass", "show", "mail"]')

    def _flag(self, table: Mapping[str, Any], name: str,
             path: tuple[str | int, ...]) -> bool | None:
        value = table.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong((*path, name), "it must be true or false")

    def _seconds(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> float | None:
        value = table.get("timeout")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self._wrong((*path, "timeout"), "it must be seconds", "timeout = 60")
        return float(value)

    def _identities(self, table: Mapping[str, Any],
                   path: tuple[str | int, ...]) -> tuple[Identity, ...]:
        found, here = table.get("identities", []), (*path, "identities")
        if not isinstance(found, list):
            raise self._wrong(here, "it must be a list of tables",
                              f"[[{'.'.join(map(str, here))}]]")
        made = []
        for number, one in enumerate(found):
            place = (*here, number)
            self._known(one, place, tuple(each.name for each in fields(Identity)))
            made.append(Identity(self._address(one, "address", place),
                                 *(self._text(one, key, place)
                                   for key in ("name", "reply_to", "signature"))))
        return tuple(made)

    def _oauth(self, table: Mapping[str, Any],
              path: tuple[str | int, ...]) -> OAuthSettings | None:
        found, here = table.get("oauth"), (*path, "oauth")
        if found is None:
            return None
        self._known(found, here, tuple(each.name for each in fields(OAuthSettings)))
        words = {name: self._text(found, name, here)
                 for name in ("provider", "client_id", "authorize", "token", "device")}
        secret = self._text(found, "client_secret", here)
        scopes = found.get("scopes", [])
        if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
            raise self._wrong((*here, "scopes"), "it must be a list of texts")
        mechanism = self._text(found, "mechanism", here) or "XOAUTH2"
        if mechanism not in ("XOAUTH2", "OAUTHBEARER"):
            raise self._wrong((*here, "mechanism"), f"{display(mechanism)} takes no token",
                             '"XOAUTH2" or "OAUTHBEARER"')
        command = self._command(found, "client_secret_command", here)
        made = OAuthSettings(**words, client_secret=Secret(secret) if secret else None,
                             client_secret_command=command, scopes=tuple(scopes),
                             mechanism=mechanism)
        self._of(here, made.app)
        return made


_KEYS = ("address", "name", "imap", "pop3", "smtp", "mailbox", "password_command", "oauth",
         "folders", "identities", "reply_to", "signature", "save_sent", "ca", "proxy", "timeout")
_TEXTS = ("reply_to", "signature", "mailbox", "ca", "proxy")
_NOT_HERE = {
    "password": ("a password does not belong into this file",
                 "postel mail accounts login keeps it; or password_command"),
    "user": ("it belongs into the URL", 'imap = "imaps://USER@mail.example.org/"'),
}
