"""Articles on their way out: bytes fit for the wire, with what a news article must have. Pure.

RFC 5536 section 3.1: Date, From, Message-ID, Newsgroups, Path and Subject are mandatory; the
server adds Path, Date and Message-ID where they are absent (RFC 5537 section 3.4.1 has the poster's
agent give Date and Message-ID, so that a post can be repeated without being there twice). Lines
end in CRLF and nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from ..errors import UsageError
from ..messages.answers import reply
from ..messages.draft import Message
from ..messages.parsed import Parsed

__all__ = ["Draft", "Outgoing", "answer", "outgoing", "transit"]

_BARE = re.compile(rb"\r\n|\r|\n")
_NOBODY = b"To: undisclosed-recipients:;\r\n"
_GROUP = re.compile(r"[^\s,:;*?!<>\[\]\\\x00-\x1f\x7f]{1,490}")
_MISSING = {"From": "whose is it?", "Newsgroups": "where to? groups= says it",
            "Subject": "what is it about?"}
_LINE = 998  # RFC 5536 section 2.2: octets of a header line


@runtime_checkable
class Draft(Protocol):
    """A message that is not yet bytes, as `postel.Message` is."""

    def build(self, *, now: datetime, unique: str, files: Any = None, eight_bit: bool = False,
              utf8: bool = False) -> Any:
        """The message, ready to go."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An article as it is sent, before dots are doubled."""

    message_id: str
    data: bytes


def transit(article: bytes | Parsed, message_id: str = "") -> Outgoing:
    """An article as it is passed on from server to server: nothing of it is changed.

    Args:
        article: the article, lines ended as they may be.
        message_id: under which it is offered; that of the article, where none is given.

    Raises:
        UsageError: it has no message-id.
    """
    data = bytes(article)
    data = with_crlf(data)
    found = message_id or Parsed(data).headers.text("message-id").strip()
    if not found:
        raise UsageError("offer an article: it has no Message-ID",
                         hint="servers know articles by it: post() gives one to what has none")
    return Outgoing(found, data)


def outgoing(article: bytes | Parsed | Draft, *, groups: str | Iterable[str] = (),
             now: datetime, unique: str) -> Outgoing:
    """An article as it is posted.

    Args:
        article: a draft, or bytes with header and body.
        groups: where to post it; by default what its Newsgroups field says.
        now: the moment, with its time zone.
        unique: a token of chance.

    Raises:
        UsageError: a field is missing, or a group's name is none.
    """
    names = (groups,) if isinstance(groups, str) else tuple(groups)
    names = tuple(name.strip(" ") for given in names for name in given.split(","))
    for name in names:
        if not _GROUP.fullmatch(name):
            raise UsageError(f"{name[:80]!r}: not the name of a group")
    if isinstance(article, Draft) and not isinstance(article, bytes | Parsed):
        built = bytes(article.build(now=now, unique=unique, eight_bit=True))
        data = built.replace(_NOBODY, b"", 1)
    else:
        data = with_crlf(bytes(article))
    if names:
        data = b"Newsgroups: " + ",".join(names).encode() + b"\r\n" + _without_groups(data)
    headers = Parsed(data).headers
    for field, question in _MISSING.items():
        if not headers.text(field).strip():
            raise UsageError(f"post: the article has no {field}: {question}",
                             hint="nothing was sent")
    message_id = headers.text("message-id").strip()
    if not message_id:
        author = headers.addresses("from")
        domain = getattr(author[0], "domain", "") if author else ""
        message_id = f"<{unique}@{domain or 'unknown.invalid'}>"
        data = f"Message-ID: {message_id}\r\n".encode() + data
    return Outgoing(message_id, data)


def _without_groups(data: bytes) -> bytes:
    """The article without its Newsgroups field, folded or not."""
    head, gap, body = data.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [field for field in fields if not field.lower().startswith(b"newsgroups:")]
    return b"\r\n".join(kept) + gap + body


def with_crlf(data: bytes) -> bytes:
    """*data* with every line end as CRLF."""
    if data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r"):
        return data
    return _BARE.sub(b"\r\n", data)


def answer(article: Parsed, *, from_: Any, text: str, quote: bool = True,
           **more: Any) -> Message:
    """A follow-up: to the groups that the article wants, in its thread (RFC 5537 section 3.4.3).

    Args:
        article: what is answered.
        from_: who answers.
        text: the answer.
        quote: whether the article's text is quoted.
        more: further arguments of `postel.Message`.

    Raises:
        UsageError: its author wants answers by mail only (``Followup-To: poster``).

    Example:
        >>> asked = Parsed(b"From: a@b.example\\r\\nNewsgroups: misc.test\\r\\nSubject: Hi\\r\\n"
        ...                b"Message-ID: <1@b.example>\\r\\n\\r\\nHello\\r\\n")
        >>> note = answer(asked, from_="ann@x.example", text="Yes")
        >>> note.subject, note.references, dict(note.headers)
        ('Re: Hi', ('<1@b.example>',), {'Newsgroups': 'misc.test'})
    """
    wanted = article.headers.text("followup-to").strip() or article.headers.text("newsgroups")
    if wanted.strip().lower() == "poster":
        raise UsageError("follow up: the author wants answers by mail (Followup-To: poster)",
                         hint="messages.reply(…) and postel.send(…) write one")
    if not wanted.strip():
        raise UsageError("follow up: that is no article, it names no groups")
    draft = reply(article, from_=from_, text=text, quote=quote, **more)
    groups = ",".join(wanted.replace(",", " ").split())
    pairs: Any = draft.headers
    return replace(draft, to=None, cc=None, bcc=None,
                   headers=(*pairs, ("Newsgroups", groups)))
