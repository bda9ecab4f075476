"""Header fields as bytes: the writer that folds them. Grammar: pure.

It folds only what this project wrote itself, word by word; fields that were read are never folded
anew, because rewriting an address is how it comes to mean another one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError

__all__ = ["LONGEST_LINE", "field"]

WIDTH = 78
"""Characters of a line, if it can be helped (RFC 5322 section 2.1.1)."""

LONGEST_LINE = 998
"""Bytes of a line, without its end."""


def field(name: str, words: Sequence[str]) -> bytes:
    r"""A field, folded before a word wherever a line would be longer than 78 characters.

    Args:
        name: of the field.
        words: its value: one space apart, none of them with a line end.

    Raises:
        UsageError: a word is longer than a line of mail can be, or holds a line end.

    Example:
        >>> field("To", ["Ann", "<ann@example.org>"])
        b'To: Ann <ann@example.org>\r\n'
    """
    whole = f"{name}: {' '.join(words)}"
    if "\r" in whole or "\n" in whole or "\0" in whole:
        raise UsageError(f"{name}: a word of it holds a line end")
    if len(whole) <= WIDTH:
        return whole.encode("utf-8") + b"\r\n"
    lines = []
    line = f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > WIDTH and line[-1] != ":":
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    lines.append(line)
    made = [one.encode("utf-8") for one in lines]
    if max(map(len, made)) > LONGEST_LINE:
        raise UsageError(f"{name}: a word of it is longer than {LONGEST_LINE} bytes",
                         hint="a line of mail cannot be longer")
    return b"\r\n".join(made) + b"\r\n"
