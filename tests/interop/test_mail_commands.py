"""``postel mail`` against Dovecot: a URL and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from servers import Dovecot

from postel import imap
from postel.cli.main import postel
from postel.transport.tls import TLSOptions

MAIL = b"From: Ann <ann@example.org>\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nHello\r\n"
Mail = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def where(dovecot: Dovecot) -> str:
    return f"imaps://{dovecot.new_mailbox()}@localhost:{dovecot.imaps_port}/"


@pytest.fixture
def mail(dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mail:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")

    def run(*words: str) -> list[dict[str, Any]]:
        done = CliRunner().invoke(postel, ["mail", words[0], "--json", "--ca", str(dovecot.ca_file),
                                           *words[1:]], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]

    return run


def test_there_and_back_again(mail: Mail, where: str, tmp_path: Path) -> None:
    for name in (b"one", b"two", b"three"):
        (tmp_path / f"{name.decode()}.eml").write_bytes(MAIL % (name, name))
    mail("import", where, "one.eml", "two.eml", "three.eml", "--flag", "seen", "--flag", "work")
    found = mail("list", where)
    assert sorted(one["subject"] for one in found) == ["one", "three", "two"]
    assert {tuple(one["flags"]) for one in found} == {("seen", "work")}
    [one] = mail("search", where, "subject:two")
    mail("move", where, one["key"], "--to", "Ordner/日本語", "--make")
    assert {one["name"]: one["messages"] for one in mail("folders", where)}["Ordner/日本語"] == 1
    assert len(mail("list", f"{where}Ordner/%E6%97%A5%E6%9C%AC%E8%AA%9E")) == 1
    assert mail("delete", where, "last")[0]["to"] == "Trash"
    mail("flag", where, "all", "--add", "flagged", "--remove", "work")
    assert mail("list", where)[0]["flags"] == ["flagged", "seen"]
    mail("export", where, "maildir:kept")
    assert len(mail("list", "maildir:kept")) == 1
    mail("get", where, "all", "--into", "files")
    [file] = (tmp_path / "files").iterdir()
    assert file.read_bytes() == MAIL % (b"one", b"one")


@pytest.mark.parametrize("more", [(), ("--everywhere",)])
def test_watching(mail: Mail, where: str, dovecot: Dovecot, more: tuple[str, ...]) -> None:
    user = where.partition("//")[2].partition("@")[0]

    def deliver() -> None:
        with imap.Client("localhost", port=dovecot.imaps_port, user=user, password="secret",
                         security="tls", tls=TLSOptions(ca=dovecot.ca_file)) as box:
            for number in range(40):  # until somebody hears it
                if heard.wait(0.25):
                    return
                box.append("INBOX", MAIL % (b"news", b"%d" % number))

    heard = threading.Event()
    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        [found] = mail("watch", where, "--count", "1", "--seconds", "15", *more)
    finally:
        heard.set()
        thread.join()
    assert (found["subject"], found["folder"]) == ("news", "INBOX")
