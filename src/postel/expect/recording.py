"""Transcripts: what was said and heard, as lines of JSON, without secrets; and how they are read.

The first line tells what it is; each other one has the seconds since the beginning, who spoke
("peer" or "us"), and the bytes as text (what is no UTF-8 as in surrogateescape). Of a secret that
was sent, and of its echo, ``***`` is kept.

Written as it happens; read as a whole. Disk code, and so small that both sides call it directly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ..errors import UsageError
from ..secrets import HIDDEN

__all__ = ["Recorder", "Turn", "read_transcript"]

_HEAD = {"postel": "transcript", "version": 1}
_LONGEST = 1 << 26
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said.

    Args:
        seconds: since the beginning.
        ours: whether we said it.
        data: what.
    """

    seconds: float
    ours: bool
    data: bytes


class Recorder:
    """Writes a transcript.

    Args:
        file: a path, or a text file that is open.
        clock: seconds.
        title: what is recorded.

    Example:
        >>> import io
        >>> file = io.StringIO(); recorder = Recorder(file, lambda: 0.0)
        >>> recorder.hide("hunter2"); recorder.sent(b"hunter2\\n"); recorder.close()
        >>> "hunter2" in file.getvalue()
        False
    """

    def __init__(self, file: str | Path | TextIO, clock: Callable[[], float],
                 title: str = "") -> None:
        self._own = isinstance(file, (str, Path))
        self._file: Any = file
        if isinstance(file, (str, Path)):
            self._file = Path(file).open("w", encoding="ascii")  # noqa: SIM115 - until close
        self._clock, self._began = clock, clock()
        self._secrets: list[bytes] = []
        self._held = bytearray()
        self._write({**_HEAD, "title": title})

    def hide(self, secret: str) -> None:
        """Keep nothing of *secret* from now on."""
        if secret:
            self._secrets.append(secret.encode("utf-8", "surrogateescape"))
            self._secrets.sort(key=len, reverse=True)

    def sent(self, data: bytes) -> None:
        """We said *data*."""
        self._flush()
        self._turn("us", data)

    def received(self, data: bytes) -> None:
        """The peer said *data*; pieces of one turn are put together, so that no secret is cut."""
        self._held += data
        if len(self._held) > _PIECE:
            keep = max((len(secret) for secret in self._secrets), default=1) - 1
            whole = self._redacted(bytes(self._held))
            cut = len(whole) - keep
            self._held = bytearray(whole[cut:])
            self._turn("peer", whole[:cut])

    def close(self) -> None:
        """Nothing more will come."""
        self._flush()
        if self._own:
            self._file.close()
        else:
            self._file.flush()

    def _flush(self) -> None:
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            self._turn("peer", held)

    def _turn(self, who: str, data: bytes) -> None:
        text = self._redacted(data).decode("utf-8", "surrogateescape")
        self._write({"t": round(self._clock() - self._began, 3), "from": who, "data": text})

    def _redacted(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, HIDDEN.encode())
        return data

    def _write(self, record: dict[str, object]) -> None:
        self._file.write(json.dumps(record) + "\n")


def read_transcript(path: str | Path) -> list[Turn]:
    """The turns of a transcript.

    Raises:
        UsageError: it is none.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LONGEST:
            raise UsageError(f"{path}: too large for a transcript")
        with path.open(encoding="ascii") as file:
            return list(_turns(path, file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"read {path}: {error}", hint="a transcript is written by record=") \
            from error


def _turns(path: Path, lines: TextIO) -> Iterator[Turn]:
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            if number == 1:
                if record.get("postel") != "transcript":
                    raise ValueError("it does not begin as one")
                continue
            yield Turn(float(record["t"]), record["from"] == "us",
                       record["data"].encode("utf-8", "surrogateescape"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"{path} line {number}: no transcript: {error}") from None
