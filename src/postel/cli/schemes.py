"""``postel schemes``: what Postel speaks."""

from __future__ import annotations

import click

from ..schemes import SCHEMES
from .options import output_options
from .render import print_json

__all__ = ["command"]


@click.command("schemes")
@output_options
def command(as_json: bool) -> None:
    """List the URL schemes, and what can be done with each today."""
    for one in SCHEMES.values():
        if as_json:
            print_json({"name": one.name, "family": one.family, "port": one.port,
                        "tls": one.tls, "verbs": one.verbs, "about": one.about})
        else:
            click.echo(f"{one.name + '://':10} {one.port or '':>5}  {one.about}")
            click.echo(f"{'':17} TLS {one.tls}; {', '.join(one.verbs)}")
