"""The tour runs, holds, and says so; a row that fails is told and counted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from postel.cli import tour, tour_news, tour_post, tour_rows, tour_terminals
from postel.cli.render import Bar
from postel.imap import Client
from postel.mail import migrate
from postel.news import mirror

SMALL = (*tour_post.ROWS, *tour_news.ROWS, *tour_terminals.ROWS)
"""Rows with a lab of their own: they need nothing of the ground but its folder."""


@pytest.mark.slow
def test_the_tour_holds() -> None:
    result = CliRunner().invoke(tour.command, [], standalone_mode=False)
    assert result.return_value == 0, result.output
    count = len(tour.ROWS)
    assert count >= 10
    assert f"{count} of {count} held" in result.output
    assert "CertificateError" in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_a_row_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ground: tour_rows.Ground) -> tour_rows.Result:
        tour_rows.check(False, "the bytes differ")
        raise AssertionError("not reached")

    monkeypatch.setattr(tour, "ROWS", (("a row", broken),))
    monkeypatch.setattr(tour_rows, "served_tree", lambda target: tmp_path)
    result = CliRunner().invoke(tour.command, ["-q"], standalone_mode=False)
    assert result.return_value == 1
    assert "the bytes differ" in result.output
    assert "0 of 1 held" in result.output


def _ground(folder: Path) -> tour_rows.Ground:
    none: Any = None
    return tour_rows.Ground(folder, folder, none, none, Bar(shown=False))


@pytest.mark.slow
@pytest.mark.parametrize(("title", "visit"), SMALL, ids=[title for title, _ in SMALL])
def test_mail_news_and_terminals_hold(title: str, visit: Any, tmp_path: Path) -> None:
    result = visit(_ground(tmp_path))
    assert result.count > 0
    assert result.size > 0
    assert len(title) <= 34
    assert len(result.verified) <= 17


def test_a_second_run_that_fetches_again_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mirror
    monkeypatch.setattr(tour_news, "mirror", lambda source, into: [
        dataclasses.replace(done, found=120, fetched=120) for done in real(source, into)])
    with pytest.raises(Exception, match="the second run fetched something again"):
        tour_news.group(_ground(tmp_path))


def test_an_account_that_lost_a_message_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrate

    def lossy(source: str, target: str, **more: Any) -> Any:
        done = real(source, target, **more)
        with Client(target, password="secret") as box:
            box.select("INBOX")
            box.store(1, add=["\\Deleted"])
            box.expunge()
        return done

    monkeypatch.setattr(tour_post, "migrate", lossy)
    with pytest.raises(Exception, match=r"INBOX and INBOX differ|copied something again"):
        tour_post.migrated(_ground(tmp_path))


def test_mail_that_nobody_pushes_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour_post, "_PATIENCE", 0.05)
    monkeypatch.setattr(tour_post, "_send", lambda *anything: None)
    with pytest.raises(Exception, match="nothing was pushed"):
        tour_post.pushed(_ground(tmp_path))


def test_another_answer_of_a_terminal_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour_terminals, "_uptime", lambda call: "down\n")
    with pytest.raises(Exception, match="the command said b'down'"):
        tour_terminals.dialogue(_ground(tmp_path))
