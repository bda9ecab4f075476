"""From file: URLs to paths of this machine and back (RFC 8089). No disk is touched.

A file: URL that names another host is refused: reaching it would take a protocol, and RFC 8089
section 3 leaves open which. On Windows a drive stands first in the path (appendix E.2), and a
share is written with four slashes (appendix E.3.2).
"""

from __future__ import annotations

import os
from pathlib import Path, PurePath, PureWindowsPath

from ..errors import UsageError
from ..urls import URL, parse, quote, unquote

__all__ = ["path_of", "url_for", "url_of"]

_KEPT = "/!$&'()*+,=:@~"
"""What may stand in a path as it is; ";" is left out, as other schemes give it a meaning."""


def path_of(url: URL | str) -> Path:
    """The path that a file: URL names.

    Raises:
        UsageError: it is one of another machine, or holds a ``?`` or ``#`` that stands for itself.

    Example:
        >>> path_of("file:///tmp/a%20b.txt").as_posix()
        '/tmp/a b.txt'
    """
    url = parse(url) if isinstance(url, str) else url
    return Path(text_of(url))


def text_of(url: URL, *, windows: bool = os.name == "nt") -> str:
    """The path that a file: URL names, as text with slashes.

    Example:
        >>> text_of(parse("file:///C:/notes.txt"), windows=True)
        'C:/notes.txt'
    """
    if url.host not in ("", "localhost"):
        raise UsageError(f"{url}: that file is on {url.host}, and file: reaches this machine only",
                         hint="write file:///PATH, or use a scheme that reaches the host")
    if url.query is not None or url.fragment is not None:
        raise UsageError(f"{url}: a path has no query or fragment",
                         hint='"?" and "#" in a file name are written %3F and %23')
    text = unquote(url.path) or "/"
    drive = text[1:3]
    if windows and len(drive) == 2 and drive[0].isalpha() and drive[1] in ":|":
        return f"{drive[0]}:{text[3:] or '/'}"  # appendix E.2.2: "|" is how browsers once wrote it
    return text


def url_of(path: PurePath | str) -> URL:
    """The file: URL of *path*, which is made absolute.

    Raises:
        UsageError: it holds CR, LF or NUL.

    Example:
        >>> print(url_of(PureWindowsPath("C:/my notes.txt")))
        file:///C:/my%20notes.txt
    """
    if not isinstance(path, PureWindowsPath) or os.name == "nt":
        path = Path(os.path.abspath(path))  # noqa: PTH100 - ".." goes, links stay
    text = path.as_posix()
    return URL("file", None, None, "", None, quote(("" if text[:1] == "/" else "/") + text, _KEPT))


def url_for(target: PurePath | str | URL) -> URL:
    """The file: URL that a caller means by a URL, a text that is one, or a plain path."""
    if isinstance(target, str) and target[:6].lower() == "file:/":
        rest = target[5:]  # appendix B: "file:/path" is the short form
        target = parse(target if rest.startswith("//") else f"file://{rest}")
    if not isinstance(target, URL):
        return url_of(target)
    if target.scheme != "file":
        raise UsageError(f"{target}: that is not on this machine", hint="write file:///PATH")
    return target
