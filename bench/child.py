"""What the Python contenders' processes share: read the job, time the inside, print a summary."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from bench.job import Job

__all__ = ["NOT_HERE", "Work", "main"]

NOT_HERE = 69  # exit status by which a contender says that something it needs is missing
Work = Callable[[Job], tuple[int, int]]  # returns how many things, of how many bytes


def main(work: Work) -> None:
    """Do the job on the command line. The time printed leaves the imports out."""
    job = Job.from_json(sys.argv[1])
    begun = time.perf_counter()
    count, size = work(job)
    seconds = time.perf_counter() - begun
    print(json.dumps({"count": count, "bytes": size, "seconds": seconds}))
