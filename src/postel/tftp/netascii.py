"""netascii: text on its way (RFC 764's line ends, as RFC 1350 section 1 asks for them).

On the way a line ends in CR LF, and a lone CR is CR NUL. Here a line ends in LF. Both ways work
chunk by chunk, wherever a chunk is cut. A grammar module.
"""

from __future__ import annotations

__all__ = ["Decoder", "encode"]


def encode(data: bytes) -> bytes:
    """Lines of this machine as they travel; each byte stands for itself, so cuts do not matter.

    Example:
        >>> encode(b"one\\ntwo\\r")
        b'one\\r\\ntwo\\r\\x00'
    """
    return data.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")


class Decoder:
    """Lines as they travelled, as lines of this machine.

    Example:
        >>> decoder = Decoder()
        >>> decoder.feed(b"one\\r"), decoder.feed(b"\\ntwo\\r\\x00"), decoder.end()
        (b'one', b'\\ntwo\\r', b'')
    """

    def __init__(self) -> None:
        self._held = False

    def feed(self, data: bytes) -> bytes:
        """What *data* adds; a CR at its end is kept until the next byte tells what it was."""
        if not data:
            return b""
        if self._held:
            data = b"\r" + data
        self._held = data.endswith(b"\r")
        if self._held:
            data = data[:-1]
        # what one pass makes is nothing that the other takes: CR NUL LF is a CR, then a line end
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\r")

    def end(self) -> bytes:
        """What is left: a CR that nothing followed."""
        held, self._held = self._held, False
        return b"\r" if held else b""
