"""Postel in the rows of mailbox files."""

from __future__ import annotations

from bench.child import main
from bench.filed import letters
from bench.job import Job
from postel import mailboxes
from postel.mailboxes import Letter

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    kind, _, what = job.action.partition("-")
    box = mailboxes.open(f"{job.scratch}/box", "mboxrd" if kind == "mbox" else "maildir",
                         sync="never")
    if what == "write":
        box.extend(Letter(raw, frozenset({"seen"})) for raw in letters(job.count))
        found = len(box)
    else:
        found = sum(message.read().startswith(b"Return-Path:") for message in box)
    return found, found * 1024


if __name__ == "__main__":
    main(work)
