"""``postel worker``: work on the jobs of a database."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from .options import Settings, client_options, rate_option, ssh_options

if TYPE_CHECKING:
    from ..transfer.rates import Rates

__all__ = ["command"]


@click.command("worker")
@click.argument("jobs", metavar="DATABASE")
@click.option("--batches", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
              help="Batches that are done at once.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
              metavar="N", help="Connections at once, for each batch.")
@rate_option
@click.option("--until-idle", is_flag=True, help="Stop when there is nothing to do.")
@ssh_options
@client_options
def command(
    jobs: str, settings: Settings, batches: int, parallel: int, limit_rate: Rates | None,
    until_idle: bool
) -> int:
    """Do what postel mirror --jobs has put into DATABASE, until Ctrl-C.

    DATABASE is sqlite:///FILE, for this machine, or postgresql://…, for several. Start as many
    workers, on as many machines, as you wish. One that dies leaves its batch to the others.
    Passwords are not in the database: each worker finds its own.
    """
    from ..transfer.jobs import worker
    from .rules import options_for

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    settings.say("at work; Ctrl-C stops")
    worker(jobs, concurrency=batches, connections=parallel, until_idle=until_idle, stop=stop,
           rate=limit_rate,
           options=lambda url: options_for(settings, url))
    return 0
