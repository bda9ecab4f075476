"""The old telnetlib on the new engine; and CPython 3.12's own tests of it, where they are."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import unittest
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from postel import lab
from postel.compat import install, telnetlib
from postel.errors import UsageError


def load() -> ModuleType | None:
    """The test module of a Python 3.12 of this machine, made to import ours; or None."""
    from .cpython_nntplib import _stdlib

    base = _stdlib()
    path = Path() if base is None else base / "test" / "test_telnetlib.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("cpython_test_telnetlib", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get("telnetlib")
    install("telnetlib")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(module)
    finally:
        sys.modules.pop("telnetlib")
        if before is not None:
            sys.modules["telnetlib"] = before
    return module


@pytest.mark.slow
def test_cpythons_own() -> None:
    module = load()
    if module is None:
        pytest.skip("no Python 3.12 here, whose tests these are (POSTEL_PYTHON312 names one)")
    result = unittest.TestResult()
    unittest.TestLoader().loadTestsFromModule(module).run(result)
    assert [(str(test), words) for test, words in result.failures + result.errors] == []
    assert result.testsRun == 19


def test_a_session_as_it_was_written_for_the_old_module() -> None:
    with lab.start("telnet") as here:
        host, port = here.address("telnet")
        with telnetlib.Telnet(host, port, 10) as old:
            old.read_until(b"login: ")
            old.write(b"alice\n")
            old.read_until(b"Password: ", 5)
            old.write(b"secret\n")
            number, match, text = old.expect([rb"incorrect", re.compile(rb"(\S+)\$ ")], 5)
            assert (number, match and match[1]) == (1, b"lab")
            assert text.endswith(b"lab$ ")
            old.write(b"echo hello\n")
            assert b"hello" in old.read_until(b"$ ", 5)
            assert old.read_until(b"never", 0.05) == b""
            assert old.expect([b"never"], 0.05)[0] == -1
            old.write(b"exit\n")
            old.read_all()
            with pytest.raises(EOFError):
                old.read_very_eager()


def test_callbacks_see_every_option() -> None:
    seen: list[tuple[bytes, bytes]] = []
    with lab.start("telnet") as here:
        with telnetlib.Telnet(*here.address("telnet"), 10) as old:
            old.set_option_negotiation_callback(lambda sock, cmd, opt: seen.append((cmd, opt)))
            old.read_until(b"login: ")
    assert (b"\xfb", b"\x01") in seen
    assert vars(telnetlib)["WILL"] == b"\xfb"


@pytest.mark.slow
def test_old_names_are_there_on_request_alone() -> None:
    code = ("import sys, postel.compat; assert 'telnetlib' not in sys.modules;"
            "postel.compat.install(); import telnetlib, nntplib;"
            "print(telnetlib.__name__, nntplib.__name__)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["postel.compat.telnetlib", "postel.compat.nntplib"]
    with pytest.raises(UsageError):
        install("smtpd")


class Stub:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def recv(self, size: int) -> bytes:
        data, self.data = self.data[:4096], self.data[4096:]
        return data

    def sendall(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def test_reading_is_linear(linear: Callable[..., None]) -> None:
    def work(size: int) -> Any:
        old = telnetlib.Telnet()
        old.sock = Stub(b"xyz\xff\xff" * size)
        return old.read_all()

    linear(work, 20_000)
