# A conversation (its twin opening_sync.py is generated): the ways to begin a dialogue.
"""Begin a dialogue: with a program of this machine, over a connection, over a client, or again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..transport.stream_async import AsyncStream
from ..urls import parse
from .dialogue_async import AsyncDialogue
from .ports_async import (
    AsyncClientPort,
    AsyncPort,
    AsyncProgramPort,
    AsyncReplayPort,
    AsyncStreamPort,
    AsyncTCPPort,
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
) -> AsyncDialogue:
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
        >>> async with spawn("printf hello") as program:
        ...     await program.expect_end(timeout=20), await program.status()
        (b'hello', 0)
    """
    words = shlex.split(command) if isinstance(command, str) else list(command)
    port = AsyncProgramPort(words, columns=columns, rows=rows, environ=environ, folder=folder,
                            echo=echo)
    return AsyncDialogue(port, **settings)


def over(thing: Any, **settings: Any) -> AsyncDialogue:
    """A dialogue over a client or stream: Telnet, a serial port, a shell over SSH, any stream.

    Args:
        thing: a client that is open stays open; one that is not is opened and closed.
        settings: the keywords of the dialogue.

    Example:
        >>> from postel.telnet import AsyncClient
        >>> async with over(AsyncClient("telnet.example.org"), timeout=10) as there:
        ...     (await there.expect(login="login: ")).name
        'login'
    """
    return AsyncDialogue(_port(thing), **settings)


def _port(thing: Any) -> AsyncPort:
    if isinstance(thing, AsyncPort):
        return thing
    if isinstance(thing, AsyncStream):
        return AsyncStreamPort(thing)
    if all(hasattr(thing, name) for name in ("read", "write", "newline", "is_open")):
        return AsyncClientPort(thing)
    raise UsageError(f"expect over {type(thing).__name__}: it is no client and no stream",
                     hint="a telnet.Client, a telnet.SerialPort, a shell of an ssh.Client, a "
                     "stream; for a program use spawn()")


def connect(url: str, *, timeout: float | None = 30.0, client: Mapping[str, Any] | None = None,
            **settings: Any) -> AsyncDialogue:
    """A dialogue over a connection that a URL names.

    Args:
        url: ``tcp://host:port``, ``telnet://``, ``telnets://``, ``serial://host:port`` (RFC 2217),
            or ``ssh://user@host`` (a shell).
        timeout: seconds for each wait, and to connect in.
        client: keywords of the client.
        settings: the keywords of the dialogue.

    Example:
        >>> async with connect("telnet://telnet.example.org") as there:
        ...     (await there.expect(login="login: ")).name
        'login'
    """
    place = parse(url)
    keywords = {"timeout": timeout, **(client or {})}
    if place.scheme == "tcp":
        if place.port is None:
            raise UsageError(f"{url}: there is no port", hint="write tcp://host:port")
        port: AsyncPort = AsyncTCPPort(place.host, place.port, timeout)
    elif place.scheme in ("telnet", "telnets"):
        from ..telnet.client_async import AsyncClient

        port = AsyncClientPort(AsyncClient(url, **keywords))
    elif place.scheme == "serial":
        from ..telnet.serial_async import AsyncSerialPort

        port = AsyncClientPort(AsyncSerialPort(place.with_(scheme="telnet"), **keywords))
    elif place.scheme == "ssh":
        from ..ssh.client_async import AsyncClient as AsyncHost

        port = AsyncClientPort(AsyncHost(url, **keywords).shell())
    else:
        raise UsageError(f"{url}: nothing to expect over {place.scheme}",
                         hint="tcp://, telnet://, telnets://, serial:// or ssh://")
    return AsyncDialogue(port, timeout=timeout, **settings)


def replay(source: str | Path | Sequence[Turn], **settings: Any) -> AsyncDialogue:
    """A dialogue with a transcript, which says again what was said then.

    Args:
        source: a transcript's path, or its turns.
        settings: the keywords of the dialogue.

    Example:
        >>> async with replay([Turn(0, False, b"login: "), Turn(1, True, b"ann\\n")]) as then:
        ...     match = await then.expect(login="login: ")
        ...     await then.send_line("ann")
        >>> match.name
        'login'
    """
    return AsyncDialogue(AsyncReplayPort(source), **settings)
