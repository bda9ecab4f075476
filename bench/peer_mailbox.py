"""The standard library's mailbox in the rows of mailbox files."""

from __future__ import annotations

import mailbox

from bench.child import main
from bench.filed import letters
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*: whole messages as bytes, as `get_bytes` gives them without parsing."""
    kind, _, what = job.action.partition("-")
    path = f"{job.scratch}/box"
    box: mailbox.mbox | mailbox.Maildir = (
        mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path))
    if what == "write":
        for raw in letters(job.count):
            box.add(raw)
        box.flush()
        found = len(box)
    else:
        found = sum(box.get_bytes(key).startswith(b"Return-Path:") for key in box.iterkeys())
    box.close()
    return found, found * 1024


if __name__ == "__main__":
    main(work)
