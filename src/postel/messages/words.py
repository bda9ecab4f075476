"""Encoded words in headers (RFC 2047), read. Grammar: pure.

Read as they are written in earnest: in quoted strings and parameters too, with spaces in them,
with a character cut in two between words, with bad padding, with a language (RFC 2231 section 5).
"""

from __future__ import annotations

import binascii
import re

from . import charsets

__all__ = ["decode_words", "one_line"]

_BEGIN = re.compile(r"=\?([^\s?*]{1,60})(?:\*[^\s?]{0,60})?\?([BbQq])\?")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_ONE_LINE = {**dict.fromkeys([*range(32), 127]), 9: " ", 10: " ", 13: " "}
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def one_line(text: str) -> str:
    """*text* without control characters: what was encoded may not begin a line of its own.

    Example:
        >>> one_line("Hello\\r\\nBcc: eve@example.org\\0")
        'Hello  Bcc: eve@example.org'
    """
    return text.translate(_ONE_LINE) if _CONTROL.search(text) else text


def decode_words(text: str) -> str:
    """*text* with its encoded words decoded; what only looks like one stays.

    Example:
        >>> decode_words("=?utf-8?Q?Gr=C3=BC=C3?= =?utf-8?B?n2U=?= from =?x?q?bad")
        'Grüße from =?x?q?bad'
    """
    at = text.find("=?")
    if at < 0:
        return text
    out: list[str] = []
    held, charset = b"", ""  # bytes of a run of words in one charset: characters may be cut
    done = 0
    stop = -1  # the next "?=", looked for once, so that many beginnings stay linear
    while at >= 0:
        begin = _BEGIN.match(text, at)
        if begin is None:
            at = text.find("=?", at + 2)
            continue
        if stop < begin.end() and (stop := text.find("?=", begin.end())) < 0:
            break
        between = text[done:at]
        data = _word(begin[2], text[begin.end() : stop])
        run = not between.strip(" \t\r\n") and charset  # white space between words is none
        if run and begin[1].lower() == charset:
            held += data
        else:
            if charset:
                out.append(charsets.decode(held, charset))
            out.append("" if run else between)
            held, charset = data, begin[1].lower()
        done = stop + 2
        at = text.find("=?", done)
    if charset:
        out.append(charsets.decode(held, charset))
    out.append(text[done:])
    return one_line("".join(out))


def _word(kind: str, text: str) -> bytes:
    data = charsets.as_read(text)
    if kind in "Qq":
        data = data.replace(b"_", b" ")
        return _HEX.sub(_byte, data) if b"=" in data else data
    data = _NOT_BASE64.sub(b"", data)
    if len(data) % 4 == 1:
        data = data[:-1]
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))
