"""What a STATUS means: SFTP's few codes, and servers' words, as errors (draft section 7).

Version 3 has one code for most of what can go wrong: FAILURE. The words beside it, and what a look
at the server finds, say more.

A grammar module: values in, errors out.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    ReplyError,
)
from ..wire.text import display
from .wire import Status

__all__ = ["EOF", "FAILURE", "NO_SUCH_FILE", "OK", "PERMISSION_DENIED", "UNSUPPORTED", "refusal"]

OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE = range(5)
UNSUPPORTED = 8

_CODES: Mapping[int, tuple[str, type[ReplyError], str]] = {
    EOF: ("end of file", ReplyError, ""),
    NO_SUCH_FILE: ("no such file", NotFound, "list the folder above it to see its names"),
    PERMISSION_DENIED: ("permission denied", Forbidden,
                        "the user you are logged in as may not do this"),
    FAILURE: ("failure", ReplyError, ""),
    5: ("bad message", NotSupported, "the server did not understand the request"),
    6: ("no connection", ReplyError, ""),
    7: ("connection lost", ReplyError, ""),
    UNSUPPORTED: ("operation unsupported", NotSupported, "this server cannot do it"),
    # from here on codes of later versions, which some servers send in version 3 too
    9: ("invalid handle", ReplyError, "the server closed the file by itself; open it again"),
    10: ("no such path", NotFound, "a folder of the path is missing"),
    11: ("file already exists", AlreadyExists, "choose another name, or remove it first"),
    12: ("write protect", Forbidden, "the disk is read-only"),
    14: ("no space on filesystem", NoSpace, "the server's disk is full"),
    15: ("quota exceeded", NoSpace, "your quota there is full"),
    17: ("lock conflict", Conflict, "another program has locked the file"),
    18: ("directory not empty", Conflict, "remove what is in it first"),
    19: ("not a directory", Conflict, "a part of the path is a file"),
    20: ("invalid filename", Conflict, "the server does not take such names"),
    21: ("link loop", Conflict, "links lead in a circle"),
    24: ("file is a directory", Conflict, "it is a folder"),
}

_WORDS: tuple[tuple[str, type[ReplyError], str], ...] = (
    ("no such file", NotFound, "list the folder above it to see its names"),
    ("not found", NotFound, "list the folder above it to see its names"),
    ("does not exist", NotFound, "list the folder above it to see its names"),
    ("exists", AlreadyExists, "choose another name, or remove it first"),
    ("no space", NoSpace, "the server's disk is full"),
    ("disk full", NoSpace, "the server's disk is full"),
    ("quota", NoSpace, "your quota there is full"),
    ("not empty", Conflict, "remove what is in it first"),
    ("is a directory", Conflict, "it is a folder"),
    ("not a directory", Conflict, "a part of the path is a file"),
    ("denied", Forbidden, "the user you are logged in as may not do this"),
    ("not permitted", Forbidden, "the user you are logged in as may not do this"),
    ("read-only", Forbidden, "the disk is read-only"),
    ("not supported", NotSupported, "this server cannot do it"),
)


def refusal(doing: str, status: Status) -> ReplyError:
    """The error for a request that was refused.

    Args:
        doing: what was attempted.
        status: what the server answered.

    Example:
        >>> error = refusal("STAT /a", Status(2, "No such file"))
        >>> type(error).__name__, str(error), error.code
        ('NotFound', 'STAT /a: no such file', 2)
    """
    name, kind, hint = _CODES.get(status.code, (f"status {status.code}", ReplyError, ""))
    said = display(status.text.strip()[:500])
    if kind is ReplyError:
        low = said.lower()
        for word, better, advice in _WORDS:
            if word in low:
                kind, hint = better, advice
                break
    words = name if said.lower().rstrip(".") in ("", name, "success") else f"{name}: {said}"
    return kind(f"{doing}: {words}", text=said, code=status.code, hint=hint,
                temporary=status.code in (6, 7, 17), command=doing)
