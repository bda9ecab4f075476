"""``postel ssh``: a shell, a command, or forwarded ports on another host."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import click

from ..errors import UsageError
from ..urls import parse as parse_url
from .options import Settings, client_options, ssh_options

__all__ = ["command"]

_CHUNK = 65_536


@click.command("ssh", context_settings={"ignore_unknown_options": False,
                                        "allow_interspersed_args": False})
@click.option("-t", "--terminal", is_flag=True, help="A terminal for the command, too.")
@click.option("-L", "local", metavar="[PORT:]HOST:PORT", multiple=True,
              help="Lead a port of this machine to HOST and PORT as the server sees them.")
@click.option("-R", "remote", metavar="[PORT:]HOST:PORT", multiple=True,
              help="Lead a port of the server to HOST and PORT as this machine sees them.")
@click.option("-D", "dynamic", metavar="PORT", multiple=True, type=click.IntRange(0, 65535),
              help="A SOCKS proxy at this port of this machine; 0 takes a free one.")
@click.option("-N", "nothing", is_flag=True, help="Run nothing: forward ports until Ctrl-C.")
@click.option("--escape", default="]", show_default=True, metavar="LETTER",
              help="With Ctrl, this letter leaves the shell; \"\" is none.")
@click.option("--record", metavar="FILE", type=click.Path(dir_okay=False),
              help="Write a transcript of the shell to this file.")
@ssh_options
@client_options
@click.argument("host", metavar="[USER@]HOST|URL")
@click.argument("words", nargs=-1, metavar="[COMMAND...]")
def command(host: str, words: tuple[str, ...], terminal: bool, local: tuple[str, ...],
            remote: tuple[str, ...], dynamic: tuple[int, ...], nothing: bool, escape: str,
            record: str | None, settings: Settings) -> int:
    """Open a shell on HOST, or run a command there and leave with its status.

    Options stand before HOST. Keys, aliases and jump hosts come from ~/.ssh/config, as for ssh.
    """
    from ..ssh import Client
    from ..ssh.carriers import Window
    from ..transport import console

    url = parse_url(host, default_scheme="ssh")
    if url.scheme != "ssh":
        raise UsageError(f"{url}: a URL of {url.scheme}", hint="ssh://, or the host's name")
    keywords = {name: value for name, value in settings.client(url).items()
                if name in ("user", "password", "ssh", "timeout", "proxy", "family")}
    with Client(url, **keywords) as there, contextlib.ExitStack() as ports:
        for way, specs in (("local", local), ("remote", remote), ("dynamic", dynamic)):
            for spec in specs:
                forward = ports.enter_context(_forward(there, way, str(spec)))
                settings.say(f"{way} port {forward.port}")
        if nothing:
            _until_stopped(there)
            return 0
        window = console.size(1) or (80, 24)
        if not words:
            shell = there.shell(kind=os.environ.get("TERM", "dumb"), columns=window[0],
                                rows=window[1])
            return _interact(shell, escape, record)
        asked = Window(os.environ.get("TERM", "dumb"), *window) if terminal else None
        process = there.start(" ".join(words), window=asked)
        return _interact(process, escape, record) if terminal else _run(process)


def _interact(shell: Any, escape: str, record: str | None) -> int:
    from ..expect.opening_sync import over

    with over(shell, record=record) as dialogue:
        reason = dialogue.interact(escape=escape if sys.stdin.isatty() else "")
        return 0 if reason == "escape" else dialogue.status() or 0


def _run(process: Any) -> int:
    """Its output is ours, its errors too; our input is its own, unless a person sits there."""
    from ..timing import NEVER
    from ..transport import console
    from ..transport.crew_sync import Crew
    from ..transport.ready_sync import wait_ready

    def feed(crew: Crew) -> None:
        while not sys.stdin.isatty():
            wait_ready(0, write=False, seconds=None)
            data = os.read(0, _CHUNK)
            if not data:
                break
            process.write(data)
        process.send_end()

    def listen(crew: Crew) -> None:
        process.pour(False, lambda data: console.write(1, data))
        crew.stop()  # nobody reads what is typed any more

    with process:
        process.allow(NEVER)
        with Crew() as errors:
            errors.start(process.pour, True, lambda data: console.write(2, data))
            with Crew() as crew:
                crew.start(feed, crew)
                crew.start(listen, crew)
        return int(process.wait())


def _forward(there: Any, way: str, spec: str) -> Any:
    if way == "dynamic":
        return there.forward_dynamic(bind_port=int(spec))
    parts = spec.rsplit(":", 2)
    if spec.count("[") == 0 and len(parts) in (2, 3) and all(
            part.isdigit() for part in (parts[-1], *parts[:-2])):
        port = int(parts[0]) if len(parts) == 3 else 0
        make = there.forward_local if way == "local" else there.forward_remote
        return make(parts[-2], int(parts[-1]), bind_port=port)
    raise UsageError(f"forward {spec}: write PORT:HOST:PORT, or HOST:PORT for a free port")


def _until_stopped(there: Any) -> None:
    from ..transport.clock_sync import sleep

    while there.is_open:
        sleep(0.5)
