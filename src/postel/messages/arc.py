"""ARC: what those who passed a message on saw of its authentication (RFC 8617). Grammar.

A forwarder breaks SPF, and a mailing list breaks DKIM. Each may seal what it saw: a numbered set of
three fields. `verify` checks the chain of seals; whether the sealers are to be believed is for the
reader to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import ProtocolError
from .canonical import Field, canonical_field, divide, fields_of, without_signature
from .dkim import LEAST_BITS, Signature, body_digests, read_common, signed_bytes, unfit
from .dkim_keys import NoKey, fetch_key
from .questions import Asking
from .tags import number, parse_tags

__all__ = ["MOST_SETS", "ARCVerdict", "verify"]

MOST_SETS = 50
"""Sets of one message (section 4.2.1)."""

_RESULTS, _SIGNATURE, _SEAL = ("arc-authentication-results", "arc-message-signature", "arc-seal")
_KINDS = (_RESULTS, _SIGNATURE, _SEAL)
_SIGNATURE_TAGS = ("i", "a", "b", "bh", "d", "s")
_SEAL_TAGS = ("i", "a", "b", "cv", "d", "s")


@dataclass(frozen=True, slots=True)
class ARCVerdict:
    """What became of the chain.

    Args:
        result: ``"none"``: nobody sealed; ``"pass"``, ``"fail"``; ``"temperror"``: a key could not
            be asked for.
        reason: why not; "" for a pass.
        instances: how many sets there are.
        domains: who sealed, the first one first.
        results: what each of them saw, as its ARC-Authentication-Results says.
        oldest_pass: the first set from which on the message was not changed; 0 when all.
    """

    result: Literal["none", "pass", "fail", "temperror"]
    reason: str = ""
    instances: int = 0
    domains: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    oldest_pass: int = 0


@dataclass(frozen=True, slots=True)
class _Set:
    """One instance: its fields, and the tags of those that are signatures."""

    fields: Mapping[str, Field]
    signature: Signature
    seal: Signature
    chain: str


class _Broken(Exception):
    """The chain fails."""

    def __init__(self, reason: str, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


def verify(
    message: bytes | Iterable[bytes], *, least_bits: int = LEAST_BITS
) -> Asking[ARCVerdict]:
    """Verify the chain: a dialogue that asks for keys.

    Args:
        message: whole, or in chunks; its line ends may be CRLF or LF.
        least_bits: RSA keys below this are not accepted.

    Example:
        >>> from postel.messages.questions import offline
        >>> offline(verify(b"From: a@example.org\\r\\n\\r\\nhello"), {}).result
        'none'
    """
    head, body = divide(message)
    fields = fields_of(head)
    mine = [field for field in fields if field.name in _KINDS]
    if not mine:
        return ARCVerdict("none")
    verdict = ARCVerdict("fail")
    try:
        sets = _sets(mine)
        verdict = replace(
            verdict, instances=len(sets), domains=tuple(one.seal.domain for one in sets),
            results=tuple(_text(one.fields[_RESULTS]) for one in sets))
        digests = body_digests({one.signature.body_form for one in sets}, body)
        yield from _check_message(sets[-1], fields, digests, least_bits)
        yield from _check_seals(sets, least_bits)
        oldest = yield from _oldest_pass(sets, fields, digests, least_bits)
    except _Broken as error:
        return replace(verdict, result="temperror" if error.temporary else "fail",
                       reason=str(error))
    return replace(verdict, result="pass", oldest_pass=oldest)


def _text(field: Field) -> str:
    text = field.value.replace(b"\r\n", b"").decode("utf-8", "replace").strip()
    return text.partition(";")[2].strip()


def _sets(mine: list[Field]) -> list[_Set]:
    """The sets in order (section 5.2 steps 1 to 3)."""
    by_number: dict[int, dict[str, Field]] = {}
    for field in mine:
        try:
            instance = _instance(field)
        except ProtocolError as error:
            raise _Broken(f"{field.name}: {error}") from None
        if field.name in by_number.setdefault(instance, {}):
            raise _Broken(f"there are two {field.name} fields of instance {instance}")
        by_number[instance][field.name] = field
    if sorted(by_number) != list(range(1, len(by_number) + 1)):
        raise _Broken("an instance is missing")
    found = [_set(instance, by_number[instance]) for instance in range(1, len(by_number) + 1)]
    if found[-1].chain == "fail":
        raise _Broken("the chain was broken when it came to the last sealer")
    for instance, one in enumerate(found, start=1):
        if one.chain != ("none" if instance == 1 else "pass"):
            raise _Broken(f"instance {instance} says cv={one.chain}")
    return found


def _instance(field: Field) -> int:
    text = field.value.decode("utf-8", "replace")
    if field.name == _RESULTS:
        text = text.partition(";")[0]  # the rest is no list of tags
    instance = number(parse_tags(text).get("i", ""), "i")
    if not 1 <= instance <= MOST_SETS:
        raise ProtocolError(f"i={instance} is not from 1 to {MOST_SETS}")
    return instance


def _set(instance: int, fields: Mapping[str, Field]) -> _Set:
    if missing := [kind for kind in _KINDS if kind not in fields]:
        raise _Broken(f"instance {instance} has no {missing[0]}")
    try:
        signature = _tags(fields[_SIGNATURE], _SIGNATURE_TAGS)
        seal = _tags(fields[_SEAL], _SEAL_TAGS)
        if "h" in seal:
            raise ProtocolError("a seal has no h=")
        found = read_common({"h": "", **signature}, identity=False)
        if _SEAL in found.headers:
            raise ProtocolError("it signs a seal")
        return _Set(fields, found, read_common({**seal, "h": "x", "bh": "",
                                                "c": "relaxed/relaxed"}, identity=False),
                    seal["cv"].lower())
    except ProtocolError as error:
        raise _Broken(f"instance {instance} is broken: {error}") from None


def _tags(field: Field, required: tuple[str, ...]) -> dict[str, str]:
    tags = parse_tags(field.value.decode("utf-8", "replace"))
    if missing := [name for name in required if not tags.get(name)]:
        raise ProtocolError(f"{field.name} has no {missing[0]}=")
    return tags


def _check_message(
    one: _Set, fields: list[Field], digests: Mapping[str, bytes], least_bits: int
) -> Asking[None]:
    """The ARC-Message-Signature of a set, as a DKIM signature (step 4)."""
    mine = one.signature
    if digests[mine.body_form] != mine.body_hash:
        raise _Broken("the body was changed after it was sealed")
    data = signed_bytes(mine, one.fields[_SIGNATURE], fields)
    yield from _check(mine, data, "the message", least_bits)


def _check_seals(sets: list[_Set], least_bits: int) -> Asking[None]:
    """Each seal covers its set and all before it (step 6, section 5.1.1)."""
    before: list[bytes] = []
    for instance, one in enumerate(sets, start=1):
        before += [canonical_field(one.fields[kind], relaxed=True)
                   for kind in (_RESULTS, _SIGNATURE)]
        raw = one.fields[_SEAL].raw
        last = canonical_field(without_signature(raw), relaxed=True)
        yield from _check(one.seal, b"\r\n".join([*before, last]), f"seal {instance}", least_bits)
        before.append(canonical_field(raw, relaxed=True))


def _oldest_pass(
    sets: list[_Set], fields: list[Field], digests: Mapping[str, bytes], least_bits: int
) -> Asking[int]:
    """The instance from which on nothing was changed; 0 for all (step 5)."""
    for instance in range(len(sets) - 1, 0, -1):
        try:
            yield from _check_message(sets[instance - 1], fields, digests, least_bits)
        except _Broken:
            return instance + 1
    return 0


def _check(one: Signature, data: bytes, what: str, least_bits: int) -> Asking[None]:
    if one.algorithm not in ("rsa-sha256", "ed25519-sha256"):
        raise _Broken(f"{what} is signed by an algorithm that is not accepted: "
                      f"{one.algorithm[:40]!a}")
    try:
        key = yield from fetch_key(one.selector, one.domain)
    except NoKey as error:
        raise _Broken(f"{what}: {error}", error.temporary) from None
    if reason := unfit(key, one):
        raise _Broken(f"{what}: {reason}")
    if key.algorithm == "rsa" and 0 < key.bits < least_bits:
        raise _Broken(f"{what}: its key has {key.bits} bits only")
    try:
        good = key.verify(one.signature, data)
    except ProtocolError as error:
        raise _Broken(f"{what}: {error}") from None
    if not good:
        raise _Broken(f"the signature of {what} does not verify")
