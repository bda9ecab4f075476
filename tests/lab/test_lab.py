"""The lab itself: it starts, it ends without a trace, and its faults are the same everywhere."""

from __future__ import annotations

import asyncio
import ftplib
import gc
import io
import poplib
import socket
import ssl
import threading
from pathlib import Path

import pytest

from postel import lab
from postel.errors import UsageError
from postel.lab.lab import Lab
from postel.transport.names import HOSTS

DESCRIPTORS = Path("/proc/self/fd")


def use(here: Lab) -> None:
    """One session with every server, one left open."""
    with ftplib.FTP() as site:
        site.connect(*here.address("ftp"), timeout=5)
        site.login("alice", "secret")
        site.storbinary("STOR a", io.BytesIO(b"1"))
        assert site.nlst() == ["a"]
    box = poplib.POP3(*here.address("pop3"), timeout=5)
    box.user("alice")
    box.pass_("secret")
    assert box.stat() == (0, 0)
    box.quit()


@pytest.mark.slow
def test_twenty_labs_leave_nothing(recwarn: pytest.WarningsRecorder) -> None:
    with lab.start() as here:  # what the first one loads stays loaded
        use(here)
    gc.collect()
    threads, names = set(threading.enumerate()), len(HOSTS._hosts)
    descriptors = len(list(DESCRIPTORS.iterdir()))
    for _ in range(20):
        with lab.start() as here:
            use(here)
            open_still = socket.create_connection(here.address("ftp"), timeout=5)
            waiting = socket.create_connection(here.address("pop3s"), timeout=5)
            with here.relay("ftp", slice=10), here.relay("ftp", refuse=True):
                here.dead_family("ftp", silent=True)
            folder = here.folder
        assert open_still.recv(1000)[:3] == b"220"
        for sock in (open_still, waiting):
            try:
                assert sock.recv(1000) == b""
            except ConnectionResetError:
                pass
            sock.close()
        assert not folder.exists()
    gc.collect()
    assert len(list(DESCRIPTORS.iterdir())) == descriptors
    assert set(threading.enumerate()) == threads
    assert len(HOSTS._hosts) == names
    assert not recwarn.list


def test_a_lab_left_in_the_middle_of_transfers_leaves_nothing() -> None:
    gc.collect()
    before = len(list(DESCRIPTORS.iterdir()))
    with lab.start("ftp") as here:
        here.ftp.files.put("/huge", b"x" * 50_000_000)
        with here.relay("ftp", ftp=True, stall_after=1000) as relay:
            sites = []
            for address in (here.address("ftp"), relay.address()):
                site = ftplib.FTP()
                site.connect(*address, timeout=5)
                site.login()
                sites.append((site, site.transfercmd("RETR huge")))
    for site, data in sites:
        data.close()
        site.close()
    gc.collect()
    assert len(list(DESCRIPTORS.iterdir())) == before


def test_two_labs_at_once() -> None:
    with lab.start("ftp") as one, lab.start("ftp", "pop3") as two:
        assert one.domain != two.domain
        one.ftp.files.put("/a", b"1")
        assert two.ftp.files.tree() == {}
        assert one.address("ftp") != two.address("ftp")
        assert set(two.hosts) == {two.domain, f"ftp.{two.domain}", f"pop3.{two.domain}"}
        use(two)
        assert list(two.ftp.files.tree()) == ["/a"]


def test_async() -> None:
    async def main() -> str:
        async with lab.start("ftp") as here, here.relay("ftp", slice=3) as relay:
            reader, writer = await asyncio.open_connection(*relay.address())
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line.decode()

    assert asyncio.run(main()).startswith("220 ")


def test_the_lab_serves_those_who_block_its_users_loop() -> None:
    async def main() -> None:
        async with lab.start() as here:
            use(here)  # blocking code within a running loop

    asyncio.run(main())


def test_names_lead_to_the_servers() -> None:
    with lab.start("ftp") as here:
        for port, scheme in ((21, "ftp"), (990, "ftps")):
            found = HOSTS.find(f"ftp.{here.domain}", port)
            assert found is not None
            assert found[0].sockaddr == here.address(scheme)
        assert HOSTS.authority(f"ftp.{here.domain}") == str(here.ca)
        assert here.url("ftps", user="bob", path="/a") == f"ftps://bob@ftp.{here.domain}/a"
    assert HOSTS.find(f"ftp.{here.domain}", 21) is None


def test_a_folder_is_served_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with lab.start("ftp", root=tmp_path) as here, ftplib.FTP() as site:
        site.connect(*here.address("ftp"), timeout=5)
        site.login("alice", "secret")
        body = io.BytesIO()
        site.retrbinary("RETR a.txt", body.write)
        with pytest.raises(ftplib.error_perm, match="550"):
            site.storbinary("STOR b.txt", io.BytesIO(b"1"))
    assert body.getvalue() == b"hello"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_certificates_verify_by_name() -> None:
    with lab.start("ftp") as here:
        context = ssl.create_default_context(cafile=str(here.ca))
        with (
            socket.create_connection(here.address("ftps"), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=f"ftp.{here.domain}") as sock,
        ):
            assert sock.version() == "TLSv1.3"
            assert sock.recv(100)[:3] == b"220"


def test_what_a_lab_has_not() -> None:
    with pytest.raises(UsageError, match="no service gopher"):
        lab.start("gopher")
    with lab.start("ftp") as here:
        with pytest.raises(UsageError, match="without pop3"):
            here.url("pop3")
        with pytest.raises(AttributeError):
            _ = here.pop3
    with pytest.raises(UsageError, match="not running"):
        here.relay("ftp")


@pytest.mark.parametrize(
    ("service", "say", "verb", "reply"),
    [
        ("ftp", b"NOOP\r\n", "NOOP", b"421 going down"),
        ("pop3", b"UTF8\r\n", "UTF8", b"-ERR [SYS/TEMP] disk trouble"),
    ],
)
def test_faults_are_scripted_the_same(service: str, say: bytes, verb: str, reply: bytes) -> None:
    with lab.start(service) as here:
        here.services[service].faults.on(verb, reply, after=1, times=2, close=False)
        here.services[service].faults.on("QUIT", None, close=True)
        with (
            socket.create_connection(here.address(service), timeout=5) as sock,
            sock.makefile("rwb") as talk,
        ):
            talk.readline()
            talk.write(say)
            talk.flush()
            assert talk.readline()[:1] in b"+2"
            for _ in range(2):
                talk.write(say)
                talk.flush()
                assert talk.readline() == reply + b"\r\n"
            talk.write(b"QUIT\r\n")
            talk.flush()
            assert talk.readline() == b""


def test_watchers_see_no_secret() -> None:
    seen: list[tuple[str, str, str]] = []

    def watcher(server: str, who: str, text: str) -> None:
        seen.append((server, who, text))

    with lab.start(watcher=watcher) as here:
        use(here)
    texts = [text for _, _, text in seen]
    assert {"ftp", "pop3"} <= {server for server, _, _ in seen}
    assert "PASS ***" in texts
    assert not any("secret" in text for text in texts)


def test_the_rfc_server_is_a_web_server() -> None:
    with lab.start("rfc") as here:
        assert here.url("rfc") == f"http://rfc.{here.domain}/"
        assert here.url("rfcs", path="/rfc-index.txt").startswith("https://rfc.")
        assert here.rfc.url == f"http://127.0.0.1:{here.rfc.port}/"
