# A conversation (its twin test_tftp_sync.py is generated): the TFTP client.
"""TFTP against the lab, whatever its server does to its packets, and against servers of few words."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.errors import (
    AlreadyExists,
    ConnectError,
    ConnectionLost,
    Forbidden,
    Incomplete,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    ResolveError,
    TimedOut,
    TryLater,
    UsageError,
)
from postel.serving.files import MemoryFiles
from postel.tftp import retransmission
from postel.tftp.client_async import AsyncClient
from postel.tftp.options import Limits
from postel.tftp.wire import Ack, Data, Error, OptionAck, Packet, Request, parse
from postel.transport.names import HOSTS
from postel.urls import parse as parse_url

DATA = bytes(range(256)) * 70
# not in it: a short block is the last one, and the first answer fixes the port
HARMS = [(harm, of) for harm in ("drop", "duplicate", "delay", "reorder", "stranger", "truncate",
                                 "garbage", "wrong block", "ignore")
         for of in ("DATA", "ACK", "OACK", "")
         if (harm, of) not in (("truncate", "DATA"), ("truncate", ""), ("stranger", "OACK"))]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends repeat sooner than they would on a network."""
    monkeypatch.setattr(retransmission, "FIRST", 0.1)
    monkeypatch.setattr(retransmission, "LEAST", 0.05)


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("tftp") as running:
        running.tftp.files.put("/pub/data", DATA)
        running.tftp.files.put("/empty", b"")
        yield running


async def content(site: AsyncClient, name: str) -> bytes:
    async with site.get(name) as reading:
        return b"".join([chunk async for chunk in reading])


class Peer:
    """A server of few words: each datagram is answered by what *script* says."""

    def __init__(self, script: Callable[[Packet, int], list[bytes]]) -> None:
        self.heard: list[Packet] = []
        self._script = script
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.port = self._sock.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while True:
            packet, client = self._sock.recvfrom(65_535)
            if packet == b"stop":
                return
            self.heard.append(parse(packet))
            for answer in self._script(self.heard[-1], len(self.heard)):
                self._sock.sendto(answer, client)

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join()
        self._sock.close()


def says(*answers: Packet | bytes) -> Callable[[Packet, int], list[bytes]]:
    """One answer after the other, whatever is asked."""
    def script(packet: Packet, number: int) -> list[bytes]:
        answer = answers[number - 1 : number]
        return [one if isinstance(one, bytes) else one.encode() for one in answer]

    return script


# -- all goes well -----------------------------------------------------------------------------


async def test_down_and_up(here: lab.Lab, tmp_path: Path) -> None:
    told = []
    async with AsyncClient(here.url("tftp")) as site:
        assert await site.download("pub/data", tmp_path, progress=told.append) == len(DATA)
        assert (tmp_path / "data").read_bytes() == DATA
        assert told[-1].done == told[-1].total == len(DATA)
        assert await site.upload(tmp_path / "data", "pub/") == len(DATA)
        with (tmp_path / "data").open("rb") as file:
            assert await site.upload(file, "copy") == len(DATA)
        assert await content(site, "copy") == DATA
        assert (await site.stat("pub/data")).size == len(DATA)
        assert (await site.stat("empty")).size == 0
        assert await content(site, "empty") == b""
        async with site.put("nothing"):
            pass
        assert site.latency > 0
        assert site.peer.address == "127.0.0.1"
        assert site.is_open
        await site.noop()
    assert here.tftp.files.open("/copy").read() == DATA
    assert here.tftp.files.stat("/nothing").size == 0
    assert [name for name in here.tftp.files.tree() if "part" in name] == []


@pytest.mark.parametrize("block_size", [8, 512, 1428, 65_464])
@pytest.mark.parametrize("window", [1, 3, 64])
async def test_terms(here: lab.Lab, block_size: int, window: int) -> None:
    async with AsyncClient(here.url("tftp"), block_size=block_size, window=window) as site:
        async with site.get("pub/data") as reading:
            assert b"".join([chunk async for chunk in reading]) == DATA
            assert (reading.terms.block_size, reading.terms.window) == (block_size, window)
        async with site.put("x", size=len(DATA)) as sink:
            for start in range(0, len(DATA), 1_000):
                await sink.send(DATA[start : start + 1_000])
            assert sink.terms.window == window
    assert here.tftp.files.open("/x").read() == DATA


async def test_text(here: lab.Lab, tmp_path: Path) -> None:
    text = b"one\ntwo\r\n\rthree\r" * 200
    here.tftp.files.put("/text", text)
    async with AsyncClient(here.url("tftp"), mode="netascii", block_size=9) as site:
        assert await content(site, "text") == text
        (tmp_path / "t").write_bytes(text)
        await site.upload(tmp_path / "t", "up")
        assert here.tftp.files.open("/up").read() == text
        async with site.get("text", mode="octet") as reading:
            assert b"".join([chunk async for chunk in reading]) == text
    plain = AsyncClient(here.url("tftp"))
    assert plain.path_in(parse_url("tftp://h/%2Ftext;mode=NetASCII")) == "/text"
    assert plain.mode == "netascii"


async def test_servers_of_rfc_1350(here: lab.Lab) -> None:
    here.tftp.options.options = False
    async with AsyncClient(here.url("tftp")) as site:
        async with site.get("pub/data") as reading:
            assert b"".join([chunk async for chunk in reading]) == DATA
            assert (reading.terms.block_size, reading.expected) == (512, None)
        async with site.put("x") as sink:
            await sink.send(DATA)
        assert (await site.stat("pub/data")).size is None
        assert (await site.stat("empty")).size == 0
    assert here.tftp.files.open("/x").read() == DATA


async def test_servers_that_grant_less(here: lab.Lab) -> None:
    here.tftp.options.limits = Limits(block_size=100, window=2, size=False)
    async with AsyncClient(here.url("tftp"), window=9, retransmit=2) as site:
        async with site.get("pub/data") as reading:
            assert b"".join([chunk async for chunk in reading]) == DATA
            assert (reading.terms.block_size, reading.terms.window) == (100, 2)
            assert (reading.terms.size, reading.terms.interval) == (None, 2)


async def test_a_server_that_refuses_options_is_asked_again_without_them() -> None:
    def script(packet: Packet, number: int) -> list[bytes]:
        if isinstance(packet, Request):
            refused = Error(8, "options are not known here")
            return [(refused if packet.options else Data(1, b"plain")).encode()]
        return []

    with Peer(script) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port) as site:
            assert await content(site, "x") == b"plain"
            assert "asked again without them" in site.trace.text
    requests = [packet for packet in peer.heard if isinstance(packet, Request)]
    assert [bool(request.options) for request in requests] == [True, False]


async def test_several_transfers_at_once(here: lab.Lab) -> None:
    async with AsyncClient(here.url("tftp"), block_size=512) as site:
        async with site.get("pub/data") as one, site.get("pub/data") as two, site.put("c") as three:
            got = bytearray()
            async for chunk in one:
                got += chunk
                async for other in two:
                    await three.send(other)
                    break
            assert got == DATA
    assert len(here.tftp.files.open("/c").read()) > 0


@pytest.mark.slow
async def test_more_than_32_mib_in_small_blocks(here: lab.Lab, tmp_path: Path) -> None:
    big = os.urandom(8 * 65_536 + 77)
    here.tftp.files.put("/big", big)
    for restart in (0, 1):
        here.tftp.options.restart = restart
        async with AsyncClient(here.url("tftp"), block_size=8, window=64) as site:
            assert await site.download("big", tmp_path / "big") == len(big)
        assert (tmp_path / "big").read_bytes() == big


# -- the server's packets come to harm ---------------------------------------------------------


@pytest.mark.parametrize(("harm", "of"), HARMS)
@pytest.mark.parametrize("window", [1, 4])
async def test_harm(here: lab.Lab, harm: str, of: str, window: int) -> None:
    here.tftp.harm.on(harm, of=of, nth=1 if of else 2, times=2)
    async with AsyncClient(here.url("tftp"), block_size=2_000, window=window) as site:
        assert await content(site, "pub/data") == DATA
        here.tftp.harm.clear()
        here.tftp.harm.on(harm, of=of, nth=2)
        async with site.put("up") as sink:
            await sink.send(DATA)
    assert here.tftp.files.open("/up").read() == DATA


async def test_a_block_that_was_cut_is_no_end(here: lab.Lab) -> None:
    here.tftp.harm.on("truncate", of="DATA", nth=3)
    async with AsyncClient(here.url("tftp"), block_size=2_000) as site:
        with pytest.raises(Incomplete, match=r"bytes came, 17,920 were announced"):
            await content(site, "pub/data")


async def test_losses_by_chance(here: lab.Lab) -> None:
    here.tftp.harm.loss = 0.1
    async with AsyncClient(here.url("tftp"), block_size=1_000, window=4) as site:
        assert await content(site, "pub/data") == DATA
        async with site.put("up") as sink:
            await sink.send(DATA)
    assert here.tftp.files.open("/up").read() == DATA


async def test_an_error_in_the_middle(here: lab.Lab, tmp_path: Path) -> None:
    here.tftp.harm.on("error", of="DATA", nth=3, code=0, text="the disk broke")
    async with AsyncClient(here.url("tftp"), block_size=1_000) as site:
        with pytest.raises(ReplyError, match="read pub/data: the disk broke") as caught:
            await site.download("pub/data", tmp_path / "x")
    assert caught.value.url == here.url("tftp")
    assert not (tmp_path / "x").exists()


async def test_silence_in_the_middle(here: lab.Lab) -> None:
    here.tftp.harm.on("silence", of="DATA", nth=3)
    async with AsyncClient(here.url("tftp"), block_size=1_000, tries=2) as site:
        with pytest.raises(TimedOut, match="no answer any more, after 2 repetitions"):
            await content(site, "pub/data")


async def test_the_last_acknowledgement_is_lost(here: lab.Lab) -> None:
    here.tftp.harm.on("drop", of="ACK", nth=3)
    async with AsyncClient(here.url("tftp"), block_size=10_000, window=1) as site:
        async with site.put("up") as sink:  # OACK, ACK 1, and ACK 2, which the server says again
            await sink.send(DATA)
    assert here.tftp.files.open("/up").read() == DATA


# -- refusals ----------------------------------------------------------------------------------


async def test_refusals_of_the_lab(here: lab.Lab, tmp_path: Path) -> None:
    async with AsyncClient(here.url("tftp")) as site:
        with pytest.raises(NotFound, match="read no such: file not found") as caught:
            await content(site, "no such")
        assert caught.value.url == here.url("tftp")
        with pytest.raises(NotFound):
            await site.stat("no such")
        with pytest.raises(Forbidden, match="that is a folder"):
            await content(site, "pub")
        with pytest.raises(NotFound):
            await content(site, "../../../etc/passwd")
        here.tftp.options.overwrite = False
        with pytest.raises(AlreadyExists) as exists:
            async with site.put("pub/data"):
                pass
        assert "overwrite" in exists.value.hint
        with pytest.raises(NotFound) as hinted:
            async with site.put("no/such/folder"):
                pass
        assert "create the file there first" in hinted.value.hint
        here.tftp.serve(MemoryFiles(limit=1_000))
        with pytest.raises(NoSpace, match="write x: no space left"):
            async with site.put("x", size=len(DATA)) as sink:
                await sink.send(DATA)
        with pytest.raises(NoSpace):  # the server learns it only at the end, and says so
            async with site.put("x") as sink:
                await sink.send(DATA)
        assert list(here.tftp.files.tree()) == []


@pytest.mark.parametrize(("error", "kind", "text"), [
    (Error(1, "File not found"), NotFound, "File not found"),
    (Error(2, "Only absolute filenames allowed"), Forbidden, "Only absolute"),
    (Error(2, "no such file"), NotFound, "no such file"),
    (Error(3), NoSpace, "disk full"),
    (Error(4, "Write not permitted"), NotSupported, "Write not permitted"),
    (Error(6), AlreadyExists, "already exists"),
    (Error(7), Forbidden, "no such user"),
    (Error(0, "Permission denied"), Forbidden, "Permission denied"),
    (Error(0, "server busy"), TryLater, "busy"),
    (Error(0), ReplyError, "the server gave no reason"),
    (Error(99, "\x1b[2Jboo"), ReplyError, r"x1b\[2Jboo"),
    (Error(5, "Unknown transfer ID"), ConnectionLost, "Unknown transfer ID")])
async def test_refusals_in_other_words(error: Error, kind: type[PostelError], text: str) -> None:
    with Peer(says(error)) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port, block_size=512, window=1) as site:
            with pytest.raises(kind, match=text) as caught:
                await content(site, "x")
    assert type(caught.value) is kind


async def test_what_tftp_cannot(here: lab.Lab, tmp_path: Path) -> None:
    async with AsyncClient(here.url("tftp")) as site:
        files = site.files
        for attempt in (lambda: files.make("d"), lambda: files.remove("d"),
                        lambda: files.rename("a", "b"), lambda: files.set("a", mode=0o600),
                        lambda: files.digest("a"), lambda: site.upload_tree(tmp_path, "x"),
                        lambda: site.download_tree("x", tmp_path),
                        lambda: site.download("x", tmp_path / "x", verify=True)):
            with pytest.raises(NotSupported) as caught:
                await attempt()
            assert caught.value.hint
        with pytest.raises(NotSupported, match="list pub: TFTP cannot"):
            site.list("pub")
        with pytest.raises(NotSupported, match="from byte 7"):
            files.read("a", offset=7)
        with pytest.raises(NotSupported, match="from byte 7"):
            files.write("a", offset=7)
        assert not files.features.resume_read
        assert files.features.precision is None


async def test_usage(here: lab.Lab) -> None:
    for arguments in ({"block_size": 7}, {"block_size": 65_465}, {"window": 0}, {"retransmit": 256},
                      {"mode": "mail"}):
        with pytest.raises(UsageError):
            AsyncClient("h", **arguments)  # type: ignore[arg-type]
    for target in ("ftp://h/", "tftp://alice@h/", "tftp://h/x;mode=mail"):
        with pytest.raises(UsageError):
            AsyncClient(target)
    assert AsyncClient("::1").url.host == "::1"
    with pytest.raises(UsageError, match="not open"):
        await content(AsyncClient("h"), "x")
    async with AsyncClient(here.url("tftp")) as site:
        for name in ("", "a\0b", "a\r\nb", "n" * 600):
            with pytest.raises(UsageError):
                await content(site, name)
        with pytest.raises(UsageError, match="has not begun"):
            await site.put("x").send(b"x")
        with (Path(__file__)).open("rb") as file, pytest.raises(UsageError, match="needs a name"):
            await site.upload(file, "x/")
    with pytest.raises(ResolveError):
        async with AsyncClient("no-such-host.invalid"):
            pass


async def test_short_and_long(tmp_path: Path) -> None:
    def script(packet: Packet, number: int) -> list[bytes]:
        if isinstance(packet, Request):
            told = "9" if packet.name == "long" else "1000"
            return [OptionAck({"tsize": told}).encode()]
        return [Data(1, bytes(100)).encode()] if packet == Ack(0) else []

    with Peer(script) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port) as site:
            with pytest.raises(Incomplete, match="100 bytes came, 1,000 were announced"):
                await site.download("short", tmp_path / "x")
            with pytest.raises(Incomplete, match="announced 9 bytes and sends more"):
                await site.download("long", tmp_path / "x")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name == "x") == []


async def test_nobody_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        async with AsyncClient("127.0.0.1", port=port, tries=1) as site:  # bound, and silent
            with pytest.raises(TimedOut, match=f"no answer from 127.0.0.1 port {port}, asked 2"):
                await content(site, "x")
    async with AsyncClient("127.0.0.1", port=port) as site:
        with pytest.raises((ConnectError, TimedOut)) as caught:
            await content(site, "x")
    if os.name == "posix" and isinstance(caught.value, ConnectError):
        assert "refused: nothing listens there" in str(caught.value)


async def test_the_second_address_is_asked_when_the_first_is_dead(here: lab.Lab) -> None:
    port = here.address("tftp")[1]
    HOSTS.add("two.lab.test", ("::1", "127.0.0.1"), {69: port})
    try:
        async with AsyncClient("two.lab.test") as site:
            assert await content(site, "pub/data") == DATA
            with pytest.raises(NotFound):
                await content(site, "nothing")
    finally:
        HOSTS.remove("two.lab.test")


async def test_giving_up_tells_the_server() -> None:
    heard = threading.Event()

    def script(packet: Packet, number: int) -> list[bytes]:
        if isinstance(packet, Error):
            heard.set()
        return [Data(number, bytes(512)).encode()] if not isinstance(packet, Error) else []

    with Peer(script) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port) as site:
            async with site.get("endless") as reading:
                async for _ in reading:
                    break
        assert heard.wait(5)


async def test_absurd_blocks() -> None:
    with Peer(says(Data(1, bytes(600)))) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port) as site:
            with pytest.raises(ProtocolError, match="where 512 were agreed on"):
                await content(site, "x")


async def test_the_trace(here: lab.Lab, tmp_path: Path) -> None:
    async with AsyncClient(here.url("tftp"), block_size=512, window=1,
                           trace=str(tmp_path / "t")) as site:
        await content(site, "empty")
    assert (tmp_path / "t").read_text().splitlines() == [
        r"C: RRQ empty octet\r\n", r"S: DATA 1, 0 bytes\r\n", r"C: ACK 1\r\n"]
