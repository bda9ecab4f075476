"""``postel lab``: a local Internet in the terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..wire.text import display

if TYPE_CHECKING:
    from ..lab import Lab

__all__ = ["command"]

_COLOURS = {"C": "cyan", "S": "green", "*": "yellow"}


@click.command("lab")
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--root", type=click.Path(exists=True, file_okay=False),
              help="Serve this folder, read-only, instead of one in memory.")
@click.option("--imap-profile", metavar="NAME",
              help="Whose IMAP servers the lab's is like: gmail, outlook, yahoo, icloud, dovecot, "
                   "cyrus, courier, bare; full, with every extension, by default.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show traffic.")
def command(
    services: tuple[str, ...], root: str | None, imap_profile: str | None, quiet: bool
) -> None:
    """Start servers on free ports, show where, and show traffic until Ctrl-C.

    Users are alice, bob and carol, password "secret"; FTP also lets anonymous in.
    """
    from ..lab import start

    lock = threading.Lock()

    def watch(name: str, who: str, text: str) -> None:
        with lock:
            sign = click.style(f"{name:>10} {who}", fg=_COLOURS.get(who, "white"))
            click.echo(f"{sign} {display(text)}")

    with start(*services, root=Path(root) if root else None,
               watcher=None if quiet else watch) as lab:
        if imap_profile is not None:
            lab.service("imap")  # or an error that says what is missing
            lab.imap.use(imap_profile)
        try:
            click.echo(f"{click.style('The lab is up', bold=True)}, until Ctrl-C.\n")
            for line in _table(lab):
                click.echo(line)
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("\nThe lab is closed.")


def _table(lab: Lab) -> Iterator[str]:
    """Where everything is: addresses for any program, names for Postel within this process."""
    from ..lab.lab import PASSWORD, USERS

    rows = [(scheme, f"{service.scheme + scheme[len(name):] if service.scheme else scheme}://"
             f"{_login(service.default_user)}127.0.0.1:{port}/",
             f"{name}.{lab.domain}")
            for name, service in lab.services.items()
            for scheme, port in [(name, service.port), (f"{name}s", service.tls_port)]
            [: 2 if service.is_pair else 1]]
    width = max((len(url) for _, url, _ in rows), default=0)
    room = max((len(scheme) for scheme, _, _ in rows), default=0)
    for scheme, url, name in rows:
        yield f"  {click.style(f'{scheme:{room}}', fg='cyan')} {url:{width}}   {name}"
    yield f"\n  users   {', '.join(USERS)}; the password is {PASSWORD}"
    yield f"  trust   --ca {lab.ca}"
    for keys in filter(None, (service.host_keys for service in lab.services.values())):
        yield f"  trust   ssh -o UserKnownHostsFile={keys}"
    yield ""


def _login(user: str | None) -> str:
    return f"{user}@" if user else ""
