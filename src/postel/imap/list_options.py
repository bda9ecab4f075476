"""The grammar of LIST and STATUS: selection, patterns, what to return (RFC 5258, 5819). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .commands import Arguments, BadCommand

__all__ = ["Listing", "matches", "read_listing", "read_status_items"]

_MOST_PATTERNS = 100
_STATUS = {"MESSAGES": "", "UIDNEXT": "", "UIDVALIDITY": "", "UNSEEN": "", "RECENT": "IMAP4rev1",
           "SIZE": "STATUS=SIZE", "DELETED": "IMAP4rev2", "HIGHESTMODSEQ": "CONDSTORE",
           "MAILBOXID": "OBJECTID", "APPENDLIMIT": "APPENDLIMIT", "DELETED-STORAGE": "QUOTA"}
_SELECT = {"SUBSCRIBED": "LIST-EXTENDED", "REMOTE": "LIST-EXTENDED",
           "RECURSIVEMATCH": "LIST-EXTENDED", "SPECIAL-USE": "SPECIAL-USE"}
_RETURN = {"SUBSCRIBED": "LIST-EXTENDED", "CHILDREN": "LIST-EXTENDED", "SPECIAL-USE": "SPECIAL-USE",
           "MYRIGHTS": "LIST-MYRIGHTS"}
_REV2 = frozenset({"LIST-EXTENDED", "SPECIAL-USE", "LIST-STATUS", "STATUS=SIZE"})

Can = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Listing:
    """What LIST is to tell.

    Args:
        reference: what the patterns begin with.
        patterns: with ``*`` and ``%``.
        select: SUBSCRIBED, SPECIAL-USE …: only such folders.
        returns: CHILDREN, SUBSCRIBED …: what is told of each.
        status: the items of RETURN (STATUS …).
        metadata: the entries of RETURN (METADATA …).
    """

    reference: str
    patterns: tuple[str, ...]
    select: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    status: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()


def read_listing(words: Arguments, can: Can) -> Listing:
    """The arguments of LIST.

    Args:
        words: they.
        can: whether a capability is on.

    Raises:
        BadCommand: they are not in the grammar.

    Example:
        >>> from .wire_server import Request
        >>> made = read_listing(Arguments(Request("a", "LIST", (b'"" (INBOX Sent/%)',))),
        ...                     lambda name: True)
        >>> made.patterns
        ('INBOX', 'Sent/%')
    """
    select = frozenset[str]()
    extended = can("LIST-EXTENDED") or can("IMAP4rev2") or can("SPECIAL-USE")
    if extended and words.next == b"(":
        select = _select(words, can)
        words.space()
    reference = "" if words.take(b'""') else words.mailbox()
    words.space()
    if (can("LIST-EXTENDED") or can("IMAP4rev2")) and words.next == b"(":
        patterns = _patterns(words)
    else:
        patterns = (words.pattern(),)
    returns, status, metadata = set[str](), tuple[str, ...](), tuple[str, ...]()
    if (extended or can("LIST-STATUS")) and not words.at_end:
        words.expect(b" RETURN (")
        returns, status, metadata = _returns(words, can)
    words.end()
    return Listing(reference, patterns, select, frozenset(returns), status, metadata)


def matches(pattern: str, name: str, sign: str) -> bool:
    """Whether a pattern of LIST means a name; in time of one times the other, whatever they are.

    Args:
        pattern: where ``*`` is anything, and ``%`` anything without *sign*.
        name: of a folder.
        sign: between the levels of names.

    Example:
        >>> [matches("W%/*", name, "/") for name in ("Work/May/1", "Work", "W/May")]
        [True, False, True]
    """
    reached = _skipped({0}, pattern)
    for letter in name:
        now = set[int]()
        for at in reached:
            if at < len(pattern):
                one = pattern[at]
                if one == "*" or (one == "%" and letter != sign):
                    now.add(at)
                elif one == letter:
                    now.add(at + 1)
        reached = _skipped(now, pattern)
        if not reached:
            return False
    return len(pattern) in reached


def _skipped(places: set[int], pattern: str) -> set[int]:
    """The places, and those behind wildcards that stand for nothing."""
    for at in sorted(places):
        while at < len(pattern) and pattern[at] in "*%":
            at += 1
            places.add(at)
    return places


def _offered(can: Can, capability: str) -> bool:
    return can(capability) or (capability in _REV2 and can("IMAP4rev2"))


def _select(words: Arguments, can: Can) -> frozenset[str]:
    found = frozenset(words.atoms("what to select"))
    for name in found:
        if name not in _SELECT or not _offered(can, _SELECT[name]):
            raise BadCommand(f"LIST: {name} is not understood")
    if "RECURSIVEMATCH" in found and not found & {"SUBSCRIBED", "SPECIAL-USE"}:
        raise BadCommand("LIST: RECURSIVEMATCH of what? (RFC 5258 section 3.1)")
    return found


def _patterns(words: Arguments) -> tuple[str, ...]:
    words.expect(b"(")
    found = [words.pattern()]
    while not words.take(b")"):
        words.space()
        found.append(words.pattern())
        if len(found) > _MOST_PATTERNS:
            raise BadCommand(f"LIST: over {_MOST_PATTERNS} patterns")
    return tuple(found)


def _returns(
    words: Arguments, can: Can
) -> tuple[set[str], tuple[str, ...], tuple[str, ...]]:
    names, status, metadata = set[str](), tuple[str, ...](), tuple[str, ...]()
    first = True
    while not words.take(b")"):
        if not first:
            words.space()
        first = False
        name = words.atom("what to return")
        if name == "STATUS" and _offered(can, "LIST-STATUS"):
            words.space()
            status = read_status_items(words, can)
        elif name == "METADATA" and can("LIST-METADATA"):
            words.space()
            metadata = _entries(words)
        elif name in _RETURN and _offered(can, _RETURN[name]):
            names.add(name)
        else:
            raise BadCommand(f"LIST: RETURN {name} is not understood")
        names.add(name)
    return names, status, metadata


def _entries(words: Arguments) -> tuple[str, ...]:
    words.expect(b"(")
    found = [words.text("an annotation").lower()]
    while not words.take(b")"):
        words.space()
        found.append(words.text("an annotation").lower())
    return tuple(found[:_MOST_PATTERNS])


def read_status_items(words: Arguments, can: Can) -> tuple[str, ...]:
    """What STATUS is to tell, in parentheses.

    Raises:
        BadCommand: an item that is not known, or not offered.
    """
    found = words.atoms("what to tell")
    for name in found:
        capability = _STATUS.get(name)
        known = capability is not None and (
            not capability or _offered(can, capability)
            or (name == "DELETED" and can("QUOTA")))  # RFC 9208 section 4.1.4
        if not known:
            raise BadCommand(f"{words.request.verb}: there is no status {name}")
    if not found:
        raise BadCommand(f"{words.request.verb}: the status of nothing")
    return tuple(dict.fromkeys(found))
