# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The NNTP client: a news server as a with block.

A group is selected, and numbers are then its numbers; message-ids work anywhere. What reads one
article is a method that returns it; what reads many is an iterator that asks ahead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..errors import NotSupported, UsageError
from . import commands, listings
from .feeding_sync import Feeding
from .overview import Overview, rows
from .reading_sync import (
    ArticleBody,
    Articles,
    Ranges,
    Reading,
    Rows,
    named,
)
from .types import Article, Group, HeaderValue, Stat

__all__ = ["Client", "Overviews"]

Which = range | Group | Iterable[int | str] | None

_OVER = ("OVER", "XOVER")
_HDR = ("HDR", "XHDR")
_MANY = 2_000


class Client(Feeding):
    """A news server; its arguments are those of every client.

    Reading without a log-in may go in the clear where a server has no TLS; a log-in and a post
    need TLS, but to this machine. A log-in takes the best SASL mechanism that is offered, else
    AUTHINFO USER and PASS; ``auth="USER"`` names the latter.

    Example:
        >>> with Client("news.example.org") as news:
        ...     group = news.group("misc.test")
        ...     for row in news.over(group.first, group.last):
        ...         print(row.number, row.subject)
        1 Hello
        2 Re: Hello
    """

    # -- groups ----------------------------------------------------------------------------

    def group(self, name: str, *, timeout: float | None = None) -> Group:
        """Select a group; article numbers are then its own.

        Raises:
            NotFound: there is no such group, or not for you.
        """
        command = commands.group(name)
        with self._operation(str(command), timeout):
            reply = self._expect(command, 211)
            self.selected = listings.parse_group(reply.text, name)
            return self.selected

    def listgroup(self, name: str | None = None, first: int | None = None,
                        last: int | None = None, *, timeout: float | None = None) -> list[int]:
        """Select a group and return the numbers of its articles.

        Args:
            name: of the group; None takes the one that is selected.
            first: the lowest number to tell; None tells all.
            last: the highest.
            timeout: seconds for the whole of it.

        Raises:
            NotFound: there is no such group.
        """
        current = name or (self.selected.name if self.selected else None)
        numbers = None if first is None else commands.span(first, last)
        command = commands.listgroup(current if numbers else name, numbers)
        with self._operation(str(command), timeout):
            reply = self._ask(command)
            if reply.code == 501 and first is not None:  # before RFC 3977 it took no range
                found = self.listgroup(current)
                return [one for one in found if first <= one and (last is None or one <= last)]
            if reply.code != 211:
                raise self._refused(command, reply)
            told = reply.text.split()
            if len(told) > 3 and told[0].isdigit():
                self.selected = listings.parse_group(reply.text, current or "")
            elif name is not None and name != getattr(self.selected, "name", None):
                self.selected = Group(name, 0, 1, 0)  # an old server tells nothing of it here
            return [*listings.parse_numbers(listings.split(self._body(command)))]

    # -- one article -----------------------------------------------------------------------

    def article(self, which: int | str | None = None, *,
                      timeout: float | None = None) -> Article:
        """A whole article.

        Args:
            which: its number in the selected group, or its message-id; None is the current one.
            timeout: seconds for the whole of it.

        Raises:
            NotFound: there is none.
            LimitReached: it is larger than `largest`; `article_stream` has no limit.

        Example:
            >>> with Client("news.example.org") as news:
            ...     news.group("misc.test")
            ...     (news.article(1)).message.text
            Group(name='misc.test', count=2, first=1, last=2)
            'Hello, all.\\n'
        """
        return self._one("ARTICLE", which, timeout)

    def head(self, which: int | str | None = None, *,
                   timeout: float | None = None) -> Article:
        """An article's header, as `article`."""
        return self._one("HEAD", which, timeout)

    def body(self, which: int | str | None = None, *,
                   timeout: float | None = None) -> Article:
        """An article's body, as `article`."""
        return self._one("BODY", which, timeout)

    def _one(self, part: str, which: int | str | None, timeout: float | None) -> Article:
        command = commands.article(part, which)
        with self._operation(str(command), timeout):
            reply = self._expect(command, *command.bodies)
            return named(which, reply, self._body(command))

    def article_stream(self, which: int | str, part: str = "ARTICLE") -> ArticleBody:
        """An article of any size as it comes: a with block to iterate over, chunk by chunk.

        Args:
            which: its number or its message-id.
            part: ``"ARTICLE"``, ``"HEAD"`` or ``"BODY"``.
        """
        if part not in ("ARTICLE", "HEAD", "BODY"):
            raise UsageError(f"article_stream: {part!r}", hint="ARTICLE, HEAD or BODY")
        return ArticleBody(self, commands.article(part, which))

    def stat(self, which: int | str | None = None, *,
                   timeout: float | None = None) -> Stat:
        """Whether there is such an article: its number and its message-id.

        Raises:
            NotFound: there is none.
        """
        command = commands.stat(which)
        with self._operation(str(command), timeout):
            return listings.parse_stat((self._expect(command, 223)).text)

    def next(self) -> Stat:
        """Go to the next article of the group.

        Raises:
            NotFound: there is none.
        """
        with self._operation("NEXT"):
            return listings.parse_stat((self._expect(commands.next_(), 223)).text)

    def last(self) -> Stat:
        """Go to the article before the current one.

        Raises:
            NotFound: there is none.
        """
        with self._operation("LAST"):
            return listings.parse_stat((self._expect(commands.last(), 223)).text)

    # -- many ------------------------------------------------------------------------------

    def over(self, first: int | str, last: int | None = None) -> Overviews:
        """The overview of a range of the selected group, or of one article by its id.

        Args:
            first: the first number; or a message-id.
            last: the last number; None goes on to the end of the group.

        Returns:
            An iterator of `Overview` rows that asks for them as they are needed.
        """
        if isinstance(first, str):
            return Overviews(self, message_id=first)
        return Overviews(self, first, last)

    def overview(self, which: range | Group | None = None) -> Overviews:
        """As `over`, for a range of numbers or a whole group; None is the selected one."""
        numbers = self._numbers(which)
        if not isinstance(numbers, range) or numbers.step != 1:
            raise UsageError("overview: a range of numbers without gaps is wanted")
        return Overviews(self, numbers.start, numbers.stop - 1)

    def hdr(self, field: str, first: int | str, last: int | None = None
            ) -> Ranges[HeaderValue]:
        """One field of many articles, by HDR or XHDR.

        Args:
            field: its name, or ``":bytes"``, ``":lines"``.
            first: the first number; or a message-id.
            last: the last number; None goes on to the end of the group.
        """
        if isinstance(first, str):
            name = commands.message_id(first)
            return Ranges(self, lambda verb, text: commands.hdr(verb, field, text), _HDR,
                               listings.parse_headers, 0, None, name)
        return Ranges(self, lambda verb, text: commands.hdr(verb, field, text), _HDR,
                           listings.parse_headers, first, last)

    def xpat(self, field: str, first: int, last: int | None, *patterns: str
             ) -> Rows[HeaderValue]:
        """The articles of which a field fits a wildmat, by XPAT (RFC 2980 section 2.9).

        Args:
            field: its name.
            first: the first number.
            last: the last number; None is the end of the group.
            patterns: wildmats without spaces; ``?`` stands for one.

        Raises:
            NotSupported: the server has no XPAT; `over` has all that it would search.
        """
        text = commands.span(first, last)
        return Rows(self, (commands.xpat(field, text, patterns),), listings.parse_headers,
                         (420, 423, 430))

    def xzver(self, first: int, last: int | None = None) -> Overviews:
        """As `over`, compressed by XZVER, which some servers of binaries have."""
        return Overviews(self, first, last, verbs=("XZVER",))

    def xzhdr(self, field: str, first: int, last: int | None = None) -> Ranges[HeaderValue]:
        """As `hdr`, compressed by XZHDR."""
        return Ranges(self, lambda verb, text: commands.hdr(verb, field, text), ("XZHDR",),
                           listings.parse_headers, first, last)

    def articles(self, which: Which = None, *, skip_missing: bool | None = None,
                 depth: int | None = None) -> Articles:
        """Whole articles in turn, the next ones asked for before they are needed.

        How many are under way follows the round trip and their size; leaving the loop early is
        free. No more than that is held in memory.

        Args:
            which: a range of numbers, a `Group`, or numbers and message-ids in any order; None is
                the selected group.
            skip_missing: whether what is not there (expired, cancelled) is left out; by default
                it is in a range, and is `NotFound` where numbers were given one by one.
            depth: never more than so many under way; 1 for servers that cannot bear more.

        Returns:
            An iterator of `Article`, each of which unpacks as ``number, data``.

        Example:
            >>> with Client("news.example.org") as news:
            ...     group = news.group("misc.test")
            ...     [article.message.subject for article in news.articles(group)]
            ['Hello', 'Re: Hello']
        """
        return self._many("ARTICLE", which, skip_missing, depth)

    def heads(self, which: Which = None, *, skip_missing: bool | None = None,
              depth: int | None = None) -> Articles:
        """Headers in turn, as `articles`."""
        return self._many("HEAD", which, skip_missing, depth)

    def bodies(self, which: Which = None, *, skip_missing: bool | None = None,
               depth: int | None = None) -> Articles:
        """Bodies in turn, as `articles`."""
        return self._many("BODY", which, skip_missing, depth)

    def _many(self, part: str, which: Which, skip: bool | None,
              depth: int | None) -> Articles:
        numbers = self._numbers(which)
        if skip is None:
            skip = isinstance(numbers, range)
        sparse = skip and isinstance(numbers, range) and self._is_sparse(numbers)
        return Articles(self, part, numbers, skip=skip, depth=depth,
                             find=self.listgroup if sparse else None)

    def _is_sparse(self, numbers: range) -> bool:
        """Whether it is worth asking first which numbers have an article."""
        group = self.selected
        return (group is not None and numbers.step == 1 and len(numbers) >= _MANY
                and group.count * 4 < len(numbers))

    def _numbers(self, which: Which) -> Iterable[Any]:
        if which is None:
            which = self.selected
        if which is None:
            raise UsageError("articles of which group?", hint="select one first: group(name)")
        return which.numbers if isinstance(which, Group) else which

    # -- the rest --------------------------------------------------------------------------

    def date(self, *, timeout: float | None = None) -> datetime:
        """The server's clock, in UTC."""
        with self._operation("DATE", timeout):
            return listings.parse_date((self._expect(commands.date(), 111)).text)

    def help(self) -> str:
        """What the server tells people about its commands."""
        command = commands.help_()
        with self._operation("HELP"):
            self._expect(command, 100)
            lines = listings.split(self._body(command))
            return "\n".join([line.decode("utf-8", "backslashreplace") for line in lines])

    def noop(self, *, timeout: float | None = None) -> None:
        """Keep the connection alive; NNTP has no word for that, so the clock is asked."""
        with self._operation("DATE", timeout):
            try:
                self._expect(commands.date(), 111)
            except NotSupported:
                pass  # an old server: that it answered is all that was wanted

    def quit(self) -> None:
        """Say goodbye, and close."""
        self.close()

    def close(self) -> None:
        """Say goodbye and close; in the middle of reading, without a word."""
        if isinstance(self._unfinished, Reading):
            self._drop()  # a goodbye would be answered after all that is still to come
        super().close()


class Overviews(Ranges[Overview]):
    """Overview rows, in order; an iterator and a context manager."""

    def __init__(self, client: Client, first: int = 0, last: int | None = None, *,
                 message_id: str = "", verbs: tuple[str, ...] = _OVER) -> None:
        name = commands.message_id(message_id) if message_id else ""
        super().__init__(client, commands.over, verbs, rows, first, last, name)
        self._ask_format = client.list_overview_fmt

    def _prepare(self) -> None:
        super()._prepare()
        format = self._ask_format()
        self._parse = lambda lines: rows(lines, format)
