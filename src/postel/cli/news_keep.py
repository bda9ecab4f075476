"""``postel news mirror|get|watch``: news is kept, and waited for."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import click

from ..errors import NetworkError, TryLater, UsageError
from ..wire.text import display
from .news_places import client_at, group_at, server_at
from .news_read import line, record
from .options import Settings, client_options, output_options
from .render import Bar, print_json, size

if TYPE_CHECKING:
    from ..news.types import FetchedFile, Mirrored
    from ..nntp.client_sync import Client
    from ..nntp.overview import Overview

__all__ = ["get", "mirror", "watch"]

_LONGEST_PAUSE = 600.0


@click.command("mirror")
@click.argument("group")
@click.argument("into", metavar="DIR")
@click.option("--newest", type=click.IntRange(min=1), metavar="N",
              help="Of a group that is new here, only so many of its newest articles.")
@click.option("--since", type=click.DateTime(), metavar="DATE",
              help="Of a group that is new here, only what was posted since.")
@click.option("--state", type=click.Path(dir_okay=False), metavar="FILE",
              help="Where is noted what is here; by default .postel-news.db beside DIR.")
@click.option("--dry-run", is_flag=True, help="Say what is new, and fetch nothing.")
@output_options
@client_options
def mirror(group: str, into: str, settings: Settings, newest: int | None, since: Any,
           state: str | None, dry_run: bool, as_json: bool) -> None:
    """Keep a copy of a group up to date; of several: nntps://host/comp.lang.* DIR.

    DIR is a Maildir, mbox:FILE or sqlite:FILE. The second run fetches what is new alone; a run that
    was killed loses nothing and leaves no copies.
    """
    from ..news.mirror_sync import mirror as run

    place = group_at(group)
    bar = Bar(False if settings.quiet or as_json else None, unit=_count)
    server = server_at(None) if place.server is None else place.server
    source = str(server).rstrip("/") + f"/{place.group}"
    try:
        done = run(source, into, state=state, newest=newest, since=since, dry_run=dry_run,
                   progress=bar, **settings.client(server))
    finally:
        bar.done()
    for one in done:
        _tell(one, settings, as_json)


def _tell(one: Mirrored, settings: Settings, as_json: bool) -> None:
    if as_json:
        print_json({"group": one.group, "place": one.place, "found": one.found,
                    "fetched": one.fetched, "there": one.there, "missing": one.missing,
                    "size": one.size, "highest": one.highest, "renumbered": one.renumbered,
                    "dry_run": one.dry})
        return
    anew = "; the server counts anew" if one.renumbered else ""
    there = f", {one.there} here already" if one.there else ""
    gone = f", {one.missing} gone" if one.missing else ""
    verb = "would fetch " if one.dry else ""
    weight = "" if one.dry else f", {size(one.size)}"
    settings.say(f"{display(one.group)}: {verb}{one.fetched} new{weight}{there}{gone}{anew}")


def _count(articles: float) -> str:
    return f"{articles:.0f} articles"


@click.command("get")
@click.argument("file", type=click.Path())
@click.option("--server", "servers", multiple=True, metavar="URL",
              help="nntps://user@host; may be given again: each is asked for what those before "
                   "lack. By default NNTPSERVER.")
@click.option("--into", type=click.Path(file_okay=False), default=".", metavar="FOLDER",
              help="Where the files go; else into the current folder.")
@click.option("--parallel", type=click.IntRange(1, 50), default=4, show_default=True, metavar="N",
              help="Connections to a server.")
@click.option("--dry-run", is_flag=True, help="Say what it lists, and fetch nothing.")
@output_options
@client_options
def get(file: str, settings: Settings, servers: tuple[str, ...], into: str, parallel: int,
        dry_run: bool, as_json: bool) -> int:
    """Fetch the files that an NZB lists: yEnc and uuencode, over several connections.

    Checksums are checked; a file with missing or damaged parts is kept as NAME.incomplete, and the
    exit code is 6.
    """
    from ..news.files_sync import get_nzb, read_nzb

    listed = read_nzb(file)
    if dry_run:
        for one in listed.files:
            lacks = f"  (the list lacks {len(one.missing)} parts)" if one.missing else ""
            if as_json:
                print_json({"would": "fetch", "name": display(one.name), "size": one.size,
                            "segments": len(one.segments), "missing": list(one.missing)})
            else:
                click.echo(f"{size(one.size):>8}  {len(one.segments):>6} parts  "
                           f"{display(one.name or one.subject)}{lacks}")
        return 0
    places = [server_at(name) for name in servers] or [server_at(None)]
    bar = Bar(False if settings.quiet or as_json else None)
    try:
        done = get_nzb(listed, into, places, parallel=parallel, progress=bar,
                       **settings.client(places[0]))
    finally:
        bar.done()
    for got in done:
        _tell_file(got, as_json)
    return 0 if all(one.whole or one.there for one in done) else 6


def _tell_file(one: FetchedFile, as_json: bool) -> None:
    if as_json:
        print_json({"name": display(one.name), "path": str(one.path) if one.path else None,
                    "size": one.size, "whole": one.whole, "there": one.there,
                    "missing": list(one.missing), "defects": list(one.defects)})
        return
    words = ["here already"] if one.there else []
    if one.missing:
        words.append(f"{len(one.missing)} parts missing")
    words += one.defects[:3]
    told = f"  ({'; '.join(words)})" if words else ""
    click.echo(f"{size(one.size):>8}  {display(one.name)}{told}")


@click.command("watch")
@click.argument("group")
@click.option("--run", "program", metavar="COMMAND",
              help="Run it for each article, which is its standard input; POSTEL_NUMBER, "
                   "POSTEL_GROUP, POSTEL_FROM and POSTEL_SUBJECT tell of it.")
@click.option("--every", type=click.FloatRange(min=0.1), default=60.0, show_default=True,
              metavar="SECONDS", help="How often to ask; news has no way to tell by itself.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after so many.")
@output_options
@client_options
def watch(group: str, settings: Settings, program: str | None, every: float, count: int | None,
          as_json: bool) -> int:
    """Watch a group: a line for each article as it comes, until Ctrl-C.

    A connection that breaks is made anew; what came meanwhile is not missed.
    """
    place = group_at(group)
    if not place.group:
        raise UsageError("watch which group?", hint="nntps://host/group")
    seen = _Watch(place.group, program, count, as_json)
    pause = every
    while True:
        try:
            with client_at(place.server, settings) as news:
                while not seen.look(news):
                    pause = every
                    time.sleep(every)
                return seen.code
        except (NetworkError, TryLater) as error:
            if seen.last is None:  # it has never worked
                raise
            click.echo(f"postel: {display(str(error))}; again in {pause:.0f} s", err=True)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


class _Watch:
    """What has been told of a group."""

    def __init__(self, group: str, program: str | None, count: int | None, as_json: bool) -> None:
        self.last: int | None = None
        self.code = 0
        self._group, self._program, self._left, self._as_json = group, program, count, as_json

    def look(self, news: Client) -> bool:
        """Tell what is new; whether that was enough."""
        group = news.group(self._group)
        if self.last is None or group.last < self.last:  # at first; or the server counts anew
            self.last = group.last
        if group.last == self.last:
            return False
        for row in list(news.over(self.last + 1, group.last)):
            self.code = _announce(news, self._group, row, self._program, self._as_json) or self.code
            self.last = row.number
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    return True
        self.last = group.last
        return False


def _announce(news: Client, group: str, row: Overview, program: str | None,
              as_json: bool) -> int:
    if program is None:
        if as_json:
            print_json(record(row))
        else:
            click.echo(line(row))
        return 0
    facts = {"POSTEL_NUMBER": str(row.number), "POSTEL_GROUP": group,
             "POSTEL_FROM": row.author, "POSTEL_SUBJECT": row.subject}
    told = {name: display(value) for name, value in facts.items()}
    done = subprocess.run(program, shell=True, check=False,  # noqa: S602 - their own
                          input=news.article(row.number).data, env={**os.environ, **told})
    if done.returncode:
        click.echo(f"postel: {display(program)}: it ended with {done.returncode}", err=True)
    return int(bool(done.returncode))
