"""Sessions through proxies, and what proxies refuse."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from postel import ftp, lab, pop3
from postel.errors import (
    AuthenticationError,
    CertificateError,
    ConnectError,
    ProtocolError,
    TLSError,
    UsageError,
)
from postel.transport.names import HOSTS
from postel.transport.proxies import proxy_for


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start() as started:
        started.ftp.files.put("/pub/hello.txt", b"hello through a proxy\n")
        started.pop3.mailbox("alice").add(b"Subject: x\r\n\r\nx\r\n")
        yield started


def url(kind: str, server: Any, login: str = "") -> str:
    return f"{'socks5h' if kind == 'socks5' else 'http'}://{login}127.0.0.1:{server.port}"


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize("login", [None, ("ann", "hush")])
def test_ftp_and_pop3(kind: str, login: tuple[str, str] | None, here: lab.Lab, proxy: Any,
                      tmp_path: Any) -> None:
    server = proxy(kind, login=login)
    way = url(kind, server, "ann:hush@" if login else "")
    with ftp.Client(here.url("ftp"), proxy=way) as site:
        assert site.download("pub/hello.txt", tmp_path / "x") == 22
        assert site.peer.host.startswith("ftp.lab")
        assert site.peer.tls, "the certificate is checked against the server, not the proxy"
    with pop3.Client(here.url("pop3"), password="secret", proxy=way) as box:
        assert box.stat().messages == 1
    assert len(server.asked) >= 3, "control, data and mail went through it"


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_async(kind: str, here: lab.Lab, proxy: Any, tmp_path: Any) -> None:
    server = proxy(kind)

    async def main() -> int:
        async with ftp.AsyncClient(here.url("ftp"), proxy=url(kind, server)) as site:
            return await site.download("pub/hello.txt", tmp_path / "x")

    assert asyncio.run(main()) == 22


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[ssl.SSLContext]:
    """The context of a proxy called gate.lab.test, whose authority is known here."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gate.lab.test", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    HOSTS.add("gate.lab.test", ("127.0.0.1",), authority=str(tmp_path / "ca.pem"))
    yield context
    HOSTS.remove("gate.lab.test")


def test_a_proxy_within_tls(here: lab.Lab, proxy: Any, gate: ssl.SSLContext,
                            tmp_path: Path) -> None:
    """Two TLS, one within the other: the proxy's, and the server's."""
    server = proxy("http", login=("ann", "hush"), tls=gate)
    way = f"https://ann:hush@gate.lab.test:{server.port}"
    with ftp.Client(here.url("ftp"), proxy=way) as site:
        assert site.download("pub/hello.txt", tmp_path / "x") == 22
        assert site.peer.tls
        assert site.peer.certificate is not None
        assert "gate.lab.test" not in site.peer.certificate.names
    with ftp.Client(here.url("ftp"), user="alice", password="secret", proxy=way) as site:
        site.upload(tmp_path / "x", "copy.txt")
        with site.retr("copy.txt") as body:
            assert b"".join(map(bytes, body)) == b"hello through a proxy\n"

    async def main() -> int:
        async with ftp.AsyncClient(here.url("ftp"), proxy=way) as site:
            return await site.download("pub/hello.txt", tmp_path / "x")

    assert asyncio.run(main()) == 22
    with pop3.Client(here.url("pop3"), password="secret", proxy=way) as box:
        assert box.stat().messages == 1
    with pytest.raises(AuthenticationError) as caught:
        ftp.Client(here.url("ftp"), proxy=way.replace("hush", "wrong")).open()
    assert "wrong" not in str(caught.value)


def test_a_proxy_that_cannot_prove_who_it_is(proxy: Any, certificates: Any) -> None:
    server = proxy("http", tls=certificates.server)
    with pytest.raises(CertificateError, match=r"192\.0\.2\.9 port .* https proxy") as caught:
        ftp.Client("192.0.2.9", proxy=f"https://localhost:{server.port}").open()
    assert "the proxy's authority" in caught.value.hint
    assert server.asked == []


def test_a_proxy_that_does_not_speak_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(5000)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(TLSError, match="in clear text") as caught:
            ftp.Client("192.0.2.9", proxy=f"https://localhost:{server.getsockname()[1]}",
                       timeout=5.0).open()
        answering.join()
    assert "begins with http://" in caught.value.hint


def test_names_are_looked_up_at_the_proxy(proxy: Any) -> None:
    server = proxy("socks5", answer=4)
    with pytest.raises(ConnectError, match="cannot reach that host") as caught:
        ftp.Client("unheard-of.example.net", proxy=url("socks5", server)).open()
    assert server.asked == [("unheard-of.example.net", 21)]
    assert "unheard-of.example.net port 21" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(("code", "words"), [
    (1, "failed"), (2, "forbid"), (3, "network"), (4, "host"), (5, "refused"), (6, "too long"),
    (7, "CONNECT"), (8, "address"), (77, "error 77")])
def test_socks_refusals(code: int, words: str, proxy: Any) -> None:
    server = proxy("socks5", answer=code)
    with pytest.raises(ConnectError, match=words):
        ftp.Client("192.0.2.9", proxy=url("socks5", server)).open()


def test_http_refusals(proxy: Any) -> None:
    server = proxy("http", answer=b"HTTP/1.1 403 Forbidden by \x1b[31mrules")
    with pytest.raises(ConnectError, match="403") as caught:
        ftp.Client("192.0.2.9", proxy=url("http", server)).open()
    assert "\x1b" not in str(caught.value)
    assert caught.value.code == 403


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize("login", ["", "ann:wrong@"])
def test_a_log_in_that_is_refused(kind: str, login: str, proxy: Any) -> None:
    server = proxy(kind, login=("ann", "hush"))
    with pytest.raises(AuthenticationError) as caught:
        ftp.Client("192.0.2.9", proxy=url(kind, server, login)).open()
    assert "wrong" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_a_proxy_that_is_not_there(proxy: Any) -> None:
    with pytest.raises(ConnectError, match="by way of the socks5h proxy") as caught:
        ftp.Client("192.0.2.9", proxy="socks5h://127.0.0.1:1").open()
    assert 'proxy="none"' in caught.value.hint


def test_the_wrong_kind_of_proxy() -> None:
    """An HTTP server that is spoken to in SOCKS answers in HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(100)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        way = f"socks5h://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ProtocolError, match="not SOCKS5") as caught:
            ftp.Client("192.0.2.9", timeout=5.0, proxy=way).open()
        answering.join()
    assert "http://" in caught.value.hint


ENV = {"ftp_proxy": "http://gate:3128", "ALL_PROXY": "socks5h://all.example.org",
       "NO_PROXY": "example.org, .lan,10.0.0.0/8 host.test:8021"}


@pytest.mark.parametrize(("host", "port", "scheme", "expected"), [
    ("ftp.example.net", 21, "ftp", "http proxy gate:3128"),
    ("pop3.example.net", 110, "pop3", "socks5h proxy all.example.org:1080"),
    ("example.org", 21, "ftp", None), ("www.example.org", 21, "ftp", None),
    ("notexample.org", 21, "ftp", "http proxy gate:3128"),
    ("a.lan", 21, "ftp", None), ("10.1.2.3", 21, "ftp", None),
    ("11.1.2.3", 21, "ftp", "http proxy gate:3128"),
    ("host.test", 8021, "ftp", None), ("host.test", 21, "ftp", "http proxy gate:3128"),
    ("localhost", 21, "ftp", None), ("127.0.0.1", 21, "ftp", None), ("::1", 21, "ftp", None),
])
def test_the_environment(host: str, port: int, scheme: str, expected: str | None) -> None:
    found = proxy_for(host, port, scheme, option=None, environ=ENV)
    assert (str(found) if found else None) == expected


def test_options_beat_the_environment() -> None:
    assert proxy_for("h.test", 21, "ftp", option="none", environ=ENV) is None
    assert str(proxy_for("h.test", 21, "ftp", option="socks5://p", environ=ENV)) == (
        "socks5 proxy p:1080")
    assert proxy_for("h.test", 21, "ftp", option=None,
                     environ={"ALL_PROXY": "http://p", "no_proxy": "*"}) is None


def test_no_proxy_of_another_kind() -> None:
    with pytest.raises(UsageError, match="no kind of proxy"):
        proxy_for("h.test", 21, "ftp", option="ftp://p", environ={})


def test_a_client_s_header_decides_nothing() -> None:
    environ = {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}
    assert proxy_for("h.test", 80, "http", option=None, environ=environ) is None
