"""How the console is opened, and what it says where it cannot be."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.binding import Binding

from postel.cli.console import run
from postel.cli.console.access import Access
from postel.cli.console.app import Console
from postel.cli.console.desk import in_order
from postel.cli.console.pages import HELP
from postel.cli.console.rows import fitted, folder_rows, message_rows
from postel.cli.mail import command
from postel.cli.options import Settings
from postel.errors import UsageError
from postel.mail.post_types import FolderView, Summary
from postel.messages.addresses import Address

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "console.md").read_text("utf-8")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual", None)
    with pytest.raises(UsageError, match="a part of Postel is not installed") as caught:
        run(None, Settings())
    assert "postel[tui]" in caught.value.hint


def test_without_a_terminal_there_is_help() -> None:
    done = CliRunner().invoke(command, [])
    assert done.exit_code == 2
    assert "Commands:" in done.output
    done = CliRunner().invoke(command, ["console"])
    assert done.exit_code == 2
    assert "there is no terminal here" in done.output


def test_nobody_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match="whose mail"):
        Access.of(None, Settings())
    with pytest.raises(UsageError, match="whose mail"):
        Access.of("imaps://mail.example.org/", Settings())
    access = Access.of("maildir:x", Settings(), from_="a@example.org, b@example.org")
    with pytest.raises(UsageError, match="it is not one address"):
        access.identities(access.places[0])
    with pytest.raises(UsageError, match="send: by which server"):
        access.goal(access.places[0])


def test_nobody_else_loads_the_toolkit() -> None:
    code = "import sys, postel.cli.mail; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"textual", "rich", "postel.cli.console.app"}


def test_every_key_is_explained() -> None:
    told = {one for _, keys in HELP for words, _ in keys for one in words.replace(",", "").split()}
    names = {"question_mark": "?", "slash": "/", "plus": "+", "escape": "Esc", "tab": "Tab",
             "space": "Space", "ctrl+c": "Ctrl+C"}
    for one in Console.BINDINGS:
        assert isinstance(one, Binding)
        key = one.key.split(",")[0]
        key = names.get(key, key)
        assert key in told, key
        assert f"`{key}`" in PAGE, key


def test_rows_are_as_wide_as_they_should_be() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    some = [Summary("1", now, None, (Address("田中" * 9, "t@example.jp"),), subject="件名" * 40),
            Summary("2", None, None, (), subject="\x1b[2J"), Summary("3", now, subject="é" * 9)]
    for width in (30, 59, 140):
        for row in message_rows(some, threads=True, marked=["1"], now=now):
            text = "".join(piece for piece, _ in row.line(width))
            assert fitted(text, width) == text, (width, text)
            assert "\x1b" not in text
    views = [FolderView("b"), FolderView("Papierkorb", "trash"), FolderView("[i]x", unread=3),
             FolderView("INBOX", "inbox", 3, 2), FolderView("Sent Items", "sent"),
             FolderView("none", holds=False)]
    lines = ["".join(piece for piece, _ in row.line(16))
             for row in folder_rows(in_order(views), "INBOX")]
    assert lines == ["Inbox         2 ", "Sent Items      ", "Papierkorb      ",
                     "[i]x          3 ", "b               "]
