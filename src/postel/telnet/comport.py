"""RFC 2217: a serial port at the other end of a Telnet connection; its messages, both ways.

A grammar module. A command of the client's is answered by the server with the same number plus
100 and the value that holds now, whether it was done or not; a value of 0 asks and sets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ..errors import UsageError

__all__ = ["FROM_SERVER", "Control", "Request", "Word", "pack", "parse"]

FROM_SERVER = 100


class Word(IntEnum):
    """The commands of RFC 2217 section 3."""

    SIGNATURE = 0
    BAUD = 1
    DATASIZE = 2
    PARITY = 3
    STOPSIZE = 4
    CONTROL = 5
    LINESTATE = 6
    MODEMSTATE = 7
    SUSPEND = 8
    RESUME = 9
    LINESTATE_MASK = 10
    MODEMSTATE_MASK = 11
    PURGE = 12


class Control(IntEnum):
    """Values of SET-CONTROL."""

    FLOW_ASK = 0
    FLOW_NONE = 1
    FLOW_XON = 2
    FLOW_HARDWARE = 3
    BREAK_ASK = 4
    BREAK_ON = 5
    BREAK_OFF = 6
    DTR_ASK = 7
    DTR_ON = 8
    DTR_OFF = 9
    RTS_ASK = 10
    RTS_ON = 11
    RTS_OFF = 12


@dataclass(frozen=True, slots=True)
class Request:
    """One message of RFC 2217.

    Args:
        word: which command.
        value: its number.
        text: of SIGNATURE.
    """

    word: Word
    value: int = 0
    text: str = ""


def pack(request: Request, *, server: bool = False) -> bytes:
    """The bytes of a message, as the client or the server sends it.

    Example:
        >>> pack(Request(Word.BAUD, 115200))
        b'\\x01\\x00\\x01\\xc2\\x00'
    """
    code = bytes((request.word + (FROM_SERVER if server else 0),))
    if request.word is Word.SIGNATURE:
        return code + request.text.encode("utf-8", "surrogateescape")
    if request.word in (Word.SUSPEND, Word.RESUME):
        return code
    width = 4 if request.word is Word.BAUD else 1
    if not 0 <= request.value < 1 << 8 * width:
        raise UsageError(f"serial line: {request.word.name.lower()} {request.value}: no such value")
    return code + request.value.to_bytes(width, "big")


def parse(data: bytes, *, server: bool) -> Request | None:
    """The message in *data*, of the server or of the client; None where it is none.

    Example:
        >>> parse(b"\\x65\\x00\\x00\\x25\\x80", server=True)
        Request(word=<Word.BAUD: 1>, value=9600, text='')
    """
    if not data:
        return None
    try:
        word = Word(data[0] - (FROM_SERVER if server else 0))
    except ValueError:
        return None
    rest = data[1:]
    if word is Word.SIGNATURE:
        return Request(word, text=rest.decode("utf-8", "surrogateescape"))
    if word in (Word.SUSPEND, Word.RESUME):
        return Request(word)
    if len(rest) != (4 if word is Word.BAUD else 1):
        return None
    return Request(word, int.from_bytes(rest, "big"))
