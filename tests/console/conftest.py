"""Tests that are coroutines run in a loop of their own."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # hands is no test, and imported by name

from hands import MAIL

from postel import lab
from postel.serving.mail_store import MailStore


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("imap", "pop3", "smtp", "submission") as started:
        yield started


@pytest.fixture
def store(running: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MailStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("EDITOR", "VISUAL", "POSTEL_FROM", "POSTEL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    box: MailStore = running.imap.mailbox("alice")
    for folder in box.folders.values():
        box.expunge(folder, list(folder.messages))
    for data in MAIL:
        box.append("INBOX", data)
    return box
