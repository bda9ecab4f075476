# GENERATED from post_sending_async.py by tools/unasync.py: edit that file, not this one.
"""Sending from an account: by its server, with a copy in Sent, and the answered message marked.

The message is sent first. Whatever fails after that is told and undoes nothing: what is sent is
sent, and a second try would send it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import NotFound, PostelError, UsageError
from ..mailboxes.face import Letter
from ..messages.draft import Message
from ..smtp.types import Sent
from ..transport.clock_sync import today
from ..transport.entropy import token
from ..urls import URL
from .files import source
from .letters import Addressed, addressed
from .post_sync import Post
from .post_types import saved_by_itself
from .sending_sync import send

__all__ = ["Outcome", "built", "send_from"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message that was sent.

    Args:
        sent: what the server said of each recipient.
        filed: the folder where a copy is; "" for none.
        trouble: what failed after it was sent.
    """

    sent: Sent
    filed: str = ""
    trouble: tuple[str, ...] = ()


def built(draft: Message) -> tuple[bytes, Addressed]:
    """A draft made bytes: the copy to keep, with its Bcc, and the letter to send, without.

    Raises:
        UsageError: nobody gets it.
    """
    made = draft.build(now=today().astimezone(), unique=token(), files=source)
    return bytes(made.for_sent()), addressed(made, None, None)


def send_from(
    post: Post, draft: Message, *, via: URL | None = None,
    settings: dict[str, Any] | None = None, mark: tuple[str, Sequence[str], str] | None = None,
    save: bool | None = None,
) -> Outcome:
    """Send a draft from an account, file a copy, and mark what it answers.

    Args:
        post: of the account; it is open.
        draft: what to send.
        via: the server; None takes the account's.
        settings: of the client that sends.
        mark: folder, keys and flag of the message that this one answers or passes on.
        save: whether a copy is filed in Sent; None: unless the provider does it by itself.

    Raises:
        UsageError: there is no server to send by, or nobody gets it.
        RecipientsRefused: nobody at all took it.
    """
    account = post.account
    goal = via or (account.smtp if account is not None else None)
    if goal is None:
        raise UsageError("send: by which server?",
                         hint="smtp = \"smtps://…\" in the account's table, or --via URL")
    copy, (letter, sender, recipients) = built(draft)
    sent = send(letter, via=goal, sender=sender, recipients=recipients, raise_on="all",
                      **(settings or {}))
    filed, trouble = "", list[str]()
    wanted = save if save is not None else account.save_sent if account is not None else None
    if wanted is None:
        wanted = post.where.url is not None and not saved_by_itself(post.where.url.host)
    if wanted:
        try:
            filed = _file(post, copy)
        except PostelError as error:
            trouble.append(f"it is sent, but no copy is filed: {error}")
    if mark is not None:
        folder, keys, flag = mark
        try:
            post.flag(folder, keys, add=[flag])
        except PostelError as error:
            trouble.append(f"it is sent, but the message is not marked as {flag}: {error}")
    return Outcome(sent, filed, tuple(trouble))


def _file(post: Post, data: bytes) -> str:
    """Put a copy into Sent; the folder is made where there is none."""
    letter = Letter(data, frozenset({"seen"}), "", today())
    try:
        post.put("sent", [letter])
    except NotFound:
        post.make("Sent")
        post.put("Sent", [letter])
    return post.full_name("sent")
