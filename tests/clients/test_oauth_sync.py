# GENERATED from test_oauth_async.py by tools/unasync.py: edit that file, not this one.
"""The three ways to tokens, against a server that behaves and against answers that do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oauth_peer import AUTHORITY, HOME, OAuthPeer, browse

from postel import lab
from postel.errors import (
    AuthenticationError,
    NotSupported,
    PostelError,
    ProtocolError,
    TimedOut,
    TryLater,
    UsageError,
)
from postel.mail import oauth_sync as flow
from postel.mail.oauth import App, DeviceCode, Tokens, authorization_url, challenge_of
from postel.mail.oauth_sync import OAuth
from postel.mail.providers import Authority, authority_of
from postel.secrets import Secret

APP = App(AUTHORITY, "postel-test", Secret("not so secret"))
OLD = Tokens(Secret("access-0"), Secret("refresh-0"), datetime(2020, 1, 1, tzinfo=UTC), ("mail",))


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


def oauth(app: App = APP) -> OAuth:
    return OAuth(app, timeout=5.0, least=0.01)


# -- a device --------------------------------------------------------------------------------


def test_a_device(peer: OAuthPeer) -> None:
    peer.waits = 2
    shown: list[DeviceCode] = []
    tokens = oauth().device(shown.append)
    assert (shown[0].user_code, shown[0].url) == ("WDJB-MJHT", f"{HOME}/enter")
    assert tokens.access.reveal() == "access-1"
    assert tokens.fresh(now=datetime.now(UTC))
    assert not tokens.fresh(now=datetime.now(UTC) + timedelta(seconds=3590))
    assert peer.forms[0] == {"scope": "https://mail.lab.test/", "client_id": "postel-test",
                             "client_secret": "not so secret"}
    assert len(peer.forms) == 4
    assert "access-1" not in repr(tokens) + str(tokens) + repr(shown)


def test_a_provider_without_devices(peer: OAuthPeer) -> None:
    google = authority_of("google")
    assert google is not None
    with pytest.raises(NotSupported, match="google has none for mail"):
        oauth(App(google, "x")).device(print)


@pytest.mark.parametrize(("record", "kind", "text"), [
    ({"error": "access_denied"}, AuthenticationError, "the provider says access_denied"),
    ({"error": "expired_token"}, AuthenticationError, "expired_token"),
])
def test_a_device_that_is_refused(
    peer: OAuthPeer, record: dict[str, Any], kind: type[PostelError], text: str
) -> None:
    def answer(code: DeviceCode) -> None:
        peer.script.append((400, b'{"error": "authorization_pending"}'))
        peer.script.append((400, json.dumps(record).encode()))

    with pytest.raises(kind, match=text) as caught:
        oauth().device(answer)
    assert caught.value.hint


@pytest.mark.parametrize(("status", "body", "text"), [
    (200, b'{"device_code": "x"}', "lacks the code or the page"),
    (200, b'{"device_code": "x", "user_code": "y", "verification_uri": "file:///etc/passwd"}',
     "is no page"),
    (200, b"<html>", "no JSON object"), (200, b"[" * 60_000, "no JSON object"),
    (200, b"[1]", "no JSON object"),
    (400, b'{"error": "invalid_client"}', "the provider says invalid_client"),
])
def test_first_answers_that_make_no_sense(
    peer: OAuthPeer, status: int, body: bytes, text: str
) -> None:
    peer.script.append((status, body))
    with pytest.raises(PostelError, match=text):
        oauth().device(print)


# -- the browser of this machine ---------------------------------------------------------------


def test_a_browser(peer: OAuthPeer) -> None:
    answers: list[bytes] = []

    def visit(url: str) -> None:
        assert url.startswith(f"{HOME}/authorize?response_type=code&client_id=postel-test&")
        assert "login_hint=ann%40lab.test" in url
        code = peer.code_for(url)
        browse(url, "GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n",
               "GET /?code=stolen&state=guess HTTP/1.1\r\n\r\n",
               "GET /?code=a&code=b&state={state} HTTP/1.1\r\n\r\n",
               "GET /?code=%zz&state={state} HTTP/1.1\r\n\r\n",
               "POST /?code=x&state={state} HTTP/1.1\r\n\r\n",
               f"GET /?state={{state}}&code={code} HTTP/1.1\r\nHost: x\r\n\r\n", answers=answers)

    tokens = oauth().loopback(visit, address="ann@lab.test")
    assert tokens.access.reveal() == "access-1"
    assert [one.split(b" ")[1] for one in answers] == [b"404"] * 5 + [b"200"][:len(answers) - 5]
    form = peer.forms[-1]
    assert form["redirect_uri"].startswith("http://127.0.0.1:")
    assert len(form["code_verifier"]) >= 43  # RFC 7636 section 4.1


def test_a_connection_that_says_nothing_holds_nobody(
    peer: OAuthPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "_PATIENCE", 0.05)

    def visit(url: str) -> None:
        browse(url, "", f"GET /?state={{state}}&code={peer.code_for(url)} HTTP/1.1\r\n\r\n")

    assert (oauth().loopback(visit)).refresh == Secret("refresh-1")


def test_a_no_on_the_page(peer: OAuthPeer) -> None:
    def visit(url: str) -> None:
        browse(url, "GET /?error=access_denied&error_description=Not+today&state={state} "
                    "HTTP/1.1\r\n\r\n")

    with pytest.raises(AuthenticationError, match="access_denied: Not today"):
        oauth().loopback(visit)


def test_nobody_comes_back(peer: OAuthPeer) -> None:
    with pytest.raises(TimedOut, match="it did not come back in time"):
        oauth().loopback(lambda url: None, patience=0.05)


def test_a_code_without_its_verifier_is_worth_nothing(peer: OAuthPeer) -> None:
    def visit(url: str) -> None:
        code = peer.code_for(url)
        peer.challenges[code] = challenge_of("x" * 43)  # somebody else's
        browse(url, f"GET /?state={{state}}&code={code} HTTP/1.1\r\n\r\n")

    with pytest.raises(AuthenticationError, match=r"invalid_grant: no\\x1b\[2J such code"):
        oauth().loopback(visit)


# -- refresh -----------------------------------------------------------------------------------


def test_a_refresh_that_rotates(peer: OAuthPeer) -> None:
    peer.refresh = "refresh-0"
    tokens = oauth().refresh(OLD)
    assert (tokens.access, tokens.refresh) == (Secret("access-1"), Secret("refresh-1"))
    with pytest.raises(AuthenticationError, match="invalid_grant") as caught:
        oauth().refresh(OLD)
    assert "log in again" in caught.value.hint


def test_a_refresh_that_does_not_rotate(peer: OAuthPeer) -> None:
    peer.script.append((200, b'{"access_token": "new", "token_type": "bearer"}'))
    tokens = oauth().refresh(OLD)
    assert (tokens.refresh, tokens.scope, tokens.expires) == (OLD.refresh, OLD.scope, None)
    assert tokens.fresh(now=datetime.now(UTC))
    with pytest.raises(AuthenticationError, match="gave nothing to do it with"):
        oauth().refresh(Tokens(Secret("x")))


HOSTILE = [
    (200, b'{"access_token": "a\\r\\nb"}', ProtocolError, "no access token"),
    (200, b'{"access_token": 7}', ProtocolError, "no access token"),
    (200, b'{"access_token": "' + b"a" * 20_000 + b'"}', ProtocolError, "no access token"),
    (200, b'{"access_token": "x", "refresh_token": "a b"}', ProtocolError, "refresh token is none"),
    (200, b'{"access_token": "x", "token_type": "mac"}', ProtocolError, "of type mac"),
    (200, b'{"access_token": "x", "scope": "https://mail.lab.test/gmail.modify profile"}',
     AuthenticationError, "mail needs https://mail.lab.test/"),
    (200, b'{"error": "invalid_scope"}', AuthenticationError, "invalid_scope"),
    (500, b"<html>", TryLater, "answers 500"), (429, b'{"error": "slow"}', TryLater, "slow"),
    (302, b"{}", AuthenticationError, "no reason"),
    (200, b"null", ProtocolError, "no JSON object"),
    (200, b'{"access_token": "x", "expires_in": "1e999"}', None, ""),
    (200, b'{"access_token": "x", "expires_in": -5}', None, ""),
    (200, b" " * 100_000, PostelError, "longer than"),
]


@pytest.mark.parametrize(("status", "body", "kind", "text"), HOSTILE)
def test_hostile_answers(
    peer: OAuthPeer, status: int, body: bytes, kind: type[PostelError] | None, text: str
) -> None:
    peer.script.append((status, body))
    if kind is None:
        assert (oauth().refresh(OLD)).expires is not None
        return
    with pytest.raises(kind, match=text):
        oauth().refresh(OLD)


def test_tokens_go_by_tls_alone() -> None:
    with pytest.raises(UsageError, match="is not https"):
        App(Authority("x", "http://a.test/", "https://a.test/"), "id")
    with pytest.raises(UsageError, match="no client_id"):
        App(AUTHORITY, "")


def test_tokens_travel_through_the_keyring() -> None:
    again = Tokens.from_json(json.loads(json.dumps(OLD.to_json())))
    assert again == OLD
    for broken in ({}, {"access": "x"}, {**OLD.to_json(), "expires": "soon"}):
        with pytest.raises(ProtocolError, match="make no sense"):
            Tokens.from_json(broken)


def test_the_page_carries_what_the_provider_wants() -> None:
    google = authority_of("gmail")
    assert google is not None
    url = authorization_url(App(google, "i&d"), redirect="http://127.0.0.1:1/", state="s",
                            challenge="c")
    assert "client_id=i%26d&" in url
    assert url.endswith("&access_type=offline&prompt=consent")
