"""What a refusal means: from the server's code to our error (RFC 3977 section 3.2.1). Pure."""

from __future__ import annotations

import re

from ..errors import (
    AuthenticationError,
    Conflict,
    Forbidden,
    NotFound,
    NotSupported,
    ReplyError,
    TryLater,
)
from ..wire.text import display
from .wire import GREETING, Ask, Reply

__all__ = ["login_refused", "refusal"]

_FULL = re.compile(r"too many|connection limit|limit (?:is )?(?:reached|exceeded)|"
                   r"exceed\w* .*connection|connections? .*exceed|max\w* .*connection",
                   re.IGNORECASE)

_MEANINGS: dict[int, tuple[type[ReplyError], str]] = {
    400: (TryLater, "the server is closing or overloaded: try again later"),
    401: (Conflict, "the server wants another mode or TLS first"),
    403: (TryLater, "the server has an internal trouble: try again later"),
    411: (NotFound, "list() names the groups there are; some show only after a log-in"),
    412: (Conflict, "select a group first: group(name)"),
    420: (NotFound, "no article is selected: the group may be empty"),
    421: (NotFound, "that was the last article of the group"),
    422: (NotFound, "that was the first article of the group"),
    423: (NotFound, "it has expired or was cancelled, or never came here"),
    430: (NotFound, "it has expired or was cancelled, or never came here"),
    435: (ReplyError, "the server has it already, or does not want it"),
    436: (TryLater, "offer it again later"),
    437: (ReplyError, "do not offer it again"),
    438: (ReplyError, "the server has it already, or does not want it"),
    439: (ReplyError, "do not offer it again"),
    440: (Forbidden, "this server takes no articles from you; some do after a log-in"),
    441: (ReplyError, "the server names what it dislikes about the article"),
    480: (AuthenticationError, "give user= and password=: the server wants a log-in for this"),
    481: (AuthenticationError, "check user and password"),
    482: (AuthenticationError, "the log-in was refused as out of turn"),
    483: (AuthenticationError, "the server wants TLS for this: security=\"tls\""),
    500: (NotSupported, "the server does not know this command"),
    501: (NotSupported, "the server does not know this form of the command"),
    502: (Forbidden, "you may not do this here; a log-in may help"),
    503: (NotSupported, "the server does not offer this"),
    580: (NotSupported, "TLS could not be started there"),
}


def refusal(command: Ask, reply: Reply,
            otherwise: type[ReplyError] | None = None) -> ReplyError:
    """Our error for a refusal.

    Args:
        command: what was asked.
        reply: what was answered.
        otherwise: the class to take where the code has no meaning of its own, or says only that
            the command is not understood.

    Example:
        >>> refusal(Ask(b"GROUP no.such"), Reply(411, "no such group"))
        NotFound('GROUP no.such: the server said: 411 no such group')
    """
    kind, hint = _MEANINGS.get(reply.code, (otherwise or ReplyError, ""))
    if reply.code == 502 and (command is GREETING or _FULL.search(reply.text)):
        kind, hint = (TryLater, "close other connections, or wait a little") if (
            _FULL.search(reply.text)) else (Forbidden, "this server is not for you: some serve "
                                            "only their own networks")
    if otherwise is not None and reply.code in (500, 501, 502, 503):
        kind = otherwise
    return kind(f"{command}: the server said: {reply}", text=reply.text, code=reply.code,
                command=str(command), hint=hint, temporary=reply.kind == 4)


def login_refused(user: str | None, command: Ask, reply: Reply) -> ReplyError:
    """Our error for a log-in that was refused."""
    said = f"log in as {display(user or '')}: the server said: {display(reply.text) or 'no'}"
    if reply.code in (400, 403) or _FULL.search(reply.text):
        return TryLater(said, text=reply.text, code=reply.code, command=str(command),
                        temporary=True, hint="close other connections, or wait a little")
    hint = {483: 'the server wants TLS first: security="tls"',
            500: "this server knows no log-in: leave user out",
            502: "the server takes no log-in now: it may want TLS first, or none at all",
            503: "this server takes no such log-in"}.get(
                reply.code, "check user and password")
    return AuthenticationError(said, text=reply.text, code=reply.code, command=str(command),
                               hint=hint)
