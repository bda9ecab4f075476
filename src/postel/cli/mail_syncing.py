"""``postel mail sync``: an account and its copy, whichever of them changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import click

from ..errors import UsageError
from .mail_moving import bar, moving_options, options_of, show
from .options import Settings, client_options, output_options

if TYPE_CHECKING:
    from ..mail.moving_types import Rules

__all__ = ["sync"]


@click.command("sync")
@click.argument("places", metavar="[ACCOUNT|URL] DEST", nargs=-1, required=True)
@click.option("--direction", type=click.Choice(["both", "pull", "push"]), default="both",
              show_default=True, help="pull: only to DEST; push: only from DEST.")
@click.option("--no-delete", is_flag=True, help="Deletions stay where they were made.")
@click.option("--no-flags", is_flag=True, help="Flags stay as they are.")
@click.option("--keep-edited/--no-keep-edited", default=True, show_default=True,
              help="A message that was deleted here and flagged there meanwhile comes back.")
@moving_options
@output_options
@client_options
def sync(places: tuple[str, ...], settings: Settings, rules: Rules,
         direction: Literal["both", "pull", "push"], no_delete: bool, no_flags: bool,
         keep_edited: bool, state: str | None, dry_run: bool, as_json: bool) -> int:
    """Make an account and DEST alike: new messages, flags, deletions, whichever side changed.

    DEST is maildir:PATH, mbox:PATH, another account or imaps://USER@HOST/. Without an account the
    usual one is meant. The first run deletes nothing. Exits 1 if something was not done.
    """
    from ..mail.moving_sync import sync as run
    from ..mail.moving_types import Way

    if len(places) > 2:
        raise UsageError(f"sync {' '.join(places)}: two places at most")
    usual, copy = places if len(places) == 2 else (_usual(), places[0])
    way, still = Way(flags=not no_flags, gone=not no_delete), Way(False, False, False)
    rules = replace(rules, keep_edited=keep_edited, right=still if direction == "push" else way,
                    left=still if direction == "pull" else way)
    line = bar(settings, as_json=as_json)
    try:
        done = run(usual, copy, rules=rules, state=state, dry_run=dry_run, tell=line,
                   left_options=options_of(usual, settings),
                   right_options=options_of(copy, settings))
    finally:
        line.done()
    return show(done, settings, as_json=as_json, both=direction == "both")


def _usual() -> str:
    from ..mail.accounts_file import load_accounts

    account = load_accounts().usual()
    if account is None:
        raise UsageError("whose mail?", hint="postel mail accounts add ANN@EXAMPLE.ORG, or name "
                                             "a URL: imaps://ann@mail.example.org/")
    return account.name
