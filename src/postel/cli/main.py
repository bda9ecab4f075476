"""The command ``postel``: finds the verb, runs it, and explains what went wrong.

Verbs are loaded when they are used, so that ``postel --version`` costs next to nothing. Whatever
fails is told in one line and a hint, with the exit code of its class; a traceback is shown only
with POSTEL_DEBUG=1.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import click

from .._version import __version__
from ..errors import PostelError, UsageError
from ..wire.text import display

__all__ = ["main", "postel"]

COMMANDS = {
    "apply": "carry out a plan",
    "cat": "write files to the standard output",
    "check": "whether two folders are alike",
    "completion": "print the completion script of a shell",
    "cp": "copy files and folders from anywhere to anywhere",
    "du": "how much is in a folder",
    "expect": "a dialogue that a script holds",
    "find": "files below a folder, by name, size or age",
    "get": "fetch files and folders",
    "http": "one request to a web server",
    "lab": "a local Internet, until Ctrl-C",
    "ls": "list a folder",
    "mail": "fetch mail",
    "mirror": "make one folder like another",
    "mkdir": "make a folder",
    "mv": "give a file or folder another name",
    "news": "newsgroups: read, posted to, kept",
    "plan": "what a mirror would do",
    "put": "store files and folders",
    "rfc": "RFCs: read, searched, cited, kept",
    "rm": "remove files and folders",
    "schemes": "what Postel speaks",
    "serve": "a folder or an application, until Ctrl-C",
    "ssh": "a shell or a command on another host",
    "stat": "what a URL leads to",
    "sync": "make two folders alike, whichever changed",
    "telnet": "a terminal by Telnet",
    "tour": "see it all work, and check it",
    "tree": "a folder and all below it",
    "worker": "work on the jobs of a database",
}
"""Each verb with what it does; its code is in the module of the same name."""


class _Verbs(click.Group):
    """A group that loads a verb when it is called, and not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"postel.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="postel %(version)s")
@click.pass_context
def postel(ctx: click.Context) -> None:
    """Files and mail over the Internet's own protocols, explained when they fail.

    URLs look like ftp://ftp.example.org/pub/ and pop3://ann@mail.example.org/.
    A password comes from the URL, POSTEL_PASSWORD, ~/.netrc, the keyring, or a prompt.
    """
    ctx.color = _colour()


def _colour() -> bool | None:
    """None lets the terminal decide; NO_COLOR is a wish that many programs grant."""
    return False if os.environ.get("NO_COLOR") else None


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    try:
        code = postel.main(arguments, prog_name="postel", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        if _wants_json():
            report(UsageError(error.format_message()))
        else:
            error.show()
        sys.exit(2)
    except click.exceptions.Abort:
        click.echo("", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("postel: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone
        sys.exit(0)
    except PostelError as error:
        if os.environ.get("POSTEL_DEBUG"):
            raise
        report(error)
        sys.exit(error.exit_code)
    except OSError as error:
        if os.environ.get("POSTEL_DEBUG"):
            raise
        where = f"{error.filename}: " if error.filename else ""
        report(PostelError(f"{where}{error.strerror or error}"))
        sys.exit(1)
    except Exception as error:  # a mistake of ours: no traceback unless it is asked for
        if os.environ.get("POSTEL_DEBUG"):
            raise
        report(PostelError(f"a mistake in Postel itself: {type(error).__name__}: {error}",
                           hint="POSTEL_DEBUG=1 shows where; please report it"))
        sys.exit(1)


def _wants_json() -> bool:
    return "--json" in sys.argv


def report(error: PostelError, *, as_json: bool | None = None) -> None:
    """Say what went wrong: what was attempted, what happened, and what to try."""
    if as_json if as_json is not None else _wants_json():
        click.echo(json.dumps({
            "error": type(error).__name__, "message": str(error), "hint": error.hint,
            "url": error.url, "code": error.code, "exit_code": error.exit_code}))
        return
    click.echo(f"{click.style('postel:', fg='red', bold=True)} {_printable(str(error))}", err=True,
               color=_colour())
    if error.hint:
        click.echo(f"{click.style('  hint:', fg='yellow')} {_printable(error.hint)}", err=True,
                   color=_colour())


def _printable(text: str) -> str:
    return "\n".join(display(line) for line in text.split("\n"))
