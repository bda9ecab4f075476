"""The lab's TFTP server, spoken to by hand: who is served, who is not, and that nothing is left."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.errors import UsageError
from postel.serving.folder import FolderFiles
from postel.tftp import server as server_module
from postel.tftp.wire import Ack, Data, Error, OptionAck, Packet, Request, parse


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("tftp") as running:
        running.tftp.files.put("/f", bytes(1_000))
        yield running


class Hand:
    """A client by hand."""

    def __init__(self, lab_: lab.Lab) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.settimeout(3)
        self.listener = lab_.address("tftp")
        self.peer = self.listener

    def say(self, packet: Packet | bytes, to: tuple[str, int] | None = None) -> None:
        self.sock.sendto(packet if isinstance(packet, bytes) else packet.encode(),
                         to or self.listener if isinstance(packet, Request) else to or self.peer)

    def hear(self) -> Packet:
        packet, self.peer = self.sock.recvfrom(65_535)
        return parse(packet)

    def silence(self) -> bool:
        self.sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            self.hear()
            return False
        self.sock.settimeout(3)
        return True


@pytest.fixture
def hand(here: lab.Lab) -> Iterator[Hand]:
    found = Hand(here)
    yield found
    found.sock.close()


def test_a_read_by_hand(here: lab.Lab, hand: Hand) -> None:
    hand.say(Request("f"))
    assert hand.hear() == Data(1, bytes(512))
    assert hand.peer != hand.listener
    hand.say(Ack(1))
    assert hand.hear() == Data(2, bytes(488))
    hand.say(Ack(2))
    assert hand.silence()


def test_a_write_by_hand_and_the_last_acknowledgement_again(here: lab.Lab, hand: Hand) -> None:
    hand.say(Request("new", True, options={"tsize": "3", "odd": "1"}))
    assert hand.hear() == OptionAck({"tsize": "3"})
    hand.say(Data(1, b"abc"))
    assert hand.hear() == Ack(1)
    assert here.tftp.files.open("/new").read() == b"abc"  # before it was acknowledged
    hand.say(Data(1, b"abc"))
    assert hand.hear() == Ack(1)


def test_a_request_again_is_no_second_transfer(here: lab.Lab, hand: Hand) -> None:
    for _ in range(5):
        hand.say(Request("f"))
    assert hand.hear() == Data(1, bytes(512))
    first = hand.peer
    assert hand.silence()
    assert here.tftp.server.transfers == 1
    hand.say(Ack(1), first)
    assert hand.hear() == Data(2, bytes(488))
    hand.say(Request("f"))  # in the middle: the client has begun anew
    assert hand.hear() == Data(1, bytes(512))
    assert hand.peer != first


def test_strangers_are_told_and_harm_nothing(here: lab.Lab, hand: Hand) -> None:
    hand.say(Request("f"))
    hand.hear()
    with contextlib.closing(Hand(here).sock) as eve:
        eve.settimeout(3)
        eve.sendto(Ack(1).encode(), hand.peer)
        assert parse(eve.recvfrom(600)[0]) == Error(5, "this transfer is not yours")
        eve.sendto(Error(0, "die").encode(), hand.peer)
    hand.say(Ack(1))
    assert hand.hear() == Data(2, bytes(488))


@pytest.mark.parametrize(("request_", "error"), [
    (Request("missing"), Error(1, "file not found")),
    (Request("../../../etc/passwd"), Error(1, "file not found")),
    (Request("/"), Error(2, "that is a folder")),
    (Request("f", mode="mail"), Error(4, "mode mail is not known")),
    (Request("f/g", True), Error(1, "file not found")),
    (Request("n" * 300), Error(2, "that name is too long"))])
def test_refusals(hand: Hand, request_: Request, error: Error) -> None:
    hand.say(request_)
    found = hand.hear()
    assert isinstance(found, Error)
    assert found.code == error.code
    if request_.name != "f/g":
        assert found == error


def test_noise_is_not_answered(here: lab.Lab, hand: Hand) -> None:
    for packet in (b"", b"\0", b"\0\1", b"\0\1f\0octet", b"\0\1f\0octet\0a\0", b"\xff" * 2_000,
                   Data(1, b"x"), Ack(1), Error(0, "x"), OptionAck({"a": "b"})):
        hand.say(packet, hand.listener)
    assert hand.silence()
    assert here.tftp.server.transfers == 0


def test_a_flood_of_requests_is_bounded(here: lab.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MOST_TRANSFERS", 3)
    hands = [Hand(here) for _ in range(5)]
    answers = []
    for one in hands:
        one.say(Request("f"))
        answers.append(one.hear())
        one.sock.close()
    assert answers[:3] == [Data(1, bytes(512))] * 3
    assert answers[3:] == [Error(0, "busy: too many transfers")] * 2


def test_a_folder_is_read_only_and_a_jail(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "root" / "link").symlink_to("../outside")
    (tmp_path / "root" / "f").write_bytes(b"hello")
    with lab.start("tftp", root=tmp_path / "root") as here:
        found = Hand(here)
        with contextlib.closing(found.sock):
            found.say(Request("f"))
            assert found.hear() == Data(1, b"hello")
            found.say(Ack(1))
            found.say(Request("link"))
            answer = found.hear()
            assert isinstance(answer, Error)
            found.say(Request("new", True))
            assert found.hear() == Error(2, "nothing can be written here")


def test_an_upload_that_stops_leaves_nothing(here: lab.Lab, hand: Hand, tmp_path: Path) -> None:
    here.tftp.serve(FolderFiles(tmp_path, writable=True))
    hand.say(Request("new", True))
    assert hand.hear() == Ack(0)
    hand.say(Data(1, bytes(512)))
    assert hand.hear() == Ack(1)
    hand.say(Error(0, "enough"))
    until = time.monotonic() + 3
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_faults_are_checked(here: lab.Lab) -> None:
    with pytest.raises(UsageError, match="no such fault"):
        here.tftp.harm.on("explode")
    with pytest.raises(UsageError):
        here.tftp.harm.on("drop", of="FIN")


def test_the_watcher_hears() -> None:
    heard: list[str] = []
    with lab.start("tftp", watcher=lambda name, who, text: heard.append(f"{who} {text}")) as here:
        here.tftp.files.put("/f", b"x")
        found = Hand(here)
        with contextlib.closing(found.sock):
            found.say(Request("f"))
            found.hear()
            found.say(Ack(1))
            found.say(Request("missing"))
            found.hear()
            time.sleep(0.05)
    assert "C RRQ f octet" in heard
    assert "* f: 1 bytes sent" in heard
    assert "S ERROR 1 file not found" in heard
