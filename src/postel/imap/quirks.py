"""What servers cannot stand, by how they introduce themselves. Pure.

Each entry has its source in NOTES.md. Nothing here is guessed from a host's name: hosts move.
"""

from __future__ import annotations

from collections.abc import Iterator

from .capabilities import Capabilities
from .sequence import NumberSet

__all__ = ["longest_set", "pieces"]

_LONGEST = (
    ("courier", 16_000), ("gimap", 16_000), ("dovecot", 64_000), ("yahoo", 1_000),
    ("ymail", 1_000), ("uw imap", 1_000), ("panda imap", 1_000),
)


def longest_set(greeting: str, capabilities: Capabilities) -> int:
    """Bytes of a set of messages that the server takes in one command (MailKit's findings).

    Example:
        >>> longest_set("Dovecot ready.", Capabilities()), longest_set("", Capabilities())
        (64000, 8000)
    """
    if "X-GM-EXT-1" in capabilities:
        return 16_000
    if "XYMHIGHESTMODSEQ" in capabilities:
        return 1_000
    said = greeting.lower()
    return next((size for name, size in _LONGEST if name in said), 8_000)


def pieces(uids: NumberSet, greeting: str, capabilities: Capabilities) -> Iterator[str]:
    """A set in parts that the server takes: in bytes, and in messages where it says how many.

    Example:
        >>> list(pieces(NumberSet([(1, 5)]), "", Capabilities(["MESSAGELIMIT=2"])))
        ['1:2', '3:4', '5']
    """
    longest = longest_set(greeting, capabilities)
    most = capabilities.number("MESSAGELIMIT")  # RFC 9738
    if not most or len(uids) <= most:
        yield from uids.pieces(longest)
        return
    part = list[int]()
    for uid in uids:
        part.append(uid)
        if len(part) == most:
            yield from NumberSet(part).pieces(longest)
            part = []
    if part:
        yield from NumberSet(part).pieces(longest)
