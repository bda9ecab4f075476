"""``postel mail compose``: a template, an answer or an empty page becomes a message."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import NotFound, UsageError

if TYPE_CHECKING:
    from ..messages.draft import Message
    from ..messages.parsed import Parsed

__all__ = ["command", "edited"]

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)
_NOTES = ("Write below the empty line. Attach: FILE, Inline: FILE and Html: FILE add files.",
          "Without To, Cc and Bcc the message is given up.")


@click.command("compose")
@click.argument("template", required=False, type=_FILE)
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE",
              help="What stands for $NAME in the template; repeat for several.")
@click.option("--reply", type=_FILE, metavar="FILE", help="Answer the message in this file.")
@click.option("--all", "everyone", is_flag=True, help="With --reply: answer everyone who had it.")
@click.option("--forward", type=_FILE, metavar="FILE", help="Pass on the message in this file.")
@click.option("--as-attachment", is_flag=True, help="With --forward: whole, as it is.")
@click.option("--from", "from_", envvar="POSTEL_FROM", metavar="ADDRESS",
              help="Who writes; also from POSTEL_FROM.")
@click.option("--to", multiple=True, metavar="ADDRESS", help="To whom; repeat for several.")
@click.option("--cc", multiple=True, metavar="ADDRESS", help="Who gets a copy.")
@click.option("--bcc", multiple=True, metavar="ADDRESS", help="Who gets a copy unseen.")
@click.option("-s", "--subject", metavar="TEXT", help="What it is about.")
@click.option("-a", "--attach", multiple=True, type=click.Path(exists=True, dir_okay=False),
              metavar="FILE", help="Attach a file.")
@click.option("--edit/--no-edit", default=None,
              help="Open it in $VISUAL or $EDITOR; by default where there is a terminal.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, writable=True), metavar="FILE",
              help="Write the message there, not to standard output.")
def command(template: str | None, edit: bool | None, output: str | None, **said: Any) -> None:
    """Compose a message and write it out, ready for ``postel mail send``.

    TEMPLATE is some header lines, an empty line and the text; $NAME in it is filled in by --set.
    Without a template, it begins with an empty page, or with what --reply or --forward make.

    What is written keeps its Bcc, which ``postel mail send`` takes off.
    """
    if sum(map(bool, (template, said["reply"], said["forward"]))) > 1:
        raise UsageError("a template, --reply and --forward: one of them")
    draft = _begun(template, said)
    wanted = (sys.stdin.isatty() and template is None) if edit is None else edit
    if wanted:
        draft = edited(draft)
    if not draft.from_:
        raise UsageError("compose: who writes it?", hint="--from ADDRESS, or set POSTEL_FROM")
    if not (draft.to or draft.cc or draft.bcc):
        raise UsageError("compose: it is to nobody", hint="--to ADDRESS, or To: in the template")
    data = _bytes(draft)
    if output:
        Path(output).write_bytes(data)
        return
    with click.open_file("-", "wb") as out:
        out.write(data)


def _begun(template: str | None, said: dict[str, Any]) -> Message:
    """The draft before anybody edits it."""
    from ..messages.answers import forward, reply
    from ..messages.draft import Message
    from ..messages.template import draft_from

    given: dict[str, Any] = {
        key: said[key] for key in ("from_", "subject") if said[key] is not None}
    given |= {key: list(said[key]) for key in ("to", "cc", "bcc", "attach") if said[key]}
    if template:
        values = dict(_pair(one) for one in said["values"])
        return draft_from(_text(template), values or None, read=_text, **given)
    if said["values"]:
        raise UsageError("--set: there is no template that it could fill in")
    if not said["from_"] and (said["reply"] or said["forward"]):
        raise UsageError("--from: who writes it?", hint="--from ADDRESS, or set POSTEL_FROM")
    if said["reply"]:
        return reply(_parsed(said["reply"]), everyone=said["everyone"], **given)
    if said["forward"]:
        given.setdefault("to", [])
        return forward(_parsed(said["forward"]), attached=said["as_attachment"], **given)
    return Message(**given)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"--set {text}: NAME=VALUE")
    return name, value


def _text(path: str) -> str:
    try:
        with click.open_file(path, "rb") as file:
            data: bytes = file.read()
    except FileNotFoundError:
        raise NotFound(f"template: {path}: there is no such file") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"template: {path} is not UTF-8") from None


def _parsed(path: str) -> Parsed:
    from ..messages.parsed import parse

    with click.open_file(path, "rb") as file:
        return parse(file.read())


def edited(draft: Message) -> Message:
    """What the author makes of it; what was typed is never lost.

    It is plain text: HTML that was passed on would not show what is typed here.
    """
    from ..messages.template import draft_from, template_of

    handle, name = tempfile.mkstemp(prefix="postel-", suffix=".eml.txt")
    text = template_of(draft, notes=_NOTES)
    os.close(handle)
    Path(name).write_text(text, "utf-8")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        done = subprocess.run([*shlex.split(editor), name], check=False)  # noqa: S603
    except (OSError, ValueError) as error:
        Path(name).unlink()
        raise UsageError(f"editor {editor}: {error}", hint="set EDITOR, or --no-edit") from None
    try:
        if done.returncode:
            raise UsageError(f"editor {editor}: it ended with code {done.returncode}")
        made = draft_from(_text(name), read=_text,
                          attach=[*draft.attach, *draft.inline])
        if not made.from_:
            raise UsageError("compose: From is empty: who writes it?")
    except UsageError as error:
        raise UsageError(error.message, hint=f"what you typed is kept: {name}") from None
    Path(name).unlink()
    return made


def _bytes(draft: Message) -> bytes:
    from ..mail.files import source
    from ..transport.entropy import token

    built = draft.build(now=datetime.now().astimezone(), unique=token(), files=source)
    return bytes(built.for_sent())
