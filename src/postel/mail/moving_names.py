"""Which folder of one side is which of the other, and what it may be called there. Pure.

    1. what was paired in an earlier run, and what you name, stays paired
    2. INBOX is INBOX, in any case
    3. the one folder of a role (sent, trash, junk, drafts, archive, all) is the other's one of it
    4. the same name, level by level; case counts, unless it counts on neither side
    5. else a new folder of that name, in characters that the side can keep

No name of a peer becomes a path of this disk unchecked: `disk_level` writes what cannot be in a
file's name in the UTF-7 of mailbox names, which every reader of Maildir++ folders knows.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..imap import names as utf7
from .moving_types import Path, Place

__all__ = ["FolderPair", "chosen", "disk_level", "imap_level", "level_of_disk", "pair_folders",
           "path_of", "shown"]

ROLES = frozenset({"sent", "drafts", "trash", "junk", "archive", "all", "flagged", "important"})
_USUAL = {"sent": "Sent", "drafts": "Drafts", "trash": "Trash", "junk": "Junk", "all": "Archive"}
LONGEST_LEVEL = 240
"""Bytes of a level's name on a disk."""

_BAD_ON_DISK = re.compile(r"[^\x20-\x7e]+|[/\\:*?\"<>|&]")
_RESERVED = re.compile(r"(?i)(?:cur|new|tmp|con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def shown(path: Path) -> str:
    """A folder's name for people and for options: levels between slashes.

    Example:
        >>> shown(("Lists", "either/or")), path_of("Lists/either%2For")
        ('Lists/either%2For', ('Lists', 'either/or'))
    """
    return "/".join(level.replace("%", "%25").replace("/", "%2F") for level in path)


def path_of(name: str) -> Path:
    """The folder of that name, as `shown` writes it.

    Raises:
        UsageError: a level is empty.
    """
    path = tuple(level.replace("%2F", "/").replace("%2f", "/").replace("%25", "%")
                 for level in name.split("/"))
    if not all(path):
        raise UsageError(f"folder {name!r}: a level of its name is empty")
    return ("INBOX", *path[1:]) if path[0].upper() == "INBOX" else path


def chosen(path: Path, patterns: Sequence[str]) -> bool:
    """Whether a folder is meant by patterns: the last one that fits decides.

    Example:
        >>> [chosen(("Lists", "py"), some) for some in ((), ("L*",), ("**",), ("**", "!Lists/*"))]
        [True, False, True, False]
        >>> chosen(("inbox",), ("INBOX",)), chosen(("Work",), ("!Junk",))
        (True, True)
    """
    if not patterns:
        return True
    name = shown(path)
    verdict = patterns[0].startswith("!")
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if _pattern(pattern.removeprefix("!")).fullmatch(name):
            verdict = wanted
    return verdict


def _pattern(text: str) -> re.Pattern[str]:
    parts = (".*" if part == "**" else "[^/]*" if part == "*" else "[^/]" if part == "?"
             else re.escape(part) for part in re.split(r"(\*\*|\*|\?)", text))
    flags = re.IGNORECASE if text.upper() == "INBOX" else 0
    return re.compile("".join(parts), re.DOTALL | flags)


def disk_level(level: str, *, dots: bool = True) -> str:
    """A level's name as the name of a folder on a disk.

    Args:
        level: any text.
        dots: whether a dot may be in it; it divides the levels of Maildir++.

    Example:
        >>> disk_level("Entwürfe"), disk_level("a.b", dots=False), disk_level("..")
        ('Entw&APw-rfe', 'a&AC4-b', '&AC4-.')
        >>> level_of_disk(disk_level("R&D / cur:1")), disk_level("cur")
        ('R&D / cur:1', '&AGM-ur')
    """
    text = _BAD_ON_DISK.sub(lambda match: _shift(match[0]), level)
    if not dots:
        text = text.replace(".", _shift("."))
    if text.startswith((".", " ", "-", "~")) or _RESERVED.match(text):
        text = _shift(text[0]) + text[1:]
    if text.endswith((" ", ".")) and len(text) > 1 and text != _shift(".") + ".":
        text = text[:-1] + _shift(text[-1])
    if not 0 < len(text) <= LONGEST_LEVEL:
        raise UsageError(f"folder {level[:80]!r}: no folder of a disk can have that name")
    return text


def _shift(text: str) -> str:
    if text == "&":
        return "&-"
    if not (text.isascii() and text.isprintable()):
        return utf7.encode(text)
    # Plain characters are shifted by no other program, but every one understands it.
    shifted = b64encode(text.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
    return f"&{shifted.decode()}-"


def level_of_disk(name: str) -> str:
    """What `disk_level` was given; names that others made come out as they mean them."""
    return _SHIFTED.sub(_unshift, name)


def _unshift(match: re.Match[str]) -> str:
    text = match[1].replace(",", "/")
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-16-be") or "&"
    except ValueError:
        return match[0]


def imap_level(level: str, delimiter: str) -> str:
    """A level's name as a server can keep it: without its delimiter, wildcards and controls.

    Example:
        >>> imap_level("a.b*", "."), imap_level("a/b", "/"), imap_level("tab\\there", "/")
        ('a_b_', 'a_b', 'tab_here')
    """
    text = _CONTROL.sub("_", level)
    for mark in (delimiter, "*", "%"):
        if mark:
            text = text.replace(mark, "_")
    return text.strip() or "_"


@dataclass(frozen=True, slots=True)
class FolderPair:
    """A folder of the left and its other half; None where that is to be made."""

    left: Path
    right: Path
    has_left: bool = True
    has_right: bool = True


def _same(path: Path) -> Path:
    return path


def pair_folders(
    left: Iterable[Place], right: Iterable[Place], *,
    known: Iterable[tuple[Path, Path]] = (), names: Mapping[str, str] | None = None,
    patterns: Sequence[str] = (), to_left: bool = True, to_right: bool = True,
    named_left: Callable[[Path], Path] = _same, named_right: Callable[[Path], Path] = _same,
) -> list[FolderPair]:
    """Which folders belong together, INBOX first, then by name.

    Args:
        left: the folders there.
        right: the folders there.
        known: what was paired before.
        names: what you call otherwise on the right.
        patterns: of names on the left; see `Rules.folders`.
        to_left: whether folders may be made on the left.
        to_right: whether folders may be made on the right.
        named_left: what a new folder of that name is called there.
        named_right: what a new folder of that name is called there.

    Example:
        >>> pairs = pair_folders([Place(("INBOX",), "inbox"), Place(("Sent Items",), "sent")],
        ...                      [Place(("Sent",), "sent"), Place(("Old",))])
        >>> for one in pairs:
        ...     print(shown(one.left), shown(one.right), one.has_left, one.has_right)
        INBOX INBOX True False
        Old Old False True
        Sent Items Sent True True
    """
    lefts, rights = {one.path: one for one in left}, {one.path: one for one in right}
    pairing = _Pairing(lefts, rights)
    for one, other in [*_named(names or {}), *known]:
        pairing.pair(one, other)
    pairing.same(lambda place: "INBOX" if shown(place.path).upper() == "INBOX" else None)
    pairing.same(lambda place: place.role if place.role in ROLES else None)
    pairing.same(lambda place: "archive" if place.role in ("all", "archive") else None)
    pairing.same(lambda place: place.path)
    pairs = pairing.rest(named_left if to_left else None, named_right if to_right else None)
    pairs = [one for one in pairs if chosen(one.left, patterns)]
    return sorted(pairs, key=lambda one: (one.left[0].upper() != "INBOX", one.left, one.right))


def _named(names: Mapping[str, str]) -> list[tuple[Path, Path]]:
    return [(path_of(one), path_of(other)) for one, other in names.items()]


class _Pairing:
    """Folders that have no other half yet, and pairs."""

    def __init__(self, left: dict[Path, Place], right: dict[Path, Place]) -> None:
        self.left, self.right = dict(left), dict(right)
        self.taken_left, self.taken_right = set(left), set(right)
        self.done_left: set[Path] = set()
        self.done_right: set[Path] = set()
        self.pairs: list[FolderPair] = []

    def pair(self, one: Path, other: Path) -> None:
        """These two, if either is there; not if one of them has its other half already."""
        if one in self.done_left or other in self.done_right:
            return
        has_left, has_right = one in self.left, other in self.right
        if has_left or has_right:
            self.left.pop(one, None)
            self.right.pop(other, None)
            self.done_left.add(one)
            self.done_right.add(other)
            self.pairs.append(FolderPair(one, other, has_left, has_right))

    def same(self, key: Callable[[Place], object]) -> None:
        """Those of which both sides have just one that *key* calls the same."""
        tables: list[dict[object, list[Path]]] = []
        for side in (self.left, self.right):
            table: dict[object, list[Path]] = {}
            for path, place in side.items():
                word = key(place)
                if word is not None:
                    table.setdefault(word, []).append(path)
            tables.append(table)
        for word, found in tables[0].items():
            others = tables[1].get(word, [])
            if len(found) == 1 and len(others) == 1:
                self.pair(found[0], others[0])

    def rest(self, named_left: Callable[[Path], Path] | None,
             named_right: Callable[[Path], Path] | None) -> list[FolderPair]:
        """All pairs, with a new half for those that have none, where it may be made."""
        if named_right is not None:
            for path, place in self.left.items():
                made = _free(named_right(_usual(place)), self.taken_right)
                self.taken_right.add(made)
                self.pairs.append(FolderPair(path, made, True, False))
        if named_left is not None:
            for path, place in self.right.items():
                made = _free(named_left(_usual(place)), self.taken_left)
                self.taken_left.add(made)
                self.pairs.append(FolderPair(made, path, False, True))
        return self.pairs


def _usual(place: Place) -> Path:
    """What a folder is called elsewhere; Gmail's own ones have a prefix that nobody else has."""
    if len(place.path) == 2 and place.path[0] in ("[Gmail]", "[Google Mail]"):
        return (_USUAL.get(place.role, place.path[1]),)
    return place.path


def _free(path: Path, taken: set[Path]) -> Path:
    """A name that no other folder has, however case is counted there."""
    folded = {tuple(level.casefold() for level in one) for one in taken}
    made, number = path, 2
    while tuple(level.casefold() for level in made) in folded:
        made = (*path[:-1], f"{path[-1]} {number}")
        number += 1
    return made
