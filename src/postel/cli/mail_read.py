"""``postel mail folders|list|search|show|get``: mail is read, and stays as it is."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import NotSupported, UsageError
from ..wire.text import display
from .mail_parse import (
    message_record,
    save_attachments,
    show_attachments,
    show_block,
    show_headers,
)
from .mail_posts import post_at, print_list, where_argument
from .options import Settings, client_options, output_options
from .render import print_json, size

if TYPE_CHECKING:
    from ..imap.query import Query
    from ..mail.post_sync import Post
    from ..messages import Parsed

__all__ = ["folders", "get", "list_", "query_of", "search", "show"]

_USUAL = 25


@click.command("folders")
@click.argument("where", required=False)
@output_options
@client_options
def folders(where: str | None, settings: Settings, as_json: bool) -> None:
    """List the folders of an account: messages, how many are new, what each is for.

    WHERE is an account, or a URL: imaps://ann@mail.example.org/. Without it: the usual account.
    """
    with post_at(where, settings) as post:
        found = post.folders()
    for one in found:
        if as_json:
            print_json({"name": one.name, "role": one.role or None, "messages": one.messages,
                        "unread": one.unread, "size": one.size, "holds": one.holds})
        else:
            counts = ["-" if number is None else str(number)
                      for number in (one.messages, one.unread)]
            name = display(one.name) if one.holds else f"{display(one.name)}  (holds no messages)"
            click.echo(f"{counts[0]:>8} {counts[1]:>8} new  {one.role:8}  {name}".rstrip())


@click.command("list")
@click.argument("where", required=False)
@click.option("-n", "--last", type=click.IntRange(min=0), default=_USUAL, show_default=True,
              metavar="N", help="So many, those that came last.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--unread", is_flag=True, help="Only those that nobody has read.")
@click.option("--flat", is_flag=True, help="As they came, not by conversation.")
@output_options
@client_options
def list_(where: str | None, settings: Settings, last: int, everything: bool, unread: bool,
          flat: bool, as_json: bool) -> None:
    """List messages by conversation: key, date, marks, size, author, subject.

    WHERE is an account (ann), a folder of it (ann/Sent; also by its role: ann/trash), a URL
    (imaps://ann@mail.example.org/INBOX, pop3s://…), or maildir:PATH, mbox:FILE. Without it: the
    usual account's inbox. The marks: N new, R answered, f passed on, F flagged, D deleted, d draft.
    """
    from ..imap import query as q

    with post_at(where, settings) as post:
        found = post.list(query=q.unseen if unread else None, last=None if everything else last)
    print_list(found, as_json=as_json, flat=flat)


@click.command("search")
@where_argument
@click.argument("words", nargs=-1, required=True, metavar="QUERY...")
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N",
              help="At most so many, those that came last.")
@click.option("--flat", is_flag=True, help="As they came, not by conversation.")
@output_options
@client_options
def search(where: str, words: tuple[str, ...], settings: Settings, last: int | None, flat: bool,
           as_json: bool) -> None:
    """Search a folder: from:ann subject:"to do" -spam since:2026-11 larger:2M unread.

    Words are looked for in whole messages; all must be there, | between two lets one be enough.
    from: to: cc: subject: body: list: id: header:NAME=TEXT; since: until: on: before: after: with
    2026, 2026-11, 2026-11-21, today, yesterday; older:2w newer:3d; larger:2M smaller:10k; unread,
    read, flagged, answered, is:draft, tag:WORD; at Gmail gmail:'in:anywhere'. A query that begins
    with "-" comes behind --, or say ! for it. A server searches by itself; POP3 and mailboxes on
    this disk are searched here.
    """
    query = query_of(words)
    with post_at(where, settings) as post:
        found = post.list(query=query, last=last)
    print_list(found, as_json=as_json, flat=flat)


def query_of(words: tuple[str, ...]) -> Query:
    """What was typed, as a query.

    One argument is the query as it stands; of several, one with blanks is a phrase, whose quotes
    the shell took away.
    """
    from ..imap.query_plain import plain

    today = date.today()
    if len(words) == 1:
        return plain(words[0], today=today)
    return plain(" ".join(_requoted(word) for word in words), today=today)


def _requoted(word: str) -> str:
    """A phrase in quotes; what stands before its colon says where to look."""
    if not any(char.isspace() for char in word) or '"' in word:
        return word
    name, colon, rest = word.partition(":")
    if colon and name.lstrip("-!").replace("-", "").isalpha():
        return f'{name}:"{rest}"'
    sign = word[:1] if word[:1] in ("-", "!") else ""
    return f'{sign}"{word.removeprefix(sign)}"'


@click.command("show")
@where_argument
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--headers", is_flag=True, help="All header fields.")
@click.option("--html", is_flag=True, help="The HTML as it came, instead of the text.")
@click.option("--peek", is_flag=True, help="Do not mark it as read.")
@output_options
@client_options
def show(where: str, keys: tuple[str, ...], settings: Settings, headers: bool, html: bool,
         peek: bool, as_json: bool) -> None:
    """Show messages: header, text, what is attached; and mark them as read.

    KEY is what list shows first; also 12:15, several with commas, last, last:5.
    """
    from ..messages import parse

    with post_at(where, settings) as post:
        chosen = post.keys("", keys)
        for number, key in enumerate(chosen):
            message = parse(post.read("", key))
            if as_json:
                print_json({"key": key, **message_record(message, {})})
                continue
            if number:
                click.echo(click.style("-" * 72, dim=True))
            _print_message(message, headers=headers, html=html)
        if not peek:
            _mark_read(post, chosen)


def _print_message(message: Parsed, *, headers: bool, html: bool) -> None:
    show_headers(message, everything=headers)
    show_block((message.html or "") if html else message.text)
    show_attachments(message, {})


def _mark_read(post: Post, keys: list[str]) -> None:
    try:
        post.flag("", keys, add=["seen"])
    except NotSupported:
        pass  # POP3 knows no flags


@click.command("get")
@where_argument
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE",
              help="Write the one message there; - is standard output.")
@click.option("--into", type=click.Path(file_okay=False), default=".", metavar="FOLDER",
              help="Write each as KEY.eml into this folder; else into the current one.")
@click.option("--attachments", is_flag=True,
              help="Write what is attached, under safe names, instead of the messages.")
@output_options
@client_options
def get(where: str, keys: tuple[str, ...], settings: Settings, output: str | None, into: str,
        attachments: bool, as_json: bool) -> None:
    """Fetch whole messages, byte for byte, or what is attached to them; nothing is marked.

    KEY is what list shows first; also 12:15, several with commas, last, last:5, all. A file that is
    there is never overwritten.
    """
    from ..messages import parse

    with post_at(where, settings) as post:
        chosen = post.keys("", keys)
        if output is not None and (len(chosen) != 1 or attachments):
            raise UsageError("--output is for one whole message", hint="--into FOLDER")
        for key in chosen:
            data = post.read("", key)
            if attachments:
                message = parse(data)
                saved = save_attachments(message, Path(into))
                _tell_saved(key, message, saved, as_json)
            elif output == "-":
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            else:
                path = Path(output) if output else Path(into) / f"{_file_name(key)}.eml"
                _write(path, data)
                _tell_written(key, path, len(data), as_json)


def _file_name(key: str) -> str:
    from ..wire.names import safe_name

    return safe_name(key.replace("/", "_"))


def _write(path: Path, data: bytes) -> None:
    from ..transport.target import Target

    if path.exists() or path.is_symlink():
        raise UsageError(f"{path}: it is there already", hint="name another by --output or --into")
    path.parent.mkdir(parents=True, exist_ok=True)
    target = Target.at(path)
    try:
        target.restart()
        target.file.write(data)
        target.commit()
    except BaseException:
        target.discard()
        raise


def _tell_written(key: str, path: Path, count: int, as_json: bool) -> None:
    if as_json:
        print_json({"key": key, "file": str(path), "size": count})
    else:
        click.echo(f"{path}  {size(count)}")


def _tell_saved(key: str, message: Parsed, saved: dict[int, Path], as_json: bool) -> None:
    for number, one in enumerate(message.attachments):
        if as_json:
            record: dict[str, Any] = {"key": key, "file": str(saved[number]),
                                      "content_type": one.content_type, "size": len(one.content)}
            print_json(record)
        else:
            click.echo(f"{display(str(saved[number]))}  {size(len(one.content))}")
