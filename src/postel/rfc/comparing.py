"""What changed between two RFCs, paragraph by paragraph. Grammar.

Line breaks, pages and the table of contents say nothing: paragraphs are compared as words, and
shown with a few around them and the section that they stand in.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from difflib import SequenceMatcher

from .types import RFC

__all__ = ["differences"]

_AROUND = 1
_WIDTH = 76
_MOST = 20_000


def differences(old: RFC, new: RFC) -> Iterator[str]:
    """Lines that tell what *new* says otherwise than *old*: ``-`` gone, ``+`` come.

    Example:
        >>> old = RFC(1, "Old", raw=b"1. Name\\n\\n   One word.\\n\\n   Stays.\\n")
        >>> new = RFC(2, "New", raw=b"1. Name\\n\\n   Two words.\\n\\n   Stays.\\n")
        >>> for line in differences(old, new): print(line)
        --- RFC 1 Old
        +++ RFC 2 New
        @@ 1. Name (RFC 1) @@
        - One word.
        @@ 1. Name @@
        + Two words.
          Stays.
    """
    left, right = _paragraphs(old), _paragraphs(new)
    yield f"--- {old.name} {old.title}"
    yield f"+++ {new.name} {new.title}"
    matcher = SequenceMatcher(None, [text for _, text in left], [text for _, text in right],
                              autojunk=False)
    section = ""
    for group in matcher.get_grouped_opcodes(_AROUND):
        for word, a, b, c, d in group:
            rows = [] if word == "equal" else [("- ", *row) for row in left[a:b]]
            rows += [("  " if word == "equal" else "+ ", *row) for row in right[c:d]]
            for sign, where, text in rows:
                mark = f"@@ {where} @@" if sign != "- " else f"@@ {where} ({old.name}) @@"
                if mark != section and where:
                    section = mark
                    yield mark
                yield from textwrap.wrap(
                    text, _WIDTH, initial_indent=sign, subsequent_indent=sign,
                    break_long_words=False, break_on_hyphens=False)


def _paragraphs(rfc: RFC) -> list[tuple[str, str]]:
    """Section and words of each paragraph; tables of contents left out."""
    found: list[tuple[str, str]] = []
    sections = rfc.sections
    for name, own in ([(one.name, one.own) for one in sections
                       if one.title.lower() != "table of contents"] or [("", rfc.text)]):
        body = own.partition("\n")[2] if sections else own
        found += [(name, " ".join(part.split())) for part in body.split("\n\n") if part.strip()]
    return found[:_MOST]

