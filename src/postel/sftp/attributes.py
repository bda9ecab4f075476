"""ATTRS: what a file is, as SFTP version 3 writes it (draft section 5).

A grammar module: bytes in, values out.
"""

from __future__ import annotations

import stat
from datetime import UTC, datetime

from ..errors import ProtocolError
from ..types import Entry, Kind
from .packets import Scanner, string, u32, u64
from .types import Attributes

__all__ = ["entry_of", "pack", "unpack"]

_SIZE, _IDS, _PERMISSIONS, _TIMES = 1, 2, 4, 8
_EXTENDED = 0x80000000
_KNOWN = _SIZE | _IDS | _PERMISSIONS | _TIMES | _EXTENDED

_MOST_EXTENDED = 1_000
_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
_LETTERS = {"-": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK}


def pack(attributes: Attributes) -> bytes:
    """The bytes of *attributes*; those that are None are left out.

    Example:
        >>> pack(Attributes(permissions=0o600)).hex()
        '0000000400000180'
    """
    flags, parts = 0, []
    if attributes.size is not None:
        flags |= _SIZE
        parts.append(u64(attributes.size))
    if attributes.uid is not None and attributes.gid is not None:
        flags |= _IDS
        parts.append(u32(attributes.uid) + u32(attributes.gid))
    if attributes.permissions is not None:
        flags |= _PERMISSIONS
        parts.append(u32(attributes.permissions))
    if attributes.modified is not None:
        flags |= _TIMES
        accessed = attributes.modified if attributes.accessed is None else attributes.accessed
        parts.append(u32(accessed & 0xFFFFFFFF) + u32(attributes.modified & 0xFFFFFFFF))
    if attributes.extended:
        flags |= _EXTENDED
        parts.append(u32(len(attributes.extended)))
        parts += [string(name) + string(data) for name, data in attributes.extended.items()]
    return u32(flags) + b"".join(parts)


def unpack(scan: Scanner) -> Attributes:
    """Read attributes.

    Flags of later versions (0x10 and above, which some Huawei servers set in version 3) announce
    nothing that version 3 has: they are not believed, and what is there is read as version 3.

    Raises:
        ProtocolError: it ends too soon.
    """
    flags = scan.u32() & _KNOWN
    size = scan.u64() if flags & _SIZE else None
    uid, gid = (scan.u32(), scan.u32()) if flags & _IDS else (None, None)
    permissions = scan.u32() if flags & _PERMISSIONS else None
    accessed, modified = (scan.u32(), scan.u32()) if flags & _TIMES else (None, None)
    extended: dict[bytes, bytes] = {}
    if flags & _EXTENDED:
        count = scan.u32()
        if count > _MOST_EXTENDED:
            raise ProtocolError(f"SFTP: a file with {count:,} further attributes; "
                                f"{_MOST_EXTENDED:,} are taken")
        for _ in range(count):
            name = scan.string()
            extended[name] = scan.string()
    return Attributes(size, uid, gid, permissions, accessed, modified, extended)


def entry_of(name: str, attributes: Attributes, longname: str = "") -> Entry:
    """The entry of *name*.

    Args:
        name: as in its folder.
        attributes: of it.
        longname: the line of ``ls -l`` that version 3 sends along; where attributes say nothing,
            its first letter and its names of owner and group do.

    Example:
        >>> entry_of("a", Attributes(size=3, permissions=0o100644)).kind
        <Kind.FILE: 'file'>
    """
    fields = longname.split(None, 4)
    owner = fields[2] if len(fields) > 3 else None
    group = fields[3] if len(fields) > 3 else None
    permissions = attributes.permissions
    if permissions is not None and stat.S_IFMT(permissions):
        kind = _KINDS.get(stat.S_IFMT(permissions), Kind.OTHER)
    elif longname[:1] in _LETTERS and len(fields) > 3:
        kind = _LETTERS[longname[0]]
    else:
        kind = Kind.OTHER if attributes.size is None else Kind.FILE
    when = attributes.modified
    return Entry(
        name, kind, attributes.size,
        None if when is None else datetime.fromtimestamp(when, UTC),
        None if when is None else 1.0, attributes.mode,
        owner or _number(attributes.uid), group or _number(attributes.gid), raw=longname)


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)
