"""Whatever a domain, a provider or a person writes: a value, or an error of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from postel.dns.types import SRV, Answer
from postel.errors import PostelError, ProtocolError, UsageError
from postel.mail.accounts import parse_accounts
from postel.mail.accounts_toml import places
from postel.mail.autoconfig import parse_autoconfig
from postel.mail.discovery_rules import SERVICES, by_mx, from_srv
from postel.mail.discovery_types import split_address
from postel.mail.oauth import App, Tokens, parse_device, parse_redirect, parse_tokens, pending
from postel.mail.post_types import parse_where, summary_of, threads_of
from postel.mail.providers import Authority

NOW = datetime(2026, 11, 21, tzinfo=UTC)
APP = App(Authority("x", "https://a.test/", "https://a.test/", "", ("mail",)), "id")
FILE = b"""<clientConfig version="1.1"><emailProvider id="example.org">
<incomingServer type="imap"><hostname>mail.%EMAILDOMAIN%</hostname><port>993</port>
<socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
<authentication>OAuth2</authentication></incomingServer></emailProvider></clientConfig>"""
TOML = '[accounts.ann]\naddress = "ann@example.org"\nimap = "imaps://mail.example.org"\nname = """\nx"""\n'
VALUES = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9),
                      lambda inner: st.lists(inner, max_size=2), max_leaves=3)
NAMES = st.sampled_from(["access_token", "refresh_token", "token_type", "expires_in", "scope",
                         "error", "error_description", "device_code", "user_code", "interval",
                         "verification_uri", "verification_uri_complete"])


@given(st.integers(0, len(FILE)), st.binary(max_size=20), st.integers(0, 20))
@example(0, b"", 0)
def test_autoconfig(at: int, put: bytes, gone: int) -> None:
    try:
        found = parse_autoconfig(FILE[:at] + put + FILE[at + gone:], "ann@example.org")
    except PostelError:
        return
    for one in found:
        assert one.url.host
        assert "\n" not in one.user


@given(st.sampled_from([200, 302, 400, 401, 429, 500]),
       st.binary(max_size=80) | st.dictionaries(NAMES, VALUES).map(lambda r: json.dumps(r).encode()))
def test_answers_of_a_provider(status: int, body: bytes) -> None:
    pending(status, body)
    try:
        tokens = parse_tokens(status, body, now=NOW, app=APP)
    except PostelError as error:
        assert "\x1b" not in str(error) + error.hint
    else:
        assert tokens.access.reveal().isprintable()
        assert Tokens.from_json(tokens.to_json()) == tokens
    try:
        code = parse_device(status, body, now=NOW)
    except PostelError:
        return
    assert code.expires >= NOW
    assert 0 <= code.interval <= 60


@given(st.text(max_size=80))
@example("state=s&error=access_denied&error_description=%1b%5b2J")
@example("state=s&code=%0d%0a")
def test_what_a_browser_brings(query: str) -> None:
    try:
        code = parse_redirect(query, "s")
    except PostelError as error:
        assert "\x1b" not in str(error)
        return
    assert code is None or "state=s" in query


@given(st.integers(0, len(TOML)), st.text(max_size=20), st.integers(0, 20))
def test_a_file_of_accounts(at: int, put: str, gone: int) -> None:
    text = TOML[:at] + put + TOML[at + gone:]
    places(text)  # whatever it is, it ends
    try:
        found = parse_accounts(text)
    except UsageError as error:
        assert str(error).startswith("accounts.toml")
        return
    assert all(one.address for one in found)


@given(st.text(max_size=60))
@example("imap://[::1]:70000/")
@example("maildir:\0")
def test_where_and_whom(text: str) -> None:
    try:
        assert str(parse_where(text)) is not None
    except UsageError:
        pass
    try:
        address, local, domain = split_address(text)
    except UsageError:
        return
    assert address == f"{local}@{domain}"


@given(st.lists(st.builds(SRV, st.integers(0, 9), st.integers(0, 9), st.integers(0, 65535),
                          st.text(max_size=12)), max_size=4), st.booleans())
def test_what_the_dns_says(records: list[SRV], proved: bool) -> None:
    answer = Answer("x", "SRV", tuple(records), validated=proved)
    found = from_srv("ann@example.org", "example.org", dict.fromkeys(SERVICES, answer))
    assert "\x1b" not in found.why
    for one in found.services:
        assert one.url.host
    by_mx("ann@example.org", "example.org", [one.host for one in records])


@given(st.binary(max_size=200))
def test_headers_of_anybody(header: bytes) -> None:
    one = summary_of("1", header)
    assert [thread.keys for thread in threads_of([one, one])]


def test_protocol_errors_are_what_files_give() -> None:
    for body in (b"", b"\0", FILE[:-9]):
        try:
            parse_autoconfig(body, "ann@example.org")
        except ProtocolError:
            continue
        raise AssertionError(body)
