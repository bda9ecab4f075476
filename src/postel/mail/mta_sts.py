"""MTA-STS: a domain says over HTTPS which servers take its mail, and only by TLS (RFC 8461).

Grammar: the record, the policy, and whether a host is in it. TLSRPT's record (RFC 8460) too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from ..errors import ProtocolError
from ..messages.tags import parse_tags

__all__ = ["LARGEST", "LONGEST_AGE", "Policy", "parse_policy", "parse_record", "parse_tls_reports"]

LARGEST = 65_536
"""Bytes of a policy that is read (section 3.2)."""

LONGEST_AGE = 31_557_600
"""Seconds that a policy may be kept: a year."""

MOST_HOSTS = 200

_MODES = ("enforce", "testing", "none")
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+\Z")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a domain's policy says.

    Args:
        mode: ``"enforce"``: deliver only so; ``"testing"``: deliver, and report; ``"none"``.
        hosts: who may take its mail; ``*.example.org`` is any one label below.
        max_age: seconds that it may be kept.
        id: of the record that announced it.
    """

    mode: Literal["enforce", "testing", "none"]
    hosts: tuple[str, ...]
    max_age: int
    id: str = ""

    def allows(self, host: str) -> bool:
        """Whether *host* may take the mail (section 4.1).

        Example:
            >>> policy = Policy("enforce", ("mx.example.org", "*.mail.example.org"), 86400)
            >>> policy.allows("a.mail.example.org"), policy.allows("mail.example.org")
            (True, False)
        """
        host = host.lower().rstrip(".")
        return host in self.hosts or f"*.{host.partition('.')[2]}" in self.hosts


def parse_record(text: str) -> str | None:
    """The id that the record at ``_mta-sts.DOMAIN`` announces; None where it is none.

    Raises:
        ProtocolError: it is one, and broken.

    Example:
        >>> parse_record("v=STSv1; id=20260101;")
        '20260101'
    """
    if not re.match(r"v\s*=\s*STSv1\s*(?:;|\Z)", text):
        return None
    found = parse_tags(text).get("id", "")
    if not _ID.match(found):
        raise ProtocolError("it has no id= of 1 to 32 letters and digits")
    return found


def parse_tls_reports(text: str) -> tuple[str, ...] | None:
    """Where reports about TLS go, by the record at ``_smtp._tls.DOMAIN``; None where it is none.

    Raises:
        ProtocolError: it is one, and broken.

    Example:
        >>> parse_tls_reports("v=TLSRPTv1; rua=mailto:tls@example.org")
        ('mailto:tls@example.org',)
    """
    if not re.match(r"v\s*=\s*TLSRPTv1\s*(?:;|\Z)", text):
        return None
    places = [one.strip() for one in parse_tags(text).get("rua", "").split(",")]
    if not all(one.startswith(("mailto:", "https://")) for one in places):
        raise ProtocolError("its rua= is neither mailto: nor https:")
    return tuple(places)


def parse_policy(text: str, *, id: str = "") -> Policy:
    """What a policy file says (section 3.2).

    Args:
        text: of ``https://mta-sts.DOMAIN/.well-known/mta-sts.txt``.
        id: of the record.

    Raises:
        ProtocolError: it is broken, so that there is none.

    Example:
        >>> text = "version: STSv1\\nmode: testing\\nmx: mx.example.org\\nmax_age: 86400"
        >>> parse_policy(text).hosts
        ('mx.example.org',)
    """
    if len(text) > LARGEST:
        raise ProtocolError(f"it is longer than {LARGEST} characters")
    fields: dict[str, str] = {}
    hosts: list[str] = []
    for line in re.split(r"\r?\n", text):
        name, colon, value = line.partition(":")
        name, value = name.strip(" \t"), value.strip(" \t")
        if not colon:
            if line.strip():
                raise ProtocolError(f"{line[:60]!a} is no line of a policy")
        elif name == "mx":
            hosts.append(value.lower().rstrip("."))
        else:
            fields.setdefault(name, value)
    if fields.get("version") != "STSv1":
        raise ProtocolError("its version is not STSv1")
    if fields.get("mode") not in _MODES:
        raise ProtocolError("its mode is none of enforce, testing, none")
    age = fields.get("max_age", "")
    if not (age.isascii() and age.isdigit() and len(age) <= 10):
        raise ProtocolError("its max_age is no number of seconds")
    if bad := [host for host in hosts if not _HOST.match(host)]:
        raise ProtocolError(f"mx: {bad[0][:60]!a} is no host")
    if len(hosts) > MOST_HOSTS or (not hosts and fields["mode"] != "none"):
        raise ProtocolError("it names no mx" if not hosts else "it names too many mx")
    mode = cast("Literal['enforce', 'testing', 'none']", fields["mode"])
    return Policy(mode, tuple(hosts), min(int(age), LONGEST_AGE), id)
