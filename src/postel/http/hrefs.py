"""References in pages that a server sends, as names of what is in one folder. Grammar.

An index page and a multistatus both name files by reference, and both come from a peer. A
reference is taken only if it names exactly one thing in the folder that was asked for: not the
folder itself, nothing above it, beside it or deeper, nothing of another host, and nothing whose
decoded name holds a slash. What is refused is left out; the rest of the page is still good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from ..urls import URL, parse, quote, unquote

__all__ = ["LONGEST_HREF", "Reference", "encoded", "reference"]

LONGEST_HREF = 16_384
"""Characters of one reference that are looked at."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNWRITTEN = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")


@dataclass(frozen=True)
class Reference:
    """What a reference names in a folder.

    Args:
        name: decoded, one component; "" is the folder itself.
        folder: whether it ends in a slash.
    """

    name: str
    folder: bool


def reference(base: URL, href: str, *, strict: bool = True) -> Reference | None:
    """What *href* names in the folder *base*; None where it leads anywhere else.

    Args:
        base: the folder, as it was asked for; its path may lack the last slash.
        href: as it stands in the page, entities of HTML or XML already resolved.
        strict: whether scheme and port must be the base's too. A server behind a proxy does not
            know them, and nothing is ever sent to where a reference points.

    Example:
        >>> base = parse("http://example.org/pub/")
        >>> reference(base, "a%20b.txt").name, reference(base, "/pub/sub/").folder
        ('a b.txt', True)
        >>> [reference(base, one) for one in ("../", "/etc/", "?C=M;O=A", "x/../../y", "a%2Fb",
        ...                                   "http://evil.example/pub/x", "javascript:x()")]
        [None, None, None, None, None, None, None]
    """
    href = href.strip()
    if not href or len(href) > LONGEST_HREF or "?" in href or "\\" in href:
        return None
    href = href.partition("#")[0]
    path = _path(base, href, strict)
    if path is None:
        return None
    try:
        there = _segments(path)
        here = _segments(base.path or "/")
    except UsageError:  # CR, LF or NUL
        return None
    if here[-1] == "":
        here = here[:-1]
    folder = len(there) > 1 and there[-1] == ""
    if folder:
        there = there[:-1]
    if there == here:
        return Reference("", True)
    if len(there) != len(here) + 1 or there[:-1] != here:
        return None
    name = there[-1]
    return None if "/" in name or name in ("", ".", "..") else Reference(name, folder)


def _path(base: URL, href: str, strict: bool) -> str | None:
    """The absolute path a reference leads to, its dots not yet looked at; None: elsewhere."""
    if href.startswith("//"):
        href = f"{base.scheme}:{href}"
    if _SCHEME.match(href):
        try:
            url = parse(encoded(href))
        except UsageError:
            return None
        same = url.origin == base.origin if strict else url.host == base.host
        return url.path or "/" if same and url.scheme in ("http", "https") else None
    if href.startswith("/"):
        return href
    if not href:
        return None
    return (base.path or "/").rpartition("/")[0] + "/" + href


def _segments(path: str) -> list[str]:
    """The parts of a path, decoded; ``.`` is left out, and ``..`` stays, to fit nowhere."""
    parts = [unquote(_BAD_ESCAPE.sub("%25", part)) for part in path.split("/")]
    kept = [part for part in parts[:-1] if part != "."]
    return [*kept, "" if parts[-1] == "." else parts[-1]]


def encoded(href: str) -> str:
    """A reference with what may not stand in a URL percent-encoded, and the rest as it is.

    Example:
        >>> encoded("/a b%20c/ü%")
        '/a%20b%20c/%C3%BC%25'
    """
    return _UNWRITTEN.sub(lambda at: quote(at[0]), _BAD_ESCAPE.sub("%25", href))
