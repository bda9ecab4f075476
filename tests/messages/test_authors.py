"""Whose domain stands in From, whatever is put around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from postel.messages.authors import author_domains


@pytest.mark.parametrize(("value", "domains"), [
    (b"ann@example.org", ["example.org"]), (b"Ann <ann@Example.ORG>", ["example.org"]),
    (b'"ceo@bank.example" <eve@evil.example>', ["evil.example"]),
    (b"ceo@bank.example <eve@evil.example>", ["evil.example"]),
    (b"(ceo@bank.example) eve@evil.example", ["evil.example"]),
    (b"eve@evil.example (a (nested@x.example) comment)", ["evil.example"]),
    (b"a@one.example, B <b@two.example>", ["one.example", "two.example"]),
    (b"team: a@one.example, b@one.example;", ["one.example"]),
    (b"<@route.example:a@one.example>", ["one.example"]),
    (b'"a@b" @example.org', ["example.org"]), (b'"a b"@example.org', ["example.org"]),
    (b"Ann\r\n <ann@example.org>", ["example.org"]), (b"ann@[192.0.2.1]", ["[192.0.2.1]"]),
    ("ann@b\u00fccher.example".encode(), ["xn--bcher-kva.example"]), (b"ann@example.org.", ["example.org"]),
    (b"nobody", []), (b"", []), (b"<a@one.example", ["one.example"]), (b"undisclosed:;", []),
])
def test_from(value: bytes, domains: list[str]) -> None:
    assert list(author_domains(b"From: " + value + b"\r\n\r\n")) == domains


def test_all_fields_count() -> None:
    raw = b"From: a@one.example\r\nfrom : b@two.example\r\nX-From: c@three.example\r\n\r\nFrom: d@x.example"
    assert author_domains(raw) == ("one.example", "two.example")


@pytest.mark.parametrize("text", [b"(", b"<", b'"', b"\\", b"a@b.c,", b"()", b'"\\'])
def test_time_is_linear(text: bytes, linear: Callable[..., None]) -> None:
    linear(lambda count: author_domains(b"From: " + text * count + b"\r\n\r\n"), 5_000)
