"""The grammar of IMAP's commands, as far as sending goes: text, literal, text, literal, text.

A literal is a string that may hold anything; its length goes before it (RFC 9051 section 4.3). One
in memory is bytes; one that is still on a disk, or somewhere else, is `Coming`: its sender says how
long it is and brings the bytes when the wire asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UsageError
from ..secrets import HIDDEN
from ..wire import base
from . import tokens

__all__ = ["GREETING", "Coming", "Command", "command", "login", "string"]


@dataclass(frozen=True, slots=True)
class Coming:
    """A literal whose bytes the sender brings when its turn has come.

    Args:
        size: in bytes, exactly.
        binary: whether it may hold NULs: a literal8 (RFC 3516, RFC 6855).
    """

    size: int
    binary: bool = False

    def __len__(self) -> int:
        return self.size


@dataclass(frozen=True, eq=False, repr=False)
class Command(base.Command):
    """One command: `line` is its text up to the first literal, without the tag.

    Args:
        pieces: all of it: text, literal, text, literal, text, …
        takes: names of untagged data that answer it, as ``"FETCH"``.
        waits: the server's ``+`` is due without a literal, too: AUTHENTICATE, IDLE.
    """

    pieces: tuple[bytes | Coming, ...] = ()
    takes: frozenset[str] = frozenset()
    waits: bool = False


GREETING = Command(b"", shown="the greeting")


def command(*words: bytes | tuple[bytes | Coming], shown: str = "", takes: Iterable[str] = (),
            has_body: bool = False) -> Command:
    """A command from its words; a literal is a tuple of one.

    Raises:
        UsageError: a word that is no literal would end the command.

    Example:
        >>> command(b"APPEND", b"INBOX", (b"Subject: hi\\r\\n\\r\\n",)).pieces
        (b'APPEND INBOX ', b'Subject: hi\\r\\n\\r\\n', b'')
    """
    pieces, text = list[bytes | Coming](), b""
    for word in words:
        if isinstance(word, tuple):
            pieces += [text + b" " if text or pieces else b"", word[0]]
            text = b""
            continue
        if any(mark in word for mark in (b"\r", b"\n", b"\0")):
            raise UsageError("an argument holds a line break or a NUL, which would end the command",
                             hint="nothing was sent; remove it")
        text = text + b" " + word if text or pieces else word
    pieces.append(text)
    first = pieces[0] if isinstance(pieces[0], bytes) else b""
    return Command(first.rstrip(), shown=shown, has_body=has_body, pieces=tuple(pieces),
                   takes=frozenset(takes))


def login(user: bytes, password: bytes) -> Command:
    """LOGIN, where SASL is not offered; what is not ASCII goes as a literal.

    Example:
        >>> login(b"ann", b"secret")
        Command('LOGIN "ann" ***')
    """
    words = [string(user), string(password)]
    name = user.decode("utf-8", "backslashreplace")
    return Command(b"LOGIN", shown=f'LOGIN "{name}" {HIDDEN}',
                   pieces=command(b"LOGIN", *words).pieces)


def string(text: bytes) -> bytes | tuple[bytes]:
    """*text* as a word of a command: quoted if that can carry it, else a literal."""
    return tokens.quoted(text) or (text,)
