"""``postel mail`` alone, in a real terminal: read, answered and filed by keys; the store is checked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.messages import parse
from postel.serving.mail_store import MailStore

MAIL = (
    b"From: Ann <ann@lab.test>\r\nTo: alice@lab.test\r\nSubject: plan\r\nMessage-ID: <1@x>\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nShall we?\r\n",
    b"From: Eve <eve@example.org>\r\nSubject: [bold]x[/] a\x1b]0;owned\x07b\r\nMessage-ID: <2@x>\r\n"
    b"Date: Fri, 20 Nov 2026 11:00:00 +0000\r\n\r\nred\x1b[31m\r\n",
    "From: 田中 <tanaka@example.jp>\r\nSubject: 日本語の件名\r\nMessage-ID: <3@x>\r\n"
    "Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n\r\n\r\n".encode(),
)
EDITOR = """\
import pathlib, sys
path = pathlib.Path(sys.argv[1])
head, _, body = path.read_text().partition("\\n\\n")
path.write_text(head + "\\n\\nBy an editor.\\n" + body)
"""


class Terminal:
    """A terminal of 80 by 24 without a person."""

    def __init__(self, tmux: Path, socket: Path) -> None:
        self._tmux = (str(tmux), "-S", str(socket), "-f", "/dev/null")

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, timeout=30, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def start(self, command: str) -> None:
        self._run("new-session", "-d", "-x", "80", "-y", "24", "-s", "c", command)

    def kill(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def press(self, *keys: str) -> None:
        self._run("send-keys", "-t", "c", *keys)

    def type(self, text: str) -> None:
        self._run("send-keys", "-t", "c", "-l", text)

    @property
    def screen(self) -> str:
        return self._run("capture-pane", "-p", "-t", "c")

    @property
    def title(self) -> str:
        return self._run("display-message", "-p", "-t", "c", "#{pane_title}").strip()

    def until(self, text: str) -> str:
        for _ in range(200):
            shown = self.screen
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"no {text!r} on the screen:\n{self.screen}")


def until(true: Callable[[], object]) -> None:
    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it does not come true")


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("imap", "smtp", "submission") as started:
        for data in MAIL:
            started.imap.mailbox("alice").append("INBOX", data)
        yield started


@pytest.fixture
def terminal(tool: Callable[[str], Path], tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tool("tmux"), tmp_path / "tmux.sock")
    yield made
    made.kill()


def start(terminal: Terminal, here: lab.Lab, tmp_path: Path, *more: str) -> None:
    """``postel mail``, with one account in its file."""
    folder = tmp_path / "postel"
    folder.mkdir()
    imap, submission = (":".join(map(str, here.address(one))) for one in ("imap", "submission"))
    (folder / "accounts.toml").write_text(
        f'[accounts.alice]\naddress = "alice@lab.test"\nname = "Alice"\n'
        f'imap = "imap://alice@{imap}/"\nsmtp = "submission://alice@{submission}/"\n'
        'password_command = ["echo", "secret"]\n'
        f'ca = "{here.ca}"\n')
    words = [f"{name}={tmp_path}" for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")]
    terminal.start(" ".join([
        "env -u EDITOR -u VISUAL", *words, *more, "LC_ALL=C.UTF-8", sys.executable,
        "-m postel mail; echo left with $?; sleep 30"]))


def test_read_reply_and_file(here: lab.Lab, terminal: Terminal, tmp_path: Path) -> None:
    store = here.imap.mailbox("alice")
    assert isinstance(store, MailStore)
    start(terminal, here, tmp_path, "NO_COLOR=1")
    shown = terminal.until("日本語の件名")
    assert "[bold]x[/] a\\x1b]0;owned" in shown
    assert "owned" not in terminal.title
    terminal.press("Home", "Enter")
    terminal.until("Shall we?")
    until(lambda: "\\Seen" in store["INBOX"].messages[1].flags)
    terminal.press("r")
    terminal.until("> Shall we?")
    terminal.type("At noon.")
    terminal.press("C-s")
    terminal.until("s: send")
    terminal.press("s")
    terminal.until("sent to ann@lab.test; a copy is in Sent")
    assert "\\Answered" in store["INBOX"].messages[1].flags
    [sent] = store["Sent"].messages.values()
    assert parse(sent.data).text.startswith("At noon.")
    terminal.press("m")
    terminal.until("Move 1 message to")
    terminal.type("arch")
    terminal.press("Enter")
    terminal.until("moved to Archive")
    assert [one.data for one in store["Archive"].messages.values()] == [MAIL[0]]
    assert len(store["INBOX"].messages) == 2
    terminal.until("red\\x1b[31m")  # the next message
    terminal.press("q")
    terminal.until("日本語の件名")
    terminal.press("z")
    until(lambda: len(store["INBOX"].messages) == 3)
    terminal.press("q")
    terminal.until("left with 0")


def test_an_editor_of_its_users_own(here: lab.Lab, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "editor.py").write_text(EDITOR)
    store = here.imap.mailbox("alice")
    assert isinstance(store, MailStore)
    start(terminal, here, tmp_path, f"'EDITOR={sys.executable} {tmp_path / 'editor.py'}'")
    terminal.until("日本語の件名")
    terminal.press("Home", "r")
    terminal.until("s: send")
    terminal.press("s")
    terminal.until("sent to ann@lab.test")
    [sent] = store["Sent"].messages.values()
    assert parse(sent.data).text.startswith("By an editor.")
    store.append("INBOX", MAIL[0].replace(b"plan", b"Late news").replace(b"1@x", b"8@x"))
    terminal.until("Late news")
    terminal.press("C-c")
    terminal.until("left with 0")
