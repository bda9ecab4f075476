"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
