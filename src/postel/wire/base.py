"""What every grammar object looks like to the session that drives it.

A grammar (`Wire`) pairs every reply with the command that asked for it, in a queue (IMAP will use
a dict by tag). Pipelining, abandoned loops, cancelled waits and unsolicited replies all follow
from that one decision. The same file serves the client and the lab's server.

A `Command` is one line to send. Its `shown` text is what errors and traces print: where the line
holds a secret, `shown` has ``***`` in its place. Commands are compared by identity, so the same
NOOP may wait for its answer three times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..errors import ProtocolError, UsageError

__all__ = ["Command", "Wire", "argument", "refuse_leftover"]

C = TypeVar("C")
E_co = TypeVar("E_co", covariant=True)

_FORBIDDEN = {"\r": "a carriage return", "\n": "a line feed", "\0": "a NUL"}


@dataclass(frozen=True, eq=False, repr=False)
class Command:
    """One command line without its line end.

    Args:
        line: the bytes to send.
        shown: what may be printed of it; "" means the line itself.
        has_body: whether a positive reply is followed by a multi-line body.
    """

    line: bytes
    shown: str = ""
    has_body: bool = False

    def __str__(self) -> str:
        return self.shown or self.line.decode("utf-8", "backslashreplace")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"  # the line may hold a password


class Wire(Protocol[C, E_co]):
    """The entire contract between a grammar and a session."""

    def send(self, command: C) -> bytes:
        """Note that *command* is due an answer; return the bytes to send."""

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the peer."""

    def next_event(self) -> tuple[C | None, E_co] | None:
        """The next event and the command it answers, or None when more bytes are needed."""

    def end_of_clear_text(self) -> None:
        """TLS starts now: raise `ProtocolError` if anything is already buffered."""


def argument(text: str, what: str, *, encoding: str = "utf-8") -> bytes:
    """Encode one command argument; the choke point that no line break passes (DESIGN section 6).

    Args:
        text: what the caller gave.
        what: how the error calls it ("path", "user name").
        encoding: of the wire; undecodable bytes round-trip as surrogates.

    Raises:
        UsageError: it holds CR, LF or NUL, or cannot be encoded.

    Example:
        >>> argument("readme.txt", "path")
        b'readme.txt'
        >>> argument("a\\r\\nDELE b", "path")
        Traceback (most recent call last):
        ...
        postel.errors.UsageError: path: it holds a carriage return, which would end the command
    """
    for character, meaning in _FORBIDDEN.items():
        if character in text:
            raise UsageError(
                f"{what}: it holds {meaning}, which would end the command",
                hint="nothing was sent; remove the line break from the name",
            )
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{what}: {text[error.start]!r} cannot be written in {encoding}",
            hint="choose another encoding",
        ) from None


def refuse_leftover(data: bytes, protocol: str) -> None:
    """Raise if clear-text bytes came before TLS: someone in the middle put them there.

    Response injection (the "NO STARTTLS" family, 2021): bytes that an attacker appends to the
    clear-text answer must not be read as if they had come through TLS.

    Raises:
        ProtocolError: there was anything.
    """
    if data:
        raise ProtocolError(
            f"{protocol}: {len(data)} bytes came in the clear after TLS was agreed",
            hint="someone between you and the server may be injecting answers; do not log in",
        )
