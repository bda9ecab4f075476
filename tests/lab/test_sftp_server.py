"""The lab's SFTP server: what it serves and refuses, and the faults and habits it takes on."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from postel import lab
from postel.errors import UsageError
from postel.serving.files import MemoryFiles
from postel.serving.folder import FolderFiles


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("sftp") as started:
        started.sftp.files.put("/a.txt", b"0123456789" * 100, modified=1_700_000_000.0)
        yield started


def client(here: lab.Lab, work: Any, **keywords: Any) -> Any:
    """Run *work* with asyncssh's SFTP client."""
    async def main() -> Any:
        settings = {"username": "alice", "password": "secret", "config": None, "agent_path": None,
                    "client_keys": None, "known_hosts": str(here.sftp.host_keys), **keywords}
        async with asyncssh.connect("127.0.0.1", here.sftp.port, **settings) as connection:
            async with connection.start_sftp_client() as sftp:
                return await asyncio.wait_for(work(sftp), 10)

    return asyncio.run(main())


def test_who_may_log_in(here: lab.Lab) -> None:
    async def look(sftp: Any) -> Any:
        return sorted(await sftp.listdir("/"))

    assert client(here, look) == [".", "..", "a.txt"]
    key = str(here.sftp.key("bob"))
    assert client(here, look, username="bob", password=None, client_keys=[key])
    for keywords in ({"password": "wrong"}, {"username": "eve"},
                     {"password": None, "client_keys": [key]}):
        with pytest.raises(asyncssh.PermissionDenied):
            client(here, look, **keywords)
    here.sftp.quirks("no passwords")
    with pytest.raises(asyncssh.PermissionDenied):
        client(here, look)
    here.sftp.quirks("no keys", "asks")
    with pytest.raises(asyncssh.PermissionDenied):
        client(here, look, username="bob", password=None, client_keys=[key])


def test_the_host_key_is_on_record_until_it_is_another(here: lab.Lab) -> None:
    async def look(sftp: Any) -> Any:
        return await sftp.listdir("/")

    line = here.sftp.host_keys.read_text()
    assert "*.lab" in line
    assert f"[127.0.0.1]:{here.sftp.port}" in line
    before = here.sftp.fingerprint
    here.sftp.new_host_key()
    assert here.sftp.fingerprint != before
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        client(here, look)


def test_files_are_read_written_and_changed(here: lab.Lab) -> None:
    async def work(sftp: Any) -> None:
        found = await sftp.stat("/a.txt")
        assert (found.size, found.mtime) == (1000, 1_700_000_000)
        assert stat.S_ISREG(found.permissions)
        async with sftp.open("/b.txt", "wb") as file:
            await file.write(b"hello")
            await file.write(b"!", 10)  # past the end: zeros between
            assert (await file.stat()).size == 11
            await file.truncate(7)
            await file.utime((1_600_000_000, 1_600_000_000))
            await file.fsync()
        assert (await sftp.stat("/b.txt")).mtime == 1_600_000_000
        async with sftp.open("/b.txt", "r+b") as file:
            await file.write(b"J")
            assert await file.read(3, 0) == b"Jel"
        async with sftp.open("/b.txt", "ab") as file:
            await file.write(b"end")
        await sftp.chmod("/b.txt", 0o600)
        await sftp.mkdir("/d")
        with pytest.raises(asyncssh.SFTPFailure):
            await sftp.rename("/b.txt", "/a.txt")
        await sftp.posix_rename("/b.txt", "/a.txt")
        await sftp.rename("/a.txt", "/d/a.txt")
        await sftp.truncate("/d/a.txt", 4)
        assert await sftp.realpath("/d/../x/.") == "/x"

    client(here, work)
    assert here.sftp.files.get("/d/a.txt") == b"Jell"
    assert here.sftp.files.stat("/d/a.txt").mode == 0o600


@pytest.mark.parametrize(("word", "arguments", "error"), [
    ("stat", ("/none",), asyncssh.SFTPNoSuchFile),
    ("open", ("/none",), asyncssh.SFTPNoSuchFile),
    ("open", ("/d", "rb"), asyncssh.SFTPFailure),
    ("open", ("/a.txt", "xb"), asyncssh.SFTPFailure),
    ("listdir", ("/none",), asyncssh.SFTPNoSuchFile),
    ("listdir", ("/a.txt",), asyncssh.SFTPNoSuchFile),  # version 3 has no word for "no folder"
    ("mkdir", ("/d",), asyncssh.SFTPFailure),
    ("mkdir", ("/x/y",), asyncssh.SFTPNoSuchFile),
    ("rmdir", ("/full",), asyncssh.SFTPFailure),
    ("remove", ("/d",), asyncssh.SFTPFailure),
    ("chown", ("/a.txt", 0, 0), asyncssh.SFTPFailure),
    ("symlink", ("/x", "/a.txt"), asyncssh.SFTPFailure),
    ("link", ("/a.txt", "/link"), asyncssh.SFTPOpUnsupported),
    ("readlink", ("/a.txt",), asyncssh.SFTPError),
])
def test_what_cannot_be_done(
    here: lab.Lab, word: str, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    here.sftp.files.make_folders("/d")
    here.sftp.files.put("/full/x", b"")

    async def work(sftp: Any) -> None:
        with pytest.raises(error):
            await getattr(sftp, word)(*arguments)

    client(here, work)


def test_a_folder_is_a_jail(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    root = tmp_path / "root"
    root.mkdir()
    (root / "in.txt").write_text("inside")
    (root / "link").symlink_to(tmp_path / "secret")
    with lab.start("sftp", root=root) as here:
        async def work(sftp: Any) -> None:
            assert (await sftp.stat("/in.txt")).size == 6
            for path in ("/../secret", "../../secret", "/link", f"{tmp_path}/secret"):
                with pytest.raises((asyncssh.SFTPError, OSError)):
                    async with sftp.open(path) as file:
                        await file.read()
            with pytest.raises(asyncssh.SFTPError):
                async with sftp.open("/new", "wb") as file:
                    await file.write(b"x")

        client(here, work)
        here.sftp.serve(FolderFiles(root, writable=True))

        async def write(sftp: Any) -> None:
            async with sftp.open("/new", "w+b") as file:
                await file.write(b"abc")
                assert await file.read(2, 1) == b"bc"
                await file.fsync()

        client(here, write)
        assert (root / "new").read_bytes() == b"abc"


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_links_say_what_they_were_told_and_lead_nowhere_else(
    here: lab.Lab, kind: str, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("outside")
    files: Any = MemoryFiles() if kind == "memory" else FolderFiles(root, writable=True)
    with files.create("/a.txt") as file:
        file.write(b"hello")
    here.sftp.serve(files)

    async def work(sftp: Any) -> None:
        await sftp.mkdir("/d")
        for target, name in (("a.txt", "/one"), ("../a.txt", "/d/two"), ("one", "/three"),
                             ("loop", "/loop"), ("../../secret", "/out"), ("/d", "/folder"),
                             (f"{tmp_path}/secret", "/abs")):
            await sftp.symlink(target, name)
            assert await sftp.readlink(name) == target
        assert stat.S_ISLNK((await sftp.lstat("/one")).permissions)
        for name in ("/one", "/d/two", "/three"):
            assert (await sftp.stat(name)).size == 5
            async with sftp.open(name, "rb") as file:
                assert await file.read() == b"hello"
        for name in ("/out", "/abs", "/loop"):
            with pytest.raises(asyncssh.SFTPError):
                async with sftp.open(name, "rb") as file:
                    await file.read()
        assert "two" in await sftp.listdir("/folder")
        await sftp.remove("/one")
        assert (await sftp.stat("/a.txt")).size == 5

    client(here, work)
    assert (tmp_path / "secret").read_text() == "outside"


def test_statuses_on_demand(here: lab.Lab) -> None:
    here.sftp.faults.on("OPEN", b"4 disk trouble", after=1)
    here.sftp.faults.on("OPENDIR", b"3 not for you")
    here.sftp.faults.on("POSIX-RENAME", b"8 what?")

    async def work(sftp: Any) -> None:
        async with sftp.open("/a.txt"):
            pass
        with pytest.raises(asyncssh.SFTPFailure, match="disk trouble"):
            await sftp.open("/a.txt")
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="not for you"):
            await sftp.listdir("/")
        with pytest.raises(asyncssh.SFTPOpUnsupported, match=r"what\?"):
            await sftp.posix_rename("/a.txt", "/b.txt")
        async with sftp.open("/a.txt"):
            pass

    client(here, work)


@pytest.mark.parametrize("verb", ["READ", "WRITE"])
def test_the_line_drops_in_the_middle(here: lab.Lab, verb: str) -> None:
    here.sftp.faults.on(verb, cut=5000)

    async def work(sftp: Any) -> None:
        async with sftp.open("/big", "w+b") as file:
            for number in range(10):
                await file.write(bytes(1000), number * 1000)
            await file.read(10_000, 0)

    with pytest.raises((asyncssh.Error, OSError)):
        client(here, work)
    if verb == "WRITE":
        assert here.sftp.files.stat("/big").size <= 5000


def test_habits_of_other_servers(here: lab.Lab) -> None:
    async def read(sftp: Any) -> Any:
        async with sftp.open("/a.txt", block_size=None) as file:
            return await file.read(1000, 0)

    here.sftp.options.longest_read = 7
    here.sftp.quirks("short reads")
    assert 0 < len(client(here, read)) <= 1000
    here.sftp.quirks("no extensions")

    async def plain(sftp: Any) -> None:
        with pytest.raises(asyncssh.SFTPOpUnsupported):
            await sftp.posix_rename("/a.txt", "/b.txt")

    client(here, plain)
    here.sftp.quirks()
    here.sftp.options.hidden = frozenset({"fsync@openssh.com"})

    async def unsynced(sftp: Any) -> None:
        async with sftp.open("/a.txt") as file:
            with pytest.raises(asyncssh.SFTPOpUnsupported):
                await file.fsync()

    client(here, unsynced)
    here.sftp.quirks("no subsystem")
    with pytest.raises(asyncssh.ChannelOpenError):
        client(here, read)
    with pytest.raises(UsageError, match="no such quirk"):
        here.sftp.quirks("polite")


def test_openssh_s_smaller_extensions(here: lab.Lab) -> None:
    """Asked packet by packet, as no client of Python's asks for them."""
    import struct

    from postel.ssh.link_sync import open_link

    def text(word: bytes) -> bytes:
        return struct.pack(">I", len(word)) + word

    def ask(stream: Any, name: bytes, *arguments: bytes) -> bytes:
        packet = b"\xc8\0\0\0\7" + text(name) + b"".join(map(text, arguments))
        stream.send(text(packet))
        answer = b""
        while len(answer) < 4 or len(answer) < 4 + struct.unpack(">I", answer[:4])[0]:
            answer += stream.receive()
        return answer[4:]

    with open_link(f"sftp.{here.domain}", user="alice", password="secret") as stream:
        stream.send(b"\0\0\0\5\1\0\0\0\3")
        hello = stream.receive()
        for name in (b"expand-path@openssh.com", b"home-directory", b"limits@openssh.com",
                     b"copy-data", b"users-groups-by-id@openssh.com", b"fsync@openssh.com"):
            assert name in hello
        assert text(b"/a/b") in ask(stream, b"expand-path@openssh.com", b"~/a/./b")
        assert text(b"/") in ask(stream, b"home-directory", b"alice")
        names = ask(stream, b"users-groups-by-id@openssh.com", bytes(8), bytes(4))
        assert names == b"\xc9\0\0\0\7" + text(text(b"lab") * 2) + text(text(b"lab"))


def test_a_full_tree_says_so(here: lab.Lab) -> None:
    here.sftp.serve(MemoryFiles(limit=1000))

    async def work(sftp: Any) -> None:
        file = await sftp.open("/big", "wb")
        await file.write(bytes(2000))
        with pytest.raises(asyncssh.SFTPError):
            await file.close()

    client(here, work)


def test_traffic_is_told_and_passwords_are_not() -> None:
    told: list[str] = []
    with lab.start("sftp", watcher=lambda name, who, text: told.append(f"{name} {who} {text}")
                   ) as here:
        async def work(sftp: Any) -> None:
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await sftp.stat("/none")

        client(here, work)
    said = "\n".join(told)
    assert "log in as alice by a password" in said
    assert "sftp C STAT /none" in said
    assert "No such file" in said
    assert "secret" not in said
