"""What a server answers to LIST: lines for human eyes, in some twenty dialects. Grammar.

RFC 959 section 4.1.3 leaves the form of a listing to the server. So a listing is read by vote:
each line of its beginning is shown to every dialect of the table `DIALECTS`, and the one that
understands most lines leads (of equals the earlier in the table). The leader reads first; a line
it does not understand goes to whichever dialect does. Lines that none understands (headings,
"total 12") are dropped, and so are "." and "..". The vote settles lines that several dialects
understand, such as dates of three numbers: one 24-12-99 tells how to read all the others.

To add a dialect, write one function ``(line, calendar) -> Entry | None`` that refuses what is
not its own, and name it in `DIALECTS`.

Times are the server's local ones. A size that is rounded (VMS blocks, "33.5k") comes with the fact
``size-unit``: never verify a transfer by it. Names are given as they stand, to the last byte; it is
for the caller to refuse those that would leave a folder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from functools import partial
from typing import NamedTuple

from ..types import Entry
from . import listing_desktop as desktop
from . import listing_mainframe as mainframe
from . import listing_unix as unix
from .listing_dates import Calendar
from .mlsx import mlsx

__all__ = ["DIALECTS", "Dialect", "Parser", "parse", "parse_line"]


class Dialect(NamedTuple):
    """One way to write a listing.

    Args:
        name: what to call it.
        read: the entry of a line, or None where the line is no line of this dialect.
        heading: where given, the dialect is only believed after a line that begins like this.
    """

    name: str
    read: Callable[[str, Calendar], Entry | None]
    heading: re.Pattern[str] | None = None


def _mlsd(line: str, _when: Calendar) -> Entry | None:
    """Facts where a listing was asked for: some servers write MLSD lines in answer to LIST."""
    return mlsx(line) if line[:1] != " " and "type=" in line.lower() else None


_MEMBERS = re.compile(r" *Name +(?:VV\.MM|Size +TTR)\b")

DIALECTS = (
    Dialect("NetPresenz", unix.netpresenz),  # before Unix, which takes two of its sizes for people
    Dialect("Unix", unix.ls),
    Dialect("DOS", partial(desktop.dos, order="mdy")),
    Dialect("DOS, day first", partial(desktop.dos, order="dmy")),
    Dialect("MLSD", _mlsd),
    Dialect("EPLF", desktop.eplf),
    Dialect("NetWare", unix.netware),
    Dialect("VShell", desktop.vshell),
    Dialect("OS/2", desktop.os2),
    Dialect("Nortel", desktop.nortel),
    Dialect("Connect:Enterprise", unix.connect_enterprise),
    Dialect("VMS", mainframe.vms),
    Dialect("AS/400", partial(mainframe.as400, order="mdy")),
    Dialect("AS/400, day first", partial(mainframe.as400, order="dmy")),
    Dialect("AS/400, year first", partial(mainframe.as400, order="ymd")),
    Dialect("MVS", mainframe.dataset),
    Dialect("MVS members", mainframe.member),
    Dialect("MVS member names", mainframe.member_name, _MEMBERS),
    Dialect("MVS load modules", mainframe.load_module),
    Dialect("JES", mainframe.jes),
    Dialect("z/VM", mainframe.zvm),
    Dialect("NonStop", mainframe.nonstop),
)
"""Every dialect, the likelier ones first; of dialects with equal votes the earlier leads."""

_VOTERS = 256  # lines that vote; enough to meet a day beyond the twelfth
_DOTS = (".", "..")


class Parser:
    """Reads one listing, batch by batch, in memory that does not grow with it.

    The first batch settles the dialect, so let it be more than a line or two.

    Args:
        now: the present, for dates without a year.
        tz: the zone of the server's clock; None leaves times naive.

    Example:
        >>> parser = Parser(now=datetime(2026, 3, 1))
        >>> [entry.name for entry in parser.feed(["total 1", "-rw-r--r-- 1 a b 5 Jan 29 03:26 x"])]
        ['x']
        >>> parser.dialect
        'Unix'
    """

    def __init__(self, *, now: datetime, tz: tzinfo | None = None) -> None:
        self._when = Calendar(now, tz)
        self._believed = [dialect for dialect in DIALECTS if dialect.heading is None]
        self._votes: Counter[str] = Counter()
        self._voters = 0
        self._leader = DIALECTS[1]
        self._before = ""  # the line before this one: VMS breaks lines after long names

    @property
    def dialect(self) -> str:
        """The name of the dialect that leads; "" as long as no line was understood."""
        return self._leader.name if self._votes else ""

    def feed(self, lines: Iterable[str]) -> list[Entry]:
        """The entries of the next lines.

        Args:
            lines: text of the listing; line ends may still be on.
        """
        batch = [line.rstrip("\r\n") for line in lines]
        if self._voters < _VOTERS:
            self._vote(batch[: _VOTERS - self._voters])
        read, when, entries = self._leader.read, self._when, []
        before = self._before
        for line in batch:
            entry = read(line, when) or self._otherwise(line, before)
            if entry is not None and entry.name not in _DOTS:
                entries.append(entry)
            before = line
        self._before = before
        return entries

    def _vote(self, lines: list[str]) -> None:
        for line in lines:
            self._voters += 1
            votes = [d.name for d in self._believed if d.read(line, self._when) is not None]
            self._votes.update(votes)
            if not votes:
                self._heed(line)
        if self._votes:
            self._leader = max(DIALECTS, key=lambda dialect: self._votes[dialect.name])

    def _heed(self, line: str) -> None:
        """Believe the dialects that *line* is the heading of."""
        for dialect in DIALECTS:
            if dialect.heading and dialect not in self._believed and dialect.heading.match(line):
                self._believed.append(dialect)

    def _otherwise(self, line: str, before: str) -> Entry | None:
        """A line that the leader does not understand."""
        if not line or line.isspace():
            return None
        for dialect in self._believed:
            entry = dialect.read(line, self._when)
            if entry is not None:
                return entry
        self._heed(line)
        if mainframe.VMS_NAME.fullmatch(before):
            return mainframe.vms(f"{before.strip()} {line.strip()}", self._when)
        return None


def parse(lines: Iterable[str], *, now: datetime, tz: tzinfo | None = None) -> list[Entry]:
    """The entries of a whole LIST answer (RFC 959 section 4.1.3).

    Args:
        lines: text of the listing, bytes that are no text surrogate-escaped.
        now: the present, for dates without a year.
        tz: the zone of the server's clock; None leaves times naive.

    Returns:
        The entries in the server's order; lines that no dialect understands are left out.

    Example:
        >>> parse(["12-05-96  05:03PM  <DIR>  src"], now=datetime(2026, 3, 1))[0].modified
        datetime.datetime(1996, 12, 5, 17, 3)
    """
    return Parser(now=now, tz=tz).feed(lines)


def parse_line(line: str, *, now: datetime, tz: tzinfo | None = None) -> Entry | None:
    """The entry of one line on its own, in the likeliest dialect; None where there is none.

    Args:
        line: one line of a LIST answer.
        now: the present, for dates without a year.
        tz: the zone of the server's clock; None leaves times naive.

    Example:
        >>> parse_line("drwxr-xr-x 2 ann staff 64 Feb 12 17:20 old", now=datetime(2026, 3, 1)).mode
        493
    """
    when = Calendar(now, tz)
    line = line.rstrip("\r\n")
    for dialect in DIALECTS:
        entry = None if dialect.heading else dialect.read(line, when)
        if entry is not None:
            return None if entry.name in _DOTS else entry
    return None
