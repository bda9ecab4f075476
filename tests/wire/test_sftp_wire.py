"""SFTP's grammar: every packet both ways, what is capped, what is refused."""

from __future__ import annotations

import struct

import pytest

from postel.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    ProtocolError,
    ReplyError,
    UsageError,
)
from postel.sftp import attributes, packets, requests
from postel.sftp.packets import Scanner, string, u32, u64
from postel.sftp.refusals import refusal
from postel.sftp.types import Attributes
from postel.sftp.wire import (
    Answers,
    Attrs,
    Data,
    Extension,
    Handle,
    Name,
    Names,
    Request,
    ServerWire,
    SFTPWire,
    Status,
    Version,
    data_head,
)
from postel.types import Kind

ATTRIBUTES = Attributes(5, 1, 2, 0o100644, 10, 20, {b"x": b"y"})


def asked(request: Request) -> tuple[int, Scanner]:
    """*request* as the server reads it."""
    wire = ServerWire()
    wire.feed(SFTPWire().send(request))
    found = wire.next_event()
    assert found is not None
    assert wire.next_event() is None
    return found.kind, found.scan


def answered(request: Request, packet: bytes, *, slice: int = 0) -> object:
    """The reply that *packet* is to *request*, which has number 0."""
    wire = SFTPWire()
    wire.send(request)
    for at in range(0, len(packet), slice or len(packet)):
        assert wire.next_event() is None
        wire.feed(packet[at : at + (slice or len(packet))])
    event = wire.next_event()
    assert event is not None
    assert event[0] is request
    reply = event[1]
    return bytes(reply.view) if isinstance(reply, Data) else reply


STAT = packets.STAT


@pytest.mark.parametrize("slice", [0, 1, 3])
def test_every_reply(slice: int) -> None:
    def stat() -> Request:
        return requests.by_path(STAT, "/a")

    assert answered(stat(), Answers.status(0, 2, b"none"), slice=slice) == Status(2, "none")
    assert answered(stat(), Answers.attrs(0, ATTRIBUTES), slice=slice) == Attrs(ATTRIBUTES)
    assert answered(requests.open_file("a", requests.READ), Answers.handle(0, b"h"),
                    slice=slice) == Handle(b"h")
    assert answered(requests.read(b"h", 0, 10), Answers.data(0, b"bytes"), slice=slice) == b"bytes"
    name = Name(b"a", b"-rw-r--r-- 1 ann staff 5 Jan  1 00:00 a", ATTRIBUTES)
    assert answered(requests.by_handle(packets.READDIR, b"h"), Answers.names(0, [name, name]),
                    slice=slice) == Names((name, name))
    assert answered(requests.limits(), Answers.extended(0, b"abc"), slice=slice) == Extension(b"abc")
    assert answered(requests.init(), Answers.version(3, {b"e@x": b"1"}),
                    slice=slice) == Version(3, {"e@x": "1"})
    assert answered(requests.expand_path("~"), Answers.names(0, [name])) == Names((name,))


def test_a_status_without_words() -> None:
    packet = string(bytes([packets.STATUS]) + u32(0) + u32(4))
    assert answered(requests.by_path(STAT, "a"), packet) == Status(4, "")


def test_every_request() -> None:
    kind, scan = asked(requests.by_path(packets.OPENDIR, ""))
    assert (kind, scan.string(), scan.left) == (packets.OPENDIR, b".", 0)
    kind, scan = asked(requests.open_file("/f", requests.WRITE | requests.CREATE, 0o600))
    assert (scan.string(), scan.u32()) == (b"/f", 10)
    assert attributes.unpack(scan) == Attributes(permissions=0o600)
    kind, scan = asked(requests.read(b"hh", 1 << 33, 7))
    assert (scan.string(), scan.u64(), scan.u32()) == (b"hh", 1 << 33, 7)
    kind, scan = asked(requests.setstat(b"hh", Attributes(size=9)))
    assert (kind, scan.string()) == (packets.FSETSTAT, b"hh")
    assert attributes.unpack(scan).size == 9
    kind, scan = asked(requests.rename("a", "b"))
    assert (kind, scan.string(), scan.string()) == (packets.RENAME, b"a", b"b")
    kind, scan = asked(requests.mkdir("d", 0o700))
    assert (kind, scan.string(), attributes.unpack(scan).mode) == (packets.MKDIR, b"d", 0o700)


def test_a_link_says_its_target_first() -> None:
    _, scan = asked(requests.symlink("the link", "its target"))
    assert (scan.string(), scan.string()) == (b"its target", b"the link")


def test_every_extension() -> None:
    for request, name, rest in (
        (requests.posix_rename("a", "b"), b"posix-rename@openssh.com", string(b"a") + string(b"b")),
        (requests.hardlink("a", "b"), b"hardlink@openssh.com", string(b"a") + string(b"b")),
        (requests.fsync(b"h"), b"fsync@openssh.com", string(b"h")),
        (requests.statvfs("/"), b"statvfs@openssh.com", string(b"/")),
        (requests.statvfs(b"h"), b"fstatvfs@openssh.com", string(b"h")),
        (requests.limits(), b"limits@openssh.com", b""),
        (requests.copy_data(b"a", b"b", offset=1, length=2, at=3), b"copy-data",
         string(b"a") + u64(1) + u64(2) + string(b"b") + u64(3)),
        (requests.lsetstat("l", Attributes(size=1)), b"lsetstat@openssh.com",
         string(b"l") + u32(1) + u64(1)),
        (requests.expand_path("~ann"), b"expand-path@openssh.com", string(b"~ann")),
        (requests.home_directory("ann"), b"home-directory", string(b"ann")),
        (requests.users_groups([1, 2], [3]), b"users-groups-by-id@openssh.com",
         string(u32(1) + u32(2)) + string(u32(3))),
    ):
        kind, scan = asked(request)
        assert (kind, scan.string(), scan.rest()) == (packets.EXTENDED, name, rest)


def test_answers_of_extensions() -> None:
    told = requests.limits_of(struct.pack(">4Q", 1, 2, 3, 4))
    assert (told.packet, told.read, told.write, told.handles) == (1, 2, 3, 4)
    disk = requests.statvfs_of(struct.pack(">11Q", 512, 4096, 100, 50, 40, 9, 8, 7, 6, 1, 255))
    assert (disk.block, disk.room, disk.read_only, disk.longest_name) == (4096, 163840, True, 255)
    names = string(string(b"ann") + string(b"")) + string(string(b"staff"))
    assert requests.users_groups_of(names) == (["ann", ""], ["staff"])
    with pytest.raises(ProtocolError):
        requests.limits_of(b"short")


def test_the_head_of_a_write() -> None:
    wire, server = SFTPWire(), ServerWire()
    request = requests.write(b"hh", 5, 3)
    wire.number(request)
    server.feed(data_head(request) + b"abc")
    found = server.next_event()
    assert found is not None
    assert (found.kind, found.scan.string(), found.scan.u64(), found.scan.string()) == (
        packets.WRITE, b"hh", 5, b"abc")


def test_answers_find_their_requests_in_any_order() -> None:
    wire = SFTPWire()
    sent = [requests.by_path(STAT, str(number)) for number in range(4)]
    for request in sent:
        wire.send(request)
    for number in (2, 0, 3, 1):
        wire.feed(Answers.status(number, 0))
        event = wire.next_event()
        assert event is not None
        assert event[0] is sent[number]
    assert not wire.waiting


@pytest.mark.parametrize(("packet", "words"), [
    (Answers.status(7, 0), "answers number 7, which is not due"),
    (Answers.handle(0, b"h"), "answered by HANDLE"),
    (Answers.version(3, {}), "VERSION came, and was not due"),
    (string(bytes([packets.STATUS])), "a packet without its number"),
    (string(bytes([99]) + u32(0)), "a packet of type 99 is no reply"),
    (string(bytes([packets.ATTRS]) + u32(0) + u32(1) + b"1234"), "ends in the middle"),
    (b"Welcome to our server!\r\n", "a packet of 1,466,264,675 bytes"),
    (u32(0), "a packet of 0 bytes"),
    (u32(packets.LARGEST_PACKET + 1), "are taken"),
])
def test_what_breaks_the_rules(packet: bytes, words: str) -> None:
    wire = SFTPWire()
    wire.send(requests.by_path(STAT, "/a"))
    wire.feed(packet)
    with pytest.raises(ProtocolError, match=words):
        wire.next_event()


def test_what_a_shell_prints_is_explained() -> None:
    wire = SFTPWire()
    wire.feed(b"Last login: never")
    with pytest.raises(ProtocolError, match="Last login") as caught:
        wire.next_event()
    assert "start-up file" in caught.value.hint


def test_more_than_was_asked_for() -> None:
    with pytest.raises(ProtocolError, match="4 bytes came, 3 were asked for"):
        answered(requests.read(b"h", 0, 3), Answers.data(0, b"1234"))


def test_counts_are_held_against_what_is_there() -> None:
    body = bytes([packets.NAME]) + u32(0) + u32(90_000)
    with pytest.raises(ProtocolError, match="90,000 names in 0 bytes"):
        answered(requests.by_path(packets.REALPATH, "a"), string(body))
    body = bytes([packets.ATTRS]) + u32(0) + u32(0x80000000) + u32(5_000)
    with pytest.raises(ProtocolError, match="5,000 further attributes"):
        answered(requests.by_path(STAT, "a"), string(body))
    with pytest.raises(ProtocolError, match="a handle of 300 bytes"):
        answered(requests.open_file("a", requests.READ), Answers.handle(0, bytes(300)))


def test_flags_of_later_versions_are_not_believed() -> None:
    data = u32(0x0000FFF5) + u64(7) + u32(0o100600)
    data = u32(int.from_bytes(data[:4], "big") & ~0xA) + data[4:]
    found = attributes.unpack(Scanner(memoryview(data), "ATTRS"))
    assert (found.size, found.mode) == (7, 0o600)


@pytest.mark.parametrize(("found", "longname", "kind"), [
    (Attributes(permissions=0o100644), "", Kind.FILE),
    (Attributes(permissions=0o040755), "", Kind.FOLDER),
    (Attributes(permissions=0o120777), "", Kind.LINK),
    (Attributes(permissions=0o010644), "", Kind.OTHER),
    (Attributes(size=3), "", Kind.FILE),
    (Attributes(), "", Kind.OTHER),
    (Attributes(permissions=0o755), "drwxr-xr-x 2 ann staff 0 Jan 1 1970 d", Kind.FOLDER),
])
def test_kinds(found: Attributes, longname: str, kind: Kind) -> None:
    assert attributes.entry_of("x", found, longname).kind is kind


def test_owners() -> None:
    line = "-rw-r--r--    1 ann      staff           5 Jan  1 00:00 a b"
    entry = attributes.entry_of("a b", ATTRIBUTES, line)
    assert (entry.owner, entry.group, entry.raw) == ("ann", "staff", line)
    assert attributes.entry_of("a", ATTRIBUTES).owner == "1"


@pytest.mark.parametrize("bad", ["a\0b", "a\rb", "a\nb"])
def test_what_no_path_may_hold(bad: str) -> None:
    for make in (lambda: requests.by_path(STAT, bad), lambda: requests.rename("a", bad),
                 lambda: requests.symlink("a", bad), lambda: requests.open_file(bad, 1),
                 lambda: requests.mkdir(bad), lambda: requests.posix_rename(bad, "a"),
                 lambda: requests.home_directory(bad)):
        with pytest.raises(UsageError):
            make()


@pytest.mark.parametrize(("code", "text", "kind"), [
    (2, "No such file", NotFound), (3, "Permission denied", Forbidden),
    (4, "Failure", ReplyError), (8, "Operation unsupported", NotSupported),
    (4, "No space left on device", NoSpace), (4, "Disk quota exceeded", NoSpace),
    (4, "File exists", AlreadyExists), (4, "Directory not empty", Conflict),
    (4, "Is a directory", Conflict), (4, "Not a directory", Conflict),
    (4, "File not found", NotFound), (4, "Access denied", Forbidden),
    (4, "Read-only file system", Forbidden), (5, "", NotSupported), (11, "", AlreadyExists),
    (14, "", NoSpace), (15, "", NoSpace), (18, "", Conflict), (10, "", NotFound), (99, "", ReplyError),
])
def test_refusals(code: int, text: str, kind: type[ReplyError]) -> None:
    error = refusal("STAT /a", Status(code, text))
    assert type(error) is kind
    assert error.code == code
    assert str(error).startswith("STAT /a: ")


def test_words_of_the_server_are_shown_safely() -> None:
    error = refusal("STAT /a", Status(4, "\x1b[2Jgone"))
    assert "\x1b" not in str(error)
    assert "\\x1b[2Jgone" in str(error)


def test_bulk_through_the_room() -> None:
    wire, data = SFTPWire(), bytes(range(256)) * 1000
    sent = [requests.read(b"h", 0, 300_000) for _ in range(20)]
    for request in sent:
        wire.send(request)
    stream = b"".join(Answers.data(number, data) for number in range(20))
    got = at = 0
    while got < 20:
        room = wire.room()
        piece = stream[at : at + min(len(room), 70_001)]
        room[: len(piece)] = piece
        wire.filled(len(piece))
        at += len(piece)
        while (event := wire.next_event()) is not None:
            assert isinstance(event[1], Data)
            assert event[1].view == data
            got += 1
    assert at == len(stream)
