"""``postel mail reply|forward``: answer a message, or pass it on; a copy is filed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import UsageError
from ..wire.text import display
from .mail_accounts import credentials_for, others
from .mail_posts import dry_option, post_at, where_argument
from .options import Settings, client_options, location, output_options
from .render import print_json

if TYPE_CHECKING:
    from ..mail.accounts import Identity
    from ..mail.post_sending_sync import Outcome
    from ..mail.post_sync import Post
    from ..messages.draft import Message
    from ..messages.parsed import Parsed
    from ..urls import URL

__all__ = ["forward", "reply"]

F = TypeVar("F", bound=Callable[..., Any])


def _writing(function: F) -> F:
    """The options of what one writes."""
    for option in reversed((
        click.option("-m", "--text", metavar="TEXT",
                     help="What you say; without it an editor opens where there is a terminal, "
                          "else standard input is read."),
        click.option("--edit/--no-edit", default=None, help="Open it in $VISUAL or $EDITOR."),
        click.option("--from", "from_", metavar="ADDRESS",
                     help="Who writes; else the identity that was written to."),
        click.option("--cc", multiple=True, metavar="ADDRESS", help="Who gets a copy."),
        click.option("--bcc", multiple=True, metavar="ADDRESS", help="Who gets a copy unseen."),
        click.option("-a", "--attach", multiple=True,
                     type=click.Path(exists=True, dir_okay=False), metavar="FILE",
                     help="Attach a file."),
        click.option("--via", metavar="URL",
                     help="The server to send by; else the account's. Needed where WHERE is a "
                          "URL."),
        click.option("--save/--no-save", default=None,
                     help="File a copy in Sent; by default unless the provider does it."),
        dry_option, output_options, client_options,
    )):
        function = option(function)
    return function


@click.command("reply")
@where_argument
@click.argument("which", metavar="KEY")
@click.option("--all", "everyone", is_flag=True, help="To everyone who had it.")
@click.option("--no-quote", is_flag=True, help="Do not quote what is answered.")
@_writing
def reply(where: str, which: str, settings: Settings, everyone: bool, no_quote: bool, dry_run: bool,
          as_json: bool, **said: Any) -> None:
    """Answer a message: it is sent by the account's server, and the message marked as answered.

    KEY is what list shows first, or last.
    """
    from ..messages.answers import reply as answer

    with post_at(where, settings) as post:
        found, parsed = _message(post, which)
        who = _identity(post, parsed, said["from_"])
        mine = [str(one) for one in _identities(post)]
        draft = answer(parsed, from_=str(who), text=_text(said, who), everyone=everyone, me=mine,
                       quote=not no_quote, **_more(said, who))
        _finish(post, draft, settings, said, (found, "answered"), dry_run, as_json)


@click.command("forward")
@where_argument
@click.argument("which", metavar="KEY")
@click.option("--to", multiple=True, required=True, metavar="ADDRESS",
              help="To whom; repeat for several.")
@click.option("--as-attachment", is_flag=True, help="Whole, as it is, its signatures intact.")
@_writing
def forward(where: str, which: str, settings: Settings, to: tuple[str, ...], as_attachment: bool,
            dry_run: bool, as_json: bool, **said: Any) -> None:
    """Pass a message on: it is sent by the account's server, and the message marked as forwarded.

    KEY is what list shows first, or last.
    """
    from ..messages.answers import forward as pass_on

    with post_at(where, settings) as post:
        found, parsed = _message(post, which)
        who = _identity(post, parsed, said["from_"])
        draft = pass_on(parsed, from_=str(who), to=list(to), text=_text(said, who),
                        attached=as_attachment, **_more(said, who))
        _finish(post, draft, settings, said, (found, "forwarded"), dry_run, as_json)


def _message(post: Post, key: str) -> tuple[str, Parsed]:
    from ..messages.parsed import parse

    chosen = post.keys("", [key])
    if len(chosen) != 1:
        raise UsageError(f"{key}: that is {len(chosen)} messages", hint="name one")
    return chosen[0], parse(post.read("", chosen[0]))


def _identities(post: Post) -> list[Identity]:
    account = post.account
    return [account.identity, *account.identities] if account is not None else []


def _identity(post: Post, parsed: Parsed, given: str | None) -> Identity:
    """Who answers: who was named, or whom the message was written to, or the owner."""
    from ..mail.accounts import Identity
    from ..messages.addresses import parse_addresses

    known = {one.address.lower(): one for one in _identities(post)}
    if given:
        boxes = list(parse_addresses(given).mailboxes)
        if len(boxes) != 1:
            raise UsageError(f"--from {given}: it is not one address")
        return known.get(boxes[0].address.lower()) or Identity(boxes[0].address, boxes[0].name)
    for one in (*parsed.to.mailboxes, *parsed.cc.mailboxes):
        if one.address.lower() in known:
            return known[one.address.lower()]
    if known:
        return next(iter(known.values()))
    raise UsageError("--from: who writes it?", hint="an account knows that: postel mail accounts")


def _text(said: dict[str, Any], who: Identity) -> str:
    """What is said, with the signature below."""
    text = said["text"]
    if text is None:
        edit = sys.stdin.isatty() if said["edit"] is None else said["edit"]
        text = "" if edit else sys.stdin.read()
    return f"{text.rstrip()}\n\n-- \n{who.signature.strip()}\n" if who.signature else text


def _more(said: dict[str, Any], who: Identity) -> dict[str, Any]:
    more: dict[str, Any] = {name: list(said[name]) for name in ("cc", "bcc", "attach")
                            if said[name]}
    if who.reply_to:
        more["reply_to"] = [who.reply_to]
    return more


def _finish(post: Post, draft: Message, settings: Settings, said: dict[str, Any],
            mark: tuple[str, str], dry_run: bool, as_json: bool) -> None:
    """Let it be edited, send it, and say what became of it."""
    from ..mail.post_sending_sync import built, send_from
    from .mail_compose import edited

    asked = said["edit"] if said["edit"] is not None else said["text"] is None
    if asked and sys.stdin.isatty():
        draft = edited(draft)
        if not (draft.to or draft.cc or draft.bcc):
            settings.say("it is to nobody: given up")
            return
    goal, options = _server(post, settings, said["via"])
    if dry_run:
        data, (_, _, recipients) = built(draft)
        _would(data, [str(getattr(one, "address", one)) for one in recipients], goal, as_json)
        return
    outcome = send_from(post, draft, via=goal, settings=options, save=said["save"],
                        mark=("", [mark[0]], mark[1]) if post.where.kind != "pop3" else None)
    _tell(outcome, settings, as_json)


def _server(post: Post, settings: Settings, via: str | None) -> tuple[URL, dict[str, Any]]:
    if via is not None:
        goal = location(via if "://" in via else f"submission://{via}")
        return goal, settings.client(goal)
    account = post.account
    if account is None or account.smtp is None:
        raise UsageError("--via: which server sends it?",
                         hint="--via submission://ann@mail.example.org, or smtp = … in the "
                              "account's table")
    from ..mail.accounts_file import load_accounts

    credentials = credentials_for(account, settings, load_accounts().keys)
    return account.smtp, {**credentials.settings(account.smtp), **others(settings, account.smtp)}


def _would(data: bytes, recipients: list[str], goal: URL, as_json: bool) -> None:
    if as_json:
        print_json({"would": "send", "via": str(goal), "recipients": recipients,
                    "message": data.decode("utf-8", "backslashreplace")})
        return
    click.echo(f"would send by {goal} to {display(', '.join(recipients))}:\n")
    for line in data.decode("utf-8", "replace").splitlines():
        click.echo(display(line))


def _tell(outcome: Outcome, settings: Settings, as_json: bool) -> None:
    sent = outcome.sent
    if as_json:
        print_json({"accepted": list(sent.accepted), "refused": list(sent.refused),
                    "filed": outcome.filed or None, "trouble": list(outcome.trouble)})
    else:
        filed = f"; a copy is in {display(outcome.filed)}" if outcome.filed else ""
        settings.say(f"sent to {display(', '.join(sent.accepted))}{filed}")
        for one in outcome.trouble:
            click.echo(f"postel: {display(one)}", err=True)
    sent.raise_for_refused()
    if outcome.trouble:
        raise click.exceptions.Exit(1)
