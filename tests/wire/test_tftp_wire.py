"""TFTP's packets, texts, options and words: both directions, and cut anywhere."""

from __future__ import annotations

import errno

import pytest

from postel.errors import (
    AlreadyExists,
    ConnectionLost,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    ProtocolError,
    ReplyError,
    TryLater,
    UsageError,
)
from postel.tftp import netascii
from postel.tftp.location import tftp_path
from postel.tftp.options import Limits, accept, answer, offer
from postel.tftp.refusals import error_for, refusal
from postel.tftp.types import PLAIN, Terms
from postel.tftp.wire import Ack, Data, Error, OptionAck, Packet, Request, parse
from postel.urls import parse as parse_url

PACKETS: list[tuple[Packet, bytes]] = [
    (Request("f"), b"\0\1f\0octet\0"),
    (Request("pub/ü\udcff", True, "netascii"), b"\0\2pub/\xc3\xbc\xff\0netascii\0"),
    (Request("f", options={"blksize": "1428", "tsize": "0"}),
     b"\0\1f\0octet\0blksize\x001428\0tsize\x000\0"),
    (Data(1, b""), b"\0\3\0\1"),
    (Data(65_535, b"abc"), b"\0\3\xff\xffabc"),
    (Ack(0), b"\0\4\0\0"),
    (Error(1, "File not found"), b"\0\5\0\1File not found\0"),
    (OptionAck({"windowsize": "16"}), b"\0\6windowsize\x0016\0"),
]


@pytest.mark.parametrize(("packet", "wire"), PACKETS, ids=lambda one: str(one)[:20])
def test_there_and_back(packet: Packet, wire: bytes) -> None:
    assert packet.encode() == wire
    assert parse(wire) == packet


@pytest.mark.parametrize(("packet", "wire"), PACKETS, ids=lambda one: str(one)[:20])
def test_cut_anywhere(packet: Packet, wire: bytes) -> None:
    for length in range(len(wire)):
        try:
            found = parse(wire[:length])
        except ProtocolError:
            continue
        assert type(found) is type(packet)  # DATA has no end of its own, ERROR may lack its NUL
        assert isinstance(found, Data | Error | Request | OptionAck)


def test_what_others_write() -> None:
    assert parse(b"\0\1F\0OCTET\0BlkSize\x00512\0") == Request("F", options={"blksize": "512"})
    assert parse(b"\0\5\0\1no NUL") == Error(1, "no NUL")
    assert parse(b"\0\4\0\7padding") == Ack(7)
    assert str(Error(2, "\x1b[2J")) == r"ERROR 2 \x1b[2J"
    assert str(Request("a\x1bb", options={"x": "\n"})) == r"RRQ a\x1bb octet x=\n"
    for wire in (b"\0\1f\0octet\0blksize\0", b"\0\1\0octet\0", b"\0\1f\0octet\0a\x001\0A\x002\0",
                 b"\0\6a\0", b"\0\0\0\0", b"\1\1f\0octet\0", b"\0\1f\0octet\0" + b"a\0" * 80):
        with pytest.raises(ProtocolError):
            parse(wire)


@pytest.mark.parametrize("name", ["", "a\0b", "a\rb", "a\nb", "n" * 505])
def test_names_that_cannot_be_asked_for(name: str) -> None:
    with pytest.raises(UsageError):
        Request(name).encode()


@pytest.mark.parametrize(("here", "there"), [
    (b"", b""), (b"a\nb\n", b"a\r\nb\r\n"), (b"\r", b"\r\0"), (b"\r\n", b"\r\0\r\n"),
    (b"\r\r\n\n", b"\r\0\r\0\r\n\r\n"), (b"\0\r\0", b"\0\r\0\0"), (b"x" * 600, b"x" * 600)])
def test_netascii(here: bytes, there: bytes) -> None:
    assert netascii.encode(here) == there
    for size in range(1, 7):  # wherever blocks end
        decoder = netascii.Decoder()
        chunks = [decoder.feed(there[at : at + size]) for at in range(0, len(there), size)]
        assert b"".join(chunks) + decoder.end() == here
        assert b"".join(netascii.encode(here[at : at + size])
                        for at in range(0, len(here), size)) == there


def test_netascii_of_others() -> None:
    decoder = netascii.Decoder()
    assert decoder.feed(b"lone\rCR\nand LF\r") + decoder.feed(b"") + decoder.end() == (
        b"lone\rCR\nand LF\r")


def test_offers() -> None:
    assert offer() == {}
    assert offer(block_size=8, window=2, size=7, interval=3) == {
        "tsize": "7", "blksize": "8", "windowsize": "2", "timeout": "3"}
    assert accept({"tsize": "0"}, {"tsize": "99999999999"}) == Terms(size=99_999_999_999)
    assert accept({"tsize": "0", "blksize": "1428"}, {}) == PLAIN


@pytest.mark.parametrize(("asked", "told"), [
    ({"blksize": "65464"}, {"blksize": "65464"}),
    ({"blksize": "65465"}, {}), ({"blksize": "7"}, {}), ({"blksize": "-1"}, {}),
    ({"blksize": "1e3"}, {}), ({"blksize": "²"}, {}), ({"blksize": ""}, {}),
    ({"blksize": "9" * 100}, {}), ({"windowsize": "0"}, {}), ({"windowsize": "65536"}, {}),
    ({"windowsize": "65535"}, {"windowsize": "64"}),
    ({"timeout": "0"}, {}), ({"timeout": "256"}, {}), ({"timeout": "255"}, {"timeout": "255"}),
    ({"tsize": "0"}, {"tsize": "5"}), ({"multicast": "", "x": "y"}, {})])
def test_answers(asked: dict[str, str], told: dict[str, str]) -> None:
    assert answer(asked, Limits(), size=5, write=False)[0] == told


def test_answers_of_older_servers() -> None:
    asked = {"tsize": "0", "blksize": "1000", "timeout": "3"}
    assert answer(asked, Limits(only=frozenset()), size=5, write=False) == ({}, PLAIN)
    assert answer(asked, Limits(size=False, interval=False), size=5, write=False)[0] == {
        "blksize": "1000"}
    assert answer(asked, Limits(), size=None, write=False)[0] == {"blksize": "1000", "timeout": "3"}
    assert answer({"tsize": "77"}, Limits(), size=None, write=True) == (
        {"tsize": "77"}, Terms(size=77))


@pytest.mark.parametrize(("packet", "kind"), [
    (Error(0, "File does not exist"), NotFound), (Error(0, "quota exceeded"), NoSpace),
    (Error(0, "read-only"), Forbidden), (Error(0, "File already exists"), AlreadyExists),
    (Error(0, "too many users"), TryLater), (Error(0, "Undefined"), ReplyError),
    (Error(4, "cannot find it"), NotFound), (Error(4), NotSupported), (Error(8), NotSupported),
    (Error(5), ConnectionLost), (Error(65_535, "?"), ReplyError)])
def test_refusals(packet: Error, kind: type[Exception]) -> None:
    found = refusal(packet, "read f")
    assert type(found) is kind
    assert str(found).startswith("read f: ")
    assert found.code == packet.code
    assert getattr(found, "temporary", False) is (kind is TryLater)


def test_hints_depend_on_the_direction() -> None:
    assert "no listing" in refusal(Error(1), "read f").hint
    assert "create the file there first" in refusal(Error(1), "write f", write=True).hint


def test_errors_of_the_disk() -> None:
    for number, code in ((errno.ENOENT, 1), (errno.EACCES, 2), (errno.ENOSPC, 3),
                         (errno.EEXIST, 6), (errno.EIO, 0)):
        assert error_for(OSError(number, "secret path")).code == code
        assert "secret" not in error_for(OSError(number, "secret path")).text


@pytest.mark.parametrize(("url", "found"), [
    ("tftp://h/f", ("f", None)), ("tftp://h/a/b%20c", ("a/b c", None)),
    ("tftp://h//etc/f", ("/etc/f", None)), ("tftp://h/%2Ff", ("/f", None)),
    ("tftp://h/f;mode=octet", ("f", "octet")), ("tftp://h/f;MODE=NetASCII", ("f", "netascii")),
    ("tftp://h/a;mode=octet/b", ("a;mode=octet/b", None)), ("tftp://h/a%3Bmode=x", ("a;mode=x", None)),
    ("tftp://h", ("", None))])
def test_urls(url: str, found: tuple[str, str | None]) -> None:
    assert tftp_path(parse_url(url)) == found


@pytest.mark.parametrize("url", ["tftp://h/f;mode=mail", "tftp://h/f?x", "tftp://h/f#x"])
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        tftp_path(parse_url(url))
    assert caught.value.hint
