"""What people write when they mean an RFC, and where a source may have it. Grammar.

    5321  rfc5321  RFC 05321  std3  BCP 14  10.17487/RFC5321  …/rfc5321.txt  rfc5321#section-4.1

Anything else is a name, for the index to find: see `rank`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from .types import Record

__all__ = ["ERRATA", "INDEXES", "KNOWN", "SOURCES", "Reference", "acronym", "file_names",
           "is_section", "latest", "parse", "rank"]

SOURCES = ("https://www.rfc-editor.org/", "https://www.ietf.org/", "ftp://ftp.rfc-editor.org/")
"""Where RFCs are had from, in this order, if nobody says otherwise."""

INDEXES = ("rfc-index.xml", "rfc/rfc-index.xml", "in-notes/rfc-index.xml",
           "rfc-index.txt", "rfc/rfc-index.txt", "in-notes/rfc-index.txt", "rfc-index.txt.xz")
"""Where a source may have the index."""

ERRATA = ("errata.json", "rfc/errata.json", "in-notes/errata.json")
"""Where a source may have the errata."""

_FOLDERS = ("rfc/", "", "in-notes/")
_LONGEST = 200
_NUMBER = re.compile(
    r"(?:.*/)?(?:10\.17487/)?(?:rfc[\s_-]*)?0*(\d{1,5})(?:\.(?:txt|html|xml|pdf|json))?/?"
    r"(?:#(?:section|appendix)-([\w.]+))?", re.IGNORECASE)
_SERIES = re.compile(r"(?:.*/)?(std|bcp|fyi)[\s_-]*0*(\d{1,5})(?:\.txt)?/?", re.IGNORECASE)
_SECTION = re.compile(
    r"§.*|(?:section|sec\.?|appendix|annex)\b.*|\d{1,3}(?:\.\d{1,3}){0,8}\.?|[A-Z](?:\.\d{1,3})*\.?",
    re.IGNORECASE)


@dataclass(frozen=True)
class Reference:
    """What was asked for: one of number, series and name.

    Args:
        number: of an RFC.
        series: ``"STD3"``, ``"BCP14"``, ``"FYI1"``.
        name: words that the index is searched for.
        section: that the reference itself named.
    """

    number: int | None = None
    series: str = ""
    name: str = ""
    section: str = ""


def parse(text: str | int) -> Reference:
    """What *text* refers to.

    Raises:
        UsageError: nothing can be called that.

    Example:
        >>> parse("RFC 0821").number, parse("bcp 14").series, parse("smtp").name
        (821, 'BCP14', 'smtp')
        >>> parse("https://example.org/rfc/rfc5321.txt#section-4.1")
        Reference(number=5321, series='', name='', section='4.1')
    """
    words = " ".join(str(text).split())
    if not words or len(words) > _LONGEST or not words.isprintable():
        raise UsageError(f"{words[:40]!r}: that is no RFC",
                         hint="a number, std3, bcp14, or a name such as smtp")
    if found := _NUMBER.fullmatch(words):
        if not int(found[1]):
            raise UsageError("RFC 0: there is none", hint="the first is RFC 1")
        return Reference(int(found[1]), section=found[2] or "")
    if found := _SERIES.fullmatch(words):
        return Reference(series=found[1].upper() + found[2])
    if words.lstrip("+-").isdigit():
        raise UsageError(f"RFC {words}: there is none", hint="numbers have at most five digits")
    return Reference(name=words)


def is_section(word: str) -> bool:
    """Whether *word*, behind a reference, can only mean a section.

    Example:
        >>> is_section("4.1.1"), is_section("§4"), is_section("Appendix A"), is_section("transfer")
        (True, True, True, False)
    """
    return _SECTION.fullmatch(word.strip()) is not None


def file_names(number: int) -> tuple[str, ...]:
    """Where a source may have the text of an RFC: unpadded names first.

    Example:
        >>> file_names(9)[:4]
        ('rfc/rfc9.txt', 'rfc9.txt', 'in-notes/rfc9.txt', 'rfc/rfc0009.txt')
    """
    names = dict.fromkeys((f"rfc{number}.txt", f"rfc{number:04d}.txt"))
    return tuple(folder + name for name in names for folder in _FOLDERS)


def acronym(title: str) -> str:
    """The first letters of a title's words.

    Example:
        >>> acronym("Simple Mail Transfer Protocol"), acronym("Post Office Protocol - Version 3")
        ('smtp', 'pop3')
    """
    title = re.sub(r"[ ,-]+version ", " ", title, flags=re.IGNORECASE)
    words = re.findall(r"[A-Za-z]+|\d+", title.partition("(")[0])
    return "".join(word if word.isdigit() else word[0]
                   for word in words if word.lower() not in _SMALL).lower()


_SMALL = {"a", "an", "and", "for", "in", "of", "on", "the", "to", "using", "with"}
_STANDING = {"INTERNET STANDARD": 60, "DRAFT STANDARD": 50, "PROPOSED STANDARD": 45,
             "BEST CURRENT PRACTICE": 40, "INFORMATIONAL": 15, "EXPERIMENTAL": 10}
_EXTRA = re.compile(r"\b(?:extensions?|options?|mib|using|over|considerations|requirements|usage|"
                    r"profile|registry|mapping|update|service|management|benchmarking|for|"
                    r"guidelines|applicability)\b", re.IGNORECASE)

KNOWN = {
    "abnf": 5234, "acme": 8555, "arp": 826, "base64": 4648, "bgp": 4271, "caldav": 4791,
    "carddav": 6352, "cookies": 6265, "csv": 4180, "dhcp": 2131, "dhcpv6": 8415, "dkim": 6376,
    "dmarc": 7489, "dns": 1035, "dnssec": 4033, "doh": 8484, "dot": 7858, "email": 5322,
    "finger": 1288, "ftp": 959, "ftps": 4217, "gopher": 1436, "gzip": 1952, "html": 1866,
    "http": 9110, "http/1.1": 9112, "http/2": 9113, "http/3": 9114, "http2": 9113, "http3": 9114,
    "https": 9110, "icmp": 792, "icalendar": 5545, "idn": 5890, "idna": 5890, "imap": 9051,
    "imap4": 9051, "ip": 791, "ipv4": 791, "ipv6": 8200, "irc": 1459, "iso8601": 3339,
    "json": 8259, "jwt": 7519, "ldap": 4511, "lmtp": 2033, "mail": 5322, "message format": 5322,
    "mime": 2045, "mta-sts": 8461, "must": 2119, "netnews": 5536, "nntp": 3977, "ntp": 5905,
    "oauth": 6749, "oauth2": 6749, "openpgp": 9580, "ospf": 2328, "pem": 7468, "pgp": 9580,
    "pop": 1939, "pop3": 1939, "punycode": 3492, "quic": 9000, "radius": 2865, "robots": 9309,
    "rdap": 9082, "rtp": 3550, "s/mime": 8551, "sasl": 4422, "scram": 5802, "sftp": 913,
    "sieve": 5228, "sip": 3261, "smime": 8551, "smtp": 5321, "snmp": 3411, "spf": 7208,
    "ssh": 4251, "starttls": 3207, "submission": 6409, "syslog": 5424, "tcp": 9293, "telnet": 854,
    "tftp": 1350, "tls": 8446, "udp": 768, "uri": 3986, "url": 3986, "usenet": 5536,
    "utf-8": 3629, "utf8": 3629, "uuid": 9562, "vcard": 6350, "webdav": 4918, "webfinger": 7033,
    "websocket": 6455, "whois": 3912, "x.509": 5280, "x509": 5280, "xmpp": 6120, "yaml": 9512,
}
"""What people call things, where no title says it, with an RFC of each: the index leads on from
there to what took its place."""


def rank(name: str, among: Iterable[Record]) -> list[Record]:
    """The records that *name* may mean, the current standard first.

    Args:
        name: a name (``smtp``), or words of a title.
        among: the records to choose from; all, or those that have its words.

    Example:
        >>> old = Record(821, "Simple Mail Transfer Protocol", obsoleted_by=(5321,))
        >>> new = Record(5321, "Simple Mail Transfer Protocol", status="DRAFT STANDARD")
        >>> [one.number for one in rank("smtp", [old, new])]
        [5321, 821]
    """
    records = {one.number: one for one in among}
    wanted = " ".join(name.lower().split())
    known = latest(KNOWN.get(wanted, 0), records)
    scored = [(_score(wanted, one) + (1_000 if one.number == known else 0), one.number, one)
              for one in records.values()]
    return [one for points, _, one in sorted(scored, key=lambda row: (-row[0], -row[1]))
            if points > 0]


def latest(number: int, records: dict[int, Record]) -> int:
    """Where the line of successors leads; the best of several.

    Example:
        >>> latest(821, {821: Record(821, "a", obsoleted_by=(2821,)), 2821: Record(2821, "a")})
        2821
    """
    seen: set[int] = set()
    while number in records and number not in seen and records[number].obsoleted_by:
        seen.add(number)
        following: Sequence[Record] = [records[one] for one in records[number].obsoleted_by
                                       if one in records]
        if not following:
            break
        title = set(_words(records[number].title))
        number = max(following, key=lambda one: (len(title & set(_words(one.title))),
                                                 _STANDING.get(one.status, 0), -one.number)).number
    return number


def _words(text: str) -> list[str]:
    return re.findall(r"[\w/.+-]*\w", text.lower())


def _score(wanted: str, record: Record) -> float:
    """How well a record fits; 0 where it does not."""
    title = record.title.lower()
    words, asked = _words(title), _words(wanted)
    short = acronym(record.title)
    if title == wanted or short == wanted:
        points = 300.0
    elif f"({wanted})" in title:
        points = 240.0
    elif asked and all(one in words for one in asked):
        points = 160.0 if words[: len(asked)] == asked else 110.0
    elif asked and any(wanted == one.lower() for one in record.keywords):
        points = 100.0
    elif asked and all(any(word.startswith(one) for word in words) for one in asked):
        points = 60.0
    else:
        return 0.0
    points += _STANDING.get(record.status, 0)
    points += 40 if any(one.startswith("STD") for one in record.also) else 0
    points -= 150 if record.obsoleted_by else 0
    points -= 120 if record.status == "HISTORIC" else 0
    points -= 30 * len(_EXTRA.findall(record.title))
    return max(points - len(words), 1.0)
