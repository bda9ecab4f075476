"""Canonical forms: the examples of RFC 6376 section 3.4.5, any chunks, any line ends, linear time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

import pytest

from postel.messages.canonical import (
    BodyHash,
    canonical_field,
    divide,
    fields_of,
    select,
    without_signature,
)

EXAMPLE = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"


def digest(relaxed: bool, *chunks: bytes) -> bytes:
    body = BodyHash(relaxed)
    for chunk in chunks:
        body.feed(chunk)
    return body.digest()


def plain(relaxed: bool, body: bytes) -> bytes:
    """The canonical form, line by line as the RFC tells it."""
    lines = body.split(b"\r\n")
    if lines[-1] == b"":
        lines.pop()
    if relaxed:
        lines = [b" ".join(part for part in _runs(line)).rstrip(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if relaxed else b"\r\n"
    return b"\r\n".join(lines) + b"\r\n"


def _runs(line: bytes) -> list[bytes]:
    out, run = [b""], False
    for byte in line:
        if byte in b" \t":
            if not run:
                out.append(b"")
            run = True
        else:
            out[-1] += bytes([byte])
            run = False
    return out


def test_the_examples_of_the_rfc() -> None:
    head, body = divide(EXAMPLE)
    fields = fields_of(head)
    assert [canonical_field(f, True) for f in fields] == [b"a:X", b"b:Y Z"]
    assert [canonical_field(f, False) for f in fields] == [b"A: X", b"B : Y\t\r\n\tZ  "]
    chunks = list(body)
    assert digest(True, *chunks) == hashlib.sha256(b" C\r\nD E\r\n").digest()
    assert digest(False, *chunks) == hashlib.sha256(b" C \r\nD \t E\r\n").digest()


def test_empty_bodies() -> None:
    assert digest(False) == hashlib.sha256(b"\r\n").digest()
    assert digest(True) == hashlib.sha256(b"").digest()
    assert digest(True, b"\r\n \r\n\t\r\n") == hashlib.sha256(b"").digest()
    assert digest(True, b"a") == hashlib.sha256(b"a\r\n").digest()


@pytest.mark.parametrize("relaxed", [False, True])
def test_any_body_in_any_chunks(relaxed: bool) -> None:
    dice = random.Random(6376)
    for _ in range(300):
        body = b"".join(dice.choice([b"\r\n", b" ", b"\t", b"a", b"b c", b"\r\n\r\n"])
                        for _ in range(dice.randrange(30)))
        want = hashlib.sha256(plain(relaxed, body)).digest()
        cuts = sorted(dice.randrange(len(body) + 1) for _ in range(4))
        parts = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        assert digest(relaxed, body) == want, body
        assert digest(relaxed, *parts) == want, parts
        assert digest(relaxed, body.replace(b"\r\n", b"\n")) == want, body


@pytest.mark.parametrize("relaxed", [False, True])
def test_lone_returns_are_text_whatever_the_chunks(relaxed: bool) -> None:
    dice = random.Random(5322)
    for _ in range(300):
        body = b"".join(dice.choice([b"\r", b"\n", b" ", b"a", b"\r\n"])
                        for _ in range(dice.randrange(20)))
        whole = digest(relaxed, body)
        assert digest(relaxed, *(body[n : n + 1] for n in range(len(body)))) == whole, body


@pytest.mark.parametrize("text", [b"\r\n", b" ", b"\r\n\r", b" \r\n", b"\r", b"\n", b"a \t"])
@pytest.mark.parametrize("relaxed", [False, True])
def test_time_is_linear(text: bytes, relaxed: bool, linear: Callable[..., None]) -> None:
    chunk = (text * (65_536 // len(text) + 1))[:65_536]
    linear(lambda size: digest(relaxed, *([chunk] * size)), 4)


def test_heads_in_chunks_and_with_bare_lf() -> None:
    raw = b"From: a\nTo: b\n c\n\nbody\n"
    head, body = divide(raw[n : n + 1] for n in range(len(raw)))
    assert [field.raw for field in fields_of(head)] == [b"From: a", b"To: b\r\n c"]
    assert b"".join(body) == b"body\n"
    head, body = divide(b"\r\nonly a body")
    assert (head, b"".join(body)) == (b"", b"only a body")
    assert divide(b"From: a")[0] == b"From: a"


def test_lines_that_are_no_fields_are_never_signed() -> None:
    fields = fields_of(b"From alice Mon Jan  1 00:00:00 2024\r\nFrom: a\r\njunk\r\nTo : b\r\n")
    assert [field.name for field in fields] == ["", "from", "", "to"]
    assert select(fields, ["", "from", "from"]) == [fields[1]]


def test_the_signature_is_taken_out_and_nothing_else() -> None:
    raw = b"DKIM-Signature: bh=b=; b = ab\r\n c=; d=b"
    assert without_signature(raw) == b"DKIM-Signature: bh=b=; b =; d=b"
