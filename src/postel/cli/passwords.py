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

__all__ = ["Passwords"]


class Passwords:
    """Looks for the password of one URL, in the order that people expect.

    POSTEL_PASSWORD, then ``~/.netrc`` (or NETRC), then the keyring where the extra is installed,
    then a prompt on the terminal. The URL's own has been taken before.
    """

    def __init__(self, url: URL, user: str | None) -> None:
        self._url = url
        self._user = user or ""

    def find(self) -> Secret:
        """The password.

        Raises:
            AuthenticationError: there is none to be had.
        """
        for place in (self._from_environment, self._from_netrc, self._from_keyring):
            if (found := place()) is not None:
                return Secret(found)
        if not sys.stdin.isatty():
            raise AuthenticationError(
                f"log in to {self._url.host} as {self._user}: no password, and nobody to ask",
                hint="set POSTEL_PASSWORD, or put it into ~/.netrc",
            )
        prompt = f"Password of {self._user} at {self._url.host}"
        return Secret(click.prompt(prompt, hide_input=True, err=True, type=str))

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
        found = keyring.get_password(f"postel:{self._url.host}", self._user)
        return str(found) if found is not None else None


def _netrc(path: Path, host: str, user: str) -> str | None:
    """The password of *user* at exactly *host*; a ``default`` entry is for no host of ours."""
    import netrc

    try:
        entry = netrc.netrc(str(path)).hosts.get(host)
    except (OSError, netrc.NetrcParseError) as error:
        click.echo(f"postel: {path}: {error}", err=True)
        return None
    if entry is None or (user and entry[0] and entry[0] != user):
        return None
    return entry[2]
