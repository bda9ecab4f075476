"""What the tests of the command stand on: a lab with a few files, and a way to run it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from postel import lab
from postel.cli.main import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lab.Lab]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    with lab.start() as started:
        started.ftp.files.put("/pub/hello.txt", b"hello\n")
        started.ftp.files.put("/pub/more/data.bin", bytes(5000))
        started.ftp.files.put("/pub/evil\x1b[31m.txt", b"red")
        yield started


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def _whole(words: tuple[str, ...]) -> None:
    """`main` with its errors and exit codes, as click sees them."""
    argv, sys.argv = sys.argv, ["postel", *words]
    try:
        main(list(words))
    finally:
        sys.argv = argv


@pytest.fixture
def postel() -> Callable[..., Result]:
    """Run the command as a person would; the exit code is checked."""
    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(_whole, list(words))
        assert result.exit_code == code, result.output
        return result

    return run
