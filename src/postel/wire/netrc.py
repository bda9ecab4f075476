"""netrc: who logs in where, in a file of one's own (curl, wget and ftp read it too). Grammar.

    machine example.org login ann password "open sesame"

Words stand apart by spaces and line ends; one in quotes may hold spaces, and a quote behind a
back-slash. ``macdef`` begins a macro that goes on to an empty line. Only entries of a host by name
are of use: ``default`` would give a password to any server that asks (CVE-2024-11053 and
CVE-2025-0167 show what came of it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..secrets import Secret

__all__ = ["entries", "logins"]

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)|(\n)')


def entries(text: str) -> Iterator[tuple[str | None, dict[str, str]]]:
    """Each entry: its host, None for the default, and what it says. Other words are passed over.

    Args:
        text: of the file.

    Example:
        >>> list(entries("machine a.example login ann password hush"))
        [('a.example', {'login': 'ann', 'password': 'hush'})]
    """
    host: str | None = None
    facts: dict[str, str] = {}
    words = _words(text)
    for word in words:
        if word in ("machine", "default"):
            if facts:
                yield host, facts
            host, facts = (next(words, None) if word == "machine" else None), {}
        elif word in ("login", "user", "password", "account"):
            facts[word] = next(words, "")
    if facts:
        yield host, facts


def logins(text: str) -> dict[str, tuple[str, Secret]]:
    """User and password by host, in lower case; the first entry of a host that has both counts.

    Args:
        text: of the file.

    Example:
        >>> logins("default login x password y machine A.example login ann password hush")
        {'a.example': ('ann', Secret(***))}
    """
    found: dict[str, tuple[str, Secret]] = {}
    for host, facts in entries(text):
        user = facts.get("login", facts.get("user"))
        if host and user is not None:
            found.setdefault(host.lower(), (user, Secret(facts.get("password", ""))))
    return found


def _words(text: str) -> Iterator[str]:
    """The words and their quotes taken off; a comment ends with its line, a macro is left out."""
    macro = comment = False
    value, last = False, "\n"
    for found in _WORD.finditer(text):
        quoted, plain, end = found.groups()
        if end:
            macro = macro and last != "\n"  # an empty line ends it
            comment = False
        elif not macro and not comment:
            comment = not value and plain is not None and plain.startswith("#")
            macro = not value and plain == "macdef"
            if not comment and not macro:
                yield plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                value = not value and plain in ("machine", "login", "password", "account")
        last = end or "word"
