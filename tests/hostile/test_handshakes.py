"""Why a handshake failed: each reason has its class, its words and a remedy, sync and async."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from postel import ftp, lab, pop3
from postel.errors import CertificateError, ConnectionLost, NetworkError, TimedOut, TLSError
from postel.lab.certificates import FLAWS, Authority
from postel.timing import Deadline
from postel.transport.clock_sync import now
from postel.transport.connector_async import AsyncConnector
from postel.transport.connector_sync import Connector
from postel.transport.tls import TLSOptions, context_for

pytestmark = pytest.mark.slow

NAME = "mail.example.org"
Serve = Callable[[socket.socket], None]
SIDES = pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), (NAME, "localhost"))


@contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """A server that treats each of its callers as *serve* says; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                caller.settimeout(10)
                with caller, contextlib.suppress(OSError, ValueError):
                    serve(caller)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def over_tls(context: ssl.SSLContext) -> Serve:
    """A POP3 server that says hello over TLS and knows nothing but QUIT."""
    def serve(caller: socket.socket) -> None:
        with context.wrap_socket(caller, server_side=True) as secure:
            secure.sendall(b"+OK ready\r\n")
            while data := secure.recv(1000):
                secure.sendall(b"+OK\r\n" if data.startswith(b"QUIT") else b"-ERR no\r\n")
    return serve


def saying(answer: bytes, *, reset: bool = False) -> Serve:
    """A server that answers the ClientHello with *answer*, and hangs up."""
    def serve(caller: socket.socket) -> None:
        caller.recv(16_384)
        caller.sendall(answer)
        if reset:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            caller.shutdown(socket.SHUT_WR)
            while caller.recv(16_384):
                pass
    return serve


def shake(port: int, options: TLSOptions, *, sync: bool, host: str = NAME,
          seconds: float = 10.0) -> bytes:
    """Connect, shake hands as *host*'s client, and read once."""
    context, deadline = context_for(options), Deadline.after(seconds, now=now())
    if sync:
        with Connector().connect("127.0.0.1", port, deadline=deadline) as stream:
            stream.deadline = deadline
            stream.start_tls(context, host)
            return stream.receive()

    async def main() -> bytes:
        async with await AsyncConnector().connect("127.0.0.1", port, deadline=deadline) as stream:
            stream.deadline = deadline
            await stream.start_tls(context, host)
            return await stream.receive()

    return asyncio.run(main())


def refused(port: int, options: TLSOptions, kind: type[NetworkError] = TLSError,
            **more: Any) -> NetworkError:
    """The error of a handshake that must fail; it always says where and what to do."""
    with pytest.raises(NetworkError) as caught:
        shake(port, options, **more)
    error = caught.value
    assert type(error) is kind, f"{type(error).__name__}: {error}"
    assert f"127.0.0.1:{port}" in str(error)
    return error


# -- certificates --------------------------------------------------------------------------

REASONS = {
    "expired": ("its certificate has expired", "operator must renew it.* it says 20"),
    "not yet valid": ("its certificate is not valid yet", "clock is probably wrong: it says 20"),
    "wrong name": ("its certificate is for another name", f"connect by a name.*{NAME}"),
    "self-signed": ("its certificate is self-signed", r"pin it \(pin=, --pin\)"),
    "missing intermediate": ("unknown authority, or the server does not send the intermediate",
                             "operator forgot the intermediate"),
}


@SIDES
@pytest.mark.parametrize("flaw", FLAWS)
def test_flawed_certificates(flaw: str, sync: bool, authority: Authority) -> None:
    message, hint = REASONS[flaw]
    with serving(over_tls(authority.flawed(flaw))) as port:
        error = refused(port, TLSOptions(ca=authority.file), CertificateError, sync=sync)
    assert message in str(error)
    assert_hint(error, hint)
    assert error.exit_code == 4
    assert error.code, "OpenSSL's own number"


def assert_hint(error: NetworkError, pattern: str) -> None:
    assert re.search(pattern, error.hint), error.hint


@SIDES
def test_an_authority_nobody_knows(sync: bool, authority: Authority) -> None:
    with serving(over_tls(authority.server())) as port:
        error = refused(port, TLSOptions(), CertificateError, sync=sync)
    assert "unknown authority" in str(error)
    assert_hint(error, r"ca=, --ca FILE")


@SIDES
def test_an_authority_that_is_sent_along_is_not_trusted(sync: bool, tmp_path: Path) -> None:
    stranger = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = stranger.issue_cert(NAME, key_type=trustme.KeyType.ECDSA)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes()
                      + stranger.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with serving(over_tls(context)) as port:
        error = refused(port, TLSOptions(), CertificateError, sync=sync)
    assert "an authority that is not trusted here" in str(error)
    assert_hint(error, "--ca FILE")


@SIDES
def test_an_address_where_the_certificate_has_names(sync: bool, authority: Authority) -> None:
    with serving(over_tls(authority.server())) as port:
        error = refused(port, TLSOptions(ca=authority.file), CertificateError, sync=sync,
                        host="127.0.0.1")
    assert "not for this address" in str(error)
    assert_hint(error, "name instead of its address")


@SIDES
def test_a_good_certificate(sync: bool, authority: Authority) -> None:
    with serving(over_tls(authority.server())) as port:
        assert shake(port, TLSOptions(ca=authority.file), sync=sync) == b"+OK ready\r\n"


@SIDES
@pytest.mark.parametrize("flaw", FLAWS)
def test_unverified_on_request(flaw: str, sync: bool, authority: Authority) -> None:
    with serving(over_tls(authority.flawed(flaw))) as port:
        assert shake(port, TLSOptions(verify=False), sync=sync) == b"+OK ready\r\n"


# -- servers that do not speak TLS ---------------------------------------------------------


@SIDES
@pytest.mark.parametrize("banner", [
    b"220 ftp.example.org ready\r\n", b"+OK pop3\r\n", b"* OK imap\r\n", b"SSH-2.0-x\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 40, b"\xff" * 40],
    ids=["ftp", "pop3", "imap", "ssh", "http", "nulls", "telnet"])
def test_an_answer_in_clear_text(banner: bytes, sync: bool) -> None:
    with serving(saying(banner)) as port:
        error = refused(port, TLSOptions(), sync=sync)
    assert "the server answered in clear text" in str(error)
    assert_hint(error, "TLS")
    assert error.exit_code == 5


@SIDES
def test_the_remedy_for_starttls_ports(sync: bool) -> None:
    with serving(saying(b"220 ftp.example.org ready\r\n")) as port:
        assert_hint(refused(port, TLSOptions(), sync=sync), r'security="starttls".*--security')


@SIDES
@pytest.mark.parametrize("answer", [b"", b"\x16\x03\x03\x00\x40\x02\x00"],
                         ids=["at once", "in the middle of a record"])
def test_hanging_up_in_the_handshake(answer: bytes, sync: bool) -> None:
    with serving(saying(answer)) as port:
        error = refused(port, TLSOptions(), sync=sync)
    assert "closed the connection during the handshake" in str(error)
    assert_hint(error, "may not speak TLS")


@SIDES
def test_a_reset_in_the_handshake(sync: bool) -> None:
    with serving(saying(b"", reset=True)) as port:
        error = refused(port, TLSOptions(), ConnectionLost, sync=sync)
    assert "reset by the other side" in str(error)
    assert "the TLS handshake" in str(error)


@SIDES
def test_silence_in_the_handshake(sync: bool) -> None:
    done = threading.Event()
    with serving(lambda caller: (done.wait(5), None)[1]) as port:
        error = refused(port, TLSOptions(), TimedOut, sync=sync, seconds=0.2)
        done.set()
    assert "while the TLS handshake" in str(error)
    assert_hint(error, "timeout=")


# -- versions and ciphers ------------------------------------------------------------------

TLS_1_1_HELLO = (b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + bytes(32) + b"\x00\xc0\x13\x00"
                 + b"\x16\x03\x02\x00\x04\x0e\x00\x00\x00")


@SIDES
def test_a_server_that_chooses_an_old_version(sync: bool) -> None:
    with serving(saying(TLS_1_1_HELLO)) as port:
        error = refused(port, TLSOptions(), sync=sync)
    assert "only TLS versions that are too old" in str(error)
    assert_hint(error, "TLS 1.2")


@SIDES
@pytest.mark.parametrize("swapped", [False, True])
def test_no_version_in_common(swapped: bool, sync: bool, authority: Authority) -> None:
    server = authority.flawed("expired")  # a fresh context: the good one is shared
    if swapped:
        server.minimum_version = ssl.TLSVersion.TLSv1_3
        options = TLSOptions(ca=authority.file, maximum="TLSv1.2")
    else:
        server.maximum_version = ssl.TLSVersion.TLSv1_2
        options = TLSOptions(ca=authority.file, minimum="TLSv1.3")
    with serving(over_tls(server)) as port:
        error = refused(port, options, sync=sync)
    assert "the two sides share no TLS version" in str(error)
    assert_hint(error, "minimum= and maximum=")


@SIDES
def test_no_cipher_in_common(sync: bool, authority: Authority) -> None:
    server = authority.flawed("expired")
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # of no use with its ECDSA key
    with serving(over_tls(server)) as port:
        error = refused(port, TLSOptions(ca=authority.file), sync=sync)
    assert "the server refused the handshake" in str(error)
    assert_hint(error, "no common cipher")


# -- client certificates -------------------------------------------------------------------


def demanding(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's context that wants a certificate of *authority* from the client."""
    context = authority.context(authority._ca, (NAME,))
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    return context


@SIDES
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_wanted(version: ssl.TLSVersion, sync: bool,
                                        authority: Authority) -> None:
    with serving(over_tls(demanding(authority, version))) as port:
        error = refused(port, TLSOptions(ca=authority.file), sync=sync)
        mine = TLSOptions(ca=authority.file, certificate=authority.client("ann"))
        assert shake(port, mine, sync=sync) == b"+OK ready\r\n"
    assert_hint(error, "--cert")


@SIDES
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_of_a_stranger(version: ssl.TLSVersion, sync: bool,
                                            authority: Authority, tmp_path: Path) -> None:
    stranger = trustme.CA(key_type=trustme.KeyType.ECDSA)
    own = tmp_path / "own.pem"
    stranger.issue_cert("x@example.org", key_type=trustme.KeyType.ECDSA
                        ).private_key_and_cert_chain_pem.write_to_path(str(own))
    with serving(over_tls(demanding(authority, version))) as port:
        error = refused(port, TLSOptions(ca=authority.file, certificate=own), sync=sync)
    assert "does not know the authority of the client certificate" in str(error)
    assert_hint(error, "signed")


@SIDES
def test_an_expired_client_certificate(sync: bool, authority: Authority, tmp_path: Path) -> None:
    own, past = tmp_path / "own.pem", datetime.now(UTC) - timedelta(days=2)
    authority._ca.issue_cert("x@example.org", key_type=trustme.KeyType.ECDSA,
                             not_before=past - timedelta(days=2), not_after=past,
                             ).private_key_and_cert_chain_pem.write_to_path(str(own))
    with serving(over_tls(demanding(authority, ssl.TLSVersion.TLSv1_3))) as port:
        error = refused(port, TLSOptions(ca=authority.file, certificate=own), sync=sync)
    assert "the client certificate has expired" in str(error)
    assert_hint(error, "renew")


# -- pins ----------------------------------------------------------------------------------


def fingerprint(context: ssl.SSLContext) -> str:
    """What a first, unverified visit learns."""
    with serving(over_tls(context)) as port, Connector().connect("127.0.0.1", port) as stream:
        stream.start_tls(context_for(TLSOptions(verify=False)), NAME)
        found = stream.peer.certificate
        assert found is not None
        return found.fingerprint


def visit(port: int, pin: str, *, sync: bool) -> str | None:
    """The TLS version of a POP3 session with a pinned certificate."""
    options: dict[str, Any] = {"security": "tls", "tls": TLSOptions(pin=pin), "timeout": 10.0}
    if sync:
        with pop3.Client(f"pop3://127.0.0.1:{port}", **options) as box:
            return box.peer.tls

    async def main() -> str | None:
        async with pop3.AsyncClient(f"pop3://127.0.0.1:{port}", **options) as box:
            return box.peer.tls

    return asyncio.run(main())


@SIDES
@pytest.mark.parametrize("colons", [False, True])
def test_the_pinned_certificate_needs_no_authority(colons: bool, sync: bool,
                                                   authority: Authority) -> None:
    context = authority.flawed("self-signed")
    pin = fingerprint(context)
    if colons:
        pin = ":".join(pin[at : at + 2] for at in range(0, len(pin), 2)).upper()
    with serving(over_tls(context)) as port:
        assert visit(port, pin, sync=sync) == "TLSv1.3"


@SIDES
def test_another_certificate_than_the_pinned_one(sync: bool, authority: Authority) -> None:
    pin = fingerprint(authority.flawed("self-signed"))
    with serving(over_tls(authority.server())) as port, pytest.raises(CertificateError) as caught:
        visit(port, pin, sync=sync)
    assert "not the pinned one (it is " in str(caught.value)
    assert pin not in str(caught.value)
    assert_hint(caught.value, "someone is in between")


@SIDES
def test_data_connections_are_pinned_as_well(sync: bool, tmp_path: Path) -> None:
    """Without an authority, the pin is all that a data connection's certificate is held to."""
    with lab.start() as here:
        here.ftp.files.put("/x", b"pinned")
        with ftp.Client(here.url("ftp")) as site:
            found = site.peer.certificate
            assert found is not None
        options = TLSOptions(pin=found.fingerprint)
        if sync:
            with ftp.Client(here.url("ftp"), tls=options) as site:
                assert site.download("x", tmp_path / "x") == 6
                site._tls = TLSOptions(pin="00" * 32)
                with pytest.raises(CertificateError, match="not the pinned one"):
                    site.download("x", tmp_path / "y")
            return

        async def main() -> None:
            async with ftp.AsyncClient(here.url("ftp"), tls=options) as site:
                assert await site.download("x", tmp_path / "x") == 6
                site._tls = TLSOptions(pin="00" * 32)
                with pytest.raises(CertificateError, match="not the pinned one"):
                    await site.download("x", tmp_path / "y")

        asyncio.run(main())
