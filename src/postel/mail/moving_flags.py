"""Flags of IMAP in the words of all mailboxes, and back. Pure.

A keyword of IMAP is an atom (RFC 9051 section 9): a word of another mailbox that is none stays
there. A keyword that reads like one of the words itself (``seen`` without its backslash) is left
out, or it would come back as the flag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["FLAGS", "from_imap", "is_atom", "kept_by", "to_imap"]

FLAGS = frozenset({"seen", "answered", "flagged", "draft", "deleted", "forwarded", "old"})
"""The words of `postel.mailboxes` that are no keywords; a test holds them against each other."""

_WORDS = {"\\seen": "seen", "\\answered": "answered", "\\flagged": "flagged", "\\draft": "draft",
          "\\deleted": "deleted", "$forwarded": "forwarded"}
_MARKS = {"seen": "\\Seen", "answered": "\\Answered", "flagged": "\\Flagged", "draft": "\\Draft",
          "deleted": "\\Deleted", "forwarded": "$Forwarded"}
_ATOM = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]{1,100}\Z")


def is_atom(word: str) -> bool:
    """Whether a server can keep this keyword.

    Example:
        >>> is_atom("$Label1"), is_atom("To do"), is_atom("Größe")
        (True, False, False)
    """
    return _ATOM.match(word) is not None


def from_imap(flags: Iterable[str]) -> frozenset[str]:
    """Flags as a server tells them.

    Example:
        >>> sorted(from_imap(["\\\\Seen", "\\\\Recent", "$Forwarded", "todo", "seen"]))
        ['forwarded', 'seen', 'todo']
    """
    found = set()
    for flag in flags:
        word = _WORDS.get(flag.lower())
        if word is not None:
            found.add(word)
        elif not flag.startswith("\\") and flag not in FLAGS and is_atom(flag):
            found.add(flag)
    return frozenset(found)


def to_imap(words: Iterable[str]) -> tuple[str, ...]:
    """Flags as a server takes them.

    Example:
        >>> to_imap(["todo", "seen", "To do", "old"])
        ('\\\\Seen', 'todo')
    """
    return tuple(sorted({_MARKS.get(word, word) for word in words
                         if word in _MARKS or (word not in FLAGS and is_atom(word))}))


def kept_by(permanent: frozenset[str]) -> frozenset[str] | None:
    """The words that a folder with these PERMANENTFLAGS keeps; None: any, as far as they are atoms.

    Example:
        >>> print(kept_by(frozenset({"\\\\Seen", "\\\\*"})))
        None
        >>> sorted(kept_by(frozenset({"\\\\Seen", "$a"})) or ())
        ['$a', 'seen']
    """
    if not permanent or "\\*" in permanent:  # where nothing is told, all can be kept
        return None
    return from_imap(permanent)
