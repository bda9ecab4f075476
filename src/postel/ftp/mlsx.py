"""MLST and MLSD lines: facts, a space, a name (RFC 3659 section 7). Grammar.

    entry = *( fact ";" ) SP pathname        fact = name "=" value

The name begins after the first space and is taken to the last byte: spaces around it are its own.
Times are UTC (section 2.3). Fact names have no case. Beyond the RFC this accepts what servers do:

- NcFTPd leaves out the semicolon before the space.
- A link's target may hold spaces (``type=OS.unix=slink:/a b; name``), which no fact may.
- A fact that cannot be read (a date of four digits) is left out; the entry is not.

A line with neither a leading space nor any "=" in its facts is no entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..types import Entry, Kind
from ..wire.facts import LazyFacts

__all__ = ["is_listed", "mlsd", "mlsx"]

_KINDS = {"file": Kind.FILE, "dir": Kind.FOLDER, "cdir": Kind.FOLDER, "pdir": Kind.FOLDER}
_LINKS = ("os.unix=slink", "os.unix=symlink")
_NOT_LISTED = {"cdir", "pdir"}
_LONGEST_NUMBER = 20  # digits of 2**64; a longer size is no size


def mlsx(line: str) -> Entry | None:
    """The entry of one MLSD line, or of one MLST line without the space that begins it.

    Args:
        line: facts, space, name; without its line end.

    Returns:
        The entry with all its facts; None where the line is none (RFC 3659 section 7.2). The
        folder itself and its parent are entries too: see `is_listed`.

    Example:
        >>> entry = mlsx("type=file;size=12;modify=20081105165215; notes.txt")
        >>> entry.name, entry.size, entry.modified.year
        ('notes.txt', 12, 2008)
    """
    head, _, name = line.partition(" ")
    if head[-1:] != ";" and head:
        head, name = _unfinished(line, head, name)
    if not name:
        return None
    facts = _facts(head)
    if head and not facts:
        return None
    get = facts.get
    kind, target = _kind(facts)
    time, precision = _time(get("modify", ""))
    return Entry(
        name,
        kind,
        _number(get("size") or get("sizd") or ""),
        time,
        precision,
        _mode(get("unix.mode", "")),
        get("unix.ownername") or get("unix.owner") or get("unix.uid") or None,
        get("unix.groupname") or get("unix.group") or get("unix.gid") or None,
        target,
        _MLSxFacts(line),
        line,
    )


def mlsd(lines: Iterable[str]) -> list[Entry]:
    """The entries of an MLSD listing, without the folder itself, its parent and stray lines.

    Args:
        lines: without line ends; give a long listing in batches.

    Example:
        >>> [entry.name for entry in mlsd(["type=cdir; /pub", "type=dir; old", "type=file; a b"])]
        ['old', 'a b']
    """
    entries = (mlsx(line) for line in lines)
    return [entry for entry in entries if entry is not None and is_listed(entry)]


def is_listed(entry: Entry) -> bool:
    """Whether an entry lies in the folder: not the folder itself (cdir), not its parent (pdir).

    Example:
        >>> is_listed(mlsx("type=pdir; .."))
        False
    """
    if entry.kind is not Kind.FOLDER and entry.kind is not Kind.OTHER:
        return entry.name not in (".", "..")
    kind = entry.facts.get("type", "")
    return kind.lower() not in _NOT_LISTED and entry.name not in (".", "..")


class _MLSxFacts(LazyFacts):
    """The facts of a line, read when they are asked for: the line is kept anyway."""

    __slots__ = ("_line",)

    def __init__(self, line: str) -> None:
        self._line = line

    def read(self) -> dict[str, str]:
        head, _, name = self._line.partition(" ")
        if head[-1:] != ";" and head:
            head, _ = _unfinished(self._line, head, name)
        return _facts(head)

    def __contains__(self, name: object) -> bool:
        return f"{name}=" in self._line.lower() and name in self.read()


def _facts(head: str) -> dict[str, str]:
    facts = {}
    for fact in head.split(";"):
        key, equals, value = fact.partition("=")
        if equals:
            facts[key.lower()] = value
    return facts


def _unfinished(line: str, head: str, name: str) -> tuple[str, str]:
    """Facts that do not end in a semicolon: NcFTPd's, or the target of a link has spaces."""
    if head.lower().rpartition(";")[2].startswith(("type=os.unix=slink:", "type=os.unix=symlink:")):
        longer, semicolon, rest = line.partition("; ")
        if semicolon:
            return longer, rest
    return head, name


def _kind(facts: dict[str, str]) -> tuple[Kind, str | None]:
    """The kind of entry, and a link's target; without a type the other facts tell."""
    type = facts.get("type", "")
    kind = _KINDS.get(type) or _KINDS.get(type.lower())
    if kind is not None:
        return kind, None
    if type.lower().startswith(_LINKS):
        return Kind.LINK, type.partition(":")[2] or None
    if type:
        return Kind.OTHER, None
    perm = facts.get("perm", "").lower()
    if "sizd" in facts or "e" in perm or "l" in perm:  # section 7.5.5: only of folders
        return Kind.FOLDER, None
    return (Kind.FILE if facts.get("size") or "r" in perm else Kind.OTHER), None


def _number(text: str) -> int | None:
    decimal = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if decimal else None


def _mode(text: str) -> int | None:
    try:
        return int(text, 8) & 0o7777 if 0 < len(text) <= _LONGEST_NUMBER else None
    except ValueError:
        return None


def _time(text: str) -> tuple[datetime | None, float | None]:
    """YYYYMMDDHHMMSS[.sss], UTC (RFC 3659 section 2.3)."""
    whole, dot, fraction = text.partition(".")
    if len(whole) != 14 or not whole.isascii() or not whole.isdecimal():
        return None, None
    if whole[12:] == "60":  # the RFC allows leap seconds, datetime does not
        whole = whole[:12] + "59"
    try:
        time = datetime.fromisoformat(f"{whole[:8]}T{whole[8:]}Z")
    except ValueError:
        return None, None
    if not dot:
        return time, 1
    if not fraction.isascii() or not fraction.isdecimal():
        return None, None
    digits = min(len(fraction), 6)
    return time.replace(microsecond=int(fraction[:6].ljust(6, "0"))), 10.0**-digits
