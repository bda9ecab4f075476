"""TFTP servers that mean harm, or have lost their mind: the client ends in time, and is not fooled."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import tftp
from postel.errors import Incomplete, PostelError, ProtocolError, TimedOut
from postel.tftp import retransmission
from postel.tftp.wire import Ack, Data, Error, OptionAck, Request, parse

pytestmark = pytest.mark.slow

Place = tuple[str, int]
Say = Callable[[bytes], None]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retransmission, "FIRST", 0.05)
    monkeypatch.setattr(retransmission, "LEAST", 0.05)


class Villain:
    """Answers each datagram as *script* says, and may go on by itself until it is stopped."""

    def __init__(self, script: Callable[[bytes, Say, threading.Event], None]) -> None:
        self.script, self.over = script, threading.Event()
        self.heard: list[bytes] = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(0.05)
        self.port = self.sock.getsockname()[1]
        self.threads = [threading.Thread(target=self.run)]

    def run(self) -> None:
        while not self.over.is_set():
            try:
                packet, client = self.sock.recvfrom(65_535)
            except OSError:
                continue
            self.heard.append(packet)
            worker = threading.Thread(target=self.answer, args=(packet, client))
            self.threads.append(worker)
            worker.start()

    def answer(self, packet: bytes, client: Place) -> None:
        def say(data: bytes) -> None:
            try:
                self.sock.sendto(data, client)
            except OSError:
                time.sleep(0.01)

        self.script(packet, say, self.over)

    def __enter__(self) -> Villain:
        self.threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.sock.close()


def fetch(villain: Villain, target: Path, **options: float) -> float:
    """Try to fetch; return how long it took to fail."""
    began = time.monotonic()
    with tftp.Client("127.0.0.1", port=villain.port, **{  # type: ignore[arg-type]
            "tries": 2, "timeout": 0.6, **options}) as site:
        site.download("x", target / "x")
    return time.monotonic() - began


def requested(packet: bytes) -> bool:
    return isinstance(parse(packet), Request)


def flood(what: bytes) -> Callable[[bytes, Say, threading.Event], None]:
    def script(packet: bytes, say: Say, over: threading.Event) -> None:
        if requested(packet):
            while not over.is_set():
                say(what)

    return script


@pytest.fixture
def nothing_there(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", [
    Data(1, bytes(512)).encode(), Data(7, b"lies").encode(), Ack(9).encode(),
    b"", b"\xff" * 1_400, OptionAck({"blksize": "64"}).encode(), b"\0\3\0"])
def test_a_flood_of_the_same_ends_in_time(what: bytes, nothing_there: Path) -> None:
    began = time.monotonic()
    with Villain(flood(what)) as villain, pytest.raises(PostelError):
        fetch(villain, nothing_there)
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_one_byte_at_a_time_in_what_is_asked_for(nothing_there: Path) -> None:
    """Every packet of a good answer, cut at every byte: as good as lost, or an end that is told."""
    good = OptionAck({"tsize": "700", "blksize": "65464"}).encode()

    for length in range(len(good)):
        def script(packet: bytes, say: Say, over: threading.Event, length: int = length) -> None:
            if requested(packet):
                say(good[:length])

        with Villain(script) as villain, pytest.raises((TimedOut, ProtocolError)):
            fetch(villain, nothing_there, tries=0)


def test_a_size_that_lies(nothing_there: Path) -> None:
    def script(packet: bytes, say: Say, over: threading.Event) -> None:
        if requested(packet):
            say(OptionAck({"tsize": str(10**18)}).encode())
        elif parse(packet) == Ack(0):
            say(Data(1, b"all there is").encode())

    with Villain(script) as villain, pytest.raises(Incomplete, match=r"12 bytes came, 1,000,000,0"):
        fetch(villain, nothing_there)


def test_an_endless_file_beyond_its_size(nothing_there: Path) -> None:
    def script(packet: bytes, say: Say, over: threading.Event) -> None:
        if requested(packet):
            say(OptionAck({"tsize": "1000"}).encode())
        elif isinstance(asked := parse(packet), Ack):
            say(Data((asked.block + 1) & 0xFFFF, bytes(512)).encode())

    with Villain(script) as villain:
        with pytest.raises(Incomplete, match="announced 1,000 bytes and sends more"):
            fetch(villain, nothing_there)
        time.sleep(0.1)
        told = [parse(packet) for packet in villain.heard]
    assert Error(0, "more than announced") in told
    assert len(told) < 12


def test_errors_to_errors_make_no_storm(nothing_there: Path) -> None:
    def script(packet: bytes, say: Say, over: threading.Event) -> None:
        for _ in range(100):
            say(Error(5, "who are you?").encode())

    with Villain(script) as villain, pytest.raises(PostelError, match="who are you"):
        fetch(villain, nothing_there)
    assert len(villain.heard) == 1


def test_an_upload_whose_acknowledgements_make_no_sense(tmp_path: Path) -> None:
    def script(packet: bytes, say: Say, over: threading.Event) -> None:
        if requested(packet):
            say(Ack(0).encode())
        else:
            for block in (0, 0, 65_535, 40_000, 3):
                say(Ack(block).encode())

    (tmp_path / "f").write_bytes(bytes(5_000))
    began = time.monotonic()
    with Villain(script) as villain:
        with tftp.Client("127.0.0.1", port=villain.port, tries=2, timeout=0.6) as site:
            with pytest.raises(TimedOut):
                site.upload(tmp_path / "f", "x")
        blocks = [packet for packet in villain.heard if isinstance(parse(packet), Data)]
    assert time.monotonic() - began < 5
    assert len(blocks) <= 4  # each repetition is the clock's
