"""``postel mail outbox``: mail that waits on this disk to be sent."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import UsageError
from ..schemes import scheme_of
from ..urls import parse
from ..wire.text import display
from .options import Settings, client_options, location, output_options
from .render import print_json, size

if TYPE_CHECKING:
    from ..mail.outbox_sync import Outbox
    from ..mail.outbox_types import Item

__all__ = ["command", "moment", "opened", "print_items"]

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"\+?(\d{1,6})\s*([smhdw])\Z")
_COLOURS = {"sent": "green", "delivered": "green", "queued": "cyan", "sending": "cyan",
            "ending": "cyan", "unknown": "yellow"}


def moment(text: str, *, now: datetime) -> datetime:
    """When somebody means: a moment as ISO 8601 writes it, or how much later.

    Args:
        text: ``2026-11-22T08:00``, ``08:00`` (the next one), ``2h``, ``+30m``, ``3d``.
        now: with the zone that *text* is in if it names none.

    Raises:
        UsageError: it is none, or it is past.

    Example:
        >>> from datetime import UTC
        >>> noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
        >>> moment("90m", now=noon).isoformat(), moment("08:00", now=noon).isoformat()
        ('2026-11-21T13:30:00+00:00', '2026-11-22T08:00:00+00:00')
    """
    text = text.strip()
    if found := _SPAN.match(text):
        return now + timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    try:
        if re.fullmatch(r"\d\d:\d\d", text):
            when = now.replace(hour=int(text[:2]), minute=int(text[3:]), second=0, microsecond=0)
            return when if when > now else when + timedelta(days=1)
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text}: is no moment",
                         hint="2026-11-22T08:00, 08:00, 30m, 2h, 3d") from None
    when = when if when.tzinfo else when.replace(tzinfo=now.tzinfo)
    if when < now:
        raise UsageError(f"{text}: is past", hint="leave it out to send at once")
    return when


def opened(path: str | None, settings: Settings | None = None) -> Outbox:
    """The outbox in this file, or the one of this user."""
    from ..mail.outbox_sync import Outbox
    from ..smtp.client_sync import Client

    def client(via: str) -> Client:
        url = parse(via)
        return Client(url, **(settings.client(url) if settings else {}))

    return Outbox(path, client=client)


def outbox_option(function: F) -> F:
    """Give a verb ``--outbox``."""
    return click.option("--outbox", "path", metavar="FILE", type=click.Path(dir_okay=False),
                        help="The outbox; by default the one in your data folder.")(function)


def _told(function: F) -> F:
    """Give a verb the options of its output, and the outbox."""
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return outbox_option(output_options(call))  # type: ignore[return-value]


@click.group("outbox")
def command() -> None:
    """Mail that waits here to be sent: later, again, and never twice."""


@command.command("add")
@click.argument("url")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--from", "sender", metavar="ADDRESS", help="Sender of the envelope.")
@click.option("--to", "recipients", metavar="ADDRESS", multiple=True,
              help="Recipient; by default those of To and Cc. May be given again.")
@click.option("--later", metavar="WHEN", help="Not before: 2026-11-22T08:00, 08:00, 30m, 2h, 3d.")
@click.option("--undo", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS",
              help="Wait so long, so that it can be cancelled.")
@click.option("--dsn", type=click.Choice(["success", "failure", "delay", "never"]), multiple=True,
              help="Of what you want to be told. May be given again.")
@_told
def add(url: str, file: Any, sender: str | None, recipients: tuple[str, ...], later: str | None,
        undo: float, dsn: tuple[Any, ...], path: str | None, as_json: bool) -> None:
    """Put a message into the outbox: FILE, or standard input.

    URL is the server that will send it, such as submission://ann@mail.example.org.
    """
    from ..smtp.types import DSN

    goal = location(url)
    scheme_of(goal.scheme, "send")
    when = None if later is None else moment(later, now=datetime.now().astimezone())
    with opened(path) as outbox:
        item = outbox.add(file.read(), via=str(goal), sender=sender, recipients=recipients or None,
                          later=when, undo=undo, dsn=DSN(notify=dsn))
    print_items([item], as_json=as_json)


@command.command("list")
@click.argument("numbers", type=int, nargs=-1, metavar="[NUMBER...]")
@click.option("--all", "everything", is_flag=True, help="Also what is done with.")
@_told
def list_(numbers: tuple[int, ...], everything: bool, path: str | None, as_json: bool) -> None:
    """What waits, for whom, until when; with NUMBER, just that."""
    with opened(path) as outbox:
        items = [outbox.get(number) for number in numbers] or [
            item for item in outbox.items() if everything or not item.is_final]
    print_items(items, as_json=as_json)


@command.command("run")
@click.option("--forever", is_flag=True, help="Go on, and send whatever becomes due.")
@_told
@client_options
def run(settings: Settings, forever: bool, path: str | None, as_json: bool) -> int:
    """Send what is due.

    Exits 1 if somebody has not got a message that was due: refused, put off, or unknown.
    """
    with opened(path, settings) as outbox:
        def tell(item: Item) -> None:
            print_items([item], as_json=as_json)

        if forever:
            try:
                outbox.serve(tell=tell)
            except KeyboardInterrupt:
                return 0
        items = outbox.run(tell=tell)
    states = {one.state for item in items for one in item.destinations}
    if not items:
        settings.say("nothing is due")
    return 1 if states - {"sent", "delivered", "cancelled"} else 0


@command.command("cancel")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="NUMBER...")
@_told
def cancel(numbers: tuple[int, ...], path: str | None, as_json: bool) -> int:
    """Do not send these to anybody who has not got them yet.

    Exits 1 if somebody has a message already.
    """
    with opened(path) as outbox:
        items = [outbox.cancel(number) for number in numbers]
    print_items(items, as_json=as_json)
    return int(any(set(item.states()) != {"cancelled"} for item in items))


@command.command("retry")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="NUMBER...")
@_told
def retry(numbers: tuple[int, ...], path: str | None, as_json: bool) -> None:
    """Let the next run try these again: the waiting, the refused, and the unknown.

    Who is "unknown" may get the message a second time: ask first whether it has arrived.
    """
    with opened(path) as outbox:
        items = [outbox.retry(number) for number in numbers]
    print_items(items, as_json=as_json)


@command.command("report")
@click.argument("files", type=click.Path(exists=True, dir_okay=False), nargs=-1)
@_told
def report(files: tuple[str, ...], path: str | None, as_json: bool) -> None:
    """Read delivery reports (bounces) and note which recipients they are about.

    FILES are messages; without any, one is read from standard input.
    """
    with opened(path) as outbox:
        for raw in [Path(name).read_bytes() for name in files] or [sys.stdin.buffer.read()]:
            for one in outbox.report(raw):
                if as_json:
                    print_json({"address": one.address, "action": one.action,
                                "status": one.status, "reply": one.reply})
                else:
                    click.echo(display(f"{one.address}: {one.action}: {one.reply}"))


def print_items(items: list[Item], *, as_json: bool) -> None:
    """Messages with their recipients, for people or programs."""
    for item in items:
        if as_json:
            print_json(_record(item))
            continue
        head = f"{item.subject or '(no subject)'}, {size(item.size)}, via {item.via}"
        click.echo(f"{click.style(f'{item.id:>4}', bold=True)}  {display(head)}")
        for one in item.destinations:
            state = click.style(f"{one.state:9}", fg=_COLOURS.get(one.state, "red"))
            when = ""
            if one.state == "queued" and one.due is not None:
                when = f" from {one.due.astimezone():%Y-%m-%d %H:%M:%S}"
            said = f": {display(one.reply)}" if one.reply else ""
            click.echo(f"      {state} {display(one.address)}{when}{said}")


def _record(item: Item) -> dict[str, Any]:
    return {"id": item.id, "subject": item.subject, "sender": item.sender, "via": item.via,
            "size": item.size, "envid": item.envid, "message_id": item.message_id,
            "created": item.created.isoformat(),
            "recipients": [{"address": one.address, "state": one.state, "tries": one.tries,
                            "due": one.due.isoformat() if one.due and one.state == "queued"
                            else None, "reply": one.reply} for one in item.destinations]}
