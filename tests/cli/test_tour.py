"""The tour runs, holds, and says so; a row that fails is told and counted."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from postel.cli import tour, tour_rows


@pytest.mark.slow
def test_the_tour_holds() -> None:
    result = CliRunner().invoke(tour.command, [], standalone_mode=False)
    assert result.return_value == 0, result.output
    count = len(tour.ROWS)
    assert count >= 10
    assert f"{count} of {count} held" in result.output
    assert "CertificateError" in result.output


def test_a_row_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ground: tour_rows.Ground) -> tour_rows.Result:
        tour_rows.check(False, "the bytes differ")
        raise AssertionError("not reached")

    monkeypatch.setattr(tour, "ROWS", (("a row", broken),))
    result = CliRunner().invoke(tour.command, ["-q"], standalone_mode=False)
    assert result.return_value == 1
    assert "the bytes differ" in result.output
    assert "0 of 1 held" in result.output
