"""``postel mail mailbox``: mailbox files of every kind on this disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import NotFound, UsageError
from ..wire.text import display
from .options import output_options
from .render import cut, print_json, size

if TYPE_CHECKING:
    from ..mailboxes import Box, Kind, Stored
    from ..messages import Parsed

__all__ = ["command"]

_KINDS = ("mboxrd", "mboxo", "mboxcl", "mboxcl2", "takeout", "mmdf", "babyl", "maildir", "mh",
          "eml")
_LONGEST_HEAD = 8 << 20
"""Bytes of a message that are read for its header."""
_WRITTEN = [kind for kind in _KINDS if kind != "takeout"]


@click.group("mailbox")
def command() -> None:
    """Mailbox files on this disk: mbox, Maildir, MH, MMDF, Babyl, .eml, Takeout."""


@command.command("list")
@click.argument("path", type=click.Path())
@click.option("--kind", type=click.Choice(_KINDS), help="Its kind, if it is not to be found out.")
@click.option("--folders", is_flag=True, help="The mailboxes in it, instead of messages.")
@click.option("--threads", is_flag=True, help="By conversation.")
@click.option("--flag", "flags", metavar="FLAG", multiple=True,
              help="Only messages with this flag. May be given again.")
@output_options
def list_(path: str, kind: Kind | None, folders: bool, threads: bool, flags: tuple[str, ...],
          as_json: bool) -> None:
    """List the messages of a mailbox: key, date, flags, size, author, subject."""
    if folders:
        _folders(path, as_json)
        return
    chosen = (one for one in _opened(path, kind) if set(flags) <= one.flags)
    for record, depth in _threaded(chosen) if threads else _plain(chosen):
        _print(record, depth, as_json)


@command.command("show")
@click.argument("path", type=click.Path())
@click.argument("key")
@click.option("--kind", type=click.Choice(_KINDS), help="Its kind, if it is not to be found out.")
def show(path: str, key: str, kind: Kind | None) -> None:
    """Write one message to standard output, byte for byte.

    KEY is what list shows first; for people: postel mail mailbox show BOX KEY | postel mail parse
    """
    for piece in _opened(path, kind)[key].chunks():
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


@command.command("convert")
@click.argument("source", type=click.Path())
@click.argument("target", type=click.Path())
@click.option("--to", "kind", type=click.Choice(_WRITTEN), required=True, help="The new kind.")
@click.option("--kind", "old", type=click.Choice(_KINDS), metavar="KIND",
              help="The kind of SOURCE, if it is not to be found out.")
@output_options
def convert(source: str, target: str, kind: Kind, old: Kind | None, as_json: bool) -> int:
    """Make a mailbox of another kind: every message byte for byte, with its flags.

    TARGET is complete or not there at all. Exits 1 if the new kind cannot hold some message.
    """
    from .. import mailboxes

    done = mailboxes.convert(_opened(source, old), target, kind)
    for one in done.skipped:
        click.echo(f"{one.key}: {display(one.reason)}", err=True)
    if as_json:
        print_json({"kind": kind, "messages": done.messages, "bytes": done.size,
                    "skipped": [one.key for one in done.skipped], "flags_lost": done.flags_lost})
    else:
        lost = f"; {done.flags_lost} had flags, which are lost" if done.flags_lost else ""
        left = f"; {len(done.skipped)} left out" if done.skipped else ""
        click.echo(f"{done.messages} messages, {size(done.size)}{lost}{left}")
    return int(bool(done.skipped))


@command.command("append")
@click.argument("path", type=click.Path())
@click.argument("files", type=click.Path(), nargs=-1)
@click.option("--kind", type=click.Choice(_WRITTEN), help="The kind to make, if it is not there.")
@click.option("--flag", "flags", metavar="FLAG", multiple=True,
              help="seen, answered, flagged, draft, deleted, forwarded, or a word of yours. "
                   "May be given again.")
@click.option("--sender", default="", metavar="ADDRESS", help="Sender of the envelope.")
@output_options
def append(path: str, files: tuple[str, ...], kind: Kind | None, flags: tuple[str, ...],
           sender: str, as_json: bool) -> None:
    """Add messages to a mailbox: FILES, or one from standard input."""
    from ..mailboxes import Letter
    from ..mailboxes.face import checked_flags

    words = checked_flags(flags)
    now = datetime.now(UTC).replace(microsecond=0)
    box = _opened(path, kind)
    letters = [Letter(data, words, sender, now) for data in _read(files)]
    for key in box.extend(letters):
        if as_json:
            print_json({"key": key})
        else:
            click.echo(key)


def _opened(path: str, kind: Kind | None) -> Box:
    from .. import mailboxes

    return mailboxes.open(path, kind)


def _read(files: tuple[str, ...]) -> Iterator[bytes]:
    for name in files or ("-",):
        if name == "-":
            yield sys.stdin.buffer.read()
            continue
        try:
            yield Path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"reading {name}: there is no such file") from None
        except OSError as error:
            raise UsageError(f"reading {name}: {error.strerror}") from error


def _folders(path: str, as_json: bool) -> None:
    from .. import mailboxes

    for name, box in mailboxes.tree(path):
        count = len(box)
        if as_json:
            print_json({"name": display(name), "path": display(str(box.path)), "kind": box.kind,
                        "messages": count})
        else:
            click.echo(f"{count:>8}  {box.kind:<8}  {display(name) or '.'}")


def _record(message: Stored, read: Parsed) -> dict[str, Any]:
    """What a line says of a message; small, however large that is."""
    author = next((one.name or one.address for one in read.from_.mailboxes), "")
    when = message.date or read.date
    return {"key": message.key, "date": when.isoformat() if when else None,
            "flags": sorted(display(flag) for flag in message.flags), "size": message.size,
            "from": display(author), "subject": display(read.subject)}


def _print(record: dict[str, Any], depth: int, as_json: bool) -> None:
    if as_json:
        print_json(record | {"depth": depth})
        return
    marks = "".join(mark if flag in record["flags"] else "-" for flag, mark in
                    (("seen", "S"), ("answered", "R"), ("flagged", "F"), ("deleted", "T")))
    day = (record["date"] or "")[:16].replace("T", " ")
    click.echo(f"{record['key']:>8}  {day:16}  {marks}  {size(record['size']):>8}  "
               f"{cut(record['from'], 24):24}  {'  ' * min(depth, 12)}{record['subject']}")


def _head(message: Stored) -> Parsed:
    """As much of a message as its header needs; attachments stay on the disk."""
    from ..messages import parse

    read = b""
    for piece in message.chunks():
        read += piece
        if b"\n\n" in piece or b"\r\n\r\n" in piece or len(read) > _LONGEST_HEAD:
            break
    return parse(read)


def _plain(messages: Iterator[Stored]) -> Iterator[tuple[dict[str, Any], int]]:
    for message in messages:
        yield _record(message, _head(message)), 0


def _threaded(messages: Iterator[Stored]) -> Iterator[tuple[dict[str, Any], int]]:
    from ..messages import ThreadEntry, Threads

    threads: Threads[int] = Threads()
    found = []
    for number, message in enumerate(messages):
        read = _head(message)
        found.append(_record(message, read))
        threads.add(ThreadEntry.of(number, read))
    for thread in threads.threads():
        for row in thread.rows:
            if row.entry is not None:
                yield found[row.entry.key], row.depth
