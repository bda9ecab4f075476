"""The lab's news server: LIST in all its variants, NEWGROUPS, NEWNEWS, DATE, HELP. Service code."""

from __future__ import annotations

from datetime import UTC, datetime

from .overview import STANDARD
from .server_session import Answer, Session
from .wire import Request

__all__ = ["VERBS"]


def _pattern(request: Request) -> str | None:
    return request.arguments[0] if request.arguments else None


def active(session: Session, request: Request) -> None:
    """LIST [ACTIVE [wildmat]]."""
    session.tell("215 groups", [
        f"{group.name} {group.last} {group.first} {group.status}".encode()
        for group in session.visible(_pattern(request))])


def counts(session: Session, request: Request) -> None:
    """LIST COUNTS."""
    session.tell("215 groups and counts", [
        f"{group.name} {group.last} {group.first} {len(group.ids)} {group.status}".encode()
        for group in session.visible(_pattern(request))])


def newsgroups(session: Session, request: Request) -> None:
    """LIST NEWSGROUPS."""
    session.tell("215 descriptions", [
        f"{group.name}\t{group.about}".encode("utf-8", "surrogateescape")
        for group in session.visible(_pattern(request)) if group.about])


def times(session: Session, request: Request) -> None:
    """LIST ACTIVE.TIMES."""
    session.tell("215 when groups were made", [
        f"{group.name} {int(group.created.timestamp())} {group.by}".encode()
        for group in session.visible(_pattern(request))])


def overview_fmt(session: Session, request: Request) -> None:
    """LIST OVERVIEW.FMT."""
    session.tell("215 columns", [name.encode() for name in (*STANDARD, "Xref:full")])


def headers(session: Session, request: Request) -> None:
    """LIST HEADERS."""
    session.tell("215 fields", [b":", b":bytes", b":lines"])


def small(session: Session, request: Request) -> None:
    """The lists that are kept as lines."""
    options = session.server.options
    lines = {"MOTD": tuple(options.motd.splitlines()), "MODERATORS": options.moderators,
             "DISTRIBUTIONS": options.distributions, "DISTRIB.PATS": options.distrib_pats,
             "SUBSCRIPTIONS": options.subscriptions}[request.verb.split(" ")[1]]
    session.tell("215 here it is", [line.encode() for line in lines])


def _since(words: tuple[str, ...]) -> datetime:
    """The moment that NEWGROUPS and NEWNEWS name: [yy]yymmdd hhmmss [GMT]."""
    day, moment = (*words, "", "")[:2]
    if len(day) == 6 and day.isdigit():  # RFC 3977 section 7.3.2: the closest century
        this = datetime.now(UTC).year
        year = this - this % 100 + int(day[:2])
        day = f"{year if year <= this else year - 100:04d}{day[2:]}"
    try:
        return datetime.strptime(day + moment, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Answer("501 that is no date") from None


def newgroups(session: Session, request: Request) -> None:
    """NEWGROUPS."""
    since = _since(request.arguments)
    session.tell("231 new groups", [
        f"{group.name} {group.last} {group.first} {group.status}".encode()
        for group in session.visible(None) if group.created >= since])


def newnews(session: Session, request: Request) -> None:
    """NEWNEWS."""
    if not session.server.options.newnews:
        raise Answer("502 NEWNEWS is switched off")
    since = _since(request.arguments[1:])
    ids: dict[str, None] = {}
    for group in session.visible(_pattern(request) or ""):
        for kept in session.server.spool.in_group(group.name):
            if kept.received >= since:
                ids[kept.message_id] = None
    session.tell("230 new articles", [name.encode() for name in ids])


def date(session: Session, request: Request) -> None:
    """DATE."""
    session.say(f"111 {datetime.now(UTC):%Y%m%d%H%M%S}")


def help_(session: Session, request: Request) -> None:
    """HELP."""
    session.tell("100 what is understood", [verb.encode() for verb in session.server.verbs])


VERBS = {
    "DATE": date,
    "HELP": help_,
    "LIST": active,
    "LIST ACTIVE": active,
    "LIST ACTIVE.TIMES": times,
    "LIST COUNTS": counts,
    "LIST DISTRIB.PATS": small,
    "LIST DISTRIBUTIONS": small,
    "LIST HEADERS": headers,
    "LIST MODERATORS": small,
    "LIST MOTD": small,
    "LIST NEWSGROUPS": newsgroups,
    "LIST OVERVIEW.FMT": overview_fmt,
    "LIST SUBSCRIPTIONS": small,
    "NEWGROUPS": newgroups,
    "NEWNEWS": newnews,
}
