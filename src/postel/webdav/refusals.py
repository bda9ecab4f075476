"""What a WebDAV server refuses, as errors of ours: what was asked, what happened, what helps. Pure.

HTTP's statuses mean more here (RFC 4918 sections 9 and 11): 409 is a missing parent, 405 to MKCOL
a name that is taken, 423 somebody's lock, and a 207 may hold what failed within a folder.
"""

from __future__ import annotations

from ..errors import (
    AlreadyExists,
    Changed,
    Conflict,
    NoSpace,
    NotFound,
    NotSupported,
    ReplyError,
)
from ..http.complaints import refusal
from ..http.headers import Headers
from ..http.types import Response
from ..wire.text import display
from .types import Resource
from .wire import MultistatusReader, read_error

__all__ = ["checked", "failed_parts", "failed_properties"]

_HINTS: dict[int, tuple[type[ReplyError], str]] = {
    412: (Changed, "it is not what it was when you looked at it: look again"),
    423: (Conflict, "somebody has it locked: locks() tells who; wait, or use lock() yourself"),
    424: (Conflict, "something it depends on was refused; the server undid the rest"),
    507: (NoSpace, "the server's disk or your quota is full; quota() tells how much is left"),
}
_MAKERS = ("PUT", "MKCOL", "COPY", "MOVE", "LOCK")
_KNOWN = {
    "{DAV:}lock-token-submitted": "it is locked, and the lock's token was not given",
    "{DAV:}no-conflicting-lock": "another lock is in the way",
    "{DAV:}propfind-finite-depth": "it does not list a whole tree at once",
    "{DAV:}quota-not-exceeded": "your quota is used up",
    "{DAV:}sufficient-disk-space": "its disk is full",
    "{DAV:}cannot-modify-protected-property": "the server does not let that be set",
}


def checked(answer: Response, method: str, path: str) -> Response:
    """*answer*, if the server did what was asked.

    Args:
        answer: to one request.
        method: that was asked with.
        path: as the caller gave it.

    Raises:
        ReplyError: it did not; which class says why.
    """
    what = f"{method} {display(path)}"
    if answer.status == 207:
        raise_parts(failed_parts(answer.content, what), what)
        return answer
    if answer.ok:
        return answer
    raise error_for(what, method, answer.status, answer.reason, answer.headers, answer.content)


def error_for(
    what: str, method: str, status: int, reason: str, headers: Headers, content: bytes
) -> ReplyError:
    """The error for a refusal.

    Args:
        what: method and path.
        method: that was asked with.
        status: of the answer.
        reason: its words.
        headers: its fields.
        content: its body.
    """
    plain = refusal(method, what.partition(" ")[2], status, reason, headers, content)
    kind, hint = _HINTS.get(status, (type(plain), plain.__notes__[0].removeprefix("hint: ")
                                     if plain.hint else ""))
    if status == 405 and method == "MKCOL":
        kind, hint = AlreadyExists, "there is something of that name"
    elif status == 409 and method in _MAKERS:
        kind, hint = NotFound, "the folder above it is missing: makedirs() makes it"
    elif status in (405, 501) and method == "PROPFIND":
        kind, hint = NotSupported, "there is no WebDAV at this address: is the path right?"
    said = [words for one in read_error(content) if (words := _KNOWN.get(one))]
    if said and status in (403, 409, 423, 507):
        hint = f"{'; '.join(said)}. {hint}" if hint else said[0]
    if status == 403 and "{DAV:}quota-not-exceeded" in read_error(content):
        kind = NoSpace
    return kind(plain.message, text=plain.text, temporary=plain.temporary or status == 423,
                hint=hint, command=what, code=status)


def failed_parts(body: bytes, what: str) -> list[Resource]:
    """What a 207 to COPY, MOVE or DELETE tells of failures.

    Args:
        body: of the answer.
        what: method and path.

    Raises:
        ProtocolError: it is no multistatus.
    """
    reader = MultistatusReader(what)
    found = [*reader.feed(body)]
    reader.finish()
    return [one for one in found if one.status is not None and one.status >= 400]


def raise_parts(failed: list[Resource], what: str) -> None:
    """Raise for the first of *failed*; those that only depend on others come last."""
    if not failed:
        return
    failed = sorted(failed, key=lambda one: one.status == 424)
    first = failed[0]
    status = first.status or 0
    kind, hint = _HINTS.get(status, (ReplyError, ""))
    if kind is ReplyError:
        kind = type(refusal("", "", status, "", {}))
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    raise kind(f"{what}: {status} at {display(first.href)[:200]}{more}", text=first.words,
               hint=hint or "part of it may have been done: list the folder", command=what,
               code=status)


def failed_properties(resource: Resource, what: str) -> ReplyError | None:
    """The error for properties that could not be changed; None where all were.

    Args:
        resource: of the answer to PROPPATCH.
        what: method and path.
    """
    failed = sorted(resource.failed.items(), key=lambda item: item[1] == 424)
    if not failed:
        return None
    name, status = failed[0]
    kind, hint = _HINTS.get(status, (NotSupported, "the server keeps this property to itself"))
    return kind(f"{what}: {status} for {display(name)[:100]}", text=resource.words, hint=hint,
                command=what, code=status)
