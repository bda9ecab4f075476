# GENERATED from test_http_steps_async.py by tools/unasync.py: edit that file, not this one.
"""What one step of a call must not leave to the next: deadlines, tries to log in, hosts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from http_peer import Asked, HTTPPeer, answer, ok

from postel import lab
from postel.http import responses_sync
from postel.http.client_sync import Client


def test_draining_a_redirect_leaves_the_next_step_its_time(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_sync, "_PATIENCE", 0.05)

    def slow(asked: Asked) -> bytes:
        if asked.target == "/":
            return answer("302 There", b"a body to drain", Location="/slow")
        time.sleep(0.3)
        return ok()

    with HTTPPeer(slow) as peer:
        with Client(peer.url, timeout=5) as web:
            assert (web.get("/")).content == b"hello"


def test_a_proxy_and_the_server_behind_it_may_both_want_digest() -> None:
    def strict(asked: Asked) -> bytes:
        for field, challenge, status in (
                ("proxy-authorization", "Proxy_Authenticate", "407 Who"),
                ("authorization", "WWW_Authenticate", "401 Who")):
            if not (asked.get(field) or "").startswith("Digest "):
                return answer(status, **{challenge: f'Digest realm="{field}", nonce="n", qop="auth"'})
        return ok()

    with HTTPPeer(strict) as peer:
        proxy = f"http://pat:secret@127.0.0.1:{peer.port}"
        with Client("http://inner.example/", proxy=proxy, user="ann", password="secret",
                               timeout=5) as web:
            assert (web.get("/")).status == 200
    assert [bool(asked.get("authorization")) for asked in peer.asked] == [False, False, True]
    assert (peer.asked[0].get("proxy-authorization") or "").startswith("Basic ")


def test_fields_of_ones_own_and_fields_left_out() -> None:
    given: dict[str, Any] = {"Host": "else.example", "User-Agent": None, "accept": None}
    with HTTPPeer() as peer:
        with Client(peer.url, timeout=5) as web:
            web.get("/", headers=given)
            web.post("/", json=[], headers={"Content-Type": None})
    assert [name for name, _ in peer.asked[0].fields] == ["Accept-Encoding", "Host"]
    assert peer.asked[0].get("host") == "else.example"
    assert peer.asked[1].get("content-type") is None


def test_refused_cookies_are_told_in_the_trace() -> None:
    fields = {"Set_Cookie": "a=b; Domain=other.example"}
    with HTTPPeer(ok(**fields)) as peer:
        with Client(peer.url, timeout=5) as web:
            web.get("/")
            told = [str(record) for record in web.trace.records]
    assert any("a cookie is not taken: its Domain is not the host's" in line for line in told)


def test_a_location_beyond_ascii() -> None:
    with HTTPPeer([answer("302 There", Location="http://ü.example/ü?ü"), ok()]) as peer:
        proxy = f"http://127.0.0.1:{peer.port}"
        with Client("http://a.example/", proxy=proxy, timeout=5) as web:
            web.get("/")
    assert peer.asked[1].target == "http://xn--tda.example/%C3%BC?%C3%BC"


def test_bodies_that_flow_over_tls_do_not_wait_for_news() -> None:
    """A ticket for the next session comes while the body goes; it is no answer."""
    with lab.start("http") as here:
        with Client(here.url("https"), timeout=5, http2=False) as web:
            for _ in range(3):
                told = web.post("/echo", content=iter([b"one", b"two"]))
                assert told.json()["body"] == "onetwo"
