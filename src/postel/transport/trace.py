"""The dialogue of a connection, redacted, in a form that people read and tests replay.

One record a line: who spoke, and the bytes with everything unprintable escaped.

    * connected to 127.0.0.1 port 110
    S: +OK ready\\r\\n
    C: USER alice\\r\\n
    C: PASS ***\\r\\n

Commands are recorded by their `shown` text, so a secret is never in a trace; what the server sends
is recorded as it came. A client always keeps the last few records in memory (`Trace.text`); asked
for by ``trace=``, all of them go to a file as they happen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

__all__ = ["Record", "Trace", "parse", "trace_for"]

KEPT = 200
"""Records that a client remembers without being asked."""

LONGEST = 2_048
"""Bytes of one remembered record; the rest is counted. A file gets them whole."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing said: ``"C"`` by the client, ``"S"`` by the server, ``"*"`` about the connection.

    Example:
        >>> print(Record("S", b"+OK\\r\\n"))
        S: +OK\\r\\n
    """

    who: str
    data: bytes
    left_out: int = 0

    def __str__(self) -> str:
        more = f" ({self.left_out} more bytes)" if self.left_out else ""
        sign = "* " if self.who == "*" else f"{self.who}: "
        return f"{sign}{escape(self.data)}{more}"


def escape(data: bytes) -> str:
    """Printable ASCII as it is, everything else as a backslash escape."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def unescape(text: str) -> bytes:
    """The bytes that `escape` wrote."""
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


class Trace:
    """Records what is said on one connection.

    Args:
        file: an open text file, or the path of one, that each record is also appended to, whole.

    Example:
        >>> trace = Trace()
        >>> trace.client("PASS ***")
        >>> trace.server(b"+OK\\r\\n")
        >>> print(trace.text)
        C: PASS ***\\r\\n
        S: +OK\\r\\n
    """

    def __init__(self, file: TextIO | Path | None = None) -> None:
        self._file = file
        self._last: deque[tuple[str, bytes, int]] = deque(maxlen=KEPT)

    def client(self, shown: str) -> None:
        """A command was sent; *shown* has no secret in it."""
        self._add("C", f"{shown}\r\n".encode("utf-8", "surrogateescape"))

    def server(self, data: bytes) -> None:
        """The server sent *data*."""
        self._add("S", data)

    def note(self, text: str) -> None:
        """Something happened to the connection."""
        self._add("*", text.encode("utf-8", "surrogateescape"))

    @property
    def records(self) -> tuple[Record, ...]:
        """The last records."""
        return tuple(Record(who, data, size - len(data)) for who, data, size in self._last)

    @property
    def text(self) -> str:
        """The last records as text, one a line."""
        return "\n".join(map(str, self.records))

    def _add(self, who: str, data: bytes) -> None:
        if isinstance(self._file, Path):
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{Record(who, data)}\n")
        elif self._file is not None:
            self._file.write(f"{Record(who, data)}\n")
            self._file.flush()
        self._last.append((who, data[:LONGEST], len(data)))


def parse(text: str) -> list[Record]:
    """The records of a trace file, for replaying it as a server.

    Raises:
        ValueError: a line is none of a trace.

    Example:
        >>> parse("S: +OK\\\\r\\\\n")
        [Record(who='S', data=b'+OK\\r\\n', left_out=0)]
    """
    records = []
    for line in text.splitlines():
        if not line.strip():
            continue
        who, _, rest = (line[:1], "", line[2:]) if line[:2] == "* " else line.partition(": ")
        if who not in ("C", "S", "*"):
            raise ValueError(f"no record of a trace: {line[:60]!r}")
        records.append(Record(who, unescape(rest)))
    return records


def trace_for(wanted: Trace | TextIO | str | Path | None) -> Trace:
    """The trace that ``trace=`` asks for: a `Trace`, an open text file, or a path to append to."""
    if isinstance(wanted, Trace):
        return wanted
    if isinstance(wanted, str | Path):
        return Trace(Path(wanted))
    return Trace(wanted)
