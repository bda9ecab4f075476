"""Parameters of Content-Type and Content-Disposition, in any language (RFC 2231). Grammar: pure."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["parameter", "safe_file_name"]

_TOKEN = re.compile(r"[A-Za-z0-9+._-]+\Z")  # of a token: more than that trips old readers
_CONTROL = re.compile("[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
_ONE_LINE = 60
_LONGEST = 300
_PLAIN = "!#$&+-.^_`|~"  # attribute-char of RFC 2231, beside letters and digits


def safe_file_name(path: str) -> str:
    r"""The last part of *path*, as a name to give away: no folder, no control characters.

    Example:
        >>> safe_file_name("/home/ann/report\n.pdf"), safe_file_name("C:\\tmp\\a.txt")
        ('report_.pdf', 'a.txt')
    """
    name = _CONTROL.sub("_", path.replace("\\", "/").rstrip("/").rpartition("/")[2]).strip()
    return name[:_LONGEST] if name not in ("", ".", "..") else "file"


def parameter(name: str, value: str, *, utf8: bool = False) -> list[str]:
    """The words of one parameter, each to be followed by ";" but the last.

    Args:
        name: of the parameter.
        value: anything without line ends.
        utf8: whether UTF-8 may stand there as it is.

    Example:
        >>> parameter("filename", "plan b.txt"), parameter("filename", "grün.txt")
        (['filename="plan b.txt"'], ["filename*=utf-8''gr%C3%BCn.txt"])
    """
    plain = value.isascii() or utf8
    if plain and _TOKEN.match(value) and len(value) <= _ONE_LINE:
        return [f"{name}={value}"]
    if plain and len(value) <= _ONE_LINE and "=?" not in value and not _CONTROL.search(value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return [f'{name}="{escaped}"']
    text = f"utf-8''{quote(value, safe=_PLAIN, errors='replace')}"
    if len(text) <= _ONE_LINE:
        return [f"{name}*={text}"]
    words: list[str] = []
    while text:
        end = _ONE_LINE
        if "%" in text[end - 2 : end]:  # an escape is not torn
            end = text.index("%", end - 2)
        words.append(f"{name}*{len(words)}*={text[:end]}")
        text = text[end:]
    return words
