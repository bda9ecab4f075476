"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# `make test` tries a little of everything; `make fuzz` (POSTEL_FUZZ=long) goes on for minutes.
_calm = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
hypothesis.settings.register_profile(
    "short", max_examples=60, deadline=None, suppress_health_check=_calm)
hypothesis.settings.register_profile(
    "long", max_examples=20_000, deadline=None, suppress_health_check=_calm)
hypothesis.settings.load_profile(os.environ.get("POSTEL_FUZZ", "short"))


@pytest.fixture(scope="session")
def corpora() -> Callable[[str], Path]:
    """`corpora("ftp/list-filezilla.json")`: the file, or a skip that says what is absent."""
    base = Path(os.environ.get("POSTEL_CORPORA", ROOT.parent / "shared" / "corpora"))

    def find(name: str) -> Path:
        path = base / name
        if not path.exists():
            pytest.skip(f"corpus {name} is absent (set POSTEL_CORPORA)")
        return path

    return find
