"""To and from the messages of Python's own ``email`` package. Grammar: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import draft_of

if TYPE_CHECKING:
    from email.message import EmailMessage
    from email.message import Message as OldMessage

    from .build import Built
    from .draft import Message

__all__ = ["from_email", "to_email"]


def to_email(built: Built) -> EmailMessage:
    """A built message as an ``email.message.EmailMessage``; its files are read.

    Args:
        built: what `Message.build` gave.

    Example:
        >>> from datetime import UTC, datetime
        >>> from postel.messages import Message
        >>> built = Message(from_="ann@example.org", subject="Grüße", text="Hello").build(
        ...     now=datetime(2026, 11, 21, tzinfo=UTC), unique="4kJ8sPq2Xw7m")
        >>> to_email(built)["subject"]
        'Grüße'
    """
    from email import message_from_bytes, message_from_string, policy
    from email.message import EmailMessage

    raw = bytes(built)
    if built.needs_utf8 and not built.needs_8bit:  # of bytes it would read such names as damaged
        made = message_from_string(raw.decode("utf-8"), policy=policy.SMTPUTF8)
    else:
        made = message_from_bytes(raw, policy=policy.SMTP)
    if not isinstance(made, EmailMessage):  # pragma: no cover - the policy makes them
        raise TypeError(type(made).__name__)
    return made


def from_email(message: EmailMessage | OldMessage) -> Message:
    """An ``email.message.EmailMessage``, or a message of the older kind, as a draft.

    Args:
        message: with the fields and files that the draft shall have.

    Raises:
        UsageError: an address of it cannot be written to, or it is signed or encrypted.

    Example:
        >>> from email.message import EmailMessage
        >>> theirs = EmailMessage()
        >>> theirs["From"], theirs["To"] = "Ann <ann@example.org>", "bob@example.org"
        >>> theirs.set_content("Hello")
        >>> from_email(theirs).text
        'Hello\\n'
    """
    from email import policy

    from .parsed import parse

    kept = policy.SMTPUTF8.clone(refold_source="none", max_line_length=None)
    return draft_of(parse(message.as_bytes(policy=kept)))
