"""Heads of the parts of a multipart/form-data body (RFC 7578). Pure.

Names are escaped as browsers do (WHATWG, "multipart/form-data encoding algorithm"): a quote is
%22, CR and LF are %0D and %0A, so that no name can end its line and begin another field or part.
The boundary is random: content that held it would have to know it beforehand.
"""

from __future__ import annotations

import re
from mimetypes import guess_type

from ..errors import UsageError

__all__ = ["boundary_of", "content_type", "end", "head", "kind_of"]

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\0": "%00"})
_KIND = re.compile(r"[!-~]+/[!-~]+(?:[ ;][ -~]*)?")


def boundary_of(fresh: bytes) -> str:
    """A boundary of random bytes, which are printable.

    Example:
        >>> boundary_of(b"q8W_-x")
        '----postel-q8W_-x'
    """
    return "----postel-" + re.sub(r"[^A-Za-z0-9_-]", "", fresh.decode("ascii"))


def content_type(boundary: str) -> str:
    """The Content-Type of the whole."""
    return f"multipart/form-data; boundary={boundary}"


def kind_of(file_name: str) -> str:
    """The media type that a file's name suggests.

    Example:
        >>> kind_of("a.png"), kind_of("a")
        ('image/png', 'application/octet-stream')
    """
    return guess_type(file_name)[0] or "application/octet-stream"


def head(boundary: str, name: str, file_name: str | None = None, kind: str = "") -> bytes:
    """What stands before one part's content.

    Args:
        boundary: of the body.
        name: of the field.
        file_name: of a file; None for a plain value.
        kind: its media type, "" to say nothing.

    Raises:
        UsageError: the media type would break the head.

    Example:
        >>> head("xyz", 'a"b', "c.txt", "text/plain").decode().splitlines()[1]
        'Content-Disposition: form-data; name="a%22b"; filename="c.txt"'
    """
    if kind and not _KIND.fullmatch(kind):
        raise UsageError(f"the media type {kind[:60]!a} is none", hint="such as image/png")
    line = f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
    if file_name is not None:
        line += f'; filename="{file_name.translate(_ESCAPES)}"'
    typed = f"Content-Type: {kind}\r\n" if kind else ""
    text = f"--{boundary}\r\n{line}\r\n{typed}\r\n"
    return text.encode("utf-8", "surrogateescape")


def end(boundary: str) -> bytes:
    """What closes the body."""
    return f"--{boundary}--\r\n".encode("ascii")
