"""The command's texts: every verb and option explains itself, and the pages say the same."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest

from postel.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text("utf-8")


def docs():  # type: ignore[no-untyped-def]
    spec = spec_from_file_location("docs", ROOT / "tools" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERBS = [(name, command) for name, command, _ in docs().verbs()]
OPTIONS = [(name, option) for name, command in VERBS for option in command.params
           if isinstance(option, click.Option)]


def test_every_verb_was_found() -> None:
    assert {f"postel {name}" for name in COMMANDS} <= {name for name, _ in VERBS}


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_every_command_has_help_and_its_place(name: str, command: click.Command) -> None:
    lines = (command.help or "").splitlines()
    assert lines, f"{name} has no help"
    assert lines[0].endswith("."), f"{name}: the first line of its help is a sentence"
    assert f"\n## {name}\n" in PAGE
    assert lines[0] in PAGE


@pytest.mark.parametrize(("name", "option"), OPTIONS,
                         ids=[f"{name} {option.opts[-1]}" for name, option in OPTIONS])
def test_every_option_has_help_and_its_place(name: str, option: click.Option) -> None:
    assert option.help, f"{name} {option.opts} has no help"
    assert option.help.rstrip()[-1] in ".)", f"{name} {option.opts}: a sentence ends in a stop"
    assert " ".join(option.help.split()) in PAGE


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_of_verbs_is_short(name: str) -> None:
    assert 0 < len(COMMANDS[name]) <= 50


def test_generated_parts_are_fresh() -> None:
    done = subprocess.run([sys.executable, "tools/docs.py", "--check"], cwd=ROOT, text=True,
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_stale_page_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = docs()
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("<!-- schemes -->\nold\n<!-- /schemes -->\n", "utf-8")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    assert tool.main(["--check"]) == 1
    assert not (tmp_path / "docs" / "commands.md").exists()
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0
    assert "`ftps://`" in (tmp_path / "README.md").read_text("utf-8")
