"""Text in format=flowed, as paragraphs again (RFC 3676). Grammar: pure.

Each line is looked at once, and the pieces of a paragraph are joined once, so that a text of a
million soft line ends takes no longer than one of a million hard ones.
"""

from __future__ import annotations

__all__ = ["unflowed"]


def unflowed(text: str, *, delsp: bool = False) -> str:
    r"""*text* with its paragraphs on one line each; quoted ones keep their ``>``.

    Args:
        text: with line ends of LF.
        delsp: the parameter DelSp: the space before a soft line end is no part of the text.

    Example:
        >>> unflowed("> one \n> two\n three \nfour\n-- \nAnn\n")
        '> one two\nthree four\n-- \nAnn\n'
    """
    out: list[str] = []
    pieces: list[str] = []
    depth = 0
    lines = text.split("\n")
    for line in lines:
        body = line.lstrip(">")
        quotes = len(line) - len(body)
        body = body.removeprefix(" ")  # stuffed
        signature = body == "-- "
        if pieces and (quotes != depth or signature):
            out.append(_paragraph(depth, pieces))  # improper, but there is no reader without it
            pieces = []
        depth = quotes
        if body.endswith(" ") and not signature:
            pieces.append(body[:-1] if delsp else body)
            continue
        pieces.append(body)
        out.append(_paragraph(depth, pieces))
        pieces = []
    if pieces:
        out.append(_paragraph(depth, pieces))
    return "\n".join(out)


def _paragraph(depth: int, pieces: list[str]) -> str:
    text = "".join(pieces)
    return f"{'>' * depth} {text}" if depth and text else ">" * depth + text
