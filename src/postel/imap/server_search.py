"""The IMAP server's SEARCH, SORT and THREAD (RFC 9051 section 6.4.4, RFC 4731, 5182, 5256, 5267).

Service code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ..messages.threads import Row, Threads, base_subject
from .commands import Arguments, BadCommand
from .matching import Matching, entry, sort_key
from .search_program import Search, read_search, read_sort, read_thread
from .sequence import NumberSet
from .server_labels import label_names, number_of
from .server_login import Done
from .server_quirks import searched
from .server_session import No, Session
from .server_view import View, part_of

__all__ = ["search", "sort", "thread"]

_NEEDS = {"MODSEQ": "CONDSTORE", "OLDER": "WITHIN", "YOUNGER": "WITHIN", "EMAILID": "OBJECTID",
          "THREADID": "OBJECTID", "SAVEDBEFORE": "SAVEDATE", "SAVEDON": "SAVEDATE",
          "SAVEDSINCE": "SAVEDATE", "SAVEDATESUPPORTED": "SAVEDATE", "X-GM-RAW": "X-GM-EXT-1",
          "X-GM-LABELS": "X-GM-EXT-1", "X-GM-MSGID": "X-GM-EXT-1", "X-GM-THRID": "X-GM-EXT-1"}


async def search(session: Session, words: Arguments) -> Done:
    """SEARCH and UID SEARCH."""
    asked = read_search(words)
    words.end()
    if asked.returns is not None and not (
            session.can("ESEARCH") or session.can("IMAP4rev2")):
        raise BadCommand("SEARCH: RETURN is not understood")
    if session.does("search all fails") and asked.key.name == "ALL":
        raise No("an error that is ours", "SERVERBUG")
    uids = _found(session, asked)
    if asked.returns is None and not session.is_rev2:
        _plain(session, b"SEARCH", uids, asked)
        return ("that is all",)
    _extended(session, uids, asked, sorted_=False)
    return ("that is all",)


def _found(session: Session, asked: Search) -> list[int]:
    view = session.selected
    for name, needs in _NEEDS.items():
        if asked.uses(name) and not session.can(needs):
            raise BadCommand(f"SEARCH: there is no search key {name}")
    if asked.returns is not None and "SAVE" in asked.returns and not (
            session.can("SEARCHRES") or session.can("IMAP4rev2")):
        raise BadCommand("SEARCH: RETURN (SAVE) is not understood")
    if asked.partial is not None and not session.can("PARTIAL"):
        raise BadCommand("SEARCH: PARTIAL is not understood")
    if asked.uses("MODSEQ"):
        session.use_condstore()
    matching = Matching(view, session.saved, datetime.now(UTC), session.store.thread_id,
                        lambda message: label_names(session, message), number_of,
                        session.does("header search fails"))
    return matching.find(asked.key)


def _numbers(session: Session, uids: list[int]) -> list[int]:
    return uids if session.uid else [session.selected.number(uid) for uid in uids]


def _highest(view: View, uids: list[int]) -> int:
    return max((one.modseq for uid in uids if (one := view.message(uid)) is not None), default=0)


def _plain(session: Session, word: bytes, uids: list[int], asked: Search) -> None:
    words = [str(one) for one in _numbers(session, uids)]
    if asked.uses("MODSEQ") and uids:
        words.append(f"(MODSEQ {_highest(session.selected, uids)})")
    answer = word + b"".join(b" " + one.encode() for one in words)
    session.untagged(searched(session, answer))


def _extended(session: Session, uids: list[int], asked: Search, *, sorted_: bool) -> None:
    """ESEARCH (RFC 4731): what was asked for, and nothing of what there is none of."""
    returns = asked.returns if asked.returns is not None else frozenset({"ALL"})
    numbers = _numbers(session, uids)
    words = [f'(TAG "{session.tag}")']
    if session.uid:
        words.append("UID")
    if numbers:
        if "MIN" in returns:
            words.append(f"MIN {numbers[0] if sorted_ else min(numbers)}")
        if "MAX" in returns:
            words.append(f"MAX {numbers[-1] if sorted_ else max(numbers)}")
        if "ALL" in returns:
            words.append(f"ALL {_set(numbers, sorted_)}")
    if "COUNT" in returns:
        words.append(f"COUNT {len(numbers)}")
    if asked.partial is not None:
        words.append(_partial(numbers, asked.partial, sorted_))
    if asked.uses("MODSEQ") and uids:
        words.append(f"MODSEQ {_highest(session.selected, uids)}")
    if "SAVE" in returns:
        _save(session, uids, returns, sorted_)
        if returns == {"SAVE"} and asked.partial is None:
            return
    session.untagged(f"ESEARCH {' '.join(words)}".encode())


def _save(session: Session, uids: list[int], returns: frozenset[str], sorted_: bool) -> None:
    """What ``$`` stands for from now on (RFC 5182 section 2.1)."""
    only = returns & {"MIN", "MAX"}
    if only and not returns & {"ALL", "COUNT"} and uids:
        ends = ([uids[0]] if "MIN" in only else []) + ([uids[-1]] if "MAX" in only else [])
        session.saved = sorted(set(ends))
    else:
        session.saved = sorted(uids)


def _set(numbers: list[int], sorted_: bool) -> str:
    return ",".join(map(str, numbers)) if sorted_ else str(NumberSet(numbers))


def _partial(numbers: list[int], bounds: tuple[int, int], sorted_: bool) -> str:
    low, high = bounds
    found = part_of(numbers, bounds)
    name = f"{low}:{high}" if low > 0 else f"{high}:{low}"
    return f"PARTIAL ({name} {_set(found, sorted_) if found else 'NIL'})"


# -- SORT and THREAD -----------------------------------------------------------------------------


async def sort(session: Session, words: Arguments) -> Done:
    """SORT and UID SORT (RFC 5256, 5957), with RETURN (RFC 5267)."""
    order, asked = read_sort(words)
    words.end()
    if any(name.startswith("DISPLAY") for name, _ in order) and not session.can("SORT=DISPLAY"):
        raise BadCommand("SORT: there is no sorting by DISPLAYFROM or DISPLAYTO")
    if asked.returns is not None and not session.can("ESORT"):
        raise BadCommand("SORT: RETURN is not understood")
    view = session.selected
    uids = _found(session, asked)
    for name, backwards in reversed(order):
        keys = {uid: sort_key(name, one) for uid in uids if (one := view.message(uid)) is not None}
        uids = [uid for uid in uids if uid in keys]
        uids = sorted(uids, key=keys.__getitem__, reverse=backwards)
    if asked.returns is None:
        _plain(session, b"SORT", uids, asked)
    else:
        _extended(session, uids, asked, sorted_=True)
    return ("that is all",)


async def thread(session: Session, words: Arguments) -> Done:
    """THREAD and UID THREAD (RFC 5256)."""
    algorithm, asked = read_thread(words)
    words.end()
    if not session.can(f"THREAD={algorithm}"):
        raise BadCommand(f"THREAD: there is no threading by {algorithm}")
    uids = _found(session, asked)
    view = session.selected
    shown = {uid: (uid if session.uid else view.number(uid)) for uid in uids}
    if algorithm == "ORDEREDSUBJECT":
        made = _by_subject(session, uids, shown)
    else:
        made = _by_references(session, uids, shown, by_subject=algorithm == "REFERENCES")
    session.untagged((b"THREAD " + made.encode()).rstrip())
    return ("that is all",)


def _by_subject(session: Session, uids: list[int], shown: dict[int, int]) -> str:
    view = session.selected
    groups: dict[str, list[tuple[object, int]]] = {}
    for uid in uids:
        message = view.message(uid)
        if message is not None:
            key = base_subject(message.parsed.subject)
            groups.setdefault(key, []).append((sort_key("DATE", message), uid))
    ordered = sorted((sorted(group) for group in groups.values()), key=lambda group: group[0])
    made = []
    for group in ordered:
        first, rest = group[0][1], [uid for _, uid in group[1:]]
        if len(rest) > 1:
            below = "".join(f"({shown[uid]})" for uid in rest)
            made.append(f"({shown[first]} {below})")
        else:
            made.append(f"({' '.join(str(shown[uid]) for uid in (first, *rest))})")
    return "".join(made)


def _by_references(
    session: Session, uids: list[int], shown: dict[int, int], *, by_subject: bool
) -> str:
    threads: Threads[int] = Threads(by_subject=by_subject)
    view = session.selected
    for uid in uids:
        message = view.message(uid)
        if message is not None:
            threads.add(entry(uid, message))
    made = []
    for one in threads.threads():
        rows = one.rows
        below: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            below.setdefault(row.parent, []).append(place)
        made.append(_tree(rows, below, shown))
    return "".join(made)


def _tree(rows: Sequence[Row[int]], below: dict[int, list[int]], shown: dict[int, int]) -> str:
    """One conversation in parentheses; without recursion, for they may be as deep as they like."""
    out = list[str]()
    todo: list[int | str] = [")", *reversed(below.get(-1, [])), "("]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            out.append(one)
            continue
        row = rows[one]
        if row.entry is not None:
            out.append(str(shown[row.entry.key]))
        children = below.get(one, [])
        if len(children) == 1:
            out.append(" ")
            todo.append(children[0])
        else:
            if children:
                out.append(" " if row.entry is not None else "")
            for child in reversed(children):
                todo += [")", child, "("]
    return "".join(out)
