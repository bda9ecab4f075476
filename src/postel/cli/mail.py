"""``postel mail``: mail to this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..schemes import scheme_of
from ..urls import URL
from ..wire.text import display
from .options import Settings, client_options, location, output_options
from .render import print_json, size

if TYPE_CHECKING:
    from ..mailboxes import Mailbox

__all__ = ["command"]


@click.group("mail")
def command() -> None:
    """Fetch mail."""


@command.command("fetch")
@click.argument("url")
@click.option("--into", required=True, metavar="MAILBOX",
              help="maildir:FOLDER or mbox:FILE; a plain path is a Maildir.")
@click.option("--delete", is_flag=True, help="Delete from the server what has been fetched.")
@click.option("--delete-after", type=click.FloatRange(min=0), metavar="DAYS",
              help="Delete what was fetched so many days ago.")
@click.option("--state", type=click.Path(dir_okay=False), metavar="FILE",
              help="Where is noted what was fetched; by default in your data folder.")
@click.option("--dry-run", is_flag=True, help="Say what is new, and fetch nothing.")
@output_options
@client_options
def fetch(
    url: str,
    settings: Settings,
    into: str,
    delete: bool,
    delete_after: float | None,
    state: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fetch new mail by POP3, each message once.

    A crash at any point loses nothing and fetches nothing twice. Mail stays on the server unless
    you say otherwise.
    """
    goal = location(url)
    scheme_of(goal.scheme, "fetch")
    if goal.user is None and settings.user is None:
        raise UsageError(f"{goal}: whose mail?", hint="pop3://USER@HOST/, or --user NAME")
    notes = Path(state) if state else _data_folder() / "pop3.db"
    notes.parent.mkdir(parents=True, exist_ok=True)
    if dry_run:
        _preview(goal, settings, notes)
        return
    days = 0.0 if delete else delete_after
    _fetch(goal, settings, _mailbox(into), notes, days, as_json)


def _fetch(goal: URL, settings: Settings, box: Mailbox, notes: Path, days: float | None,
           as_json: bool) -> None:
    from ..pop3.client_sync import Client

    with Client(goal, **settings.client(goal)) as client:
        fetched = client.fetch_new(notes, box, delete_after=days)
    new = [one for one in fetched if not one.duplicate]
    if as_json:
        for one in fetched:
            print_json({"uidl": display(one.uidl), "size": one.size, "where": one.where,
                        "duplicate": one.duplicate})
    else:
        settings.say(f"{len(new)} new, {size(sum(one.size for one in new))}")


def _preview(goal: URL, settings: Settings, notes: Path) -> None:
    """What is on the server and not here."""
    from ..pop3.client_sync import Client
    from ..pop3.store import State, account_key

    with Client(goal, **settings.client(goal)) as client:
        listed = {item.uidl for item in client.uidl()}
        key = account_key(client.user or "", goal.host, client.peer.port)
        with State(notes, key) as state:
            known = state.seen(listed)
    click.echo(f"would fetch {len(listed - known)} of {len(listed)} messages")


def _mailbox(into: str) -> Mailbox:
    from ..mailboxes import Maildir, Mbox

    kind, colon, path = into.partition(":")
    if colon and kind == "mbox":
        return Mbox(path)
    if colon and kind == "maildir":
        return Maildir(path, sync="batch").create()
    return Maildir(into, sync="batch").create()


def _data_folder() -> Path:
    """Where notes are kept: XDG_DATA_HOME, or what stands for it."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "postel"
