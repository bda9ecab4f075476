"""Where passwords come from, and that they go nowhere else."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import Result

from postel import lab
from postel.cli import passwords
from postel.cli.passwords import Passwords
from postel.errors import AuthenticationError
from postel.urls import parse

LINES = "machine h login alice password one\nmachine h login bob password two\n"


@pytest.mark.parametrize(("text", "user", "expected"), [
    (LINES, "alice", "one"),
    (LINES, "bob", "two"),
    (LINES, "", "one"),
    (LINES, "carol", None),
    ("machine h login alice password a#b", "alice", "a#b"),
    ("machine h login alice password #x", "alice", "#x"),
    ('machine h\n\tlogin "al ice"\n\tpassword "a \\"q\\" b"\n', "al ice", 'a "q" b'),
    ("# machine h login alice password no\n" + LINES, "alice", "one"),
    ("macdef init\nmachine h login alice password no\n\n" + LINES, "alice", "one"),
    ("machine h password only", "alice", "only"),
    ("machine h login password password machine", "password", "machine"),
    ("machine h account x login alice password p", "alice", "p"),
    ("default login alice password no", "alice", None),
    ("machine other login alice password no default password no", "alice", None),
    ("machine H login alice password no", "alice", None),
    ("machine h.example login alice password no", "alice", None),
    ("machine", "alice", None),
    ("machine h login", "alice", None),
    ("", "alice", None),
])
def test_netrc(text: str, user: str, expected: str | None, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(text)
    assert passwords._netrc(tmp_path / "netrc", "h", user) == expected


@pytest.mark.parametrize("data", [
    b"machine h login alice password hunter2 hunter3 nonsense",
    b"hunter2 machine h", b"machine h login alice password \xffhunter2", b'password "hunter2'])
def test_a_netrc_that_is_wrong_shows_nothing_of_itself(
        data: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "netrc").write_bytes(data)
    passwords._netrc(tmp_path / "netrc", "h", "alice")
    assert "hunter" not in "".join(capfd.readouterr())


def test_a_netrc_that_cannot_be_read_is_told(
        tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert passwords._netrc(tmp_path, "h", "alice") is None
    assert "directory" in capfd.readouterr().err


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No environment, no netrc."""
    monkeypatch.delenv("POSTEL_PASSWORD", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    return monkeypatch


def ring(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str, str], str | None]) -> None:
    module = ModuleType("keyring")
    module.get_password = answer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)


def test_the_keyring(nowhere: pytest.MonkeyPatch) -> None:
    asked = []
    ring(nowhere, lambda service, user: asked.append((service, user)) or "from the ring")
    found = Passwords(parse("ftp://ann@h.example/"), "ann").find()
    assert (found.reveal(), str(found)) == ("from the ring", "***")
    assert asked == [("postel:h.example", "ann")]


def test_a_keyring_that_fails_is_left_alone(
        nowhere: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(service: str, user: str) -> str:
        raise RuntimeError("locked: hunter2")

    ring(nowhere, broken)
    nowhere.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(AuthenticationError, match="nobody to ask"):
        Passwords(parse("ftp://ann@h.example/"), "ann").find()
    told = capfd.readouterr().err
    assert "left alone: RuntimeError" in told
    assert "hunter2" not in told


def test_the_order(nowhere: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = parse("ftp://ann@h.example/")
    ring(nowhere, lambda service, user: "ring")
    assert Passwords(url, "ann").find().reveal() == "ring"
    (tmp_path / "none").write_text("machine h.example login ann password netrc")
    (tmp_path / "none").chmod(0o600)
    assert Passwords(url, "ann").find().reveal() == "netrc"
    nowhere.setenv("POSTEL_PASSWORD", "environment")
    assert Passwords(url, "ann").find().reveal() == "environment"


def test_nobody_is_asked_twice(nowhere: pytest.MonkeyPatch) -> None:
    asked = []
    ring(nowhere, lambda service, user: asked.append(user) or "x")
    known: dict[tuple[str, str], object] = {}
    for path in ("a", "b"):
        Passwords(parse(f"ftp://ann@h.example/{path}"), "ann", known).find()  # type: ignore[arg-type]
    Passwords(parse("ftp://bob@h.example/"), "bob", known).find()  # type: ignore[arg-type]
    assert asked == ["ann", "bob"]


TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals of this kind")
def test_the_prompt_asks_on_a_terminal_and_does_not_echo(
        here: lab.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTEL_PASSWORD")
    host, port = here.address("ftp")
    words = [sys.executable, "-m", "postel", "ls", f"ftp://alice@{host}:{port}/pub/"]
    with subprocess.Popen([sys.executable, "-c", TERMINAL, *words], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = b""
        while not said.endswith(b": "):
            byte = process.stdout.read(1)
            assert byte, said
            said += byte
        assert b"Password of alice at 127.0.0.1" in said
        process.stdin.write(b"secret\n")
        process.stdin.flush()
        rest = process.stdout.read()
        code = process.wait(timeout=20)
    assert code == 0, rest
    assert b"hello.txt" in rest
    assert b"secret" not in said + rest


def test_a_password_in_the_url_is_never_shown(
        here: lab.Lab, postel: Callable[..., Result]) -> None:
    url = here.url("ftp", user="alice:hunter2", path="/pub/")
    for words in (["ls", "-vv"], ["ls", "-v", "--trace", "t"], ["rm", "-r", "--dry-run"],
                  ["get", "-r", "--json"]):
        result = postel(*words, url, code=0 if "--dry-run" in words else 4)
        assert "hunter2" not in result.output
    assert "hunter2" not in Path("t").read_text()


class Listener:
    """A server that lets everyone in, and notes what it was told."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.told: list[bytes] = []
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        answers = {b"USER": b"331 and?", b"PASS": b"230 in", b"QUIT": b"221 bye"}
        connection, _ = self.socket.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 ready\r\n")
            for line in lines:
                self.told.append(line.strip())
                connection.sendall(answers.get(line.split()[0], b"502 no") + b"\r\n")

    def close(self) -> None:
        self.thread.join(10)
        self.socket.close()


@pytest.mark.parametrize(("login", "options", "expected"), [
    ("", [], b"PASS guest@"),
    ("anonymous@", [], b"PASS guest@"),
    ("ftp@", ["--security", "plain"], b"PASS guest@"),
    ("", ["--user", "anonymous"], b"PASS guest@"),
    ("anonymous:me%40home@", [], b"PASS me@home"),
    ("alice@", ["--security", "plain"], b"PASS top-secret"),
])
def test_no_secret_is_told_to_a_server_that_anyone_may_use(
        login: str, options: list[str], expected: bytes, postel: Callable[..., Result],
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Anonymous log-ins may go in the clear: what they say must be nobody's secret."""
    monkeypatch.setenv("POSTEL_PASSWORD", "top-secret")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anonymous password top-secret\n"
                                    "machine 127.0.0.1 password top-secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = Listener()
    postel("ls", *options, f"ftp://{login}127.0.0.1:{server.port}/", code=1)
    server.close()
    assert [line for line in server.told if line.startswith(b"PASS")] == [expected]
