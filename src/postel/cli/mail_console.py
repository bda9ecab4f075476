"""``postel mail`` alone, and ``postel mail console``: mail in this terminal, by keys."""

from __future__ import annotations

import sys

import click

from ..errors import UsageError
from .options import Settings, client_options

__all__ = ["alone", "command"]


@click.command("console")
@click.argument("where", required=False)
@click.option("--via", metavar="URL",
              help="The server to send by; else the account's. Needed where WHERE is a URL.")
@click.option("--from", "from_", metavar="ADDRESS",
              help="Who writes; else the account's owner, or POSTEL_FROM.")
@client_options
def command(where: str | None, settings: Settings, via: str | None, from_: str | None) -> int:
    """Read, answer and file mail in this terminal, by keys; ? shows them all.

    WHERE is an account, or a URL: imaps://ann@mail.example.org/; also pop3s://…, maildir:PATH and
    mbox:FILE. Without it: the usual account. `postel mail` alone does the same. What you write goes
    to $VISUAL or $EDITOR, else to a page of its own, and is on the disk until it is sent.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the console: there is no terminal here",
                         hint="postel mail list and its sisters need none")
    from .console import run

    return run(where, settings, via=via, from_=from_)


def alone(ctx: click.Context) -> None:
    """``postel mail`` without a verb: the console in a terminal, the help elsewhere."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.exceptions.NoArgsIsHelpError(ctx)
    ctx.exit(command.main([], prog_name="postel mail", standalone_mode=False) or 0)
