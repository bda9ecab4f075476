"""Schemes that fsspec knows and Postel has not itself. fsspec is loaded when one is asked for."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["scheme_for"]

_VERBS = ("list", "stat", "read", "write", "make", "remove", "rename", "copy")

_WRAPPERS = frozenset(("blockcache", "cached", "filecache", "simplecache", "dir", "reference",
                       "generic", "async_wrapper", "asynclocal", "local", "data"))
"""What fsspec registers and is no place of its own: caches, wrappers, other views of files."""

_OURS = frozenset(("ftp", "ftps", "sftp", "ssh", "http", "https", "dav", "davs", "webdav",
                   "webdavs"))
"""Never by way of fsspec: its SSH takes any host key, its FTP takes a short file for whole."""


def scheme_for(name: str) -> Scheme | None:
    """The record of a scheme that fsspec has, or None where it has none or is not installed.

    Example:
        >>> scheme_for("memory").package, scheme_for("nothing")
        ('postel.foreign', None)
    """
    if name in _WRAPPERS | _OURS or name.startswith("postel+"):
        return None
    try:
        from fsspec.registry import available_protocols
    except ImportError:
        return None
    if name not in available_protocols():
        return None
    return Scheme(name, "files", None, "as its driver has it", _VERBS, "postel.foreign",
                  "by way of fsspec")
