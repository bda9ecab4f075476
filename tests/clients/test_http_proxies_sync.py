# GENERATED from test_http_proxies_async.py by tools/unasync.py: edit that file, not this one.
"""Requests by way of HTTP proxies: absolute form in the clear, tunnels for TLS, log-ins apart."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from http_peer import Asked, HTTPPeer, answer, ok

from postel import errors
from postel.http.client_sync import Client

TARGET = "http://site.example:8080/a?b"


def word(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_absolute_form() -> None:
    with HTTPPeer() as peer:
        with Client(proxy=peer.url, timeout=5) as web:
            page = web.get(TARGET)
            assert (page.content, str(page.url)) == (b"hello", TARGET)
            web.get("http://site.example/")
            web.options("http://site.example:8080/x")
    asked = peer.asked[0]
    assert (asked.method, asked.target) == ("GET", TARGET)
    assert asked.get("host") == "site.example:8080"
    assert [a.target for a in peer.asked[1:]] == [
        "http://site.example/", "http://site.example:8080/x"]
    assert peer.connections == 2  # one for each origin


def test_many_through_a_proxy() -> None:
    with HTTPPeer(lambda asked: ok(asked.target.encode())) as peer:
        with Client("http://site.example/", proxy=peer.url, timeout=5) as web:
            got = [page.text for page in web.get_many(["/1", "/2", "/3"])]
    assert got == [f"http://site.example/{n}" for n in (1, 2, 3)]


def test_the_proxys_log_in_is_the_proxys() -> None:
    def guarded(asked: Asked) -> bytes:
        if asked.get("authorization") is None:
            return answer("401 Who", WWW_Authenticate="Basic")
        return ok()

    with HTTPPeer(guarded) as peer:
        proxy = f"http://gate:pw@127.0.0.1:{peer.port}"
        with Client("http://127.0.0.1:81/", user="ann", password="hush", proxy=proxy,
                               security="plain", timeout=5) as web:
            assert (web.get("/")).status == 200
        text = web.trace.text
    assert [a.get("proxy-authorization") for a in peer.asked] == [word("gate", "pw")] * 2
    assert [a.get("authorization") for a in peer.asked] == [None, word("ann", "hush")]
    assert word("gate", "pw") not in text


def test_this_machine_by_way_of_a_proxy_is_another() -> None:
    with HTTPPeer() as peer:
        with Client("http://localhost:81/", user="ann", password="hush", auth="basic",
                               proxy=peer.url, timeout=5) as web:
            with pytest.raises(errors.AuthenticationError, match="in the clear"):
                web.get("/")
    assert peer.asked == []


def test_a_proxy_that_wants_digest() -> None:
    def guarded(asked: Asked) -> bytes:
        given = asked.get("proxy-authorization") or ""
        if not given.startswith("Digest"):
            return answer("407 Who", Proxy_Authenticate='Digest realm="r", nonce="n", qop=auth, '
                          "algorithm=SHA-256")
        assert f'uri="{TARGET}"' in given
        return ok()

    with HTTPPeer(guarded) as peer:
        with Client(proxy=f"http://gate:pw@127.0.0.1:{peer.port}", timeout=5) as web:
            assert (web.get(TARGET)).status == 200


def test_a_proxy_that_refuses() -> None:
    with HTTPPeer(answer("407 Who", Proxy_Authenticate="Basic")) as peer:
        with Client(proxy=peer.url, timeout=5, netrc=False) as web:
            page = web.get(TARGET, auth=("ann", "hush"))
            with pytest.raises(errors.AuthenticationError, match="407 Who") as caught:
                page.raise_for_status()
            assert "proxy" in caught.value.hint
            with pytest.raises(errors.AuthenticationError, match="by way of the http proxy"):
                web.get("https://site.example/", auth=("ann", "hush"))
    assert not any(a.get("authorization") for a in peer.asked)
    assert peer.asked[-1].method == "CONNECT"
    assert not any(a.get("proxy-authorization") for a in peer.asked)


@pytest.mark.parametrize("status", ["401 Who", "403 No", "502 Bad Gateway", "302 Found"])
def test_no_tunnel_no_credentials(status: str) -> None:
    """What a proxy answers to CONNECT is never taken for the origin's (CVE-2026-86414)."""
    told = answer(status, b"x", WWW_Authenticate="Basic", Location="http://evil.example/",
                  Set_Cookie="a=b")
    with HTTPPeer(told) as peer:
        with Client("https://site.example/", user="ann", password="hush",
                               proxy=f"http://gate:pw@127.0.0.1:{peer.port}", timeout=5) as web:
            with pytest.raises(errors.ConnectError, match=status.split()[0]):
                web.get("/")
            assert len(web.cookies) == 0
    assert [(a.method, a.target) for a in peer.asked] == [("CONNECT", "site.example:443")]
    assert peer.asked[0].get("authorization") is None
    assert peer.asked[0].get("proxy-authorization") == word("gate", "pw")


def test_the_environment_names_a_proxy(monkeypatch: Any) -> None:
    with HTTPPeer() as peer:
        monkeypatch.setenv("http_proxy", peer.url)
        monkeypatch.setenv("no_proxy", "direct.example")
        with Client(timeout=5) as web:
            assert (web.get("http://far.example/")).status == 200
            with pytest.raises(errors.NetworkError):
                web.get("http://direct.example/", timeout=1)
            assert (web.get(f"{peer.url}/local")).status == 200
    assert [a.target for a in peer.asked] == ["http://far.example/", "/local"]
