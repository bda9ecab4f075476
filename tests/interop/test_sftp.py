"""SFTP against OpenSSH: its sftp-server alone, and behind sshd; and ProFTPD's mod_sftp."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers import SSHD, program

from postel.errors import AlreadyExists, Conflict, Forbidden, NotFound
from postel.session.files_sync import Watch
from postel.sftp import Attributes
from postel.sftp.client_sync import Client
from postel.ssh.types import SSHOptions
from postel.timing import Deadline
from postel.transport.socket_sync import SocketStream

PROGRAM = Path("/usr/lib/openssh/sftp-server")
DATA = bytes(range(256)) * 20_000


@contextmanager
def alone(*arguments: str) -> Iterator[Client]:
    """A client of sftp-server, without ssh between."""
    if not PROGRAM.exists():
        pytest.skip("there is no sftp-server here: openssh-sftp-server")
    running: list[subprocess.Popen[bytes]] = []

    def opener(deadline: Deadline) -> SocketStream:
        ours, theirs = socket.socketpair()
        running.append(subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=theirs))
        theirs.close()
        return SocketStream(ours, "sftp-server")

    try:
        with Client("sftp://sftp-server.example/", opener=opener, timeout=20) as site:
            yield site
    finally:
        for one in running:
            one.wait(10)


def over_ssh(server: SSHD, **keywords: Any) -> Client:
    """A client of *server*."""
    program("ssh", "openssh-client")
    options = SSHOptions(config="none", agent=False, known_hosts=server.known_hosts,
                         identities=(server.key,))
    user = getpass.getuser() if server.name == "sshd" else server.user  # the key lets anyone in
    return Client(server.host, port=server.port, user=user, ssh=options, timeout=30, **keywords)


def words(site: Client, top: Path) -> None:
    """Everything that the client says, on a folder of this machine."""
    (top / "a").write_bytes(DATA)
    entry = site.stat(f"{top}/a")
    assert (entry.size, entry.is_file, entry.mode) == (len(DATA), True, 0o644)
    site.mkdir(f"{top}/d", 0o700)
    site.symlink(f"{top}/l", "a")
    assert site.readlink(f"{top}/l") == "a" == str((top / "l").readlink())
    assert site.lstat(f"{top}/l").is_link
    assert site.stat(f"{top}/l").is_file
    site.symlink(f"{top}/nowhere", "gone")
    assert site.stat(f"{top}/nowhere").is_link
    when = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
    site.files.set(f"{top}/a", modified=when, mode=0o600)
    assert site.stat(f"{top}/a").modified == when
    assert (top / "a").stat().st_mode & 0o777 == 0o600
    names = {entry.name: entry for entry in site.list(f"{top}")}
    assert set(names) == {"a", "d", "l", "nowhere"}
    assert names["d"].is_folder
    assert names["l"].is_link
    site.rename(f"{top}/a", f"{top}/d/b")
    with pytest.raises(AlreadyExists):
        site.mkdir(f"{top}/d")
    with pytest.raises(Conflict):
        site.rmdir(f"{top}/d")
    with pytest.raises(NotFound):
        site.unlink(f"{top}/a")
    assert site.realpath(f"{top}/d/../d") == f"{top}/d"
    site.unlink(f"{top}/nowhere")


def extensions(site: Client, top: Path) -> None:
    """What OpenSSH adds."""
    (top / "one").write_bytes(DATA)
    site.hardlink(f"{top}/one", f"{top}/two")
    assert (top / "one").samefile(top / "two")
    assert site.statvfs(f"{top}").longest_name == 255
    assert site.limits.read >= 32_768
    assert site.expand_path("~") == site.home_directory() == site.home
    if "home-directory" in site.capabilities:
        assert site.home_directory(Path.home().owner()) == str(Path.home())
    site.copy(f"{top}/one", f"{top}/three")
    assert (top / "three").read_bytes() == DATA
    site.symlink(f"{top}/link", "one")
    site.setstat(f"{top}/link", Attributes(modified=1_000), follow=False)
    assert (top / "link").lstat().st_mtime == 1_000
    with site.open_file(f"{top}/new", "x") as file:
        file.write(5, b"hello")
        file.fsync()
        assert file.stat().size == 10
    assert (top / "new").read_bytes() == b"\0\0\0\0\0hello"
    if "users-groups-by-id@openssh.com" in site.capabilities:
        assert site.names_of([0, 4_000_000], [0]) == (["root", ""], ["root"])


def trees(site: Client, top: Path) -> None:
    """A tree up and down."""
    source = top / "source"
    for n in range(300):
        path = source / f"{n % 7}" / f"{n}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % n * 100)
    (source / "large").write_bytes(DATA * 2)
    (source / "empty").touch()
    assert site.upload_tree(source, f"{top}/up").ok
    assert site.download_tree(f"{top}/up", top / "down").ok
    for path in source.rglob("*"):
        if path.is_file():
            assert (top / "down" / path.relative_to(source)).read_bytes() == path.read_bytes()
    assert site.rmtree(f"{top}/up").ok
    assert not (top / "up").exists()


@pytest.mark.parametrize("check", [words, extensions, trees])
def test_sftp_server_alone(check: Any, tmp_path: Path) -> None:
    with alone() as site:
        check(site, tmp_path)
        site.noop()
        assert (site.handles, site.in_flight) == (0, 0)


@pytest.mark.parametrize("check", [words, extensions, trees])
def test_sshd(check: Any, sshd: SSHD, tmp_path: Path) -> None:
    with over_ssh(sshd) as site:
        assert "OpenSSH" in site.server.software
        check(site, tmp_path)


def test_a_server_that_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with alone("-R") as site:
        assert site.download(f"{tmp_path}/a", tmp_path / "b") == 1
        with pytest.raises(Forbidden):
            site.upload(tmp_path / "a", f"{tmp_path}/c")
        with pytest.raises(Forbidden):
            site.mkdir(f"{tmp_path}/d")


def test_beyond_four_gibibytes(tmp_path: Path) -> None:
    start = (5 << 30) + 123
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(start)
        file.seek(start)
        file.write(b"the end")
    with alone() as site:
        assert site.stat(f"{tmp_path}/sparse").size == start + 7
        with site.files.read(f"{tmp_path}/sparse", offset=start - 2) as reading:
            assert b"".join(reading) == b"\0\0the end"
        with site.files.write(f"{tmp_path}/sparse", offset=start + 4) as sink:
            sink.send(b"start")
        with site.files.read(f"{tmp_path}/sparse", offset=start) as reading:
            assert b"".join(reading) == b"the start"


def test_what_the_kernel_makes_up_as_it_is_read() -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc here")
    with alone() as site, site.files.read("/proc/self/status") as reading:
        text = b"".join(reading)
    assert text.startswith(b"Name:\tsftp-server")


def test_a_resume_after_the_file_changed(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "add", _add)
    there, here = tmp_path / "there", tmp_path / "here"
    there.write_bytes(DATA)
    when = there.stat().st_mtime

    class Stop(Exception):
        pass

    def stop(progress: Any) -> None:
        if progress.done > 1_000_000:
            raise Stop

    with alone() as site:
        with pytest.raises(Stop):
            site.download(f"{there}", here, progress=stop)
    changed = bytes(reversed(DATA))
    there.write_bytes(changed)
    os.utime(there, (when, when))
    with alone() as site:
        site.download(f"{there}", here)
    assert here.read_bytes() == changed


def _add(self: Any, count: int) -> None:
    """Progress is told every twentieth of a second: here, at each block."""
    self.done += count
    if self._tell is not None:
        self.tell()


def test_mod_sftp(proftpd_sftp: SSHD, tmp_path: Path) -> None:
    with over_ssh(proftpd_sftp) as site:
        top = site.realpath("").rstrip("/")
        names = [f"{top}/postel-{n}" for n in range(60)]
        for name in names[:2]:
            with site.files.write(name) as sink:
                sink.send(DATA[:100_000])
        got = []

        def take(name: str, reading: Any) -> None:
            with reading:
                got.append(b"".join(reading))

        site.files.read_many([(name, name) for name in names[:2]], take)
        assert got == [DATA[:100_000]] * 2
        outcomes = list(site.files.remove_many(names))
        assert [one.ok for one in outcomes] == [True] * 2 + [False] * 58
