"""The relay: each harm, seen by raw sockets and by the standard library's clients."""

from __future__ import annotations

import contextlib
import ftplib
import io
import poplib
import socket
import ssl
from collections.abc import Iterator

import pytest

from postel import lab
from postel.errors import UsageError
from postel.lab.certificates import FLAWS
from postel.lab.lab import Lab
from postel.transport.names import HOSTS

BODY = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def here() -> Iterator[Lab]:
    with lab.start() as started:
        started.ftp.files.put("/a.bin", BODY)
        started.pop3.mailbox("alice").add(b"Subject: hello\r\n\r\n" + b"line\r\n" * 500)
        yield started


def everything(address: tuple[str, int], send: bytes = b"QUIT\r\n") -> bytes:
    """What a server says until it ends."""
    data = b""
    with socket.create_connection(address, timeout=5) as sock:
        sock.sendall(send)
        while chunk := sock.recv(65536):
            data += chunk
    return data


def fetch(address: tuple[str, int]) -> bytes:
    """A file by FTP, in clear text."""
    body = io.BytesIO()
    with ftplib.FTP() as site:
        site.connect(*address, timeout=5)
        site.login()
        site.retrbinary("RETR a.bin", body.write)
    return body.getvalue()


def test_without_faults_nothing_changes(here: Lab) -> None:
    with here.relay("ftp", ftp=True) as relay:
        assert fetch(relay.address()) == BODY
        assert relay.relay.connections == relay.relay.data_connections == 1


def test_name_leads_to_the_relay_and_is_forgotten(here: Lab) -> None:
    with here.relay("pop3s") as relay:
        found = HOSTS.find(relay.host, 995)
        assert found is not None
        assert [address.sockaddr for address in found] == [relay.address()]
        assert relay.url() == f"pop3s://alice@{relay.host}/"
    assert HOSTS.find(relay.host, 995) is None


def test_cut(here: Lab) -> None:
    whole = everything(here.address("pop3"))
    with here.relay("pop3", cut_after=10) as relay:
        assert everything(relay.address()) == whole[:10]


def test_reset(here: Lab) -> None:
    with here.relay("pop3", reset_after=10) as relay, pytest.raises(ConnectionResetError):
        everything(relay.address())


def test_stall(here: Lab) -> None:
    with (
        here.relay("pop3", stall_after=10) as relay,
        socket.create_connection(relay.address(), timeout=5) as sock,
    ):
        assert len(sock.recv(100)) == 10
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(100)


def test_drop_loses_the_rest_and_passes_the_end(here: Lab) -> None:
    with here.relay("pop3", drop_after=4) as relay:
        assert everything(relay.address()) == b"+OK "


def test_corrupt(here: Lab) -> None:
    with here.relay("pop3", corrupt=1) as relay:
        assert everything(relay.address())[:3] == bytes([ord("+"), ord("O") ^ 0xFF, ord("K")])


@pytest.mark.parametrize("size", [1, 7])
def test_slices_lose_nothing(here: Lab, size: int) -> None:
    with here.relay("pop3", slice=size) as relay:
        box = poplib.POP3(*relay.address(), timeout=10)
        box.user("alice")
        box.pass_("secret")
        assert len(box.retr(1)[1]) == 502
        box.quit()


def test_towards_the_server(here: Lab) -> None:
    with here.relay("pop3", towards="server", cut_after=3) as relay:
        answer = everything(relay.address(), b"CAPA\r\nQUIT\r\n")
        assert answer.count(b"\r\n") <= 1  # the greeting at most: CAPA never came whole


def test_only_the_first_connection_is_harmed(here: Lab) -> None:
    with here.relay("ftp", ftp=True, cut_after=1000, times=1) as relay:
        with pytest.raises((EOFError, ftplib.Error, AssertionError)):
            assert fetch(relay.address()) == BODY
        assert fetch(relay.address()) == BODY


@pytest.mark.parametrize("passive", [True, False], ids=["EPSV", "PASV"])
def test_ftp_data_are_cut(here: Lab, passive: bool) -> None:
    body = io.BytesIO()
    with here.relay("ftp", ftp=True, cut_after=1000) as relay, ftplib.FTP() as site:
        site.connect(*relay.address(), timeout=5)
        site.login()
        if passive:
            site.af = socket.AF_INET6  # makes ftplib say EPSV; the address stays as it is
        with contextlib.suppress(ftplib.Error):
            site.retrbinary("RETR a.bin", body.write)
    assert body.getvalue() == BODY[:1000]


def test_refuse(here: Lab) -> None:
    with here.relay("pop3", refuse=True) as relay, pytest.raises(ConnectionRefusedError):
        everything(relay.address())


# -- TLS -----------------------------------------------------------------------------------


def trusting(here: Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(here.ca))


def pop3s(here: Lab, address: tuple[str, int], context: ssl.SSLContext) -> None:
    """Greet by POP3 over TLS; the certificate must be for the lab's own name."""
    with (
        socket.create_connection(address, timeout=5) as raw,
        context.wrap_socket(raw, server_hostname=f"pop3.{here.domain}") as sock,
    ):
        assert sock.recv(100).startswith(b"+OK")


def upgrade(here: Lab, address: tuple[str, int], command: bytes) -> str:
    """Begin TLS by command; return its version."""
    with socket.create_connection(address, timeout=5) as raw:
        raw.recv(1000)
        raw.sendall(command + b"\r\n")
        assert raw.recv(1000)[:1] in b"+2"
        with trusting(here).wrap_socket(raw, server_hostname=f"pop3.{here.domain}") as sock:
            return str(sock.version())


@pytest.mark.parametrize("flaw", FLAWS)
def test_flawed_certificates_are_refused_and_serve_who_insists(here: Lab, flaw: str) -> None:
    with here.relay("pop3s", tls=flaw) as relay:
        with pytest.raises(ssl.SSLCertVerificationError):
            pop3s(here, relay.address(), trusting(here))
        careless = ssl.create_default_context()
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        pop3s(here, relay.address(), careless)


@pytest.mark.parametrize("flaw", FLAWS)
def test_flawed_certificates_after_the_upgrade(here: Lab, flaw: str) -> None:
    for scheme, command in (("pop3", b"STLS"), ("ftp", b"AUTH TLS")):
        with here.relay(scheme, tls=flaw) as relay, pytest.raises(ssl.SSLCertVerificationError):
            upgrade(here, relay.address(), command)


def test_a_good_certificate_after_the_upgrade(here: Lab) -> None:
    with here.relay("ftp", tls="served") as relay:
        assert upgrade(here, relay.address(), b"AUTH TLS").startswith("TLSv1.")


@pytest.mark.parametrize("tls", ["close in handshake", "old", "plaintext"])
@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_handshakes_that_fail(here: Lab, scheme: str, tls: str) -> None:
    with (
        here.relay(scheme, tls=tls) as relay,
        pytest.raises((ssl.SSLError, ConnectionError)) as caught,
    ):
        if scheme == "pop3s":
            pop3s(here, relay.address(), trusting(here))
        else:
            upgrade(here, relay.address(), b"STLS")
    sign = {"old": ("UNSUPPORTED_PROTOCOL",), "plaintext": ("WRONG_VERSION_NUMBER", "RECORD_LAYER"),
            "close in handshake": ("EOF", "reset")}[tls]
    assert any(word in str(caught.value) for word in sign)


def test_tls_on_the_plain_port(here: Lab) -> None:
    with here.relay("pop3", tls="tls on the plain port") as relay:
        with (
            socket.create_connection(relay.address(), timeout=0.2) as sock,
            pytest.raises(TimeoutError),
        ):
            sock.recv(100)  # it waits for a ClientHello
        pop3s(here, relay.address(), trusting(here))


def test_no_close_notify(here: Lab) -> None:
    with here.relay("pop3s", tls="no close_notify") as relay:
        raw = socket.create_connection(relay.address(), timeout=5)
        with trusting(here).wrap_socket(raw, server_hostname=f"pop3.{here.domain}",
                                        suppress_ragged_eofs=False) as sock:
            sock.sendall(b"QUIT\r\n")
            with pytest.raises(ssl.SSLEOFError):
                while sock.recv(1000):
                    pass


def test_unknown_faults_are_said(here: Lab) -> None:
    with pytest.raises(UsageError, match="no such TLS fault"):
        here.relay("pop3", tls="rusty")
    with pytest.raises(UsageError, match="no such fault"):
        here.relay("pop3", explode=True)
    with pytest.raises(UsageError, match="without gopher"):
        here.relay("gopher")
    with pytest.raises(UsageError, match="at least one byte"):
        here.relay("pop3", slice=0)


# -- an address family that is dead --------------------------------------------------------


def test_dead_family(here: Lab) -> None:
    host = here.dead_family("ftp")
    found = HOSTS.find(host, 21)
    assert found is not None
    six, four = found
    with socket.socket(six.family) as sock, pytest.raises(OSError):
        sock.connect(six.sockaddr)
    with socket.socket(four.family) as sock:
        sock.connect(four.sockaddr)


def test_silent_family(here: Lab) -> None:
    try:
        host = here.dead_family("pop3", silent=True)
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    found = HOSTS.find(host, 110)
    assert found is not None
    with socket.socket(found[0].family) as sock:
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.connect(found[0].sockaddr)
