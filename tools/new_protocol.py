"""Write the files of a new protocol package: the shape that all have, on which it is to grow.

    python tools/new_protocol.py gopher 70

It makes `src/postel/gopher/` and a test of its grammar, for a protocol of command lines that are
answered by a line each; from there on the RFC says what changes. What a person must do by hand is
printed at the end.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent

FILES = {
    "src/postel/$name/__init__.py": '''\
"""$NAME: what it is for (RFC …).

    from postel import $name

    with $name.Client("$name.example.org") as site:
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import Answer

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client

__all__ = ["Answer", "AsyncClient", "Client"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
''',
    "src/postel/$name/types.py": '''\
"""What users of $NAME hold in their hands. Frozen, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said.

    Args:
        text: one line, without its end.
    """

    text: str
''',
    "src/postel/$name/wire.py": '''\
"""The grammar of $NAME, both directions: bytes in, answers out. No I/O.

Every answer is paired with the command that asked for it, in a queue.
"""

from __future__ import annotations

from collections import deque

from ..wire.base import Command, argument, refuse_leftover
from ..wire.lines import LineBuffer
from .types import Answer

__all__ = ["GREETING", "Wire", "command"]

GREETING = Command(b"", "the greeting")


def command(verb: str, text: str = "") -> Command:
    """A command line.

    Example:
        >>> str(command("LOOK", "here"))
        'LOOK here'
    """
    return Command(argument(f"{verb} {text}".rstrip(), verb))


class Wire:
    """The client's side."""

    def __init__(self) -> None:
        self._lines = LineBuffer()
        self._due: deque[Command] = deque([GREETING])

    def send(self, command: Command) -> bytes:
        """Note that *command* is due an answer; return the bytes to send."""
        self._due.append(command)
        return command.line + b"\\\\r\\\\n"

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the server."""
        self._lines.feed(data)

    def next_event(self) -> tuple[Command | None, Answer] | None:
        """The next answer and the command it is for, or None when more bytes are needed."""
        line = self._lines.line()
        if line is None:
            return None
        asked = self._due.popleft() if self._due else None
        return asked, Answer(line.decode("utf-8", "surrogateescape"))

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._lines.take(), "$NAME")
''',
    "src/postel/$name/client_async.py": '''\
# A conversation (its twin client_sync.py is generated): the $NAME client.
"""The $NAME client: connect, greet, ask, close."""

from __future__ import annotations

from ..session.policy import Mode, Ports
from ..session.session_async import AsyncSession
from ..wire.base import Command
from . import wire
from .types import Answer

__all__ = ["AsyncClient"]


class AsyncClient(AsyncSession[Command, Answer]):
    """A server reached by $NAME; its arguments are those of every client."""

    protocol = "$NAME"
    scheme = "$name"
    ports = Ports(clear=$port, tls=$port)

    def _new_wire(self) -> wire.Wire:
        return wire.Wire()

    async def _greet(self) -> None:
        self.greeting = (await self._event(wire.GREETING, Answer)).text

    async def _upgrade(self, mode: Mode) -> None:
        """There is none: TLS, if any, is from the first byte."""

    async def _log_in(self) -> None:
        """Nobody logs in."""

    async def ask(self, verb: str, text: str = "") -> Answer:
        """Send one command; return the server's answer."""
        async with self._operation(verb):
            return await self._event(self._queue(wire.command(verb, text)), Answer)

    async def _say_goodbye(self) -> None:
        await self.ask("QUIT")
''',
    "src/postel/$name/scheme.py": '''\
"""$NAME as an entry of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

SCHEMES = (
    Scheme("$name", "$name", $port, "never", ("ask",), "postel.$name",
           "one line for people"),
)
"""The URL scheme of $NAME."""
''',
    "src/postel/$name/NOTES.md": '''\
# $NAME: what is implemented, and where

| RFC | section | where |
|---|---|---|

| quirk of a server | what is done |
|---|---|
''',
    "tests/wire/test_${name}_wire.py": '''\
"""The grammar of $NAME: bytes in, answers out, whole and byte by byte."""

from __future__ import annotations

import pytest

from postel.errors import UsageError
from postel.$name import wire


@pytest.mark.parametrize("step", [1, 1000])
def test_answers_are_paired_with_their_commands(step: int) -> None:
    grammar = wire.Wire()
    asked = wire.command("LOOK", "here")
    assert grammar.send(asked) == b"LOOK here\\\\r\\\\n"
    data, found = b"hello\\\\r\\\\nnothing\\\\r\\\\n", []
    for start in range(0, len(data), step):
        grammar.feed(data[start : start + step])
        while (event := grammar.next_event()) is not None:
            found.append(event)
    assert [(one, answer.text) for one, answer in found] == [
        (wire.GREETING, "hello"), (asked, "nothing")]


def test_no_line_break_passes() -> None:
    with pytest.raises(UsageError):
        wire.command("LOOK", "a\\\\r\\\\nQUIT")
''',
}

AFTER = """
Now, by hand:
  1. make twins                      writes client_sync.py
  2. src/postel/schemes.py           import its SCHEMES, one line
  3. pyproject.toml                  take the brackets off ({name}) in the layers; add client_async
                                     to the list of conversations
  4. urls.py                         DEFAULT_PORTS, if the scheme is not there yet
  5. server.py and lab/services.py   the lab's server; tests/clients against it
  6. docs/{name}.md, CHANGELOG.md, README.md
"""


def write(name: str, port: int, root: Path) -> list[Path]:
    """Write the files of protocol *name* below *root*; return them."""
    words = {"name": name, "NAME": name.upper(), "port": str(port)}
    made = []
    for place, text in FILES.items():
        path = root / Template(place).substitute(words)
        if path.exists():
            raise SystemExit(f"{path}: it is there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words).replace("\\\\", "\\"), "utf-8")
        made.append(path)
    return made


def main(arguments: list[str]) -> int:
    """Write the files that the command line asks for."""
    if len(arguments) != 2 or not re.fullmatch(r"[a-z][a-z0-9]*", arguments[0]):
        print(__doc__)
        return 2
    for path in write(arguments[0], int(arguments[1]), ROOT):
        print(f"wrote {path.relative_to(ROOT)}")
    print(AFTER.format(name=arguments[0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
