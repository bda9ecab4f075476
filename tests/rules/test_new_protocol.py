"""The skeleton of a new protocol passes the rules, and talks to a server."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

import postel

ROOT = Path(__file__).resolve().parents[2]


def tool(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """A protocol that nobody has, as a package of postel for a while."""
    paths = tool("new_protocol").write("newspeak", 1984, tmp_path)
    for path in paths:
        if path.name.endswith("_async.py"):
            twin = path.with_name(path.name.replace("_async", "_sync"))
            twin.write_text(tool("unasync").convert(path.read_text("utf-8"), path.name), "utf-8")
    monkeypatch.setattr(postel, "__path__", [*postel.__path__, str(tmp_path / "src" / "postel")])
    yield paths
    for name in [one for one in sys.modules if one.startswith("postel.newspeak")]:
        del sys.modules[name]


def test_it_passes_the_linter(made: list[Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"),
         *(str(path) for path in made if path.suffix == ".py" and "tests" not in path.parts)],
        capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_its_own_test_passes(made: list[Path]) -> None:
    test = next(path for path in made if path.name == "test_newspeak_wire.py")
    spec = spec_from_file_location("test_newspeak_wire", test)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.test_answers_are_paired_with_their_commands(1)
    module.test_no_line_break_passes()


def test_it_talks_to_a_server(made: list[Path]) -> None:
    newspeak = importlib.import_module("postel.newspeak")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            line, _ = listener.accept()
            with line, line.makefile("rwb") as file:
                file.write(b"hello\r\n")
                file.flush()
                for asked in file:
                    file.write(b"you said " + asked)
                    file.flush()
                    if asked.startswith(b"QUIT"):
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        with newspeak.Client("127.0.0.1", port=listener.getsockname()[1],
                             security="plain") as site:
            assert site.greeting == "hello"
            assert site.ask("LOOK", "here") == newspeak.Answer("you said LOOK here")
        thread.join(timeout=10)


def test_it_overwrites_nothing(made: list[Path], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="it is there already"):
        tool("new_protocol").write("newspeak", 1984, tmp_path)
