"""The grammar in a text: rules of ABNF (RFC 5234, RFC 7405) found and checked. Grammar.

A rule is where a name stands before ``=`` or ``=/``, with its further lines indented deeper; what
does not read as ABNF to its end is prose, an example or another language, and left out. Older
notations are read too: ``|`` for ``/`` and ``#element`` for lists (RFC 822, RFC 2616), ``::=`` and
``<name>``, and prose in angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..errors import ProtocolError
from .types import Rule, Section

__all__ = ["CORE", "check", "names_in", "rules", "undefined"]

MOST = 5_000
"""Rules of one text."""

_LONGEST = 32_768
_DEEPEST = 60
_START = re.compile(r"^( *)(<?[A-Za-z][A-Za-z0-9_-]{0,63}>?) *(=/|::=|=)(?!=)[ \t]*(.*)$")
_TOKEN = re.compile(r"""
      [ \t\n]+
    | (?P<name><[A-Za-z][\w-]*>|[A-Za-z][A-Za-z0-9_-]*)
    | (?P<text>(?:%[si])?"[^"\n]*")
    | (?P<value>%(?:[bB][01]+(?:-[01]+|(?:\.[01]+)*)|[dD]\d+(?:-\d+|(?:\.\d+)*)|
                  [xX][0-9A-Fa-f]+(?:-[0-9A-Fa-f]+|(?:\.[0-9A-Fa-f]+)*)))
    | (?P<prose><[^<>\n]*(?:\n[^<>\n]*){0,6}>)
    | (?P<repeat>(?:\d*\*\d*|\d*\#\d*|\d+)(?!\s))
    | (?P<mark>[()\[\]/|])
""", re.VERBOSE)
_PROSE = {"the", "is", "of", "are", "this", "that", "be", "was", "which"}
"""Words that no rule is called by."""
_MOST_WORDS = 12
"""Names in a row that are a rule without any sign of one."""
_COMMENT = re.compile(r'("[^"\n]*"|<[^<>\n]*>)|;[^\n]*')

CORE = frozenset({"alpha", "bit", "char", "cr", "crlf", "ctl", "digit", "dquote", "hexdig", "htab",
                  "lf", "lwsp", "octet", "sp", "vchar", "wsp"})
"""The rules of RFC 5234 appendix B, in small letters."""


def rules(among: Sequence[Section]) -> tuple[Rule, ...]:
    """The rules in the own text of these sections.

    Example:
        >>> text = "   line = *CHAR ; anything\\n          CRLF\\n\\n   x = 3 is three.\\n"
        >>> [(one.name, one.definition) for one in rules([Section("2", "Syntax", 1, text, text)])]
        [('line', '*CHAR CRLF')]
    """
    found: list[Rule] = []
    for section in among:
        if "=" in section.own:
            for name, mark, block in _blocks(section.own.split("\n")):
                rule = _rule(name, mark, block, section.number or section.title)
                if rule is not None:
                    found.append(rule)
                if len(found) >= MOST:
                    return tuple(found)
    return tuple(found)


def check(definition: str) -> None:
    """Read a definition to its end.

    Raises:
        ProtocolError: it is no ABNF.

    Example:
        >>> check('1*DIGIT [ "." 1*DIGIT ] / %x41-5A')
        >>> check('"open')
        Traceback (most recent call last):
        ...
        postel.errors.ProtocolError: ABNF: '"open' is no element
    """
    tokens = list(_tokens(definition))
    at = _alternatives(tokens, 0, 0)
    if at != len(tokens):
        raise ProtocolError(f"ABNF: {tokens[at][1][:20]!r} stands where nothing can")


def names_in(definition: str) -> tuple[str, ...]:
    """The names that a definition refers to, in order.

    Example:
        >>> names_in('local-part "@" ( domain / <anything> )')
        ('local-part', 'domain', 'anything')
    """
    return tuple(dict.fromkeys(text.strip("<>") for kind, text in _tokens(definition)
                               if kind == "name"))


def undefined(among: Sequence[Rule]) -> tuple[str, ...]:
    """The names that these rules use and do not define, the core's left out."""
    known = {one.name.lower() for one in among} | CORE
    found = (name for one in among for name in names_in(one.definition))
    return tuple(dict.fromkeys(name for name in found if name.lower() not in known))


def _blocks(lines: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Name, mark and lines of what may be rules."""
    number = 0
    while number < len(lines):
        start = _START.match(lines[number])
        if start is None:
            number += 1
            continue
        indent, first = len(start[1]), number
        number += 1
        while number < len(lines) and _belongs(lines, number, indent):
            number += 1
        block = lines[first:number]
        while block and not block[-1].strip():
            block.pop()
        yield start[2].strip("<>"), start[3], block


def _belongs(lines: list[str], number: int, indent: int) -> bool:
    """Whether a line goes on with the rule that begins at *indent*."""
    line = lines[number]
    if line.strip():
        deeper = len(line) - len(line.lstrip()) > indent
        return (deeper and _START.match(line) is None) or line.lstrip().startswith((";", "/ "))
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return bool(following.strip()) and len(following) - len(following.lstrip()) > indent + 2 and (
        _START.match(following) is None) and following.lstrip()[:1] in '/"(;[%*<|'


def _rule(name: str, mark: str, block: list[str], section: str) -> Rule | None:
    """The rule of a block; the longest beginning of it that is one."""
    indent = len(block[0]) - len(block[0].lstrip())
    left = [line[indent:] if not line[:indent].strip() else line.lstrip() for line in block]
    for size in (len(left), *range(min(len(left) - 1, 60), 0, -1)):
        text = "\n".join(left[:size])
        definition = _COMMENT.sub(lambda found: found[1] or "", text.split("=", 1)[1].lstrip("/"))
        if mark == "=" and size == len(left) and len(text) > _LONGEST:
            return None
        try:
            check(definition)
        except ProtocolError:
            continue
        if not _plausible(definition):
            return None
        return Rule(name, text.rstrip(), " ".join(definition.split()), section, mark == "=/")
    return None


def _plausible(definition: str) -> bool:
    """Whether it is more than a few words that happen to be names."""
    words = [text for kind, text in _tokens(definition) if kind == "name"]
    signs = any(kind != "name" for kind, _ in _tokens(definition))
    return not _PROSE & {word.lower() for word in words} and (signs or len(words) <= _MOST_WORDS)


def _tokens(definition: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(definition):
        found = _TOKEN.match(definition, at)
        if found is None:
            raise ProtocolError(f"ABNF: {definition[at:at + 20]!r} is no element")
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[0]


def _alternatives(tokens: Sequence[tuple[str, str]], at: int, depth: int) -> int:
    """Read alternatives; where they end."""
    if depth > _DEEPEST:
        raise ProtocolError("ABNF: it is nested too deeply")
    at = _sequence(tokens, at, depth)
    while at < len(tokens) and tokens[at][1] in ("/", "|"):
        at = _sequence(tokens, at + 1, depth)
    return at


def _sequence(tokens: Sequence[tuple[str, str]], at: int, depth: int) -> int:
    """Read one element or more; where they end."""
    first = at
    while at < len(tokens):
        kind, text = tokens[at]
        if kind == "repeat":
            at += 1
            if at == len(tokens) or tokens[at][0] == "repeat" or tokens[at][1] in ")]/|":
                raise ProtocolError(f"ABNF: nothing is repeated by {text}")
            continue
        if kind == "mark" and text in "([":
            at = _alternatives(tokens, at + 1, depth + 1)
            if at == len(tokens) or tokens[at][1] != {"(": ")", "[": "]"}[text]:
                raise ProtocolError(f"ABNF: a {text} is not closed")
        elif kind == "mark":
            break
        at += 1
    if at == first:
        raise ProtocolError("ABNF: an element is missing")
    return at
