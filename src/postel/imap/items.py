"""What to fetch of a message, by names that people say and by IMAP's own. Pure.

A name that a server cannot serve has another one there, or none: an e-mail's identity is EMAILID
with RFC 8474 and X-GM-MSGID at Gmail; a preview is simply not told by most.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .capabilities import Capabilities
from .types import Fetched

__all__ = ["USUAL", "Wanted", "wanted"]

USUAL = ("flags", "internal_date", "size", "envelope")

_PLAIN = {
    "uid": "UID", "flags": "FLAGS", "internal_date": "INTERNALDATE", "date": "INTERNALDATE",
    "size": "RFC822.SIZE", "envelope": "ENVELOPE", "structure": "BODYSTRUCTURE",
    "body": "BODY.PEEK[]", "header": "BODY.PEEK[HEADER]", "text": "BODY.PEEK[TEXT]",
    "RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]",
}
"""iCloud leaves RFC822 out of its answer without a word, so it is never asked for by that name."""

_OFFERED = {
    "modseq": (("CONDSTORE", "MODSEQ"), ("QRESYNC", "MODSEQ")),
    "email_id": (("OBJECTID", "EMAILID"), ("X-GM-EXT-1", "X-GM-MSGID")),
    "thread_id": (("OBJECTID", "THREADID"), ("X-GM-EXT-1", "X-GM-THRID")),
    "labels": (("X-GM-EXT-1", "X-GM-LABELS"),),
    "preview": (("PREVIEW", "PREVIEW"),),
    "save_date": (("SAVEDATE", "SAVEDATE"),),
}
_MACROS = {"ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
           "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
           "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY")}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, and how to tell that it has come.

    Args:
        items: for FETCH.
        names: of the items that have no section, but for UID.
        sections: how many have one.
    """

    items: tuple[str, ...]
    names: frozenset[str]
    sections: int

    def has_come(self, one: Fetched) -> bool:
        """Whether all of it is there; servers may tell of a message in several answers."""
        return one.uid != 0 and self.names.issubset(one.items) and (
            not self.sections
            or sum(name[-1:] in ("]", ">") for name in one.items) >= self.sections)


def wanted(names: Iterable[str], able: Capabilities) -> Wanted:
    """What FETCH has to ask for.

    Args:
        names: as ``"flags"``, or IMAP's own, as ``"BODY.PEEK[1]"``.
        able: what the server offers.

    Example:
        >>> wanted(["flags", "email_id", "header"], Capabilities(["OBJECTID"])).items
        ('UID', 'FLAGS', 'EMAILID', 'BODY.PEEK[HEADER]')
    """
    chosen = {"UID": None}
    for name in names:
        for item in _MACROS.get(name, (name,)):
            if item in _OFFERED:
                chosen.update((one, None) for offer, one in _OFFERED[item] if offer in able)
            else:
                chosen[_PLAIN.get(item, item)] = None
    items = tuple(chosen)
    plain = frozenset(one.upper().removesuffix(" (LAZY)") for one in items if "[" not in one)
    return Wanted(items, plain - {"UID"}, len(items) - len(plain))
