"""What a run tells: a stream of events, a line for each in a report."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import postel
from postel import aio
from postel.errors import NotFound, TransferError, UsageError
from postel.lab import Lab
from postel.transfer.mirror_sync import check, mirror
from postel.transfer.records import event_record
from postel.transfer.report_file import ReportFile
from postel.transfer.types import Action, Do, Event


def fill(here: Lab) -> str:
    for number in range(6):
        here.ftp.files.put(f"/pub/{number}.txt", b"x" * number)
    return here.url("ftp") + "pub"


def test_a_run_is_a_stream(here: Lab, out: Path) -> None:
    with postel.follow(mirror, fill(here), out) as run:
        with pytest.raises(UsageError, match="goes on"):
            run.result.ok  # noqa: B018 - there is none yet
        seen = list(run)
    assert seen[0].what == "begin"
    assert seen[-1].what == "end"
    assert {event.action.path for event in seen if event.what == "done" and event.action} == {
        f"{number}.txt" for number in range(6)}
    assert run.result.ok


def test_the_same_for_asyncio(here: Lab, out: Path) -> None:
    async def main() -> tuple[list[Event], bool]:
        async with aio.follow(aio.mirror, fill(here), out) as run:
            seen = [event async for event in run]
        return seen, run.result.ok

    seen, ok = asyncio.run(main())
    assert ok
    assert sum(event.what == "done" for event in seen) == 6


def test_whoever_leaves_early_stops_nothing(here: Lab, out: Path) -> None:
    with postel.follow(mirror, fill(here), out) as run:
        for event in run:
            assert event.what == "begin"
            break
    assert run.result.ok
    assert len(list(out.iterdir())) == 6


def test_what_stops_a_run_comes_out_of_the_block(here: Lab, out: Path) -> None:
    with pytest.raises(NotFound), postel.follow(mirror, fill(here) + "x", out) as run:
        assert list(run) == []
    with pytest.raises(ZeroDivisionError), postel.follow(mirror, fill(here), out):
        raise ZeroDivisionError


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_a_report_has_a_line_for_all_that_happened(here: Lab, tmp_path: Path) -> None:
    source, path = fill(here), tmp_path / "report.jsonl"
    here.ftp.faults.on("RETR", b"550 no\x1b[31m", after=2)
    with ReportFile(path, source=source) as report:
        result = mirror(source, tmp_path / "out", tell=report)
        report.result(result)
    said = lines(path)
    assert (said[0]["event"], said[0]["source"]) == ("report", source)
    assert said[-1]["event"] == "end"
    assert (said[-1]["done"], said[-1]["failed"]) == ({"new": 5}, 1)
    failed = [one for one in said if one["event"] == "failed"]
    assert [(one["class"], one["exit_code"]) for one in failed] == [("NotFound", 3)]
    assert "\x1b" not in path.read_text()


def test_a_report_stands_there_as_it_happens(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    report = ReportFile(path)
    report(Event("done", Action(Do.NEW, "a\udcff", "not there", to="b"), done=5))
    report(Event("progress", done=5))
    assert [one["event"] for one in lines(path)] == ["report", "done"]
    assert lines(path)[1]["path"] == "a\udcff"
    report.close()


def test_a_report_of_a_check(here: Lab, tmp_path: Path) -> None:
    source = fill(here)
    mirror(source, tmp_path / "out")
    (tmp_path / "out/3.txt").write_text("yyy")
    with ReportFile(tmp_path / "r") as report:
        report.plan(check(source, tmp_path / "out"))
    said = lines(tmp_path / "r")
    assert [(one["path"], one["reason"]) for one in said if one["event"] == "differs"] == [
        ("3.txt", "another digest")]
    assert said[-1] == {"event": "end", "alike": 5, "differ": 1, "problems": 0}


def test_a_record_of_an_error_that_is_not_ours() -> None:
    said = event_record(Event("retry", error=ValueError("odd")))
    assert (said["class"], said["error"], "exit_code" in said) == ("ValueError", "odd", False)
    said = event_record(Event("failed", error=TransferError("bad", hint="try again")))
    assert (said["hint"], said["exit_code"]) == ("try again", 6)
