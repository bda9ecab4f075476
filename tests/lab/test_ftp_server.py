"""The lab's FTP server, by raw sockets and by the standard library's client."""

from __future__ import annotations

import ftplib
import hashlib
import io
import re
import socket
import ssl
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel import lab
from postel.errors import UsageError
from postel.ftp.listing import parse
from postel.ftp.mlsx import mlsx
from postel.ftp.server import QUIRKS, FTPOptions, FTPServer
from postel.lab.lab import Lab
from postel.serving.files import MemoryFiles
from postel.serving.folder import FolderFiles

BODY = bytes(range(256)) * 4000
CHECKSUM = zlib.crc32(b"one\ntwo\n")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("ftp") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    """The lab, as if fresh."""
    running.ftp.faults.clear()
    options, fresh = running.ftp.options, FTPOptions(data_wait=5.0)
    options.__dict__.update(fresh.__dict__)
    files = MemoryFiles()
    files.put("/pub/a.txt", b"one\ntwo\n", modified=1e9)
    files.put("/big", BODY)
    running.ftp.serve(files)
    return running


class Talk:
    """A control connection, spoken by hand."""

    def __init__(self, here: Lab, *, user: str = "alice", scheme: str = "ftp") -> None:
        self.address = here.address(scheme)
        self.sock: socket.socket = socket.create_connection(self.address, timeout=10)
        self.buffer = b""
        if scheme == "ftps":
            self.sock = self.context(here).wrap_socket(self.sock, server_hostname="localhost")
        self.greeting = self.reply()
        if user:
            self.ask(f"USER {user}")
            assert self.ask("PASS secret").startswith("230")
            self.ask("TYPE I")

    def context(self, here: Lab) -> ssl.SSLContext:
        self.tls = ssl.create_default_context(cafile=str(here.ca))
        return self.tls

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *exc: object) -> None:
        self.sock.close()

    def send(self, *lines: str | bytes) -> None:
        data = [line.encode() if isinstance(line, str) else line for line in lines]
        self.sock.sendall(b"".join(line + b"\r\n" for line in data))

    def line(self) -> str:
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def reply(self) -> str:
        lines = [self.line()]
        if lines[0][3:4] == "-":
            while not lines[-1].startswith(lines[0][:3] + " "):
                lines.append(self.line())
        return "\n".join(lines)

    def ask(self, line: str | bytes) -> str:
        self.send(line)
        return self.reply()

    def passive(self) -> socket.socket:
        """A data connection, agreed on and open."""
        return self.connect(self.ask("EPSV"))

    def connect(self, reply: str) -> socket.socket:
        found = re.search(r"\(\|\|\|(\d+)\|\)", reply)
        assert found, reply
        return socket.create_connection((self.address[0], int(found[1])), timeout=10)

    def fetch(self, command: str) -> tuple[str, bytes, str]:
        """First reply, data, last reply."""
        with self.passive() as sock:
            first = self.ask(command)
            data = drain(sock) if first[0] == "1" else b""
        return first, data, self.reply() if first[0] == "1" else ""

    def store(self, command: str, data: bytes) -> str:
        with self.passive() as sock:
            first = self.ask(command)
            if first[0] != "1":
                return first
            sock.sendall(data)
        return self.reply()


def drain(sock: socket.socket) -> bytes:
    chunks = []
    while chunk := sock.recv(1 << 16):
        chunks.append(chunk)
    return b"".join(chunks)


# -- who may do what -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["USER alice", "PASS secret"], "331 230"),
        (["USER alice", "PASS wrong"], "331 530"),
        (["USER eve", "PASS secret"], "331 530"),
        (["PASS secret"], "503"),
        (["USER anonymous", "PASS me@"], "331 230"),
        (["USER ftp", "PASS me@"], "331 230"),
        (["USER anonymous", "PASS me@", "MKD x"], "331 230 550"),
        (["USER anonymous", "PASS me@", "DELE big"], "331 230 550"),
        (["PWD"], "530"),
        (["LIST"], "530"),
        (["FEAT"], "211"),
        (["HOST ftp.lab.test", "USER alice", "HOST again"], "220 331 503"),
        (["USER alice", "PASS secret", "REIN", "PWD"], "331 230 220 530"),
        (["ACCT x"], "503"),
        (["NONSENSE"], "500"),
        ([""], "500"),
        (["NOOP", "SYST", "HELP", "CLNT x", "LANG", "LANG xx"], "200 215 214 200 200 504"),
        (["PBSZ 0"], "503"),
        (["PROT P"], "503"),
        (["CCC"], "533"),
        (["AUTH KERBEROS"], "504"),
        (["QUIT"], "221"),
    ],
)
def test_access(here: Lab, lines: list[str], codes: str) -> None:
    with Talk(here, user="") as talk:
        assert [talk.ask(line)[:3] for line in lines] == codes.split()


def test_commands_in_one_packet_are_answered_in_order(here: Lab) -> None:
    with Talk(here, user="") as talk:
        talk.send("USER alice", "PASS secret", "TYPE I", "FEAT", "SIZE big", "PWD")
        assert [talk.reply()[:3] for _ in range(6)] == ["331", "230", "200", "211", "213", "257"]


def test_wrong_passwords_end_it(here: Lab) -> None:
    with Talk(here, user="") as talk:
        codes = []
        for _ in range(5):
            talk.ask("USER alice")
            codes.append(talk.ask("PASS no")[:3])
        assert codes == ["530"] * 4 + ["421"]
        with pytest.raises(EOFError):
            talk.line()


def test_account(here: Lab) -> None:
    here.ftp.options.account = "department"
    with Talk(here, user="") as talk:
        talk.ask("USER alice")
        assert talk.ask("PASS secret").startswith("332")
        assert talk.ask("PWD").startswith("530")
        assert talk.ask("ACCT other").startswith("530")
        assert talk.ask("ACCT department").startswith("230")


def test_no_anonymous(here: Lab) -> None:
    here.ftp.options.anonymous = False
    with Talk(here, user="") as talk:
        talk.ask("USER anonymous")
        assert talk.ask("PASS me@").startswith("530")


def test_clear_text_refused(here: Lab) -> None:
    here.ftp.options.allow_clear = False
    with Talk(here, user="") as talk:
        assert talk.ask("USER alice").startswith("530")


# -- files without data --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("SIZE big", "213 1024000"),
        ("SIZE pub", "550 Not a plain file"),
        ("SIZE nothing", "550 No such file or folder"),
        ("MDTM pub/a.txt", "213 20010909014640"),
        ("MFMT 19991231235959 pub/a.txt", "213 Modify=19991231235959; pub/a.txt"),
        ("MFMT 19991331235959 pub/a.txt", "501 YYYYMMDDhhmmss, then the path"),
        ("MDTM 19991231235959 pub/a.txt", "213 Modify=19991231235959; pub/a.txt"),
        ("SITE UTIME 19991231235959 pub/a.txt", "200 changed"),
        ("SITE UTIME pub/a.txt 19991231235959 19991231235959 19991231235959 UTC", "200 changed"),
        ("SITE CHMOD 600 pub/a.txt", "200 changed"),
        ("SITE CHMOD 999 pub/a.txt", "501 an octal mode, then the path"),
        ("SITE DANCE", "504 no such SITE command"),
        ("CWD pub", "250 there you are"),
        ("CWD big", "550 Not a folder"),
        ("CWD ../../..", "250 there you are"),
        ("MKD pub", "550 It exists already"),
        ("MKD a \"b\"", '257 "/a ""b""" is there now'),
        ("RMD pub", "550 The folder is not empty"),
        ("RMD big", "550 Not a folder"),
        ("DELE pub", "550 Not a plain file"),
        ("RNTO x", "503 RNFR first"),
        ("RNFR nothing", "550 No such file or folder"),
        ("XCRC pub/a.txt", f"250 {CHECKSUM:08x}"),
        ('XMD5 "pub/a.txt" 0 3', "250 " + hashlib.md5(b"one").hexdigest()),
        ("OPTS UTF8 ON", "200 UTF-8 it is, always"),
        ("OPTS MLST size;nothing;TYPE;", "200 MLST OPTS type;size;"),
        ("OPTS HASH MD5", "200 MD5"),
        ("OPTS HASH MD4", "501 that digest is not computed"),
        ("OPTS DANCE", "501 no such option"),
        ("TYPE A N", "200 type is A"),
        ("TYPE E", "504 that type is not served"),
        ("TYPE L 8", "200 type is I"),
        ("MODE B", "504 that mode is not served"),
        ("STRU F", "200 structure is file"),
        ("STRU R", "504 that structure is not served"),
        ("REST 10", "350 the next transfer begins at 10"),
        ("REST -1", "501 from which byte?"),
        ("ALLO 100", "200 they fit"),
        ("ALLO 100 R 10", "200 they fit"),
        ("ALLO 99999999999999999", "552 so many bytes do not fit"),
        ("RETR big", "425 EPSV or PASV first"),
        ("ABOR", "226 nothing moves"),
        ("EPSV 2", "522 that network protocol is not served, use (1)"),
        ("PORT 10,0,0,1,7,208", "500 data go to your own address only"),
        ("PORT 127,0,0,1,0,25", "500 data go to your own address only"),
        ("PORT 1,2,3", "501 that is no address"),
        ("EPRT |1|10.0.0.1|2000|", "500 data go to your own address only"),
        ("EPRT |3|x|2000|", "501 that is no address"),
        ("SIZE " + "x" * 300, "553 The name is too long"),
        ("SIZE a\0b", "553 That name is not possible"),
    ],
)
def test_replies(here: Lab, line: str, wanted: str) -> None:
    with Talk(here) as talk:
        assert talk.ask(line) == wanted


def test_hash(here: Lab) -> None:
    with Talk(here) as talk:
        digest = hashlib.sha256(BODY).hexdigest()
        assert talk.ask("HASH big") == f"213 SHA-256 0-{len(BODY)} {digest} big"
        here.ftp.files.put("/bigger", BODY * 3)
        assert talk.ask("XSHA1 bigger") == "250 " + hashlib.sha1(BODY * 3).hexdigest()


def test_rename_and_remove(here: Lab) -> None:
    with Talk(here) as talk:
        assert talk.ask("RNFR big")[:3] == "350"
        assert talk.ask("RNTO pub/b")[:3] == "250"
        assert talk.ask("DELE pub/b")[:3] == "250"
        assert talk.ask("CWD pub")[:3] == "250"
        assert talk.ask("PWD")[:10] == '257 "/pub"'
        assert talk.ask("CDUP")[:3] == "250"
    assert list(here.ftp.files.tree()) == ["/pub/a.txt"]


def test_size_is_refused_in_ascii(here: Lab) -> None:
    with Talk(here) as talk:
        talk.ask("TYPE A")
        assert talk.ask("SIZE big")[:3] == "550"


# -- transfers -----------------------------------------------------------------------------


def test_retr_stor_and_restarts(here: Lab) -> None:
    with Talk(here) as talk:
        first, data, last = talk.fetch("RETR big")
        assert (first[:3], data == BODY, last[:3]) == ("150", True, "226")
        talk.ask("REST 1023990")
        assert talk.fetch("RETR big")[1] == BODY[-10:]
        assert talk.fetch("RETR big")[1] == BODY  # REST counts once
        talk.ask("REST 9999999")
        assert talk.fetch("RETR big")[0][:3] == "554"
        assert talk.store("STOR up", b"0123456789")[:3] == "226"
        talk.ask("REST 5")
        assert talk.store("STOR up", b"xyz")[:3] == "226"
        assert talk.store("APPE up", b"!")[:3] == "226"
        assert here.ftp.files.get("/up") == b"01234xyz89!"
        assert talk.store("STOR pub", b"")[:3] == "550"
        assert talk.fetch("RETR pub")[0][:3] == "550"
        assert talk.fetch("RETR nothing")[0][:3] == "550"


def test_stou_tells_the_name(here: Lab) -> None:
    with Talk(here) as talk:
        for number in (1, 2):
            with talk.passive() as sock:
                assert talk.ask("STOU x") == f"150 FILE: x.{number}"
                sock.sendall(b"%d" % number)
            assert talk.reply()[:3] == "226"
    assert here.ftp.files.get("/x.2") == b"2"


@pytest.mark.parametrize(
    ("stored", "sent"),
    [(b"a\nb\n", b"a\r\nb\r\n"), (b"a\r\nb", b"a\r\nb"), (b"\n\n", b"\r\n\r\n"),
     (b"a\rb", b"a\rb")],
)
def test_ascii(here: Lab, stored: bytes, sent: bytes) -> None:
    here.ftp.files.put("/lines", stored)
    with Talk(here) as talk:
        talk.ask("TYPE A")
        assert talk.fetch("RETR lines")[1] == sent
        talk.store("STOR back", sent)
    assert here.ftp.files.get("/back") == stored.replace(b"\r\n", b"\n")


def test_mode_z(here: Lab) -> None:
    with Talk(here) as talk:
        talk.ask("MODE Z")
        packed = talk.fetch("RETR big")[1]
        assert (zlib.decompress(packed) == BODY, len(packed) < len(BODY)) == (True, True)
        assert b"a.txt" in zlib.decompress(talk.fetch("LIST pub")[1])
        assert talk.store("STOR up", zlib.compress(BODY))[:3] == "226"
        assert here.ftp.files.get("/up") == BODY
        assert talk.store("STOR up", b"no zlib at all")[:3] == "451"
        assert talk.ask("NOOP")[:3] == "200"


def test_active_mode(here: Lab) -> None:
    with socket.socket() as listener, Talk(here) as talk:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        for agree in (f"EPRT |1|127.0.0.1|{port}|",
                      f"PORT 127,0,0,1,{port // 256},{port % 256}"):
            assert talk.ask(agree)[:3] == "200"
            talk.send("RETR pub/a.txt")
            with listener.accept()[0] as sock:
                assert drain(sock) == b"one\ntwo\n"
            assert (talk.reply()[:3], talk.reply()[:3]) == ("150", "226")
        listener.close()
        talk.ask(f"EPRT |1|127.0.0.1|{port}|")
        assert talk.ask("RETR big")[:3] == "425"


def test_ipv6(here: Lab) -> None:
    server = FTPServer(here.users, here.ftp.files, host="::1")
    try:
        here.run(server.start())
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    try:
        with ftplib.FTP() as site:
            site.connect("::1", server.port, timeout=5)
            site.login("alice", "secret")
            for passive in (True, False):
                site.set_pasv(passive)
                body = io.BytesIO()
                site.retrbinary("RETR big", body.write)
                assert body.getvalue() == BODY
            with pytest.raises(ftplib.error_temp, match="425"):
                site.sendcmd("PASV")
    finally:
        here.run(server.stop())


def test_port_stealing(here: Lab) -> None:
    with Talk(here) as talk:
        found = re.search(r"\|(\d+)\|", talk.ask("EPSV"))
        assert found
        with socket.create_connection(("127.0.0.1", int(found[1])), source_address=("127.0.0.2", 0)
                                      ) as thief:
            talk.send("RETR big")
            assert thief.recv(1) == b""
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=5) as sock:
            assert talk.reply()[:3] == "150"
            assert drain(sock) == BODY


def test_epsv_all(here: Lab) -> None:
    with Talk(here) as talk:
        assert talk.ask("EPSV ALL")[:3] == "200"
        assert talk.ask("PASV")[:3] == "501"
        assert talk.ask("PORT 127,0,0,1,99,99")[:3] == "501"
        assert talk.fetch("RETR pub/a.txt")[1] == b"one\ntwo\n"


def test_wrong_pasv_address(here: Lab) -> None:
    here.ftp.options.pasv_address = "10.1.2.3"
    with Talk(here) as talk:
        assert "(10,1,2,3," in talk.ask("PASV")


def test_nobody_comes(here: Lab) -> None:
    here.ftp.options.data_wait = 0.1
    with Talk(here) as talk:
        talk.ask("EPSV")
        assert talk.ask("RETR big")[:3] == "425"
        assert talk.ask("NOOP")[:3] == "200"


def test_a_client_that_takes_nothing_is_given_up(here: Lab) -> None:
    here.ftp.options.data_wait = 0.1
    here.ftp.files.put("/huge", BODY * 30)
    with Talk(here) as talk, talk.passive():
        assert talk.ask("RETR huge")[:3] == "150"
        assert talk.reply()[:3] == "426"


def test_many_small_files_in_one_burst(here: Lab) -> None:
    for number in range(100):
        here.ftp.files.put(f"/many/{number}", b"%d" % number)
    with Talk(here) as talk:
        talk.send(*[line for n in range(100) for line in ("EPSV", f"RETR many/{n}")])
        for number in range(100):
            with talk.connect(talk.reply()) as sock:
                assert talk.reply()[:3] == "150"
                assert drain(sock) == b"%d" % number
            assert talk.reply()[:3] == "226"


# -- what comes during a transfer ----------------------------------------------------------


def test_probes_overtake_and_the_rest_waits(here: Lab) -> None:
    with Talk(here) as talk, talk.passive() as sock:
        assert talk.ask("STOR up")[:3] == "150"
        sock.sendall(b"1234")
        assert talk.ask("NOOP")[:3] == "200"
        talk.send("PWD")
        assert " received" in talk.ask("STAT")
        sock.close()
        assert (talk.reply()[:3], talk.reply()[:3]) == ("226", "257")
    assert here.ftp.files.get("/up") == b"1234"


@pytest.mark.parametrize("abort", [b"ABOR\r\n", b"\xff\xf4\xff\xf2ABOR\r\n"])
@pytest.mark.parametrize("urgent", [False, True])
def test_abor(here: Lab, abort: bytes, urgent: bool) -> None:
    here.ftp.files.put("/huge", BODY * 30)
    with Talk(here) as talk, talk.passive() as sock:
        assert talk.ask("RETR huge")[:3] == "150"
        assert len(sock.recv(1000)) == 1000
        talk.sock.send(abort, socket.MSG_OOB if urgent else 0)
        assert (talk.reply()[:3], talk.reply()[:3]) == ("426", "226")
        assert talk.ask("NOOP")[:3] == "200"
        assert len(drain(sock)) < len(BODY) * 30


def test_quit_waits_for_the_transfer(here: Lab) -> None:
    with Talk(here) as talk, talk.passive() as sock:
        assert talk.ask("STOR up")[:3] == "150"
        talk.send("QUIT")
        sock.sendall(b"all")
        sock.close()
        assert (talk.reply()[:3], talk.reply()[:3]) == ("226", "221")
    assert here.ftp.files.get("/up") == b"all"


def test_a_reset_data_connection(here: Lab) -> None:
    with Talk(here) as talk, talk.passive() as sock:
        assert talk.ask("STOR up")[:3] == "150"
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        assert talk.reply()[:3] == "426"


def test_disk_full(here: Lab) -> None:
    here.ftp.files.limit = len(BODY) + 100
    with Talk(here) as talk:
        assert talk.store("STOR up", b"x" * 1000)[:3] == "552"
        assert talk.ask("AVBL") == "213 92"


# -- listings ------------------------------------------------------------------------------


def test_listings_are_read_by_our_own_grammar(here: Lab) -> None:
    here.ftp.files.put("/pub/ two words", b"22")
    with Talk(here) as talk:
        lines = talk.fetch("LIST -la pub")[1].decode().splitlines()
        found = {entry.name: entry.size for entry in parse(lines, now=NOW)}
        assert found == {"a.txt": 8, " two words": 2}
        facts = [mlsx(line) for line in talk.fetch("MLSD pub")[1].decode().splitlines()]
        assert [one.name for one in facts if one] == [".", "..", " two words", "a.txt"]
        assert [one.facts["type"] for one in facts[:2] if one] == ["cdir", "pdir"]
        assert talk.fetch("NLST")[1] == b"big\r\npub\r\n"
        assert talk.fetch("NLST pub/*.txt")[1] == b"pub/a.txt\r\n"
        assert talk.fetch("NLST pub/a.txt")[1] == b"pub/a.txt\r\n"
        assert talk.fetch("NLST pub/")[1] == b"pub/ two words\r\npub/a.txt\r\n"
        assert talk.fetch("LIST nothing")[0][:3] == "550"
        assert talk.fetch("MLSD big")[0][:3] == "550"
        one = talk.ask("MLST pub/a.txt").splitlines()
        assert one[1].endswith(" /pub/a.txt")
        assert one[1].startswith(" type=file;size=8;modify=20010909014640;")
        assert " two words" in talk.ask("STAT pub")
        talk.ask("OPTS MLST type;")
        assert talk.fetch("MLSD pub")[1].splitlines()[-1] == b"type=file; a.txt"


@pytest.mark.parametrize(("user", "perm"), [("alice", "adfrw"), ("anonymous", "r")])
def test_what_one_may_do_is_told(here: Lab, user: str, perm: str) -> None:
    with Talk(here, user=user) as talk:
        assert f";perm={perm};" in talk.ask("MLST big")


NAMES = ["ä.txt", "名前", "a b", " lead", "trail ", "x -> y", "-la", "a;b=c", "a\"b", "ÿ", "%41"]


@pytest.mark.parametrize("name", NAMES)
def test_names(here: Lab, name: str) -> None:
    with Talk(here) as talk:
        assert talk.store(f"STOR {name}", b"1")[:3] == "226"
        assert here.ftp.files.get(f"/{name}") == b"1"
        assert f" {name}\r\n".encode() in talk.fetch("MLSD")[1]
        assert talk.fetch(f"RETR {name}")[1] == b"1"


def test_bytes_that_are_no_text(here: Lab) -> None:
    with Talk(here) as talk:
        talk.ask(b"MKD caf\xe9\xff\xff")  # IAC is doubled
        assert b" caf\xe9\xff\r\n" in talk.fetch("MLSD")[1]
    assert here.ftp.files.stat("/caf\udce9\udcff").is_folder


def test_a_real_folder(here: Lab, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BODY)
    (tmp_path / "out").symlink_to("/etc")
    here.ftp.serve(FolderFiles(tmp_path))
    with Talk(here) as talk:
        assert talk.fetch("RETR big")[1] == BODY
        assert talk.ask("CWD out")[:3] == "550"
        assert talk.ask("SIZE out/passwd")[:3] == "550"
        assert talk.ask("MKD x")[:3] == "550"
        assert b"type=OS.unix=slink;" in talk.fetch("MLSD")[1]
    here.ftp.serve(FolderFiles(tmp_path, writable=True))
    with Talk(here) as talk:
        assert talk.store("STOR up", BODY)[:3] == "226"
        assert talk.ask("RNFR up")[:3] == "350"
        assert talk.ask("RNTO down")[:3] == "250"
        assert talk.ask("SITE CHMOD 600 down")[:3] == "200"
        assert talk.store("STOR part", b"0123456789")[:3] == "226"
        talk.ask("REST 5")
        assert talk.store("STOR part", b"xyz")[:3] == "226"
        assert talk.store("APPE part", b"!")[:3] == "226"
        talk.ask("REST 8")
        assert talk.fetch("RETR part")[1] == b"89!"
        talk.ask("TYPE A")
        assert talk.store("STOU part", b"a\r\n")[:3] == "226"
    assert (tmp_path / "down").read_bytes() == BODY
    assert (tmp_path / "part").read_bytes() == b"01234xyz89!"
    assert (tmp_path / "part.1").read_bytes() == b"a\n"


# -- TLS -----------------------------------------------------------------------------------


class SecureTalk(Talk):
    """In TLS, with private data channels."""

    def __init__(self, here: Lab, *, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        super().__init__(here, user="")
        context = self.context(here)
        context.maximum_version = version
        assert self.ask("AUTH TLS")[:3] == "234"
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost",
                                        suppress_ragged_eofs=False)
        assert [self.ask(line)[:3] for line in ("USER bob", "PASS secret", "TYPE I", "PROT P",
                                                "PBSZ 0", "PROT S", "PROT P")] == \
            ["331", "230", "200", "503", "200", "536", "200"]

    def secure(self, sock: socket.socket, reuse: bool = True) -> ssl.SSLSocket:
        assert isinstance(self.sock, ssl.SSLSocket)
        return self.tls.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False,
                                    session=self.sock.session if reuse else None)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_private_data(here: Lab, version: ssl.TLSVersion) -> None:
    with SecureTalk(here, version=version) as talk:
        for _ in range(3):
            sock = talk.passive()
            assert talk.ask("RETR big")[:3] == "150"
            with talk.secure(sock) as data:
                assert data.session_reused
                assert drain(data) == BODY  # torn off, it would raise
            assert talk.reply()[:3] == "226"
        sock = talk.passive()
        assert talk.ask("STOR up")[:3] == "150"
        with talk.secure(sock) as data:
            data.sendall(BODY)
            data.unwrap()
        assert talk.reply()[:3] == "226"
    assert here.ftp.files.get("/up") == BODY


def test_uploads_that_are_torn_off(here: Lab) -> None:
    for require in (True, False):
        here.ftp.options.require_notify = require
        with SecureTalk(here) as talk:
            sock = talk.passive()
            assert talk.ask("STOR up")[:3] == "150"
            with talk.secure(sock) as data:
                data.sendall(b"half of it")
                socket.socket.shutdown(data, socket.SHUT_WR)
                assert talk.reply()[:3] == ("426" if require else "226")
    assert here.ftp.files.get("/up") == b"half of it"


def test_sessions_must_be_reused(here: Lab) -> None:
    for require in (True, False):
        here.ftp.options.require_reuse = require
        with SecureTalk(here) as talk:
            sock = talk.passive()
            assert talk.ask("RETR big")[:3] == "150"
            try:
                with talk.secure(sock, reuse=False) as data:
                    drain(data)
            except OSError:
                assert require
            assert talk.reply()[:3] == ("522" if require else "226")


def test_clear_data_where_they_must_be_private(here: Lab) -> None:
    here.ftp.options.allow_clear = False
    with SecureTalk(here) as talk:
        assert talk.ask("PROT C")[:3] == "534"
        assert talk.ask("CCC")[:3] == "534"


def test_ccc(here: Lab) -> None:
    with SecureTalk(here) as talk:
        assert talk.ask("CCC")[:3] == "200"
        assert isinstance(talk.sock, ssl.SSLSocket)
        talk.sock = talk.sock.unwrap()
        assert talk.ask("PWD")[:3] == "257"


def test_implicit_tls(here: Lab) -> None:
    with Talk(here, scheme="ftps") as talk:
        assert talk.ask("PBSZ 0")[:3] == "200"
        assert talk.ask("AUTH TLS")[:3] == "503"


def test_commands_before_tls_are_refused(here: Lab) -> None:
    with Talk(here, user="") as talk:
        talk.send("AUTH TLS", "USER alice")
        assert talk.reply()[:3] == "234"
        with pytest.raises((EOFError, ConnectionError, AssertionError)):
            assert talk.reply()[:3] != "500"
            talk.line()


# -- quirks and faults ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirk", "line", "code"),
    [("no EPSV", "EPSV", "500"), ("no MLSD", "MLSD", "500"), ("no MLSD", "MLST", "500"),
     ("no SIZE", "SIZE big", "500"), ("no FEAT", "FEAT", "500"), ("no REST", "REST 1", "500"),
     ("REST ignored", "REST 1", "350"), ("latin-1 names", "OPTS UTF8 ON", "501")],
)
def test_what_others_lack(here: Lab, quirk: str, line: str, code: str) -> None:
    here.ftp.quirks(quirk)
    with Talk(here) as talk:
        assert talk.ask(line)[:3] == code
        if quirk != "no FEAT":
            word = {"no MLSD": "MLST", "latin-1 names": "UTF8"}.get(quirk, quirk[3:])
            assert f"\n {word}" not in talk.ask("FEAT")


def test_unknown_quirks_are_said(here: Lab) -> None:
    with pytest.raises(UsageError, match="no such quirk"):
        here.ftp.quirks("no shame")


def test_rest_ignored(here: Lab) -> None:
    here.ftp.quirks("REST ignored")
    with Talk(here) as talk:
        talk.ask("REST 5")
        assert talk.fetch("RETR big")[1] == BODY


def test_latin_1(here: Lab) -> None:
    here.ftp.quirks("latin-1 names")
    here.ftp.files.put("/café", b"1")
    here.ftp.files.put("/名", b"2")
    with Talk(here) as talk:
        listing = talk.fetch("NLST")[1]
        assert (b"caf\xe9\r\n" in listing, b"?\r\n" in listing) == (True, True)
        assert talk.ask(b"SIZE caf\xe9") == "213 1"
        assert talk.ask("STAT /")[:3] == "213"


def test_closed_port(here: Lab) -> None:
    here.ftp.quirks("EPSV closed port")
    with Talk(here) as talk, pytest.raises(ConnectionRefusedError):
        talk.passive()


def test_early_226(here: Lab) -> None:
    here.ftp.quirks("226 early")
    with Talk(here) as talk, talk.passive() as sock:
        assert (talk.ask("RETR big")[:3], talk.reply()[:3]) == ("150", "226")
        assert drain(sock) == BODY
        assert talk.ask("PWD")[:3] == "257"


def test_250(here: Lab) -> None:
    here.ftp.quirks("code 250 instead of 226")
    with Talk(here) as talk:
        assert talk.fetch("RETR big")[2][:3] == "250"


def test_noop_refused_during_a_transfer(here: Lab) -> None:
    here.ftp.quirks("NOOP 500 during transfer")
    with Talk(here) as talk, talk.passive() as sock:
        assert talk.ask("NOOP")[:3] == "200"
        talk.ask("STOR x")
        assert talk.ask("NOOP")[:3] == "500"
        sock.close()
        assert talk.reply()[:3] == "226"


def test_pure_ftpd(here: Lab) -> None:
    here.ftp.quirks("pure-ftpd")
    with Talk(here) as talk, talk.passive() as sock:
        talk.ask("STOR x")
        assert talk.ask("EPSV")[:3] == "500"
        sock.close()
        assert talk.reply()[:3] == "226"


def test_one_listener(here: Lab) -> None:
    here.ftp.quirks("one listener")
    with Talk(here) as talk:
        talk.send("EPSV", "RETR big", "EPSV", "RETR big")
        talk.reply()
        codes = [talk.reply()[:3]]
        if codes == ["150"]:
            codes.append(talk.reply()[:3])
        assert codes[-1] == "426"
        with talk.connect(talk.reply()) as sock:
            assert talk.reply()[:3] == "150"
            assert drain(sock) == BODY
        assert talk.reply()[:3] == "226"


def test_replies_of_several_lines(here: Lab) -> None:
    here.ftp.quirks("multi-line replies")
    with ftplib.FTP() as site:
        site.connect(*here.address("ftp"), timeout=5)
        site.login("alice", "secret")
        assert site.sendcmd("PWD").splitlines()[-1] == '257 "/" is where you are'
        assert len(site.sendcmd("NOOP").splitlines()) == 5


def test_replies_and_ends_on_demand(here: Lab) -> None:
    faults = here.ftp.faults
    faults.on("PWD", b"2x7 nonsense")
    faults.on("NOOP", b"421 going down", after=1, close=True)
    faults.on("RETR", b"550 Not a regular file")
    with Talk(here) as talk:
        assert talk.ask("PWD") == "2x7 nonsense"
        assert talk.ask("PWD")[:3] == "257"
        assert talk.fetch("RETR big")[0] == "550 Not a regular file"
        assert [talk.ask("NOOP")[:3], talk.ask("NOOP")[:3]] == ["200", "421"]
        with pytest.raises(EOFError):
            talk.line()
    faults.on("GREETING", b"421 too busy", close=True)
    with Talk(here, user="") as talk:
        assert talk.greeting == "421 too busy"


@pytest.mark.parametrize(
    ("reply", "silent", "wanted"),
    [(None, False, "426"), (b"226 Transfer complete", False, "226"), (None, True, "257")],
)
@pytest.mark.parametrize("command", ["RETR big", "STOR up", "MLSD", "LIST"])
def test_cut_transfers(
    here: Lab, command: str, reply: bytes | None, silent: bool, wanted: str
) -> None:
    here.ftp.faults.on(command.split()[0], reply, cut=20, silent=silent)
    with Talk(here) as talk, talk.passive() as sock:
        assert talk.ask(command)[:3] == "150"
        if command == "STOR up":
            sock.sendall(b"x" * 20)
        data = drain(sock)
        talk.send("PWD")
        assert talk.reply()[:3] == wanted
    assert len(data) == (0 if command == "STOR up" else 20)


def test_more_announced_than_sent(here: Lab) -> None:
    for verb in ("RETR", "SIZE", "MLST"):
        here.ftp.faults.on(verb, larger=5)
    with Talk(here) as talk:
        assert "(1024005 bytes)" in talk.fetch("RETR big")[0]
        assert talk.ask("SIZE big") == "213 1024005"
        assert "size=1024005;" in talk.ask("MLST big")
        assert talk.ask("SIZE big") == "213 1024000"


def test_no_close_notify_on_data(here: Lab) -> None:
    here.ftp.faults.on("RETR", notify=False)
    with SecureTalk(here) as talk:
        sock = talk.passive()
        assert talk.ask("RETR big")[:3] == "150"
        with talk.secure(sock) as data, pytest.raises(ssl.SSLEOFError):
            drain(data)
        assert talk.reply()[:3] == "226"


def test_silence(here: Lab) -> None:
    here.ftp.faults.on("RETR")
    with Talk(here) as talk, talk.passive() as sock:
        talk.send("RETR big")
        for silent in (sock, talk.sock):
            silent.settimeout(0.1)
            with pytest.raises(TimeoutError):
                silent.recv(1)


# -- any bytes -----------------------------------------------------------------------------

WORDS = st.sampled_from(["EPSV", "RETR big", "NOOP", "ABOR", "STOR x", "REST 9", "TYPE A", "MODE Z",
                         "LIST", "MLSD ..", "USER a", "REIN", "PORT 1,2,3,4,5,6", "EPRT |1|",
                         "STAT", "OPTS MLST", "HASH big", 'XCRC "', "AUTH", "PBSZ 0", "STOU",
                         "RNTO x", "MFMT 20010101000000 x", "SITE UTIME", "SITE CHMOD 7 x", "QUIT"])
JUNK = st.one_of(st.binary(max_size=200), WORDS.map(str.encode),
                 st.tuples(WORDS.map(str.encode), st.binary(max_size=40)).map(b" ".join))


@given(lines=st.lists(JUNK, max_size=12), known=st.booleans(), quirk=st.sampled_from([*QUIRKS, ""]))
def test_any_bytes_are_answered_or_end_it(
    here: Lab, caplog: pytest.LogCaptureFixture, lines: list[bytes], known: bool, quirk: str
) -> None:
    here.ftp.options.data_wait = 0.05
    here.ftp.options.quirks = {quirk}
    with Talk(here) as other:
        with Talk(here, user="alice" if known else "") as talk:
            try:
                talk.sock.sendall(b"\r\n".join(lines) + b"\r\n")
                talk.sock.shutdown(socket.SHUT_WR)
                drain(talk.sock)
            except ConnectionError:
                pass
        assert other.ask("NOOP").splitlines()[-1] == "200 here"
    assert not caplog.records  # no session died of anything but the client's leaving


def test_an_endless_line_ends_it(here: Lab) -> None:
    with Talk(here, user="") as talk:
        try:
            talk.sock.sendall(b"x" * 100_000)
            assert talk.reply()[:3] == "500"
            talk.line()
        except (ConnectionError, EOFError):
            pass
    with Talk(here) as talk:
        assert talk.ask("NOOP")[:3] == "200"
