"""TFTP: our client against tftpd-hpa and atftpd, the lab's server against clients of other makers."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import Ground
from servers.find import absent, cache
from servers.tftpd import TFTPD, run_atftpd, run_tftpd_hpa

from postel import lab, tftp
from postel.errors import Forbidden, NotFound, NotSupported, ReplyError
from postel.testing import files_async, files_sync
from postel.testing.outside import FolderOutside

SIZES = [0, 1, 511, 512, 513, 1_468, 100_000, 700_000]


@pytest.fixture(scope="module")
def tftpd_hpa(ground: Ground) -> Iterator[TFTPD]:
    with run_tftpd_hpa(ground) as server:
        yield server


@pytest.fixture(scope="module")
def atftpd(ground: Ground) -> Iterator[TFTPD]:
    with run_atftpd(ground) as server:
        yield server


@pytest.fixture(params=["tftpd_hpa", "atftpd"])
def server(request: pytest.FixtureRequest) -> TFTPD:
    found: TFTPD = request.getfixturevalue(request.param)
    return found


def put(server: TFTPD, name: str, data: bytes) -> None:
    path = server.root / name
    path.write_bytes(data)
    path.chmod(0o666)


@pytest.mark.parametrize("block_size", [None, 8, 512, 1_428, 65_464])
@pytest.mark.parametrize("window", [None, 1, 8])
def test_down_and_up(server: TFTPD, tmp_path: Path, block_size: int | None,
                     window: int | None) -> None:
    with tftp.Client("127.0.0.1", port=server.port, block_size=block_size, window=window,
                     timeout=20.0) as site:
        for size in SIZES if block_size != 8 else SIZES[:7]:
            data = os.urandom(size)
            put(server, f"f{size}", data)
            assert site.download(f"f{size}", tmp_path / "x") == size
            assert (tmp_path / "x").read_bytes() == data
            put(server, "up", b"old")
            assert site.upload(tmp_path / "x", "up") == size
            wait_for(lambda data=data: (server.root / "up").read_bytes() == data)
        put(server, "f", b"12345")
        assert site.stat("f").size == 5


def wait_for(done: Callable[[], bool]) -> None:
    """A server writes the last block out after it has acknowledged it."""
    until = time.monotonic() + 5
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_terms(tftpd_hpa: TFTPD, atftpd: TFTPD) -> None:
    for server, window in ((tftpd_hpa, 1), (atftpd, 4)):
        put(server, "f", bytes(50_000))
        with tftp.Client("127.0.0.1", port=server.port, block_size=1_000, window=4) as site:
            with site.get("f") as reading:
                assert b"".join(reading) == bytes(50_000)
                assert reading.terms == tftp.Terms(1_000, window, 50_000)


def test_async(server: TFTPD, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    put(server, "f", data)

    async def run() -> None:
        async with tftp.AsyncClient("127.0.0.1", port=server.port) as site:
            got = await asyncio.gather(*(site.download("f", tmp_path / str(number))
                                         for number in range(5)))
            assert got == [len(data)] * 5

    asyncio.run(run())
    assert all((tmp_path / str(number)).read_bytes() == data for number in range(5))


def test_text(tftpd_hpa: TFTPD, tmp_path: Path) -> None:
    text = b"one\ntwo\rthree\r\nfour\n" * 300
    put(tftpd_hpa, "t", text)
    put(tftpd_hpa, "u", b"")
    with tftp.Client("127.0.0.1", port=tftpd_hpa.port, mode="netascii") as site:
        site.download("t", tmp_path / "t")
        assert (tmp_path / "t").read_bytes() == text
        site.upload(tmp_path / "t", "u")
        wait_for(lambda: (tftpd_hpa.root / "u").read_bytes() == text)


def test_refusals(server: TFTPD, tmp_path: Path) -> None:
    put(server, "secret", b"x")
    (server.root / "secret").chmod(0o600)
    (tmp_path / "x").write_bytes(b"x")
    with tftp.Client("127.0.0.1", port=server.port) as site:
        with pytest.raises(NotFound, match="read missing: "):
            site.download("missing", tmp_path / "y")
        with pytest.raises((NotFound, Forbidden)):
            site.stat("../../etc/passwd")
        with pytest.raises((Forbidden, NotFound)):
            site.download("secret", tmp_path / "y")
        with pytest.raises(ReplyError):
            site.upload(tmp_path / "x", "no/such/folder/x")
        with pytest.raises(NotSupported):
            site.list()


# -- the exam ----------------------------------------------------------------------------------


class Open(FolderOutside):
    """Files that the server's account may write, looked at when it has written them.

    atftpd acknowledges the last block before it has written the one before to the disk.
    """

    def get(self, path: str) -> bytes | None:
        found = super().get(path)
        for _ in range(3):
            time.sleep(0.03)
            found = super().get(path)
        return found

    def put(self, path: str, data: bytes) -> None:
        super().put(path, data)
        self._place(path).chmod(0o666)

    def folder(self, path: str) -> None:
        super().folder(path)
        place = self._place(path)
        while place != self.root:
            place.chmod(0o777)
            place = place.parent


_VERBS = ("stat", "read", "write")
OFFERED = [index for index, check in enumerate(files_sync.CHECKS)
           if check.needs <= {"stat", "read", "write", "sizes"}]
_numbers = itertools.count()


@pytest.mark.parametrize("index", OFFERED, ids=[files_sync.CHECKS[index].name for index in OFFERED])
def test_the_exam(server: TFTPD, index: int, tmp_path: Path) -> None:
    outside, top = Open(server.root), f"exam{next(_numbers)}"
    outside.folder(top)
    with tftp.Client("127.0.0.1", port=server.port, timeout=20.0) as site:
        files_sync.take(files_sync.CHECKS[index],
                        files_sync.Ground(site, top, tmp_path, _VERBS, outside))


@pytest.mark.parametrize("index", OFFERED, ids=[files_sync.CHECKS[index].name for index in OFFERED])
def test_the_exam_async(server: TFTPD, index: int, tmp_path: Path) -> None:
    outside, top = Open(server.root), f"exam{next(_numbers)}"
    outside.folder(top)

    async def main() -> None:
        async with tftp.AsyncClient("127.0.0.1", port=server.port, timeout=20.0) as site:
            await files_async.take(files_async.CHECKS[index], files_async.AsyncGround(
                site, top, tmp_path, _VERBS, outside))

    asyncio.run(main())


# -- strangers at the lab's server -------------------------------------------------------------


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("tftp") as running:
        yield running


def stranger(name: str) -> Path:
    paths = [cache() / "tftp" / folder / name for folder in ("usr/bin", "bin")]
    found = [path for path in paths if os.access(path, os.X_OK)]
    if not found:
        absent(f"{name} is absent: .ci/unpack.sh tftp tftpd-hpa atftpd tftp-hpa atftp busybox")
    return found[0]


def run(folder: Path, *command: object, text: str = "") -> str:
    done = subprocess.run([str(part) for part in command], cwd=folder, input=text, text=True,
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def curl(port: int, name: str, *options: str) -> list[object]:
    return ["curl", "-sS", *options, f"tftp://127.0.0.1:{port}/{name}"]


@pytest.mark.parametrize("size", SIZES)
def test_curl(here: lab.Lab, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    here.tftp.files.put("/f", data)
    (tmp_path / "up").write_bytes(data)
    for options in ([], ["--tftp-blksize", "1400"], ["--tftp-no-options"]):
        if size:  # curl 7.88 fails at an empty file, from tftpd-hpa too
            run(tmp_path, *curl(here.tftp.port, "f", "-o", "got", *options))
            assert (tmp_path / "got").read_bytes() == data
        run(tmp_path, *curl(here.tftp.port, "new", "-T", "up", *options))
        wait_for(lambda: here.tftp.files.open("/new").read() == data)
        here.tftp.files.remove("/new")


@pytest.mark.parametrize("size", SIZES)
def test_tftp_hpa(here: lab.Lab, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    here.tftp.files.put("/f", data)
    (tmp_path / "up").write_bytes(data)
    client = stranger("tftp")
    run(tmp_path, client, "-m", "binary", "127.0.0.1", here.tftp.port, "-c", "get", "f", "got")
    assert (tmp_path / "got").read_bytes() == data
    run(tmp_path, client, "-m", "binary", "127.0.0.1", here.tftp.port, "-c", "put", "up", "new")
    wait_for(lambda: here.tftp.files.open("/new").read() == data)


def test_tftp_hpa_text(here: lab.Lab, tmp_path: Path) -> None:
    text = b"one\ntwo\rthree\r\nfour\n" * 300
    here.tftp.files.put("/f", text)
    (tmp_path / "up").write_bytes(text)
    client = stranger("tftp")
    run(tmp_path, client, "-m", "ascii", "127.0.0.1", here.tftp.port, "-c", "get", "f", "got")
    assert (tmp_path / "got").read_bytes() == text
    run(tmp_path, client, "-m", "ascii", "127.0.0.1", here.tftp.port, "-c", "put", "up", "new")
    wait_for(lambda: here.tftp.files.open("/new").read() == text)


@pytest.mark.parametrize("options", [[], ["blksize 1428"], ["windowsize 8", "blksize 512"],
                                     ["tsize", "timeout 2"]])
def test_atftp(here: lab.Lab, tmp_path: Path, options: list[str]) -> None:
    client = stranger("atftp")
    told = [part for option in options for part in ("--option", option)]
    for size in (1, 512, 100_000):
        data = os.urandom(size)
        here.tftp.files.put("/f", data)
        (tmp_path / "up").write_bytes(data)
        run(tmp_path, client, *told, "--get", "-r", "f", "-l", "got", "127.0.0.1", here.tftp.port)
        assert (tmp_path / "got").read_bytes() == data
        run(tmp_path, client, *told, "--put", "-r", "new", "-l", "up", "127.0.0.1", here.tftp.port)
        wait_for(lambda data=data: here.tftp.files.open("/new").read() == data)


@pytest.mark.parametrize("block", [[], ["-b", "1400"], ["-b", "65464"]])
def test_busybox(here: lab.Lab, tmp_path: Path, block: list[str]) -> None:
    client = stranger("busybox")
    for size in (0, 512, 100_000):
        data = os.urandom(size)
        here.tftp.files.put("/f", data)
        (tmp_path / "up").write_bytes(data)
        run(tmp_path, client, "tftp", *block, "-g", "-r", "f", "-l", "got", "127.0.0.1",
            here.tftp.port)
        assert (tmp_path / "got").read_bytes() == data
        run(tmp_path, client, "tftp", *block, "-p", "-r", "new", "-l", "up", "127.0.0.1",
            here.tftp.port)
        wait_for(lambda data=data: here.tftp.files.open("/new").read() == data)


def test_curl_hears_why(here: lab.Lab, tmp_path: Path) -> None:
    done = subprocess.run(curl(here.tftp.port, "missing"), capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 68  # CURLE_TFTP_NOTFOUND
