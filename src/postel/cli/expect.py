"""``postel expect``: a dialogue that a script holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import AuthenticationError, UsageError
from ..secrets import Secret
from ..wire.text import display
from .options import output_options
from .render import print_json

if TYPE_CHECKING:
    from ..expect.script import SecretSource

__all__ = ["command"]

_LARGEST = 1 << 20


@click.command("expect")
@click.argument("script", type=click.Path(exists=True, dir_okay=False), metavar="SCRIPT.toml")
@click.option("--set", "values", metavar="NAME=VALUE", multiple=True,
              help="A value for ${NAME} in the script; may be given again.")
@click.option("--record", metavar="FILE", type=click.Path(dir_okay=False),
              help="Write a transcript to this file, without secrets.")
@click.option("--check", is_flag=True, help="Read the script, say what is wrong, do nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Show what the other side says.")
@output_options
def command(script: str, values: tuple[str, ...], record: str | None, check: bool, verbose: bool,
            as_json: bool) -> int:
    """Hold a dialogue by a script: connect, expect, send, branch, capture.

    What the script has captured is printed at the end. Its language is told in docs/expect.md.
    """
    from ..expect.playing_sync import play
    from ..expect.script import parse_script

    path = Path(script)
    if path.stat().st_size > _LARGEST:
        raise UsageError(f"{script}: too large for a script")
    parsed = parse_script(path.read_text("utf-8", "replace"), path.name)
    given = dict(_pair(text) for text in values)
    if check:
        click.echo(f"{path.name}: {len(parsed.steps)} steps, nothing wrong")
        return 0
    played = play(parsed, values=given, secret=_secret, record=record,
                  show=_show if verbose else None)
    captured = {name: value for name, value in played.values.items()
                if name not in given and name not in parsed.values}
    if as_json:
        print_json({"ok": True, "steps": played.steps, "values": captured})
        return 0
    for name, value in captured.items():
        lines = [display(line) for line in value.split("\n")]
        click.echo(f"{name}: {lines[0]}" if len(lines) == 1 else "\n".join((f"{name}:", *(
            f"  {line}" for line in lines))))
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f"--set {text}: write NAME=VALUE")
    return name, value


def _secret(name: str, source: SecretSource) -> Secret:
    if source.env and source.env in os.environ:
        return Secret(os.environ[source.env])
    if source.prompt and sys.stdin.isatty():
        return Secret(str(click.prompt(source.prompt, hide_input=True, err=True, type=str)))
    places = [f"the variable {source.env}"] if source.env else []
    raise AuthenticationError(f"the secret {name} is not there, and nobody can be asked",
                              hint=f"set {' or '.join(places)}" if places else
                              "run it at a terminal, or give the secret an env")


def _show(data: bytes) -> None:
    for line in data.decode("utf-8", "replace").splitlines():
        click.echo(f"  | {display(line)}", err=True)
