"""Content-Disposition: what a server calls a file (RFC 6266, extended values RFC 8187). Grammar.

    disposition-type *( ";" name "=" ( token / quoted-string ) / name "*=" charset'lang'percent )

``filename*`` says it best and counts before ``filename`` (section 4.3). What the grammar forbids
and servers send is read as browsers do where it can only mean one thing (unquoted spaces, bytes
beyond ASCII); `Disposition.valid` is false then. A name is never a path: `Disposition.file_name`
takes what follows the last slash or back-slash and refuses what could still do harm (section 7).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import TransferError
from ..wire.names import safe_name
from ..wire.text import display
from .fields import is_token, pieces, unquoted

__all__ = ["Disposition", "attachment", "extended", "parse"]

_EXTENDED = re.compile(r"([A-Za-z0-9!#$%&+\-^_`{}~]+)'[A-Za-z0-9\-]*'((?:[^%']|%[0-9A-Fa-f]{2})*)",
                       re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")
_CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1", "us-ascii": "ascii"}
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Disposition:
    """What a Content-Disposition field says.

    Args:
        type: "attachment", "inline" or another word, in lower case; "" where there is none.
        params: names in lower case, without their ``*``, decoded.
        valid: whether the field keeps to the grammar.

    Example:
        >>> said = parse("attachment; filename=x; filename*=UTF-8''na%C3%AFve.txt")
        >>> said.type, said.filename, said.valid
        ('attachment', 'naïve.txt', True)
    """

    type: str
    params: Mapping[str, str] = field(default_factory=dict)
    valid: bool = True

    @property
    def filename(self) -> str | None:
        """The name as the server gives it: never to be used as a path."""
        return self.params.get("filename")

    def file_name(self, *, windows: bool = os.name == "nt") -> str | None:
        """The name as that of one file in one folder; None where the field gives none.

        Args:
            windows: also refuse what only Windows gives a meaning.

        Raises:
            TransferError: what it gives is no such name, or that of a hidden file.

        Example:
            >>> parse('attachment; filename="../../etc/passwd"').file_name()
            'passwd'
        """
        if self.filename is None:
            return None
        name = re.split(r"[/\\]", self.filename)[-1].strip()
        if not name:
            return None
        if _UNSHOWN.search(name) or name.startswith("."):
            what = "a hidden file" if name.startswith(".") else "a control character in it"
            raise TransferError(f"name '{display(name)}': {what}",
                                hint="the server chose this name: choose one yourself")
        return safe_name(name, windows=windows)


def parse(text: str) -> Disposition:
    """Read a field, strictly where it is right and with goodwill where it is not.

    Args:
        text: the field's value.

    Example:
        >>> parse("attachment; filename=two words.txt").filename
        'two words.txt'
    """
    first, *rest = pieces(text, ";")
    type, valid = first.lower(), is_token(first)
    if "=" in first:  # the type was left out
        rest, type, valid = [first, *rest], "", False
    plain: dict[str, str] = {}
    better: dict[str, str] = {}
    for part in rest:
        name, equals, said = part.partition("=")
        name, said = name.strip(" \t").lower(), said.strip(" \t")
        star = name.endswith("*")
        decoded = extended(said) if star else _decoded(said)
        kind, key = (better, name[:-1]) if star else (plain, name)
        valid &= bool(equals) and is_token(name) and key not in kind and _kept(said, star)
        if equals and key and decoded is not None:
            kind.setdefault(key, decoded)
    return Disposition(type.strip(" \t") if is_token(type) else "", {**plain, **better}, valid)


def _kept(said: str, star: bool) -> bool:
    """Whether a value keeps to the grammar."""
    if star:
        return extended(said) is not None and said.count("'") == 2
    return is_token(said) or _QUOTED.fullmatch(said) is not None


def _decoded(said: str) -> str:
    """A plain value; bytes beyond ASCII that were read as Latin-1 but are UTF-8 become UTF-8."""
    text = unquoted(said)
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def extended(text: str) -> str | None:
    """An extended value (RFC 8187 section 3.2); None where it is none, or of an unknown charset.

    Bytes that the charset has not are shown by U+FFFD.

    Example:
        >>> extended("iso-8859-1'en'%A3%20rates")
        '£ rates'
    """
    match = _EXTENDED.fullmatch(text)
    if match is None or (charset := _CHARSETS.get(match[1].lower())) is None:
        return None
    if not match[2].isascii():
        return None
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda at: bytes.fromhex(at[1].decode()),
                  match[2].encode("ascii"))
    return data.decode(charset, "replace")


def attachment(name: str, *, type: str = "attachment") -> str:
    """The field that offers a file under *name*, for old clients and new (section 5, appendix D).

    Args:
        name: of the file; line breaks and other control characters become "_".
        type: "attachment" or "inline".

    Example:
        >>> attachment("naïve plan.txt")
        'attachment; filename="na_ve plan.txt"; filename*=UTF-8\\'\\'na%C3%AFve%20plan.txt'
        >>> attachment("plan.txt")
        'attachment; filename="plan.txt"'
    """
    name = _UNSHOWN.sub("_", name)
    ascii = re.sub(r"[^\x20-\x7e]", "_", name)
    simple = re.sub(r'["\\%]', "_", ascii)
    field = f'{type}; filename="{simple}"'
    if simple != name:
        data = name.encode("utf-8", "replace")
        field += "; filename*=UTF-8''" + "".join(
            chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
    return field
