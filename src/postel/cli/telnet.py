"""``postel telnet``: a terminal by Telnet, or a serial port behind it."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from ..errors import UsageError
from ..urls import URL
from ..urls import parse as parse_url
from .options import Settings, client_options

__all__ = ["command"]


@click.command("telnet")
@click.argument("host", metavar="HOST|URL")
@click.argument("port", required=False, type=click.IntRange(1, 65535))
@click.option("--escape", default="]", show_default=True, metavar="LETTER",
              help="With Ctrl, this letter leaves; \"\" is none.")
@click.option("--baud", type=click.IntRange(1), metavar="N",
              help="It is a serial port (RFC 2217): set it to this speed.")
@click.option("--binary", is_flag=True, help="Ask for BINARY both ways.")
@click.option("--record", metavar="FILE", type=click.Path(dir_okay=False),
              help="Write a transcript to this file.")
@client_options
def command(host: str, port: int | None, escape: str, baud: int | None, binary: bool,
            record: str | None, settings: Settings) -> int:
    """Open a terminal by Telnet; Ctrl-] leaves.

    Where the input is no terminal, it is sent, and what comes is printed until the server ends.
    """
    from ..expect.opening_sync import over
    from ..telnet import Client, SerialPort, Terminal
    from ..transport import console

    url = _url(host, port)
    window = console.size(1) or (80, 24)
    terminal = Terminal(os.environ.get("TERM", "dumb")[:40], *window)
    keywords: dict[str, Any] = {name: value for name, value in settings.client(url).items()
                                if name not in ("password", "auth", "ssh")}
    if baud is not None:
        client: Any = SerialPort(url, terminal=terminal, **keywords)
    else:
        client = Client(url, terminal=terminal, binary=binary, **keywords)
    with client:
        settings.say(f"connected to {client.peer.address} port {client.peer.port}"
                     + (f", {client.peer.tls}" if client.peer.tls else "")
                     + (f"; Ctrl-{escape} leaves" if escape and sys.stdin.isatty() else ""))
        if baud is not None:
            settings.say(f"the line is set to {client.set(baud=baud)}")
        with over(client, record=record, timeout=settings.timeout) as dialogue:
            reason = dialogue.interact(escape=escape)
    settings.say("\nleft" if reason == "escape" else "\nthe server ended the connection")
    return 0


def _url(host: str, port: int | None) -> URL:
    url = parse_url(host, default_scheme="telnet")
    if url.scheme not in ("telnet", "telnets"):
        raise UsageError(f"{url}: a URL of {url.scheme}", hint="telnet:// or telnets://")
    return url if port is None else url.with_(port=port)
