"""One test for a rule and all files: thousands of tests would be collected longer than they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["every"]

ROOT = Path(__file__).resolve().parents[2]


def every(paths: Iterable[Path], rule: Callable[[Path], None]) -> None:
    """Hold each file to *rule*, and tell of all that break it."""
    broken = []
    for path in paths:
        try:
            rule(path)
        except AssertionError as error:
            broken.append(f"{path.relative_to(ROOT)}: {str(error).splitlines()[0]}")
    assert not broken, "\n".join(broken)
