"""What options say in their subnegotiations, to values and back (the RFC of each stands beside it).

A grammar module. What a peer sends that makes no sense gives None: an option is no reason to end
a session. Names and values of peers are text for eyes, never for anything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import UsageError

__all__ = [
    "ACCEPTED",
    "INFO",
    "IS",
    "REJECTED",
    "REQUEST",
    "SEND",
    "charset_request",
    "charsets_of",
    "environ",
    "environ_asked",
    "environ_of",
    "gmcp",
    "gmcp_of",
    "mssp",
    "mssp_of",
    "size",
    "size_of",
    "speed_of",
    "status",
]

IS, SEND, INFO = 0, 1, 2
REQUEST, ACCEPTED, REJECTED = 1, 2, 3  # RFC 2066
_VAR, _VALUE, _ESC, _USERVAR = 0, 1, 2, 3  # RFC 1572
_MARKS = bytes((_VAR, _VALUE, _ESC, _USERVAR))
_WELL_KNOWN = frozenset(("USER", "JOB", "ACCT", "PRINTER", "SYSTEMTYPE", "DISPLAY"))
_MOST = 256  # variables, names of character sets, MSSP's facts


def size(columns: int, rows: int) -> bytes:
    """NAWS (RFC 1073).

    Example:
        >>> size(80, 24)
        b'\\x00P\\x00\\x18'
    """
    if not (0 <= columns <= 0xFFFF and 0 <= rows <= 0xFFFF):
        raise UsageError(f"telnet: a window of {columns} by {rows} cannot be told",
                         hint="columns and rows are 0 to 65535")
    return columns.to_bytes(2, "big") + rows.to_bytes(2, "big")


def size_of(data: bytes) -> tuple[int, int] | None:
    """Columns and rows, of NAWS."""
    if len(data) != 4:
        return None
    return int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")


def speed_of(data: bytes) -> tuple[int, int] | None:
    """Speeds towards and from the user, of TSPEED's IS (RFC 1079).

    Example:
        >>> speed_of(b"9600,1200")
        (9600, 1200)
    """
    out, _, back = data.partition(b",")
    if out.isdigit() and back.isdigit() and len(data) < 32:
        return int(out), int(back)
    return None


def environ(word: int, variables: Mapping[str, str]) -> bytes:
    """NEW-ENVIRON's IS or INFO (RFC 1572).

    Example:
        >>> environ(IS, {"USER": "ann", "COLORS": "1"})
        b'\\x00\\x00USER\\x01ann\\x03COLORS\\x011'
    """
    out = bytearray((word,))
    for name, value in variables.items():
        out.append(_VAR if name in _WELL_KNOWN else _USERVAR)
        out += _escaped(name.encode()) + bytes((_VALUE,)) + _escaped(value.encode())
    return bytes(out)


def _escaped(data: bytes) -> bytes:
    return b"".join(bytes((_ESC, byte)) if byte in _MARKS else bytes((byte,)) for byte in data)


def _pieces(data: bytes) -> Iterable[tuple[int, str]]:
    """The marks, each with the name or value behind it."""
    mark, piece, skip = -1, bytearray(), False
    for byte in data:
        if skip or byte not in _MARKS:
            piece.append(byte)
            skip = False
        elif byte == _ESC:
            skip = True
        else:
            if mark >= 0:
                yield mark, piece.decode("utf-8", "surrogateescape")
            mark, piece = byte, bytearray()
    if mark >= 0:
        yield mark, piece.decode("utf-8", "surrogateescape")


def environ_of(data: bytes) -> dict[str, str]:
    """The variables of an IS or INFO; those without a value are left out.

    Example:
        >>> environ_of(environ(IS, {"USER": "ann", "LANG": "de"})[1:])
        {'USER': 'ann', 'LANG': 'de'}
    """
    found: dict[str, str] = {}
    name = None
    for mark, text in _pieces(data):
        if mark == _VALUE:
            if name is not None and len(found) < _MOST:
                found[name] = text
            name = None
        else:
            name = text
    return found


def environ_asked(data: bytes) -> tuple[str, ...] | None:
    """The names that a SEND asks for; None asks for all (RFC 1572: a bare VAR or USERVAR too)."""
    names = tuple(text for mark, text in _pieces(data) if mark != _VALUE)[:_MOST]
    return names if any(names) else None


def charset_request(names: Iterable[str]) -> bytes:
    """CHARSET's REQUEST (RFC 2066).

    Example:
        >>> charset_request(["UTF-8", "US-ASCII"])
        b'\\x01;UTF-8;US-ASCII'
    """
    return bytes((REQUEST,)) + b"".join(b";" + name.encode("ascii") for name in names)


def charsets_of(data: bytes) -> tuple[str, ...]:
    """The names on offer in a REQUEST, without its first byte."""
    if data.startswith(b"[TTABLE]"):  # a version byte, then as ever
        data = data[9:]
    names = data[1:].split(data[:1], _MOST) if data else []
    return tuple(name.decode("ascii", "replace") for name in names if name)[:_MOST]


def gmcp(package: str, data: object = None) -> bytes:
    """One message of GMCP: a package's name, and JSON.

    Example:
        >>> gmcp("Core.Hello", {"client": "Postel"})
        b'Core.Hello {"client": "Postel"}'
    """
    if not package or any(character.isspace() for character in package):
        raise UsageError(f"GMCP: {package!r} is no name of a package")
    return package.encode() + (b"" if data is None else b" " + json.dumps(data).encode())


def gmcp_of(data: bytes) -> tuple[str, Any]:
    """The package and what it says; what is no JSON comes as text.

    Example:
        >>> gmcp_of(b'Char.Vitals {"hp": 10}')
        ('Char.Vitals', {'hp': 10})
    """
    name, _, rest = data.decode("utf-8", "replace").partition(" ")
    if not rest.strip():
        return name, None
    try:
        return name, json.loads(rest)
    except (ValueError, RecursionError):
        return name, rest


def mssp(facts: Mapping[str, str]) -> bytes:
    """MSSP: facts about a game for crawlers (tintin.mudhalla.net/protocols/mssp).

    Example:
        >>> mssp({"NAME": "Proving", "PLAYERS": "3"})
        b'\\x01NAME\\x02Proving\\x01PLAYERS\\x023'
    """
    return b"".join(b"\1" + name.encode() + b"\2" + value.encode()
                    for name, value in facts.items())


def mssp_of(data: bytes) -> dict[str, str]:
    """The facts of MSSP; of several values of one name the last."""
    found: dict[str, str] = {}
    for pair in data.split(b"\1")[1:_MOST]:
        name, *values = pair.split(b"\2")
        if values:
            found[name.decode("utf-8", "replace")] = values[-1].decode("utf-8", "replace")
    return found


def status(ours: Iterable[int], theirs: Iterable[int]) -> bytes:
    """STATUS's IS: what we do and what we let the peer do (RFC 859); SE and SB are doubled there.

    Example:
        >>> status([31], [1])
        b'\\x00\\xfb\\x1f\\xfd\\x01'
    """
    out = bytearray((IS,))
    for verb, options in ((251, ours), (253, theirs)):
        for option in sorted(options):
            out += bytes((verb, option))
    return bytes(out)
