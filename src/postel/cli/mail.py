"""``postel mail``: mail in accounts, on servers, and to this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..schemes import scheme_of
from ..urls import URL
from ..wire.text import display
from .mail_accounts import command as accounts
from .mail_answer import forward, reply
from .mail_change import copy, delete, flag, move
from .mail_check import command as check
from .mail_compose import command as compose
from .mail_console import alone
from .mail_console import command as console
from .mail_export import export, import_
from .mail_mailbox import command as mailbox
from .mail_migrate import migrate
from .mail_outbox import command as outbox
from .mail_parse import command as parse
from .mail_read import folders, get, list_, search, show
from .mail_send import command as send
from .mail_syncing import sync
from .mail_watch import watch
from .options import Settings, client_options, location, output_options
from .render import Bar, print_json, size

if TYPE_CHECKING:
    from ..mailboxes import Mailbox

__all__ = ["command"]


@click.group("mail", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Mail: read, search, answer, file, move, watch, fetch, send.

    Without a verb, in a terminal: the console, as by `postel mail console`.
    """
    if ctx.invoked_subcommand is None:
        alone(ctx)


command.add_command(accounts)
command.add_command(check)
command.add_command(compose)
command.add_command(console)
command.add_command(mailbox)
command.add_command(outbox)
command.add_command(parse)
command.add_command(send)
for _verb in (copy, delete, export, flag, folders, forward, get, import_, list_, migrate,
              move, reply, search, show, sync, watch):
    command.add_command(_verb)


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
    if delete and delete_after is not None:
        raise UsageError("--delete and --delete-after: which of them?")
    if goal.user is None and settings.user is None:
        raise UsageError(f"{goal}: whose mail?", hint="pop3://USER@HOST/, or --user NAME")
    notes = Path(state) if state else _data_folder() / "pop3.db"
    notes.parent.mkdir(parents=True, exist_ok=True)
    kind = _kind(into)
    if dry_run:
        _preview(goal, settings, notes, as_json)
        return
    days = 0.0 if delete else delete_after
    _fetch(goal, settings, _mailbox(*kind), notes, days, as_json)


def _fetch(goal: URL, settings: Settings, box: Mailbox, notes: Path, days: float | None,
           as_json: bool) -> None:
    from ..pop3.client_sync import Client

    bar = Bar(False if settings.quiet or as_json else None, unit=_count)
    try:
        with Client(goal, **settings.client(goal)) as client:
            fetched = client.fetch_new(notes, box, delete_after=days, progress=bar)
    finally:
        bar.done()
    new = [one for one in fetched if not one.duplicate]
    if as_json:
        for one in fetched:
            print_json({"uidl": display(one.uidl), "size": one.size, "where": one.where,
                        "duplicate": one.duplicate})
    else:
        settings.say(f"{len(new)} new, {size(sum(one.size for one in new))}")


def _count(messages: float) -> str:
    return f"{messages:.0f} messages"


def _preview(goal: URL, settings: Settings, notes: Path, as_json: bool) -> None:
    """What is on the server and not here."""
    from ..pop3.client_sync import Client
    from ..pop3.store import State, account_key

    with Client(goal, **settings.client(goal)) as client:
        listed = {item.uidl for item in client.uidl()}
        key = account_key(client.user or "", goal.host, client.peer.port)
        with State(notes, key) as state:
            known = state.seen(listed)
    if as_json:
        print_json({"would": "fetch", "new": len(listed - known), "messages": len(listed)})
    else:
        click.echo(f"would fetch {len(listed - known)} of {len(listed)} messages")


def _kind(into: str) -> tuple[str, str]:
    """What *into* asks for: the kind of mailbox, and its path."""
    kind, colon, path = into.partition(":")
    if not colon or len(kind) < 2 or "/" in kind or "\\" in kind:  # a plain path; "C:" is a drive
        kind, path = "maildir", into
    if kind not in ("maildir", "mbox"):
        raise UsageError(f"--into {into}: {kind} is no kind of mailbox that Postel writes",
                         hint=f"maildir:FOLDER, mbox:FILE; a path with a colon: ./{into}")
    if not path:
        raise UsageError(f"--into {into}: it names no {'file' if kind == 'mbox' else 'folder'}")
    return kind, path


def _mailbox(kind: str, path: str) -> Mailbox:
    from ..mailboxes import Maildir, Mbox

    return Mbox(path) if kind == "mbox" else Maildir(path, sync="batch").create()


def _data_folder() -> Path:
    """Where notes are kept: XDG_DATA_HOME, or what stands for it."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "postel"
