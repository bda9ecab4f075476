"""Link: what a response points to (RFC 8288). Grammar.

    Link: </page/2>; rel="next last"; title="the second", </style.css>; rel=preload

Read by the algorithm of appendix B.2, which passes over what makes no sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .disposition import extended
from .fields import LONGEST_FIELD, unquoted

__all__ = ["MOST_LINKS", "Link", "parse"]

MOST_LINKS = 1000
"""Links of one response that are read."""

_TARGET = re.compile(r"[ \t,]*<([^>]*)>")
_PARAM = re.compile(
    r'[ \t]*;[ \t;]*([^=;,"\s]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^;,]*))?', re.DOTALL)
_REST = re.compile(r'(?:[^,"<]|"[^"]*(?:"|\Z))*')


@dataclass(frozen=True)
class Link:
    """One link.

    Args:
        target: the reference as written; it is relative to the URL of the response.
        rels: what it is, in lower case where it is a registered word, as "next".
        params: the other parameters, names in lower case; ``title*`` stands as ``title``, decoded.

    Example:
        >>> [link] = parse(['</page/2>; rel="next last"; title=two'])
        >>> link.target, link.rels, link.params["title"]
        ('/page/2', ('next', 'last'), 'two')
    """

    target: str
    rels: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)


def parse(fields: Iterable[str]) -> list[Link]:
    """The links of a response, in order.

    Args:
        fields: the values of each Link field.

    Example:
        >>> parse(["no link"])
        []
    """
    found: list[Link] = []
    for text in fields:
        text, at = text[:LONGEST_FIELD], 0
        while len(found) < MOST_LINKS and (match := _TARGET.match(text, at)):
            params, at = _params(text, match.end())
            rels = tuple(_rel(word) for word in params.pop("rel", "").split())
            found.append(Link(match[1].strip(), rels, params))
            at = _REST.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    return found


def _params(text: str, at: int) -> tuple[dict[str, str], int]:
    """Parameters up to the next comma; the first of equal ones counts, and ``title*`` more."""
    plain: dict[str, str] = {}
    better: dict[str, str] = {}
    while match := _PARAM.match(text, at):
        at, name, said = match.end(), match[1].lower(), match[2] or ""
        said = unquoted(said.strip(" \t"))
        if name.endswith("*"):
            if (decoded := extended(said)) is not None:
                better.setdefault(name[:-1], decoded)
        else:
            plain.setdefault(name, said)
    return {**plain, **better}, at


def _rel(word: str) -> str:
    return word if ":" in word else word.lower()  # a URI may have capitals that matter
