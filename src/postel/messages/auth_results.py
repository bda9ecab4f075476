"""Authentication-Results (RFC 8601): what servers on the way found out about a message. Grammar.

Anybody can write such a field into a message. It means something only if a server of one's own
wrote it, so `auth_results_of` asks which names those have, and passes over all other fields.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .parsed import Parsed

__all__ = ["AuthResult", "AuthResults", "auth_results_of", "parse_auth_results"]

LONGEST = 100_000
MOST = 1_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|;|=|/|[^\s"();=/]+|\s+|.', re.DOTALL)


@dataclass(frozen=True)
class AuthResult:
    """What one method said.

    Args:
        method: ``dkim``, ``spf``, ``dmarc``, ``arc``, ``auth``, ``iprev`` …, lower case.
        result: ``pass``, ``fail``, ``softfail``, ``none``, ``temperror`` …, lower case.
        reason: for people; "" if none.
        properties: what it looked at, such as ``header.d`` or ``smtp.mailfrom``.
    """

    method: str
    result: str
    reason: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AuthResults:
    """One field.

    Args:
        server: who says so.
        results: what it says; none if nothing was checked.
    """

    server: str
    results: tuple[AuthResult, ...]

    def result(self, method: str) -> str:
        """The best that *method* said; "" if it said nothing.

        Example:
            >>> parse_auth_results("mx.example; spf=pass; dkim=fail; dkim=pass").result("dkim")
            'pass'
        """
        said = [one.result for one in self.results if one.method == method]
        return "pass" if "pass" in said else said[0] if said else ""


def parse_auth_results(value: str) -> AuthResults | None:
    """What a field says; None where it is none.

    Example:
        >>> found = parse_auth_results(
        ...     "mx.example 1; dkim=pass (good key) reason=\\"ok; fine\\" header.d=x.example;"
        ...     " spf=fail smtp.mailfrom=bob@y.example")
        >>> found.server, [(one.method, one.result, dict(one.properties)) for one in found.results]
        ... # doctest: +NORMALIZE_WHITESPACE
        ('mx.example', [('dkim', 'pass', {'header.d': 'x.example'}),
                        ('spf', 'fail', {'smtp.mailfrom': 'bob@y.example'})])
    """
    clauses = list(_clauses(value[:LONGEST]))
    if not clauses or not clauses[0]:
        return None
    server = clauses[0][0]
    if "=" in clauses[0]:
        return None
    results = [_result(words) for words in clauses[1:MOST]]
    return AuthResults(server.lower(), tuple(one for one in results if one is not None))


def auth_results_of(message: Parsed, servers: Collection[str]) -> list[AuthResults]:
    r"""What these servers found out, the last one first.

    Args:
        message: with the fields, which stand above each other in the order of the way.
        servers: names that one's own servers give themselves; a field by another is passed over.

    Example:
        >>> from postel.messages import parse
        >>> message = parse(b"Authentication-Results: mx.example; spf=pass\n"
        ...                 b"Authentication-Results: evil.example; dmarc=pass\n\n")
        >>> [one.result("spf") for one in auth_results_of(message, ["mx.example"])]
        ['pass']
    """
    trusted = {name.lower() for name in servers}
    found = (parse_auth_results(value) for value in
             message.headers.all("authentication-results")[:MOST])
    return [one for one in found if one is not None and one.server in trusted]


def _clauses(text: str) -> Iterator[list[str]]:
    """The words between semicolons; ``=`` and ``/`` stand by themselves, comments are gone."""
    words: list[str] = []
    glued = False  # whether the next word continues the last: a@b is one word
    for word in _TOKEN.findall(_without_comments(text)):
        if word == ";":
            yield words
            words, glued = [], False
        elif word.isspace():
            glued = False
        elif word in "=/" and glued and len(words) > 2 and words[-2] == "=":
            words[-1] += word  # base64 of header.b, URLs
        elif word in "=/":
            words.append(word)
            glued = False
        else:
            if word.startswith('"'):
                word = re.sub(r"\\(.)", r"\1", word[1:].removesuffix('"'))
            if glued:
                words[-1] += word
            else:
                words.append(word)
            glued = True
    if words:
        yield words


def _without_comments(text: str) -> str:
    """Without what stands in parentheses, nested or never closed; quoted ones are no comments."""
    if "(" not in text:
        return text
    kept, depth, at, quoted = [], 0, 0, False
    for match in re.finditer(r'\\.|[()"]', text, re.DOTALL):
        mark = match[0]
        if mark == '"' and not depth:
            quoted = not quoted
        elif mark == "(" and not quoted:
            if not depth:
                kept.append(text[at : match.start()])
            depth += 1
        elif mark == ")" and depth and not quoted:
            depth -= 1
            at = match.end()
    if not depth:
        kept.append(text[at:])
    return " ".join(kept)


def _result(words: list[str]) -> AuthResult | None:
    """``method[/version] = result [reason = …] [ptype.property = …]``."""
    if len(words) > 2 and words[1] == "/":
        del words[1:3]
    if len(words) < 3 or words[1] != "=":
        return None
    properties: dict[str, str] = {}
    reason = ""
    at = 3
    while at < len(words):
        if at + 2 < len(words) and words[at + 1] == "=":
            name, value = words[at].lower(), words[at + 2]
            if name == "reason":
                reason = value
            elif len(properties) < MOST:
                properties.setdefault(name, value)
            at += 3
        else:
            at += 1
    return AuthResult(words[0].lower(), words[2].lower(), reason, properties)
