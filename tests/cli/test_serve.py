"""``postel serve``, as a program of its own: what it serves, to whom, and how it ends."""

from __future__ import annotations

import contextlib
import ftplib
import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

pytestmark = pytest.mark.slow


class Running:
    """The program, where it is, and how to get in."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self.program = program
        first = self.line()
        found = re.search(r"is at (\S+), until", first)
        assert found, first
        self.url = found[1]
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def line(self) -> str:
        assert self.program.stdout is not None
        return self.program.stdout.readline()


@contextlib.contextmanager
def serving(*words: str, folder: Path, password: str = "secret") -> Iterator[Running]:
    environment = {**os.environ, "POSTEL_PASSWORD": password, "NO_COLOR": "1",
                   "PYTHONUNBUFFERED": "1"}
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "postel", "serve", "--port", "0", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment)
    try:
        yield Running(program)
    finally:
        program.send_signal(signal.SIGINT)
        rest = program.communicate(timeout=10)[0]
    assert program.returncode == 0, rest
    assert rest.endswith("Nothing is served any more.\n"), rest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("hello")
    return tmp_path


def status(url: str, method: str = "GET", data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method),
                                    timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_a_folder_by_http(folder: Path) -> None:
    with serving(folder=folder) as here:
        assert here.url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{here.url}a.txt", timeout=5) as answer:
            assert answer.read() == b"hello"
        assert status(here.url) == 200
        assert status(f"{here.url}new", "PUT", b"x") in (401, 403)
        assert "GET /a.txt" in here.line()
        request = urllib.request.Request(here.url, headers={"Host": "rebound.example.org"})
        with pytest.raises(HTTPError, match="421"):
            urllib.request.urlopen(request, timeout=5)
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt"]


def test_those_who_log_in_may_write(folder: Path) -> None:
    with serving("--write", "-q", folder=folder) as here:
        assert here.line() == ("  log in to change something as guest, password "
                               "POSTEL_PASSWORD\n")
        assert status(f"{here.url}new", "PUT", b"x") == 401
        keep = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        keep.add_password(None, here.url, "guest", "secret")
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(keep))
        request = urllib.request.Request(f"{here.url}new", b"x", method="PUT")
        with opener.open(request, timeout=5) as answer:
            assert answer.status == 201
    assert (folder / "new").read_bytes() == b"x"


def test_anyone_may_write(folder: Path) -> None:
    with serving("--webdav", "--write", "--anyone", "-q", folder=folder) as here:
        assert here.url.startswith("webdav://")
        assert status(here.url.replace("webdav", "http") + "new", "PUT", b"x") == 201
    assert (folder / "new").read_bytes() == b"x"


def test_only_one_user_and_a_password_made_up(folder: Path) -> None:
    with serving("--user", "ann", "-q", folder=folder, password="") as here:
        assert re.fullmatch(r"  log in as ann, password [\w-]{12}\n", here.line())
        assert status(f"{here.url}a.txt") == 401


def test_over_tls(folder: Path) -> None:
    with serving("--tls", "-q", folder=folder) as here:
        assert here.url.startswith("https://localhost:")
        authority = here.line().split("--ca ")[1].strip()
        context = ssl.create_default_context(cafile=authority)
        with urllib.request.urlopen(f"{here.url}a.txt", timeout=5, context=context) as answer:
            assert answer.read() == b"hello"


def test_it_ends_when_it_is_told_to(folder: Path) -> None:
    program = subprocess.Popen([sys.executable, "-m", "postel", "serve", "--port", "0"],
                               stdout=subprocess.PIPE, text=True, cwd=folder)
    here = Running(program)
    assert status(here.url) == 200
    program.terminate()
    assert program.communicate(timeout=10)[0].endswith("Nothing is served any more.\n")
    assert program.returncode == 0


def test_by_ftp(folder: Path) -> None:
    with serving("--ftp", "-q", folder=folder) as here, ftplib.FTP() as site:
        site.connect("127.0.0.1", here.port, timeout=5)
        site.login()
        assert site.nlst() == ["a.txt"]


def test_by_sftp(folder: Path) -> None:
    import asyncio

    import asyncssh

    async def names(port: int) -> list[str]:
        async with asyncssh.connect("127.0.0.1", port, username="guest", password="secret",
                                    known_hosts=None, client_keys=None, config=None) as link:
            async with link.start_sftp_client() as site:
                return sorted(str(name) for name in await site.listdir("/"))

    with serving("--sftp", "-q", folder=folder) as here:
        assert here.line() == "  log in as guest, password POSTEL_PASSWORD\n"
        assert here.url.startswith("sftp://guest@127.0.0.1:")
        assert "a.txt" in asyncio.run(names(here.port))


def test_a_maildir_by_imap(folder: Path) -> None:
    import imaplib

    from postel.mailboxes.maildir import Maildir

    Maildir(folder).create().append(b"Subject: hello\n\nhi\n")
    Maildir(folder / ".Work.May").create()
    before = sorted(str(path) for path in folder.rglob("*"))
    with serving("--imap", "-q", folder=folder) as here:
        assert here.line() == "  log in as guest, password POSTEL_PASSWORD\n"
        assert here.url.startswith("imap://guest@127.0.0.1:")
        with imaplib.IMAP4("127.0.0.1", here.port, timeout=5) as box:
            box.login("guest", "secret")
            assert b"Work/May" in box.list()[1][1]  # type: ignore[operator]
            box.select(readonly=True)
            assert box.fetch("1", "(BODY[])")[1][0][1] == (  # type: ignore[index]
                b"Subject: hello\r\n\r\nhi\r\n")
            assert box.append("INBOX", "", "", b"x: y\r\n\r\n")[0] == "NO"
            assert box.store("1", "+FLAGS", "\\Deleted")[0] == "NO"
    assert sorted(str(path) for path in folder.rglob("*")) == before, "nothing was changed"
    with serving("--imap", "--write", "--tls", "-q", folder=folder) as here:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with imaplib.IMAP4_SSL("127.0.0.1", here.port, ssl_context=context, timeout=5) as box:
            box.login("guest", "secret")
            assert box.append("INBOX", "", "", b"x: y\r\n\r\n")[0] == "OK"
    assert len(Maildir(folder)) == 2


@pytest.mark.parametrize("words", [(), ("--tls", "--write")])
def test_news(folder: Path, words: tuple[str, ...]) -> None:
    from postel import Message, nntp
    from postel.errors import ReplyError
    from postel.transport.tls import TLSOptions

    (folder / "misc.test").mkdir()
    (folder / "misc.test" / "7").write_text(
        "From: a@b.example\nSubject: Hello\nMessage-ID: <1@x>\n\nhi\n")
    with serving("--nntp", *words, "-q", folder=folder) as here:
        log_in = {"user": "guest", "password": "secret"} if words else {}
        with nntp.Client(here.url, tls=TLSOptions(verify=False), **log_in) as news:  # type: ignore[arg-type]
            assert (news.peer.tls is None) == (not words)
            assert news.article("<1@x>").message.text == "hi\n"
            assert [row.subject for row in news.overview(news.group("misc.test"))] == ["Hello"]
            note = Message(from_="a@b.example", subject="x", text="y")
            if words:
                assert news.article(news.post(note, groups="misc.test")).message.subject == "x"
            else:
                with pytest.raises(ReplyError, match="440"):
                    news.post(note, groups="misc.test")
    assert [path.name for path in (folder / "misc.test").iterdir()] == ["7"]


APPS = {
    "wsgi": "def app(environ, start):\n    start('200 OK', [])\n    return [b'from wsgi']\n",
    "asgi": "async def app(scope, receive, send):\n"
            "    if scope['type'] != 'http':\n        raise NotImplementedError\n"
            "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
            "    await send({'type': 'http.response.body', 'body': b'from asgi'})\n"
            "def make():\n    return app\n",
}


@pytest.mark.parametrize(("kind", "name"), [("wsgi", "app"), ("asgi", "app"), ("asgi", "make()")])
def test_an_application(folder: Path, kind: str, name: str) -> None:
    (folder / "their_module.py").write_text(APPS[kind])
    with serving(f"their_module:{name}", "-q", folder=folder) as here:
        with urllib.request.urlopen(f"{here.url}x", timeout=5) as answer:
            assert answer.read() == f"from {kind}".encode()


def said(*words: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-m", "postel", "serve", *words], cwd=folder, text=True,
                          capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    return done.stderr


def test_what_cannot_be_served(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "postel", "serve", "--imap"], cwd=folder,
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 2
    assert "it is no Maildir" in done.stderr
    assert "there is no such folder" in said("nowhere", folder=folder)
    assert "it is not there" in said("--nntp", "nowhere", folder=folder)
    assert "no article was found" in said("--nntp", folder=folder)
    assert "No module named" in said("nowhere:app", folder=folder)
    assert "an application is served by HTTP" in said("os:path", "--ftp", folder=folder)
    assert "no such style" in said("--index", "iis", folder=folder)
    assert "--http and --webdav" in said("--ftp", "--write", "--anyone", folder=folder)
    with serving("-q", folder=folder) as here:
        taken = said("--port", str(here.port), folder=folder)
        assert f"port {here.port}: Address already in use" in taken
        assert "--port 0" in taken
