"""Mailing lists as their messages tell of them (RFC 2369, 2919, 8058). Grammar: pure.

Nothing here follows a link. `ListInfo.one_click` is what a program may send when a person has
asked to be taken off, and only if a DKIM signature that was verified covers both fields
(RFC 8058 section 4): `ListInfo.signed_by` says which signatures claim to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .headers import Headers
    from .parsed import Parsed

__all__ = ["ListInfo", "list_of"]

MOST = 50  # links of one field
_LINK = re.compile(r"<([^<>]{1,4000})>")
_SPACE = re.compile(r"\s+")
_ID = re.compile(r"<([^<>]{1,255})>\s*\Z")
_POST = re.compile(r"list-unsubscribe\s*=\s*one-click", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?|mailto|ftp|nntp|news):", re.IGNORECASE)


@dataclass(frozen=True)
class ListInfo:
    """What a message tells of the list it came by; links in the order of preference.

    Args:
        id: the list's identifier, which stays when hosts move; "" if it has none.
        name: for people.
        post: where to write; empty where nobody may (``List-Post: NO``) or nothing is told.
        closed: whether the list says that nobody may write.
        unsubscribe: where to leave.
        subscribe: where to join.
        archive: where old messages are.
        help: where to ask.
        owner: who is responsible.
        one_click: the https link that takes a POST to leave at once; "" if there is none.
        signed_by: domains of the DKIM signatures that claim to cover both fields.
    """

    id: str
    name: str
    post: tuple[str, ...]
    closed: bool
    unsubscribe: tuple[str, ...]
    subscribe: tuple[str, ...]
    archive: tuple[str, ...]
    help: tuple[str, ...]
    owner: tuple[str, ...]
    one_click: str
    signed_by: tuple[str, ...]

    def request(self) -> tuple[str, str, bytes]:
        """The POST that leaves the list: its URL, content type and body.

        No cookie, no log-in, no redirect to elsewhere belongs to it (RFC 8058 section 3.2).

        Raises:
            UsageError: the list has no such link.
        """
        if not self.one_click:
            raise UsageError("leaving a list by one click: it offers no such link",
                             hint="use one of the links in unsubscribe")
        return (self.one_click, "application/x-www-form-urlencoded",
                b"List-Unsubscribe=One-Click")


def list_of(message: Parsed) -> ListInfo | None:
    r"""The list that a message came by; None if it tells of none.

    Example:
        >>> from postel.messages import parse
        >>> info = list_of(parse(
        ...     b"List-Id: Plans <plans.x.example>\nList-Unsubscribe: <https://x.example/u?1>\n"
        ...     b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\n"))
        >>> info.id, info.name, info.request()[0]
        ('plans.x.example', 'Plans', 'https://x.example/u?1')
    """
    fields = message.headers
    if not any(name in fields for name in ("list-id", "list-unsubscribe", "list-post")):
        return None
    identity = fields.get("list-id") or ""
    match = _ID.search(identity)
    bare = identity.strip() if not match and " " not in identity.strip() else ""
    leave = _links(fields, "list-unsubscribe")
    secure = next((link for link in leave if link.lower().startswith("https:")), "")
    once = _POST.fullmatch(fields.text("list-unsubscribe-post").strip()) is not None
    return ListInfo(
        match[1].strip() if match else bare,
        (identity[: match.start()] if match else identity).strip().strip('"') if not bare else "",
        _links(fields, "list-post"), fields.text("list-post").strip().upper().startswith("NO"),
        leave, _links(fields, "list-subscribe"), _links(fields, "list-archive"),
        _links(fields, "list-help"), _links(fields, "list-owner"), secure if once else "",
        _signers(fields))


def _links(fields: Headers, name: str) -> tuple[str, ...]:
    """The links of a field; only of kinds that can be meant, so no ``javascript:``."""
    found = [_SPACE.sub("", link) for link in _LINK.findall(fields.text(name))[:MOST]]
    return tuple(link for link in found if _SCHEME.match(link) and link.isprintable())


def _signers(fields: Headers) -> tuple[str, ...]:
    found = []
    for raw in fields.bytes("dkim-signature")[:MOST]:
        text = _SPACE.sub("", raw.decode("ascii", "replace")).lower()
        tags = dict(tag.partition("=")[::2] for tag in text.split(";"))
        if {"list-unsubscribe", "list-unsubscribe-post"} <= set(tags.get("h", "").split(":")):
            found.append(tags.get("d", ""))
    return tuple(domain for domain in found if domain)
