"""``postel completion``: for shells that finish words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["command"]


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete verbs, options and paths.

    For bash, put this line into ~/.bashrc: eval "$(postel completion bash)"
    """
    kind = get_completion_class(shell)
    root = ctx.find_root().command
    if kind is not None:
        click.echo(kind(root, {}, "postel", "_POSTEL_COMPLETE").source())
