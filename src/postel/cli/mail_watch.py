"""``postel mail watch``: prints or runs a command as mail arrives."""

from __future__ import annotations

import os
import subprocess
from time import sleep
from typing import TYPE_CHECKING

import click

from ..errors import NetworkError, PostelError, TryLater
from ..wire.text import display
from .mail_posts import post_at, summary_line, summary_record
from .options import Settings, client_options, output_options
from .render import print_json

if TYPE_CHECKING:
    from ..mail.post_sync import Post
    from ..mail.post_types import Summary

__all__ = ["watch"]

_LONGEST_PAUSE = 300.0


@click.command("watch")
@click.argument("where", required=False)
@click.option("--run", "command", metavar="COMMAND",
              help="Run it for each message, which is its standard input; POSTEL_KEY, "
                   "POSTEL_FOLDER, POSTEL_FROM and POSTEL_SUBJECT tell of it.")
@click.option("--everywhere", is_flag=True, help="In all folders of the account.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after so many.")
@click.option("--seconds", type=click.FloatRange(min=0), metavar="N",
              help="End after so many seconds without news.")
@output_options
@client_options
def watch(where: str | None, settings: Settings, command: str | None, everywhere: bool,
          count: int | None, seconds: float | None, as_json: bool) -> int:
    """Watch a folder: a line for each message as it arrives, until Ctrl-C.

    The server tells by itself (IDLE, NOTIFY) where it can. A connection that breaks is made anew;
    what came meanwhile is not missed.
    """
    known: dict[str, int] = {}
    left, pause, code = count, 1.0, 0
    while True:
        try:
            with post_at(where, settings) as post:
                pause = 1.0
                arrivals = post.arrivals("*" if everywhere else "", seconds=seconds, known=known)
                for one in arrivals:
                    code = _tell(post, one, command, as_json) or code
                    left = None if left is None else left - 1
                    if left == 0:
                        arrivals.close()
                        return code
                return code
        except (NetworkError, TryLater) as error:
            if not known:  # it has never worked
                raise
            click.echo(f"postel: {display(str(error))}; again in {pause:.0f} s", err=True)
            sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _tell(post: Post, one: Summary, command: str | None, as_json: bool) -> int:
    """Print a message, or run the command for it; its exit code is 1 where that failed."""
    if command is None:
        if as_json:
            print_json(summary_record(one))
        else:
            folder = f"{display(one.folder)}  " if one.folder else ""
            click.echo(f"{folder}{summary_line(one)}")
        return 0
    try:
        data = post.read(one.folder, one.key)
    except NetworkError:
        raise
    except PostelError as error:  # somebody else was faster and took it away
        click.echo(f"postel: {display(str(error))}", err=True)
        return 1
    facts = {"POSTEL_KEY": one.key, "POSTEL_FOLDER": one.folder, "POSTEL_FROM": _address(one),
             "POSTEL_SUBJECT": one.subject}
    told = {name: display(value) for name, value in facts.items()}
    done = subprocess.run(command, shell=True, input=data, check=False,  # noqa: S602 - their own
                          env={**os.environ, **told})
    if done.returncode:
        click.echo(f"postel: {display(command)}: it ended with {done.returncode}", err=True)
    return int(bool(done.returncode))


def _address(one: Summary) -> str:
    return next((getattr(box, "address", "") for box in one.from_), "")
