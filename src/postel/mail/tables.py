"""This system's own tables: which types names have, and which programs show them. Disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import UsageError
from ..messages.mailcap import Entry, command, matching, read_mailcap
from ..messages.media_types import read_globs, read_table

__all__ = ["mailcaps", "system_types", "viewer"]

LARGEST = 4 << 20
"""Bytes of a table that are read."""

_TYPES = ("~/.mime.types", "/etc/mime.types", "/usr/local/etc/mime.types",
          "/etc/apache2/mime.types", "/etc/httpd/conf/mime.types")
_GLOBS = ("~/.local/share/mime/globs2", "/usr/local/share/mime/globs2", "/usr/share/mime/globs2")
_MAILCAPS = ("~/.mailcap", "/etc/mailcap", "/usr/etc/mailcap", "/usr/local/etc/mailcap")


def system_types() -> dict[str, str]:
    """Types by extension, as ``mime.types`` and shared-mime-info of this system have them.

    Example:
        >>> from postel.messages import type_of
        >>> type_of("page.html", table=system_types())
        'text/html'
    """
    found: dict[str, str] = {}
    for paths, read in ((_TYPES, read_table), (_GLOBS, read_globs)):
        for text in _texts(paths):
            for extension, kind in read(text).items():
                found.setdefault(extension, kind)
    return found


def mailcaps() -> list[Entry]:
    """The entries of this user's and this system's mailcaps; ``MAILCAPS`` names others."""
    named = os.environ.get("MAILCAPS")
    paths = tuple(named.split(os.pathsep)) if named else _MAILCAPS
    return [entry for text in _texts(paths) for entry in read_mailcap(text)]


def viewer(file: str, kind: str, parameters: Mapping[str, str] | None = None, *,
           action: str = "view", entries: list[Entry] | None = None) -> list[str]:
    """The arguments of the program that shows a file, ready for `subprocess.run`.

    Entries whose ``test`` fails are passed over. An entry without ``%s`` reads standard input: the
    file is put there.

    Args:
        file: its path.
        kind: its MIME type.
        parameters: those of Content-Type.
        action: ``view``, ``edit``, ``print`` …
        entries: instead of `mailcaps`.

    Raises:
        UsageError: no entry serves.

    Example:
        >>> from postel.messages.mailcap import read_mailcap
        >>> viewer("/tmp/a b.txt", "text/plain", entries=read_mailcap("text/*; cat %s"))
        ['/bin/sh', '-c', 'cat "${1}"', 'mailcap', '/tmp/a b.txt']
    """
    for entry in matching(mailcaps() if entries is None else entries, kind, action):
        if "test" in entry.fields and not _passes(
                command(entry, file, kind, parameters, action="test")):
            continue
        line = entry.view if action == "view" else entry.fields[action]
        if "%s" not in line and action not in ("compose", "composetyped"):
            entry = Entry(entry.type, f"< %s {line}")
            return command(entry, file, kind, parameters)
        return command(entry, file, kind, parameters, action=action)
    raise UsageError(f"{action} {file}: no mailcap entry serves {kind.partition(';')[0]}",
                     hint="a line such as image/*; feh %s in ~/.mailcap")


def _passes(words: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - values are arguments, see messages.mailcap
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _texts(paths: tuple[str, ...]) -> Iterator[str]:
    """What can be read of these files."""
    for path in paths:
        try:
            with Path(path).expanduser().open("rb") as file:
                yield file.read(LARGEST).decode("utf-8", "replace")
        except (OSError, RuntimeError):  # not there; no home
            continue
