"""SMTP: a log-in that is bound to its TLS connection (SCRAM-SHA-256-PLUS, RFC 5929)."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from postel import smtp
from postel.errors import AuthenticationError, NotSupported
from postel.secrets import Secret
from postel.transport.end_point import end_point
from postel.transport.tls import TLSOptions
from postel.wire import sasl


class TLSPeer:
    """An SMTP server on TLS that knows one mechanism, bound to *binding*."""

    def __init__(self, binding: bytes | None = None) -> None:
        self.authority = trustme.CA()
        leaf = self.authority.issue_cert("localhost", "127.0.0.1")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(self.context)
        pem = leaf.cert_chain_pems[0].bytes()
        self.der = ssl.PEM_cert_to_DER_cert(pem.decode())
        algorithm = x509.load_der_x509_certificate(self.der).signature_hash_algorithm
        assert algorithm is not None
        self.binding = binding or hashlib.new(algorithm.name, self.der).digest()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.outcome = ""
        self.thread = threading.Thread(target=self.play, daemon=True)
        self.thread.start()

    def play(self) -> None:
        sock, _ = self.listener.accept()
        sock.settimeout(5)
        with sock, self.context.wrap_socket(sock, server_side=True) as line, line.makefile(
                "rwb", buffering=0) as wire:
            wire.write(b"220 hi\r\n")
            wire.readline()
            wire.write(b"250-peer\r\n250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256\r\n")
            words = wire.readline().split()
            exchange = sasl.serve(
                words[1].decode(), lambda user: Secret("secret") if user == "alice" else None,
                nonce=b"server", salt=b"salt",
                binding=("tls-server-end-point", self.binding))
            next(exchange)
            outcome = sasl.examine(exchange, sasl.decode(words[2]))
            try:
                while isinstance(outcome, bytes):
                    wire.write(b"334 " + sasl.encode(outcome) + b"\r\n")
                    outcome = sasl.examine(exchange, sasl.decode(wire.readline().strip()))
            except AuthenticationError:
                wire.write(b"535 5.7.8 no\r\n")
                return
            self.outcome = outcome
            wire.write(b"235 2.7.0 in\r\n")
            wire.readline()
            wire.write(b"221 bye\r\n")

    def close(self) -> None:
        self.thread.join(5)
        self.listener.close()


def client(peer: TLSPeer, folder: Path, auth: str | None) -> smtp.Client:
    ca = folder / "ca.pem"
    peer.authority.cert_pem.write_to_path(str(ca))
    return smtp.Client(f"smtps://127.0.0.1:{peer.port}", user="alice", password="secret",
                       auth=auth, tls=TLSOptions(ca=ca), timeout=5)


def test_the_log_in_is_bound_to_the_certificate(tmp_path: Path) -> None:
    peer = TLSPeer()
    with client(peer, tmp_path, "SCRAM-SHA-256-PLUS") as server:
        assert server.peer.certificate is not None
        assert server.peer.certificate.end_point == peer.binding == end_point(peer.der)
    peer.close()
    assert peer.outcome == "alice"


def test_another_certificate_in_between_is_noticed(tmp_path: Path) -> None:
    peer = TLSPeer(binding=b"x" * 32)
    with pytest.raises(AuthenticationError):
        client(peer, tmp_path, "SCRAM-SHA-256-PLUS").open()
    peer.close()


def test_unasked_it_is_not_used(tmp_path: Path) -> None:
    peer = TLSPeer()
    with client(peer, tmp_path, None):
        pass
    peer.close()
    assert peer.outcome == "alice"


def test_without_tls_there_is_nothing_to_bind_to() -> None:
    from smtp_peer import SMTPPeer

    with SMTPPeer({b"EHLO": b"250-peer\r\n250 AUTH SCRAM-SHA-256-PLUS\r\n"}) as peer:
        with pytest.raises(NotSupported):
            smtp.Client(f"smtp://127.0.0.1:{peer.port}", user="alice", password="secret",
                        auth="SCRAM-SHA-256-PLUS", security="plain").open()


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x82", b"\x30\x03\x30\x01\x00", b"\x31\x00"])
def test_what_is_no_certificate(der: bytes) -> None:
    assert end_point(der) is None
