"""What the verbs of ``postel mail`` share: whose mail, which messages, how a list looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import UsageError
from ..wire.text import display
from .mail_accounts import credentials_for, others
from .options import Settings
from .render import cut, print_json, size, would

if TYPE_CHECKING:
    from ..mail.accounts import Account, Accounts
    from ..mail.credentials_sync import Credentials
    from ..mail.post_sync import Post
    from ..mail.post_types import Summary

__all__ = ["address_list", "dry_option", "post_at", "print_list", "said_would", "summary_line",
           "summary_record", "where_argument"]

F = TypeVar("F", bound=Callable[..., Any])
_DEEPEST = 12
_NAME = 22
_SUBJECT = 70


def where_argument(function: F) -> F:
    """The argument that says whose mail."""
    return click.argument("where")(function)


def dry_option(function: F) -> F:
    """The option of verbs that change something."""
    return click.option("--dry-run", is_flag=True,
                        help="Say what would be done, and do nothing.")(function)


def post_at(where: str | None, settings: Settings) -> Post:
    """The post that WHERE names, or the usual account's; it is still to be entered.

    Raises:
        UsageError: WHERE is nothing where mail is, or nobody is named.
        NotFound: there is no such account.
    """
    from ..mail.accounts_file import load_accounts
    from ..mail.post_sync import open_post
    from ..mail.post_types import parse_where

    accounts = None
    if where is None:
        accounts = load_accounts()
        usual = accounts.usual()
        if usual is None:
            raise UsageError("whose mail?",
                             hint="postel mail accounts add ANN@EXAMPLE.ORG, or name a URL: "
                                  "imaps://ann@mail.example.org/INBOX")
        where = usual.name
    place = parse_where(where)
    if place.url is not None:
        if place.url.user is None and settings.user is None:
            raise UsageError(f"{place.url}: whose mail?",
                             hint=f"{place.url.scheme}://USER@{place.url.authority}/, or --user")
        return open_post(place, **settings.client(place.url))
    if place.kind == "disk":
        return open_post(place)

    def credentials(account: Account, known: Accounts) -> Credentials:
        return credentials_for(account, settings, known.keys)

    found = accounts or load_accounts()
    account = found[place.account]
    url = account.imap or account.pop3
    more = others(settings, url) if url is not None else {}
    return open_post(place, accounts=found, credentials=credentials, **more)


# -- how a list looks ------------------------------------------------------------------------------


def print_list(found: Sequence[Summary], *, as_json: bool, flat: bool = False) -> None:
    """Messages as conversations, the one that was last written in at the end; or as they came."""
    from ..mail.post_types import threads_of

    if flat:
        rows = [(one, 0, number) for number, one in enumerate(found)]
    else:
        rows = [(row.entry.key, row.depth, number)
                for number, thread in enumerate(threads_of(found))
                for row in thread.rows if row.entry is not None]
    width = max((len(one.key) for one in found), default=1)
    for one, depth, thread in rows:
        if as_json:
            print_json({**summary_record(one), "thread": thread, "depth": depth})
        else:
            click.echo(summary_line(one, depth, width))


def summary_line(one: Summary, depth: int = 0, width: int = 1) -> str:
    """One line: key, date, marks, size, author, subject.

    The marks: N new, R answered, f passed on, F flagged, D deleted, d draft.
    """
    flags = one.flags
    marks = "".join((
        "-" if "seen" in flags else "N",
        "R" if "answered" in flags else "f" if "forwarded" in flags else "-",
        "F" if "flagged" in flags else "-",
        "D" if "deleted" in flags else "d" if "draft" in flags else "-"))
    moment = one.moment
    day = _local(moment).strftime("%Y-%m-%d %H:%M") if moment else ""
    below = "  " * min(depth, _DEEPEST)
    author = cut(display(one.author), _NAME)
    subject = cut(display(one.subject), _SUBJECT)
    line = f"{display(one.key):>{width}}  {day:16}  {marks}  {size(one.size):>8}  "
    line += f"{author:{_NAME}}  {below}{subject}".rstrip()
    return line if "seen" in flags else click.style(line, bold=True)


def _local(moment: datetime) -> datetime:
    """In the zone of this machine."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):  # a year that no clock has
        return moment


def address_list(found: Sequence[Any]) -> list[dict[str, str]]:
    """Addresses for programs; the members of groups stand for themselves."""
    return [{"name": box.name, "address": box.address}
            for one in found for box in getattr(one, "members", (one,))]


def summary_record(one: Summary) -> dict[str, Any]:
    """A message for programs."""
    return {"key": one.key, "folder": one.folder or None,
            "date": one.date.isoformat() if one.date else None,
            "arrived": one.arrived.isoformat() if one.arrived else None,
            "from": address_list(one.from_), "to": address_list(one.to),
            "cc": address_list(one.cc), "subject": one.subject, "flags": sorted(one.flags),
            "size": one.size, "message_id": one.message_id}


def said_would(verb: str, keys: Sequence[str], *, as_json: bool, **more: str) -> None:
    """What a dry run would do with messages."""
    for key in keys:
        would(verb, key, as_json=as_json, **more)
