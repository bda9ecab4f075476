"""The grammar of mailbox names: modified UTF-7 (RFC 3501 section 5.1.3), and INBOX.

Before IMAP4rev2 and UTF8=ACCEPT a mailbox's name is ASCII; `postel.wire.utf7` has the rest.
"""

from __future__ import annotations

from ..wire.utf7 import decode_utf7 as decode
from ..wire.utf7 import encode_utf7 as encode

__all__ = ["decode", "encode", "is_inbox"]


def is_inbox(name: str) -> bool:
    """Whether it is the one mailbox whose name knows no case (RFC 9051 section 5.1).

    Example:
        >>> is_inbox("Inbox"), is_inbox("Inbox/x")
        (True, False)
    """
    return name.upper() == "INBOX"
