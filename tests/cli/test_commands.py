"""Every verb of the command, against the lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from postel import lab
from postel.cli.main import COMMANDS, main, postel, report
from postel.cli.options import parse_size
from postel.cli.render import Bar, cut, duration, entry_line, size
from postel.errors import NotFound, UsageError
from postel.types import Entry, Kind, Progress


def run(*words: str, code: int = 0, input: str | None = None) -> Result:
    """Run the command as a person would; the exit code is checked."""
    result = CliRunner().invoke(_whole, list(words), input=input)
    assert result.exit_code == code, result.output
    return result


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def _whole(words: tuple[str, ...]) -> None:
    """`main` with its errors and exit codes, as click sees them."""
    argv, sys.argv = sys.argv, ["postel", *words]
    try:
        main(list(words))
    finally:
        sys.argv = argv


def alice(here: lab.Lab, path: str = "/") -> str:
    return here.url("ftp", user="alice", path=path)


def test_get_a_file(here: lab.Lab) -> None:
    run("get", here.url("ftp", path="/pub/hello.txt"))
    assert Path("hello.txt").read_bytes() == b"hello\n"


def test_get_into_a_folder_under_a_name_and_to_the_screen(here: lab.Lab) -> None:
    url = here.url("ftp", path="/pub/hello.txt")
    Path("d").mkdir()
    run("get", url, "-d", "d")
    run("get", url, "-o", "other.txt")
    assert Path("d/hello.txt").read_bytes() == Path("other.txt").read_bytes() == b"hello\n"
    assert run("get", url, "-o", "-").stdout_bytes == b"hello\n"


def test_get_a_tree(here: lab.Lab) -> None:
    run("get", "-r", here.url("ftp", path="/pub/"))
    assert Path("pub/more/data.bin").stat().st_size == 5000


def test_get_several_of_which_one_is_missing(here: lab.Lab) -> None:
    result = run("get", here.url("ftp", path="/pub/hello.txt"),
                 here.url("ftp", path="/pub/nothing"), code=1)
    assert Path("hello.txt").exists()
    assert "nothing" in result.stderr


def test_get_what_is_missing_is_exit_3(here: lab.Lab) -> None:
    result = run("get", here.url("ftp", path="/nothing.txt"), code=3)
    assert "postel:" in result.stderr
    assert "550" in result.stderr


def test_get_for_programs(here: lab.Lab) -> None:
    result = run("get", "--json", here.url("ftp", path="/pub/hello.txt"))
    assert json.loads(result.stdout)["size"] == 6
    failed = run("get", "--json", here.url("ftp", path="/nothing.txt"), code=3)
    told = json.loads(failed.stdout)
    assert (told["error"], told["exit_code"]) == ("NotFound", 3)


def test_put_a_file_and_a_tree(here: lab.Lab) -> None:
    Path("up.txt").write_text("up")
    run("put", "up.txt", alice(here, "/in/") if _made(here) else "")
    assert here.ftp.files.get("/in/up.txt") == b"up"
    Path("t/s").mkdir(parents=True)
    Path("t/s/x").write_text("x")
    run("put", "-r", "t", alice(here, "/in/"))
    assert here.ftp.files.get("/in/t/s/x") == b"x"
    assert run("put", "t", alice(here, "/in/"), code=1)


def _made(here: lab.Lab) -> bool:
    run("mkdir", alice(here, "/in"))
    return True


def test_put_where_nobody_may_is_exit_4(here: lab.Lab) -> None:
    Path("up.txt").write_text("up")
    run("put", "up.txt", here.url("ftp", path="/pub/"), code=4)


def test_ls(here: lab.Lab) -> None:
    short = run("ls", here.url("ftp", path="/pub/")).stdout
    assert short.splitlines()[1:] == ["hello.txt", "more/"]
    long = run("ls", "-l", here.url("ftp", path="/pub/")).stdout
    assert "-rw-" in long
    assert "6 B" in long
    rows = [json.loads(line) for line in run(
        "ls", "--json", here.url("ftp", path="/pub/")).stdout.splitlines()]
    assert {row["name"]: row["kind"] for row in rows}["more"] == "folder"


def test_a_hostile_name_moves_no_cursor(here: lab.Lab) -> None:
    for words in (["ls"], ["ls", "-l"], ["tree"], ["du"]):
        assert "\x1b" not in run(*words, here.url("ftp", path="/pub")).output


def test_cat_stat_du_tree(here: lab.Lab) -> None:
    assert run("cat", here.url("ftp", path="/pub/hello.txt")).stdout_bytes == b"hello\n"
    assert "hello.txt" in run("stat", here.url("ftp", path="/pub/hello.txt")).stdout
    assert json.loads(run("stat", "--json", here.url("ftp", path="/pub/hello.txt")).stdout)[
        "size"] == 6
    assert "in 3 files" in run("du", here.url("ftp", path="/pub")).stdout
    drawn = run("tree", here.url("ftp", path="/pub")).stdout
    assert "└── more/" in drawn
    assert "    └── data.bin" in drawn
    assert "data.bin" not in run("tree", "--depth", "1", here.url("ftp", path="/pub")).stdout


def test_mkdir_mv_rm(here: lab.Lab) -> None:
    run("mkdir", "-p", alice(here, "/a/b/c"))
    run("mkdir", alice(here, "/a"), code=8)
    run("mv", alice(here, "/a/b"), "d")
    assert here.ftp.files.stat("/a/d/c").is_folder
    run("rm", alice(here, "/pub/hello.txt"))
    run("rm", alice(here, "/pub/hello.txt"), code=3)
    run("rm", "-r", alice(here, "/a"))
    with pytest.raises(OSError):
        here.ftp.files.stat("/a")


@pytest.mark.parametrize("words", [
    ["get", "URL"], ["rm", "-r", "URL"], ["mv", "URL", "x"], ["mkdir", "URL/x"]])
def test_a_dry_run_does_nothing(words: list[str], here: lab.Lab) -> None:
    url = alice(here, "/pub")
    before = here.ftp.files.tree()
    connections = here.ftp.clear.connections
    result = run(*(word.replace("URL", url) for word in words), "--dry-run")
    assert "would" in result.stdout
    assert here.ftp.files.tree() == before
    assert here.ftp.clear.connections == connections


def test_mail_fetch(here: lab.Lab) -> None:
    box = here.pop3.mailbox("alice")
    for number in range(5):
        box.add(b"Subject: %d\r\n\r\nx\r\n" % number)
    url = here.url("pop3")
    assert "would fetch 5 of 5" in run("mail", "fetch", url, "--into", "M", "--dry-run").stdout
    assert "5 new" in run("mail", "fetch", url, "--into", "M").stderr
    assert len(list(Path("M/new").iterdir())) == 5
    assert "0 new" in run("mail", "fetch", url, "--into", "maildir:M").stderr
    rows = run("mail", "fetch", url, "--into", "mbox:box", "--state", "other.db", "--json").stdout
    assert len(rows.splitlines()) == 5
    run("mail", "fetch", url, "--into", "M", "--delete")
    assert box.messages() == []


def test_mail_of_nobody_is_a_usage_error(here: lab.Lab) -> None:
    result = run("mail", "fetch", "pop3://pop3.lab.test/", "--into", "M", code=2)
    assert "whose mail" in result.stderr


def test_the_password_of_netrc(here: lab.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTEL_PASSWORD")
    host = here.url("ftp").split("/")[2]
    Path(".netrc").write_text(f"machine {host} login alice password secret\n")
    Path(".netrc").chmod(0o644)
    refused = run("ls", alice(here, "/pub/"), code=4)
    assert "left alone" in refused.stderr
    assert "nobody to ask" in refused.stderr
    Path(".netrc").chmod(0o600)
    run("ls", alice(here, "/pub/"))
    Path(".netrc").write_text("default login alice password secret\n")
    run("ls", alice(here, "/pub/"), code=4)


def test_a_wrong_password_is_exit_4_and_not_shown(
        here: lab.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTEL_PASSWORD", "hunter2")
    result = run("ls", alice(here), "--trace", "trace.txt", code=4)
    assert "hunter2" not in result.output
    assert "hunter2" not in Path("trace.txt").read_text()
    assert "PASS ***" in Path("trace.txt").read_text()


def test_an_unknown_scheme(here: lab.Lab) -> None:
    result = run("ls", "gopher://x.example.org/", code=2)
    assert "ftp://" in result.stderr


def test_insecure_is_loud(here: lab.Lab) -> None:
    host, port = here.address("ftps")
    url = f"ftps://{host}:{port}/pub/"
    assert run("ls", url, code=4).exit_code == 4
    assert "--insecure" in run("ls", url, "--insecure").stderr
    assert "--insecure" not in run("ls", url, "--ca", str(here.ca)).stderr


def test_nothing_listens_is_exit_5() -> None:
    result = run("ls", "ftp://127.0.0.1:1/", code=5)
    assert "refused" in result.stderr
    assert "hint:" in result.stderr


def test_a_wrong_option_is_exit_2() -> None:
    run("ls", "--no-such-option", code=2)


def test_schemes() -> None:
    assert "ftps://" in run("schemes").stdout
    names = [json.loads(line)["name"] for line in run("schemes", "--json").stdout.splitlines()]
    assert {"ftp", "ftps", "pop3", "pop3s"} <= set(names)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    assert "_POSTEL_COMPLETE" in run("completion", shell).stdout


def test_completion_completes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from postel.cli.main import main; main()"], check=False, text=True,
        capture_output=True, timeout=30,
        env={**os.environ, "_POSTEL_COMPLETE": "bash_complete", "COMP_WORDS": "postel mk",
             "COMP_CWORD": "1"})
    assert "mkdir" in done.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_verb_has_help_and_every_option_too(name: str) -> None:
    context = click.Context(postel)
    command = postel.get_command(context, name)
    assert command is not None
    group = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in group:
        assert one.help, name
        for parameter in one.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
        assert run(name, "--help").stdout


def test_the_bar() -> None:
    bar = Bar(shown=False)
    line = bar.line(Progress("pub/a.iso", 50 << 20, 100 << 20, 5.0))
    assert "50% [##########..........]" in line
    assert "10.0 MiB/s" in line
    assert "5s" in line
    assert "\x1b" not in bar.line(Progress("evil\x1b[0m", 1, None, 1.0))


def test_the_bar_of_many_files_counts_them_all() -> None:
    seconds = iter(range(100))
    bar = Bar(shown=False, clock=lambda: float(next(seconds)))
    bar.line(Progress("a", 500, 1000, 1.0))
    line = bar.line(Progress("b", 1500, 2000, 1.0))
    assert "2 files, 2.0 KiB" in line
    assert "1000 B/s" in line  # 2,000 bytes in two ticks of the clock
    large = bar.line(Progress("c", 50 << 20, 100 << 20, 5.0))
    assert "50% [" in large
    assert "3 files" in large


def test_the_bar_begins_afresh(capsys: Any) -> None:
    bar = Bar(shown=True, clock=lambda: 0.0)
    bar(Progress("a", 1, 2, 1.0))
    bar(Progress("a", 2, 2, 1.0))  # too soon to be seen
    bar.done()
    bar.done()
    assert capsys.readouterr().err.count("\r") == 2
    assert "files" not in bar.line(Progress("b", 1, 2, 1.0))


def test_a_name_is_cut_by_columns() -> None:
    assert cut("short", 8) == "short"
    assert cut("\u6587\u4ef6\u6587\u4ef6", 6) == "\u6587\u4ef6\u2026"


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("2K", 2048), ("1.5M", 1572864)])
def test_sizes(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "K", "-1", "1X", "x1", "0"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


def test_rendering() -> None:
    assert size(None) == "?"
    assert duration(3725) == "1h02m"
    entry = Entry("a\x07b", Kind.LINK, target="../c", mode=0o644)
    assert entry_line(entry).endswith("-> ../c")
    assert "\x07" not in entry_line(entry)


def test_an_error_says_what_and_how(capsys: Any) -> None:
    report(NotFound("RETR x\x1b: gone", hint="look elsewhere"))
    told = capsys.readouterr().err
    assert "postel:" in told
    assert "  hint: look elsewhere" in told
    assert "\x1b" not in click.unstyle(told)


def test_a_reader_that_goes_away_is_no_trouble(here: lab.Lab) -> None:
    host, port = here.address("ftp")
    here.ftp.files.put("/long", b"x\n" * 200_000)
    script = (f"{sys.executable} -m postel cat --security plain "
              f"ftp://{host}:{port}/long | head -1")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30,
                          check=False)
    assert done.stdout == "x\n"
    assert "Traceback" not in done.stderr


def test_the_lab_in_a_terminal() -> None:
    import signal

    with subprocess.Popen([sys.executable, "-u", "-m", "postel", "lab"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        lines = []
        while not lines or "pop3s" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        code = process.wait(timeout=20)
    told = "".join(lines) + rest
    assert code == 0, told
    assert "ftp://127.0.0.1:" in told
    assert "pop3s://alice@127.0.0.1:" in told
    assert "The lab is closed." in told
