"""The IMAP server's bad habits, as real servers have them: each changes bytes that were right.

Service code. `postel.imap.server_options.QUIRKS` tells whose habit each is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server_session import Session

__all__ = ["fetched", "searched"]

_FILENAME = re.compile(rb'(\("(?:FILE)?NAME" ")([^"]{20})[^"]*"')
_ENCODING = re.compile(rb'"(?:7BIT|8BIT|BASE64|QUOTED-PRINTABLE|BINARY)" (?=\d)')
_SIZE = re.compile(rb'(?<=") \d+(?= \d|[ )])')
_MAILBOX = re.compile(rb'\(("[^"]*") NIL ("[^"]*") ("[^"]*")\)')
_LITERAL = re.compile(rb"\{(\d+)\}\r\n")
_MESSAGE_ID = re.compile(rb' (?:"<[^"]*>"|NIL)\)(?= |\Z)')
_BODY = re.compile(rb"(BODY(?:STRUCTURE)? \()")


def fetched(session: Session, number: int, items: bytes) -> bytes:
    """A FETCH response, with what its server gets wrong."""
    quirks = session.options.quirks
    if quirks:
        if "ENVELOPE (" in items[:2000].decode("latin-1"):
            items = _enveloped(quirks, items)
        if _BODY.search(items):
            items = _structured(quirks, items)
        if "miscounted literals" in quirks and (found := _LITERAL.search(items)):
            size = max(0, int(found[1]) - 2)
            items = items[: found.start()] + b"{%d}\r\n" % size + items[found.end() :]
    end = b"))" if "stray parenthesis" in quirks else b")"
    return b"%d FETCH (%b%b" % (number, items, end)


def _enveloped(quirks: set[str], items: bytes) -> bytes:
    start = items.index(b"ENVELOPE (")
    head, rest = items[:start], items[start:]
    if "swapped envelope" in quirks:
        rest = _MAILBOX.sub(rb"(\2 NIL \1 \3)", rest)
    if "no message-id" in quirks:
        rest = _MESSAGE_ID.sub(b")", rest, count=1)
    return head + rest


def _structured(quirks: set[str], items: bytes) -> bytes:
    if "short filenames" in quirks:
        items = _FILENAME.sub(rb'\1\2"', items)
    if "nil encoding" in quirks:
        items = _ENCODING.sub(b"NIL ", items)
    if "negative sizes" in quirks:
        items = _SIZE.sub(b" -1", items, count=1)
    if "empty alternative" in quirks:
        items = re.sub(rb'(BODYSTRUCTURE )\(\(.*"ALTERNATIVE"', rb'\1("ALTERNATIVE"', items,
                       flags=re.DOTALL)
    if "extra string" in quirks:
        items = re.sub(rb"(BODYSTRUCTURE \(.*)\)", rb'\1 "description")', items, flags=re.DOTALL)
    if "swapped language" in quirks:
        items = re.sub(rb'(\("(?:ATTACHMENT|INLINE)" (?:NIL|\([^()]*\))\)) NIL', rb"NIL \1", items)
    return items


def searched(session: Session, answer: bytes, quirk: str = "search space") -> bytes:
    """An answer of numbers, with a space behind it where its server has one."""
    return answer + b" " if session.does(quirk) else answer
