"""Text from a peer, made safe to print: no terminal obeys it and no eye is fooled by it.

A file name, a greeting or a reply may hold bytes that move the cursor, change the window's title
or colours, or answer back as if typed (ECMA-48 control functions), and Unicode controls that turn
the reading order round or cannot be seen. `display` shows each of them as a visible escape. It
escapes and never strips, so that what looks different is different.

A grammar module: text in, text out.
"""

from __future__ import annotations

import re

__all__ = ["display"]

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: ESC and CSI open every terminal sequence
    "\u00ad\u200b\u2060\ufeff"  # take no room: two names that look the same
    "\u061c\u200e\u200f"  # marks that set a direction (Unicode annex 9)
    "\u2028-\u202e"  # line and paragraph separators, embeddings and overrides
    "\u2066-\u206f"  # isolates, and the deprecated format controls
    "\ufff9-\ufffb"  # interlinear annotations
    "\ud800-\udfff"  # lone surrogates: bytes that were no text
    "\U000e0000-\U000e007f"  # tags: a hidden copy of ASCII
    "]"
)
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def display(text: str) -> str:
    """Return *text* on one line, with everything a terminal or an eye would trip over escaped.

    Control characters appear as ``\\xNN``, line ends and tabs as ``\\n``, ``\\r`` and ``\\t``,
    invisible and direction-changing characters as ``\\uNNNN``, and bytes that were not valid
    text (surrogate escapes, as in the names of listings) as the ``\\xNN`` they were. The result
    is for reading: a backslash stays a backslash, so it cannot be turned back.

    Args:
        text: anything a peer sent, decoded.

    Example:
        >>> print(display("evil\\x1b[2Jname\\r\\n"))
        evil\\x1b[2Jname\\r\\n
    """
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape (PEP 383) keeps the byte in the low eight bits
        code -= 0xDC00
    if code < 0x100:
        return _NAMED.get(char, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
