"""CPython 3.12's own tests of `nntplib`, run against `postel.compat.nntplib`.

Its stand-in servers speak through a file object that the old module took instead of a socket.
Here they speak through a real one: `Served` gives each its end, and the tests do not notice.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
import unittest
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from postel.compat import nntp_rows, nntplib

__all__ = ["DIFFERENT", "SKIPPED", "load", "suite"]

SKIPPED = {
    "NetworkedNNTPTests": "asks servers of the Internet",
    "NetworkedNNTP_SSLTests": "asks servers of the Internet",
    "MockSslTests": "puts a TLS of its own in place of Python's; tests/compat has TLS",
    "LocalServerTests": "looks at `file` and `sock`, and its certificate is trusted by nobody",
}
"""Classes of tests that do not concern behaviour, and why."""

DIFFERENT = {
    "test_too_long_lines": "what is no answer is NNTPProtocolError, however long it is",
    "test_module_all_attribute": "the tests' own list of names; ours is tested with all others",
}
"""Single tests that fail on purpose, and why."""


def load() -> ModuleType | None:
    """The test module of a Python 3.12 of this machine, made to import our module; or None."""
    path = _stdlib()
    path = path / "test" / "test_nntplib.py" if path is not None else None
    if path is None or not path.exists():
        return None
    before = sys.modules.get("nntplib")
    sys.modules["nntplib"] = nntplib
    try:
        spec = importlib.util.spec_from_file_location("cpython_test_nntplib", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(module)
    finally:
        sys.modules.pop("nntplib")
        if before is not None:
            sys.modules["nntplib"] = before
    return module


def _stdlib() -> Path | None:
    named = os.environ.get("POSTEL_PYTHON312") or shutil.which("python3.12")
    candidates = [named, *Path.home().glob(".pyenv/versions/3.12*/bin/python3.12")]
    for python in candidates:
        if python is None:
            continue
        asked = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path("
                                "'stdlib'), sysconfig.get_python_version())"],
                               capture_output=True, text=True, check=False)
        place, _, version = asked.stdout.strip().rpartition(" ")
        if version == "3.12":
            return Path(place)
    return None


class Served(io.RawIOBase):
    """A stand-in server behind a socket of this machine; `sio` is the test module's own file."""

    def __init__(self, sio: Any) -> None:
        self._sio = sio
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            peer, _ = self._listener.accept()
            with peer:
                peer.sendall(self._sio.read(1 << 20))
                held = b""
                while data := peer.recv(1 << 16):
                    held += data
                    if held.endswith(b"\r\n"):
                        self._sio.write(held)
                        held = b""
                        peer.sendall(self._sio.read(1 << 20))

    @property
    def closed(self) -> bool:
        """Whether the client has gone."""
        self._thread.join(0.2)
        return not self._thread.is_alive()


def _adapt(module: ModuleType) -> None:
    plain = module._NNTPServerIO
    opened: list[nntplib.NNTP] = []

    def make_mock_file(handler: Any) -> tuple[Served, Served]:
        served = Served(plain(handler))
        return served, served

    class NNTPServer(nntplib.NNTP):
        def __init__(self, served: Served, host: str, readermode: bool | None = None) -> None:
            super().__init__("127.0.0.1", served.port, readermode=readermode, timeout=10)
            opened.append(self)

    def leave(_: Any) -> None:
        while opened:
            opened.pop().__exit__(None, None, None)

    def check(self: Any, handler_class: Any, error: type[Exception], message: str,
              login: str | None = None, password: str | None = None) -> None:
        served = Served(plain(handler_class()))
        with pytest.raises(error, match=message):
            nntplib.NNTP("127.0.0.1", served.port, login, password, timeout=10)
        assert served.closed

    module.make_mock_file = make_mock_file  # type: ignore[attr-defined]
    module.NNTPServer = NNTPServer  # type: ignore[attr-defined]
    module.MockSocketTests.check_constructor_error_conditions = check
    module.MockedNNTPTestsMixin.tearDown = leave


@contextlib.contextmanager
def _old_inner_names() -> Iterator[None]:
    """The tests call some functions by the names that they had inside the old module."""
    names = {"_DEFAULT_OVERVIEW_FMT": list(nntp_rows.DEFAULT_FORMAT),
             "_parse_overview_fmt": nntp_rows.parse_format,
             "_parse_overview": nntp_rows.parse_rows,
             "_parse_datetime": nntp_rows.parse_datetime,
             "_unparse_datetime": lambda when, legacy=False: nntp_rows.format_datetime(
                 when, legacy=legacy)}
    for name, function in names.items():
        setattr(nntplib, name, function)
    try:
        yield
    finally:
        for name in names:
            delattr(nntplib, name)


def suite(module: ModuleType) -> unittest.TestResult:
    """Run all that concerns behaviour."""
    _adapt(module)
    tests = unittest.TestSuite()
    loader = unittest.TestLoader()
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and (
                name not in SKIPPED):
            tests.addTests(loader.loadTestsFromTestCase(value))
    result = unittest.TestResult()
    with _old_inner_names():
        tests.run(result)
    return result
