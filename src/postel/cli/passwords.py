"""Where a password comes from: never from the command line, never shown."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import click

from ..errors import AuthenticationError
from ..secrets import Secret
from ..urls import URL
from ..wire.netrc import entries
from ..wire.text import display

__all__ = ["Passwords"]

_LARGEST = 1 << 20
"""Bytes of a netrc that are read: it is written by hand."""


class Passwords:
    """Looks for the password of one URL, in the order that people expect.

    POSTEL_PASSWORD, then ``~/.netrc`` (or NETRC), then the keyring where the extra is installed,
    then a prompt on the terminal. The URL's own has been taken before.

    Args:
        url: where to.
        user: who.
        known: what was found before, so that nobody is asked twice.
    """

    def __init__(
        self, url: URL, user: str | None, known: dict[tuple[str, str], Secret] | None = None
    ) -> None:
        self._url = url
        self._user = user or ""
        self._known = {} if known is None else known

    def find(self) -> Secret:
        """The password.

        Raises:
            AuthenticationError: there is none to be had.
        """
        key = (self._url.authority, self._user)
        if key not in self._known:
            self._known[key] = Secret(self._look())
        return self._known[key]

    def _look(self) -> str:
        for look in (self._from_environment, self._from_netrc, self._from_keyring):
            if (found := look()) is not None:
                return found
        return self._from_terminal()

    def _from_terminal(self) -> str:
        whom = f"{display(self._user)} at {self._url.host}"
        if not sys.stdin.isatty():
            raise AuthenticationError(
                f"log in to {self._url.host} as {self._user}: no password, and nobody to ask",
                hint="set POSTEL_PASSWORD, or put it into ~/.netrc",
            )
        return str(click.prompt(f"Password of {whom}", hide_input=True, err=True, type=str))

    def _from_environment(self) -> str | None:
        return os.environ.get("POSTEL_PASSWORD")

    def _from_netrc(self) -> str | None:
        path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
        try:
            mode = path.stat().st_mode
        except OSError:
            return None
        if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            click.echo(f"postel: {path} is left alone: others may read it (chmod 600)", err=True)
            return None
        return _netrc(path, self._url.host, self._user)

    def _from_keyring(self) -> str | None:
        try:
            import keyring
        except ImportError:
            return None
        try:
            found = keyring.get_password(f"postel:{self._url.host}", self._user)
        except Exception as error:  # a locked or missing backend, each with errors of its own
            kind = type(error).__name__
            if kind != "NoKeyringError":  # where there is none, nothing is left alone
                click.echo(f"postel: the keyring is left alone: {kind}", err=True)
            return None
        return str(found) if found is not None else None


def _netrc(path: Path, host: str, user: str) -> str | None:
    """The password of *user* at exactly *host*; a ``default`` entry is for no host of ours."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("utf-8", "surrogateescape")
    except OSError as error:
        click.echo(f"postel: {path}: {error.strerror}", err=True)
        return None
    for machine, facts in entries(text):
        if machine == host and (not user or facts.get("login", user) == user):
            return facts.get("password")
    return None
