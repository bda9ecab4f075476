"""netrc: who logs in where, in a file of one's own (curl, wget and ftp read it too). Pure.

    machine example.org login ann password hush

Only the exact host counts: ``default`` is passed over, since it would give a password to any
server that asks (CVE-2024-11053, CVE-2025-0167 show what came of it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..secrets import Secret

__all__ = ["parse"]

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s#"][^\s]*)|(#[^\n]*)|(\n)', re.DOTALL)


def parse(text: str) -> dict[str, tuple[str, Secret]]:
    """User and password by host, in lower case; the first entry of a host counts.

    Args:
        text: of the file.

    Example:
        >>> parse("machine a.example login ann password hush")
        {'a.example': ('ann', Secret(***))}
    """
    found: dict[str, tuple[str, Secret]] = {}
    host: str | None = None
    entry: dict[str, str] = {}

    def close() -> None:
        if host and "login" in entry:
            found.setdefault(host, (entry["login"], Secret(entry.get("password", ""))))

    words = _words(text)
    for word in words:
        if word in ("machine", "default"):
            close()
            host, entry = (next(words, "").lower() if word == "machine" else None), {}
        elif word in ("login", "password", "account"):
            entry.setdefault(word, next(words, ""))
        elif word == "macdef":  # a macro goes on to an empty line
            break
    close()
    return found


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        if match[1] is not None:
            yield re.sub(r"\\(.)", r"\1", match[1])
        elif match[2] is not None:
            yield match[2]
