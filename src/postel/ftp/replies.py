"""What FTP replies say: ports, paths, sizes, times, features, digests. Pure.

RFC 959 prescribes codes, not texts; each function here reads the text as the servers of this
world write it, and says what it could not find.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ..errors import ProtocolError
from ..wire.replies import Reply
from ..wire.text import display

__all__ = [
    "announced_size",
    "available",
    "digest",
    "epsv_port",
    "features",
    "moment",
    "number",
    "pasv_address",
    "quoted_path",
    "stou_name",
    "timestamp",
]

_EPSV = re.compile(r"\((.)\1\1(\d{1,5})\1\)")
_SIX = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_BYTES = re.compile(r"\((\d{1,19}) bytes?\b", re.IGNORECASE)
_TIME = re.compile(r"(\d{14}|191\d{2}\d{10})(?:\.(\d{1,9}))?")
_DIGEST = re.compile(r"\b([0-9a-fA-F]{8}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}"
                     r"|[0-9a-fA-F]{128})\b")
_UNIQUE = re.compile(r"(?:FILE:|file name:|name is|unique name)\s*\"?([^\s\"]+)", re.IGNORECASE)


def epsv_port(reply: Reply) -> int:
    """The port of a 229 (RFC 2428 section 3): ``(|||6446|)``, any delimiter.

    Raises:
        ProtocolError: there is none.

    Example:
        >>> epsv_port(Reply(229, ("Entering Extended Passive Mode (|||6446|)",)))
        6446
    """
    found = _EPSV.search(reply.text)
    port = int(found[2]) if found else 0
    if not 0 < port < 65_536:
        raise ProtocolError(f"EPSV: no port in the server's answer: {reply}")
    return port


def pasv_address(reply: Reply) -> tuple[str, int]:
    """Address and port of a 227: six numbers, wherever they stand (RFC 1123 section 4.1.2.6).

    Raises:
        ProtocolError: there are none.

    Example:
        >>> pasv_address(Reply(227, ("Entering Passive Mode (192,0,2,1,25,46).",)))
        ('192.0.2.1', 6446)
    """
    found = _SIX.search(reply.text)
    numbers = [int(text) for text in found.groups()] if found else [256]
    if max(numbers) > 255 or numbers[4:] == [0, 0]:
        raise ProtocolError(f"PASV: no address in the server's answer: {reply}")
    return ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]


def quoted_path(reply: Reply) -> str:
    """The path of a 257: in quotes, a quote within it doubled (RFC 959 appendix II).

    Raises:
        ProtocolError: there is none.

    Example:
        >>> quoted_path(Reply(257, ('"/a ""b" is the current directory',)))
        '/a "b'
    """
    found = re.match(r'[^"]*"((?:[^"]|"")*)"', reply.text)
    if found:
        return found[1].replace('""', '"')
    words = reply.text.split()
    if words and words[0].startswith("/"):
        return words[0]  # servers that forget the quotes
    raise ProtocolError(f"PWD: a path in quotes was due, and the server answered {reply}",
                        hint="where the folder's name does not matter, nothing needs PWD")


def number(reply: Reply) -> int:
    """The number of a 213: SIZE (RFC 3659 section 4), AVBL.

    Raises:
        ProtocolError: there is none.

    Example:
        >>> number(Reply(213, ("1048576",)))
        1048576
    """
    word = (reply.text.split() or [""])[-1]
    if not word.isascii() or not word.isdigit() or len(word) > 19:
        raise ProtocolError(f"no number in the server's answer: {reply}")
    return int(word)


available = number


def moment(text: str) -> datetime | None:
    """A time of RFC 3659 section 2.3, UTC, fractions allowed; None when it is none.

    Some servers write the year 2000 and later as ``19100…`` (a year added to "19").

    Example:
        >>> moment("20240229120000.5")
        datetime.datetime(2024, 2, 29, 12, 0, 0, 500000, tzinfo=datetime.timezone.utc)
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    digits = found[1] if len(found[1]) == 14 else str(1900 + int(found[1][2:5])) + found[1][5:]
    fields = [int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))]
    leap = fields[5] == 60
    micro = int((found[2] or "0").ljust(6, "0")[:6])
    year, month, day, hour, minute, second = fields
    try:
        when = datetime(year, month, day, hour, minute, 59 if leap else second, micro, UTC)
        return when + timedelta(seconds=1) if leap else when
    except (ValueError, OverflowError):
        return None


def timestamp(when: datetime) -> str:
    """*when* as MFMT and MDTM want it: fourteen digits of UTC; naive times are UTC already.

    Example:
        >>> timestamp(datetime(2024, 2, 29, 12, tzinfo=UTC))
        '20240229120000'
    """
    aware = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{aware.year:04d}" + aware.strftime("%m%d%H%M%S")


def announced_size(reply: Reply) -> int | None:
    """The size that a 150 announces, ``(1234 bytes)``; None where it does not.

    Example:
        >>> announced_size(Reply(150, ("Opening BINARY mode data connection for a (12 bytes).",)))
        12
    """
    found = _BYTES.findall(reply.text)  # the last: a file's own name may hold one
    return int(found[-1]) if found else None


def features(reply: Reply) -> Mapping[str, str]:
    """The lines of FEAT (RFC 2389 section 3): names in upper case, each with its parameters.

    Example:
        >>> features(Reply(211, ("Features:", " MDTM", " REST STREAM", "End")))
        {'MDTM': '', 'REST': 'STREAM'}
    """
    found: dict[str, str] = {}
    for line in reply.lines[1:-1]:
        name, _, rest = line.strip().partition(" ")
        if name:
            key = name.upper()
            found[key] = f"{found[key]};{rest}" if found.get(key) else rest.strip()
    return found


def digest(reply: Reply) -> str:
    """The digest in an answer to HASH, XMD5, XSHA256 …: the first word that looks like one.

    Raises:
        ProtocolError: there is none.

    Example:
        >>> digest(Reply(213, ("SHA-256 0-11 " + "ab" * 32 + " a.txt",)))[:8]
        'abababab'
    """
    found = _DIGEST.search(reply.text)
    if not found:
        raise ProtocolError(f"no digest in the server's answer: {reply}")
    return found[1].lower()


def stou_name(begun: Reply, done: Reply) -> str | None:
    """The name that STOU chose (RFC 1123 section 4.1.2.9: ``150 FILE: name``), where it is told."""
    for reply in (begun, done):
        found = _UNIQUE.search(reply.text)
        if found:
            return found[1].rstrip(".,)")
    return None


def told(reply: Reply) -> str:
    """A reply's text for an error: one line, nothing that moves a cursor."""
    return display(" / ".join(line.strip() for line in reply.lines if line.strip()))
