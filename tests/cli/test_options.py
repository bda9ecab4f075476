"""The options that all verbs share, several URLs, and how failures are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from postel import lab
from postel.cli import main as whole
from postel.cli import tree
from postel.cli.main import COMMANDS
from postel.cli.main import postel as group
from postel.types import Entry, Kind

Run = Callable[..., Result]


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def alice(here: lab.Lab, path: str) -> str:
    return here.url("ftp", user="alice", path=path)


# -- several URLs ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["ls", "cat", "stat", "get"])
def test_of_several_urls_one_that_fails_does_not_stop_the_others(
        verb: str, here: lab.Lab, postel: Run) -> None:
    paths = {"ls": ("/nothing", "/pub/")}.get(verb, ("/nothing", "/pub/hello.txt"))
    result = postel(verb, *(here.url("ftp", path=path) for path in paths), code=1)
    assert "nothing" in result.stderr
    assert "hello" in result.output.replace(result.stderr, "") or Path("hello.txt").exists()


def test_of_several_things_to_write_too(here: lab.Lab, postel: Run) -> None:
    postel("mkdir", alice(here, "/pub"), alice(here, "/new"), code=1)
    assert here.ftp.files.stat("/new").is_folder
    postel("rm", alice(here, "/nothing"), alice(here, "/pub/hello.txt"), code=1)
    assert "hello.txt" not in {entry.name for entry in here.ftp.files.list("/pub")}
    Path("a.txt").write_text("a")
    Path("new").write_text("in the way of a folder")
    postel("put", "new", "a.txt", alice(here, "/"), code=1)
    assert here.ftp.files.get("/a.txt") == b"a"


def test_the_only_one_keeps_its_code(here: lab.Lab, postel: Run) -> None:
    postel("cat", here.url("ftp", path="/nothing"), code=3)


def test_a_text_that_is_no_url_is_refused_before_anything_is_done(
        here: lab.Lab, postel: Run) -> None:
    postel("rm", alice(here, "/pub/hello.txt"), "ftp://[::1/", code=2)
    assert here.ftp.files.get("/pub/hello.txt") == b"hello\n"


# -- usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "told"), [
    (["ls", "-4", "-6", "ftp://h.example/"], "no address"),
    (["ls", "--key", __file__, "ftp://h.example/"], "--cert"),
    (["get", "-o", "-", "-r", "ftp://h.example/"], "one file"),
    (["get", "-o", "-", "--json", "ftp://h.example/a"], "one file"),
    (["get", "-o", "x", "ftp://h.example/a", "ftp://h.example/b"], "-d FOLDER"),
    (["get", "ftp://h.example/pub/"], "-r fetches folders"),
    (["ls", "pop3://h.example/"], "postel mail"),
    (["ls", "nntp://h.example/"], "ftp://"),
    (["cat", "file://elsewhere/etc/hosts"], "this machine only"),
    (["cat", "--proxy", "socks5h://127.0.0.1:1", "file:///etc/hosts"], "file takes no proxy"),
    (["ls", "file://h.example/etc"], "this machine only"),
    (["mail", "fetch", "ftp://h.example/", "--into", "x"], "pop3://"),
    (["mail", "fetch", "pop3://a@h.example/", "--into", "mh:x"], "mbox:FILE"),
    (["mail", "fetch", "pop3://a@h.example/", "--into", "mbox:"], "no file"),
    (["mail", "fetch", "pop3://a@h.example/", "--into", "x", "--delete", "--delete-after", "1"],
     "which of them"),
    (["lab", "gopher"], "no service gopher"),
])
def test_a_call_that_is_wrong_is_exit_2(
        words: list[str], told: str, postel: Run, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTEL_PASSWORD", "x")
    assert told in postel(*words, code=2).output


def test_insecure_is_loud_even_when_all_else_is_quiet(here: lab.Lab, postel: Run) -> None:
    host, port = here.address("ftps")
    for _ in range(2):
        told = postel("ls", "-q", "--insecure", f"ftps://{host}:{port}/pub/").stderr
        assert "whoever answers is believed" in told


# -- for programs ----------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["ls"], ["ls", "--no-such"], ["get", "--limit-rate", "x", "u"]])
def test_a_wrong_call_for_programs(words: list[str], postel: Run) -> None:
    told, = objects(postel(*words, "--json", code=2))
    assert (told["error"], told["exit_code"]) == ("UsageError", 2)


def test_every_failure_is_an_object(here: lab.Lab, postel: Run) -> None:
    urls = [here.url("ftp", path=path) for path in ("/nothing", "/pub/hello.txt", "/naught")]
    first, second, third = objects(postel("stat", "--json", *urls, code=1))
    assert (first["error"], third["error"], second["size"]) == ("NotFound", "NotFound", 6)
    assert "550" in first["message"]


@pytest.mark.parametrize("words", [
    ["get", "URL"], ["rm", "-r", "URL"], ["mv", "URL", "x"], ["mkdir", "URL"],
    ["put", "f", "URL"]])
def test_a_dry_run_for_programs(words: list[str], here: lab.Lab, postel: Run) -> None:
    Path("f").write_text("f")
    before = here.ftp.files.tree()
    words = [alice(here, "/pub/x") if word == "URL" else word for word in words]
    told, = objects(postel(*words, "--dry-run", "--json"))
    assert told["would"]
    assert here.ftp.files.tree() == before


def test_a_disk_that_refuses_is_told(here: lab.Lab, postel: Run) -> None:
    words = ("--trace", "no/such/folder/t", here.url("ftp", path="/pub/"))
    assert "no/such/folder/t: No such file" in postel("ls", *words, code=1).stderr
    told, = objects(postel("ls", "--json", *words, code=1))
    assert told["exit_code"] == 1


# -- what -v and -q say ----------------------------------------------------------------------


def test_v_tells_who_was_reached(here: lab.Lab, postel: Run) -> None:
    result = postel("ls", "-v", here.url("ftps", path="/pub/"))
    assert "connected to" in result.stderr
    assert "TLS" in result.stderr
    assert "hello.txt" in result.stdout
    assert postel("ls", here.url("ftps", path="/pub/")).stderr == ""


def test_vv_tells_all_that_is_said(here: lab.Lab, postel: Run) -> None:
    result = postel("ls", "-vv", alice(here, "/pub/"))
    assert r"C: PASS ***\r\n" in result.stderr
    assert "C: MLSD" in result.stderr


def test_v_tells_the_last_words_of_a_failure(here: lab.Lab, postel: Run) -> None:
    result = postel("ls", "-v", here.url("ftp", path="/nothing"), code=3)
    assert r"550 No such file or folder\r\n" in result.stderr
    assert r"C: MLSD nothing\r\n" in result.stderr
    assert max(map(len, result.stderr.splitlines())) <= 210
    quiet = postel("ls", here.url("ftp", path="/nothing"), code=3)
    assert "C: " not in quiet.stderr


def test_v_tells_each_address_that_was_tried(postel: Run) -> None:
    assert "tried 127.0.0.1 port 1: refused" in postel("ls", "-v", "ftp://127.0.0.1:1/",
                                                       code=5).stderr


def test_q_says_nothing_but_errors(here: lab.Lab, postel: Run) -> None:
    assert postel("get", "-q", here.url("ftp", path="/pub/hello.txt")).output == ""
    assert "550" in postel("get", "-q", here.url("ftp", path="/nothing"), code=3).stderr


# -- nothing but one line --------------------------------------------------------------------


def test_a_mistake_of_ours_is_no_traceback(
        postel: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise KeyError("x\x1b[2J")

    monkeypatch.setattr(whole.postel, "main", broken)
    told = postel("ls", code=1).stderr
    assert "a mistake in Postel itself: KeyError" in told
    assert "POSTEL_DEBUG=1" in told
    assert "Traceback" not in told
    assert "\x1b" not in told
    monkeypatch.setenv("POSTEL_DEBUG", "1")
    with pytest.raises(KeyError):
        whole.main(["ls"])


def test_debug_shows_the_traceback() -> None:
    done = subprocess.run([sys.executable, "-m", "postel", "ls", "ftp://127.0.0.1:1/"], text=True,
                          capture_output=True, check=False, timeout=30,
                          env={**os.environ, "POSTEL_DEBUG": "1"})
    assert "Traceback" in done.stderr
    assert "ConnectError" in done.stderr


def test_no_color_is_granted(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert whole._colour() is False
    monkeypatch.delenv("NO_COLOR")
    assert whole._colour() is None


def test_ctrl_c_is_exit_130(here: lab.Lab) -> None:
    import signal

    here.ftp.files.put("/big", bytes(1 << 20))
    host, port = here.address("ftp")
    words = [sys.executable, "-m", "postel", "get", "-vv", "-o", "big", "--limit-rate", "1K",
             f"ftp://{host}:{port}/big"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "RETR" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=20) == 130
    assert "Traceback" not in rest
    assert not Path("big").exists()


def test_a_folder_that_holds_itself_is_drawn_once() -> None:
    for name in ("", ".", "..", "a/b"):
        folders = {"pub/": [Entry(name, Kind.FOLDER)], "pub/.": [Entry(".", Kind.FOLDER)]}
        tree._draw(folders, "pub/", "", None)


def test_depth_spares_the_server(here: lab.Lab, postel: Run) -> None:
    result = postel("tree", "-vv", "--depth", "1", here.url("ftp", path="/pub/"))
    assert "more/" in result.stdout
    assert result.stderr.count("C: MLSD") <= 2  # one more than is drawn, as folders come in turn


# -- this machine's side ---------------------------------------------------------------------


def test_file_urls_are_the_other_side(here: lab.Lab, postel: Run, tmp_path: Path) -> None:
    place = f"file://{tmp_path}"
    postel("get", here.url("ftp", path="/pub/hello.txt"), "-o", f"{place}/a%20b")
    assert (tmp_path / "a b").read_bytes() == b"hello\n"
    postel("put", f"{place}/a%20b", alice(here, "/up"))
    assert here.ftp.files.get("/up") == b"hello\n"
    postel("get", f"{place}/a%20b", "-o", "c")
    postel("put", "c", f"{place}/d")
    assert (tmp_path / "d").read_bytes() == b"hello\n"
    assert {row["name"] for row in objects(postel("ls", "--json", place))} >= {"a b", "c", "d"}
    assert "onto itself" in postel("put", "c", f"{place}/c", code=2).stderr
    assert (tmp_path / "c").read_bytes() == b"hello\n"
    postel("get", f"{place}/missing", code=3)
    postel("ls", f"{place}/missing", code=3)


def test_a_name_of_a_url_never_leaves_the_folder(here: lab.Lab, postel: Run) -> None:
    Path("in").mkdir()
    result = postel("get", "-r", here.url("ftp", path="/pub/%2e%2e"), "-d", "in", code=6)
    assert "name" in result.stderr
    assert not Path("hello.txt").exists()


# -- completion and help ---------------------------------------------------------------------


@pytest.mark.parametrize(("line", "expected"), [
    ("postel mk", "mkdir"), ("postel get --lim", "--limit-rate"), ("postel mail ", "fetch"),
    ("postel ls --security st", "starttls"), ("postel put some", "file,"),
    ("postel get -d some", "dir,"), ("postel get --ca some", "file,"),
    ("postel completion z", "zsh"),
])
def test_completion_completes(line: str, expected: str) -> None:
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "postel"], check=False, text=True, capture_output=True, timeout=30,
        env={**os.environ, "_POSTEL_COMPLETE": "bash_complete", "COMP_WORDS": line,
             "COMP_CWORD": str(len(words) - 1)})
    assert expected in done.stdout, done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_shows_every_option_with_its_text(name: str, postel: Run) -> None:
    short, long = postel(name, "-h").stdout, postel(name, "--help").stdout
    assert short == long
    command = group.get_command(click.Context(group), name)
    assert command is not None
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.opts[-1] in long
            assert (option.help or "").split()[0] in long
