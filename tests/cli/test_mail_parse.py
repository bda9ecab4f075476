"""``postel mail parse``: what it prints, what it saves, what a message cannot make it do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from postel.cli.mail_parse import command
from postel.errors import NotFound, UsageError

RAW = b"""\
From: Ann <ann@x.example>
To: bob@y.example
X-Odd: \x1b[2J
Subject: Report
Date: Sat, 21 Nov 2026 10:00:00 +0000
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/html

<p>Hello\x1b]0;t\x07 <b>Bob</b>
--x
Content-Type: text/csv; name="../data.csv"
Content-Transfer-Encoding: base64

YSxiCg==
--x--
"""


def run(*args: str, raw: bytes = RAW) -> str:
    result = CliRunner().invoke(command, list(args), input=raw, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def test_what_it_says_of_a_message() -> None:
    out = run()
    assert out.splitlines()[:4] == ["From: Ann <ann@x.example>", "To: bob@y.example",
                                    "Subject: Report", "Date: Sat, 21 Nov 2026 10:00:00 +0000"]
    assert "  0  multipart/mixed" in out
    assert "  2    text/csv  4 B, base64, ../data.csv" in out
    assert "attached  data.csv  text/csv, 4 B" in out
    assert "\x1b" not in out
    assert "Hello\\x1b]0;t\\x07 Bob" in out


@pytest.mark.parametrize(("option", "shown", "hidden"), [
    ("--headers", "X-Odd: [2J", "Hello"), ("--structure", "text/html", "Hello"),
    ("--text", "Bob", "<b>"), ("--html", "<b>Bob</b>", "ann@"), ("--defects", "", "Hello"),
])
def test_a_part_of_it(option: str, shown: str, hidden: str) -> None:
    out = run(option)
    assert shown in out
    assert hidden not in out
    assert "\x1b" not in out


def test_defects_are_told() -> None:
    raw = RAW.replace(b"--x--\n", b"").replace(b"YSxi", b"YS*i")
    out = run("--defects", raw=raw)
    assert "a multipart has no last boundary" in out
    many = b"A: 1\nno\n" * 30 + b"\n"
    assert "more: --defects" in run(raw=many)
    assert run("--defects", raw=many).count("is no field") == 29


def test_parts_and_sources_come_as_they_are() -> None:
    assert run("--part", "2") == "a,b\n"
    assert run("--part", "2", "--source").startswith("Content-Type: text/csv")
    assert run("--source").encode("utf-8", "surrogateescape") == RAW
    with pytest.raises(UsageError, match="no such part"):
        run("--part", "9")


def test_attachments_are_saved_and_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for name in ("data.csv", "data (2).csv"):
        out = run("--save", str(folder))
        assert str(folder / name) in out
        assert (folder / name).read_bytes() == b"a,b\n"
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "data (2).csv", "data.csv", "folder", "new"]


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "data.csv").symlink_to(tmp_path / "elsewhere")
    run("--save", str(tmp_path))
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "data (2).csv").read_bytes() == b"a,b\n"


def test_for_programs(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(RAW)
    found = json.loads(run(str(path), "--json", "--save", str(tmp_path / "out")))
    assert found["subject"] == "Report"
    assert found["from"] == [{"name": "Ann", "address": "ann@x.example"}]
    assert found["date"] == "2026-11-21T10:00:00+00:00"
    assert [part["content_type"] for part in found["parts"]] == [
        "multipart/mixed", "text/html", "text/csv"]
    part = found["parts"][2]
    assert RAW[part["body"] : part["end"]] == b"YSxiCg=="
    assert found["attachments"][0]["saved"] == str(tmp_path / "out" / "data.csv")
    assert found["html"].endswith("<b>Bob</b>")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        run(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="directory"):
        run(str(tmp_path))
