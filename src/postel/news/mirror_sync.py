# GENERATED from mirror_async.py by tools/unasync.py: edit that file, not this one.
"""A mirror of newsgroups: what is new is fetched, once, whatever happens meanwhile.

Numbers only grow, so a mirror asks for those behind the highest it has dealt with, in one window
of pipelined ARTICLE commands. The order of steps with the disk is told at the head of store.py: a
kill at any point loses nothing and fetches nothing twice.

A server that was rebuilt counts anew: its highest number is below ours, or our newest article's
number has another id. Then the overview tells the ids, and what is here by id is not fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import NotFound, UsageError
from ..mailboxes import Mailbox
from ..nntp.client_sync import Client
from ..nntp.location import parse_location
from ..nntp.types import Article, Group
from ..transport import disk_sync as disk
from ..transport.clock_sync import now
from ..types import Progress
from ..urls import URL
from ..wire.text import display
from .boxes import open_box, place_of
from .store import Arrived, NewsState
from .types import Mirrored

__all__ = ["Mirror", "mirror"]

_BATCH = 500, 16 << 20
"""Articles, and bytes, that are made durable together."""

_PATTERN = frozenset("*?[,")

Tell = Callable[[Progress], object]


def mirror(
    source: str | URL,
    into: str | Path,
    *,
    state: str | Path | None = None,
    newest: int | None = None,
    since: datetime | None = None,
    dry_run: bool = False,
    progress: Tell | None = None,
    **settings: Any,
) -> list[Mirrored]:
    """Bring the copy of a group, or of all groups that fit a wildmat, up to date.

    Args:
        source: ``nntps://host/group``; a wildmat as ``nntps://host/comp.lang.*`` takes several,
            each into a mailbox of its own name within *into*.
        into: ``maildir:FOLDER``, ``mbox:FILE``, ``sqlite:FILE``, or a path.
        state: what is here already, in a SQLite file; by default ``.postel-news.db`` beside the
            mailbox.
        newest: of a group that is new here, only so many of its newest articles.
        since: of a group that is new here, only what was posted since.
        dry_run: say what would be fetched, and fetch nothing.
        progress: told after each batch; its unit is articles.
        settings: the keywords of every client.

    Returns:
        One `Mirrored` for each group, by name.

    Raises:
        NotFound: there is no such group.
        NetworkError: the connection was lost; what came before is kept, run it again.
        NoSpace, Forbidden, TransferError: the disk refuses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first = mirror("nntp://news.example.org/misc.test", f"{folder}/test")
        ...     second = mirror("nntp://news.example.org/misc.test", f"{folder}/test")
        >>> first[0].fetched, second[0].fetched
        (2, 0)
    """
    place = parse_location(str(source))
    if place.server is None or not place.group:
        raise UsageError(f"mirror {source}: which group of which server?",
                         hint="nntps://host/group, or a pattern: nntps://host/comp.lang.*")
    target = str(into)
    notes = Path(state) if state is not None else _notes_of(target, place.group)
    with Client(place.server, **settings) as client:
        with disk.call(NewsState, notes) as known:
            run = Mirror(client, known, newest=newest, since=since, dry_run=dry_run,
                              progress=progress)
            if not _PATTERN & set(place.group):
                return [run.group(place.group, *place_of(target))]
            return [run.group(name, *place_of(target, name))
                    for name in _fitting(client, place.group)]


def _fitting(client: Client, pattern: str) -> list[str]:
    names = sorted([group.name for group in client.list(pattern)])
    if not names:
        raise NotFound(f"mirror: no group fits {display(pattern)}",
                       hint="postel news groups shows what there is")
    return names


def _notes_of(into: str, group: str) -> Path:
    """The notes lie beside a mailbox, or within a folder of several."""
    path = place_of(into)[1]
    inside = bool(_PATTERN & set(group))
    return (path if inside else path.parent) / ".postel-news.db"


class Mirror:
    """One run over one connection.

    Args:
        client: of a news server, open.
        state: what is here already.
        newest: see `mirror`.
        since: see `mirror`.
        dry_run: see `mirror`.
        progress: see `mirror`.
    """

    def __init__(self, client: Client, state: NewsState, *, newest: int | None = None,
                 since: datetime | None = None, dry_run: bool = False,
                 progress: Tell | None = None) -> None:
        self._client = client
        self._state = state
        self._newest = newest
        self._since = since
        self._dry = dry_run
        self._progress = progress
        self._began = now()

    def group(self, name: str, kind: str, path: Path) -> Mirrored:
        """Bring the mailbox of one group up to date."""
        place = f"{kind}:{path.absolute()}"
        group = self._client.group(name)
        box = None if self._dry else disk.call(open_box, kind, path)
        try:
            return self._run(group, place, box)
        except BaseException:
            if box is not None:
                box.discard()
            raise
        finally:
            disk.call(_closed, box)

    def _run(self, group: Group, place: str, box: Mailbox | None) -> Mirrored:
        state, host = self._state, self._client.url.host
        key = disk.call(state.group, host, group.name, place)
        if box is not None:
            disk.call(state.recover, key, box)
        anew = self._counts_anew(key, group)
        if anew and not self._dry:
            disk.call(state.renumbered, key)
        done = Mirrored(group.name, place, renumbered=anew, dry=self._dry, highest=group.last)
        wanted, there, found = self._wanted(key, group, anew)
        done = replace(done, found=found, there=there)
        if box is None:
            return replace(done, fetched=len(wanted), missing=found - there - len(wanted))
        asked, fetched, size = self._fetch(key, box, wanted)
        if disk.call(state.highest, key) != group.last:
            disk.call(state.record, key, (), group.last)
        return replace(done, fetched=fetched, size=size, there=there + asked - fetched,
                       missing=found - there - asked)

    def _counts_anew(self, key: int, group: Group) -> bool:
        """Whether numbers no longer mean what they did."""
        highest = disk.call(self._state.highest, key)
        if not highest:
            return False
        if group.last < highest:
            # An empty group may tell any numbers (RFC 3977 section 6.1.1.2).
            return group.count > 0 or group.last >= group.first
        newest = disk.call(self._state.newest, key)
        if newest is None or not group.first <= newest.number <= group.last:
            return False
        try:
            return (self._client.stat(newest.number)).message_id != newest.message_id
        except NotFound:
            return False  # it has expired, which says nothing

    def _wanted(self, key: int, group: Group,
                      anew: bool) -> tuple[Sequence[int], int, int]:
        """The numbers to fetch, how many of the others are here, and how many there are in all."""
        highest = 0 if anew else disk.call(self._state.highest, key)
        first = max(group.first, highest + 1, 1)
        if not highest and not anew and self._newest is not None:
            first = max(first, group.last - self._newest + 1)
        numbers = range(first, group.last + 1)
        by_id = anew or disk.call(self._has_some, key, highest)
        by_date = self._since is not None and not highest and not anew
        if not numbers or not (by_id or by_date):
            return numbers, 0, len(numbers)
        rows = [(row.number, row.message_id, row.date)
                for row in self._client.over(numbers[0], numbers[-1])]
        if by_date:
            rows = [row for row in rows if _is_since(row[2], self._since)]
        known = disk.call(self._state.known, key, [name for _, name, _ in rows])
        wanted = [number for number, name, _ in rows if name not in known]
        return wanted, len(rows) - len(wanted), len(rows) if by_date else len(numbers)

    def _has_some(self, key: int, highest: int) -> bool:
        """Whether articles behind the mark are here: a run died before it could set it."""
        newest = self._state.newest(key)
        return newest is not None and (not highest or newest.number > highest)

    def _fetch(self, key: int, box: Mailbox, wanted: Sequence[int]) -> tuple[int, int, int]:
        """Fetch these; return how many there were, how many new, and their bytes."""
        held: list[Article] = []
        weight = asked = count = size = 0
        for article in self._client.articles(wanted, skip_missing=True):
            held.append(article)
            asked += 1
            weight += len(article.data)
            if len(held) >= _BATCH[0] or weight >= _BATCH[1]:
                new = disk.call(self._publish, key, box, tuple(held), article.number)
                count, size = count + new[0], size + new[1]
                held.clear()
                weight = 0
                self._tell(asked, len(wanted))
        new = disk.call(self._publish, key, box, tuple(held), None)
        self._tell(asked, len(wanted))
        return asked, count + new[0], size + new[1]

    def _publish(self, key: int, box: Mailbox, articles: Sequence[Article],
                 upto: int | None) -> tuple[int, int]:
        """Make a batch durable; note it before, so that a crash between is noticed."""
        known = self._state.known(key, [article.message_id for article in articles])
        staged, size = list[Arrived](), 0
        for article in articles:
            if article.message_id in known:
                continue  # numbers that another's have taken, unnoticed: ids never lie
            known.add(article.message_id)
            with box.writing(staged=True) as delivery:
                delivery.write(article.data)
            staged.append(Arrived(article.number, article.message_id, delivery.key))
            size += len(article.data)
        if staged:
            self._state.arriving(key, staged)
            box.flush()
        if staged or upto is not None:
            self._state.record(key, staged, upto)
        return len(staged), size

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None and done:
            self._progress(Progress("news", done, total, now() - self._began))


def _is_since(date: datetime | None, since: datetime | None) -> bool:
    """Whether an article is of that time; one without a date is."""
    if date is None or since is None:
        return True
    if date.tzinfo is None or since.tzinfo is None:
        return date.replace(tzinfo=None) >= since.replace(tzinfo=None)
    return date >= since


def _closed(box: Mailbox | None) -> None:
    close = getattr(box, "close", None)
    if close is not None:
        close()
