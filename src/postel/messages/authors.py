"""Whose name a message bears: the domains in From, as strictly as DMARC needs them. Grammar.

Readers show what stands in From, so nothing may be overlooked there: several fields and several
addresses all count, comments and quoted words never do, and a domain beyond ASCII is encoded.
"""

from __future__ import annotations

import re

from .canonical import divide, fields_of

__all__ = ["author_domains"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|\\.|[()<>,:;]|[^"\\()<>,:;]+', re.DOTALL)
_DOMAIN = re.compile(r"@\s*([^\s@\[\]]+|\[[^\]]*\]?)\s*\Z")


def author_domains(message: bytes) -> tuple[str, ...]:
    """The domains of all addresses in From, each once, lower case, in A-labels.

    Example:
        >>> author_domains(b'From: "eve@evil.example" (x@y.example) <ann@Example.ORG>\\r\\n\\r\\n')
        ('example.org',)
    """
    head, _ = divide(message)
    found: dict[str, None] = {}
    for field in fields_of(head):
        if field.name == "from":
            text = field.value.replace(b"\r\n", b"").decode("utf-8", "replace")
            for address in _addresses(text):
                if domain := _domain(address):
                    found[domain] = None
    return tuple(found)


def _addresses(text: str) -> list[str]:
    """What stands between angles, and what stands without any, one for each address."""
    found: list[str] = []
    words, angle, depth = "", None, 0
    for piece in [*_TOKEN.findall(text), ","]:
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif piece == "<":
            angle = ""
        elif piece == ">" and angle is not None:
            found.append(angle.rpartition(":")[2])
            words, angle = "", None
        elif piece in ",;" or (piece == ":" and angle is None):
            if words.strip() and piece != ":":
                found.append(words)
            if angle:
                found.append(angle)
            words, angle = "", None
        elif angle is not None:
            angle += piece
        elif not piece.startswith('"') or "@" not in piece:
            words += piece
        else:
            words += "x"  # a quoted local part or phrase; its own @ is none
    return [one for one in found if "@" in one]


def _domain(address: str) -> str:
    found = _DOMAIN.search(address)
    if found is None:
        return ""
    name = found[1].rstrip(".").lower()
    try:
        return ".".join(label if label.isascii() else label.encode("idna").decode("ascii")
                        for label in name.split("."))
    except UnicodeError:
        return ""
