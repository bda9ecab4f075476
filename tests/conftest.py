"""Fixtures that every test may use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# `make test` tries a little of everything, the same each time, so that what fails fails for its
# author; `make fuzz` (POSTEL_FUZZ=long) goes on for minutes, and elsewhere each time.
_calm = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
hypothesis.settings.register_profile(
    "short", max_examples=40, deadline=None, derandomize=True, suppress_health_check=_calm)
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


@pytest.fixture
def linear() -> Callable[..., None]:
    """`linear(work, 1_000)`: eight times the input takes about eight times as long.

    What is quadratic takes sixty-four times. The clock is the processor time of this thread, and
    there are several attempts, so that what else the machine does fails nobody.
    """
    def spent(work: Callable[[int], object], size: int) -> float:
        best = float("inf")
        for _ in range(2):
            begun = time.thread_time()
            work(size)
            best = min(best, time.thread_time() - begun)
        return best

    def check(work: Callable[[int], object], size: int) -> None:
        seen = []
        for _ in range(4):
            small, large = spent(work, size), spent(work, 8 * size)
            if large <= 8 * small * 3 + 0.02:
                return
            seen.append(f"{small:.4f} s and {large:.4f} s")
        pytest.fail(f"{size} and {8 * size} of it took: {', '.join(seen)}")

    return check
