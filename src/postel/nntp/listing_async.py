# A conversation (its twin listing_sync.py is generated): LIST in all its variants.
"""What a server has: its groups, their counts, descriptions and dates, and the small lists.

LIST ACTIVE and its kin run to hundreds of thousands of lines, so they come as iterators that hold
one packet. The small ones (RFC 6048) come whole.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from . import commands, listings
from .login_async import AsyncLogin
from .overview import STANDARD, parse_format
from .reading_async import AsyncRows
from .types import Created, Description, DistribPattern, Listed, Moderator

__all__ = ["AsyncListing"]

T = TypeVar("T")

_NOT_THERE = (500, 501, 503)


class AsyncListing(AsyncLogin):
    """LIST, NEWGROUPS and NEWNEWS."""

    def _rows(self, keyword: str, pattern: str | None,
              parse: Callable[[Iterable[bytes]], Iterable[T]]) -> AsyncRows[T]:
        words = () if pattern is None else (pattern,)
        return AsyncRows(self, (commands.list_(keyword, *words),), parse)

    def list(self, pattern: str | None = None) -> AsyncRows[Listed]:
        """The groups there are (LIST ACTIVE), as they come.

        Args:
            pattern: a wildmat of names (RFC 3977 section 4): ``"comp.*,!comp.os.*"``.

        Example:
            >>> from postel.nntp import AsyncClient
            >>> async with AsyncClient("news.example.org") as news:
            ...     [group.name async for group in news.list("misc.*")]
            ['misc.test']
        """
        if pattern is not None:
            return self._rows("ACTIVE", pattern, listings.parse_active)
        asks = (commands.list_("ACTIVE"), commands.list_(""))  # RFC 977 knows LIST alone
        return AsyncRows(self, asks, listings.parse_active)

    def list_counts(self, pattern: str | None = None) -> AsyncRows[Listed]:
        """The groups with how many articles they have (RFC 6048): one GROUP less for each.

        Raises:
            NotSupported: the server has no LIST COUNTS.
        """
        return self._rows("COUNTS", pattern, listings.parse_counts)

    def list_newsgroups(self, pattern: str | None = None) -> AsyncRows[Description]:
        """What each group is about."""
        return self._rows("NEWSGROUPS", pattern, listings.parse_descriptions)

    def list_active_times(self, pattern: str | None = None) -> AsyncRows[Created]:
        """When each group was made, and by whom."""
        return self._rows("ACTIVE.TIMES", pattern, listings.parse_times)

    def newgroups(self, since: datetime) -> AsyncRows[Listed]:
        """The groups made since a moment (RFC 3977 section 7.3)."""
        return AsyncRows(self, (commands.newgroups(listings.wire_date(since)),),
                         listings.parse_active)

    def newnews(self, pattern: str, since: datetime) -> AsyncRows[str]:
        """The ids of articles that came since a moment (RFC 3977 section 7.4).

        Many servers have switched this off: then `over` from the last number known does it.

        Args:
            pattern: a wildmat of groups.
            since: by the server's clock, see `date`.
        """
        return AsyncRows(self, (commands.newnews(pattern, listings.wire_date(since)),),
                         listings.parse_names)

    async def list_distrib_pats(self) -> builtins.list[DistribPattern]:
        """Which distribution goes with which groups."""
        return list_of(listings.parse_distrib_pats(await self._small("DISTRIB.PATS")))

    async def list_moderators(self) -> builtins.list[Moderator]:
        """Where articles for moderated groups are mailed to (RFC 6048)."""
        return list_of(listings.parse_moderators(await self._small("MODERATORS")))

    async def list_distributions(self) -> builtins.list[Description]:
        """The distributions, and what they mean (RFC 6048)."""
        return list_of(listings.parse_descriptions(await self._small("DISTRIBUTIONS")))

    async def list_subscriptions(self, pattern: str | None = None) -> builtins.list[str]:
        """The groups that the server recommends to those who are new (RFC 6048)."""
        return list_of(listings.parse_names(await self._small("SUBSCRIPTIONS", pattern)))

    async def list_headers(self, kind: str | None = None) -> builtins.list[str]:
        """The fields that HDR can tell; ``":"`` stands for any (RFC 3977 section 8.6).

        Args:
            kind: ``"MSGID"`` or ``"RANGE"``, for one form of HDR alone.
        """
        return list_of(listings.parse_names(await self._small("HEADERS", kind)))

    async def list_motd(self) -> str:
        """The message of the day (RFC 6048); "" where there is none."""
        lines = await self._small("MOTD")
        return "\n".join([line.decode("utf-8", "backslashreplace") for line in lines])

    async def list_overview_fmt(self) -> tuple[str, ...]:
        """The columns of overview rows after the number; asked once.

        Servers that do not tell have the seven of RFC 3977 section 8.4.
        """
        async with self._operation("LIST OVERVIEW.FMT"):
            if self._format is None:
                command = commands.list_("OVERVIEW.FMT")
                reply = await self._ask(command)
                if reply.code == 215:
                    self._format = parse_format(listings.split(await self._body(command)))
                else:
                    self._format = STANDARD
            return self._format

    async def _small(self, keyword: str, word: str | None = None) -> builtins.list[bytes]:
        """The lines of a list that is never long."""
        command = commands.list_(keyword, *(() if word is None else (word,)))
        async with self._operation(str(command)):
            await self._expect(command, 215)
            return listings.split(await self._body(command))


def list_of(values: Iterable[T]) -> list[T]:
    """All of *values*; `list` is a method here."""
    return [*values]
