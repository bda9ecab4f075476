"""pexpect in the rows of expect: as it is, and with its window for searching set."""

from __future__ import annotations

import re

from bench.child import NOT_HERE, main
from bench.job import Job
from bench.spoken import END, command, expected

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    try:
        import pexpect
    except ImportError:
        raise SystemExit(NOT_HERE) from None
    name, *words = command(job.count)
    window = 4096 if job.mode == "window" else None
    program = pexpect.spawn(name, words, timeout=600, searchwindowsize=window,
                            maxread=65_536 if window else 2000)
    if job.action == "expect-regex":
        found = program.expect([rb"(denied|refused): (\w+)",
                                re.compile(rb"^finis\b", re.MULTILINE)])
    else:
        found = program.expect_exact([b"denied", b"failed", END.encode()])
    if found == 0 or len(program.before) != expected(job.count):
        raise SystemExit(f"it was read wrongly: {found}, {len(program.before)} bytes")
    program.close()
    return job.count, job.count * 1024


if __name__ == "__main__":
    main(work)
