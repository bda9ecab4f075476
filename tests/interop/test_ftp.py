"""FTP and FTPS against vsftpd, ProFTPD and Pure-FTPd, sync and async."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from servers import BIG_SIZE, EPOCH, Server

from postel import ftp
from postel.errors import AuthenticationError, CertificateError, NotFound, PostelError
from postel.ftp.learned import LEARNED
from postel.transport.tls import TLSOptions

WAYS = ["plain", "starttls-TLSv1.2", "starttls-TLSv1.3", "tls-TLSv1.2", "tls-TLSv1.3"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def options(server: Server, way: str) -> dict[str, object]:
    """The keywords that reach *server* in one of the `WAYS`."""
    security, _, version = way.partition("-")
    port = server.tls_port if security == "tls" else server.port
    if port is None:
        pytest.skip(f"{server.name} has no implicit TLS")
    tls = TLSOptions(ca=server.ca_file, minimum=version or "TLSv1.2", maximum=version or None)
    return {"port": port, "user": server.user, "password": server.password,
            "security": security, "tls": tls, "timeout": 20.0}


def client(server: Server, way: str = "starttls") -> ftp.Client:
    return ftp.Client(server.host, **options(server, way))  # type: ignore[arg-type]


def async_client(server: Server, way: str = "starttls") -> ftp.AsyncClient:
    return ftp.AsyncClient(server.host, **options(server, way))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Each test learns what a server stands by itself."""
    LEARNED.clear()
    yield
    LEARNED.clear()


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def test_fifty_files_of_fifty(ftp_server: Server, way: str, tmp_path: Path) -> None:
    with client(ftp_server, way) as site:
        if way != "plain":
            assert site.peer.tls == way.partition("-")[2]
        for entry in site.list("/files"):
            site.download(f"/files/{entry.name}", tmp_path)
    assert digests(tmp_path) == digests(ftp_server.root / "files")
    assert len(digests(tmp_path)) == 50


def test_fifty_files_of_fifty_async(ftp_server: Server, way: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with async_client(ftp_server, way) as site:
            names = [entry.name async for entry in site.list("/files")]
            for name in names:
                await site.download(f"/files/{name}", tmp_path)

    asyncio.run(main())
    assert digests(tmp_path) == digests(ftp_server.root / "files")
    assert len(digests(tmp_path)) == 50


@pytest.mark.parametrize("connections", [1, 4])
def test_a_tree_down_and_up_and_gone(
    ftp_server: Server, way: str, connections: int, tmp_path: Path
) -> None:
    with client(ftp_server, way) as site:
        down = site.download_tree("/deep", tmp_path / "deep", connections=connections)
        assert down.ok, down.failures
        assert digests(tmp_path / "deep") == digests(ftp_server.root / "deep")
        assert (tmp_path / "deep" / "empty").is_dir()
        there = ftp_server.new_folder() + "/up"
        up = site.upload_tree(tmp_path / "deep", there, connections=connections)
        assert up.ok, up.failures
        assert digests(ftp_server.local(there)) == digests(tmp_path / "deep")
        gone = site.rmtree(there)
        assert gone.ok, gone.failures
    assert not ftp_server.local(there).exists()


def test_a_tree_async(ftp_server: Server, way: str, tmp_path: Path) -> None:
    async def main() -> str:
        async with async_client(ftp_server, way) as site:
            down = await site.download_tree("/files", tmp_path / "files", connections=4)
            assert down.ok, down.failures
            there = ftp_server.new_folder() + "/up"
            up = await site.upload_tree(tmp_path / "files", there, connections=4)
            assert up.ok, up.failures
            return there

    there = asyncio.run(main())
    assert digests(ftp_server.local(there)) == digests(ftp_server.root / "files")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_every_level_of_sending_ahead_is_right(
    ftp_server: Server, level: int, tmp_path: Path
) -> None:
    with client(ftp_server, "plain") as site:
        assert site.learned.level == (1 if ftp_server.name == "pureftpd" else 2)
        site.download("/readme.txt", tmp_path / "readme.txt")
        site.learned.level = level
        report = site.download_tree("/files", tmp_path / "files", connections=1)
        assert report.ok, report.failures
        assert report.files == 50
        careful = level == 2 and ftp_server.name == "pureftpd"
        assert site.learned.level == (0 if careful else level)
    assert digests(tmp_path / "files") == digests(ftp_server.root / "files")


def test_odd_names_come_and_go(ftp_server: Server, tmp_path: Path) -> None:
    with client(ftp_server) as site:
        report = site.download_tree("/odd", tmp_path / "odd", connections=1)
        assert report.ok, report.failures
        assert digests(tmp_path / "odd") == digests(ftp_server.root / "odd")
        there = ftp_server.new_folder() + "/odd"
        assert site.upload_tree(tmp_path / "odd", there, connections=1).ok
    assert digests(ftp_server.local(there)) == digests(tmp_path / "odd")


def test_times_are_kept(ftp_server: Server, tmp_path: Path) -> None:
    with client(ftp_server) as site:
        site.download("/files/file-03.bin", tmp_path / "here.bin")
        assert (tmp_path / "here.bin").stat().st_mtime == pytest.approx(EPOCH + 61 * 3, abs=1)
        place = ftp_server.new_folder()
        site.upload(tmp_path / "here.bin", f"{place}/there.bin")
        entry = site.stat(f"{place}/there.bin")
        assert entry.size == (tmp_path / "here.bin").stat().st_size
        assert entry.modified is not None
        assert entry.modified.timestamp() == pytest.approx(EPOCH + 61 * 3, abs=1)


def test_listed_times_are_utc(ftp_server: Server) -> None:
    with client(ftp_server) as site:
        entries = {entry.name: entry for entry in site.list("/files")}
    found = entries["file-10.bin"]
    assert found.modified is not None
    when = found.modified
    if when.tzinfo is None:  # LIST, and too old for a time of day: the zone cannot be told
        assert found.precision == 86400
        when = when.replace(tzinfo=UTC)
    assert abs(when.timestamp() - (EPOCH + 610)) < (found.precision or 0) + 1


def test_a_large_file_resumes(ftp_server: Server, tmp_path: Path) -> None:
    target = tmp_path / "big.bin"
    with client(ftp_server) as site:
        entry = site.stat("/big.bin")

        def stop(progress: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            site.download("/big.bin", target, progress=stop)
    assert not target.exists()
    left = tmp_path / ".big.bin.postel"
    assert left.stat().st_size > 0
    before = left.stat().st_size
    with client(ftp_server) as site:
        if before == entry.size:
            pytest.skip("all of it came before the interruption")
        assert site.download("/big.bin", target) == BIG_SIZE
        assert any(record.data.startswith(b"REST ") for record in site.trace.records)
    assert target.read_bytes() == (ftp_server.root / "big.bin").read_bytes()
    assert not left.exists()


def test_an_upload_resumes(ftp_server: Server, tmp_path: Path) -> None:
    place = ftp_server.new_folder()
    source = tmp_path / "up.bin"
    source.write_bytes(bytes(range(256)) * 8192)
    with client(ftp_server) as site:
        with site.stor(f"{place}/.up.bin.postel") as half:
            half.send(source.read_bytes()[:1_000_000])
        assert site.upload(source, f"{place}/up.bin", resume=True) == source.stat().st_size
    assert ftp_server.local(f"{place}/up.bin").read_bytes() == source.read_bytes()


def test_words_of_the_protocol(ftp_server: Server) -> None:
    place = ftp_server.new_folder()
    with client(ftp_server) as site:
        site.cwd(place)
        assert site.pwd().endswith(place)
        assert site.mkd("sub").endswith("sub")
        with site.stor("sub/a.txt") as file:
            file.send(b"one\n")
        with site.appe("sub/a.txt") as file:
            file.send(b"two\n")
        assert site.size("sub/a.txt") == 8
        assert site.mdtm("sub/a.txt").tzinfo is not None
        with site.retr("sub/a.txt", offset=4) as file:
            assert b"".join(file) == b"two\n"
        site.rename("sub/a.txt", "sub/b.txt")
        assert sorted(n.rpartition("/")[2] for n in site.nlst("sub")
                      if not n.endswith(".")) == ["b.txt"]
        site.chmod("sub/b.txt", 0o640)
        assert site.syst()
        assert site.status()
        with pytest.raises(NotFound):
            site.size("sub/a.txt")
        site.dele("sub/b.txt")
        site.rmd("sub")
        site.noop()


def test_many_small_commands_in_bursts(ftp_server: Server) -> None:
    place = ftp_server.new_folder()
    names = [f"{place}/folder-with-a-rather-long-name-{n:04d}" for n in range(300)]
    with client(ftp_server) as site:
        assert all(outcome.ok for outcome in site.files.make_many(names))
        moved = [(name, f"{name}-moved") for name in names]
        assert all(outcome.ok for outcome in site.files.rename_many(moved))
        outcomes = list(site.files.remove_many([new for _, new in moved], folders=True))
        assert all(outcome.ok for outcome in outcomes)
        assert [outcome.path for outcome in outcomes] == [new for _, new in moved]
    assert list(ftp_server.local(place).iterdir()) == []


def test_a_command_inside_a_listing_loop(ftp_server: Server) -> None:
    with client(ftp_server) as site:
        sizes = {entry.name: site.size(f"/files/{entry.name}") for entry in site.list("/files")}
    assert len(sizes) == 50


def test_leaving_a_download_early(ftp_server: Server) -> None:
    with client(ftp_server, "plain") as site:
        with site.retr("/big.bin") as file:
            for _ in file:
                break
        assert site.size("/readme.txt") > 0


def test_active_mode(ftp_server: Server, tmp_path: Path) -> None:
    with client(ftp_server, "plain") as site:
        site.active = True
        assert site.download("/readme.txt", tmp_path / "readme.txt") > 0


def test_wrong_password(ftp_server: Server) -> None:
    site = ftp.Client(ftp_server.host, port=ftp_server.port, user="alice", password="wrong",
                      security="plain", timeout=20.0)
    with pytest.raises(AuthenticationError) as caught, site:
        pass
    assert "wrong" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_an_unknown_authority_is_refused(ftp_server: Server) -> None:
    site = ftp.Client(ftp_server.host, port=ftp_server.port, user="alice", password="secret",
                      security="starttls", timeout=20.0)
    with pytest.raises(CertificateError) as caught, site:
        pass
    assert "ca=" in caught.value.hint


def test_text_mode(ftp_server: Server) -> None:
    with client(ftp_server, "plain") as site, site.retr("/text/lf.txt", text=True) as file:
        data = b"".join(file)
    assert data.count(b"\r\n") == data.count(b"\n") > 0


def test_anonymous(vsftpd: Server) -> None:
    with ftp.Client(vsftpd.host, port=vsftpd.port, security="plain") as site:
        assert "readme.txt" in [entry.name for entry in site.list("")]


def test_ipv6(vsftpd_ipv6: Server, tmp_path: Path) -> None:
    with client(vsftpd_ipv6, "starttls") as site:
        assert ":" in site.peer.address
        report = site.download_tree("/files", tmp_path / "files", connections=2)
    assert report.ok, report.failures
    assert report.files == 50


def test_the_servers_digest_agrees(proftpd: Server, tmp_path: Path) -> None:
    with client(proftpd) as site:
        name, digest = site.hash("/files/file-20.bin", "SHA-256")
        assert name == "SHA-256"
        data = (proftpd.root / "files" / "file-20.bin").read_bytes()
        assert digest == hashlib.sha256(data).hexdigest()
        assert site.download("/files/file-20.bin", tmp_path / "x", verify=True) == len(data)


def test_a_compressed_stream(proftpd: Server, tmp_path: Path) -> None:
    with client(proftpd, "plain") as site:
        try:
            site.mode("Z")
        except PostelError as error:
            pytest.skip(f"no MODE Z: {error}")
        with site.retr("/text/lf.txt") as file:
            assert b"".join(file) == (proftpd.root / "text" / "lf.txt").read_bytes()
        place = proftpd.new_folder()
        with site.stor(f"{place}/z.txt") as sink:
            sink.send(b"compressed " * 10_000)
    assert proftpd.local(f"{place}/z.txt").read_bytes() == b"compressed " * 10_000
