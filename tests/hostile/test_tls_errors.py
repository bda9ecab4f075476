"""What can be wrong with TLS, and how each reads: class, words, hint; sync and async."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab, pop3
from postel.errors import (
    CertificateError,
    ConnectionLost,
    PostelError,
    ProtocolError,
    TLSError,
    UsageError,
)
from postel.transport.tls import TLSOptions, context_for


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("pop3") as started:
        yield started


@pytest.fixture(params=["sync", "async"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def enter(side: str, url: str, **options: Any) -> Any:
    """Log in and out; return the peer."""
    options = {"password": "secret", "timeout": 10.0, **options}
    if side == "sync":
        with pop3.Client(url, **options) as box:
            return box.peer

    async def main() -> Any:
        async with pop3.AsyncClient(url, **options) as box:
            return box.peer

    return asyncio.run(main())


FLAWS = [
    ("expired", CertificateError, "has expired", "clock"),
    ("not yet valid", CertificateError, "not valid yet", "clock"),
    ("wrong name", CertificateError, "for another name", "connect by a name"),
    ("self-signed", CertificateError, "self-signed", "pin"),
    ("missing intermediate", CertificateError, "unknown authority", "intermediate"),
    ("plaintext", TLSError, "answered in clear text", "starttls"),
    ("close in handshake", TLSError, "", ""),
    ("old", TLSError, "TLS", ""),
]


@pytest.mark.parametrize(("flaw", "kind", "words", "hint"), FLAWS, ids=[f[0] for f in FLAWS])
def test_each_flaw_is_told(flaw: str, kind: type[PostelError], words: str, hint: str, side: str,
                           here: lab.Lab) -> None:
    with here.relay("pop3s", tls=flaw) as relay:
        wanted = (kind, ConnectionLost) if flaw == "close in handshake" else kind
        with pytest.raises(wanted) as caught:
            enter(side, relay.url())
    error = caught.value
    assert words in str(error)
    assert hint in error.hint
    assert relay.host in str(error)
    assert error.url is not None
    assert "secret" not in str(error)
    assert error.exit_code == (4 if kind is CertificateError else 5)


@pytest.mark.parametrize("flaw", ["expired", "wrong name", "self-signed"])
def test_no_password_is_sent_to_a_peer_that_proves_nothing(flaw: str, here: lab.Lab) -> None:
    heard: list[str] = []
    asked: list[str] = []

    def password() -> str:
        asked.append("asked")
        return "secret"

    with here.relay("pop3s", tls=flaw) as relay, pytest.raises(CertificateError):
        enter("sync", relay.url(), password=password)
    assert asked == []
    assert heard == []


def test_an_authority_that_nobody_knows(side: str, here: lab.Lab) -> None:
    host, port = here.address("pop3s")
    with pytest.raises(CertificateError, match=r"unknown authority|not trusted") as caught:
        enter(side, f"pop3s://alice@{host}:{port}/")
    assert "--ca" in caught.value.hint


def test_insecure_accepts_it_and_knows_only_the_fingerprint(side: str, here: lab.Lab) -> None:
    host, port = here.address("pop3s")
    peer = enter(side, f"pop3s://alice@{host}:{port}/", tls=TLSOptions(verify=False))
    assert peer.tls == "TLSv1.3"
    assert len(peer.certificate.fingerprint) == 64


def test_a_pin_stands_in_for_an_authority(side: str, here: lab.Lab) -> None:
    host, port = here.address("pop3s")
    url = f"pop3s://alice@{host}:{port}/"
    pem = ssl.get_server_certificate((host, port))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    colons = ":".join(digest[at:at + 2].upper() for at in range(0, 64, 2))
    assert enter(side, url, tls=TLSOptions(pin=colons)).certificate.fingerprint == digest
    with pytest.raises(CertificateError, match="not the pinned one") as caught:
        enter(side, url, tls=TLSOptions(pin="00" * 32))
    assert digest in str(caught.value)


def test_what_the_peer_proved_itself_with(side: str, here: lab.Lab) -> None:
    certificate = enter(side, here.url("pop3s")).certificate
    assert "*.lab" in " ".join(certificate.names) or certificate.names
    assert certificate.not_before < certificate.not_after
    assert "Postel lab" in certificate.issuer


def test_a_server_that_speaks_tls_where_clear_text_was_due(side: str, here: lab.Lab) -> None:
    host, port = here.address("pop3s")
    with pytest.raises(PostelError) as caught:
        enter(side, f"pop3://alice@{host}:{port}/", security="plain", timeout=1.0)
    assert isinstance(caught.value, ProtocolError | OSError)


def test_versions_that_do_not_meet(side: str, here: lab.Lab) -> None:
    with here.relay("pop3s", tls="old") as relay, pytest.raises(TLSError):
        enter(side, relay.url(), tls=TLSOptions(ca=here.ca, minimum="TLSv1.3"))


@pytest.mark.parametrize(("options", "words"), [
    ({"ca": "/nowhere/ca.pem"}, "authority file"),
    ({"certificate": "/nowhere/me.pem"}, "client certificate"),
    ({"minimum": "SSLv3"}, "not known"),
])
def test_options_that_cannot_be(options: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        context_for(TLSOptions(**options))  # type: ignore[arg-type]
    assert caught.value.hint


def test_a_client_certificate_is_sent(here: lab.Lab, side: str) -> None:
    tls = TLSOptions(ca=here.ca, certificate=here.authority.client("alice"))
    assert enter(side, here.url("pop3s"), tls=tls).tls


def test_the_environment_s_authority(here: lab.Lab, side: str,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(here.ca))
    host, port = here.address("pop3s")
    assert enter(side, f"pop3s://alice@{host}:{port}/").tls
