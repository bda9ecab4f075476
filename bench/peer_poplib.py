"""The standard library's poplib: every message, one after the other, into a file each."""

from __future__ import annotations

import poplib
from pathlib import Path

from bench.child import main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*. The action "warm" lets the server build its index and fetches nothing."""
    box = poplib.POP3(job.host, job.port)
    box.user(job.user)
    box.pass_(job.password)
    count, size = box.stat()
    if job.action == "warm":
        box.list()
        box.uidl()
    else:
        folder = Path(job.local)
        folder.mkdir()
        for number in range(1, count + 1):
            lines = box.retr(number)[1]
            (folder / f"{number}.eml").write_bytes(b"\r\n".join(lines) + b"\r\n")
    box.quit()
    return count, size


if __name__ == "__main__":
    main(work)
