"""``postel mail migrate``: mail from one place to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .mail_moving import bar, moving_options, options_of, show
from .options import Settings, client_options, output_options

if TYPE_CHECKING:
    from ..mail.moving_types import Rules

__all__ = ["migrate"]


@click.command("migrate")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--delete", is_flag=True,
              help="Delete from TO what was brought there and is gone from FROM.")
@moving_options
@output_options
@client_options
def migrate(source: str, target: str, settings: Settings, rules: Rules, delete: bool,
            state: str | None, dry_run: bool, as_json: bool) -> int:
    """Copy all mail of FROM to TO: what is there already, by content, is not copied again.

    FROM and TO are accounts, imaps://USER@HOST/FOLDER, pop3s://USER@HOST/ (FROM only),
    maildir:PATH or mbox:PATH. Whatever ends a run, the next one goes on; run it again as long as
    mail still comes in. Exits 1 if something was not copied.
    """
    from ..mail.moving_sync import migrate as run

    line = bar(settings, as_json=as_json)
    try:
        done = run(source, target, rules=rules, state=state, dry_run=dry_run, delete=delete,
                   tell=line, source_options=options_of(source, settings),
                   target_options=options_of(target, settings))
    finally:
        line.done()
    return show(done, settings, as_json=as_json, both=False)
