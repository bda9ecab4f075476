"""Listings of the lab's FTP server: ``ls -l`` as vsftpd writes it, facts, names, times.

Service code, pure: values in, lines out. Times are UTC (RFC 3659 section 2.3).
"""

from __future__ import annotations

import re
import stat
import time
from calendar import timegm
from collections.abc import Iterable

from ..serving.files import FileStatus
from ..types import Kind

__all__ = ["FACTS", "facts", "long_line", "read_time", "time_text", "without_options"]

FACTS = ("type", "size", "modify", "perm", "unix.mode", "unique")
"""The facts that this server knows, in the order of FEAT."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HALF_A_YEAR = 180 * 86_400
_TYPES = {Kind.FILE: "file", Kind.FOLDER: "dir", Kind.LINK: "OS.unix=slink", Kind.OTHER: "OS.unix"}
_BITS = {Kind.FILE: stat.S_IFREG, Kind.FOLDER: stat.S_IFDIR, Kind.LINK: stat.S_IFLNK,
         Kind.OTHER: stat.S_IFIFO}
_OPTION = re.compile(r"-[A-Za-z1]+(?: |$)")
_TIME = re.compile(r"([12]\d{3})([01]\d)([0-3]\d)([0-2]\d)([0-5]\d)([0-6]\d)(\.\d{1,9})?")


def long_line(status: FileStatus, now: float) -> str:
    """One line of LIST.

    Example:
        >>> status = FileStatus("a b", Kind.FILE, 12, 1e9, 0o644, "1")
        >>> long_line(status, 1e9 + 5)
        '-rw-r--r--    1 lab      lab                12 Sep 09 01:46 a b'
    """
    at = time.gmtime(status.modified)
    recent = -86_400 < now - status.modified < _HALF_A_YEAR
    when = f"{at.tm_hour:02}:{at.tm_min:02}" if recent else f"{at.tm_year:5}"
    return (f"{stat.filemode(_BITS[status.kind] | status.mode)}    1 lab      lab      "
            f"{status.size:12} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02} {when} {status.name}")


def facts(status: FileStatus, wanted: Iterable[str], *, kind: str = "", writable: bool = True,
          larger: int = 0) -> str:
    """The facts of one entry, each with its semicolon (RFC 3659 section 7.2).

    Args:
        status: of the entry.
        wanted: those of `FACTS` that the client asked for.
        kind: ``cdir`` or ``pdir`` instead of the real one.
        writable: whether the client may change it.
        larger: bytes to overstate, for a fault.

    Example:
        >>> facts(FileStatus("a", Kind.FILE, 12, 1e9, 0o644, "1"), ("type", "size", "modify"))
        'type=file;size=12;modify=20010909014640;'
    """
    values = {
        "type": kind or _TYPES[status.kind],
        "size": str(status.size + larger),
        "modify": time_text(status.modified),
        "perm": _PERM[status.is_folder, writable],
        "unix.mode": f"{status.mode:04o}",
        "unique": status.unique,
    }
    return "".join(f"{name}={values[name]};" for name in wanted
                   if name != "size" or not status.is_folder)


_PERM = {(True, True): "cdeflmp", (True, False): "el", (False, True): "adfrw", (False, False): "r"}


def time_text(seconds: float) -> str:
    """A time as MDTM and MLST write it.

    Example:
        >>> time_text(1e9)
        '20010909014640'
    """
    at = time.gmtime(seconds)
    return (f"{at.tm_year:04}{at.tm_mon:02}{at.tm_mday:02}"
            f"{at.tm_hour:02}{at.tm_min:02}{at.tm_sec:02}")


def read_time(text: str) -> float | None:
    """Seconds since 1970 of a time as MFMT takes it, or None.

    Example:
        >>> read_time("20010909014640"), read_time("20011399014640")
        (1000000000.0, None)
    """
    found = _TIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24):
        return None
    return timegm((year, month, day, hour, minute, second)) + float(found[7] or 0)


def without_options(text: str) -> str:
    """The path of ``LIST -la path``: options are for other servers.

    Example:
        >>> without_options("-la /pub"), without_options("-a"), without_options("-")
        ('/pub', '', '-')
    """
    while found := _OPTION.match(text):
        text = text[found.end() :]
    return text
