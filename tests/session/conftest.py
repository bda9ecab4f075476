"""Session tests use the clients' scripted servers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "clients"))

from postel.ftp.learned import LEARNED


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    """Ports come again: what one server taught must not hold for the next."""
    LEARNED.clear()
    yield
    LEARNED.clear()
