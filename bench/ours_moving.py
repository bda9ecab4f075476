"""Postel's part of the rows that keep a Maildir and an account alike."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.child import NOT_HERE, main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*; returns how many messages both sides have, and the bytes that went over."""
    url = f"imap://{job.user}@{job.host}:{job.port}/"
    options = {"password": job.password, "security": "plain"}
    state = Path(job.scratch) / "state.db"
    folder = "push" if job.action == "imap-push" else "INBOX"
    rules = moving.Rules(folders=(folder,))
    if job.action == "imap-push":
        done = moving.migrate(f"maildir:{job.local}", url, rules=rules, state=state,
                              target_options=options)
    elif job.mode == "async":
        from postel.mail import aio

        done = asyncio.run(aio.sync(url, f"maildir:{job.local}", rules=rules, state=state,
                                    left_options=options))
    else:
        done = moving.sync(url, f"maildir:{job.local}", rules=rules, state=state,
                           left_options=options)
    tally = done.total("left")
    return tally.copied + tally.present, tally.size


if __name__ == "__main__":
    try:
        from postel import mail as moving

        getattr(moving, "migrate")  # noqa: B009 - loads it before the clock runs
    except (ImportError, AttributeError) as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
    main(work)
