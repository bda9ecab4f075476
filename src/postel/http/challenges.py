"""WWW-Authenticate and its kin: challenges, credentials, parameters (RFC 9110 section 11). Grammar.

    challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]

A field may hold several challenges and there may be several fields; the comma divides both
challenges and parameters, so that only what follows a word tells which of the two it was: a word
before ``=`` is a parameter, any other begins a challenge.

Liberal in what is taken, as servers write it: parameters divided by spaces alone, values that
should be quoted and are not, a quote that is never closed, empty list elements (section 5.6.1.2).
What makes no sense is passed over up to the next comma. The first of two equal parameters counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import UsageError

__all__ = ["LONGEST_FIELD", "MOST_CHALLENGES", "Challenge", "credentials", "parameters", "parse",
           "quoted"]

LONGEST_FIELD = 65_536
"""Characters of one field that are read; Negotiate's tokens run to tens of thousands."""

MOST_CHALLENGES = 64
"""Challenges that are read of one response."""

_MOST_PARAMETERS = 64

_GAP = re.compile(r"[ \t,;]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TOKEN68 = re.compile(r"[ \t]+([A-Za-z0-9\-._~+/]+=*)[ \t]*(?=,|\Z)")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
_BARE = re.compile(r"[^ \t,]*")
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_NO_TEXT = re.compile(r"[^\t\x20-\x7e\x80-\U0010ffff]")


@dataclass(frozen=True)
class Challenge:
    """One scheme a server offers, or the credentials a client gives.

    Args:
        scheme: in lower case, as "basic" or "digest".
        params: names in lower case, values without their quotes.
        token: the token68, where the scheme has one instead of parameters.

    Example:
        >>> offered = parse(['Digest realm="a, b", nonce=x, Basic realm="c"'])
        >>> [(one.scheme, one.realm) for one in offered]
        [('digest', 'a, b'), ('basic', 'c')]
    """

    scheme: str
    params: Mapping[str, str] = field(default_factory=dict)
    token: str = ""

    @property
    def realm(self) -> str:
        """What the log-in is for, in the server's words; empty where it says nothing."""
        return self.params.get("realm", "")


def parse(fields: Iterable[str]) -> list[Challenge]:
    """The challenges of a response, in the order in which they stand.

    Args:
        fields: the values of each WWW-Authenticate (or Proxy-Authenticate) field.

    Example:
        >>> parse(["Negotiate, NTLM", "Bearer"])[1].scheme
        'ntlm'
    """
    found: list[Challenge] = []
    for text in fields:
        found += _challenges(text[:LONGEST_FIELD], MOST_CHALLENGES - len(found))
    return found


def credentials(text: str) -> Challenge | None:
    """What an Authorization field says (RFC 9110 section 11.4); None where it says nothing.

    Example:
        >>> credentials("Basic QWxhZGRpbg==").token
        'QWxhZGRpbg=='
    """
    found = parse([text])
    return found[0] if found else None


def parameters(text: str) -> dict[str, str]:
    """The parameters of Authentication-Info and its like: a list without a scheme.

    Example:
        >>> parameters('nextnonce="a b", qop=auth')
        {'nextnonce': 'a b', 'qop': 'auth'}
    """
    found = _challenges("x," + text[:LONGEST_FIELD], 1)
    return dict(found[0].params)


def quoted(text: str) -> str:
    """*text* as a quoted-string (RFC 9110 section 5.6.4).

    Raises:
        UsageError: it holds a control character, which no field may.

    Example:
        >>> print(quoted('say "hi"'))
        "say \\"hi\\""
    """
    if _NO_TEXT.search(text):
        raise UsageError("quote a parameter: it holds a control character",
                         hint="nothing was sent; remove it")
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _challenges(text: str, most: int) -> list[Challenge]:
    found: list[Challenge] = []
    params: dict[str, str] = {}
    at = _end(_GAP, text, 0)
    while at < len(text):
        word = _TOKEN.match(text, at)
        if word is None:  # no word: on to the next comma
            at = _end(_GAP, text, max(_end(_BARE, text, at), at + 1))
            continue
        if equals := _EQUALS.match(text, word.end()):
            value, at = _value(text, equals.end())
            if len(params) < _MOST_PARAMETERS:
                params.setdefault(word[0].lower(), value)
        elif len(found) == most:
            break
        else:
            params, token = {}, _TOKEN68.match(text, word.end())
            found.append(Challenge(word[0].lower(), params, token[1] if token else ""))
            at = token.end() if token else word.end()
        at = _end(_GAP, text, at)
    return found


def _value(text: str, at: int) -> tuple[str, int]:
    if match := _QUOTED.match(text, at):
        return _PAIR.sub(r"\1", match[1]), match.end()
    end = _end(_BARE, text, at)
    return text[at:end], end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
