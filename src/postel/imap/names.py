"""The grammar of mailbox names: modified UTF-7 (RFC 3501 section 5.1.3), and INBOX.

Before IMAP4rev2 and UTF8=ACCEPT a mailbox's name is ASCII, and all else is written in a base64 of
its own: ``Entw&APw-rfe``. Servers send names that break its rules, and a name that is not sent
back byte for byte is another mailbox: what cannot be read is shown as it came, and kept.
"""

from __future__ import annotations

import binascii
import re

__all__ = ["decode", "encode", "is_inbox"]

_SHIFTED = re.compile(r"&([^-&]*)-")
_OUTSIDE = re.compile(r"[^\x20-\x7e]+")


def decode(name: str) -> str:
    """The name as people read it; unchanged where it breaks the rules.

    Example:
        >>> decode("Entw&APw-rfe"), decode("R&-D"), decode("~peter/mail/&U,BTFw-/&ZeVnLIqe-")
        ('Entwürfe', 'R&D', '~peter/mail/台北/日本語')
        >>> decode("broken &AP-"), decode("Plain & simple")
        ('broken &AP-', 'Plain & simple')
    """
    try:
        text = _SHIFTED.sub(lambda match: _from_base64(match[1]) if match[1] else "&", name)
    except (ValueError, binascii.Error):
        return name
    return text if encode(text) == name else name


def encode(name: str) -> str:
    """The name as it goes over the wire.

    Example:
        >>> encode("Entwürfe"), encode("R&D"), encode("日本語/x")
        ('Entw&APw-rfe', 'R&-D', '&ZeVnLIqe-/x')
    """
    return _OUTSIDE.sub(lambda match: _to_base64(match[0]), name.replace("&", "&-"))


def is_inbox(name: str) -> bool:
    """Whether it is the one mailbox whose name knows no case (RFC 9051 section 5.1)."""
    return name.upper() == "INBOX"


def _from_base64(text: str) -> str:
    raw = text.encode("ascii").replace(b",", b"/")
    return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4), strict_mode=True).decode("utf-16-be")


def _to_base64(text: str) -> str:
    raw = binascii.b2a_base64(text.encode("utf-16-be", "surrogatepass"), newline=False)
    return f"&{raw.rstrip(b'=').replace(b'/', b',').decode()}-"
