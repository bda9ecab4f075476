"""``postel mail export|import``: a folder's messages to a mailbox on this disk, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ..errors import NotFound, UsageError
from .mail_posts import dry_option, post_at, where_argument
from .mail_read import query_of
from .options import Settings, client_options, output_options
from .render import Bar, print_json, size

if TYPE_CHECKING:
    from ..mail.post_sync import Post
    from ..mailboxes import Letter
    from ..mailboxes.face import Box, Kind

__all__ = ["export", "import_"]

_AT_ONCE = 200
"""Messages that are synced to the disk together."""


@click.command("export")
@where_argument
@click.argument("target")
@click.argument("keys", nargs=-1, metavar="[KEY...]")
@click.option("--query", metavar="QUERY", help="Only what this finds; see postel mail search.")
@dry_option
@output_options
@client_options
def export(where: str, target: str, keys: tuple[str, ...], settings: Settings, query: str | None,
           dry_run: bool, as_json: bool) -> None:
    """Write a folder's messages into a mailbox on this disk, with their flags and dates.

    TARGET is maildir:FOLDER, mbox:FILE, mh:FOLDER, eml:FOLDER. It is made if it is not there; what
    is in it stays. Without KEYs and --query: all messages. Whole accounts: postel mail migrate.
    """
    from ..mail.post_types import parse_where

    place = parse_where(target)
    if place.kind != "disk":
        raise UsageError(f"export to {target}: it is not on this disk",
                         hint="maildir:FOLDER, mbox:FILE; between servers: postel mail migrate")
    if keys and query:
        raise UsageError("export: KEYs and --query: which of them?")
    with post_at(where, settings) as post:
        if query is not None:
            chosen = [one.key for one in post.list(query=query_of((query,)))]
        else:
            chosen = post.keys("", keys or ["all"])
        if dry_run:
            _say_export(len(chosen), 0, place.path, as_json, settings, dry=True)
            return
        count, total = _write(post, chosen, place.path, place.box, settings, as_json)
    _say_export(count, total, place.path, as_json, settings)


def _write(post: Post, chosen: list[str], path: str, kind: str, settings: Settings,
           as_json: bool) -> tuple[int, int]:
    from ..types import Progress

    box = _target(Path(path).expanduser(), kind)
    bar = Bar(False if settings.quiet or as_json else None, unit=_count)
    count, total, waiting = 0, 0, list["Letter"]()
    try:
        for _, letter in post.each("", chosen):
            waiting.append(_resting(letter))
            count, total = count + 1, total + len(letter.data)
            if len(waiting) >= _AT_ONCE:
                box.extend(waiting)
                waiting = []
                bar(Progress(path, count, len(chosen), 0.0))
        box.extend(waiting)
    finally:
        bar.done()
    return count, total


def _target(path: Path, kind: str) -> Box:
    """The mailbox to write into; an mbox of another variant stays one."""
    from .. import mailboxes

    if kind in ("mbox", "box", ""):
        known = mailboxes.kind_of(path)
        return mailboxes.open(path, known or ("mboxrd" if kind == "mbox" else None))
    return mailboxes.open(path, cast("Kind", kind))


def _count(messages: float) -> str:
    return f"{messages:.0f} messages"


def _resting(letter: Letter) -> Letter:
    """Mail travels with CRLF and rests with LF, which every mail reader expects."""
    from dataclasses import replace

    return replace(letter, data=letter.data.replace(b"\r\n", b"\n"))


def _say_export(count: int, total: int, path: str, as_json: bool, settings: Settings, *,
                dry: bool = False) -> None:
    if as_json:
        print_json({"would": "export", "messages": count, "to": path} if dry else
                   {"exported": count, "bytes": total, "to": path})
    elif dry:
        click.echo(f"would export {count} messages to {path}")
    else:
        settings.say(f"{count} messages, {size(total)}, to {path}")


@click.command("import")
@where_argument
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--flag", "flags", multiple=True, metavar="FLAG",
              help="Also give each this flag; may be given again.")
@dry_option
@output_options
@client_options
def import_(where: str, sources: tuple[str, ...], settings: Settings, flags: tuple[str, ...],
            dry_run: bool, as_json: bool) -> None:
    """Put messages into a folder: of mailboxes on this disk, of .eml files, or from - (stdin).

    SOURCE is maildir:FOLDER, mbox:FILE, a path of one, or a file that is one message. Flags and
    dates go along. WHERE is where they go: ann/Archive, imaps://…/Archive, maildir:PATH.
    """
    if dry_run:
        count = sum(1 for _ in _letters(sources, flags))
        if as_json:
            print_json({"would": "import", "messages": count, "to": where})
        else:
            click.echo(f"would import {count} messages into {where}")
        return
    with post_at(where, settings) as post:
        keys = post.put("", _letters(sources, flags))
    if as_json:
        print_json({"imported": len(keys), "keys": keys, "to": where})
    else:
        settings.say(f"{len(keys)} messages imported")


def _letters(sources: tuple[str, ...], flags: tuple[str, ...]) -> Iterator[Letter]:
    """Every message of every source, read as it is needed."""
    from dataclasses import replace

    for source in sources:
        for letter in _of(source):
            yield replace(letter, flags=letter.flags | frozenset(flags))


def _of(source: str) -> Iterator[Letter]:
    from .. import mailboxes
    from ..mailboxes import Letter

    if source == "-":
        yield Letter(sys.stdin.buffer.read())
        return
    head, colon, rest = source.partition(":")
    known = colon and head in ("maildir", "mbox", "mh", "mmdf", "babyl", "eml", "box")
    path = Path(rest if known else source).expanduser()
    if not path.exists():
        raise NotFound(f"import {source}: there is nothing of that name")
    if not known and path.is_file() and not _is_mailbox(path):
        yield Letter(path.read_bytes())
        return
    for one in mailboxes.open(path):
        yield one.letter()


def _is_mailbox(path: Path) -> bool:
    """Whether a file holds many messages, by its beginning; else it is one."""
    from .. import mailboxes

    try:
        return mailboxes.kind_of(path) is not None
    except UsageError:
        return False
