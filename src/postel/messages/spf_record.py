"""The record of SPF (RFC 7208 4.5, 4.6, 7): its terms, and the macros in them. Grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from ..errors import ProtocolError

__all__ = ["LONGEST", "MOST_TERMS", "Policy", "Term", "check_macros", "expand", "is_record",
           "parse_record"]

LONGEST = 65_536
"""Characters of a record that is read."""

MOST_TERMS = 500
"""Terms of one record."""

_TERM = re.compile(r"([+?~-]?)([a-z][a-z0-9_.-]*)(?:([:=/])(.*))?\Z", re.IGNORECASE | re.DOTALL)
_CIDR = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_MACRO = re.compile(r"%\{([slodiphcrtv])(\d*)(r?)([.\-+,/_=]*)\}|%([%_-])", re.IGNORECASE)
_LITERAL = re.compile(r"[\x21-\x24\x26-\x7e]*\Z")
_EXPLAINED = re.compile(r"[\x20-\x24\x26-\x7e]*\Z")
_TOP = re.compile(r"\.(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?\Z", re.IGNORECASE)
_QUALIFIERS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_NEEDS_DOMAIN, _MAY_HAVE_DOMAIN = ("include", "exists"), ("a", "mx", "ptr")
_UNSAFE = re.compile(r"[^A-Za-z0-9._~-]")


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism.

    Args:
        name: ``"all"``, ``"include"``, ``"a"``, ``"mx"``, ``"ptr"``, ``"ip4"``, ``"ip6"`` or
            ``"exists"``.
        result: what a match means.
        domain: what it is about, with macros; "" for the domain itself.
        cidr4: bits of an IPv4 address that must agree.
        cidr6: bits of an IPv6 address.
        network: of ``ip4`` and ``ip6``.
    """

    name: str
    result: str
    domain: str = ""
    cidr4: int = 32
    cidr6: int = 128
    network: IPv4Network | IPv6Network | None = None

    def __str__(self) -> str:
        about = f":{self.domain or self.network}" if self.domain or self.network else ""
        return self.name + about


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole record.

    Args:
        terms: the mechanisms in order.
        redirect: whose record is used where none matches; "" for none.
        explanation: where the words for a failure are; "" for none.
    """

    terms: tuple[Term, ...]
    redirect: str = ""
    explanation: str = ""


def is_record(text: str) -> bool:
    """Whether a TXT record is one of SPF.

    Example:
        >>> is_record("v=spf1 -all"), is_record("v=spf10 -all")
        (True, False)
    """
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def parse_record(text: str) -> Policy:
    """What a record says.

    Raises:
        ProtocolError: it is broken, wherever that is: then none of it counts (section 4.6).

    Example:
        >>> [str(term) for term in parse_record("v=spf1 mx ip4:192.0.2.0/24 -all").terms]
        ['mx', 'ip4:192.0.2.0/24', 'all']
    """
    if not is_record(text):
        raise ProtocolError("it does not begin with v=spf1")
    if not text.isascii() or len(text) > LONGEST:
        raise ProtocolError("it is too long, or holds what is not ASCII")
    words = [word for word in text[6:].split(" ") if word]
    if len(words) > MOST_TERMS:
        raise ProtocolError(f"it has {len(words)} terms")
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in words:
        found = _TERM.match(word)
        if found is None:
            raise ProtocolError(f"{word[:60]!a} is no term")
        sign, name, mark, value = found[1], found[2].lower(), found[3] or "", found[4] or ""
        if mark == "=" and not sign:
            _modifier(name, value, modifiers)
        else:
            terms.append(_mechanism(word, _QUALIFIERS[sign], name, mark, value))
    return Policy(tuple(terms), modifiers.get("redirect", ""), modifiers.get("exp", ""))


def _modifier(name: str, value: str, modifiers: dict[str, str]) -> None:
    if name in ("redirect", "exp"):
        if name in modifiers:
            raise ProtocolError(f"{name}= is there twice")
        _check_domain(value)
        modifiers[name] = value
    else:
        check_macros(value)  # an unknown one means nothing, but it must be well-formed


def _mechanism(word: str, result: str, name: str, mark: str, value: str) -> Term:
    if name == "all" and not mark:
        return Term("all", result)
    if name in ("ip4", "ip6") and mark == ":":
        return Term(name, result, network=_network(name, value))
    if name in _NEEDS_DOMAIN and mark == ":":
        _check_domain(value)
        return Term(name, result, value)
    if name in _MAY_HAVE_DOMAIN and mark != "=":
        rest = f"/{value}" if mark == "/" else value
        if mark == ":" and not value:
            raise ProtocolError(f"{word[:60]!a} names no domain")
        cidr = _CIDR.search(rest) if name != "ptr" else None
        domain = rest[: cidr.start()] if cidr else rest
        if domain or mark == ":":
            if mark == "/":
                raise ProtocolError(f"{word[:60]!a} has no length that is one")
            _check_domain(domain)
        four, six = (int(cidr[1] or 32), int(cidr[2] or 128)) if cidr else (32, 128)
        four, six = _bits(cidr, four, six)
        return Term(name, result, domain, four, six)
    raise ProtocolError(f"{word[:60]!a} is no mechanism")


def _bits(cidr: re.Match[str] | None, four: int, six: int) -> tuple[int, int]:
    if cidr is not None:
        four = 32 if cidr[1] is None else int(cidr[1])
        six = 128 if cidr[2] is None else int(cidr[2])
    if four > 32 or six > 128:
        raise ProtocolError("a length is longer than an address")
    return four, six


def _network(name: str, value: str) -> IPv4Network | IPv6Network:
    address, slash, bits = value.partition("/")
    kind = IPv4Network if name == "ip4" else IPv6Network
    try:
        if "%" in address or (slash and not re.fullmatch("0|[1-9][0-9]{0,2}", bits)):
            raise ValueError
        found = ip_network(value, strict=False)
    except ValueError:
        raise ProtocolError(f"{name}:{value[:60]!a} is no network") from None
    if not isinstance(found, kind):
        raise ProtocolError(f"{name}:{value[:60]!a} is of the other family")
    return found


def _check_domain(text: str) -> None:
    """A domain-spec: macros, and an end that can be one of a name (section 7.1).

    Raises:
        ProtocolError: it is none.
    """
    check_macros(text)
    last = None
    for last in _MACRO.finditer(text):  # noqa: B007 - the last one is wanted
        pass
    if not (last is not None and last.end() == len(text)) and not _TOP.search(text):
        raise ProtocolError(f"{text[:60]!a} is no domain")


def check_macros(text: str, *, explained: bool = False) -> None:
    """Whether the macros of *text* are well-formed.

    Args:
        text: a macro-string.
        explained: whether it is an explanation, which may hold spaces and c, r and t.

    Raises:
        ProtocolError: one is not.
    """
    literal = _MACRO.sub("", text)
    if not (_EXPLAINED if explained else _LITERAL).match(literal):
        raise ProtocolError(f"{text[:60]!a} has a macro that is none")
    for found in _MACRO.finditer(text):
        letter, digits = (found[1] or "").lower(), found[2]
        if letter and letter in "crt" and not explained:
            raise ProtocolError(f"the macro %{{{letter}}} is for explanations alone")
        if digits and not 0 < int(digits[:4]) < 1_000:
            raise ProtocolError("a macro that keeps no part")


def expand(text: str, values: dict[str, str]) -> str:
    """*text* with its macros replaced (section 7.3).

    Args:
        text: as `check_macros` passed it.
        values: of the letters, lower case.

    Example:
        >>> expand("%{ir}.%{v}.%{d2}", {"i": "192.0.2.3", "v": "in-addr", "d": "a.b.example.org"})
        '3.2.0.192.in-addr.example.org'
    """
    return _MACRO.sub(lambda found: _replaced(found, values), text)


def _replaced(found: re.Match[str], values: dict[str, str]) -> str:
    if found[5]:
        return {"%": "%", "_": " ", "-": "%20"}[found[5]]
    value = values.get(found[1].lower(), "")
    if found[2] or found[3] or found[4]:
        parts = _splitter(found[4] or ".").split(value)
        parts = parts[::-1] if found[3] else parts
        value = ".".join(parts[-int(found[2]) :] if found[2] else parts)
    if found[1].isupper():
        value = _UNSAFE.sub(lambda one: "".join(f"%{byte:02X}" for byte in one[0].encode()), value)
    return value


@cache
def _splitter(delimiters: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(set(delimiters))))}]")
