r"""Mailcap: which program shows, edits or prints what (RFC 1524). Grammar: nothing is run here.

An entry is a line of shell, and it is given names of files and parameters that strangers chose.
They never become part of the line: where it says ``%s`` or ``%{charset}``, the shell's own
``"$1"``, ``"$2"`` … is put, quoted as the place asks for, and the values travel as arguments. So a
file may be called ``; rm -rf ~`` and is only a file. A line that hands it on to a further shell
(``sh -c``, ``eval``) gets plain names only. Python's ``mailcap`` did otherwise (CVE-2015-20107)
and is gone since 3.13.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import UsageError
from ..wire.text import display

__all__ = ["Entry", "command", "matching", "read_mailcap"]

LONGEST_LINE = 8_192
"""Characters of an entry that are read."""

_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+(?:/(?:\*|[A-Za-z0-9!#$&^_.+-]+))?\Z")
_FIELD = re.compile(r"(?:[^;\\]|\\.)*", re.DOTALL)
_FIELDS = ("edit", "compose", "composetyped", "print")
_NESTED = re.compile(r"\b(?:(?:ba|da|k|z|a)?sh\b|eval\b|xargs\b|env\s+-S)")
_PLAIN = re.compile(r"[A-Za-z0-9._/:=+,@-]*\Z")
_PARAMETER = re.compile(r"\{([A-Za-z0-9!#$&^_.+-]{1,100})\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a mailcap.

    Args:
        type: ``text/html``, ``image/*``.
        view: the line that shows it.
        fields: others by name: ``edit``, ``print``, ``test``, ``nametemplate`` …
        flags: ``needsterminal``, ``copiousoutput``, ``textualnewlines`` …
    """

    type: str
    view: str
    fields: Mapping[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


def read_mailcap(text: str) -> list[Entry]:
    """The entries of a mailcap, in order; lines that are none are passed over.

    Example:
        >>> entry, = read_mailcap("text/html; w3m -dump %s; copiousoutput; test=true\\n# more\\n")
        >>> entry.view, sorted(entry.flags), entry.fields["test"]
        ('w3m -dump %s', ['copiousoutput'], 'true')
    """
    found = []
    for line in text.replace("\\\r\n", "").replace("\\\n", "").splitlines():
        if not line.strip() or line.startswith("#") or len(line) > LONGEST_LINE:
            continue
        kind, *rest = _split(line)
        kind = kind.lower()
        if not rest or not _TYPE.match(kind):
            continue
        fields: dict[str, str] = {}
        flags = set()
        for one in rest[1:]:
            name, sign, value = one.partition("=")
            if sign:
                fields.setdefault(name.strip().lower(), value.strip())
            elif one:
                flags.add(one.lower())
        kind = kind if "/" in kind else f"{kind}/*"
        found.append(Entry(kind, rest[0], fields, frozenset(flags)))
    return found


def _split(line: str) -> list[str]:
    """The fields of a line: at semicolons that no backslash stands before."""
    parts = []
    at = 0
    while at <= len(line):
        found = _FIELD.match(line, at)
        if found is None:  # pragma: no cover - the pattern takes nothing, too
            break
        parts.append(found[0].replace("\\;", ";").strip())
        at = found.end() + 1
    return parts


def matching(entries: Sequence[Entry], kind: str, action: str = "view") -> Iterator[Entry]:
    """The entries for a type, the exact ones first, each kind in its order.

    Args:
        entries: of all mailcaps, the user's own first.
        kind: a MIME type.
        action: ``view``, ``edit``, ``compose``, ``composetyped`` or ``print``.

    Example:
        >>> entries = read_mailcap("image/*; feh %s\\nimage/png; display %s\\n")
        >>> [entry.view for entry in matching(entries, "image/png")]
        ['display %s', 'feh %s']
    """
    wanted = kind.partition(";")[0].strip().lower()
    family = f"{wanted.partition('/')[0]}/*"
    for name in (wanted, family):
        for entry in entries:
            if entry.type == name and (action == "view" or action in entry.fields):
                yield entry


def command(entry: Entry, file: str, kind: str, parameters: Mapping[str, str] | None = None, *,
            action: str = "view") -> list[str]:
    """The arguments that run an entry: a shell, its line, and the values apart from it.

    Args:
        entry: of a mailcap.
        file: where the content is; without ``%s`` in the line it belongs on standard input.
        kind: its MIME type.
        parameters: those of Content-Type.
        action: ``view``, another of its actions, or ``test``, whose exit code says if it serves.

    Raises:
        UsageError: the entry has no such action, or a value cannot be an argument.

    Example:
        >>> entry, = read_mailcap("text/plain; iconv -f %{charset} '%s' | less")
        >>> command(entry, "; rm -rf ~", "text/plain", {"charset": "$(reboot)"})[2:]
        ['iconv -f "${1}" \\'\\'"${2}"\\'\\' | less', 'mailcap', '$(reboot)', './; rm -rf ~']
    """
    line = entry.view if action == "view" else entry.fields.get(action)
    if not line or (action not in ("view", "test") and action not in _FIELDS):
        raise UsageError(f"mailcap: {entry.type} has no {action}")
    values: list[str] = []
    places: dict[str, int] = {}

    def place(value: str) -> int:
        if _NESTED.search(line) and not _PLAIN.match(value):
            raise UsageError(
                f"mailcap: '{display(value)}' would be read by another shell: {display(line)}",
                hint="give it a plain name of letters and digits")
        if "\0" in value or any("\ud800" <= char <= "\udfff" and not "\udc80" <= char <= "\udcff"
                                for char in value):
            raise UsageError(f"mailcap: '{display(value)}' cannot be an argument")
        if value not in places:
            values.append(value)
            places[value] = len(values)
        return places[value]

    given = {name.lower(): value for name, value in (parameters or {}).items()}
    safe_file = file if file.startswith("/") else f"./{file.removeprefix('./')}"
    text = _substituted(line, safe_file, kind.partition(";")[0], given, place)
    return ["/bin/sh", "-c", text, "mailcap", *values]


def _substituted(line: str, file: str, kind: str, parameters: Mapping[str, str],
                 place: Callable[[str], int]) -> str:
    """The line with ``"$n"`` for each value; quotes are closed around it and opened again."""
    made: list[str] = []
    quote = ""
    at = 0
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":  # mailcap's own escape of a percent sign, and the shell's
            pair = line[at : at + 2]
            made.append("%" if pair == "\\%" else pair)
            at += 2
            continue
        if char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        value, length = _value(line, at, file, kind, parameters) if char == "%" else (None, 1)
        if value is None:
            made.append(line[at : at + length] if length == 1 else "%")
        else:
            made.append(f'{quote}"${{{place(value)}}}"{quote}')
        at += length
    return "".join(made)


def _value(line: str, at: int, file: str, kind: str,
           parameters: Mapping[str, str]) -> tuple[str | None, int]:
    """What stands for the percent sign at *at*, and how long that is."""
    after = line[at + 1 : at + 2]
    if after == "s":
        return file, 2
    if after == "t":
        return kind, 2
    if after == "%":
        return None, 2
    found = _PARAMETER.match(line, at + 1)
    if found:
        return parameters.get(found[1].lower(), ""), 1 + len(found[0])
    return None, 1
