"""``postel lab``: a local Internet in the terminal."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from ..wire.text import display

__all__ = ["command"]

_COLOURS = {"C": "cyan", "S": "green", "*": "yellow"}


@click.command("lab")
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--root", type=click.Path(exists=True, file_okay=False),
              help="Serve this folder, read-only, instead of one in memory.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show traffic.")
def command(services: tuple[str, ...], root: str | None, quiet: bool) -> None:
    """Start servers on free ports, show where, and show traffic until Ctrl-C.

    Users are alice, bob and carol, password "secret"; FTP also lets anonymous in.
    """
    from ..lab import start
    from ..lab.lab import PASSWORD, USERS, Lab

    lock = threading.Lock()

    def watch(name: str, who: str, text: str) -> None:
        with lock:
            sign = click.style(f"{name:>5} {who}", fg=_COLOURS.get(who, "white"))
            click.echo(f"{sign} {display(text)}")

    def table(lab: Lab) -> None:
        for name, service in lab.services.items():
            for scheme, port in ((name, service.port), (f"{name}s", service.tls_port)):
                user = f"{service.default_user}@" if service.default_user else ""
                click.echo(f"  {scheme + ':':8} {scheme}://{user}127.0.0.1:{port}/")
        click.echo(f"  users:   {', '.join(USERS)}; password: {PASSWORD}")
        click.echo(f"  trust:   --ca {lab.ca}")

    with start(*services, root=Path(root) if root else None,
               watcher=None if quiet else watch) as lab:
        try:
            click.echo("The lab is up, until Ctrl-C.")
            table(lab)
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("\nThe lab is closed.")
