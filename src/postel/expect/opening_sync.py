# GENERATED from opening_async.py by tools/unasync.py: edit that file, not this one.
"""Begin a dialogue: with a program of this machine, over a connection, over a client, or again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..transport.stream_sync import Stream
from ..urls import parse
from .dialogue_sync import Dialogue
from .ports_sync import (
    ClientPort,
    Port,
    ProgramPort,
    ReplayPort,
    StreamPort,
    TCPPort,
)
from .recording import Turn

__all__ = ["connect", "over", "replay", "spawn"]


def spawn(
    command: str | Sequence[str],
    *,
    columns: int = 80,
    rows: int = 24,
    environ: Mapping[str, str] | None = None,
    folder: str | Path | None = None,
    echo: bool = True,
    **settings: Any,
) -> Dialogue:
    """A dialogue with a program of this machine, in a terminal of its own.

    Args:
        command: the program and its arguments; text is split as a shell would, and nothing else
            of a shell is done with it.
        columns: of its window.
        rows: of its window.
        environ: its environment; None is this process's.
        folder: where it runs.
        echo: whether the terminal echoes what is typed.
        settings: the keywords of the dialogue.

    Example:
        >>> with spawn("printf hello") as program:
        ...     program.expect_end(timeout=20), program.status()
        (b'hello', 0)
    """
    words = shlex.split(command) if isinstance(command, str) else list(command)
    port = ProgramPort(words, columns=columns, rows=rows, environ=environ, folder=folder,
                            echo=echo)
    return Dialogue(port, **settings)


def over(thing: Any, **settings: Any) -> Dialogue:
    """A dialogue over a client or stream: Telnet, a serial port, a shell over SSH, any stream.

    Args:
        thing: a client that is open stays open; one that is not is opened and closed.
        settings: the keywords of the dialogue.

    Example:
        >>> from postel.telnet import Client
        >>> with over(Client("telnet.example.org"), timeout=10) as there:
        ...     (there.expect(login="login: ")).name
        'login'
    """
    return Dialogue(_port(thing), **settings)


def _port(thing: Any) -> Port:
    if isinstance(thing, Port):
        return thing
    if isinstance(thing, Stream):
        return StreamPort(thing)
    if all(hasattr(thing, name) for name in ("read", "write", "newline", "is_open")):
        return ClientPort(thing)
    raise UsageError(f"expect over {type(thing).__name__}: it is no client and no stream",
                     hint="a telnet.Client, a telnet.SerialPort, a shell of an ssh.Client, a "
                     "stream; for a program use spawn()")


def connect(url: str, *, timeout: float | None = 30.0, client: Mapping[str, Any] | None = None,
            **settings: Any) -> Dialogue:
    """A dialogue over a connection that a URL names.

    Args:
        url: ``tcp://host:port``, ``telnet://``, ``telnets://``, ``serial://host:port`` (RFC 2217),
            or ``ssh://user@host`` (a shell).
        timeout: seconds for each wait, and to connect in.
        client: keywords of the client.
        settings: the keywords of the dialogue.

    Example:
        >>> with connect("telnet://telnet.example.org") as there:
        ...     (there.expect(login="login: ")).name
        'login'
    """
    place = parse(url)
    keywords = {"timeout": timeout, **(client or {})}
    if place.scheme == "tcp":
        if place.port is None:
            raise UsageError(f"{url}: there is no port", hint="write tcp://host:port")
        port: Port = TCPPort(place.host, place.port, timeout)
    elif place.scheme in ("telnet", "telnets"):
        from ..telnet.client_sync import Client

        port = ClientPort(Client(url, **keywords))
    elif place.scheme == "serial":
        from ..telnet.serial_sync import SerialPort

        port = ClientPort(SerialPort(place.with_(scheme="telnet"), **keywords))
    elif place.scheme == "ssh":
        from ..ssh.client_sync import Client as Host

        port = ClientPort(Host(url, **keywords).shell())
    else:
        raise UsageError(f"{url}: nothing to expect over {place.scheme}",
                         hint="tcp://, telnet://, telnets://, serial:// or ssh://")
    return Dialogue(port, timeout=timeout, **settings)


def replay(source: str | Path | Sequence[Turn], **settings: Any) -> Dialogue:
    """A dialogue with a transcript, which says again what was said then.

    Args:
        source: a transcript's path, or its turns.
        settings: the keywords of the dialogue.

    Example:
        >>> with replay([Turn(0, False, b"login: "), Turn(1, True, b"ann\\n")]) as then:
        ...     match = then.expect(login="login: ")
        ...     then.send_line("ann")
        >>> match.name
        'login'
    """
    return Dialogue(ReplayPort(source), **settings)
