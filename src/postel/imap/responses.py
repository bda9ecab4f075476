"""The grammar of responses: what a server said, as the results that users hold. Pure.

`postel.imap.wire` gives untagged data as a name and values, and codes as a word and values. Here
each kind becomes its type; `postel.imap.fetched` has FETCH. Whoever asks for a kind says so, by
the function; data of another name is refused, odd data is read as far as it means something.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ProtocolError
from . import names, roles
from .sequence import NumberSet
from .tokens import Value
from .types import (
    Acl,
    Appended,
    Copied,
    Folder,
    Found,
    Identity,
    ListRights,
    Metadata,
    Namespace,
    Namespaces,
    Progress,
    Quota,
    QuotaRoot,
    Resource,
    Status,
    Thread,
    Vanished,
)
from .values import flags, number, numbers, pairs, raw, text, texts
from .wire import Reply, Untagged

__all__ = [
    "acl", "appended", "capabilities", "copied", "enabled", "folder", "found", "identity",
    "list_rights", "metadata", "modified", "my_rights", "namespaces", "progress", "quota",
    "quota_root", "rights", "status", "thread", "vanished",
]

_MOST_NUMBERS = 10_000_000
"""Messages that one answer may speak of; a range in an answer is short, what it means is not."""


def folder(data: Untagged, *, utf8: bool = False) -> Folder:
    """LIST, LSUB or XLIST (RFC 9051 section 7.3.1).

    Args:
        data: of the server.
        utf8: whether names are UTF-8, not modified UTF-7: after ENABLE of IMAP4rev2 or UTF8=ACCEPT.

    Example:
        >>> found = folder(Untagged("LIST", None, [["\\\\Sent"], b"/", b"Entw&APw-rfe"]))
        >>> found.name, found.raw, found.role
        ('Entwürfe', b'Entw&APw-rfe', 'sent')
    """
    values = _values(data, "LIST", "LSUB", "XLIST")
    attributes, delimiter, name = [*values, None, None, None][:3]
    if not isinstance(attributes, list) and len(values) == 2:  # the list of attributes left out
        attributes, delimiter, name = [], values[0], values[1]
    if len(values) > 3 and all(isinstance(one, str) for one in values[2:]):
        name = " ".join(text(one) for one in values[2:])  # Exchange: a name of words, not quoted
    marks = flags(attributes)
    if data.name == "LSUB":
        marks |= {"\\Subscribed"}
    wire_name = raw(name)
    shown = _name(wire_name, utf8)
    extra = _extended(values[3:])
    role = "inbox" if names.is_inbox(shown) else roles.by_attributes(marks)
    return Folder(
        shown, text(delimiter), marks, role, wire_name,
        child_info=frozenset(word.upper() for word in texts(extra.get("CHILDINFO"))),
        old_name=next((_name(word.encode("utf-8", "surrogateescape"), utf8)
                       for word in texts(extra.get("OLDNAME"))), ""))


def _extended(values: list[Value]) -> dict[str, Value]:
    """What RFC 5258 lets follow a name: pairs in a list."""
    return dict(pairs(values[0])) if values else {}


def _name(name: bytes, utf8: bool) -> str:
    """A mailbox's name; who writes 8 bits under rev1 (Exchange) means UTF-8, too."""
    shown = name.decode("utf-8", "surrogateescape")
    return shown if utf8 else names.decode(shown)


_STATUS = {
    "MESSAGES": "messages", "UNSEEN": "unseen", "RECENT": "recent", "DELETED": "deleted",
    "SIZE": "size", "UIDNEXT": "uidnext", "UIDVALIDITY": "uidvalidity",
    "HIGHESTMODSEQ": "highestmodseq", "APPENDLIMIT": "append_limit",
    "DELETED-STORAGE": "deleted_storage", "XYMHIGHESTMODSEQ": "highestmodseq",
}


def status(data: Untagged) -> tuple[bytes, Status]:
    """STATUS: the folder's name on the wire, and what is told of it.

    Example:
        >>> status(Untagged("STATUS", None, [b"A", ["MESSAGES", "3", "UIDNEXT", "9"]]))[1].uidnext
        9
    """
    values = _values(data, "STATUS")
    told = dict(pairs(values[1] if len(values) > 1 else None))
    known = {_STATUS[name]: number(value) for name, value in told.items() if name in _STATUS}
    if known.get("uidvalidity") == 0:
        known["uidvalidity"] = None
    return raw(values[0] if values else None), Status(
        **known, mailbox_id=next(iter(texts(told.get("MAILBOXID"))), ""), told=frozenset(told))


def found(data: Untagged) -> Found:
    """SEARCH, SORT or ESEARCH (RFC 9051 section 7.3.4, RFC 4731, 5267, 7162, 7377, 9394).

    Example:
        >>> found(Untagged("SEARCH", None, ["2", "84", ["MODSEQ", "917"]]))
        Found(numbers=(2, 84), uids=False, count=None, ..., modseq=917, ...)
        >>> found(Untagged("ESEARCH", None, [["TAG", b"A1"], "UID", "ALL", "4:6"])).numbers
        (4, 5, 6)
    """
    values = _values(data, "SEARCH", "SORT", "ESEARCH")
    if data.name == "ESEARCH":
        return _esearch(values)
    modseq = next((one[1] for one in values if isinstance(one, list) and len(one) > 1), None)
    listed = [number(one) for one in values if isinstance(one, str)]
    return Found(tuple(one for one in listed if one), modseq=number(modseq))


def _esearch(values: list[Value]) -> Found:
    about = dict(pairs(values[0])) if values and isinstance(values[0], list) else {}
    rest = values[1:] if values and isinstance(values[0], list) else values
    uids = bool(rest) and isinstance(rest[0], str) and rest[0].upper() == "UID"
    added, removed = list[tuple[int, NumberSet]](), list[tuple[int, NumberSet]]()
    told: dict[str, Value] = {}
    for name, value in pairs(rest[uids:]):
        if name in ("ADDTO", "REMOVEFROM") and isinstance(value, list):
            (added if name == "ADDTO" else removed).extend(
                (number(place) or 0, numbers(which))
                for place, which in zip(value[::2], value[1::2], strict=False))
        told[name] = value
    part, listed = "", told.get("ALL")
    if isinstance(partial := told.get("PARTIAL"), list) and partial:
        part, listed = text(partial[0]), partial[1] if len(partial) > 1 else None
    counted = number(told.get("COUNT"))
    least, greatest = number(told.get("MIN")), number(told.get("MAX"))
    folder_name = text(about.get("MAILBOX"))
    return Found(
        _in_order(listed), uids, counted, least, greatest,
        number(told.get("MODSEQ")), folder_name, number(about.get("UIDVALIDITY")),
        text(about.get("TAG")), tuple(added), tuple(removed), part,
        tuple(number(one) or 0 for one in texts(told.get("RELEVANCY"))))


def _in_order(value: Value) -> tuple[int, ...]:
    """A set whose order means something: ESORT writes ``5,3:4,1`` for a sorted result."""
    made: list[int] = []
    for word in text(value).split(","):
        first, _, last = word.partition(":")
        low, high = number(first), number(last or first)
        if not low or not high:
            continue
        if len(made) + abs(high - low) > _MOST_NUMBERS:
            raise ProtocolError(f"an answer that speaks of over {_MOST_NUMBERS} messages")
        step = 1 if high >= low else -1
        made += range(low, high + step, step)
    return tuple(made)


def thread(data: Untagged) -> tuple[Thread, ...]:
    """THREAD (RFC 5256 section 4): conversations, each a tree.

    Example:
        >>> thread(Untagged("THREAD", None, [["2"], ["3", "6", ["4", "23"], ["44"]]]))[1].branches
        (Thread(numbers=(4, 23), branches=()), Thread(numbers=(44,), branches=()))
    """
    return tuple(_thread(one) for one in _values(data, "THREAD") if isinstance(one, list))


def _thread(values: list[Value]) -> Thread:
    """Built from the leaves up, without recursion: conversations go deep."""
    done: dict[int, Thread] = {}
    left = [values]
    while left:
        here = left[-1]
        inner = [one for one in here if isinstance(one, list)]
        if inner and id(inner[0]) not in done:
            left += inner
            continue
        left.pop()
        plain = [number(one) for one in here if isinstance(one, str)]
        done[id(here)] = Thread(tuple(one for one in plain if one),
                                tuple(done[id(one)] for one in inner))
    return done[id(values)]


def vanished(data: Untagged) -> Vanished:
    """VANISHED (RFC 7162 section 3.2.10).

    Example:
        >>> vanished(Untagged("VANISHED", None, [["EARLIER"], "41,43:45"]))
        Vanished(uids=NumberSet.parse('41,43:45'), earlier=True)
    """
    values = _values(data, "VANISHED")
    earlier = bool(values) and isinstance(values[0], list)
    return Vanished(numbers(values[-1] if values else None), earlier)


def quota(data: Untagged) -> Quota:
    """QUOTA (RFC 9208 section 5.1).

    Example:
        >>> quota(Untagged("QUOTA", None, [b"", ["STORAGE", "10", "512"]]))["STORAGE"].limit
        512
    """
    values = _values(data, "QUOTA")
    listed = values[1] if len(values) > 1 and isinstance(values[1], list) else []
    return Quota(text(values[0] if values else None), tuple(
        Resource(text(listed[at]).upper(), number(listed[at + 1]) or 0, number(listed[at + 2]) or 0)
        for at in range(0, len(listed) - 2, 3)))


def quota_root(data: Untagged, *, utf8: bool = False) -> QuotaRoot:
    """QUOTAROOT (RFC 9208 section 5.2)."""
    values = _values(data, "QUOTAROOT")
    return QuotaRoot(_name(raw(values[0] if values else None), utf8), texts(list(values[1:])))


def rights(letters: Value) -> frozenset[str]:
    """A set of rights; the old c and d of RFC 2086 stand for those they became (RFC 4314 2.1.1).

    Example:
        >>> "".join(sorted(rights("lrc")))
        'cklrx'
    """
    given = set(text(letters))
    if "c" in given and not given & set("kx"):
        given |= {"k", "x"}
    if "d" in given and not given & set("te"):
        given |= {"t", "e"}
    return frozenset(given)


def acl(data: Untagged, *, utf8: bool = False) -> Acl:
    """ACL (RFC 4314 section 3.6)."""
    values = _values(data, "ACL")
    given = zip(values[1::2], values[2::2], strict=False)
    return Acl(_name(raw(values[0] if values else None), utf8),
               {text(who): rights(letters) for who, letters in given})


def my_rights(data: Untagged, *, utf8: bool = False) -> Acl:
    """MYRIGHTS (RFC 4314 section 3.8): one's own, under the identifier ""."""
    values = [*_values(data, "MYRIGHTS"), None, None]
    return Acl(_name(raw(values[0]), utf8), {"": rights(values[1])})


def list_rights(data: Untagged, *, utf8: bool = False) -> ListRights:
    """LISTRIGHTS (RFC 4314 section 3.7)."""
    values = [*_values(data, "LISTRIGHTS"), None, None]
    return ListRights(_name(raw(values[0]), utf8), text(values[1]), frozenset(text(values[2])),
                      tuple(frozenset(text(one)) for one in values[3:] if one))


def metadata(data: Untagged, *, utf8: bool = False) -> Metadata:
    """METADATA (RFC 5464 section 4.4), with values or as news."""
    values = _values(data, "METADATA")
    name = _name(raw(values[0] if values else None), utf8)
    if len(values) > 1 and isinstance(values[1], list):
        told = zip(values[1][::2], values[1][1::2], strict=False)
        return Metadata(name, {text(key): None if value is None else raw(value)
                               for key, value in told})
    return Metadata(name, changed=texts(list(values[1:])))


def namespaces(data: Untagged, *, utf8: bool = False) -> Namespaces:
    """NAMESPACE (RFC 2342 section 5).

    Example:
        >>> namespaces(Untagged("NAMESPACE", None, [[[b"INBOX.", b"."]], None, None])).personal
        (Namespace(prefix='INBOX.', delimiter='.'),)
    """
    kinds = [*_values(data, "NAMESPACE"), None, None, None][:3]
    return Namespaces(*(tuple(
        Namespace(_name(raw(one[0]), utf8), text(one[1]) if len(one) > 1 else "")
        for one in kind if isinstance(one, list) and one)
        if isinstance(kind, list) else () for kind in kinds))


def identity(data: Untagged) -> Identity:
    """ID (RFC 2971)."""
    values = _values(data, "ID")
    told = values[0] if values and isinstance(values[0], list) else []
    return Identity({text(key).lower(): text(value)
                     for key, value in zip(told[::2], told[1::2], strict=False)})


def enabled(data: Untagged) -> frozenset[str]:
    """ENABLED (RFC 5161 section 3.2), in capitals."""
    return frozenset(word.upper() for word in texts(list(_values(data, "ENABLED"))))


def capabilities(data: Untagged | Reply) -> frozenset[str]:
    """CAPABILITY, as data or as a code, in capitals; empty where a reply does not tell.

    Example:
        >>> sorted(capabilities(Untagged("CAPABILITY", None, ["IMAP4rev1", "Idle"])))
        ['IDLE', 'IMAP4REV1']
    """
    if isinstance(data, Reply):
        return _words(data.values) if data.code == "CAPABILITY" else frozenset()
    return _words(_values(data, "CAPABILITY"))


def _words(values: Iterable[Value]) -> frozenset[str]:
    return frozenset(word.upper() for word in texts(list(values)))


def copied(reply: Reply) -> Copied:
    """What the code COPYUID tells of a COPY or MOVE (RFC 4315 section 3); nothing without it.

    Example:
        >>> copied(Reply("OK", "Done", "COPYUID", ("38505", "304,319:320", "3956:3958")))
        Copied(uidvalidity=38505, mapping={304: 3956, 319: 3957, 320: 3958})
    """
    if reply.code != "COPYUID" or len(reply.values) < 3:
        return Copied()
    here, there = (_in_order(value) for value in reply.values[1:3])
    if len(here) != len(there):
        return Copied(number(reply.values[0]))  # a mapping that guesses would mix messages up
    return Copied(number(reply.values[0]), dict(zip(here, there, strict=True)))


def appended(reply: Reply) -> Appended:
    """What the code APPENDUID tells (RFC 4315 section 3); nothing without it.

    Example:
        >>> appended(Reply("OK", "", "APPENDUID", ("38505", "3955")))
        Appended(uidvalidity=38505, uid=3955, uids=(3955,))
    """
    if reply.code != "APPENDUID" or len(reply.values) < 2:
        return Appended()
    uids = _in_order(reply.values[1])
    return Appended(number(reply.values[0]), uids[0] if uids else None, uids)


def modified(reply: Reply) -> NumberSet:
    """Which messages a STORE left alone, for they had changed (MODIFIED, RFC 7162 3.1.3)."""
    if reply.code != "MODIFIED" or not reply.values:
        return NumberSet()
    return numbers(reply.values[0])


def progress(reply: Reply) -> Progress | None:
    """How far a long command has come (INPROGRESS, RFC 9585); None if the reply does not tell.

    Example:
        >>> progress(Reply("OK", "Still working", "INPROGRESS", (["A1", "175", "1000"],)))
        Progress(tag='A1', done=175, total=1000)
    """
    if reply.code != "INPROGRESS":
        return None
    told = reply.values[0] if reply.values and isinstance(reply.values[0], list) else []
    tag, done, total = [*told, None, None, None][:3]
    return Progress(text(tag), number(done), number(total))


def _values(data: Untagged, *wanted: str) -> list[Value]:
    if data.name not in wanted:
        raise ProtocolError(f"{data.name or 'nothing'} where {' or '.join(wanted)} belongs")
    return data.values
