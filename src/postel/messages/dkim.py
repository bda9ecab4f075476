"""DKIM: who vouches for a message (RFC 6376, 8301, 8463, 8616). Grammar.

`verify` is a dialogue that asks the DNS for keys; `postel.mail` drives it, `questions.offline` too.
What is never accepted: SHA-1 and RSA below 1024 bits (RFC 8301), and ``l=``, which leaves room
behind the signed text for anybody's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ..errors import ProtocolError
from .canonical import (
    BodyHash,
    Field,
    canonical_field,
    divide,
    fields_of,
    select,
    without_signature,
)
from .dkim_keys import Key, NoKey, fetch_key
from .questions import Asking
from .tags import decode, number, parse_tags

__all__ = ["LEAST_BITS", "MOST_SIGNATURES", "Result", "Signature", "Verdict", "parse_signature",
           "verify"]

MOST_SIGNATURES = 10
"""Signatures of one message that are verified; each costs a question and some arithmetic."""

LEAST_BITS = 1024
"""Of an RSA key (RFC 8301 section 3.2)."""

_SKEW = 3_600
"""Seconds that a signer's clock may be ahead."""

Result = Literal["pass", "fail", "policy", "neutral", "temperror", "permerror"]

_ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_FORMS = ("simple", "relaxed")
_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a DKIM-Signature field says.

    Args:
        algorithm: ``"rsa-sha256"``, ``"ed25519-sha256"``, or one that is refused.
        domain: who vouches (d=).
        selector: which of its keys (s=).
        identity: on whose behalf (i=).
        headers: the names that are signed, lower case (h=).
        header_form: ``"simple"`` or ``"relaxed"``.
        body_form: the same for the body.
        body_hash: decoded (bh=).
        signature: decoded (b=).
        signed: when, in seconds since 1970; None where it does not say (t=).
        expires: until when; None: for ever (x=).
        length: bytes of the body that are signed; None: all (l=).
    """

    algorithm: str
    domain: str
    selector: str
    identity: str
    headers: tuple[str, ...]
    header_form: str
    body_form: str
    body_hash: bytes
    signature: bytes
    signed: int | None = None
    expires: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one signature; `result` is a word of RFC 8601 section 2.7.1.

    Args:
        result: ``"pass"``: the domain vouches for the message; everything else does not count.
        reason: why not; "" for a pass.
        domain: who is said to vouch; "" where it cannot be read.
        selector: of the key.
        identity: the agent or user (i=).
        algorithm: of the signature.
        headers: the names that are signed.
        bits: length of the key, where it was found.
        testing: the domain says that it is only trying (``t=y``).
    """

    result: Result
    reason: str = ""
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    headers: tuple[str, ...] = ()
    bits: int = 0
    testing: bool = False

    def __str__(self) -> str:
        what = f"dkim={self.result}" + (f" ({self.reason})" if self.reason else "")
        return what + (f" header.d={self.domain} header.s={self.selector}" if self.domain else "")


def parse_signature(value: bytes | str) -> Signature:
    """What the value of a DKIM-Signature field says.

    Raises:
        ProtocolError: it is broken: something is missing, doubled, or contradicts itself.

    Example:
        >>> found = parse_signature("v=1; a=rsa-sha256; d=a.org; s=x; h=From:To; bh=YQ==; b=Yg==")
        >>> found.domain, found.headers
        ('a.org', ('from', 'to'))
    """
    tags = parse_tags(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)
    if missing := [name for name in _REQUIRED if not tags.get(name)]:
        raise ProtocolError(f"it has no {missing[0]}=")
    if tags["v"] != "1":
        raise ProtocolError("its v= is not 1")
    found = read_common(tags, identity=True)
    if "from" not in found.headers:
        raise ProtocolError("it does not sign From")
    if found.expires is not None and found.signed is not None and found.expires <= found.signed:
        raise ProtocolError("it expires before it was made")
    if "dns/txt" not in re.split(r"[ \t\r\n:]+", tags.get("q", "dns/txt").lower()):
        raise ProtocolError("its key is not asked for in the DNS")
    return found


def read_common(tags: Mapping[str, str], *, identity: bool) -> Signature:
    """What DKIM-Signature and ARC-Message-Signature have in common (RFC 8617 section 4.1.2).

    Args:
        tags: those of the field, with all that are required.
        identity: whether ``i=`` is an identity, and not an instance.

    Raises:
        ProtocolError: one of them is broken.
    """
    domain = _a_labels(tags["d"])
    selector = _a_labels(tags["s"])
    who = tags.get("i", f"@{domain}") if identity else f"@{domain}"
    place = _a_labels(who.rpartition("@")[2])
    if "@" not in who or not (place == domain or place.endswith(f".{domain}")):
        raise ProtocolError("its i= is not of the domain in d=")
    header, _, body = tags.get("c", "simple/simple").lower().partition("/")
    if header not in _FORMS or (body or "simple") not in _FORMS:
        raise ProtocolError("its c= is not known")
    names = tuple(name.strip(" \t\r\n").lower() for name in tags["h"].split(":"))
    if identity and not all(names):
        raise ProtocolError("its h= has an empty name")
    return Signature(
        tags["a"].lower(), domain, selector, who, names, header, body or "simple",
        decode(tags["bh"], "bh"), decode(tags["b"], "b"),
        number(tags["t"], "t") if "t" in tags else None,
        number(tags["x"], "x") if "x" in tags else None,
        number(tags["l"], "l") if "l" in tags else None)


def _a_labels(name: str) -> str:
    try:
        name = ".".join(label if label.isascii() else label.encode("idna").decode("ascii")
                        for label in name.strip().removesuffix(".").split("."))
    except UnicodeError:
        name = ""
    if not _DOMAIN.match(name) or len(name) > 253:
        raise ProtocolError("a name in it is no domain name")
    return name.lower()


def verify(
    message: bytes | Iterable[bytes],
    *,
    now: int,
    least_bits: int = LEAST_BITS,
    most: int = MOST_SIGNATURES,
) -> Asking[tuple[Verdict, ...]]:
    """Verify every signature of a message: a dialogue that asks for keys.

    Args:
        message: whole, or in chunks; its line ends may be CRLF or LF.
        now: seconds since 1970.
        least_bits: RSA keys below this are not accepted.
        most: signatures that are looked at; the rest is refused.

    Returns:
        A verdict for each DKIM-Signature, from the top; none where nobody signed.

    Example:
        >>> from postel.messages.questions import offline
        >>> offline(verify(b"From: a@example.org\\r\\n\\r\\nhello", now=0), {})
        ()
    """
    head, body = divide(message)
    fields = fields_of(head)
    mine = [field for field in fields if field.name == "dkim-signature"]
    read = [_read(field, now) for field in mine[:most]]
    wanted = {one.body_form for one in read if isinstance(one, Signature)}
    digests = body_digests(wanted, body)
    verdicts: list[Verdict] = []
    for field, one in zip(mine, read, strict=False):
        if isinstance(one, Verdict):
            verdicts.append(one)
        else:
            verdicts.append((yield from _verify(one, field, fields, digests, least_bits)))
    rest = Verdict("policy", f"only {most} signatures are looked at")
    verdicts += [rest] * (len(mine) - len(read))
    return tuple(verdicts)


def body_digests(forms: Iterable[str], body: Iterable[bytes]) -> dict[str, bytes]:
    """The hash of the body in each of the canonical forms, in one pass."""
    hashes = {form: BodyHash(form == "relaxed") for form in forms}
    for chunk in body if hashes else ():
        for one in hashes.values():
            one.feed(chunk)
    return {form: one.digest() for form, one in hashes.items()}


def _read(field: Field, now: int) -> Signature | Verdict:
    """The signature of *field*, or why it is out of the question."""
    try:
        one = parse_signature(field.value)
    except ProtocolError as error:
        return Verdict("permerror", f"the signature is broken: {error}")
    if one.algorithm == "rsa-sha1":
        return _verdict(one, "policy", "it is made with SHA-1, which proves nothing (RFC 8301)")
    if one.algorithm not in _ALGORITHMS:
        return _verdict(one, "permerror", f"its algorithm is not known: {one.algorithm[:40]!a}")
    if one.length is not None:
        return _verdict(one, "policy", "it signs a part of the body only (l=)")
    if one.expires is not None and now > one.expires:
        return _verdict(one, "fail", "it has expired")
    if one.signed is not None and one.signed > now + _SKEW:
        return _verdict(one, "fail", "it was made in the future: one of the clocks is wrong")
    return one


def _verdict(one: Signature, result: Result, reason: str = "", key: Key | None = None) -> Verdict:
    return Verdict(result, reason, one.domain, one.selector, one.identity, one.algorithm,
                   one.headers, 0 if key is None else key.bits, key is not None and key.testing)


def _verify(
    one: Signature, field: Field, fields: list[Field], digests: Mapping[str, bytes],
    least_bits: int,
) -> Asking[Verdict]:
    if digests[one.body_form] != one.body_hash:
        return _verdict(one, "fail", "the body was changed")
    try:
        key = yield from fetch_key(one.selector, one.domain)
    except NoKey as error:
        return _verdict(one, "temperror" if error.temporary else "permerror", str(error))
    if reason := unfit(key, one):
        return _verdict(one, "permerror", reason, key)
    if key.algorithm == "rsa" and 0 < key.bits < least_bits:
        return _verdict(one, "policy", f"its key has {key.bits} bits only", key)
    try:
        good = key.verify(one.signature, signed_bytes(one, field, fields))
    except ProtocolError as error:
        return _verdict(one, "permerror", str(error), key)
    if not good:
        return _verdict(one, "fail", "the signed header fields were changed, or the key was", key)
    return _verdict(one, "pass", "", key)


def unfit(key: Key, one: Signature) -> str:
    """Why *key* is not one for the signature; "" where it is."""
    if key.algorithm != _ALGORITHMS.get(one.algorithm):
        return f"its key is for {key.algorithm[:20]!a}, and not for {one.algorithm}"
    if not {"*", "email"} & set(key.services):
        return "its key is not for mail (s=)"
    if key.hashes and "sha256" not in key.hashes:
        return "its key is not for SHA-256 (h=)"
    if key.strict and one.identity.rpartition("@")[2].lower() != one.domain:
        return "its key is not for names below the domain (t=s)"
    return ""


def signed_bytes(one: Signature, field: Field, fields: list[Field]) -> bytes:
    """The header fields as they were signed, the signature's own last and without its value."""
    relaxed = one.header_form == "relaxed"
    others = [other for other in fields if other is not field]
    parts = [canonical_field(each, relaxed) for each in select(others, one.headers)]
    return b"\r\n".join([*parts, canonical_field(without_signature(field.raw), relaxed)])
