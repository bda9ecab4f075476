"""One filter language for every protocol, the one that people know from ``.gitignore``. Pure.

A filter is a list of rules, one a line; **the last rule that matches decides**, and what no rule
matches takes part.

    *.tmp           leave out every file or folder of such a name, anywhere
    !keep.tmp       but take this one
    /build          only at the top of the tree (a slash at the start or in the middle anchors)
    cache/          folders only, with all below them
    docs/**/*.txt   "**" stands for any number of folders, "*" and "?" never cross a "/"
    [a-c]?.log      one character of a set; "[!a]" of all others
    \\#odd\\ name    a backslash takes the next character as it is; "#" begins a comment

A folder that is left out is not entered, so nothing below it can be taken back; that is git's rule
too, and it is what makes leaving out cheap. Limits of size and age apply to files alone.

Matching takes time linear in the path for each rule: a "*" that is followed by fixed text takes
the first place where that text stands and never comes back to it (which is always right, as only
the last piece is tied to the end), so no pattern can be made to explode.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import UsageError

__all__ = ["Decision", "Filter", "Rule", "parse_rules"]

MOST_RULES = 10_000
"""Rules of one filter: each path is held against all of them."""

LONGEST = 4_096
"""Characters of a rule: no path is longer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a filter.

    Args:
        text: as it was written.
        origin: where it stands, as ``file:line`` or the option's name.
        include: whether it takes what it matches back in.
        folders_only: whether it is about folders alone.
        pieces: what it matches: runs of path components, with any number of others between two
            runs; the first run is tied to the top, the last one to the end.
    """

    text: str
    origin: str
    include: bool
    folders_only: bool
    pieces: tuple[tuple[re.Pattern[str], ...], ...]

    def matches(self, parts: Sequence[str], *, folder: bool) -> bool:
        """Whether the rule is about the path whose components are *parts*."""
        if self.folders_only and not folder:
            return False
        first, *between = self.pieces
        if not between:
            return len(parts) == len(first) and _here(first, parts, 0)
        *between, last = between
        end = len(parts) - len(last)
        if end < len(first) or not _here(first, parts, 0) or not _here(last, parts, end):
            return False
        at = len(first)
        for run in between:
            while at + len(run) <= end and not _here(run, parts, at):
                at += 1
            at += len(run)
            if at > end:
                return False
        # A "**" at the end of a rule stands for what is in the folder, not for the folder.
        return bool(last) or at < len(parts)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a path takes part, and why.

    Args:
        included: whether it does.
        reason: why, for a person.
        rule: the rule that decided, if one did.
    """

    included: bool
    reason: str
    rule: Rule | None = None


@dataclass(frozen=True)
class Filter:
    """Which files of a tree take part.

    Args:
        rules: in their order; the last that matches decides.
        smallest: bytes that a file has at least.
        largest: bytes that a file has at most.
        after: files changed before this moment are left out.
        before: files changed after this moment are left out.
        only: if given, only these paths and the folders above them.

    Example:
        >>> wanted = Filter(parse_rules(["*.o", "!main.o"]))
        >>> wanted.takes("lib/util.o"), wanted.takes("main.o")
        (False, True)
        >>> wanted.explain("lib/util.o").reason
        'left out by "*.o" (rule 1)'
    """

    rules: tuple[Rule, ...] = ()
    smallest: int | None = None
    largest: int | None = None
    after: datetime | None = None
    before: datetime | None = None
    only: frozenset[str] | None = None
    _above: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        if self.only is not None:
            above = {"/".join(parts[:count]) for parts in (path.split("/") for path in self.only)
                     for count in range(1, len(parts))}
            object.__setattr__(self, "_above", frozenset(above))

    @property
    def takes_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.rules and self.only is None and not self._limits

    @property
    def _limits(self) -> bool:
        return (self.smallest, self.largest, self.after, self.before) != (None,) * 4

    def takes(
        self,
        path: str,
        *,
        folder: bool = False,
        size: int | None = None,
        modified: datetime | None = None,
    ) -> bool:
        """Whether *path* takes part, if the folders above it do."""
        if self.takes_all:
            return True
        return self.decide(path, folder=folder, size=size, modified=modified).included

    def decide(
        self,
        path: str,
        *,
        folder: bool = False,
        size: int | None = None,
        modified: datetime | None = None,
    ) -> Decision:
        """Whether *path* takes part, if the folders above it do, and why.

        Args:
            path: seen from the top of the tree, with "/".
            folder: whether it is one.
            size: in bytes, where known.
            modified: its time, where known.
        """
        if self.only is not None and not self._is_listed(path, folder):
            return Decision(False, "not in the list of paths")
        parts = path.split("/")
        for number in range(len(self.rules), 0, -1):
            rule = self.rules[number - 1]
            if rule.matches(parts, folder=folder):
                what = "taken" if rule.include else "left out"
                origin = rule.origin or f"rule {number}"
                decided = Decision(rule.include, f'{what} by "{rule.text}" ({origin})', rule)
                break
        else:
            decided = Decision(True, "no rule is about it")
        if decided.included and not folder:
            return self._within(size, modified) or decided
        return decided

    def explain(
        self,
        path: str,
        *,
        folder: bool = False,
        size: int | None = None,
        modified: datetime | None = None,
    ) -> Decision:
        """Like `decide`, but the folders above *path* are asked too."""
        for above in _parents(path):
            decided = self.decide(above, folder=True)
            if not decided.included:
                return Decision(False, f"its folder {above} is {decided.reason}", decided.rule)
        return self.decide(path, folder=folder, size=size, modified=modified)

    def _is_listed(self, path: str, folder: bool) -> bool:
        """Whether *path*, a folder above it or one below it is in the list of paths."""
        listed = self.only or frozenset()
        return (path in listed or (folder and path in self._above)
                or any(above in listed for above in _parents(path)))

    def _within(self, size: int | None, modified: datetime | None) -> Decision | None:
        """Why a file is left out for its size or age, if it is."""
        if size is not None:
            if self.smallest is not None and size < self.smallest:
                return Decision(False, f"left out: smaller than {self.smallest:,} bytes")
            if self.largest is not None and size > self.largest:
                return Decision(False, f"left out: larger than {self.largest:,} bytes")
        if modified is not None:
            if self.after is not None and modified < self.after:
                return Decision(False, f"left out: older than {self.after:%Y-%m-%d %H:%M}")
            if self.before is not None and modified > self.before:
                return Decision(False, f"left out: newer than {self.before:%Y-%m-%d %H:%M}")
        return None


def parse_rules(lines: Iterable[str], origin: str = "") -> tuple[Rule, ...]:
    """Read the rules of a filter.

    Args:
        lines: with or without their line ends.
        origin: what to call the place they come from; its lines are numbered.

    Returns:
        The rules, without comments and empty lines.

    Raises:
        UsageError: a rule cannot be read, or there are over `MOST_RULES`.

    Example:
        >>> [rule.text for rule in parse_rules(["# what the compiler makes", "*.o", ""])]
        ['*.o']
    """
    found: list[Rule] = []
    for number, line in enumerate(lines, 1):
        text = _trimmed(line.rstrip("\r\n"))
        if not text or text.startswith("#"):
            continue
        if len(found) >= MOST_RULES:
            raise UsageError(f"filter {origin}: over {MOST_RULES:,} rules")
        found.append(_parsed(text, f"{origin}:{number}" if origin else ""))
    return tuple(found)


def _trimmed(line: str) -> str:
    """Spaces at the end do not count, unless a backslash says so."""
    text = line.rstrip(" \t")
    if text.endswith("\\") and len(text) < len(line):
        text += line[len(text)]
    return text


def _parsed(text: str, origin: str) -> Rule:
    if len(text) > LONGEST or "\0" in text:
        raise UsageError(f"filter rule {text[:40]!r}: it is no path that could exist")
    include = text.startswith("!")
    pattern = text[1:] if include else text
    folders_only = pattern.endswith("/")
    pattern = pattern.strip("/") if pattern.startswith("/") else pattern.rstrip("/")
    anchored = "/" in text[include:].rstrip("/")
    if not pattern:
        raise UsageError(f"filter rule {text!r}: it names nothing",
                         hint='"*" at the top is "/*"')
    parts = pattern.split("/")
    if not anchored:
        parts.insert(0, "**")
    pieces: list[list[re.Pattern[str]]] = [[]]
    for part in parts:
        if part == "**":
            pieces.append([])
        elif part:
            pieces[-1].append(_component(part, text))
    tidy = [pieces[0], *(run for run in pieces[1:-1] if run), *pieces[1:][-1:]]
    return Rule(text, origin, include, folders_only, tuple(tuple(run) for run in tidy))


_TOKEN = re.compile(r"\\(?P<taken>.)|(?P<set>\[[!^]?\]?[^\]]*\])|(?P<star>\*+)|(?P<any>\?)"
                    r"|(?P<text>.)", re.DOTALL)


def _component(pattern: str, rule: str) -> re.Pattern[str]:
    """A regular expression for one component, linear in what it is held against."""
    if pattern.endswith("\\") and not pattern.endswith("\\\\"):
        raise UsageError(f"filter rule {rule!r}: nothing stands after its last backslash")
    fixed: list[str] = []
    runs: list[str] = []
    for token in _TOKEN.finditer(pattern):
        if token["star"]:
            runs.append("".join(fixed))
            fixed = []
        elif token["any"]:
            fixed.append(".")
        elif token["set"]:
            fixed.append(_set(token["set"], rule))
        else:
            fixed.append(re.escape(token["taken"] or token["text"]))
    last = "".join(fixed)
    if not runs:
        return re.compile(last, re.DOTALL)
    first, *middle = runs
    return re.compile(f"{first}{''.join(f'(?>.*?{run})' for run in middle if run)}.*{last}",
                      re.DOTALL)


def _set(text: str, rule: str) -> str:
    """A set of characters as a regular expression."""
    inside = text[1:-1]
    negated = inside[:1] in ("!", "^")
    inside = inside[1:] if negated else inside
    inside = re.sub(r"([\\\[\]&~|^])", r"\\\1", inside)
    try:
        made = f"[{'^' if negated else ''}{inside}]"
        re.compile(made)
    except re.error:
        raise UsageError(f"filter rule {rule!r}: {text} is no set of characters") from None
    return made


def _here(run: Sequence[re.Pattern[str]], parts: Sequence[str], at: int) -> bool:
    """Whether the components from *at* on are those of *run*."""
    return all(one.fullmatch(parts[at + index]) is not None for index, one in enumerate(run))


def _parents(path: str) -> list[str]:
    """The folders above *path*, the topmost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
