"""Name servers that lie, flood, dribble and hang up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from postel import dns
from postel.dns.server import DNSServer, Records
from postel.errors import NetworkError, PostelError, TimedOut

RECORDS = Records()
RECORDS.add("example.org", "A", "192.0.2.1")
RECORDS.add("example.com", "A", "192.0.2.66")
Answer = Callable[[bytes], list[bytes]]


def right(question: bytes) -> list[bytes]:
    return DNSServer(RECORDS).answers(question, datagram=False)


def truncated(question: bytes) -> list[bytes]:
    answer = bytearray(right(question)[0])
    answer[2] |= 2
    return [bytes(answer)]


def both() -> tuple[socket.socket, socket.socket]:
    """Sockets for datagrams and for TCP at one port."""
    for _ in range(50):
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # another has that port
            tcp.close()
            udp.close()
            continue
        return udp, tcp
    raise OSError("no port is free for both")


@contextmanager
def server(by_datagram: Answer, by_tcp: Answer = right) -> Iterator[str]:
    """A name server that answers as it is told; what TCP gets is sent as it is."""
    udp, tcp = both()
    stop = threading.Event()
    for sock in (udp, tcp):
        sock.settimeout(0.02)

    def datagrams() -> None:
        while not stop.is_set():
            try:
                question, client = udp.recvfrom(65_535)
                for answer in by_datagram(question):
                    udp.sendto(answer, client)
            except TimeoutError:
                continue

    def connections() -> None:
        while not stop.is_set():
            try:
                connection, _ = tcp.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(1.0)
                question = connection.recv(65_535)[2:]
                try:
                    for piece in by_tcp(question):
                        connection.sendall(piece)
                except OSError:
                    pass  # it has gone

    threads = [threading.Thread(target=work) for work in (datagrams, connections)]
    for thread in threads:
        thread.start()
    try:
        yield f"127.0.0.1:{udp.getsockname()[1]}"
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        udp.close()
        tcp.close()


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def test_a_flood_of_guesses_before_the_answer() -> None:
    def flood(question: bytes) -> list[bytes]:
        forged = right(question)[0].replace(bytes([192, 0, 2, 1]), bytes([192, 0, 2, 66]))
        guesses = [number.to_bytes(2, "big") + forged[2:] for number in range(300)
                   if number != int.from_bytes(question[:2], "big")]
        return [*guesses, b"", b"\xff" * 600, *right(question)]

    with server(flood) as where, dns.Client(where) as names:
        assert list(names.a("example.org")) == ["192.0.2.1"]


def test_an_answer_to_another_question_is_none() -> None:
    def other(question: bytes) -> list[bytes]:
        return right(question.replace(b"\x07example\x03org", b"\x07example\x03com"))

    with server(other) as where, dns.Client(where, timeout=0.3) as names:
        with pytest.raises(TimedOut):
            names.a("example.org")


def test_noise_for_ever_ends_in_time() -> None:
    with server(lambda question: [b"\0" * 20] * 50) as where:
        began = time.monotonic()
        with dns.Client(where, timeout=0.4, patience=0.1, tries=2) as names:
            with pytest.raises(TimedOut, match="does not answer"):
                names.a("example.org")
        assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("pieces", [
    lambda question: [], lambda question: [b"\0"], lambda question: [framed(right(question)[0])[:-3]],
    lambda question: [framed(b"\0" * 30)], lambda question: [b"\0\0"],
    lambda question: [framed(b"\0\0" + right(question)[0][2:])],
    lambda question: [framed(truncated(question)[0])]],
    ids=["nothing", "a byte", "a cut", "zeros", "length 0", "another number", "truncated again"])
def test_tcp_that_ends_or_answers_nonsense(pieces: Answer) -> None:
    with server(truncated, pieces) as where, dns.Client(where, tries=1, timeout=2.0) as names:
        with pytest.raises(PostelError) as caught:
            names.a("example.org")
        assert not isinstance(caught.value, AssertionError)


def test_tcp_in_small_pieces() -> None:
    def slowly(question: bytes) -> list[bytes]:
        message = framed(right(question)[0])
        return [message[at : at + 1] for at in range(len(message))]

    with server(truncated, slowly) as where, dns.Client(where) as names:
        assert list(names.a("example.org")) == ["192.0.2.1"]


def test_tcp_that_keeps_silent() -> None:
    def silent(question: bytes) -> list[bytes]:
        time.sleep(0.5)
        return []

    with server(truncated, silent) as where, dns.Client(where, tries=1, timeout=0.2) as names:
        with pytest.raises(NetworkError):
            names.a("example.org")
