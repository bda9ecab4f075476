# GENERATED from test_credentials_async.py by tools/unasync.py: edit that file, not this one.
"""Passwords and tokens of an account: where they come from, and where they never go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oauth_peer import HOME, OAuthPeer, browse

from postel import lab
from postel.errors import AuthenticationError, ProtocolError, UsageError
from postel.mail.accounts import Account, parse_accounts
from postel.mail.credentials_sync import Credentials
from postel.secrets import Secret
from postel.urls import parse

PLAIN = """
[accounts.ann]
address = "ann@lab.test"
imap = "imaps://ann@imap.lab.test/"
smtp = "smtps://ann@smtp.lab.test/"
ca = "ca.pem"
proxy = "none"
timeout = 9
"""
BY_COMMAND = PLAIN + 'password_command = ["printf", "hunter2"]\n'
BY_OAUTH = PLAIN.replace('ca = "ca.pem"\n', "") + f"""
[accounts.ann.oauth]
provider = "lab"
client_id = "postel-test"
client_secret_command = ["printf", "shared"]
authorize = "{HOME}/authorize"
token = "{HOME}/token"
device = "{HOME}/device"
scopes = ["https://mail.lab.test/"]
"""
SERVER = parse("imaps://ann@imap.lab.test/")


class Memory:
    """A place for keys that forgets."""

    name = "memory"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get(self, place: str, user: str) -> Secret | None:
        found = self.kept.get((place, user))
        return None if found is None else Secret(found)

    def put(self, place: str, user: str, secret: Secret) -> None:
        self.kept[place, user] = secret.reveal()

    def remove(self, place: str, user: str) -> bool:
        return self.kept.pop((place, user), None) is not None


def account(text: str) -> Account:
    return parse_accounts(text)["ann"]


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with lab.start("http") as here:
        here.also_known_as("oauth.lab.test", "http")
        yield here


@pytest.fixture
def peer(running: Any) -> Iterator[OAuthPeer]:
    peer = OAuthPeer()
    running.http.mount(peer, "/")
    yield peer
    running.http.unmount("/")


def test_a_password_by_command() -> None:
    ann = Credentials(account(BY_COMMAND))
    found = ann.settings(SERVER)
    assert found["password"] == Secret("hunter2")
    assert (found["proxy"], found["timeout"], found["tls"].ca) == ("none", 9.0, "ca.pem")
    assert "auth" not in found
    assert "hunter2" not in repr(found)


def test_a_password_that_is_kept() -> None:
    keys = Memory()
    ann = Credentials(account(PLAIN), lambda: keys)
    with pytest.raises(AuthenticationError, match="no password for it") as caught:
        ann.secret(SERVER)
    assert caught.value.hint == "keep it: postel mail accounts login ann"
    ann.keep(SERVER, Secret("hunter2"))
    again = Credentials(account(PLAIN), lambda: keys)
    assert again.secret(SERVER) == Secret("hunter2")
    elsewhere = parse("imaps://ann@evil.test/")
    with pytest.raises(AuthenticationError):  # another host has no part in it
        again.secret(elsewhere)
    assert again.forget() == 1
    assert keys.kept == {}


def test_a_password_that_is_asked_for() -> None:
    asked: list[str] = []

    def ask(url: Any) -> Secret:
        asked.append(str(url))
        return Secret("typed")

    ann = Credentials(account(PLAIN), Memory, ask=ask)
    assert ann.secret(SERVER) == ann.secret(SERVER) == Secret("typed")
    assert asked == ["imaps://ann@imap.lab.test/"]


def test_tokens_are_kept_and_refreshed(peer: OAuthPeer) -> None:
    keys = Memory()
    ann = Credentials(account(BY_OAUTH), lambda: keys, timeout=5.0)
    with pytest.raises(AuthenticationError, match="there is no token"):
        ann.settings(SERVER)
    ann.log_in(visit=lambda url: browse(
        url, f"GET /?state={{state}}&code={peer.code_for(url)} HTTP/1.1\r\n\r\n"))
    assert peer.forms[-1]["client_secret"] == "shared"
    found = ann.settings(SERVER)
    assert (found["password"], found["auth"]) == (Secret("access-1"), "XOAUTH2")
    [place] = keys.kept
    assert place == ("oauth:lab", "ann@lab.test")
    soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    keys.kept[place] = _aged(keys.kept[place], soon)
    assert ann.secret(SERVER) == Secret("access-2")
    assert "refresh-2" in keys.kept[place]
    assert ann.secret(SERVER) == Secret("access-2")
    assert len(peer.forms) == 2


def _aged(record: str, until: str) -> str:
    import json

    return json.dumps({**json.loads(record), "expires": until})


def test_a_token_goes_to_no_other_host(peer: OAuthPeer) -> None:
    keys = Memory()
    ann = Credentials(account(BY_OAUTH), lambda: keys)
    ann.log_in(visit=lambda url: browse(
        url, f"GET /?state={{state}}&code={peer.code_for(url)} HTTP/1.1\r\n\r\n"))
    moved = account(BY_OAUTH.replace("imap.lab.test", "evil.test"))
    assert moved.imap is not None
    with pytest.raises(AuthenticationError, match=r"the token was given for imap.lab.test, smtp"):
        Credentials(moved, lambda: keys).secret(moved.imap)


def test_two_programs_that_refresh_at_once(peer: OAuthPeer) -> None:
    """Who comes second is refused, and takes what the first has written down."""
    keys = Memory()
    ann = Credentials(account(BY_OAUTH), lambda: keys)
    ann.log_in(visit=lambda url: browse(
        url, f"GET /?state={{state}}&code={peer.code_for(url)} HTTP/1.1\r\n\r\n"))
    [place] = keys.kept
    newer = keys.kept[place].replace("access-1", "access-9").replace("refresh-1", "refresh-9")
    old = _aged(keys.kept[place], "2020-01-01T00:00:00+00:00")
    answers = iter([old, newer])
    keys.get = lambda place, user: Secret(next(answers))  # type: ignore[method-assign]
    peer.refresh = "refresh-9"
    assert ann.secret(SERVER) == Secret("access-9")
    answers = iter([old, old])
    with pytest.raises(AuthenticationError, match="invalid_grant"):
        ann.secret(SERVER)


def test_what_makes_no_sense(peer: OAuthPeer) -> None:
    keys = Memory()
    ann = Credentials(account(BY_OAUTH), lambda: keys)
    for broken in ("x", "[]", '{"hosts": ["imap.lab.test"]}'):
        keys.kept["oauth:lab", "ann@lab.test"] = broken
        with pytest.raises(ProtocolError, match="make no sense"):
            ann.secret(SERVER)
    with pytest.raises(UsageError, match="neither a browser nor a device"):
        ann.log_in()
    with pytest.raises(UsageError, match="it has no oauth table"):
        Credentials(account(PLAIN)).log_in(visit=print)
    with pytest.raises(UsageError, match="was not told where they are"):
        Credentials(account(PLAIN)).keep(SERVER, Secret("x"))


def test_by_a_device(peer: OAuthPeer) -> None:
    keys = Memory()
    shown: list[object] = []
    ann = Credentials(account(BY_OAUTH), lambda: keys)
    peer.script.append((400, b'{"error": "invalid_client"}'))
    with pytest.raises(AuthenticationError, match="invalid_client"):
        ann.log_in(show=shown.append)
    assert not keys.kept
