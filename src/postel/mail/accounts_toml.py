"""TOML as people write it: where each key stands, and changes that leave the rest alone. Grammar.

`tomllib` reads values and forgets where they were. Here each table and key gets its line, so that
an error can say it; a table can be added or taken out, and every comment and blank line of the
others stays as it was. What was written is read again and compared before it counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError

__all__ = ["Place", "add_table", "line_of", "places", "remove_table", "written"]

Path = tuple[str | int, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]\]?")
_ASSIGNED = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_PART = re.compile(_KEY)
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]|\n')
_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A table's header or a key.

    Args:
        path: from the top; the tables of an array have numbers.
        line: where, from 1.
        header: whether it is a table's header.
    """

    path: Path
    line: int
    header: bool


def places(text: str) -> list[Place]:
    """Every header and key of a document that `tomllib` accepts, in order.

    Example:
        >>> [(one.path, one.line) for one in places('a = 1\\n[b.c]\\nd = [\\n 2 ]\\n"e f" = 3\\n')]
        [(('a',), 1), (('b', 'c'), 2), (('b', 'c', 'd'), 3), (('b', 'c', 'e f'), 5)]
    """
    found: list[Place] = []
    table: Path = ()
    arrays: dict[Path, int] = {}
    for number, line in _statements(text):
        if (match := _HEADER.match(line)) is not None:
            table = _numbered(_parts(match[2]), arrays)
            if match[1] == "[[":
                arrays[table] = arrays.get(table, -1) + 1
                table = (*table, arrays[table])
            found.append(Place(table, number, True))
        elif (match := _ASSIGNED.match(line)) is not None:
            found.append(Place((*table, *_parts(match[1])), number, False))
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines on which something begins: not those inside of long strings and arrays."""
    number, start, depth, at = 1, 0, 0, 0
    while at < len(text):
        if (match := _TOKEN.search(text, at)) is None:
            break
        word, at = match[0], match.end()
        if word in ('"""', "'''"):
            at = _end_of_long(text, at, word)
            number += text.count("\n", match.end(), at)
        elif word in "[{":
            depth += 1
        elif word in "]}":
            depth -= 1
        elif word == "\n":
            if depth <= 0:
                yield number - text.count("\n", start, match.start()), text[start:match.start()]
                start, depth = at, 0
            number += 1
    if text[start:].strip():
        yield number - text.count("\n", start), text[start:]


def _end_of_long(text: str, at: int, quote: str) -> int:
    """Where a long string ends; in one with escapes, an escaped quote does not end it."""
    pattern = r'(?:[^"\\]|\\.|"(?!""))*"{3,5}' if quote == '"""' else r"(?:[^']|'(?!''))*'{3,5}"
    match = re.compile(pattern, re.DOTALL).match(text, at)
    return match.end() if match else len(text)


def _parts(dotted: str) -> Path:
    return tuple(_unquoted(part) for part in _PART.findall(dotted))


def _unquoted(part: str) -> str:
    return next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part


def _numbered(path: Path, arrays: Mapping[Path, int]) -> Path:
    """The path of a table inside of the last table of an array."""
    done: Path = ()
    for part in path[:-1]:
        done = (*done, part)
        if done in arrays:
            done = (*done, arrays[done])
    return (*done, path[-1])


def line_of(found: list[Place], path: Path) -> int:
    """The line of *path*, or of the nearest thing around it."""
    for length in range(len(path), 0, -1):
        for one in found:
            if one.path[:length] == path[:length]:
                return one.line
    return 1


def key(word: str) -> str:
    """A key as it is written."""
    return word if _BARE.match(word) else written(word)


def written(value: Any) -> str:
    """A value of TOML on one line.

    Raises:
        UsageError: it is none.

    Example:
        >>> written('say "hi"'), written(["a", 1, True])
        ('"say \\\\"hi\\\\""', '["a", 1, true]')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return '"' + "".join(_escaped(char) for char in value) + '"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key(name)} = {written(one)}" for name, one in value.items())
        return f"{{ {inner} }}"
    raise UsageError(f"{type(value).__name__}: TOML has no such value")


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char, f"\\u{code:04X}")
    if 0xD800 <= code < 0xE000:
        raise UsageError("a text with half of a character: TOML has no way to write it")
    return char


def add_table(text: str, path: tuple[str, ...], values: Mapping[str, Any],
              comment: str = "") -> str:
    """*text* with one more table at its end; values that are tables become tables of their own.

    Args:
        text: the document.
        path: of the table.
        values: what is in it.
        comment: above it.

    Raises:
        UsageError: it is there already, or the document cannot have it.

    Example:
        >>> print(add_table("# mine\\n", ("a", "b"), {"c": 1, "d": {"e": "f"}}), end="")
        # mine
        <BLANKLINE>
        [a.b]
        c = 1
        <BLANKLINE>
        [a.b.d]
        e = "f"
    """
    before = tomllib.loads(text)
    lines = [] if not comment else [f"# {one}" for one in comment.splitlines()]
    plain = {name: one for name, one in values.items() if not isinstance(one, Mapping)}
    tables = {name: one for name, one in values.items() if isinstance(one, Mapping) and one}
    lines.append(f"[{'.'.join(map(key, path))}]")
    lines += [f"{key(name)} = {written(one)}" for name, one in plain.items()]
    for name, one in tables.items():
        lines += ["", f"[{'.'.join(map(key, (*path, name)))}]"]
        lines += [f"{key(inner)} = {written(value)}" for inner, value in one.items()]
    head = text if not text or text.endswith("\n") else f"{text}\n"
    made = f"{head}{chr(10) if head.strip() else ''}{chr(10).join(lines)}\n"
    wanted = _with(before, path, {**plain, **tables})
    return _checked(made, wanted, f"add {'.'.join(path)}")


def remove_table(text: str, path: tuple[str, ...]) -> str:
    """*text* without a table and those in it; the comment right above its header goes too.

    Raises:
        UsageError: it is not there, or is written in a way that only a person can take apart.

    Example:
        >>> remove_table("# keep\\n\\n# old\\n[a.b]\\nc = 1\\n\\n[a.d]\\ne = 2\\n", ("a", "b"))
        '# keep\\n\\n[a.d]\\ne = 2\\n'
    """
    lines = text.splitlines(keepends=True)
    found = places(text)
    gone: set[int] = set()
    for at, one in enumerate(found):
        if not one.header or one.path[: len(path)] != path:
            continue
        following = next((other.line for other in found[at + 1:] if other.header), len(lines) + 1)
        gone.update(range(_with_comment(lines, one.line), _without_comment(lines, following)))
    made = "".join(line for number, line in enumerate(lines, 1) if number not in gone)
    wanted = _without(tomllib.loads(text), path)
    return _checked(made, wanted, f"remove {'.'.join(path)}")


def _with_comment(lines: list[str], line: int) -> int:
    """The first line of the comment that stands right above *line*."""
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line


def _without_comment(lines: list[str], following: int) -> int:
    """Where a table ends: before the comment of the next one, which stays."""
    return _with_comment(lines, following) if following <= len(lines) else following


def _with(document: dict[str, Any], path: tuple[str, ...], values: Mapping[str, Any],
          ) -> dict[str, Any]:
    head, rest = path[0], path[1:]
    inner = document.get(head, {})
    if not isinstance(inner, dict) or (not rest and head in document):
        raise UsageError(f"add {head}: it is there already")
    return {**document, head: _with(inner, rest, values) if rest else dict(values)}


def _without(document: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    head, rest = path[0], path[1:]
    if head not in document or (rest and not isinstance(document[head], dict)):
        raise UsageError(f"remove {head}: it is not there")
    left = {name: one for name, one in document.items() if name != head}
    if rest and (inner := _without(document[head], rest)):
        left[head] = inner
    return left


def _checked(made: str, wanted: dict[str, Any], what: str) -> str:
    """*made*, if it says what it should."""
    try:
        same = _bare(tomllib.loads(made)) == _bare(wanted)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise UsageError(f"{what}: the file is written in a way that Postel does not change",
                         hint="change it by hand")
    return made


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    """Without empty tables, which say nothing."""
    made = {name: _bare(one) if isinstance(one, dict) else one for name, one in document.items()}
    return {name: one for name, one in made.items() if one != {}}
