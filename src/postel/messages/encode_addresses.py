"""Addresses that a message is written with: read strictly, written so that all read them alike.

Grammar. What parses received mail is generous; what decides where mail *goes* is not: a text that
two programs could read as two addresses (comments, a second "@", something between name and
address) is refused with `UsageError`. Domains beyond ASCII become A-labels (RFC 5890, UTS 46); only
a local part beyond ASCII needs SMTPUTF8 (RFC 6531).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..wire.text import display
from .encode_words import checked, phrase

__all__ = ["Box", "Boxes", "ascii_domain", "boxes", "named", "written"]

LONGEST_LOCAL = 64
"""Bytes of a local part (RFC 5321 section 4.5.3.1.1)."""

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a0-\U0010ffff"
_ADDRESS = re.compile(
    rf'(?P<local>[{_ATEXT}]+(?:\.[{_ATEXT}]+)*|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*")'
    r"@(?P<domain>\[[A-Za-z0-9.:\-]{1,100}\]|[^\s@<>()\[\]\\,;:\"]{1,400})\Z")
_LABELS = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\Z")
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,"]')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\Z')
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>|[^",;:<]+|.', re.DOTALL)
_DOT_ATOM = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*\Z")

Boxes = Any
"""What an address field is given: a text with one or more addresses, a pair of name and address,
an object that has ``name`` and ``address``, or several of these."""


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox that mail is written to or from.

    Args:
        local: what stands before the "@", quoted where it has to be.
        domain: what stands behind, in ASCII.
        name: of the person; may be empty.
        group: of the list that it was given in; may be empty.

    Example:
        >>> (box,) = boxes("Zoë <zoe@bücher.example>", "to")
        >>> box.address, box.name
        ('zoe@xn--bcher-kva.example', 'Zoë')
    """

    local: str
    domain: str
    name: str = ""
    group: str = ""

    @property
    def address(self) -> str:
        """The address, as the envelope has it."""
        return f"{self.local}@{self.domain}"

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def boxes(given: Boxes, what: str) -> tuple[Box, ...]:
    """Read what the caller gave for an address field.

    Args:
        given: see `Boxes`; None and "" are none.
        what: names it in errors.

    Raises:
        UsageError: it is no address, or could be read as two.

    Example:
        >>> [str(box) for box in boxes(["ann@example.org", ("Bob", "b@example.org")], "to")]
        ['ann@example.org', 'Bob <b@example.org>']
    """
    return tuple(_all(given, what))


def _all(given: Boxes, what: str) -> Iterator[Box]:
    if given is None:
        return
    if isinstance(given, str):
        yield from _texts(checked(given, what), what)
    elif isinstance(given, Box):
        yield given
    elif isinstance(given, tuple) and len(given) == 2 and all(isinstance(x, str) for x in given):
        yield _pair(given, what)
    elif hasattr(given, "addr_spec"):  # email.headerregistry.Address
        yield named(given.display_name, given.addr_spec, what)
    elif hasattr(given, "address") and hasattr(given, "name"):
        yield named(str(given.name or ""), str(given.address), what)
    elif hasattr(given, "addresses") or hasattr(given, "members"):  # a group as it was read
        for one in getattr(given, "addresses", None) or given.members:
            yield from _all(one, what)
    elif isinstance(given, Iterable) and not isinstance(given, bytes):
        for one in given:
            yield from _all(one, what)
    else:
        raise UsageError(f"{what}: {type(given).__name__} is no address",
                         hint='"ann@example.org", "Ann <ann@example.org>", ("Ann", "ann@…"), '
                              "or a list of these")


def _pair(given: tuple[Any, Any], what: str) -> Box:
    """A name and an address; two addresses would be mistaken for that, or that for them."""
    name, address = given
    if "@" in name and _ADDRESS.match(name.strip()):
        raise UsageError(f"{what}: two addresses, or an address whose name looks like one?",
                         hint='several addresses are a list: ["a@example.org", "b@example.org"]')
    return named(name, address, what)


def named(name: str, address: str, what: str) -> Box:
    """One mailbox of a name, which may be anything, and an address.

    Raises:
        UsageError: it cannot be written to.

    Example:
        >>> named("ann@example.org", "list@example.org", "to").address
        'list@example.org'
    """
    return _box(checked(address, what), checked(name, what), what)


def _texts(text: str, what: str) -> Iterator[Box]:
    """The addresses of a text: separated by commas, perhaps in groups."""
    held: list[str] = []
    group = ""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece == '"':
            raise UsageError(f"{what} '{display(text[:200])}': a quote that does not end")
        if piece == ":" and not group:
            group, held = _name("".join(held).strip(), what), []
        elif piece in (",", ";"):
            if "".join(held).strip():
                yield _one("".join(held).strip(), what, group)
            held = []
            group = "" if piece == ";" else group
        else:
            held.append(piece)
    if rest := "".join(held).strip():
        yield _one(rest, what, group)


def _one(text: str, what: str, group: str) -> Box:
    if text.endswith(">") and "<" in text:
        name, _, address = text[:-1].rpartition("<")
        return _box(address.strip(), _name(name.strip(), what), what, group)
    return _box(text, "", what, group)


def _name(text: str, what: str) -> str:
    quoted = _QUOTED.match(text)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1])
    if _SPECIAL.search(text):
        raise UsageError(f"{what} '{display(text)}': a name with such characters must be quoted",
                         hint='give name and address as a pair: ("Lee, Ann", "ann@example.org")')
    return " ".join(text.split())


def _box(address: str, name: str, what: str, group: str = "") -> Box:
    found = _ADDRESS.match(address)
    if found is None:
        raise UsageError(f"{what} '{display(address)}': this is no address",
                         hint="name@domain, or Name <name@domain>")
    local = unicodedata.normalize("NFC", found["local"])
    if local.startswith('"') and _DOT_ATOM.match(local[1:-1]):
        local = local[1:-1]  # quotes that change nothing
    if len(local.encode("utf-8")) > LONGEST_LOCAL:
        raise UsageError(f"{what} '{display(address)}': the part before the @ is longer than "
                         f"{LONGEST_LOCAL} bytes")
    return Box(local, ascii_domain(found["domain"], what), name.strip(), group)


def ascii_domain(domain: str, what: str = "domain") -> str:
    """A domain as the DNS knows it.

    Args:
        domain: in any script, or an address literal.
        what: names it in errors.

    Raises:
        UsageError: there can be no such domain.

    Example:
        >>> ascii_domain("straße.example"), ascii_domain("[192.0.2.1]")
        ('xn--strae-oqa.example', '[192.0.2.1]')
    """
    if domain.startswith("["):
        return domain
    if domain.isascii():
        made = domain
    else:
        import idna

        try:
            made = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise UsageError(f"{what} '{display(domain)}': {display(str(error))}") from None
    if not _LABELS.match(made) or len(made) > 253:
        raise UsageError(f"{what} '{display(domain)}': there can be no such domain")
    return made


def written(given: Iterable[Box], *, utf8: bool = False) -> list[str]:
    """The words of an address field, to be folded.

    Args:
        given: the addresses.
        utf8: whether names may stand there in UTF-8.

    Example:
        >>> written(boxes("Team: ann@example.org, Bob <b@example.org>;", "to"))
        ['Team:', 'ann@example.org,', 'Bob', '<b@example.org>;']
    """
    words: list[str] = []
    group = ""
    for box in given:
        if words:
            words[-1] += ";," if group and box.group != group else ","
        if box.group and box.group != group:
            *first, last = phrase(box.group, utf8=utf8)
            words += [*first, last + ":"]
        group = box.group
        if box.name:
            words += [*phrase(box.name, utf8=utf8), f"<{box.address}>"]
        else:
            words.append(box.address)
    if group:
        words[-1] += ";"
    return words
