"""The fields that an mbox or MMDF file keeps for itself at the top of a message. Pure.

Mail programs note flags in ``Status``, ``X-Status`` and ``X-Keywords``, and some kinds of mbox
note the length of the body in ``Content-Length``. A message may bring fields of the same name, as
its own, and they are signed or not, right or wrong. So Postel writes the mailbox's fields before
the first field of the message, in the order of `NAMES`, each at most once; and what stands there
in that order is the mailbox's, never the message's. Should the message itself begin with one of
these names, the last of them is written too, perhaps empty: nothing can follow it in that order.
So every message comes back byte for byte, and every other program finds the flags where it looks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

__all__ = ["NAMES", "body_at", "field_of", "flags_of", "leading", "write_leading"]

NAMES = (b"Content-Length", b"Status", b"X-Status", b"X-Keywords")
LONGEST_HEAD = 1 << 16  # bytes of a header that are looked at
_LEADING = [re.compile(rb"(?i)" + name + rb":[ \t]*([^\r\n]*)\r?\n(?![ \t])") for name in NAMES]
_OURS = re.compile(rb"(?i)(?:" + b"|".join(NAMES) + rb"):")
_EMPTY = re.compile(rb"\n\r?\n")
_STATUS = {"R": "seen", "O": "old"}
_X_STATUS = {"A": "answered", "F": "flagged", "T": "draft", "D": "deleted"}
_SAFE = "!#$&'()*+-./:;<=>?@[\\]^_`{|}~"


def leading(head: bytes, begin: int) -> tuple[int, dict[bytes, bytes]]:
    """The mailbox's fields that stand at *begin*, and where the message begins after them.

    Example:
        >>> leading(b"Status: RO\\nX-Keywords: \\nStatus: mine\\n\\n", 0)
        (24, {b'Status': b'RO', b'X-Keywords': b''})
    """
    found: dict[bytes, bytes] = {}
    if not _OURS.match(head, begin):
        return begin, found
    for name, pattern in zip(NAMES, _LEADING, strict=True):
        if match := pattern.match(head, begin):
            found[name] = match[1].strip()
            begin = match.end()
    return begin, found


def write_leading(message: bytes, flags: frozenset[str], length: int | None) -> bytes:
    """The mailbox's fields for *message*.

    Args:
        message: whose first field decides whether an end mark is needed.
        flags: see `postel.mailboxes.face`.
        length: for ``Content-Length``; None leaves it out.

    Example:
        >>> write_leading(b"To: a\\n\\n", frozenset({"seen", "flagged", "To do"}), 5)
        b'Content-Length: 5\\nStatus: R\\nX-Status: F\\nX-Keywords: To%20do\\n'
    """
    start = b"" if length is None else b"Content-Length: %d\n" % length
    return start + _flag_lines(flags, _OURS.match(message) is not None)


@lru_cache(maxsize=256)
def _flag_lines(flags: frozenset[str], marked: bool) -> bytes:
    """The fields of flags; the last of them also if it is empty where *marked*."""
    lines = []
    for name, letters in ((b"Status", _STATUS), (b"X-Status", _X_STATUS)):
        text = "".join(letter for letter, flag in letters.items() if flag in flags)
        if text:
            lines.append(name + b": " + text.encode() + b"\n")
    words = sorted(flags - set(_STATUS.values()) - set(_X_STATUS.values()))
    if words or marked:
        lines.append(b"X-Keywords: " + " ".join(quote(w, safe=_SAFE) for w in words).encode()
                     + b"\n")
    return b"".join(lines)


def flags_of(fields: Mapping[bytes, bytes]) -> frozenset[str]:
    """The flags that the mailbox's fields mean.

    Example:
        >>> sorted(flags_of({b"Status": b"RO", b"X-Status": b"A", b"X-Keywords": b"To%20do"}))
        ['To do', 'answered', 'old', 'seen']
    """
    found: set[str] = set()
    for name, letters in ((b"Status", _STATUS), (b"X-Status", _X_STATUS)):
        text = fields.get(name, b"").decode("latin-1").upper()
        found.update(flag for letter, flag in letters.items() if letter in text)
    for word in fields.get(b"X-Keywords", b"").split()[:1_000]:
        found.add(unquote_to_bytes(word).decode("utf-8", "replace"))
    return frozenset(found)


def field_of(head: bytes, name: bytes, begin: int = 0) -> bytes | None:
    """What the first field called *name* says, on one line; None if there is none.

    Args:
        head: the header, perhaps with more behind it.
        name: as in `NAMES`; upper and lower case are the same.
        begin: where the header begins.

    Example:
        >>> field_of(b"To: a\\nStatus: RO\\n\\nStatus: no\\n", b"status")
        b'RO'
    """
    end = _EMPTY.search(head, begin)
    pattern = re.compile(rb"(?im)^" + re.escape(name) + rb":[ \t]*((?:[^\n]|\n(?=[ \t]))*)")
    match = pattern.search(head, begin, end.start() + 1 if end else len(head))
    return b" ".join(match[1].split()) if match else None


def body_at(head: bytes, begin: int) -> int:
    """Where the body begins; -1 where the header has no end in *head*.

    Example:
        >>> body_at(b"To: a\\r\\n\\r\\nbody", 0), body_at(b"To: a\\n", 0), body_at(b"\\nbody", 0)
        (9, -1, 1)
    """
    if head.startswith((b"\n", b"\r\n"), begin):
        return head.index(b"\n", begin) + 1
    match = _EMPTY.search(head, begin)
    return match.end() if match else -1
