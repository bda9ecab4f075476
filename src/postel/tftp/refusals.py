"""ERROR packets in the words of the error tree, and back (RFC 1350 appendix, RFC 2347).

Many servers put everything under code 0 and say it in text, so the text is read too. A grammar
module.
"""

from __future__ import annotations

import errno
import re

from ..errors import (
    AlreadyExists,
    ConnectionLost,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ReplyError,
    TryLater,
)
from ..wire.text import display
from .wire import Error

__all__ = ["NO_OPTIONS", "STRANGER", "error_for", "refusal"]

STRANGER = Error(5, "this transfer is not yours")
"""What another sender than the peer is told; the transfer goes on (RFC 1350 section 4)."""

NO_OPTIONS = 8
"""The code by which a server, or a client, refuses the options (RFC 2347)."""

_KINDS: dict[int, type[ReplyError]] = {
    1: NotFound, 2: Forbidden, 3: NoSpace, 4: NotSupported, 6: AlreadyExists, 7: Forbidden,
    NO_OPTIONS: NotSupported,
}
_TOLD = ("", "file not found", "access violation", "disk full or allocation exceeded",
         "illegal operation", "unknown transfer", "file already exists", "no such user",
         "options refused")

_WORDS = (  # what servers say under code 0, or under one that is beside the point
    (re.compile(r"(?i)not found|no such file|does not exist|can(no|')t find"), NotFound),
    (re.compile(r"(?i)already exists|file exists"), AlreadyExists),
    (re.compile(r"(?i)no space|disk full|quota|too (large|big)"), NoSpace),
    (re.compile(r"(?i)permission|denied|forbidden|not allowed|access|read.?only"), Forbidden),
    (re.compile(r"(?i)busy|too many|try again|overload"), TryLater),
)

_HINTS: dict[type[ReplyError], str] = {
    NotFound: "TFTP has no listing: ask for the name exactly as the server has it; most want it "
              "relative to their folder",
    Forbidden: "many servers give out only what everyone may read",
    NoSpace: "the server's disk is full, or its limit for one file",
    NotSupported: "the server may allow no writing, or know only mode octet",
    AlreadyExists: "the server lets nobody overwrite; take another name",
}
_WRITE_HINTS: dict[type[ReplyError], str] = {
    NotFound: "many servers let one only overwrite: create the file there first "
              "(tftpd-hpa: or start it with --create)",
    Forbidden: "many servers let everyone overwrite only what everyone may write",
}


def refusal(packet: Error, doing: str, *, write: bool = False) -> PostelError:
    """The error that an ERROR packet is.

    Args:
        packet: what the server sent.
        doing: what was attempted: ``"read boot.img"``.
        write: whether that was writing.

    Example:
        >>> refusal(Error(1, "File not found"), "read boot.img")
        NotFound('read boot.img: File not found')
    """
    known = _TOLD[packet.code] if packet.code < len(_TOLD) else ""
    text = display(packet.text) or known or "the server gave no reason"
    message = f"{doing}: {text}"
    if packet.code == 5:
        return ConnectionLost(message, code=5, hint="the server has given this transfer up; it "
                              "waited too long, or was started anew")
    kind = _KINDS.get(packet.code)
    if kind in (None, Forbidden, NotSupported):
        kind = next((found for words, found in _WORDS if words.search(packet.text)), kind)
    kind = kind or ReplyError
    hint = (_WRITE_HINTS.get(kind) if write else None) or _HINTS.get(kind, "")
    return kind(message, text=packet.text, code=packet.code, hint=hint,
                temporary=kind is TryLater)


_CODES = {
    errno.ENOENT: (1, "file not found"), errno.ENOTDIR: (1, "file not found"),
    errno.EISDIR: (2, "that is a folder"), errno.EACCES: (2, "access denied"),
    errno.EPERM: (2, "access denied"), errno.EROFS: (2, "nothing can be written here"),
    errno.ELOOP: (2, "links are not followed"), errno.ENOSPC: (3, "no space left"),
    errno.EEXIST: (6, "file already exists"), errno.ENAMETOOLONG: (2, "that name is too long"),
}


def error_for(error: OSError) -> Error:
    """The ERROR packet that a server sends for what its disk refused.

    Example:
        >>> print(error_for(FileNotFoundError(errno.ENOENT, "")))
        ERROR 1 file not found
    """
    code, text = _CODES.get(error.errno or 0, (0, "the server cannot do it now"))
    return Error(code, text)
