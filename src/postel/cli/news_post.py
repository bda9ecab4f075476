"""``postel news post``: an article is posted."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import click

from ..errors import NotFound, UsageError
from ..wire.text import display
from .news_places import client_at, group_at
from .options import Settings, client_options, output_options
from .render import print_json

if TYPE_CHECKING:
    from ..messages import Message
    from ..nntp.client_sync import Client

__all__ = ["post"]


@click.command("post")
@click.argument("group")
@click.argument("file", required=False, type=click.Path())
@click.option("--from", "author", metavar="ADDRESS", help='Who writes it: "Ann <ann@example.org>".')
@click.option("--subject", metavar="TEXT", help="What it is about; by default that of --reply.")
@click.option("--reply", metavar="ARTICLE", help="The article it answers: its number, or its id.")
@click.option("--raw", is_flag=True, help="FILE is a whole article, with its header.")
@click.option("--dry-run", is_flag=True, help="Show the article, and do not post it.")
@output_options
@client_options
def post(group: str, file: str | None, settings: Settings, author: str | None,
         subject: str | None, reply: str | None, raw: bool, dry_run: bool, as_json: bool) -> None:
    """Post an article to a group; its text is FILE, or standard input.

    Prints its message-id. With --reply it stands below the article that it answers.
    """
    from ..nntp.posting import outgoing

    place = group_at(group)
    data = _read(file)
    with client_at(place.server, settings) as news:
        article: bytes | Message = data
        if not raw:
            article = _draft(news, place.group, _text(data), author, subject, reply)
        if dry_run:
            ready = outgoing(article, groups=() if raw else place.group,
                             now=datetime.now().astimezone(), unique=token_hex(12))
            sys.stdout.buffer.write(ready.data)
            sys.stdout.buffer.flush()
            return
        name = news.post(article, groups=() if raw else place.group)
    if as_json:
        print_json({"message_id": name, "group": place.group})
    else:
        click.echo(display(name))


def _draft(news: Client, group: str, text: str, author: str | None, subject: str | None,
           reply: str | None) -> Message:
    from ..messages import Message, parse_addresses

    author = author or os.environ.get("EMAIL")
    if not author or not parse_addresses(author).mailboxes:
        raise UsageError("post: who writes it?", hint='--from "Ann <ann@example.org>", or EMAIL=…')
    chain: tuple[str, ...] = ()
    if reply is not None:
        news.group(group)
        answered = news.head(int(reply) if reply.isdigit() else reply)
        seen = answered.message
        subject = subject or _answer(seen.subject)
        chain = (*seen.references, seen.message_id or answered.message_id.strip("<>"))[-20:]
    if not subject:
        raise UsageError("post: what is it about?", hint='--subject "…"')
    return Message(from_=author, subject=subject, text=text,
                   references=chain, headers={"Newsgroups": group})


def _answer(subject: str) -> str:
    from ..messages.threads import is_answer

    return subject if is_answer(subject) else f"Re: {subject}"


def _read(file: str | None) -> bytes:
    if file is None or file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"reading {file}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"reading {file}: {error.strerror}") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
