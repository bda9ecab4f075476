"""``postel mail accounts`` against the lab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab
from postel.mail.accounts_file import load_accounts

FILE = b"""<clientConfig version="1.1"><emailProvider id="example.org">
<incomingServer type="imap"><hostname>imap.lab.test</hostname><port>993</port>
 <socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>submission.lab.test</hostname><port>465</port>
 <socketType>SSL</socketType><username>%EMAILLOCALPART%</username></outgoingServer>
</emailProvider></clientConfig>"""


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("dns", "http", "imap", "pop3", "submission") as started:
        started.dns.zone("example.org")
        started.dns.zone("autoconfig.thunderbird.net")
        started.also_known_as("autoconfig.example.org", "http")
        started.http.files.put("/mail/config-v1.1.xml", FILE)
        yield started


@pytest.fixture
def here(running: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> lab.Lab:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POSTEL_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    monkeypatch.setenv("POSTEL_PASSPHRASE", "open sesame")
    monkeypatch.setattr("postel.mail.keys.Keyring", _no_keyring)
    monkeypatch.setattr("postel.mail.keys._COST", 16)
    return running


def _no_keyring() -> None:
    from postel.errors import NotSupported

    raise NotSupported("the keyring: none in tests")


def test_an_address_becomes_an_account(
    here: lab.Lab, postel: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = postel("mail", "accounts", "add", "alice@example.org", "--full-name", "Alice A.").output
    assert "autoconfig  taken" in out
    assert "imap  imaps://alice@imap.lab.test/: logged in" in out
    assert "smtp  smtps://alice@submission.lab.test/: logged in" in out
    assert f"alice is in {tmp_path / 'config' / 'accounts.toml'}" in out
    assert "secret" not in out
    assert (tmp_path / "config" / "accounts.toml").read_text() == (
        '[accounts.alice]\naddress = "alice@example.org"\nname = "Alice A."\n'
        'imap = "imaps://alice@imap.lab.test/"\nsmtp = "smtps://alice@submission.lab.test/"\n')
    monkeypatch.delenv("POSTEL_PASSWORD")
    assert "logged in" in postel("mail", "accounts", "test", "alice").output  # with what is kept
    [line] = postel("mail", "accounts", "list").output.splitlines()
    assert line.split() == ["*", "alice", "alice@example.org", "imaps://alice@imap.lab.test/",
                            "(key)"]
    again = postel("mail", "accounts", "add", "alice@example.org", code=2).output
    assert "there is an account alice already" in again
    postel("mail", "accounts", "remove", "alice", "--dry-run")
    assert "2 keys forgotten" in postel("mail", "accounts", "remove", "alice").output
    assert postel("mail", "accounts", "list").output == ""


def test_the_user_name_is_found_by_trying(here: lab.Lab, postel: Callable[..., Result]) -> None:
    """The DNS tells no user name: the address is tried, then what stands before the @."""
    postel("mail", "accounts", "add", "bob@example.org", "--imap",
           "imaps://bob%40example.org@imap.lab.test/", "--smtp",
           "smtps://bob@submission.lab.test/", "--name", "work", "--json")
    assert str(load_accounts()["work"].imap) == "imaps://bob@imap.lab.test/"


def test_a_wrong_password_keeps_nothing(
    here: lab.Lab, postel: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTEL_PASSWORD", "wrong")
    out = postel("mail", "accounts", "add", "alice@example.org", code=4).output
    assert "log in" in out.lower()
    assert not (tmp_path / "config" / "accounts.toml").exists()
    assert not (tmp_path / "config" / "keys").exists()


def test_dry_run_and_json(here: lab.Lab, postel: Callable[..., Result], tmp_path: Path) -> None:
    out = postel("mail", "accounts", "add", "alice@example.org", "--dry-run", "--json", "-q").output
    assert json.loads(out.splitlines()[-1])["imap"] == "imaps://alice@imap.lab.test/"
    assert not (tmp_path / "config").exists()


def test_testing_says_what_fails(here: lab.Lab, postel: Callable[..., Result],
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    postel("mail", "accounts", "add", "alice@example.org", "--password-command", "echo secret",
           "--smtp", "smtps://alice@gone.lab.test/", "--no-test", "-q")
    monkeypatch.delenv("POSTEL_PASSWORD")
    out = postel("mail", "accounts", "test", "--json", code=5).output
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(one["kind"], one["ok"]) for one in lines] == [("imap", True), ("smtp", False)]
    assert "gone.lab.test" in lines[1]["error"]
    assert "from a command" in postel("mail", "accounts", "login", "alice", code=2).output
    assert "0 keys forgotten" in postel("mail", "accounts", "remove", "alice").output


def test_logging_in_anew(here: lab.Lab, postel: Callable[..., Result],
                         monkeypatch: pytest.MonkeyPatch) -> None:
    postel("mail", "accounts", "add", "alice@example.org", "-q")
    monkeypatch.setenv("POSTEL_PASSWORD", "wrong")
    postel("mail", "accounts", "login", "alice", code=4)
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    assert "its key is in" in postel("mail", "accounts", "login", "alice").output
    monkeypatch.delenv("POSTEL_PASSWORD")
    assert "nobody can be asked" in postel("mail", "accounts", "login", "alice", code=4).output
    monkeypatch.delenv("POSTEL_PASSPHRASE")
    assert "set POSTEL_PASSPHRASE" in postel("mail", "accounts", "test", "alice", code=4).output
    assert "may still be there" in postel("mail", "accounts", "remove", "alice").output


def test_what_cannot_be_added(here: lab.Lab, postel: Callable[..., Result]) -> None:
    out = postel("mail", "accounts", "add", "ann@tuta.com", code=3).output
    assert "it has neither IMAP nor POP3" in out
    out = postel("mail", "accounts", "add", "ann@outlook.com", code=2).output
    assert "lets programs in by OAuth alone: --client-id" in out
    out = postel("mail", "accounts", "add", "ann", code=2).output
    assert "it is not one mail address" in out
    postel("mail", "accounts", "test", "nobody", code=3)


def test_a_broken_file_is_told_with_its_line(here: lab.Lab, postel: Callable[..., Result],
                                             tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "accounts.toml").write_text("[accounts.ann]\nadress = 'x'\n")
    out = postel("mail", "accounts", "list", code=2).output
    assert "line 2: adress: there is no such key" in out
    assert "did you mean address?" in out


@pytest.mark.slow
def test_a_person_at_a_terminal(here: lab.Lab, tmp_path: Path) -> None:
    """The password is typed once, unseen; the passphrase of the new file of keys twice."""
    pty = pytest.importorskip("pty")
    import os
    import subprocess
    import sys

    host, port = here.address("imap")
    smtp = here.address("submission")[1]
    # a terminal of its own, which getpass opens as /dev/tty
    code = ("import fcntl, runpy, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
            "runpy.run_module('postel', run_name='__main__')")
    words = ["-c", code, "mail", "accounts", "add", "alice@example.org",
             "--imap", f"imap://alice@{host}:{port}/", "--smtp", f"submission://alice@{host}:{smtp}/"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("POSTEL_")}
    env |= {"POSTEL_CONFIG": str(tmp_path / "typed"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    terminal, theirs = pty.openpty()
    child = subprocess.Popen([sys.executable, *words], env=env, stdin=theirs, stdout=theirs,
                             stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen, answers = b"", [(b"Password of alice@example.org: ", b"secret"),
                          (b"A new passphrase for your keys: ", b"mellon"),
                          (b"confirmation: ", b"mellon")]
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the child is gone
            break
        if not data:
            break
        seen += data
        if answers and seen.endswith(answers[0][0]):
            os.write(terminal, answers.pop(0)[1] + b"\n")
    os.close(terminal)
    assert child.wait(20) == 0, seen
    assert not answers, seen
    assert b"secret" not in seen
    assert b"mellon" not in seen
    assert (tmp_path / "typed" / "keys").stat().st_mode & 0o777 == 0o600
