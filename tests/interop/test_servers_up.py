"""The harness itself: real servers answer clients that are not ours, and leave nothing behind."""

from __future__ import annotations

import base64
import contextlib
import ftplib
import io
import poplib
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import BIG_SIZE, ODD_NAMES, Daemon, Dovecot, Server, ServerFailed
from servers.process import wait_for_ports

Tool = Callable[[str], Path]


class ResumingFTP(ftplib.FTP_TLS):
    """The standard library's client, with data channels that resume the control channel's TLS."""

    def ntransfercmd(self, cmd, rest=None):
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            conn = self.context.wrap_socket(
                conn, server_hostname=self.host, session=self.sock.session
            )
        return conn, size


@contextlib.contextmanager
def logged_in(server: Server, kind: type[ftplib.FTP] = ResumingFTP) -> Iterator[ftplib.FTP]:
    options = {}
    if issubclass(kind, ftplib.FTP_TLS):
        options["context"] = ssl.create_default_context(cafile=server.ca_file)
    with kind(timeout=20, encoding="utf-8", **options) as site:
        site.connect(server.host, server.port)
        site.login(server.user, server.password)
        if isinstance(site, ftplib.FTP_TLS):
            site.prot_p()
        yield site


def fetched(site: ftplib.FTP, path: str) -> bytes:
    data = io.BytesIO()
    site.retrbinary(f"RETR {path}", data.write)
    return data.getvalue()


def curl(tool: Tool, ca_file: Path, *arguments: str) -> bytes:
    command = [tool("curl"), "-sS", "--noproxy", "*", "--cacert", ca_file, "-m", "30", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=40).stdout


@pytest.mark.parametrize("kind", [ftplib.FTP, ResumingFTP])
def test_ftplib_lists_and_fetches(ftp_server: Server, kind: type[ftplib.FTP]) -> None:
    with logged_in(ftp_server, kind) as site:
        assert "files" in site.nlst()
        names = {name.rpartition("/")[2] for name in site.nlst("/files")} - {".", ".."}
        assert sorted(names) == [f"file-{n:02}.bin" for n in range(50)]
        for name in ("file-00.bin", "file-10.bin", "file-49.bin"):
            assert (
                fetched(site, f"/files/{name}") == (ftp_server.root / "files" / name).read_bytes()
            )
        assert fetched(site, "/deep/one/two/three/four/four.txt") == b"four"


def test_the_big_file_arrives_whole_over_tls(ftp_server: Server) -> None:
    with logged_in(ftp_server) as site:
        data = fetched(site, "/big.bin")
    assert len(data) == BIG_SIZE
    assert data == (ftp_server.root / "big.bin").read_bytes()


def test_odd_names_are_there(ftp_server: Server) -> None:
    with logged_in(ftp_server) as site:
        for name in ODD_NAMES:
            assert fetched(site, f"/odd/{name}") == name.encode()


def test_a_new_folder_takes_uploads(ftp_server: Server) -> None:
    folder = ftp_server.new_folder()
    with logged_in(ftp_server) as site:
        site.storbinary(f"STOR {folder}/a.bin", io.BytesIO(b"abc" * 1000))
        site.rename(f"{folder}/a.bin", f"{folder}/b.bin")
        site.mkd(f"{folder}/sub")
    assert ftp_server.local(f"{folder}/b.bin").read_bytes() == b"abc" * 1000
    assert ftp_server.local(f"{folder}/sub").is_dir()


def test_the_root_itself_takes_none(ftp_server: Server) -> None:
    with logged_in(ftp_server) as site, pytest.raises(ftplib.error_perm):
        site.storbinary("STOR /nope.bin", io.BytesIO(b"no"))


def test_a_wrong_password_is_refused(ftp_server: Server) -> None:
    with ftplib.FTP(timeout=20) as site:
        site.connect(ftp_server.host, ftp_server.port)
        with pytest.raises(ftplib.error_perm, match="530"):
            site.login(ftp_server.user, "wrong")


@pytest.mark.parametrize("name", ["vsftpd", "proftpd"])
def test_data_channels_must_resume_the_session(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    with logged_in(server, ftplib.FTP_TLS) as site, pytest.raises((ftplib.Error, OSError)):
        fetched(site, "/readme.txt")


@pytest.mark.parametrize("name", ["vsftpd", "vsftpd_ipv6", "proftpd"])
def test_anonymous_may_read(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    assert server.anonymous
    with ftplib.FTP(timeout=20) as site:
        site.connect(server.host, server.port)
        site.login()
        assert fetched(site, "/readme.txt") == (server.root / "readme.txt").read_bytes()


@pytest.mark.parametrize("name", ["vsftpd", "vsftpd_ipv6", "proftpd", "pureftpd"])
def test_curl_speaks_explicit_tls(tool: Tool, name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    url = f"ftp://{server.user}:{server.password}@{server.url_host}:{server.port}"
    listing = curl(tool, server.ca_file, "-g", "--ssl-reqd", f"{url}/files/")
    assert len(listing.splitlines()) >= 50
    data = curl(tool, server.ca_file, "-g", "--ssl-reqd", f"{url}/files/file-40.bin")
    assert data == (server.root / "files" / "file-40.bin").read_bytes()


@pytest.mark.parametrize("name", ["vsftpd", "vsftpd_ipv6", "proftpd"])
def test_curl_speaks_implicit_tls(tool: Tool, name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    url = f"ftps://{server.user}:{server.password}@{server.url_host}:{server.tls_port}"
    data = curl(tool, server.ca_file, "-g", f"{url}/files/file-40.bin")
    assert data == (server.root / "files" / "file-40.bin").read_bytes()


@pytest.mark.parametrize("feature", ["HASH CRC32", "MODE Z", "MLST", "MFMT", "SITE COPY"])
def test_proftpd_has_its_modules(proftpd: Server, feature: str) -> None:
    with logged_in(proftpd, ftplib.FTP) as site:
        assert feature in site.sendcmd("FEAT")


def test_proftpd_sets_times_and_copies(proftpd: Server) -> None:
    folder = proftpd.new_folder()
    with logged_in(proftpd, ftplib.FTP) as site:
        site.sendcmd("SITE CPFR /readme.txt")
        site.sendcmd(f"SITE CPTO {folder}/copy.txt")
        site.sendcmd(f"MFMT 20200102030405 {folder}/copy.txt")
        assert site.sendcmd(f"MDTM {folder}/copy.txt") == "213 20200102030405"
        site.sendcmd(f"SITE SYMLINK {folder}/copy.txt {folder}/link.txt")
    assert proftpd.local(f"{folder}/copy.txt").read_bytes().startswith(b"Postel")
    assert proftpd.local(f"{folder}/link.txt").is_symlink()


@contextlib.contextmanager
def mailbox(server: Dovecot, user: str, security: str) -> Iterator[poplib.POP3]:
    context = ssl.create_default_context(cafile=server.ca_file)
    if security == "tls":
        box = poplib.POP3_SSL(server.host, server.pop3s_port, context=context, timeout=20)
    else:
        box = poplib.POP3(server.host, server.pop3_port, timeout=20)
    try:
        if security == "starttls":
            box.stls(context)
        box.user(user)
        box.pass_(server.password)
        yield box
        box.quit()
    finally:
        box.close()


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_poplib_reads_the_mailbox(
    dovecot: Dovecot, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poplib, "_MAXLINE", 10_000)  # real mail has such lines
    with mailbox(dovecot, "alice", security) as box:
        assert box.stat()[0] == len(dovecot.messages) == 200
        for number in (1, 2, 3, 4, 5, 6, 7, 200):
            lines = box.retr(number)[1]
            assert b"".join(line + b"\r\n" for line in lines) == dovecot.messages[number - 1]


def test_bob_has_no_mail(dovecot: Dovecot) -> None:
    with mailbox(dovecot, "bob", "starttls") as box:
        assert box.stat() == (0, 0)
    assert dovecot.maildir("bob").is_dir()


def test_a_new_mailbox_is_its_tests_own(dovecot: Dovecot) -> None:
    user = dovecot.new_mailbox(dovecot.messages[:3])
    with mailbox(dovecot, user, "tls") as box:
        box.dele(2)
    dovecot.deliver(user, [dovecot.messages[9]])
    with mailbox(dovecot, user, "tls") as box:
        subjects = [
            line for n in (1, 2, 3) for line in box.top(n, 0)[1] if line.startswith(b"Subject")
        ]
    assert subjects == [b"Subject: message 1", b"Subject: message 3", b"Subject: message 10"]


def test_curl_fetches_a_message(tool: Tool, dovecot: Dovecot) -> None:
    for scheme, port, more in (
        ("pop3", dovecot.pop3_port, ["--ssl-reqd"]),
        ("pop3s", dovecot.pop3s_port, []),
    ):
        url = f"{scheme}://alice:secret@127.0.0.1:{port}/2"
        assert curl(tool, dovecot.ca_file, *more, url) == dovecot.messages[1]


@pytest.mark.parametrize(
    "mechanism", ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]
)
def test_mpop_logs_in_by_sasl(tool: Tool, dovecot: Dovecot, mechanism: str) -> None:
    command = [
        tool("mpop"), "--host=127.0.0.1", f"--port={dovecot.pop3_port}", "--tls=on",
        "--tls-starttls=on", f"--tls-trust-file={dovecot.ca_file}", f"--auth={mechanism}",
        "--user=alice", f"--passwordeval=echo {dovecot.password}", "--auth-only",
        "--delivery=mbox,/dev/null",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    assert f"method={mechanism.upper()}" in dovecot.log()


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_curl_logs_in_by_token(tool: Tool, dovecot: Dovecot, mechanism: str) -> None:
    listing = curl(
        tool, dovecot.ca_file, "--ssl-reqd", "-u", "alice:", "--login-options",
        f"AUTH={mechanism}", "--oauth2-bearer", dovecot.token("alice"),
        f"pop3://127.0.0.1:{dovecot.pop3_port}",
    )  # fmt: skip
    assert len(listing.splitlines()) == 200


def test_an_expired_token_is_refused(tool: Tool, dovecot: Dovecot) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        curl(
            tool, dovecot.ca_file, "--ssl-reqd", "-u", "alice:", "--login-options",
            "AUTH=XOAUTH2", "--oauth2-bearer", dovecot.token("alice", lifetime=-30),
            f"pop3://127.0.0.1:{dovecot.pop3_port}",
        )  # fmt: skip


def test_a_client_certificate_logs_in(dovecot: Dovecot) -> None:
    context = ssl.create_default_context(cafile=dovecot.ca_file)
    context.load_cert_chain(dovecot.client_cert, dovecot.client_key)
    box = poplib.POP3_SSL(dovecot.host, dovecot.pop3s_port, context=context, timeout=20)
    try:
        assert {"SCRAM-SHA-256", "EXTERNAL"} <= set(box.capa()["SASL"])
        box._shortcmd(f"AUTH EXTERNAL {base64.b64encode(b'alice').decode()}")
        assert box.stat()[0] == 200
        box.quit()
    finally:
        box.close()


STUBBORN = "trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 1000' &) ; sleep 1000"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    daemon = Daemon("stubborn", ["sh", "-c", STUBBORN, "x"], tmp_path)
    until = time.monotonic() + 10
    while len(_running_in(tmp_path)) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(_running_in(tmp_path)) >= 4
    daemon.stop()
    daemon.stop()
    assert _running_in(tmp_path) == []


def test_a_server_that_fails_shows_its_log(tmp_path: Path) -> None:
    daemon = Daemon("broken", ["sh", "-c", "echo out of luck; exit 3"], tmp_path)
    with pytest.raises(ServerFailed, match="out of luck"):
        wait_for_ports(daemon, "127.0.0.1", [1], [])


def _running_in(folder: Path) -> list[Path]:
    """Processes whose working folder is `folder`: nothing else on the machine is."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and (entry / "cwd").readlink() == folder:
                found.append(entry)
    return found
