"""The file of accounts on this disk: read, changed with care. Disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import AlreadyExists, NotFound, UsageError
from .accounts import Account, Accounts, parse_accounts
from .accounts_toml import add_table, remove_table
from .private import config_folder, locked, read_private, write_private

__all__ = ["add_account", "load_accounts", "path_of_accounts", "remove_account"]

LARGEST = 1 << 20
"""Bytes of the file: it is written by hand."""


def path_of_accounts() -> Path:
    """Where the file is, or would be."""
    return config_folder() / "accounts.toml"


def load_accounts(path: Path | str | None = None) -> Accounts:
    """The accounts of this machine; none where there is no file.

    Args:
        path: of the file; None: ``accounts.toml`` in ``~/.config/postel``.

    Raises:
        UsageError: it says what it should not; with line and suggestion.
        Forbidden: others may write it, and it names commands.

    Example:
        >>> len(load_accounts("missing.toml"))
        0
    """
    where = path_of_accounts() if path is None else Path(path)
    return parse_accounts(_text(where), str(where))


def _text(path: Path) -> str:
    data = read_private(path, largest=LARGEST, writable=False)
    try:
        return (data or b"").decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is not UTF-8", hint="save it again as UTF-8") from None


def add_account(name: str, values: Mapping[str, Any], path: Path | str | None = None, *,
                comment: str = "") -> Account:
    """Add one account; all else in the file stays as it is.

    Args:
        name: of the account.
        values: what stands in its table.
        path: of the file.
        comment: above the table.

    Raises:
        AlreadyExists: there is one of that name.
        UsageError: the values make no account.

    Example:
        >>> add_account("ann", {"address": "ann@example.org", "imap": "imaps://mail.example.org/"},
        ...             "mine.toml").address
        'ann@example.org'
        >>> print(Path("mine.toml").read_text(), end="")
        [accounts.ann]
        address = "ann@example.org"
        imap = "imaps://mail.example.org/"
    """
    where = path_of_accounts() if path is None else Path(path)
    with locked(where):
        text = _text(where)
        if name in parse_accounts(text, str(where)).accounts:
            raise AlreadyExists(f"add account {name}: {where} has one of that name",
                                hint="--name gives it another")
        made = add_table(text, ("accounts", name), values, comment)
        accounts = parse_accounts(made, str(where))
        write_private(where, made.encode())
    return accounts.accounts[name]


def remove_account(name: str, path: Path | str | None = None) -> Account:
    """Take one account out of the file; all else stays as it is.

    Args:
        name: of the account.
        path: of the file.

    Raises:
        NotFound: there is none of that name.
        UsageError: the file is written in a way that only a person can change.
    """
    where = path_of_accounts() if path is None else Path(path)
    with locked(where):
        text = _text(where)
        accounts = parse_accounts(text, str(where))
        if name not in accounts.accounts:
            raise NotFound(f"remove account {name}: {where} has none of that name",
                           hint=f"there are {', '.join(accounts.accounts) or 'none'}")
        made = remove_table(text, ("accounts", name))
        if accounts.default == name:
            made = _without_default(made)
        parse_accounts(made, str(where))
        write_private(where, made.encode())
    return accounts.accounts[name]


def _without_default(text: str) -> str:
    """*text* without the line that names the default."""
    from .accounts_toml import places

    lines = {one.line for one in places(text) if one.path == ("default",)}
    return "".join(line for number, line in enumerate(text.splitlines(keepends=True), 1)
                   if number not in lines)
