"""The headers of WebDAV, both directions (RFC 4918 section 10). Grammar.

    Depth: 0 | 1 | infinity
    Destination: http://host/path      what a client writes; a path alone is read too (RFC 4918)
    If: (<token> ["etag"])             untagged: all lists are about the requested resource
    If: <url> (<token>) (Not <x>)      tagged: the lists are about that resource
    Lock-Token: <token>
    Overwrite: T | F
    Timeout: Infinite, Second-60       in `wire.timeout`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ..errors import ProtocolError, UsageError
from ..http.validators import etag
from ..urls import parse
from .types import Condition

__all__ = [
    "DEEP",
    "depth",
    "destination",
    "holds",
    "if_header",
    "lock_token",
    "overwrite",
    "read_if",
    "tokens",
    "unbracketed",
]

DEEP = None
"""The depth "infinity"."""

_MOST = 65_536
_CODED = re.compile(r"<([^<>\s]{1,4096})>")
_ETAG = re.compile(r'\[((?:W/)?"[^"]{0,4096}")\]')
_BLANK = re.compile(r"[ \t]*")
_NOT = re.compile(r"not\b", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,4096}")


def depth(text: str | None, *, default: int | None) -> int | None:
    """What a Depth header says: 0, 1, or None for infinity.

    Args:
        text: its value; None where there is no such header.
        default: what stands where there is none.

    Raises:
        ProtocolError: it says something else.

    Example:
        >>> depth("infinity", default=0), depth(None, default=1)
        (None, 1)
    """
    if text is None:
        return default
    word = text.strip().lower()
    if word not in ("0", "1", "infinity"):
        raise ProtocolError(f"Depth: {text[:40]!a} is none")
    return None if word == "infinity" else int(word)


def overwrite(text: str | None) -> bool:
    """What an Overwrite header says; without one, or with nonsense, it is yes.

    Example:
        >>> overwrite("F"), overwrite(None)
        (False, True)
    """
    return text is None or text.strip().upper() != "F"


def destination(text: str, *, hosts: Iterable[str]) -> str:
    """The path of a Destination header, percent-encoded as it came.

    Args:
        text: its value: a URL, or a path.
        hosts: what this server is called, as ``host`` or ``host:port``, lower case. Behind a
            proxy the scheme is not known, so it is not compared.

    Raises:
        ProtocolError: it is neither, or of another server (a 502, RFC 4918 section 9.8.5).

    Example:
        >>> destination("http://Here:8080/a%20b", hosts=["here:8080"])
        '/a%20b'
    """
    text = text.strip()
    if len(text) > _MOST:
        raise ProtocolError("Destination: too long")
    if text.startswith("/") and not text.startswith("//"):
        return text.partition("#")[0].partition("?")[0]
    try:
        url = parse(text)
    except UsageError as error:
        raise ProtocolError(f"Destination: {error}") from None
    if url.scheme not in ("http", "https"):
        raise ProtocolError(f"Destination: a URL of {url.scheme}")
    port = url.port or (443 if url.scheme == "https" else 80)
    names = {f"{url.host}:{port}", f"[{url.host}]:{port}"}
    if port in (80, 443):
        names |= {url.host, f"[{url.host}]"}
    if names.isdisjoint(host.lower() for host in hosts):
        raise ProtocolError("Destination: another server")
    return url.path or "/"


def lock_token(token: str) -> str:
    """A token as Lock-Token and If write it.

    Raises:
        UsageError: it is no URI.

    Example:
        >>> lock_token("urn:uuid:1")
        '<urn:uuid:1>'
    """
    if not _TOKEN.fullmatch(token):  # a URI, by RFC 4918; Go's servers give a number
        raise UsageError(f"lock token {token[:80]!a}: no URI",
                         hint="take it from the Lock that lock() returned")
    return f"<{token}>"


def unbracketed(text: str) -> str:
    """The token of a Lock-Token header; "" where it has none.

    Example:
        >>> unbracketed("<urn:uuid:1>")
        'urn:uuid:1'
    """
    match = _CODED.fullmatch(text.strip())
    return match[1] if match else ""


def if_header(tokens: Iterable[tuple[str, str]], etag: str = "") -> str:
    """An If header for locks.

    Args:
        tokens: for each: the URL it is about ("" for the requested one), and the lock's token.
        etag: of the requested resource, quoted; with it, the resource must also be that version.

    Example:
        >>> if_header([("", "urn:uuid:1")])
        '(<urn:uuid:1>)'
        >>> if_header([("http://h/a", "urn:uuid:1")])
        '<http://h/a> (<urn:uuid:1>)'
    """
    lists = []
    for url, token in tokens:
        tag = f" [{etag}]" if etag and not url else ""
        lists.append((f"<{url}> " if url else "") + f"({lock_token(token)}{tag})")
    return " ".join(lists)


def read_if(text: str) -> list[Condition]:
    """The lists of an If header; one of them must hold.

    Raises:
        ProtocolError: it is none (a 400).

    Example:
        >>> read_if('<http://h/a> (<urn:uuid:1> ["x"]) (Not <DAV:no-lock>)')[1].tests
        ((True, 'token', 'DAV:no-lock'),)
    """
    if len(text) > _MOST:
        raise ProtocolError("If: too long")
    at, resource, found, fresh = _skip(text, 0), "", list[Condition](), False
    while at < len(text):
        if text[at] == "<":
            match = _CODED.match(text, at)
            if match is None or fresh or (found and not resource):
                raise _bad_if()
            resource, at, fresh = match[1], _skip(text, match.end()), True
        elif text[at] == "(":
            tests, at = _tests(text, at + 1)
            found.append(Condition(resource, tests))
            fresh = False
        else:
            raise _bad_if()
    if not found or fresh:
        raise _bad_if()
    return found


def _tests(text: str, at: int) -> tuple[tuple[tuple[bool, str, str], ...], int]:
    tests = []
    at = _skip(text, at)
    while at < len(text) and text[at] != ")":
        negated = _NOT.match(text, at)
        at = _skip(text, negated.end()) if negated else at
        if match := _CODED.match(text, at):
            tests.append((negated is not None, "token", match[1]))
        elif match := _ETAG.match(text, at):
            tests.append((negated is not None, "etag", match[1]))
        else:
            raise _bad_if()
        at = _skip(text, match.end())
    if not tests or at >= len(text):
        raise _bad_if()
    return tuple(tests), _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _bad_if() -> ProtocolError:
    return ProtocolError("If: it cannot be read")


def tokens(conditions: Iterable[Condition]) -> set[str]:
    """The lock tokens that an If header submits, negated ones too (RFC 4918 section 6.5)."""
    return {value for one in conditions for _, kind, value in one.tests if kind == "token"}


def holds(
    conditions: Sequence[Condition],
    *,
    locked_by: Callable[[str], Iterable[str]],
    tag_of: Callable[[str], str | None],
) -> bool:
    """Whether one of the lists of an If header holds (else a 412).

    Args:
        conditions: from `read_if`.
        locked_by: the tokens of the locks on a resource ("" is the requested one).
        tag_of: its entity tag as it stands in the header, or None.

    Example:
        >>> holds(read_if("(<urn:a>) (Not <urn:b>)"), locked_by=lambda url: [],
        ...       tag_of=lambda url: None)
        True
    """
    return any(
        all(negated != _is_so(kind, value, one.resource, locked_by, tag_of)
            for negated, kind, value in one.tests)
        for one in conditions)


def _is_so(
    kind: str,
    value: str,
    resource: str,
    locked_by: Callable[[str], Iterable[str]],
    tag_of: Callable[[str], str | None],
) -> bool:
    if kind == "token":
        return value in locked_by(resource)
    asked, there = etag(value), etag(tag_of(resource) or "")
    return asked is not None and there is not None and asked.same(there)
