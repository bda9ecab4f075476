"""The UTF-7 of mailbox names (RFC 3501 section 5.1.3): IMAP has it, and folders of Maildir++.

Where names are ASCII, all else is written in a base64 of its own: ``Entw&APw-rfe``. Names are found
that break its rules, and a name that is not given back byte for byte is another mailbox: what
cannot be read stays as it is. A grammar module.
"""

from __future__ import annotations

import binascii
import re

__all__ = ["decode_utf7", "encode_utf7"]

_SHIFTED = re.compile(r"&([^-&]*)-")
_OUTSIDE = re.compile(r"[^\x20-\x7e]+")


def decode_utf7(name: str) -> str:
    """The name as people read it; unchanged where it breaks the rules.

    Example:
        >>> decode_utf7("Entw&APw-rfe"), decode_utf7("R&-D"), decode_utf7("&U,BTFw-/&ZeVnLIqe-")
        ('Entwürfe', 'R&D', '台北/日本語')
        >>> decode_utf7("broken &AP-"), decode_utf7("Plain & simple")
        ('broken &AP-', 'Plain & simple')
    """
    if "&" not in name:
        return name
    try:
        text = _SHIFTED.sub(lambda match: _from_base64(match[1]) if match[1] else "&", name)
    except (ValueError, binascii.Error):
        return name
    return text if encode_utf7(text) == name else name


def encode_utf7(name: str) -> str:
    """The name in ASCII.

    Example:
        >>> encode_utf7("Entwürfe"), encode_utf7("R&D"), encode_utf7("日本語/x")
        ('Entw&APw-rfe', 'R&-D', '&ZeVnLIqe-/x')
    """
    return _OUTSIDE.sub(lambda match: _to_base64(match[0]), name.replace("&", "&-"))


def _from_base64(text: str) -> str:
    raw = text.encode("ascii").replace(b",", b"/")
    return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4), strict_mode=True).decode("utf-16-be")


def _to_base64(text: str) -> str:
    raw = binascii.b2a_base64(text.encode("utf-16-be", "surrogatepass"), newline=False)
    return f"&{raw.rstrip(b'=').replace(b'/', b',').decode()}-"
