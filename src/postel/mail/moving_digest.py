"""What makes two messages the same, and how their lines end where. Pure.

Mail travels with CRLF and rests with LF, so a digest is taken of the lines, whatever ends them;
and servers add the end of a last line that has none, so what ends the message does not count.
"""

from __future__ import annotations

import hashlib
import re

from .moving_types import Facts

__all__ = ["digest_of", "facts_of", "message_id", "with_crlf", "with_lf"]

LONGEST_HEAD = 1 << 20
_ID = re.compile(rb"(?im)^message-id:[ \t]*((?:[^\r\n]|\r?\n[ \t])*)")
_END = re.compile(rb"\r?\n\r?\n")
_MARKS = (b"\nX-TUID: ", b"\nX-OfflineIMAP: ")
_LONE_LF = re.compile(rb"(?<!\r)\n")


def message_id(head: bytes) -> str:
    """The Message-ID of a header, without what folding added; "" if there is none.

    Example:
        >>> message_id(b"Subject: x\\r\\nMessage-ID:\\r\\n <a@b>\\r\\n\\r\\nMessage-ID: <no>\\r\\n")
        '<a@b>'
    """
    end = _END.search(head, 0, LONGEST_HEAD)
    match = _ID.search(head, 0, end.start() + 1 if end else LONGEST_HEAD)
    if match is None:
        return ""
    return b"".join(match[1].split()).decode("utf-8", "backslashreplace")[:998]


def with_lf(data: bytes) -> bytes:
    """The message as it rests on a disk.

    Example:
        >>> with_lf(b"a\\r\\nb\\n"), with_crlf(b"a\\r\\nb\\n")
        (b'a\\nb\\n', b'a\\r\\nb\\r\\n')
    """
    return data.replace(b"\r\n", b"\n")


def with_crlf(data: bytes) -> bytes:
    """The message as it travels."""
    count = data.count(b"\n")
    if data.count(b"\r\n") == count:
        return data
    if b"\r" not in data:
        return data.replace(b"\n", b"\r\n")
    return _LONE_LF.sub(b"\r\n", data)


def digest_of(data: bytes) -> str:
    """The digest of a message's lines, without the marks that mbsync and OfflineIMAP leave there.

    Example:
        >>> digest_of(b"To: a\\r\\n\\r\\nHi.") == digest_of(b"To: a\\n\\nHi.\\n")
        True
        >>> digest_of(b"To: a\\nX-TUID: abcdefghijkl\\n\\nHi.") == digest_of(b"To: a\\n\\nHi.")
        True
    """
    text = with_lf(data).rstrip(b"\r\n")
    for mark in _MARKS:
        if (at := text.find(mark, 0, LONGEST_HEAD)) >= 0 and text.find(b"\n\n", 0, at) < 0:
            end = text.find(b"\n", at + 1)
            text = text[:at] + (text[end:] if end >= 0 else b"")
    return hashlib.sha256(text).hexdigest()


def facts_of(data: bytes) -> Facts:
    """All that is to be known of a message that was read; its size is that of CRLF lines."""
    text = with_lf(data)
    return Facts(message_id(text), len(text) + text.count(b"\n"), digest_of(text))
