"""What ``postel mail migrate`` and ``sync`` share: options, sides, and how it is told."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import UsageError
from ..wire.text import display
from .mail_accounts import credentials_for, others
from .options import Settings, parse_size
from .render import Bar, print_json, size

if TYPE_CHECKING:
    from ..mail.moving_types import Deletions, MoveResult, Tally

__all__ = ["bar", "moving_options", "options_of", "show"]

F = TypeVar("F", bound=Callable[..., Any])
_AGE = re.compile(r"([0-9]{1,6})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}
_COLUMNS = ("found", "copied", "present", "skipped", "failed", "removed")

_OPTIONS = (
    click.option("--folder", "folders", metavar="PATTERN", multiple=True,
                 help="Only these folders: * within a level, ** over levels, ! before those that "
                      "are not. May be given again; the last that fits counts."),
    click.option("--map", "names", metavar="NAME=OTHER", multiple=True,
                 help="The folder NAME of the first side is OTHER on the second. May be given "
                      "again."),
    click.option("--max-size", metavar="SIZE", help="Copy no message larger than this: 25M."),
    click.option("--since", metavar="WHEN",
                 help="Copy no message that is older: 2026-01-31, 90d, 8w, 2y."),
    click.option("--max-delete", metavar="N",
                 help="Delete nothing if more than N messages would be, or N%; 50% unless said."),
    click.option("--allow-empty", is_flag=True,
                 help="Believe a folder, or a side, that is suddenly empty."),
    click.option("--state", metavar="FILE", type=click.Path(dir_okay=False),
                 help="Where is noted what both sides had; by default in your data folder."),
    click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
)


def moving_options(function: F) -> F:
    """Give a verb these options; it is called with ``rules``, ``state`` and ``dry_run``."""
    @functools.wraps(function)
    def call(*args: Any, folders: tuple[str, ...], names: tuple[str, ...], max_size: str | None,
             since: str | None, max_delete: str | None, allow_empty: bool, **kwargs: Any) -> Any:
        from ..mail.moving_types import Rules

        rules = Rules(
            deletions=_deletions(max_delete, allow_empty), folders=folders,
            largest=None if max_size is None else parse_size(max_size),
            since=None if since is None else _moment(since, datetime.now(UTC)),
            names=dict(_pair(one) for one in names))
        return function(*args, rules=rules, **kwargs)

    for option in reversed(_OPTIONS):
        call = option(call)
    return call  # type: ignore[return-value]


def _deletions(most: str | None, empty: bool) -> Deletions:
    from ..mail.moving_types import Deletions

    if most is None:
        return Deletions(empty=empty)
    digits = most.removesuffix("%")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise UsageError(f"--max-delete {most}: it is a number, or a share such as 10%")
    if most.endswith("%"):
        return Deletions(share=int(digits) / 100, empty=empty)
    return Deletions(most=int(digits), empty=empty)


def _moment(text: str, now: datetime) -> datetime:
    """A day, or so long ago."""
    if match := _AGE.fullmatch(text):
        return now - timedelta(days=int(match[1]) * _DAYS[match[2]])
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since {text}: it is no day", hint="2026-01-31, 90d, 8w, 2y") from None
    return day if day.tzinfo else day.astimezone()


def _pair(text: str) -> tuple[str, str]:
    name, equals, other = text.partition("=")
    if not (name and equals and other):
        raise UsageError(f"--map {text}: it is NAME=OTHER", hint="--map 'Sent Items=Sent'")
    return name, other


def options_of(where: str, settings: Settings) -> dict[str, Any]:
    """The keywords of the client of a side; none where it is on this disk.

    Raises:
        UsageError: nobody is named.
        NotFound: there is no such account.
    """
    from ..mail.accounts_file import load_accounts
    from ..mail.post_types import parse_where

    place = parse_where(where)
    if place.kind == "disk":
        return {}
    if place.url is not None:
        if place.url.user is None and settings.user is None:
            raise UsageError(f"{place.url}: whose mail?",
                             hint=f"{place.url.scheme}://USER@{place.url.authority}/, or --user")
        return settings.client(place.url)
    known = load_accounts()
    account = known[place.account]
    url = account.imap or account.pop3
    if url is None:
        return {}
    return {**credentials_for(account, settings, known.keys).settings(url),
            **others(settings, url)}


def bar(settings: Settings, *, as_json: bool) -> Bar:
    """What shows how far it is."""
    return Bar(False if settings.quiet or as_json else None, unit=_count)


def _count(messages: float) -> str:
    return f"{messages:.0f} messages"


def show(done: MoveResult, settings: Settings, *, as_json: bool, both: bool) -> int:
    """Tell what was done, or would be; return the exit code."""
    for move in done.moves if done.dry_run else ():
        if as_json:
            print_json({"would": move.verb, "folder": display(move.folder), "to": move.to,
                        "uid": display(move.uid), "text": display(move.text)})
        else:
            words = " ".join(word for word in (move.folder, move.uid, move.text) if word)
            click.echo(f"would {move.verb} to the {move.to}: {display(words)}")
    for folder in done.folders:
        for name, other, tally, arrow in (
                (folder.left, folder.right, folder.from_left, "->"),
                (folder.left, folder.right, folder.from_right, "<-"))[:1 + both]:
            if as_json:
                print_json({"folder": display(name), "other": display(other),
                            "to": "right" if arrow == "->" else "left", **_record(tally)})
            elif tally.copied or tally.failed or tally.removed or tally.flagged:
                told = display(name if name == other else f"{name} {arrow} {other}")
                settings.say(f"{arrow} {told}: {_words(tally)}")
    for conflict in done.conflicts:
        settings.say(f"{display(conflict.folder)}: {conflict.uid}: {display(conflict.kept)}")
    for problem in done.problems:
        where = f"{problem.folder} ({problem.side})" + (f" {problem.uid}" if problem.uid else "")
        click.echo(f"postel: {display(where)}: {display(problem.reason)}", err=True)
    _sums(done, settings, as_json=as_json, both=both)
    return 0 if done.ok else 1


def _sums(done: MoveResult, settings: Settings, *, as_json: bool, both: bool) -> None:
    for side, to in (("left", "right"), ("right", "left"))[:1 + both]:
        tally = done.total("left" if side == "left" else "right")
        if as_json:
            print_json({"event": "total", "from": done.left if side == "left" else done.right,
                        "to": to, **_record(tally), "problems": len(done.problems),
                        "dry_run": done.dry_run})
        else:
            name = display(done.left if side == "left" else done.right)
            settings.say(f"from {name}: {_words(tally)}")


def _record(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in (*_COLUMNS, "flagged", "size")}


def _words(tally: Tally) -> str:
    """As ``12 found = 3 copied (1.2 MiB) + 9 there already``: what is nought is left out."""
    parts = [f"{tally.copied:,} copied" + (f" ({size(tally.size)})" if tally.size else "")]
    for count, words in ((tally.present, "there already"), (tally.skipped, "skipped"),
                         (tally.failed, "failed"), (tally.removed, "removed")):
        if count:
            parts.append(f"{count:,} {words}")
    flagged = f"; flags of {tally.flagged:,} changed" if tally.flagged else ""
    return f"{tally.found:,} found = {' + '.join(parts)}{flagged}"
