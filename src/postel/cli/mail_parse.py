"""``postel mail parse``: what is in a message."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import NotFound, UsageError
from ..wire.text import display
from .options import output_options
from .render import print_json, size

if TYPE_CHECKING:
    from ..messages import AddressList, Attached, Parsed, Part

__all__ = ["command", "message_record", "save_attachments", "show_attachments", "show_block",
           "show_headers"]

_SHOWN = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject")
_INDENT = 12
"""Levels of nesting that are shown by indenting."""
_DEFECTS = 20
"""Defects that are shown unless they are asked for."""


@click.command("parse")
@click.argument("file", type=click.Path(), default="-")
@click.option("--headers", is_flag=True, help="All header fields, decoded.")
@click.option("--structure", is_flag=True, help="The parts, with the numbers that --part takes.")
@click.option("--text", is_flag=True, help="The text, also where there is only HTML.")
@click.option("--html", is_flag=True, help="The HTML as it came: clean it before you show it.")
@click.option("--defects", is_flag=True, help="What is wrong with the message.")
@click.option("--part", type=click.IntRange(min=0), metavar="NUMBER",
              help="The content of this part, decoded, and nothing else.")
@click.option("--source", is_flag=True, help="The bytes as they came, of the message or --part.")
@click.option("--save", type=click.Path(file_okay=False), metavar="FOLDER",
              help="Save the attachments there, under safe names; nothing is overwritten.")
@output_options
def command(file: str, headers: bool, structure: bool, text: bool, html: bool, defects: bool,
            part: int | None, source: bool, save: str | None, as_json: bool) -> None:
    """Read a message: its header, structure, text, attachments and defects.

    FILE is a message as it was received (.eml); without one, standard input is read. Whatever is
    in it, it is read as well as it can be.
    """
    from ..messages import parse

    message = parse(_bytes(file))
    if part is not None or source:
        _raw(message, part, source)
        return
    saved = save_attachments(message, Path(save)) if save else {}
    if as_json:
        print_json(message_record(message, saved))
        return
    chosen = headers or structure or text or html or defects
    if headers or not chosen:
        show_headers(message, everything=headers)
    if structure or (not chosen and message.root.children):
        _structure(message)
    if text or not chosen:
        show_block(message.text)
    if html:
        show_block(message.html or "")
    if not chosen or save:
        show_attachments(message, saved)
    if defects or not chosen:
        _defects(message, everything=defects)


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{display(file)}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{display(file)}: {error.strerror}") from None


def _raw(message: Parsed, number: int | None, source: bool) -> None:
    """The bytes of a part, or of all."""
    if number is None:
        sys.stdout.buffer.write(message.raw)
    else:
        for at, (part, _) in enumerate(_levels(message.root)):
            if at == number:
                sys.stdout.buffer.write(part.source if source else part.content)
                break
        else:
            raise UsageError(f"--part {number}: the message has no such part",
                             hint="--structure shows their numbers")
    sys.stdout.buffer.flush()


def _levels(root: Part) -> Iterator[tuple[Part, int]]:
    """All parts with their depth, in the order of the bytes."""
    todo = [(root, 0)]
    while todo:
        part, depth = todo.pop()
        yield part, depth
        todo.extend((child, depth + 1) for child in reversed(part.children))


def show_headers(message: Parsed, *, everything: bool) -> None:
    """The header: what people look for, or all of it."""
    for field in message.headers:
        if everything or field.name.title() in _SHOWN:
            name = click.style(f"{display(field.name)}:", bold=True) if field.name else "?"
            click.echo(f"{name} {display(field.value)}")
    click.echo()


def _structure(message: Parsed) -> None:
    for number, (part, depth) in enumerate(_levels(message.root)):
        about = [size(len(part.content))] if not part.children else []
        about += [word for word in (part.charset, part.encoding) if word and not part.children]
        if part.filename:
            about.append(part.filename)
        row = f"{'  ' * min(depth, _INDENT)}{part.content_type}"
        row += f"  {', '.join(about)}" if about else ""
        click.echo(f"{click.style(f'{number:>3}', dim=True)}  {display(row)}")
    click.echo()


def show_block(text: str) -> None:
    """Text of the message, no line of which the terminal obeys."""
    for line in text.rstrip("\n").split("\n"):
        click.echo(display(line.expandtabs()))
    click.echo()


def show_attachments(message: Parsed, saved: dict[int, Path]) -> None:
    """A line for each attachment, and where it was saved."""
    for number, one in enumerate(message.attachments):
        where = f" -> {saved[number]}" if number in saved else ""
        row = f"{one.name}  {one.content_type}, {size(len(one.content))}{where}"
        click.echo(f"{click.style('attached', fg='cyan')}  {display(row)}")


def _defects(message: Parsed, *, everything: bool) -> None:
    found = message.defects
    for defect in found if everything else found[:_DEFECTS]:
        click.echo(f"{click.style('defect', fg='yellow')}  {display(str(defect))}")
    if not everything and len(found) > _DEFECTS:
        click.echo(f"and {len(found) - _DEFECTS} more: --defects")


def save_attachments(message: Parsed, folder: Path, only: int | None = None) -> dict[int, Path]:
    """Each attachment, or one of them, in a file of its own, which was not there before."""
    from ..messages.attachments import unlike

    folder.mkdir(parents=True, exist_ok=True)
    taken = {path.name.lower() for path in folder.iterdir()}
    counts: dict[str, int] = {}
    saved = {}
    for number, one in enumerate(message.attachments):
        if only not in (None, number):
            continue
        name = unlike(one.name, taken, counts)
        taken.add(name.lower())
        saved[number] = _write(folder, name, one)
    return saved


def _write(folder: Path, name: str, one: Attached) -> Path:
    """Write to a temporary name, then take the real one, which must be free."""
    from ..wire.names import unfinished

    path, beside = folder / name, folder / unfinished(name)
    try:
        with beside.open("xb") as file:
            file.write(one.content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists() or path.is_symlink():
            raise UsageError(f"{display(str(path))}: it was made by somebody else meanwhile")
        beside.rename(path)
    except FileExistsError:
        raise UsageError(f"{display(str(beside))}: it is in the way") from None
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return path


def _boxes(found: AddressList) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.address} for one in found.mailboxes]


def message_record(message: Parsed, saved: dict[int, Path]) -> dict[str, Any]:
    """A message for programs."""
    return {
        "size": len(message.raw), "subject": message.subject,
        "from": _boxes(message.from_), "to": _boxes(message.to), "cc": _boxes(message.cc),
        "reply_to": _boxes(message.reply_to),
        "date": message.date.isoformat() if message.date else None,
        "message_id": message.message_id, "references": list(message.references),
        "in_reply_to": list(message.in_reply_to),
        "headers": [[field.name, field.value] for field in message.headers],
        "parts": [{"number": number, "depth": depth, "content_type": part.content_type,
                   "charset": part.charset, "encoding": part.encoding, "filename": part.filename,
                   "disposition": part.disposition, "start": part.start, "body": part.body,
                   "end": part.end}
                  for number, (part, depth) in enumerate(_levels(message.root))],
        "text": message.text, "html": message.html,
        "attachments": [{"name": one.name, "filename": one.filename, "size": len(one.content),
                         "content_type": one.content_type, "content_id": one.content_id,
                         "saved": str(saved[number]) if number in saved else None}
                        for number, one in enumerate(message.attachments)],
        "defects": [{"at": defect.at, "text": defect.text} for defect in message.defects],
    }
