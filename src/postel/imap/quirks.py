"""What servers cannot stand, by how they introduce themselves. Pure.

Each entry has its source in NOTES.md. Nothing here is guessed from a host's name: hosts move.
"""

from __future__ import annotations

from .capabilities import Capabilities

__all__ = ["longest_set"]

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
