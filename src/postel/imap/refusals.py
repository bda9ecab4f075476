"""What a NO or BAD means: our error for it, with what a colleague would say. Pure.

Response codes say it best (RFC 5530 and others). Where there is none, some servers' words are
known: Microsoft throttles with ``BAD Request is throttled. Suggested Backoff Time: N
milliseconds``, and many hosts tell of too many connections in words alone.
"""

from __future__ import annotations

import re

from ..errors import (
    AlreadyExists,
    AuthenticationError,
    Changed,
    Conflict,
    Forbidden,
    LimitReached,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ReplyError,
    TryLater,
)
from ..wire.text import display
from .wire import Reply

__all__ = ["is_throttled", "login_refusal", "refusal"]

_BACKOFF = re.compile(r"Backoff Time: (\d{1,9}) milliseconds", re.IGNORECASE)
_THROTTLED = re.compile(r"throttl|too many (?:simultaneous )?(?:connections|sessions|requests)"
                        r"|rate limit|bandwidth limit|try again later", re.IGNORECASE)
_UNKNOWN = re.compile(r"unknown|unrecogni|not (?:implemented|supported|enabled)|unsupported"
                      r"|invalid command|no such command|command (?:error|is not valid)",
                      re.IGNORECASE)
_MISSING = re.compile(r"(?:does ?n[o']t|not) exist|no such|not found|unknown mailbox"
                      r"|non-?existent|invalid folder", re.IGNORECASE)

_CODES: dict[str, tuple[type[ReplyError], str]] = {
    "UNAVAILABLE": (TryLater, "the server has a passing trouble: try again later"),
    "INUSE": (TryLater, "another program uses it: try again when it is done"),
    "LIMIT": (TryLater, "the server's limit is reached: close other programs, or wait a while"),
    "THROTTLED": (TryLater, "the server wants fewer requests: wait a while"),
    "AUTHENTICATIONFAILED": (AuthenticationError, ""),
    "AUTHORIZATIONFAILED": (AuthenticationError, "you may not act as that user"),
    "EXPIRED": (AuthenticationError, "the password has expired: set a new one"),
    "PRIVACYREQUIRED": (AuthenticationError,
                        'the server wants TLS first: security="tls" or "starttls"'),
    "CONTACTADMIN": (Forbidden, "the server asks you to talk to its administrator"),
    "NOPERM": (Forbidden, "you have no right to do this; `acl` shows the rights there are"),
    "OVERQUOTA": (NoSpace, "the mailbox is full: delete something, or ask for more room"),
    "NONEXISTENT": (NotFound, "`list` shows the folders there are"),
    "TRYCREATE": (NotFound, "create the folder first"),
    "ALREADYEXISTS": (AlreadyExists, "choose another name"),
    "TOOBIG": (NoSpace, "the server takes no message of that size"),
    "CANNOT": (NotSupported,
               "the server never allows this; `namespaces` shows where folders may be"),
    "BADCHARSET": (NotSupported, "the server does not know the character set"),
    "UNKNOWN-CTE": (NotSupported, "the server cannot decode that part: fetch it encoded"),
    "USEATTR": (NotSupported, "the server has no such special use"),
    "HASCHILDREN": (Conflict, "it has folders inside: delete them first"),
    "MODIFIED": (Changed, "somebody changed the message meanwhile: fetch it again"),
    "EXPUNGEISSUED": (Changed, "some of the messages are gone: ask again"),
    "NOTSAVED": (Conflict, "the search that was to be saved failed"),
    "UIDNOTSTICKY": (NotSupported, "this folder's UIDs change with every session"),
    "CORRUPTION": (ReplyError, "the server finds the mailbox damaged: tell its administrator"),
    "SERVERBUG": (ReplyError, "the server says that this is a bug of its own"),
    "CLIENTBUG": (ReplyError, "the server finds the command wrong in a way that is our bug"),
    "COMPRESSIONACTIVE": (NotSupported, "the connection is compressed already"),
    "NOPRIVATE": (NotSupported, "the server keeps no private annotations"),
    "URLMECH": (NotSupported, "the server does not know that way to authorise a URL"),
}


def refusal(doing: str, reply: Reply, otherwise: type[ReplyError] | None = None) -> ReplyError:
    """Our error for NO or BAD.

    Args:
        doing: the command, redacted.
        reply: what the server said.
        otherwise: the error where neither code nor words tell more.

    Example:
        >>> error = refusal("SELECT x", Reply("NO", "no such mailbox", "NONEXISTENT", (), True))
        >>> type(error).__name__, str(error)
        ('NotFound', 'SELECT x: the server said: NO [NONEXISTENT] no such mailbox')
    """
    code = f" [{reply.code}]" if reply.code else ""
    said = f"{doing}: the server said: {reply.kind}{code} {display(reply.text)}".rstrip()
    kind, hint = _CODES.get(reply.code, (None, ""))
    if is_throttled(reply):
        kind, hint = TryLater, "the server wants fewer requests: wait a while"
    elif kind is None and reply.kind == "BAD" and _UNKNOWN.search(reply.text):
        kind, hint = NotSupported, "this server does not have it"
    elif kind is None and otherwise is None and _MISSING.search(reply.text):
        kind, hint = NotFound, "`list` shows the folders there are"
    kind = kind or otherwise or ReplyError
    error = kind(said, text=reply.text, command=doing, hint=hint,
                 temporary=kind is TryLater)
    if isinstance(error, TryLater):
        error.retry_after = _backoff(reply.text)
    return error


def login_refusal(user: str | None, reply: Reply, command: str) -> ReplyError:
    """Our error for a log-in that was refused."""
    error = refusal(f"log in as {user}", reply)
    if isinstance(error, TryLater | AuthenticationError) and error.hint:
        return error
    if reply.kind == "BAD":  # no word about the password: the command was not understood
        return refusal(f"log in as {user}", reply, NotSupported)
    return AuthenticationError(
        str(error), text=reply.text, command=command,
        hint="check user and password; many providers want an app password or a token "
        "(auth=\"XOAUTH2\"), or have IMAP switched off in the account's settings")


def is_throttled(reply: Reply) -> bool:
    """Whether the server only wants us to go slower.

    Example:
        >>> is_throttled(Reply("BAD", "Request is throttled. Suggested Backoff Time: 9 "
        ...                    "milliseconds"))
        True
    """
    return reply.kind in ("NO", "BAD", "BYE") and (
        reply.code in ("THROTTLED", "LIMIT") or bool(_THROTTLED.search(reply.text)))


def _backoff(text: str) -> float | None:
    match = _BACKOFF.search(text)
    return int(match[1]) / 1000 if match else None


def too_much(doing: str, size: int, limit: int) -> PostelError:
    """A message that the server would refuse (RFC 7889): it is not sent at all."""
    return LimitReached(f"{doing}: {size:,} bytes; the server takes {limit:,}",
                        hint="nothing was sent; the server told its limit before")
