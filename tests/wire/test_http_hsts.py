"""Hosts that want TLS (RFC 6797)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postel.http import hsts
from postel.http.hsts import Hosts, Policy, policy
from postel.urls import parse as url

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
YEAR = "max-age=31536000"


@pytest.mark.parametrize(("text", "expected"), [
    ("max-age=60", Policy(60)), ('Max-Age="60"', Policy(60)), ("max-age=0", Policy(0)),
    (" ; max-age = 60 ; includesubdomains ;", Policy(60, True)),
    ("max-age=60; preload; other=x", Policy(60)),
    ("max-age=" + "9" * 50, Policy(3650 * 86400)),
    ("", None), ("max-age", None), ("max-age=-1", None), ("max-age=1 0", None), ("max-age=x", None),
    ("max-age=1; max-age=2", None), ("includeSubDomains", None), ("max-age=٣", None),
    ("max-age=1; includeSubDomains=yes", None),
])
def test_the_field(text: str, expected: Policy | None) -> None:
    assert policy(text) == expected


def test_http_becomes_https() -> None:
    known = Hosts()
    known.note(url("https://example.org/"), YEAR, now=NOW)
    known.note(url("https://all.example/"), YEAR + "; includeSubDomains", now=NOW)
    for given, asked in (
        ("http://example.org/a?b#c", "https://example.org/a?b#c"),
        ("http://example.org:80/", "https://example.org/"),
        ("http://example.org:8080/", "https://example.org:8080/"),
        ("http://example.org./", "https://example.org./"),
        ("http://www.example.org/", "http://www.example.org/"),
        ("http://www.all.example/", "https://www.all.example/"),
        ("http://small.example/", "http://small.example/"),
        ("http://ball.example/", "http://ball.example/"),
        ("https://example.org/", "https://example.org/"),
        ("ftp://example.org/", "ftp://example.org/"),
    ):
        assert str(known.secured(url(given), now=NOW)) == asked


def test_it_ends_and_can_be_taken_back() -> None:
    known = Hosts()
    known.note(url("https://example.org/"), "max-age=60", now=NOW)
    assert known.known("example.org", now=NOW + timedelta(seconds=59))
    assert not known.known("example.org", now=NOW + timedelta(seconds=60))
    known.note(url("https://example.org/"), "max-age=0", now=NOW)
    assert len(known) == 0


@pytest.mark.parametrize("place", ["http://example.org/", "https://192.0.2.1/", "https://[::1]/"])
def test_not_without_tls_and_not_for_addresses(place: str) -> None:
    known = Hosts()
    known.note(url(place), YEAR, now=NOW)
    known.note(url("https://example.org/"), "broken", now=NOW)
    assert len(known) == 0
    assert not known.known(url(place).host, now=NOW)


def test_the_file() -> None:
    known = Hosts()
    known.note(url("https://example.org/"), "max-age=3600", now=NOW)
    known.note(url("https://all.example/"), "max-age=3600; includeSubDomains", now=NOW)
    known.note(url("https://old.example/"), "max-age=1", now=NOW - timedelta(days=1))
    text = known.text(now=NOW)
    assert text.splitlines()[1:] == ['.all.example "20261121 09:00:00"', 'example.org "20261121 09:00:00"']
    again = Hosts()
    again.load(text + '\n# x\n.ever.example "unlimited"\nbad "20269999 09:00:00"\nx y\n192.0.2.1 "unlimited"\n')
    assert len(again) == 3
    assert again.known("x.ever.example", now=NOW + timedelta(days=9999))
    assert '.ever.example "unlimited"' in again.text(now=NOW)


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hsts, "MOST_HOSTS", 3)
    known = Hosts()
    for number in range(5):
        known.note(url(f"https://h{number}.example/"), f"max-age={100 + number}", now=NOW)
    assert [known.known(f"h{number}.example", now=NOW) for number in range(5)] == [False] * 2 + [True] * 3
    known.load("".join(f'n{number}.example "unlimited"\n' for number in range(9)))
    assert len(known) == 4
