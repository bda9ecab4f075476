"""``postel news groups|list|over|read``: news is read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..wire.text import display
from .mail_parse import message_record, show_attachments, show_block, show_headers
from .news_places import client_at, group_at, server_at
from .options import Settings, client_options, output_options
from .render import cut, print_json, size

if TYPE_CHECKING:
    from ..messages import ThreadEntry
    from ..nntp.client_sync import Client
    from ..nntp.location import Location
    from ..nntp.overview import Overview

__all__ = ["groups", "line", "list_", "over", "read", "record", "threaded"]

_USUAL = 40
_MOST = 10_000_000


@click.command("groups")
@click.argument("server", required=False)
@click.argument("pattern", required=False)
@click.option("--new", "since", type=click.DateTime(), metavar="DATE",
              help="Only groups made since then.")
@output_options
@client_options
def groups(server: str | None, pattern: str | None, settings: Settings, since: Any,
           as_json: bool) -> None:
    """List the groups of a server: highest number, how many articles about, status, name, purpose.

    PATTERN is a wildmat: comp.lang.*, or several with commas, *!alt.* to leave some out.
    """
    if server is not None and pattern is None and "://" not in server and "*" in server:
        server, pattern = None, server
    with client_at(server_at(server), settings) as news:
        about = _purposes(news, pattern)
        found = news.newgroups(since) if since is not None else news.list(pattern)
        for one in found:
            count = max(0, one.last - one.first + 1)
            if as_json:
                print_json({"group": one.name, "first": one.first, "last": one.last,
                            "status": one.status, "about": about.get(one.name, "")})
            else:
                click.echo(f"{one.last:>10} {count:>9}  {display(one.status):1}  "
                           f"{display(one.name)}  "
                           f"{click.style(display(about.get(one.name, '')), dim=True)}".rstrip())


def _purposes(news: Client, pattern: str | None) -> dict[str, str]:
    from ..errors import ReplyError

    try:
        return {one.name: one.text for one in news.list_newsgroups(pattern)}
    except ReplyError:
        return {}  # many servers have none


@click.command("list")
@click.argument("group")
@click.option("-n", "--last", type=click.IntRange(min=1), default=_USUAL, show_default=True,
              metavar="N", help="The threads of so many articles, the newest.")
@click.option("--all", "everything", is_flag=True, help="Of all articles.")
@click.option("--flat", is_flag=True, help="As they came, not by thread.")
@output_options
@client_options
def list_(group: str, settings: Settings, last: int, everything: bool, flat: bool,
          as_json: bool) -> None:
    """Show a group as threads: number, date, size, author, subject.

    GROUP is a URL, nntps://news.example.org/comp.lang.python, also with numbers: …/100-200.
    """
    place = group_at(group)
    with client_at(place.server, settings) as news:
        rows = list(_rows(news, place, None if everything else last))
    if flat:
        _show([(row, 0) for row in rows], as_json)
    else:
        _show(threaded(rows), as_json)


@click.command("over")
@click.argument("group")
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N",
              help="Of so many articles, the newest; else of all.")
@output_options
@client_options
def over(group: str, settings: Settings, last: int | None, as_json: bool) -> None:
    """Write the overview of a group as it comes: a line an article, columns between tabs.

    The columns: number, subject, author, date, message-id, references, bytes, lines; control
    characters are shown as escapes.
    """
    place = group_at(group)
    with client_at(place.server, settings) as news:
        for row in _rows(news, place, last):
            if as_json:
                print_json(record(row))
            else:
                columns = row.line.decode("utf-8", "backslashreplace").split("\t")
                click.echo("\t".join([display(column) for column in columns]))


@click.command("read")
@click.argument("article")
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1), metavar="[NUMBER...]")
@click.option("--headers", is_flag=True, help="All header fields.")
@click.option("--raw", is_flag=True, help="Byte for byte, as the server has it.")
@output_options
@client_options
def read(article: str, numbers: tuple[int, ...], settings: Settings, headers: bool, raw: bool,
         as_json: bool) -> None:
    """Show articles: header, text, what is attached.

    ARTICLE is nntps://host/group/7, also 7-9; a message-id: news://host/id@example.org; or a group
    with NUMBERs behind it.
    """
    place = group_at(article)
    shown = 0
    with client_at(place.server, settings) as news:
        for one in _articles(news, place, numbers):
            if raw:
                sys.stdout.buffer.write(one.data)
                sys.stdout.buffer.flush()
            elif as_json:
                print_json({"number": one.number, **message_record(one.message, {})})
            else:
                if shown:
                    click.echo(click.style("-" * 72, dim=True))
                show_headers(one.message, everything=headers)
                show_block(one.message.text)
                show_attachments(one.message, {})
            shown += 1


def _articles(news: Client, place: Location, numbers: tuple[int, ...]) -> Iterable[Any]:
    if place.message_id:
        return [news.article(place.message_id)]
    group = news.group(place.group)
    if numbers:
        return news.articles(numbers)
    if place.first is None:
        raise UsageError(f"{place.group}: which article?",
                         hint=f"a number behind it; the newest is {group.last}")
    if place.first == place.last:
        return [news.article(place.first)]
    stop = place.last if place.last is not None else group.last
    return news.articles(range(place.first, min(stop, group.last) + 1))


def _rows(news: Client, place: Location, last: int | None) -> Iterable[Overview]:
    if not place.group:
        raise UsageError("which group?", hint="postel news groups SERVER lists them")
    group = news.group(place.group)
    first = group.first if place.first is None else place.first
    stop = group.last if place.last is None else min(place.last, group.last)
    if last is not None and place.first is None:
        first = max(first, stop - last + 1)
    if not group or first > stop:
        return ()
    return news.over(first, stop)


def threaded(rows: list[Overview]) -> list[tuple[Overview, int]]:
    """Articles in the order of their threads, each with its depth."""
    from ..messages import Threads

    threads: Threads[int] = Threads()
    threads.update(_entry(number, row) for number, row in enumerate(rows))
    return [(rows[line.entry.key], line.depth) for thread in threads.threads()
            for line in thread.rows if line.entry is not None]


def _entry(number: int, row: Overview) -> ThreadEntry[int]:
    from ..messages import ThreadEntry

    people = frozenset(one.address.lower() for one in row.from_.mailboxes)
    return ThreadEntry(number, row.message_id.strip("<>"), row.references, row.subject, row.date,
                       people)


def _show(rows: Iterable[tuple[Overview, int]], as_json: bool) -> None:
    for row, depth in rows:
        if as_json:
            print_json(record(row) | {"depth": depth})
        else:
            click.echo(line(row, depth))


def record(row: Overview) -> dict[str, Any]:
    """What a line of ``--json`` says of an article."""
    when = row.date
    return {"number": row.number, "message_id": display(row.message_id),
            "date": when.isoformat() if when else None, "size": row.size, "lines": row.lines,
            "from": display(row.author), "subject": display(row.subject),
            "references": [display(name) for name in row.references]}


def line(row: Overview, depth: int = 0) -> str:
    """An article in one line."""
    when = row.date
    day = when.strftime("%Y-%m-%d %H:%M") if when else ""
    author = next((one.name or one.address for one in row.from_.mailboxes), row.author)
    return (f"{row.number:>8}  {day:16}  {size(row.size):>8}  {_padded(display(author), 22)}  "
            f"{'  ' * min(depth, 12)}{display(row.subject)}")


def _padded(text: str, room: int) -> str:
    from unicodedata import combining, east_asian_width

    short = cut(text, room)
    used = sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in short)
    return short + " " * (room - used)
