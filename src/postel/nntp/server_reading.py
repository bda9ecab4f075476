"""The lab's news server: groups, articles, overviews, header fields. Service code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..wire.dots import stuffed
from .server_session import Answer, Session
from .spool import Kept, NewsGroup
from .wildmat import matches
from .wire import Request

__all__ = ["VERBS"]

_RANGE = re.compile(r"(\d{1,19})(-(\d{1,19})?)?", re.ASCII)


def _group(session: Session, name: str) -> NewsGroup:
    """The group of that name, if the client may see it."""
    group = session.server.spool.groups.get(name)
    if group is None:
        raise Answer("411 there is no such group")
    if not session.may_see(group):
        raise Answer("480 log in to read that")
    return group


def _selected(session: Session) -> NewsGroup:
    if session.group is None:
        raise Answer("412 select a group first")
    return session.group


def _numbers(group: NewsGroup, text: str) -> list[int]:
    """The numbers of *text*, a range, that have an article."""
    found = _RANGE.fullmatch(text)
    if found is None:
        raise Answer("501 that is no range")
    first = int(found[1])
    last = int(found[3]) if found[3] else (group.last if found[2] else first)
    if last - first < len(group.ids):
        return [number for number in range(first, min(last, group.last) + 1)
                if number in group.ids]
    return [number for number in group.ids if first <= number <= last]


def _select(session: Session, group: NewsGroup) -> str:
    session.group = group
    session.current = group.first if group.ids else 0
    return f"{len(group.ids)} {group.first} {group.last} {group.name}"


def group(session: Session, request: Request) -> None:
    """GROUP."""
    session.say(f"211 {_select(session, _group(session, request.rest))}")


def listgroup(session: Session, request: Request) -> None:
    """LISTGROUP [group [range]]."""
    words = request.arguments
    found = _group(session, words[0]) if words else _selected(session)
    if len(words) > 1 and "no-listgroup-range" in session.server.options.quirks:
        raise Answer("501 no ranges here")
    numbers = _numbers(found, words[1]) if len(words) > 1 else list(found.ids)
    session.tell(f"211 {_select(session, found)} list follows", [b"%d" % n for n in numbers])


def _pick(session: Session, request: Request) -> tuple[int, Kept]:
    """The article that is meant, and its number, 0 by its id."""
    word = request.rest
    articles = session.server.spool.articles
    if word.startswith("<"):
        kept = articles.get(word)
        if kept is None or not any(session.may_see(session.server.spool.groups[name])
                                   for name, _ in kept.places):
            raise Answer("430 there is no such article")
        return 0, kept
    selected = _selected(session)
    if not word:
        if session.current not in selected.ids:
            raise Answer("420 no article is selected")
        return session.current, articles[selected.ids[session.current]]
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 20 else -1
    if number < 0:
        raise Answer("501 a number or an id is wanted")
    if number not in selected.ids:
        raise Answer("423 no article has that number")
    session.current = number
    return number, articles[selected.ids[number]]


def _send(code: int, part: Callable[[Kept], bytes]) -> Callable[[Session, Request], None]:
    def answer(session: Session, request: Request) -> None:
        number, kept = _pick(session, request)
        session.say(f"{code} {number} {kept.message_id}")
        session.put(stuffed(part(kept)))
    return answer


def stat(session: Session, request: Request) -> None:
    """STAT."""
    number, kept = _pick(session, request)
    session.say(f"223 {number} {kept.message_id}")


def next_(session: Session, request: Request) -> None:
    """NEXT."""
    _step(session, 421, [n for n in _selected(session).ids if n > session.current][:1])


def last(session: Session, request: Request) -> None:
    """LAST."""
    _step(session, 422, [n for n in _selected(session).ids if n < session.current][-1:])


def _step(session: Session, code: int, to: list[int]) -> None:
    if session.current not in _selected(session).ids:
        raise Answer("420 no article is selected")
    if not to:
        raise Answer(f"{code} there is none")
    session.current = to[0]
    session.say(f"223 {to[0]} {_selected(session).ids[to[0]]}")


# -- overviews and fields ------------------------------------------------------------------


def _meant(session: Session, which: str) -> list[tuple[int, Kept]]:
    """The articles that a range, an id or nothing names."""
    if not which or which.startswith("<"):
        return [_pick(session, Request("", (), which))]
    selected = _selected(session)
    found = [(n, session.server.spool.articles[selected.ids[n]])
             for n in _numbers(selected, which)]
    if not found:
        raise Answer("423 there are no articles in that range")
    return found


def over(session: Session, request: Request) -> None:
    """OVER, XOVER, XZVER."""
    quirks = session.server.options.quirks
    if request.verb == "OVER" and "no-over" in quirks:
        raise Answer("500 what?")
    if request.verb == "XZVER" and not session.server.options.zipped:
        raise Answer("500 what?")
    spool = session.server.spool
    found = _meant(session, request.rest)

    def rows() -> Iterator[bytes]:
        for number, kept in found:
            row = spool.overview(kept.message_id)
            if "no-prefix" in quirks:
                row = row.replace(b"\tXref: ", b"\t")
            if "extra-tabs" in quirks:
                row += b"\t\textra\t"
            yield b"%d\t%b" % (number, row)

    session.tell("224 the overview", rows(), packed=request.verb == "XZVER", zippable=True)


def hdr(session: Session, request: Request) -> None:
    """HDR, XHDR, XZHDR."""
    options = session.server.options
    if (request.verb == "HDR" and "no-over" in options.quirks) or (
            request.verb == "XZHDR" and not options.zipped):
        raise Answer("500 what?")
    field, _, which = request.rest.partition(" ")
    if not field:
        raise Answer("501 which field?")
    code = 225 if request.verb == "HDR" else 211 if "xhdr-211" in options.quirks else 221
    missing = b"" if request.verb == "HDR" else b"(none)"
    found = _meant(session, which.strip())
    rows = [b"%b %b" % (b"%d" % number if number or request.verb == "HDR"
                        else kept.message_id.encode(), kept.value(field.lower()) or missing)
            for number, kept in found]
    session.tell(f"{code} {field} follows", rows, packed=request.verb == "XZHDR", zippable=True)


def xpat(session: Session, request: Request) -> None:
    """XPAT: a field, a range, wildmats."""
    if len(request.arguments) < 3:
        raise Answer("501 a field, a range and patterns are wanted")
    field, which, *patterns = request.arguments
    rows = []
    for number, kept in _meant(session, which):
        value = kept.value(field.lower())
        if any(matches(pattern, value.decode("utf-8", "replace")) for pattern in patterns):
            rows.append(b"%d %b" % (number, value))
    session.tell("221 those that fit", rows)


VERBS = {
    "ARTICLE": _send(220, lambda kept: kept.data),
    "BODY": _send(222, lambda kept: kept.body),
    "GROUP": group,
    "HDR": hdr,
    "HEAD": _send(221, lambda kept: kept.head),
    "LAST": last,
    "LISTGROUP": listgroup,
    "NEXT": next_,
    "OVER": over,
    "STAT": stat,
    "XHDR": hdr,
    "XOVER": over,
    "XPAT": xpat,
    "XZHDR": hdr,
    "XZVER": over,
}
