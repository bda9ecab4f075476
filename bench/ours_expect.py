"""Postel in the rows of expect."""

from __future__ import annotations

import re

from bench.child import main
from bench.job import Job
from bench.spoken import END, command, expected
from postel import expect
from postel.expect.matching import What

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    wanted: dict[str, What] = {"denied": "denied", "failed": "failed", "end": END}
    if job.action == "expect-regex":
        wanted = {"denied": re.compile(rb"(denied|refused): (\w+)"),
                  "end": re.compile(rb"^finis\b", re.MULTILINE)}
    with expect.spawn(command(job.count), timeout=600, plain=False) as program:
        match = program.expect(**wanted)
    if match.name != "end" or len(match.before) != expected(job.count):
        raise SystemExit(f"it was read wrongly: {match.name}, {len(match.before)} bytes")
    return job.count, job.count * 1024


if __name__ == "__main__":
    main(work)
