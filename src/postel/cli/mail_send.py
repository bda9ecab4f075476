"""``postel mail send``: a message, written here or read from standard input."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..schemes import scheme_of
from ..urls import URL
from ..wire.text import display
from .mail_direct import direct_options, send_direct, sign
from .mail_outbox import moment, opened, print_items
from .options import Settings, client_options, location, output_options
from .render import print_json

if TYPE_CHECKING:
    from ..mail.letters import Addressed
    from ..smtp.types import DSN, Notify, Sent

__all__ = ["command"]

_COLOURS = {"accepted": "green", "refused": "red", "unknown": "yellow"}
_WRITTEN = ("to", "cc", "bcc", "reply_to", "subject", "text", "html", "attach", "inline", "header")
_FILE = click.Path(exists=True, dir_okay=False)


@click.command("send")
@click.argument("recipients", nargs=-1)
@click.option("--via", envvar="POSTEL_VIA", metavar="URL",
              help="The server: submission://ann@mail.example.org, smtp://, lmtp://host:port; "
              "also from POSTEL_VIA.")
@click.option("--from", "from_", metavar="ADDRESS", help="Who writes.")
@click.option("--sender", metavar="ADDRESS",
              help="Who gets the bounces, if not who writes; '' for nobody.")
@click.option("--to", multiple=True, metavar="ADDRESS", help="To whom; repeat for several.")
@click.option("--cc", multiple=True, metavar="ADDRESS", help="Who gets a copy.")
@click.option("--bcc", multiple=True, metavar="ADDRESS", help="Who gets a copy unseen.")
@click.option("--reply-to", multiple=True, metavar="ADDRESS", help="Where answers go.")
@click.option("-s", "--subject", metavar="TEXT", help="What it is about.")
@click.option("-m", "--text", metavar="TEXT",
              help="The text; without it, and without --html, standard input.")
@click.option("--html", type=_FILE, metavar="FILE", help="The text as HTML.")
@click.option("-a", "--attach", multiple=True, type=_FILE, metavar="FILE", help="Attach a file.")
@click.option("--inline", multiple=True, type=_FILE, metavar="FILE",
              help="An image that the HTML names: cid:FILE.")
@click.option("--header", multiple=True, metavar="'NAME: VALUE'", help="One more header field.")
@click.option("--dsn", metavar="WORDS",
              help="Reports you want: success,failure,delay, or never.")
@click.option("--ret", type=click.Choice(["full", "headers"]),
              help="What a bounce brings back.")
@click.option("--envid", metavar="ID", help="A name of yours that reports repeat.")
@click.option("--priority", type=click.IntRange(-9, 9), help="From -9 to 9 (MT-PRIORITY).")
@click.option("--require-tls", is_flag=True, help="Only over verified TLS, all the way.")
@click.option("--hold", metavar="WHEN", help="The server keeps it until then (FUTURERELEASE).")
@click.option("--later", metavar="WHEN",
              help="Put it into the outbox, to go then: 08:00, 2h, 2026-12-24T18:00.")
@click.option("--outbox", type=click.Path(dir_okay=False), metavar="FILE",
              help="Which outbox; by default the one in your data folder.")
@click.option("--helo", metavar="NAME", help="What this machine calls itself.")
@direct_options
@output_options
@client_options
def command(settings: Settings, as_json: bool, **said: Any) -> None:
    """Send a message.

    Either it is written by the options, its text by --text or on standard input; or, without any
    of them, standard input is a whole message, headers and all, and RECIPIENTS, where there are
    any, count instead of its To, Cc and Bcc.

    Each recipient is answered for. If any of them is refused, the exit code is 1.
    """
    if said["outbox"] and not said["later"]:
        raise UsageError("--outbox: for mail that is to wait: --later WHEN")
    if said["direct"]:
        if said["later"]:
            raise UsageError("--direct and --later: what waits is sent by a server: --via URL")
        message, sender, whom = _letter(said)
        send_direct((sign(message, sender, said), sender, whom), settings,
                    lambda sent: _show(sent, settings, as_json), said, _dsn(said))
        return
    if said["via"] is None:
        raise UsageError("--via: which server?", hint="--via submission://ann@mail.example.org, "
                         "or set POSTEL_VIA; or --direct")
    goal = _goal(said["via"])
    when = _moment(said["hold"])
    dsn = _dsn(said)
    message, sender, whom = _letter(said)
    letter = sign(message, sender, said), sender, whom
    if said["later"]:
        if when:
            raise UsageError("--later and --hold: who keeps it, this machine or the server?")
        _put_by(letter, goal, settings, as_json, later=said["later"], path=said["outbox"],
                dsn=dsn, priority=said["priority"], require_tls=said["require_tls"])
        return
    _send(letter, goal, settings, as_json, dsn=dsn, priority=said["priority"],
          require_tls=said["require_tls"], hold=when, helo=said["helo"])


def _goal(via: str) -> URL:
    goal = location(via if "://" in via else f"submission://{via}")
    scheme_of(goal.scheme, "send")
    return goal


def _send(letter: Addressed, goal: URL, settings: Settings, as_json: bool, **options: Any) -> None:
    from ..mail.sending_sync import send
    from ..smtp.types import Unconfirmed

    message, sender, recipients = letter
    try:
        sent = send(message, via=goal, sender=sender, recipients=recipients, raise_on="never",
                    **options, **settings.client(goal))
    except Unconfirmed as error:
        _show(error.sent, settings, as_json)
        raise
    _show(sent, settings, as_json)
    sent.raise_for_refused()


def _show(sent: Sent, settings: Settings, as_json: bool) -> None:
    """A line for each recipient."""
    width = max((len(one.address) for one in sent.recipients), default=0)
    for one in sent.recipients:
        if as_json:
            reply = one.reply
            print_json({
                "recipient": one.address, "state": one.state,
                "code": reply.code if reply else None,
                "status": str(reply.status) if reply and reply.status else None,
                "text": display(reply.text) if reply else None})
        elif not settings.quiet or one.state != "accepted":
            state = click.style(f"{one.state:8}", fg=_COLOURS[one.state])
            said = f"  {one.reply}" if one.reply else ""
            click.echo(f"{display(one.address):{width}}  {state}{said}")


def _put_by(letter: Addressed, goal: URL, settings: Settings, as_json: bool, *, later: str,
            path: str | None, **options: Any) -> None:
    message, sender, recipients = letter
    now = datetime.now().astimezone()
    with opened(path, settings) as outbox:
        item = outbox.add(message, via=goal, sender=sender, recipients=recipients,
                          later=moment(later, now=now), **options)
    print_items([item], as_json=as_json)


def _moment(text: str | None) -> datetime | None:
    return moment(text, now=datetime.now().astimezone()) if text else None


def _dsn(said: dict[str, Any]) -> DSN | None:
    if not (said["dsn"] or said["ret"] or said["envid"]):
        return None
    from ..smtp.types import DSN

    words: tuple[Notify, ...] = tuple(
        word.strip().lower() for word in (said["dsn"] or "").split(",") if word.strip())  # type: ignore[misc]
    return DSN(words, said["ret"] or "", said["envid"] or "")


# -- the message ---------------------------------------------------------------------------


def _letter(said: dict[str, Any]) -> Addressed:
    """The message and its envelope, written here or read."""
    from ..mail.letters import addressed

    if any(said[name] for name in _WRITTEN):
        return addressed(_written(said), said["sender"], None)
    message = _read("a message, headers and all; or write one: --to, --subject, --text …")
    if b":" not in message.split(b"\n", 1)[0]:
        raise UsageError("standard input: that is no message: it has no headers",
                         hint="write one by --from, --to, --subject and --text")
    return addressed(message, said["sender"], said["recipients"] or None)


def _read(what: str) -> bytes:
    if sys.stdin.isatty():
        raise UsageError(f"standard input is a terminal; expected {what}")
    return sys.stdin.buffer.read()


def _written(said: dict[str, Any]) -> Any:
    """A message made of the options."""
    from ..mail.files import source
    from ..messages.draft import Message
    from ..transport.entropy import token

    if not said["from_"]:
        raise UsageError("--from: who writes it?")
    text = said["text"]
    if text is None and not said["html"]:
        text = _read("the text, or --text").decode("utf-8", "replace")
    draft = Message(
        from_=said["from_"], to=[*said["to"], *said["recipients"]], cc=list(said["cc"]),
        bcc=list(said["bcc"]), reply_to=list(said["reply_to"]), subject=said["subject"] or "",
        text=text, html=Path(said["html"]).read_text("utf-8") if said["html"] else None,
        attach=[Path(name) for name in said["attach"]],
        inline=[Path(name) for name in said["inline"]],
        headers=[_header(line) for line in said["header"]])
    return draft.build(now=datetime.now().astimezone(), unique=token(), files=source,
                       eight_bit=True)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header {line}: NAME: VALUE")
    return name.strip(), value.strip()
